//! Lists keys: one step of a `SCAN` a page.

use redis::Value;

use super::error::{Failure, error_of};
use crate::connection::client::Client;
use crate::protocol::request::Request;
use redkv_core::entry::Key;
use redkv_core::error::{Error, Result};
use redkv_core::store::Cursor;
use redkv_core::store::leases::LEASE_KEY;

/// The position of a scan of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Before the first key.
    Start,
    /// After a part of what a server listed on the connection of this generation. On another connection it may be
    /// another server, whose keys lie in another order.
    At { generation: u64, cursor: u64 },
}

/// How many keys a server looks at for one page: it serves nobody else meanwhile.
const STEP: u64 = 1000;

/// More keys are no page of any server.
const MOST_TOLD: usize = 1 << 20;

/// Lists some keys that begin with `prefix`, and returns where to continue; `None` after the last.
///
/// When the connection was made anew since, the scan starts over.
pub(crate) async fn scan(
    client: &Client,
    prefix: &str,
    from: Position,
) -> Result<(Vec<Key>, Option<Position>)> {
    let before = match client.generation() {
        Some(generation) => generation,
        None => {
            // Connects.
            client.send(Request::bare("PING")).await?;
            client.generation().unwrap_or_default()
        }
    };
    let cursor = match from {
        Position::At { generation, cursor } if generation == before => cursor,
        Position::At { .. } => return Ok((Vec::new(), Some(Position::Start))),
        Position::Start => 0,
    };
    let mut replies = client.send(step(prefix, cursor)).await?;
    if client.generation() != Some(before) {
        return Ok((Vec::new(), Some(Position::Start)));
    }
    let (cursor, keys) = told(replies.pop().unwrap_or(Value::Nil), prefix)?;
    Ok((keys, (cursor != 0).then_some(Position::At { generation: before, cursor })))
}

fn step(prefix: &str, cursor: u64) -> Request {
    let mut request = Request::with_capacity(8, 48 + 2 * prefix.len());
    request.command(if prefix.is_empty() { 6 } else { 8 }, "SCAN").number(cursor);
    if !prefix.is_empty() {
        request.arg(b"MATCH").arg(pattern(prefix).as_bytes());
    }
    request.arg(b"COUNT").number(STEP).arg(b"TYPE").arg(b"string");
    // A server goes on to the end of what it has begun, and a full bucket is one.
    request.awaits(MOST_TOLD);
    request
}

/// The glob pattern of what begins with `prefix`.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for character in prefix.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}

/// The cursor and the keys in the answer to [`step`]. Bytes that are not text are not a key of ours, and leases are no entries.
fn told(reply: Value, prefix: &str) -> Result<(u64, Vec<Key>)> {
    let (cursor, keys) = match reply {
        Value::Array(parts) => match <[Value; 2]>::try_from(parts) {
            Ok([Value::BulkString(cursor), Value::Array(keys)]) => (cursor, keys),
            _ => return Err(strange()),
        },
        Value::ServerError(error) => return Err(error_of(Failure::Server(&error))),
        _ => return Err(strange()),
    };
    let cursor = std::str::from_utf8(&cursor).ok().and_then(|text| text.parse().ok()).ok_or_else(strange)?;
    let text = |key| match key {
        Value::BulkString(bytes) => Ok(String::from_utf8(bytes).ok()),
        _ => Err(strange()),
    };
    let keys = keys.into_iter().map(text).collect::<Result<Vec<_>>>()?;
    let is_entry = |key: &String| key.starts_with(prefix) && !key.starts_with(LEASE_KEY);
    let keys = keys.into_iter().flatten().filter(is_entry).map(Key::from).collect();
    Ok((cursor, keys))
}

fn strange() -> Error {
    error_of(Failure::Answer)
}

impl Position {
    pub(crate) fn cursor(self) -> Cursor {
        match self {
            Self::Start => Cursor::starting_over(self.to_bytes()),
            Self::At { .. } => Cursor::new(self.to_bytes()),
        }
    }

    /// As bytes, for a cursor.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Start => Vec::new(),
            Self::At { generation, cursor } => [generation.to_le_bytes(), cursor.to_le_bytes()].concat(),
        }
    }

    /// Reads what [`Position::to_bytes`] wrote; anything else is the start.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        match bytes.split_first_chunk::<8>() {
            Some((generation, rest)) => match <[u8; 8]>::try_from(rest) {
                Ok(cursor) => {
                    let generation = u64::from_le_bytes(*generation);
                    Self::At { generation, cursor: u64::from_le_bytes(cursor) }
                }
                Err(_) => Self::Start,
            },
            None => Self::Start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_matched_by_its_letters_alone() {
        assert_eq!(pattern("a*b?[c]\\^-"), "a\\*b\\?\\[c\\]\\\\^-*");
    }

    #[test]
    fn a_place_is_read_back() {
        for place in [Position::Start, Position::At { generation: 3, cursor: u64::MAX - 1 }] {
            assert_eq!(Position::from_bytes(&place.to_bytes()), place);
        }
        assert_eq!(Position::from_bytes(b"something else"), Position::Start);
    }

    #[test]
    fn only_text_with_the_prefix_is_listed() {
        let string = |bytes: &[u8]| Value::BulkString(bytes.to_vec());
        let keys = Value::Array(vec![string(b"a:1"), string(b"b:1"), string(b"a:\xff")]);
        let reply = Value::Array(vec![string(b"17"), keys]);
        assert_eq!(told(reply, "a:").unwrap(), (17, vec![Key::from("a:1")]));
        let keys = Value::Array(vec![string(b"\x01redkv:lease:{a}"), string(b"\x01redkv:")]);
        let reply = Value::Array(vec![string(b"0"), keys]);
        assert_eq!(told(reply, "").unwrap(), (0, vec![Key::from("\u{1}redkv:")]));
        assert!(told(Value::Array(vec![string(b"x"), Value::Array(vec![])]), "").is_err());
    }
}
