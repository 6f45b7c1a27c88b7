//! The slots of a cluster and their nodes, as one node reports them.

use redis::{ServerError, Value};

use super::super::error::{Failure, error_of};
use super::slot::SLOTS;
use crate::options::config::RedisAddress;
use crate::options::topology::NatMap;
use crate::protocol::request::Request;
use redkv_core::error::{Error, ErrorKind, Result};

/// A stretch of slots and the node that serves it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) owner: RedisAddress,
}

/// Asks for the map.
pub(super) fn question() -> Request {
    let mut request = Request::default();
    request.command(2, "CLUSTER").arg(b"SLOTS");
    request.talk()
}

/// The answer of the node at `asked` to [`question`].
pub(super) fn read(reply: Option<Value>, asked: &RedisAddress, nat: &NatMap) -> Result<Vec<Stretch>> {
    match reply {
        Some(Value::Array(stretches)) => {
            let read: Option<Vec<_>> =
                stretches.into_iter().map(|stretch| read_stretch(stretch, asked, nat)).collect();
            read.ok_or_else(|| error_of(Failure::Answer))
        }
        Some(Value::ServerError(error)) if is_no_cluster(&error) => {
            let message = format!("the redis server at {asked} is not part of a cluster");
            Err(Error::new(ErrorKind::Store, message))
        }
        Some(Value::ServerError(error)) => Err(error_of(Failure::Server(&error))),
        _ => Err(error_of(Failure::Answer)),
    }
}

fn is_no_cluster(error: &ServerError) -> bool {
    error.details().is_some_and(|text| text.contains("cluster support disabled"))
}

/// First and last slot, the master, its replicas.
fn read_stretch(stretch: Value, asked: &RedisAddress, nat: &NatMap) -> Option<Stretch> {
    let Value::Array(parts) = stretch else { return None };
    let mut parts = parts.into_iter();
    let (first, last) = (slot(&parts.next()?)?, slot(&parts.next()?)?);
    let Value::Array(master) = parts.next()? else { return None };
    let mut master = master.into_iter();
    let host = match master.next()? {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok()?,
        Value::Nil => String::new(),
        _ => return None,
    };
    let Value::Int(port) = master.next()? else { return None };
    let owner = located(host, u16::try_from(port).ok()?, asked, nat);
    (first <= last).then_some(Stretch { first, last, owner })
}

fn slot(value: &Value) -> Option<u16> {
    match value {
        Value::Int(slot) => u16::try_from(*slot).ok().filter(|slot| *slot < SLOTS),
        _ => None,
    }
}

/// Where a node is that the one at `asked` tells of. One that does not know its own name leaves it out.
pub(super) fn located(host: String, port: u16, asked: &RedisAddress, nat: &NatMap) -> RedisAddress {
    match asked {
        RedisAddress::Tcp(here, _) if host.is_empty() || host == "?" => RedisAddress::Tcp(here.clone(), port),
        _ => nat.address(host, port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> RedisAddress {
        RedisAddress::Tcp(host.to_owned(), port)
    }

    fn stretch(first: i64, last: i64, host: Value, port: i64) -> Value {
        let node = Value::Array(vec![host, Value::Int(port), Value::BulkString(b"id".to_vec())]);
        Value::Array(vec![Value::Int(first), Value::Int(last), node.clone(), node])
    }

    fn map(stretches: Vec<Value>) -> Result<Vec<Stretch>> {
        read(Some(Value::Array(stretches)), &tcp("seed", 1), &NatMap::default())
    }

    #[test]
    fn masters_are_read_with_their_slots() {
        let host = Value::BulkString(b"a".to_vec());
        let read = map(vec![stretch(0, 16_383, host, 7000), stretch(3, 3, Value::Nil, 7001)]).unwrap();
        assert_eq!(read[0], Stretch { first: 0, last: 16_383, owner: tcp("a", 7000) });
        assert_eq!(read[1], Stretch { first: 3, last: 3, owner: tcp("seed", 7001) });
    }

    #[test]
    fn what_is_no_map_is_refused() {
        assert!(map(vec![stretch(0, 16_384, Value::Nil, 1)]).is_err());
        assert!(map(vec![stretch(-1, 5, Value::Nil, 1)]).is_err());
        assert!(map(vec![stretch(0, 5, Value::Nil, 70_000)]).is_err());
        assert!(map(vec![Value::Int(1)]).is_err());
        assert!(read(None, &tcp("seed", 1), &NatMap::default()).is_err());
    }
}
