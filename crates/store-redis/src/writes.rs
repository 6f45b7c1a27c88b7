//! Write commands and their replies.

use redis::Value;

use super::apart::{is_broken_off, is_refused_together, is_unread};
use super::error::{Failure, error_of};
use super::reads::bytes_of;
use crate::protocol::request::{Request, copied};
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{Answers, SetMode, answer_all};

/// How the replies to a batch of writes belong to its entries.
pub(crate) struct Writes {
    /// For every entry, which command writes it.
    written_by: Vec<usize>,
    mode: SetMode,
}

/// The commands that write `entries` at the time `now`.
///
/// Entries without a deadline are merged into `MSET`; no command does the same for the others. The keys of a
/// batch are distinct, so the order of its commands does not matter.
///
/// `waits` says that they will not leave at once.
pub(crate) fn writes(entries: &[(Key, Entry)], mode: SetMode, now: u64, waits: bool) -> (Request, Writes) {
    let mut request = if waits {
        let bytes = entries.iter().flat_map(|(key, entry)| [key.len(), entry.value.len()]);
        Request::waiting(entries.len() * 4, bytes)
    } else {
        let bytes = entries.iter().map(|(key, entry)| key.len() + copied(&entry.value)).sum::<usize>();
        Request::with_capacity(entries.len() * 6, bytes)
    };
    let mut written_by = vec![0; entries.len()];
    let mut plain = Vec::new();
    let mut plain_bytes = 0;
    for (n, (key, entry)) in entries.iter().enumerate() {
        if mode == SetMode::Always && entry.deadline.is_none() {
            let bytes = key.len() + entry.value.len();
            if plain_bytes + bytes > MERGED_BYTES {
                merge(&mut request, entries, &plain, &mut written_by);
                plain.clear();
                plain_bytes = 0;
            }
            plain.push(n);
            plain_bytes += bytes;
        } else {
            written_by[n] = request.commands();
            single(&mut request, key, entry, mode, now);
        }
    }
    merge(&mut request, entries, &plain, &mut written_by);
    (request, Writes { written_by, mode })
}

/// More than this does not go into one command: a server drops a client whose one command is very large, and
/// runs nothing else while it executes it.
const MERGED_BYTES: usize = 1024 * 1024;

impl Writes {
    /// Returns whether the entries were stored.
    pub(crate) fn written(&self, replies: &[Value]) -> Answers<bool> {
        let written = |n: &usize| match replies.get(*n) {
            Some(reply) => written(reply, self.mode),
            None => Err(error_of(Failure::Answer)),
        };
        self.written_by.iter().map(written).collect()
    }

    /// The entries that may have been refused, or not read, because of others.
    pub(crate) fn refused_together(&self, replies: &[Value]) -> Vec<usize> {
        if !is_refused_together(replies) {
            return Vec::new();
        }
        let mut entries_of = vec![0_usize; replies.len()];
        for command in &self.written_by {
            entries_of.get_mut(*command).into_iter().for_each(|count| *count += 1);
        }
        let is_together = |n: &usize| {
            let command = self.written_by[*n];
            let own = replies.get(command..=command).unwrap_or_default();
            is_unread(own) || (is_refused_together(own) && (entries_of[command] > 1 || is_broken_off(own)))
        };
        (0..self.written_by.len()).filter(is_together).collect()
    }
}

/// The command for one entry. One that is past its deadline is not written (a life of 0 ms is an error in
/// Redis): it only takes what was there before away, or asks whether something is.
fn single(request: &mut Request, key: &Key, entry: &Entry, mode: SetMode, now: u64) {
    if entry.is_expired(now) {
        let name = if mode == SetMode::Always { "DEL" } else { "EXISTS" };
        request.command(2, name).arg(key.as_bytes());
        return;
    }
    let only_new = mode == SetMode::IfAbsent;
    let words = 3 + usize::from(only_new) + if entry.deadline.is_some() { 2 } else { 0 };
    request.command(words, "SET").arg(key.as_bytes()).value(&entry.value);
    if only_new {
        request.arg(b"NX");
    }
    if let Some(deadline) = entry.deadline {
        // Relative, because servers before 6.2 know nothing else.
        request.arg(b"PX").number(deadline.remaining(now).min(LONGEST));
    }
}

