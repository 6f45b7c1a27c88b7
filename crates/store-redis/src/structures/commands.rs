//! Operations as the commands of Redis.

use bytes::Bytes;
use redkv_structures::{Action, Command, Value};

use super::place::Place;
use super::ranges;
use super::score;
use super::scripts::{self, Named, Script};
use crate::protocol::request::{Request, copied};

/// The most operations of one call of a script: a server does nothing else meanwhile.
pub(super) const MOST_OF_A_CALL: usize = 64;

/// Returns the script for an operation that a plain command does not do, where the key and its companion are together.
pub(super) fn script_of(action: &Action) -> Option<&'static Script> {
    match action {
        Action::SetEq { .. } => Some(&scripts::SET_EQ),
        Action::Delete(_) => Some(&scripts::DELETE),
        Action::ZAdd { .. } => Some(&scripts::Z_ADD),
        Action::ZhAdd { .. } => Some(&scripts::ZH_ADD),
        Action::ZRem(_) | Action::ZhRem(_) => Some(&scripts::Z_REM),
        Action::ZIncrBy { .. } => Some(&scripts::Z_INCR_BY),
        Action::ZRange(range) => ranges::script_of(range),
        _ => None,
    }
}

/// Returns whether a call of the script of `action` takes several operations, and has a list of their answers.
pub(super) fn goes_with_others(action: &Action) -> bool {
    matches!(
        action,
        Action::SetEq { .. }
            | Action::Delete(_)
            | Action::ZAdd { .. }
            | Action::ZhAdd { .. }
            | Action::ZIncrBy { .. }
    )
}

/// Returns how many of `commands`, from the first on, go to the server as one.
pub(super) fn group(commands: &[&Command], are_apart: bool) -> usize {
    let Some(first) = commands.first().map(|command| &command.action) else { return 0 };
    if are_apart || !goes_with_others(first) {
        return 1;
    }
    let kind = std::mem::discriminant(first);
    let same = |command: &&&Command| std::mem::discriminant(&command.action) == kind;
    commands.iter().take(MOST_OF_A_CALL).take_while(same).count()
}

/// Writes a group of commands, whose keys and companions are in one server and slot.
pub(super) fn ask(request: &mut Request, prefix: &[u8], group: &[&Command], named: Named) {
    let Some(first) = group.first() else { return };
    let place = Place { prefix, key: &first.key };
    match (&first.action, script_of(&first.action)) {
        (Action::ZRem(fields) | Action::ZhRem(fields), Some(script)) => {
            script.call(request, named, 2, fields.len());
            place.put_pair(request);
            fields.iter().for_each(|field| {
                request.arg(field);
            });
        }
        (Action::ZRange(range), _) => ranges::ask(request, place, range, named, true),
        (action, Some(script)) if goes_with_others(action) => {
            let has_companion = !matches!(action, Action::SetEq { .. });
            let keys = if has_companion { 2 } else { 1 };
            script.call(request, named, keys * group.len(), words(action) * group.len());
            for command in group {
                let place = Place { prefix, key: &command.key };
                if has_companion { place.put_pair(request) } else { place.put(request) }
            }
            group.iter().for_each(|command| put_words(request, &command.action));
        }
        (action, _) => ask_plain(request, place, action, named),
    }
}

/// How many words a script gets for an operation.
fn words(action: &Action) -> usize {
    match action {
        Action::SetEq { .. } | Action::ZAdd { .. } | Action::ZIncrBy { .. } => 2,
        Action::ZhAdd { .. } => 3,
        _ => 0,
    }
}

fn put_words(request: &mut Request, action: &Action) {
    match action {
        Action::SetEq { value, expected } => {
            put_value(request, expected);
            put_value(request, value);
        }
        Action::ZAdd { member, score } | Action::ZIncrBy { member, by: score } => {
            score::put(request, *score);
            request.arg(member);
        }
        Action::ZhAdd { field, member, score } => {
            score::put(request, *score);
            request.arg(field).value(member);
        }
        _ => {}
    }
}

