//! Operations on one server: all of them in one pipeline.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use redis::Value;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::store::{Answers, answer_all};
use redkv_structures::{Answer, AtomicAnswer, Command, Write};
use smallvec::SmallVec;

use super::answers::{answer, failure, stray};
use super::atomic::Call;
use super::commands::{ask, goes_with_others, group, longest, script_of, size};
use super::meter::Meter;
use super::scripts::{self, Named, Script};
use super::{OPERATION, added, atomic};
use crate::connection::client::Client;
use crate::connection::handshake::alive;
use crate::connection::lost::Lost;
use crate::error::{UNREAD, is_protocol_error, may_be_of_one_key, too_large};
use crate::protocol::request::Request;

/// How often what was not done, because of something else, is asked again.
const MOST_ROUNDS: usize = 8;

/// One server, with a connection that is made when it is first needed.
pub(super) struct Single {
    pub(super) client: Client,
    /// The scripts that the server was told on the current connection, and above them its number.
    told: AtomicU64,
    written: atomic::Written,
}

/// How operations are asked.
struct Way {
    named: Named,
    /// Whether each operation has a command of its own.
    is_apart: bool,
}

/// What a round came to.
struct Round {
    answers: Answers<Answer>,
    /// The places of those that were not done, and are to be asked again.
    again: Vec<usize>,
}

impl Single {
    pub(super) fn new(client: Client) -> Self {
        Self { client, told: AtomicU64::new(0), written: atomic::Written::default() }
    }

    pub(super) async fn ping(&self) -> Result<()> {
        match self.client.send(Request::bare("PING")).await?.first() {
            Some(reply) => alive(reply),
            None => Err(stray()),
        }
    }

    pub(super) async fn run(&self, prefix: &[u8], meter: &Meter, commands: &[Command]) -> Answers<Answer> {
        let all: Vec<&Command> = commands.iter().collect();
        let mut way = Way { named: Named::Sha, is_apart: false };
        let Round { mut answers, mut again } = self.round(prefix, meter, &all, &mut way).await;
        for _ in 1..MOST_ROUNDS {
            if again.is_empty() {
                break;
            }
            let some: Vec<&Command> = again.iter().map(|n| all[*n]).collect();
            let round = self.round(prefix, meter, &some, &mut way).await;
            for (n, answer) in again.iter().zip(round.answers) {
                answers[*n] = answer;
            }
            again = round.again.into_iter().map(|n| again[n]).collect();
        }
        answers
    }