/// A server refuses a life that overflows when it adds its clock to it.
const LONGEST: u64 = 1 << 60;

fn written(reply: &Value, mode: SetMode) -> Result<bool> {
    match reply {
        Value::Okay => Ok(true),
        Value::Nil => Ok(false),
        Value::Int(present) => Ok(mode == SetMode::Always || *present == 0),
        Value::ServerError(error) => Err(error_of(Failure::Server(error))),
        _ => Err(error_of(Failure::Answer)),
    }
}

/// One command for the entries numbered `plain`.
fn merge(request: &mut Request, entries: &[(Key, Entry)], plain: &[usize], written_by: &mut [usize]) {
    if plain.is_empty() {
        return;
    }
    for n in plain {
        written_by[*n] = request.commands();
    }
    request.command(plain.len() * 2 + 1, if plain.len() == 1 { "SET" } else { "MSET" });
    for n in plain {
        let (key, entry) = &entries[*n];
        request.arg(key.as_bytes()).value(&entry.value);
    }
}

/// Returns whether one command may write `next` too, beside `entries`.
pub(crate) fn go_together(entries: &[(Key, Entry)], next: &(Key, Entry), mode: SetMode) -> bool {
    let is_plain = |(_, entry): &(Key, Entry)| entry.deadline.is_none();
    let bytes = |(key, entry): &(Key, Entry)| key.len() + entry.value.len();
    mode == SetMode::Always
        && entries.first().is_some_and(is_plain)
        && is_plain(next)
        && entries.iter().map(bytes).sum::<usize>() + bytes(next) <= MERGED_BYTES
}

/// One command for entries that [`go_together`], or for any one entry.
pub(crate) fn ask_write(request: &mut Request, entries: &[(Key, Entry)], mode: SetMode, now: u64) {
    if let [(key, entry)] = entries {
        return single(request, key, entry, mode, now);
    }
    request.command(entries.len() * 2 + 1, "MSET");
    for (key, entry) in entries {
        request.arg(key.as_bytes()).value(&entry.value);
    }
}

/// The answers to [`ask_write`].
pub(crate) fn write_done(replies: &[Value], len: usize, mode: SetMode) -> Answers<bool> {
    let answer = match replies {
        [reply] => written(reply, mode),
        _ => Err(error_of(Failure::Answer)),
    };
    answer_all(len, &answer)
}

/// Deletes keys: one `DEL`.
pub(crate) fn deletes(keys: &[Key]) -> Request {
    let mut request = Request::with_capacity(keys.len() + 1, bytes_of(keys));
    ask_deletes(&mut request, "DEL", keys);
    request
}

/// Deletes many keys as [`deletes`] does: the server frees their values beside its other work.
pub(crate) fn unlinks(keys: &[Key]) -> Request {
    let mut request = Request::with_capacity(keys.len() + 1, bytes_of(keys));
    ask_deletes(&mut request, "UNLINK", keys);
    request
}

pub(crate) fn ask_deletes(request: &mut Request, name: &str, keys: &[Key]) {
    request.command(keys.len() + 1, name);
    for key in keys {
        request.arg(key.as_bytes());
    }
}

/// The answers to [`deletes`] and [`unlinks`].
pub(crate) fn deleted(replies: &[Value], len: usize) -> Answers<()> {
    let answer = match replies {
        [Value::Int(_)] => Ok(()),
        [Value::ServerError(error)] => Err(error_of(Failure::Server(error))),
        _ => Err(error_of(Failure::Answer)),
    };
    answer_all(len, &answer)
}
