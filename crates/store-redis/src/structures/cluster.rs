//! Operations in a cluster: each goes to the node of its key.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use redis::Value;
use redkv_core::error::{Error, Outcome, Result};
use redkv_core::store::{Answers, answer_all};
use redkv_structures::{Action, Answer, AtomicAnswer, Command, Shown, Write};

use super::answers::{answer, failure, stray};
use super::meter::Meter;
use super::place::Place;
use super::scripts::Named;
use super::single::{answers_of, is_unknown_script};
use super::{OPERATION, atomic, commands};
use crate::batches::Batch;
use crate::cluster::nodes::Nodes;
use crate::cluster::scatter::scatter;
use crate::cluster::slot::slot_of;
use crate::options::config::{RedisAddress, RedisConfig};
use crate::protocol::request::Request;

/// A cluster, with a connection to each node.
pub(super) struct Cluster {
    nodes: Arc<Nodes>,
    written: atomic::Written,
}

/// What goes to the node of a key.
#[derive(Clone)]
struct Step<'a> {
    /// The key that decides about the node.
    key: Bytes,
    does: Does<'a>,
}

#[derive(Clone)]
enum Does<'a> {
    /// All of an operation: its companion, if it needs one, is in the same slot.
    All(&'a Command),
    /// What an operation does to the key itself.
    OfKey(&'a Command),
    /// What follows, to its companion.
    OfCompanion(&'a Command),
    /// Reads the values of these fields.
    Values(Vec<Bytes>),
    Atomic(&'a [Write]),
}

impl Cluster {
    pub(super) fn new(config: RedisConfig, seeds: Vec<RedisAddress>) -> Self {
        Self { nodes: Nodes::new(config, seeds), written: atomic::Written::default() }
    }

    pub(super) async fn init(&self) -> Result<()> {
        self.nodes.renew(self.nodes.version()).await
    }

    pub(super) fn close(&self) {
        self.nodes.close();
    }

    /// Makes operations; those of one key one after the other, as a redirection may turn their order round.
    pub(super) async fn run(&self, prefix: &[u8], meter: &Meter, commands: &[Command]) -> Answers<Answer> {
        let mut answers = answer_all(commands.len(), &Err(stray()));
        let mut left: Vec<usize> = (0..commands.len()).collect();
        while !left.is_empty() {
            let (now, later) = due(commands, left);
            let (writes, reads): (Vec<usize>, Vec<usize>) =
                now.into_iter().partition(|n| commands[*n].action.is_write());
            let (written, read) = futures_util::future::join(
                self.wave::<true>(prefix, meter, commands, writes),
                self.wave::<false>(prefix, meter, commands, reads),
            )
            .await;
            written.into_iter().chain(read).for_each(|(n, answer)| answers[n] = answer);
            left = later;
        }
        answers
    }

    /// Makes operations of different keys, or reads, side by side.
    async fn wave<const WRITES: bool>(
        &self,
        prefix: &[u8],
        meter: &Meter,
        commands: &[Command],
        places: Vec<usize>,
    ) -> Vec<(usize, Result<Answer>)> {
        let steps: Vec<Step<'_>> = places.iter().map(|n| Step::of(prefix, &commands[*n])).collect();
        let replies = self.send::<WRITES>(prefix, meter, &steps).await;
        let mut done = Vec::with_capacity(places.len());
        let mut follow = Vec::new();
        for ((n, step), replies) in places.into_iter().zip(steps).zip(replies) {
            let command = &commands[n];
            let answer = replies.and_then(|replies| step.answer(command, &replies));
            if let Ok(answer) = &answer
                && matches!(step.does, Does::OfKey(_))
            {
                follow.extend(next(prefix, command, answer.1, &answer.0).map(|next| (done.len(), next)));
            }
            done.push((n, answer.map(|answer| answer.0)));
        }
        let (ats, steps): (Vec<usize>, Vec<Step<'_>>) = follow.into_iter().unzip();
        for (at, replies) in ats.into_iter().zip(self.send::<WRITES>(prefix, meter, &steps).await) {
            let (_, answer) = &mut done[at];
            if let Err(error) = replies.and_then(|replies| followed(answer, replies)) {
                // A part of a write is made.
                *answer = Err(if WRITES { error.outcome(Outcome::Unknown) } else { error });
            }
        }
        done
    }

    /// Sends steps to their nodes, and returns the replies to each.
    async fn send<const WRITES: bool>(
        &self,
        prefix: &[u8],
        meter: &Meter,
        steps: &[Step<'_>],
    ) -> Answers<Vec<Value>> {
        if steps.is_empty() {
            return Vec::new();
        }
        let by = |named| Steps::<'_, WRITES> { prefix, named, meter, written: &self.written };
        let mut replies = meter.timed(OPERATION, scatter(&self.nodes, &by(Named::Sha), steps)).await;
        let is_unknown = |replies: &Result<Vec<Value>>| {
            replies.as_ref().is_ok_and(|replies| replies.iter().any(is_unknown_script))
        };
        let again: Vec<usize> = (0..steps.len()).filter(|n| is_unknown(&replies[*n])).collect();
        if !again.is_empty() {
            let steps: Vec<Step<'_>> = again.iter().map(|n| steps[*n].clone()).collect();
            let found = meter.timed(OPERATION, scatter(&self.nodes, &by(Named::Text), &steps)).await;
            again.into_iter().zip(found).for_each(|(n, found)| replies[n] = found);
        }
        replies
    }

    pub(super) async fn write_atomically(
        &self,
        prefix: &[u8],
        meter: &Meter,
        writes: &[Write],
    ) -> Result<AtomicAnswer> {
        let key = one_slot(prefix, writes)?;
        let steps = [Step { key, does: Does::Atomic(writes) }];
        let mut replies = self.send::<true>(prefix, meter, &steps).await;
        let reply = replies.pop().unwrap_or_else(|| Err(stray()))?.pop();
        atomic::read(writes, reply.unwrap_or(Value::Nil))
    }
}

/// Returns the places of what can be done now, and of what waits for something of its key among that.
fn due(commands: &[Command], left: Vec<usize>) -> (Vec<usize>, Vec<usize>) {
    // Whether what comes after on this key has to wait even if it is a read.
    let mut seen: HashMap<&[u8], bool> = HashMap::new();
    left.into_iter().partition(|n| {
        let Command { key, action, .. } = &commands[*n];
        let is_write = action.is_write();
        let is_due = seen.get(&key[..]).is_none_or(|blocks| !blocks && !is_write);
        *seen.entry(key).or_default() |= is_write;
        is_due
    })
}

/// Returns the key by which writes find their node; fails where they do not have one slot.
fn one_slot(prefix: &[u8], writes: &[Write]) -> Result<Bytes> {
    let mut keys = writes.iter().flat_map(|write| {
        let place = Place { prefix, key: &write.key };
        [Some(place.to_bytes()), atomic::is_sorted(&write.change).then(|| place.companion())]
    });
    let first = keys.next().flatten().unwrap_or_default();
    let slot = slot_of(&first);
    if keys.flatten().all(|key| slot_of(&key) == slot) {
        return Ok(first);
    }
    let message =
        "the keys of an atomic write must be in one slot of the redis cluster: give them the same {tag}";
    Err(Error::argument("operations", message))
}

fn is_paired(prefix: &[u8], key: &[u8]) -> bool {
    let place = Place { prefix, key };
    slot_of(&place.to_bytes()) == slot_of(&place.companion())
}

impl<'a> Step<'a> {
    fn of(prefix: &[u8], command: &'a Command) -> Self {
        let key = Place { prefix, key: &command.key }.to_bytes();
        let is_whole = !needs_companion(&command.action) || is_paired(prefix, &command.key);
        Self { key, does: if is_whole { Does::All(command) } else { Does::OfKey(command) } }
    }

    /// Reads the answer to an operation, and whether the field that it is about was there before.
    fn answer(&self, command: &Command, replies: &[Value]) -> Result<(Answer, bool)> {
        match (&self.does, replies) {
            (Does::All(_), [reply]) => {
                let answer = answers_of(&[command], reply.clone()).pop();
                Ok((answer.unwrap_or_else(|| Err(stray()))?, true))
            }
            (Does::OfKey(_), [before, reply]) => {
                Ok((answer(&command.action, reply.clone())?, *before != Value::Nil))
            }
            (Does::OfKey(_), [reply]) => Ok((answer(&command.action, reply.clone())?, true)),
            _ => Err(stray()),
        }
    }
}

fn needs_companion(action: &Action) -> bool {
    match action {
        Action::ZRange(range) => range.shown == Shown::Value,
        Action::Delete(_) | Action::ZAdd { .. } | Action::ZhAdd { .. } | Action::ZIncrBy { .. } => true,
        Action::ZRem(_) | Action::ZhRem(_) => true,
        _ => false,
    }
}

/// Returns what follows an operation on its key, to the companion.
fn next<'a>(prefix: &[u8], command: &'a Command, was_there: bool, answer: &Answer) -> Option<Step<'a>> {
    let key = Place { prefix, key: &command.key }.companion();
    let does = match (&command.action, answer) {
        (Action::ZIncrBy { .. }, _) if was_there => return None,
        (Action::ZRange(_), answer) => {
            let fields: Vec<Bytes> = match answer {
                Answer::List(fields) => fields.clone(),
                Answer::Scored(entries) => entries.iter().map(|entry| entry.value.clone()).collect(),
                Answer::Page(page) => page.entries.iter().map(|entry| entry.value.clone()).collect(),
                _ => return None,
            };
            if fields.is_empty() {
                return None;
            }
            Does::Values(fields)
        }
        _ => Does::OfCompanion(command),
    };
    Some(Step { key, does })
}

/// Completes an answer by the replies of the companion.
fn followed(answer: &mut Result<Answer>, mut replies: Vec<Value>) -> Result<()> {
    let values = match replies.pop() {
        Some(Value::Int(_)) if replies.is_empty() => return Ok(()),
        Some(Value::Array(values)) => values,
        Some(other) => return Err(failure(&other)),
        None => return Err(stray()),
    };
    let shown: Vec<&mut Bytes> = match answer {
        Ok(Answer::List(fields)) => fields.iter_mut().collect(),
        Ok(Answer::Scored(entries)) => entries.iter_mut().map(|entry| &mut entry.value).collect(),
        Ok(Answer::Page(page)) => page.entries.iter_mut().map(|entry| &mut entry.value).collect(),
        _ => return Err(stray()),
    };
    if shown.len() != values.len() {
        return Err(stray());
    }
    for (shown, value) in shown.into_iter().zip(values) {
        match value {
            Value::BulkString(value) => *shown = value.into(),
            Value::Nil => {}
            other => return Err(failure(&other)),
        }
    }
    Ok(())
}

/// Steps on their way to nodes.
struct Steps<'a, const WRITES: bool> {
    prefix: &'a [u8],
    named: Named,
    meter: &'a Meter,
    written: &'a atomic::Written,
}

impl<'a, const WRITES: bool> Batch for Steps<'a, WRITES> {
    type Item = Step<'a>;
    type Answer = Vec<Value>;
    const WRITES: bool = WRITES;
    const IS_APART: bool = true;

    fn key<'s>(step: &'s Step<'a>) -> &'s [u8] {
        &step.key
    }

    fn longest(step: &Step<'a>) -> usize {
        match &step.does {
            Does::All(command) | Does::OfKey(command) | Does::OfCompanion(command) => {
                commands::longest(command)
            }
            Does::Values(_) | Does::Atomic(_) => step.key.len(),
        }
    }

    fn bytes(step: &Step<'a>) -> usize {
        let own = match &step.does {
            Does::All(command) | Does::OfKey(command) | Does::OfCompanion(command) => {
                commands::size(&command.action).0
            }
            Does::Values(fields) => fields.iter().map(|field| field.len() + 16).sum(),
            Does::Atomic(_) => 256,
        };
        own + 2 * step.key.len() + 128
    }

    fn joins(&self, _: &[Step<'a>], _: &Step<'a>) -> bool {
        false
    }

    fn ask(&self, request: &mut Request, part: &[Step<'a>], _: bool) {
        for step in part {
            match &step.does {
                Does::All(command) => commands::ask(request, self.prefix, &[command], self.named),
                Does::OfKey(command) => {
                    let place = Place { prefix: self.prefix, key: &command.key };
                    if let Action::ZIncrBy { member, .. } = &command.action {
                        request.command(3, "ZSCORE").arg(&step.key).arg(member);
                    }
                    commands::ask_plain(request, place, &command.action, self.named);
                }
                Does::OfCompanion(command) => ask_companion(request, &step.key, &command.action),
                Does::Values(fields) => {
                    request.command(2 + fields.len(), "HMGET").arg(&step.key).awaits_lists();
                    fields.iter().for_each(|field| {
                        request.value(field);
                    });
                }
                Does::Atomic(writes) => {
                    let is_paired = |write: &Write| is_paired(self.prefix, &write.key);
                    atomic::Call::of_one(writes, self.written, is_paired).ask(
                        request,
                        self.prefix,
                        self.named,
                    );
                }
            }
        }
    }

    fn sent(&self, commands: usize) {
        self.meter.sent(commands);
    }

    fn answers(&self, replies: Vec<Value>, _: &[Step<'a>], _: bool) -> Answers<Vec<Value>> {
        vec![Ok(replies)]
    }
}

/// Writes what an operation does to the companion.
fn ask_companion(request: &mut Request, key: &[u8], action: &Action) {
    match action {
        Action::ZAdd { member, .. } | Action::ZIncrBy { member, .. } => {
            request.command(3, "HDEL").arg(key).value(member);
        }
        Action::ZhAdd { field, member, .. } => {
            request.command(4, "HSET").arg(key).value(field).value(member);
        }
        Action::ZRem(fields) | Action::ZhRem(fields) => {
            request.command(2 + fields.len(), "HDEL").arg(key);
            fields.iter().for_each(|field| {
                request.value(field);
            });
        }
        _ => {
            request.command(2, "UNLINK").arg(key);
        }
    }
}