    /// Asks for all of `commands` in one request. Changes the way where the next round has to take another.
    async fn round(&self, prefix: &[u8], meter: &Meter, commands: &[&Command], way: &mut Way) -> Round {
        let is_refused = |command: &&Command| self.client.limits().refuses(longest(command));
        if self.client.limits().is_wary() && commands.iter().any(is_refused) {
            return Box::pin(self.round_of_small(prefix, meter, commands, way)).await;
        }
        let writes = commands.iter().any(|command| command.action.is_write());
        let (mut bytes, mut words, mut wanted) = (0, 0, 0);
        for command in commands {
            let own = size(&command.action);
            bytes += own.0 + 2 * (prefix.len() + command.key.len()) + 64;
            words += own.1 + 4;
            if !added::are_added(&[command]) {
                wanted |= script_of(&command.action).map_or(0, |script| script.bit);
            }
        }
        let mut loads = 0;
        let build = || {
            let mut request = Request::with_capacity(words, bytes);
            loads = if way.named == Named::Sha { self.tell(&mut request, wanted) } else { 0 };
            let mut rest = commands;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(group(rest, way.is_apart));
                if added::are_added(now) {
                    added::ask(&mut request, prefix, now);
                } else {
                    ask(&mut request, prefix, now, way.named);
                }
                rest = later;
            }
            meter.sent(request.commands());
            request
        };
        match meter.timed(OPERATION, self.client.ask(writes, build)).await {
            Ok(replies) => {
                self.has_told(wanted);
                self.read(commands, replies.into_iter().skip(loads), way).await
            }
            Err(error) => self.lost(commands, writes, error),
        }
    }

    /// Makes a round without what the server is known to refuse.
    async fn round_of_small(
        &self,
        prefix: &[u8],
        meter: &Meter,
        commands: &[&Command],
        way: &mut Way,
    ) -> Round {
        let limits = self.client.limits();
        let (small, large): (Vec<usize>, Vec<usize>) =
            (0..commands.len()).partition(|n| !limits.refuses(longest(commands[*n])));
        let mut answers = answer_all(commands.len(), &Err(too_large()));
        if small.is_empty() || large.is_empty() {
            return Round { answers, again: if large.is_empty() { small } else { Vec::new() } };
        }
        let some: Vec<&Command> = small.iter().map(|n| commands[*n]).collect();
        let round = self.round(prefix, meter, &some, way).await;
        small.iter().zip(round.answers).for_each(|(n, answer)| answers[*n] = answer);
        Round { answers, again: round.again.into_iter().map(|n| small[n]).collect() }
    }

    /// What becomes of operations whose connection broke. Reads beside writes are asked again, but for those whose key may
    /// have been written after them.
    fn lost(&self, commands: &[&Command], writes: bool, error: Error) -> Round {
        let lost = Lost::in_error(&error);
        if writes && lost.is_some_and(Lost::is_suspect) {
            self.client.limits().strike(commands.iter().map(|command| longest(command)).max().unwrap_or(0));
        }
        let again = if writes && lost.is_some_and(|lost| lost.may_be_repeated(false)) {
            unwritten(commands)
        } else {
            Vec::new()
        };
        Round { answers: answer_all(commands.len(), &Err(error)), again }
    }

    async fn read(
        &self,
        commands: &[&Command],
        mut replies: impl Iterator<Item = Value>,
        way: &mut Way,
    ) -> Round {
        let mut round = Round { answers: Vec::with_capacity(commands.len()), again: Vec::new() };
        let (mut next, mut unreadable, mut is_unknown) = (Way { ..*way }, 0, false);
        while round.answers.len() < commands.len() {
            let place = round.answers.len();
            let count = group(&commands[place..], way.is_apart);
            let part = &commands[place..place + count];
            let replies_to_part = if added::are_added(part) { added::replies(part) } else { 1 };
            let own: SmallVec<[Value; 1]> = replies.by_ref().take(replies_to_part).collect();
            let mut again = true;
            match added::said(&own) {
                Value::ServerError(error) if error.code() == UNREAD => {}
                Value::ServerError(error) if error.code() == NO_SCRIPT && way.named == Named::Sha => {
                    (next.named, is_unknown) = (Named::Text, true);
                }
                Value::ServerError(error) if count > 1 && may_be_of_one_key(error) => next.is_apart = true,
                reply if is_protocol_error(reply) => {
                    (unreadable, again) = (longest(part[0]), false);
                    round.answers.push(Err(too_large()));
                }
                _ => again = false,
            }
            if again {
                round.again.extend(place..place + count);
                round.answers.extend(answer_all(count, &Err(not_read())));
            } else if round.answers.len() == place {
                round.answers.extend(if added::are_added(part) {
                    added::answers(part, own)
                } else {
                    answers_of(part, own.into_iter().next().unwrap_or(Value::Nil))
                });
            }
        }
        if unreadable > 0 {
            self.client.learn_limit(unreadable).await;
        }
        if is_unknown {
            see_again(commands, &mut round.again);
        }
        *way = next;
        round
    }

    /// Makes atomic writes, each by itself, in their order.
    pub(super) async fn write_atomically(
        &self,
        prefix: &[u8],
        meter: &Meter,
        all: &[&[Write]],
    ) -> Answers<AtomicAnswer> {
        let mut answers = answer_all(all.len(), &Err(not_read()));
        let mut left: Vec<usize> = (0..all.len()).collect();
        let mut way = Way { named: Named::Sha, is_apart: false };
        for _ in 0..MOST_ROUNDS {
            if left.is_empty() {
                break;
            }
            let calls = Call::of(left.iter().map(|n| all[*n]), &self.written, way.is_apart);
            let replies = self.call(prefix, meter, &calls, &way).await;
            let mut places = left.into_iter();
            let mut next = Way { ..way };
            left = Vec::new();
            for (call, reply) in calls.iter().zip(replies) {
                let places = places.by_ref().take(call.len());
                match reply.map(|reply| read(call, reply, &way, &mut next)) {
                    Ok(None) => left.extend(places),
                    Ok(Some(own)) => places.zip(own).for_each(|(n, answer)| answers[n] = answer),
                    Err(error) => places.for_each(|n| answers[n] = Err(error.clone())),
                }
            }
            way = next;
        }
        answers
    }

    /// Sends calls of scripts in one request, and returns the reply to each.
    async fn call(&self, prefix: &[u8], meter: &Meter, calls: &[Call<'_>], way: &Way) -> Answers<Value> {
        let (words, bytes) = calls
            .iter()
            .map(|call| call.size(prefix))
            .fold((0, 0), |(words, bytes), own| (words + own.0, bytes + own.1));
        let mut loads = 0;
        let build = || {
            let mut request = Request::with_capacity(words, bytes);
            loads = if way.named == Named::Sha { self.tell_own(&mut request, calls) } else { 0 };
            calls.iter().for_each(|call| call.ask(&mut request, prefix, way.named));
            meter.sent(request.commands());
            request
        };
        match meter.timed(OPERATION, self.client.ask(true, build)).await {
            Ok(replies) => {
                self.has_told_own(calls);
                replies.into_iter().skip(loads).map(Ok).collect()
            }
            Err(error) => answer_all(calls.len(), &Err(error)),
        }
    }

    /// Puts in front what the server may not know of the scripts of `calls`, and returns how many commands that are. If one
    /// had to be told when it is called, others that are called after it would run before it.
    fn tell_own(&self, request: &mut Request, calls: &[Call<'_>]) -> usize {
        let generation = self.client.generation();
        let mut told: SmallVec<[*const Script; 4]> = SmallVec::new();
        for script in calls.iter().filter_map(Call::own) {
            if !script.is_told(generation) && !told.contains(&std::ptr::from_ref(script)) {
                script.load(request);
                told.push(script);
            }
        }
        told.len()
    }

    fn has_told_own(&self, calls: &[Call<'_>]) {
        if let Some(generation) = self.client.generation() {
            calls.iter().filter_map(Call::own).for_each(|script| script.has_told(generation));
        }
    }

    /// Puts in front what the server may not know of the scripts in `wanted`, and returns how many commands that are.
    fn tell(&self, request: &mut Request, wanted: u64) -> usize {
        if wanted == 0 {
            return 0;
        }
        let told = self.told.load(Ordering::Relaxed);
        let is_current = self.client.generation() == Some(told >> scripts::BITS);
        scripts::load(request, if is_current { wanted & !told } else { wanted })
    }

    /// Notes that the server knows the scripts in `wanted`, as long as this connection lasts.
    fn has_told(&self, wanted: u64) {
        if wanted == 0 {
            return;
        }
        let Some(generation) = self.client.generation() else { return };
        let told = self.told.load(Ordering::Relaxed);
        let before = if told >> scripts::BITS == generation { told } else { generation << scripts::BITS };
        if before | wanted != told {
            self.told.store(before | wanted, Ordering::Relaxed);
        }
    }
}

/// Reads the reply to a call of a script for atomic writes; `None` if it is to be called once more, maybe in another way.
fn read(call: &Call<'_>, reply: Value, way: &Way, next: &mut Way) -> Option<Answers<AtomicAnswer>> {
    let Value::ServerError(error) = &reply else { return Some(call.answers(reply)) };
    match error.code() {
        UNREAD => {}
        NO_SCRIPT if way.named == Named::Sha => next.named = Named::Text,
        // Before a script runs, the server looks whether the user may use the keys.
        "NOPERM" if call.are_many() => next.is_apart = true,
        _ if is_protocol_error(&reply) && call.are_many() => next.is_apart = true,
        _ if is_protocol_error(&reply) => return Some(vec![Err(too_large())]),
        _ => return Some(call.answers(reply)),
    }
    None
}

/// The code with which a server says that it has not seen a script.
const NO_SCRIPT: &str = "NOSCRIPT";

/// Returns whether the server has not seen the script, and so has not run it.
pub(super) fn is_unknown_script(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(error) if error.code() == NO_SCRIPT)
}

/// The answers to operations that went to the server as one.
pub(super) fn answers_of(part: &[&Command], reply: Value) -> Answers<Answer> {
    let is_list = part.first().is_some_and(|command| goes_with_others(&command.action));
    match reply {
        Value::Array(replies) if is_list && replies.len() == part.len() => {
            part.iter().zip(replies).map(|(command, reply)| answer(&command.action, reply)).collect()
        }
        reply if is_list => answer_all(part.len(), &Err(failure(&reply))),
        reply => match part {
            [command] => vec![answer(&command.action, reply)],
            _ => answer_all(part.len(), &Err(stray())),
        },
    }
}

/// Returns the places of the reads after which nothing writes their key.
fn unwritten(commands: &[&Command]) -> Vec<usize> {
    let mut written = HashSet::new();
    let mut reads: Vec<usize> = Vec::new();
    for (n, command) in commands.iter().enumerate().rev() {
        if command.action.is_write() {
            written.insert(&command.key);
        } else if !written.contains(&command.key) {
            reads.push(n);
        }
    }
    reads.reverse();
    reads
}

/// Adds to `again`, where scripts have not run, the reads of their keys that came after: these have seen too little.
fn see_again(commands: &[&Command], again: &mut Vec<usize>) {
    let firsts = again.clone();
    for (n, command) in commands.iter().enumerate() {
        let is_late = |first: &usize| *first < n && commands[*first].key == command.key;
        if !command.action.is_write() && !firsts.contains(&n) && firsts.iter().any(is_late) {
            again.push(n);
        }
    }
    again.sort_unstable();
}

fn not_read() -> Error {
    let message = "the redis server has not read this operation because of others beside it";
    Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied)
}
