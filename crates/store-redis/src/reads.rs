//! Read commands and their replies.

use bytes::Bytes;
use redis::Value;

use super::error::{Failure, error_of};
use crate::protocol::request::Request;
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{Answers, answer_all};

/// Reads values alone: one `MGET`.
///
/// Only strings are entries. `MGET` answers "nothing" for a key of another type, where the `GET` of a single key
/// answers with an error, and to distinguish such a key from a missing one would cost another command for every miss.
/// So it is missing to all that read: one key or many, with its deadline or without, [`existence`] and the scan of
/// keys.
pub(crate) fn values(keys: &[Key]) -> Request {
    let mut request = Request::with_capacity(keys.len() + 1, bytes_of(keys));
    ask_values(&mut request, keys);
    request
}

pub(crate) fn ask_values(request: &mut Request, keys: &[Key]) {
    request.command(keys.len() + 1, if keys.len() == 1 { "GET" } else { "MGET" });
    for key in keys {
        request.arg(key.as_bytes());
    }
    request.awaits(if keys.len() == 1 { 0 } else { keys.len() });
}

pub(crate) fn bytes_of(keys: &[Key]) -> usize {
    keys.iter().map(|key| key.len()).sum()
}

/// The answers to [`values`].
pub(crate) fn values_read(mut replies: Vec<Value>, len: usize) -> Answers<Option<Entry>> {
    match replies.pop() {
        Some(Value::Array(values)) if values.len() == len => {
            values.into_iter().map(|value| Ok(bytes(value)?.map(Entry::new))).collect()
        }
        Some(value) if len == 1 => vec![bytes(value).map(|value| value.map(Entry::new))],
        Some(Value::ServerError(error)) => answer_all(len, &Err(error_of(Failure::Server(&error)))),
        _ => answer_all(len, &Err(error_of(Failure::Answer))),
    }
}

/// Reads values with the time they have left, in a transaction.
///
/// Without one, another client could replace an entry between the two commands, and its value would be paired
/// with the life of its successor (or the other way round), which may be longer; a pipeline is most often, but
/// not always, executed in one go, and asking for the time before and after the value takes twice the commands.
///
/// The value comes first: one that expires between the two commands then shows as gone.
pub(crate) fn entries(keys: &[Key]) -> Request {
    let mut request = Request::with_capacity(keys.len() * 3 + 8, bytes_of(keys) * 2);
    ask_entries(&mut request, keys);
    request
}

pub(crate) fn ask_entries(request: &mut Request, keys: &[Key]) {
    request.command(1, "MULTI");
    ask_values(request, keys);
    ask_lives(request, keys);
    request.command(1, "EXEC").awaits(keys.len() + 1);
}

fn ask_lives(request: &mut Request, keys: &[Key]) {
    for key in keys {
        request.command(2, "PTTL").arg(key.as_bytes());
    }
}

/// The answers to [`entries`], which were asked for at `asked`.
///
/// The time left was counted when the server answered; counting it from the moment of the question keeps
/// deadlines on the early side.
pub(crate) fn entries_read(mut replies: Vec<Value>, len: usize, asked: u64) -> Answers<Option<Entry>> {
    let mut results = match replies.pop() {
        Some(Value::Array(results)) if results.len() == len + 1 => results.into_iter(),
        // A command that could not be queued says why; the transaction says only that there was one.
        last => {
            let refusal = replies.into_iter().chain(last).find_map(|reply| match reply {
                Value::ServerError(error) => Some(error_of(Failure::Server(&error))),
                _ => None,
            });
            return answer_all(len, &Err(refusal.unwrap_or_else(|| error_of(Failure::Answer))));
        }
    };
    match many_values(results.next().unwrap_or(Value::Nil), len) {
        Ok(values) => {
            values.into_iter().zip(results).map(|(value, left)| entry(value, life(&left)?, asked)).collect()
        }
        Err(error) => answer_all(len, &Err(error)),
    }
}

/// Returns whether the server had no memory to queue a transaction with; it refuses to do so for reads too.
pub(crate) fn lacked_memory(replies: &[Value]) -> bool {
    replies.iter().any(|reply| matches!(reply, Value::ServerError(error) if error.code() == "OOM"))
}

/// Reads values with the time they have left, as [`entries`] does, without a transaction.
///
/// The time is asked for before and after the value. The shorter one is that of the value, or is too short, unless
/// another client replaced the entry twice in between.
pub(crate) fn entries_unqueued(keys: &[Key]) -> Request {
    let mut request = Request::with_capacity(keys.len() * 5 + 4, bytes_of(keys) * 3);
    ask_entries_unqueued(&mut request, keys);
    request
}

