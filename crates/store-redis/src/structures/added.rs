//! Members that are put into sorted sets: those that come together in one transaction, which costs a server less than half
//! of what a script does.
//!
//! A key has one `ZADD` for all of its members, and one `HDEL` for what its companion has of them. Where the first is refused
//! because the key has another kind, the second takes away what counted for nothing.

use bytes::Bytes;
use redis::Value;
use redkv_core::error::{Outcome, Result};
use redkv_core::store::{Answers, answer_all};
use redkv_structures::{Action, Answer, Command, Score};
use smallvec::SmallVec;

use super::answers::{answer, failure, stray};
use super::commands::MOST_OF_A_CALL;
use super::place::Place;
use super::score;
use crate::protocol::request::Request;

/// Returns whether `group` is of such members.
pub(super) fn are_added(group: &[&Command]) -> bool {
    group.first().is_some_and(|command| matches!(command.action, Action::ZAdd { .. }))
}

/// Writes the transaction for a group.
pub(super) fn ask(request: &mut Request, prefix: &[u8], group: &[&Command]) {
    let firsts = firsts(group);
    request.command(1, "MULTI");
    for (first, command) in distinct(group, &firsts) {
        let place = Place { prefix, key: &command.key };
        let count = members(group, &firsts, first).count();
        request.command(2 + 2 * count, "ZADD");
        place.put(request);
        for (member, score) in members(group, &firsts, first) {
            score::put(request, score);
            request.value(member);
        }
        request.command(2 + count, "HDEL");
        place.put_companion(request);
        members(group, &firsts, first).for_each(|(member, _)| {
            request.value(member);
        });
    }
    let done = 2 * distinct(group, &firsts).count();
    request.command(1, "EXEC").awaits(done);
}

/// Returns how many replies the transaction for a group has.
pub(super) fn replies(group: &[&Command]) -> usize {
    2 + 2 * distinct(group, &firsts(group)).count()
}

/// Returns what the server says to a transaction: what its commands answered, or the error why none of them was run.
pub(super) fn said(replies: &[Value]) -> &Value {
    let is_error = |reply: &&Value| matches!(reply, Value::ServerError(_));
    match replies.last() {
        // A command that was not queued says why; the end says only that there was one.
        Some(Value::ServerError(_)) => replies.iter().find(is_error).unwrap_or(&Value::Nil),
        Some(last) => last,
        None => &Value::Nil,
    }
}

/// Returns the answers to a group.
pub(super) fn answers(group: &[&Command], mut replies: SmallVec<[Value; 1]>) -> Answers<Answer> {
    let firsts = firsts(group);
    let done = match replies.last_mut() {
        Some(Value::Array(done)) if done.len() == 2 * distinct(group, &firsts).count() => {
            std::mem::take(done)
        }
        _ => {
            let error = failure(said(&replies));
            // Where only the transaction was refused, what was meant for it was run.
            let is_open = matches!(replies.first(), Some(Value::Okay));
            return answer_all(
                group.len(),
                &Err(if is_open { error } else { error.outcome(Outcome::Unknown) }),
            );
        }
    };
    let of_keys: SmallVec<[(usize, Result<Answer>); 4]> = distinct(group, &firsts)
        .zip(done.into_iter().step_by(2))
        .map(|((first, command), reply)| (first, answer(&command.action, reply)))
        .collect();
    let of_key = |first| of_keys.iter().find(|(own, _)| *own == first).map(|(_, answer)| answer.clone());
    firsts.into_iter().map(|first| of_key(first).unwrap_or_else(|| Err(stray()))).collect()
}

/// For each command of a group the place of the first one for its key.
fn firsts(group: &[&Command]) -> SmallVec<[usize; MOST_OF_A_CALL]> {
    let first = |command: &&Command| group.iter().position(|other| other.key == command.key);
    group.iter().enumerate().map(|(own, command)| first(command).unwrap_or(own)).collect()
}

/// The first command for each key, with its place.
fn distinct<'a>(group: &'a [&Command], firsts: &'a [usize]) -> impl Iterator<Item = (usize, &'a Command)> {
    group.iter().enumerate().filter(|(own, _)| firsts[*own] == *own).map(|(own, command)| (own, *command))
}

/// What is put into the key that `first` is the first for, in order.
fn members<'a>(
    group: &'a [&Command],
    firsts: &'a [usize],
    first: usize,
) -> impl Iterator<Item = (&'a Bytes, Score)> {
    group.iter().zip(firsts).filter(move |(_, own)| **own == first).filter_map(|(command, _)| match &command
        .action
    {
        Action::ZAdd { member, score } => Some((member, *score)),
        _ => None,
    })
}
