//! Writes that are made together or not at all: one script looks at everything before it writes anything.

mod call;
mod written;

use redis::{ServerError, Value};
use redkv_core::error::Result;
use redkv_structures::{AtomicAnswer, Change, Write};
use smallvec::SmallVec;

pub(super) use self::call::Call;
pub(super) use self::written::Written;

use super::answers::{error_of_reply, stray};
use super::commands::put_value;
use super::score;
use crate::protocol::request::Request;

/// How the words of a change are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// For the script for any writes.
    Any,
    /// For a script that is written for them.
    Own,
    /// The same, for a write that needs no look before it.
    Unseen,
}

/// The forms for a script that is written for `writes`.
fn forms(writes: &[Write]) -> SmallVec<[Form; 16]> {
    let has_conditions = writes.iter().any(|write| write.change.conditions() > 0);
    let unseen = if has_conditions { 0 } else { first(writes) };
    (1..=writes.len()).map(|place| if place == unseen { Form::Unseen } else { Form::Own }).collect()
}

/// Returns whether a script that is written for it can make it: one without keys or words has nothing to be written for.
fn is_simple(change: &Change) -> bool {
    match change {
        Change::SAdd(members) | Change::SRem(members) => !members.is_empty(),
        _ => true,
    }
}

/// Returns whether what belongs to a sorted hash may be written too.
pub(super) fn needs_companion(change: &Change) -> bool {
    is_sorted(change) || matches!(change, Change::Delete | Change::DeleteXx)
}

/// Returns whether it is about sorted members.
pub(super) fn is_sorted(change: &Change) -> bool {
    matches!(change, Change::ZAdd { .. } | Change::ZAddNx { .. } | Change::ZRem { .. })
}

/// The number of the write that is made first, from 1 on; 0 if all need a look. It changes nothing if it fails, and then
/// nothing is written at all.
fn first(writes: &[Write]) -> usize {
    let is_counter = |write: &Write| matches!(write.change, Change::IncrBy(_));
    let is_unconditional = |write: &Write| match &write.change {
        Change::SAdd(_) | Change::SRem(_) | Change::ZAdd { member: None, .. } | Change::ZRem { .. } => true,
        Change::Hash { set_new, .. } => set_new.is_empty(),
        _ => false,
    };
    let found = writes.iter().position(is_counter).or_else(|| writes.iter().position(is_unconditional));
    found.map_or(0, |place| place + 1)
}

fn letter(change: &Change) -> &'static [u8] {
    match change {
        Change::Set(_) => b"S",
        Change::SetNx(_) => b"N",
        Change::SetXx(_) => b"X",
        Change::SetEq { .. } => b"E",
        Change::Delete => b"D",
        Change::DeleteXx => b"P",
        Change::IncrBy(_) => b"I",
        Change::SAdd(_) => b"A",
        Change::SRem(_) => b"R",
        Change::Hash { .. } => b"H",
        Change::ZAdd { .. } => b"Z",
        Change::ZAddNx { .. } => b"Y",
        Change::ZRem { .. } => b"M",
    }
}

/// How many words [`put_words`] writes.
fn words(change: &Change, form: Form) -> usize {
    match change {
        Change::Set(_) | Change::SetNx(_) | Change::SetXx(_) | Change::ZRem { .. } => 1,
        Change::SetEq { .. } => 2,
        Change::Delete | Change::DeleteXx => 0,
        Change::IncrBy(_) if form == Form::Unseen => 1,
        Change::IncrBy(_) => 3,
        Change::SAdd(members) | Change::SRem(members) => members.len(),
        Change::Hash { set, set_new, delete } => {
            let counts = if form == Form::Any { 2 } else { 0 };
            counts + 2 * (set.len() + set_new.len()) + delete.len()
        }
        Change::ZAdd { member, .. } | Change::ZAddNx { member, .. } => 2 + usize::from(member.is_some()),
    }
}

/// Writes the words of a change; of a hash with how many fields there are, where the script has to be told.
fn put_words(request: &mut Request, change: &Change, form: Form) {
    match change {
        Change::Set(value) | Change::SetNx(value) | Change::SetXx(value) => {
            put_value(request, value);
        }
        Change::SetEq { value, expected } => {
            put_value(request, expected);
            put_value(request, value);
        }
        Change::Delete | Change::DeleteXx => {}
        Change::IncrBy(by) => {
            request.integer(*by);
            if form != Form::Unseen {
                put_bounds(request, *by);
            }
        }
        Change::SAdd(members) | Change::SRem(members) => members.iter().for_each(|member| {
            request.value(member);
        }),
        Change::Hash { set, set_new, delete } => {
            if form == Form::Any {
                request.number(set.len() as u64).number(set_new.len() as u64);
            }
            for (field, value) in set.iter().chain(set_new) {
                put_value(request.value(field), value);
            }
            delete.iter().for_each(|field| {
                request.value(field);
            });
        }
        Change::ZAdd { field, member, score } | Change::ZAddNx { field, member, score } => {
            score::put(request, *score);
            request.value(field);
            member.iter().for_each(|member| {
                request.value(member);
            });
        }
        Change::ZRem { field, .. } => {
            request.value(field);
        }
    }
}

/// How far from 0 a counter may be before `by` is added, on the side that it moves to: as text, which is exact in scripts.
fn put_bounds(request: &mut Request, by: i64) {
    if by < 0 {
        request.arg(b"-").number((1 << 63) - by.unsigned_abs());
    } else {
        request.arg(b"").number(i64::MAX.abs_diff(by));
    }
}

/// Returns which write an error is about: scripts add its number, from 1 on, behind a quotation mark, which is where messages
/// end that repeat the words of the server.
fn place_in(error: &ServerError) -> Option<usize> {
    let (_, number) = error.details()?.rsplit_once('\'')?;
    number.parse::<usize>().ok()?.checked_sub(1)
}

/// Reads the reply to the script.
pub(super) fn read(writes: &[Write], reply: Value) -> Result<AtomicAnswer> {
    let flags = match reply {
        Value::Int(1) => return Ok(AtomicAnswer::Committed),
        Value::Array(flags) => flags,
        Value::ServerError(error) => {
            let failed = error_of_reply(&error);
            return Err(match place_in(&error) {
                Some(place) => failed.at_place(place),
                None => failed,
            });
        }
        _ => return Err(stray()),
    };
    let mut flags = flags.into_iter().map(|flag| flag == Value::Int(1));
    let failed: Vec<Vec<bool>> =
        writes.iter().map(|write| flags.by_ref().take(write.change.conditions()).collect()).collect();
    let is_whole =
        writes.iter().zip(&failed).all(|(write, failed)| write.change.conditions() == failed.len());
    if is_whole && flags.next().is_none() { Ok(AtomicAnswer::Refused(failed)) } else { Err(stray()) }
}