pub(crate) fn ask_entries_unqueued(request: &mut Request, keys: &[Key]) {
    ask_lives(request, keys);
    ask_values(request, keys);
    ask_lives(request, keys);
}

/// The answers to [`entries_unqueued`], which were asked for at `asked`.
pub(crate) fn entries_unqueued_read(
    mut replies: Vec<Value>,
    len: usize,
    asked: u64,
) -> Answers<Option<Entry>> {
    if replies.len() != 2 * len + 1 {
        return answer_all(len, &Err(error_of(Failure::Answer)));
    }
    let after = replies.split_off(len + 1);
    let values = match many_values(replies.pop().unwrap_or(Value::Nil), len) {
        Ok(values) => values,
        Err(error) => return answer_all(len, &Err(error)),
    };
    let lives = replies.iter().zip(&after).map(|(before, after)| Ok(shorter(life(before)?, life(after)?)));
    values.into_iter().zip(lives).map(|(value, left)| entry(value, left?, asked)).collect()
}

/// The shorter of two answers to `PTTL`.
fn shorter(before: i64, after: i64) -> i64 {
    match (before, after) {
        (GONE, _) | (_, GONE) => GONE,
        (before, after) if before < 0 || after < 0 => before.max(after),
        (before, after) => before.min(after),
    }
}

/// The values in the answer to [`ask_values`].
pub(crate) fn many_values(reply: Value, len: usize) -> Result<Vec<Value>> {
    match reply {
        Value::Array(values) if values.len() == len => Ok(values),
        // A single one may fail by itself, as a key of another type does.
        value if len == 1 => Ok(vec![value]),
        Value::ServerError(error) => Err(error_of(Failure::Server(&error))),
        _ => Err(error_of(Failure::Answer)),
    }
}

fn life(left: &Value) -> Result<i64> {
    match left {
        Value::Int(left) => Ok(*left),
        Value::ServerError(error) => Err(error_of(Failure::Server(error))),
        _ => Err(error_of(Failure::Answer)),
    }
}

/// Combines a value and its reply to `PTTL`.
pub(crate) fn entry(value: Value, left: i64, asked: u64) -> Result<Option<Entry>> {
    match (bytes(value)?, u64::try_from(left)) {
        (_, Err(_)) if left == GONE => Ok(None),
        (Some(value), Err(_)) => Ok(Some(Entry::new(value))),
        (Some(value), Ok(left)) => Ok(Some(Entry::until(value, Deadline::at(asked.saturating_add(left))))),
        // It holds something other than a string.
        (None, _) => Ok(None),
    }
}

/// The reply to `PTTL` when there is no such key. Other negative numbers mean that it has no deadline.
const GONE: i64 = -2;

fn bytes(value: Value) -> Result<Option<Bytes>> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes.into())),
        Value::Nil => Ok(None),
        // As `MGET` answers for it.
        Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(None),
        Value::ServerError(error) => Err(error_of(Failure::Server(&error))),
        _ => Err(error_of(Failure::Answer)),
    }
}

/// How existence is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sought {
    /// A string.
    String,
    /// Anything at all: for users who may not ask for more.
    Anything,
}

/// Asks for keys one by one: `EXISTS` with many of them only counts.
pub(crate) fn existence(keys: &[Key], sought: Sought) -> Request {
    let mut request = Request::with_capacity(keys.len() * 2, bytes_of(keys));
    ask_existence(&mut request, keys, sought);
    request
}

pub(crate) fn ask_existence(request: &mut Request, keys: &[Key], sought: Sought) {
    let name = if sought == Sought::String { "TYPE" } else { "EXISTS" };
    for key in keys {
        request.command(2, name).arg(key.as_bytes());
    }
}

/// The answers to [`existence`].
pub(crate) fn existence_read(replies: Vec<Value>, len: usize) -> Answers<bool> {
    if replies.len() != len {
        return answer_all(len, &Err(error_of(Failure::Answer)));
    }
    replies
        .into_iter()
        .map(|reply| match reply {
            Value::SimpleString(kind) => Ok(kind == "string"),
            Value::Int(count) => Ok(count > 0),
            Value::ServerError(error) => Err(error_of(Failure::Server(&error))),
            _ => Err(error_of(Failure::Answer)),
        })
        .collect()
}

/// The keys that nobody may be asked about by `TYPE`, or not by this user.
pub(crate) fn forbidden(keys: &[Key], answers: &Answers<bool>) -> Vec<usize> {
    let is_forbidden =
        |n: &usize| matches!(&answers[*n], Err(error) if error.message().ends_with("(NOPERM)"));
    (0..keys.len()).filter(is_forbidden).collect()
}
