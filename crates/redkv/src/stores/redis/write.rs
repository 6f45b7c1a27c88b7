//! Writing commands, and what their answers mean.

use redis::{Cmd, Pipeline, Value};

use super::error::{Failure, error_of};
use super::link::Request;
use crate::entry::{Entry, Key};
use crate::error::Result;
use crate::store::{Answers, SetMode, answer_all};

/// How the answers to a batch of writes belong to its entries.
pub(super) struct Writes {
    /// For every entry, which command writes it.
    written_by: Vec<usize>,
    mode: SetMode,
}

/// The commands that write `entries` at the time `now`.
///
/// Entries without a deadline are merged into `MSET`; no command does the same for the others. The keys of a
/// batch are distinct, so the order of its commands does not matter.
pub(super) fn writes(entries: &[(Key, Entry)], mode: SetMode, now: u64) -> (Request, Writes) {
    let mut commands = Commands { list: Vec::new(), written_by: vec![0; entries.len()] };
    let mut plain = Vec::new();
    let mut plain_bytes = 0;
    for (n, (key, entry)) in entries.iter().enumerate() {
        if mode == SetMode::Always && entry.deadline.is_none() {
            let bytes = key.len() + entry.value.len();
            if plain_bytes + bytes > MERGED_BYTES {
                commands.merge(entries, &plain);
                plain.clear();
                plain_bytes = 0;
            }
            plain.push(n);
            plain_bytes += bytes;
        } else {
            commands.add(single(key, entry, mode, now), &[n]);
        }
    }
    commands.merge(entries, &plain);
    (request(commands.list), Writes { written_by: commands.written_by, mode })
}

/// More than this does not go into one command: a server drops a client whose one command is very large, and
/// runs nothing else while it executes it.
const MERGED_BYTES: usize = 1024 * 1024;

impl Writes {
    /// Whether the entries were stored.
    pub(super) fn written(&self, replies: &[Value]) -> Answers<bool> {
        let written = |n: &usize| match replies.get(*n) {
            Some(reply) => written(reply, self.mode),
            None => Err(error_of(Failure::Answer)),
        };
        self.written_by.iter().map(written).collect()
    }
}

/// The command for one entry. One that is past its deadline is not written (a life of 0 ms is an error in
/// Redis): it only takes what was there before away, or asks whether something is.
fn single(key: &Key, entry: &Entry, mode: SetMode, now: u64) -> Cmd {
    let mut command = Cmd::with_capacity(6, key.len() + entry.value.len() + 32);
    if entry.is_expired(now) {
        command.arg(if mode == SetMode::Always { "DEL" } else { "EXISTS" }).arg(key.as_bytes());
        return command;
    }
    command.arg("SET").arg(key.as_bytes()).arg(&entry.value[..]);
    if mode == SetMode::IfAbsent {
        command.arg("NX");
    }
    if let Some(deadline) = entry.deadline {
        // Relative, because servers before 6.2 know nothing else.
        command.arg("PX").arg(deadline.remaining(now).min(LONGEST));
    }
    command
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

struct Commands {
    list: Vec<Cmd>,
    written_by: Vec<usize>,
}

impl Commands {
    fn add(&mut self, command: Cmd, writes: &[usize]) {
        for n in writes {
            self.written_by[*n] = self.list.len();
        }
        self.list.push(command);
    }

    fn merge(&mut self, entries: &[(Key, Entry)], plain: &[usize]) {
        if plain.is_empty() {
            return;
        }
        let bytes = plain.iter().map(|n| entries[*n].0.len() + entries[*n].1.value.len()).sum::<usize>();
        let mut command = Cmd::with_capacity(plain.len() * 2 + 1, bytes + 4);
        command.arg(if plain.len() == 1 { "SET" } else { "MSET" });
        for n in plain {
            let (key, entry) = &entries[*n];
            command.arg(key.as_bytes()).arg(&entry.value[..]);
        }
        self.add(command, plain);
    }
}

fn request(mut commands: Vec<Cmd>) -> Request {
    if commands.len() == 1
        && let Some(command) = commands.pop()
    {
        return Request::One(command);
    }
    let mut pipeline = Pipeline::with_capacity(commands.len());
    for command in commands {
        pipeline.add_command(command);
    }
    Request::Many(pipeline)
}

/// Deletes keys: one `DEL`.
pub(super) fn deletes(keys: &[Key]) -> Request {
    let bytes = keys.iter().map(|key| key.len()).sum::<usize>();
    let mut command = Cmd::with_capacity(keys.len() + 1, bytes + 3);
    command.arg("DEL");
    for key in keys {
        command.arg(key.as_bytes());
    }
    Request::One(command)
}

/// The answers to [`deletes`].
pub(super) fn deleted(replies: &[Value], len: usize) -> Answers<()> {
    let answer = match replies {
        [Value::Int(_)] => Ok(()),
        [Value::ServerError(error)] => Err(error_of(Failure::Server(error))),
        _ => Err(error_of(Failure::Answer)),
    };
    answer_all(len, &answer)
}
