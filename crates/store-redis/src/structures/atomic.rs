//! Writes that are made together or not at all: one script looks at everything before it writes anything.

mod written;

use redis::{ServerError, Value};
use redkv_core::error::Result;
use redkv_structures::{AtomicAnswer, Change, Write};

pub(super) use self::written::Written;

use super::answers::{error_of_reply, stray};
use super::commands::put_value;
use super::place::Place;
use super::score;
use super::scripts::{ATOMIC, Named};
use crate::protocol::request::Request;

/// Writes the call of the script. `is_paired` says whether a key that may have a companion brings it along.
pub(super) fn ask(
    request: &mut Request,
    prefix: &[u8],
    writes: &[Write],
    named: Named,
    written: &Written,
    is_paired: impl Fn(&Write) -> bool,
) {
    let pairs: Vec<bool> =
        writes.iter().map(|write| needs_companion(&write.change) && is_paired(write)).collect();
    let keys = writes.len() + pairs.iter().filter(|is_paired| **is_paired).count();
    let own = written.script(writes, &pairs);
    let all = writes.iter().map(|write| words(&write.change, own.is_none())).sum::<usize>();
    match &own {
        Some(script) => script.call(request, named, keys, all),
        None => ATOMIC.call(request, named, keys, 1 + 3 * writes.len() + all),
    }
    for (write, is_paired) in writes.iter().zip(&pairs) {
        let place = Place { prefix, key: &write.key };
        if *is_paired { place.put_pair(request) } else { place.put(request) }
    }
    if own.is_none() {
        request.number(first(writes) as u64);
    }
    for (write, is_paired) in writes.iter().zip(&pairs) {
        if own.is_none() {
            request.arg(letter(&write.change)).number(if *is_paired { 2 } else { 1 });
            request.number(words(&write.change, true) as u64);
        }
        put_words(request, &write.change, own.is_none());
    }
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
fn words(change: &Change, with_counts: bool) -> usize {
    match change {
        Change::Set(_) | Change::SetNx(_) | Change::SetXx(_) | Change::ZRem { .. } => 1,
        Change::SetEq { .. } => 2,
        Change::Delete | Change::DeleteXx => 0,
        Change::IncrBy(_) => 3,
        Change::SAdd(members) | Change::SRem(members) => members.len(),
        Change::Hash { set, set_new, delete } => {
            let counts = if with_counts { 2 } else { 0 };
            counts + 2 * (set.len() + set_new.len()) + delete.len()
        }
        Change::ZAdd { member, .. } | Change::ZAddNx { member, .. } => 2 + usize::from(member.is_some()),
    }
}

/// Writes the words of a change; of a hash with how many fields there are, where the script has to be told.
fn put_words(request: &mut Request, change: &Change, with_counts: bool) {
    match change {
        Change::Set(value) | Change::SetNx(value) | Change::SetXx(value) => {
            put_value(request, value);
        }
        Change::SetEq { value, expected } => {
            put_value(request, expected);
            put_value(request, value);
        }
        Change::Delete | Change::DeleteXx => {}
        Change::IncrBy(by) => put_counter(request, *by),
        Change::SAdd(members) | Change::SRem(members) => members.iter().for_each(|member| {
            request.value(member);
        }),
        Change::Hash { set, set_new, delete } => {
            if with_counts {
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

/// What is added, and how far from 0 a counter may be before it, on the side that it moves to: as text, which is exact in
/// scripts.
fn put_counter(request: &mut Request, by: i64) {
    request.integer(by);
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