/// Writes what is done to the key alone: where its companion is elsewhere, what is done to that follows.
pub(super) fn ask_plain(request: &mut Request, place: Place<'_>, action: &Action, way: Named) {
    match action {
        Action::Get => named(request, "GET", place, 0),
        Action::Has => named(request, "EXISTS", place, 0),
        Action::Set(value) => put_value(named(request, "SET", place, 1), value),
        Action::SetNx(value) => {
            put_value(named(request, "SET", place, 2), value);
            request.arg(b"NX")
        }
        Action::SetXx(value) => {
            put_value(named(request, "SET", place, 2), value);
            request.arg(b"XX")
        }
        Action::IncrBy(by) => named(request, "INCRBY", place, 1).integer(*by),
        Action::Delete(_) => named(request, "DEL", place, 0),
        Action::SAdd(members) => many(request, "SADD", place, members),
        Action::SRem(members) => many(request, "SREM", place, members),
        Action::SMembers => named(request, "SMEMBERS", place, 0).awaits_lists(),
        Action::SIsMember(member) => named(request, "SISMEMBER", place, 1).arg(member),
        Action::SCard => named(request, "SCARD", place, 0),
        Action::HSet(fields) => {
            named(request, "HSET", place, 2 * fields.len());
            for (field, value) in fields {
                put_value(request.arg(field), value);
            }
            request
        }
        Action::HGet(field) => named(request, "HGET", place, 1).arg(field),
        Action::HGetAll => named(request, "HGETALL", place, 0).awaits_lists(),
        Action::HDel(fields) => many(request, "HDEL", place, fields),
        Action::ZAdd { member: field, score } | Action::ZhAdd { field, score, .. } => {
            score::put(named(request, "ZADD", place, 2), *score);
            request.arg(field)
        }
        Action::ZRem(fields) | Action::ZhRem(fields) => many(request, "ZREM", place, fields),
        Action::ZCard => named(request, "ZCARD", place, 0),
        Action::ZScore(member) => named(request, "ZSCORE", place, 1).arg(member),
        Action::ZIncrBy { member, by } => {
            score::put(named(request, "ZINCRBY", place, 2), *by);
            request.arg(member)
        }
        Action::ZCount(range) => {
            named(request, "ZCOUNT", place, 2);
            score::put(request, range.min);
            score::put(request, range.max);
            request
        }
        Action::ZLexCount(range) => {
            named(request, "ZLEXCOUNT", place, 2).arg(&range.min.to_redis()).arg(&range.max.to_redis())
        }
        Action::ZRange(range) => {
            ranges::ask(request, place, range, way, false);
            request
        }
        Action::SetEq { .. } => {
            scripts::SET_EQ.call(request, way, 1, 2);
            place.put(request);
            put_words(request, action);
            request
        }
    };
}

/// Begins a command for a key with so many words behind it.
fn named<'a>(request: &'a mut Request, name: &str, place: Place<'_>, words: usize) -> &'a mut Request {
    request.command(2 + words, name);
    place.put(request);
    request
}

fn many<'a>(request: &'a mut Request, name: &str, place: Place<'_>, members: &[Bytes]) -> &'a mut Request {
    named(request, name, place, members.len());
    for member in members {
        request.value(member);
    }
    request
}

pub(super) fn put_value<'a>(request: &'a mut Request, value: &Value) -> &'a mut Request {
    match value {
        Value::Text(text) => request.value(text),
        Value::Integer(number) => request.integer(*number),
    }
}

/// Returns how many bytes of a request an operation takes, about, and how many words.
pub(super) fn size(action: &Action) -> (usize, usize) {
    let many = |members: &[Bytes]| (members.iter().map(copied).sum(), members.len());
    match action {
        Action::Set(value) | Action::SetNx(value) | Action::SetXx(value) => (value_size(value), 1),
        Action::SetEq { value, expected } => (value_size(value) + value_size(expected), 2),
        Action::SAdd(members) | Action::SRem(members) | Action::HDel(members) => many(members),
        Action::ZRem(members) | Action::ZhRem(members) => many(members),
        Action::HSet(fields) => {
            let size = |(field, value): &(Bytes, Value)| copied(field) + value_size(value);
            (fields.iter().map(size).sum(), 2 * fields.len())
        }
        Action::ZAdd { member, .. } | Action::ZIncrBy { member, .. } => (copied(member) + 24, 2),
        Action::ZhAdd { field, member, .. } => (copied(field) + copied(member) + 24, 3),
        Action::SIsMember(member) | Action::HGet(member) | Action::ZScore(member) => (copied(member), 1),
        Action::ZRange(_) => (64, 8),
        _ => (0, 0),
    }
}

fn value_size(value: &Value) -> usize {
    match value {
        Value::Text(text) => copied(text),
        Value::Integer(_) => 20,
    }
}

/// Returns the length of the longest string that a command takes in a request.
pub(super) fn longest(command: &Command) -> usize {
    let of = |members: &[Bytes]| members.iter().map(Bytes::len).max().unwrap_or_default();
    let own = match &command.action {
        Action::Set(value) | Action::SetNx(value) | Action::SetXx(value) => value.len(),
        Action::SetEq { value, expected } => value.len().max(expected.len()),
        Action::SAdd(members) | Action::SRem(members) | Action::HDel(members) => of(members),
        Action::ZRem(members) | Action::ZhRem(members) => of(members),
        Action::HSet(fields) => {
            fields.iter().map(|(field, value)| field.len().max(value.len())).max().unwrap_or_default()
        }
        Action::ZhAdd { field, member, .. } => field.len().max(member.len()),
        Action::ZAdd { member, .. } | Action::ZIncrBy { member, .. } => member.len(),
        Action::SIsMember(member) | Action::HGet(member) | Action::ZScore(member) => member.len(),
        _ => 0,
    };
    own.max(command.key.len())
}
