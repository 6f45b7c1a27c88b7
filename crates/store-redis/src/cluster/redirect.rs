//! Interprets the replies of a node: answers, redirections, or refusals for the moment.

use redis::{ServerError, Value};

use redkv_core::error::Error;

use crate::apart::{is_broken_off, is_unread};
use crate::error::{Failure, error_of};

/// What becomes of commands that a node has answered.
#[derive(Debug)]
pub(crate) enum SlotReply {
    /// These are their answers.
    Answered(Vec<Value>),
    /// Not done: the slot belongs to another node.
    Moved(NodeAddress),
    /// Not done: the slot is being moved, and this key is on the other node already.
    Asked(NodeAddress),
    /// Not done: it may be in a moment.
    Later(Error),
    /// Not done: no memory is left for a transaction.
    Unqueued,
    /// Not done: the node could not read it. Whether it could not read what came before it, and has not read this.
    Unreadable { is_unread: bool },
}

/// Where a node is, as another one says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NodeAddress {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl SlotReply {
    /// The verdict of `replies`, which are those of one command or, if so it says, of a transaction.
    pub(crate) fn of(replies: Vec<Value>, is_transaction: bool) -> Self {
        let errors = replies.iter().filter_map(|reply| match reply {
            Value::ServerError(error) => Some(error),
            _ => None,
        });
        if is_broken_off(&replies) {
            return Self::Unreadable { is_unread: false };
        }
        if is_unread(&replies) {
            return Self::Unreadable { is_unread: true };
        }
        let found = errors.map(|error| Self::of_error(error, is_transaction)).find(Option::is_some).flatten();
        found.unwrap_or(Self::Answered(replies))
    }

    fn of_error(error: &ServerError, is_transaction: bool) -> Option<Self> {
        let later = || Some(Self::Later(error_of(Failure::Server(error))));
        match error.code() {
            "MOVED" => address(error).map(Self::Moved).or_else(later),
            "ASK" => address(error).map(Self::Asked).or_else(later),
            "TRYAGAIN" | "CLUSTERDOWN" | "LOADING" | "MASTERDOWN" | "READONLY" => later(),
            "OOM" if is_transaction => Some(Self::Unqueued),
            _ => None,
        }
    }
}

/// The end of `3999 127.0.0.1:6381`. The host may be missing, or be an address with colons in it.
fn address(error: &ServerError) -> Option<NodeAddress> {
    let (_, address) = error.details()?.trim().rsplit_once(' ')?;
    let (host, port) = address.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some(NodeAddress { host: bare.to_owned(), port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(line: &str) -> SlotReply {
        let error = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        SlotReply::of(vec![Value::Okay, error], true)
    }

    fn at(host: &str, port: u16) -> NodeAddress {
        NodeAddress { host: host.to_owned(), port }
    }

    #[test]
    fn redirections_say_where_to_go() {
        assert!(
            matches!(reply("MOVED 3999 127.0.0.1:6381"), SlotReply::Moved(address) if address == at("127.0.0.1", 6381))
        );
        assert!(matches!(reply("MOVED 3999 :6381"), SlotReply::Moved(address) if address == at("", 6381)));
        assert!(
            matches!(reply("ASK 1 2001:db8::1:6381"), SlotReply::Asked(address) if address == at("2001:db8::1", 6381))
        );
    }

    #[test]
    fn what_passes_is_tried_later_and_anything_else_is_an_answer() {
        for line in ["TRYAGAIN x", "CLUSTERDOWN x", "LOADING x", "MOVED nonsense"] {
            assert!(matches!(reply(line), SlotReply::Later(error) if !error.may_have_applied()), "{line}");
        }
        assert!(matches!(reply("OOM x"), SlotReply::Unqueued));
        assert!(matches!(reply("WRONGTYPE x"), SlotReply::Answered(replies) if replies.len() == 2));
    }
}
