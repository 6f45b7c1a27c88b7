//! Answers to operations, from the replies of Redis.

use bytes::Bytes;
use redis::{ServerError, Value};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_structures::{Action, Answer, Entry, Page, Range, Score, answer as errors};

use super::ranges;
use super::score;
use crate::error::{Failure, error_of};

/// Reads the reply to an operation.
pub(super) fn answer(action: &Action, reply: Value) -> Result<Answer> {
    match (action, reply) {
        (_, Value::ServerError(error)) => Err(error_of_reply(&error)),
        (Action::Get | Action::HGet(_), Value::BulkString(value)) => Ok(Answer::Value(Some(value.into()))),
        (Action::Get | Action::HGet(_), Value::Nil) => Ok(Answer::Value(None)),
        (Action::Set(_), Value::Okay) => Ok(Answer::Done),
        (Action::SetNx(_) | Action::SetXx(_), Value::Okay) => Ok(Answer::Is(true)),
        (Action::SetNx(_) | Action::SetXx(_), Value::Nil) => Ok(Answer::Is(false)),
        (Action::IncrBy(_), Value::Int(number)) => Ok(Answer::Integer(number)),
        (
            Action::Has | Action::SetEq { .. } | Action::Delete(_) | Action::SIsMember(_),
            Value::Int(number),
        ) => Ok(Answer::Is(number != 0)),
        (Action::SAdd(_) | Action::SRem(_) | Action::HSet(_) | Action::HDel(_), Value::Int(_)) => {
            Ok(Answer::Done)
        }
        (Action::ZAdd { .. } | Action::ZhAdd { .. } | Action::ZRem(_) | Action::ZhRem(_), Value::Int(_)) => {
            Ok(Answer::Done)
        }
        (Action::SCard | Action::ZCard | Action::ZCount(_) | Action::ZLexCount(_), Value::Int(count)) => {
            u64::try_from(count).map(Answer::Count).map_err(|_| stray())
        }
        (Action::ZScore(_), Value::Nil) => Ok(Answer::Score(None)),
        (Action::ZScore(_) | Action::ZIncrBy { .. }, Value::BulkString(text)) => {
            Ok(Answer::Score(Some(score::read(&text).ok_or_else(stray)?)))
        }
        (Action::SMembers, Value::Array(members)) => {
            members.into_iter().map(bytes).collect::<Result<_>>().map(Answer::List)
        }
        (Action::HGetAll, Value::Array(fields)) => pairs(fields, bytes).map(Answer::Fields),
        (Action::ZRange(range), Value::Array(found)) => listed(range, found),
        _ => Err(stray()),
    }
}

fn listed(range: &Range, found: Vec<Value>) -> Result<Answer> {
    if ranges::answers_a_page(range) {
        let page = page(found)?;
        return Ok(if ranges::is_page(range) { Answer::Page(page) } else { Answer::Scored(page.entries) });
    }
    if range.with_scores {
        return entries(found).map(Answer::Scored);
    }
    found.into_iter().map(bytes).collect::<Result<_>>().map(Answer::List)
}

/// The entries, and the field of the last of them where there are more.
fn page(found: Vec<Value>) -> Result<Page> {
    let [found, field] = <[Value; 2]>::try_from(found).map_err(|_| stray())?;
    let Value::Array(found) = found else { return Err(failure(&found)) };
    let entries = entries(found)?;
    let next = match field {
        Value::Nil => None,
        field => Some((entries.last().ok_or_else(stray)?.score, bytes(field)?)),
    };
    Ok(Page { entries, next })
}

fn entries(found: Vec<Value>) -> Result<Vec<Entry>> {
    let entry = |(value, score)| Entry { value, score };
    Ok(pairs(found, read_score)?.into_iter().map(entry).collect())
}

fn read_score(value: Value) -> Result<Score> {
    match value {
        Value::BulkString(text) => score::read(&text).ok_or_else(stray),
        other => Err(failure(&other)),
    }
}

fn pairs<T>(values: Vec<Value>, second: impl Fn(Value) -> Result<T>) -> Result<Vec<(Bytes, T)>> {
    let mut pairs = Vec::with_capacity(values.len() / 2);
    let mut values = values.into_iter();
    while let Some(one) = values.next() {
        pairs.push((bytes(one)?, second(values.next().ok_or_else(stray)?)?));
    }
    Ok(pairs)
}

fn bytes(value: Value) -> Result<Bytes> {
    match value {
        Value::BulkString(bytes) => Ok(bytes.into()),
        other => Err(failure(&other)),
    }
}

/// The error of a reply that is none of those that were due.
pub(super) fn failure(reply: &Value) -> Error {
    match reply {
        Value::ServerError(error) => error_of_reply(error),
        _ => stray(),
    }
}

pub(super) fn stray() -> Error {
    error_of(Failure::Answer)
}

/// The error that a server answered an operation with.
pub(super) fn error_of_reply(error: &ServerError) -> Error {
    let says = |text| error.details().is_some_and(|details| details.contains(text));
    match error.code() {
        "WRONGTYPE" => errors::wrong_kind(),
        "REDKVNUMBER" => errors::no_integer(),
        "REDKVRANGE" => errors::beyond_integers(),
        "REDKVPARTLY" => {
            let message =
                "the redis server broke off an atomic write in its middle: some of it may be written";
            Error::new(ErrorKind::Store, message).outcome(Outcome::Unknown)
        }
        // Of a script, before Redis 7.
        "ERR" if says("WRONGTYPE") => errors::wrong_kind(),
        "ERR" if says("would overflow") => errors::beyond_integers(),
        "ERR" if says("not an integer") => errors::no_integer(),
        "ERR" if says("not a number") => errors::no_score(),
        _ => error_of(Failure::Server(error)),
    }
}
