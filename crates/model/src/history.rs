//! What was called, answered, and made in the stores, in the order in which it happened.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use super::program::{Act, Fault, KEYS, NAMES, Plan, Request};
use redkv_chain::{Answer, Replies};
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_testing::Operation;

/// When something happened: its number among all that happened, and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    pub(super) number: usize,
    pub(super) time: u64,
}

/// Which write, as the number of its operation. It is what the write writes.
pub(super) type Value = usize;

/// An operation that was called.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) instance: usize,
    pub(super) request: Request,
    /// Of an entry with a ttl.
    pub(super) deadline: Option<u64>,
    pub(super) called: Moment,
    /// For a read, when the walk that it may have joined was called, at the earliest.
    pub(super) walk: Moment,
    /// Operations of the same instance and key that were not answered when it was called.
    pub(super) before: u64,
    pub(super) answered: Option<(Moment, Reply)>,
    /// How often it was answered.
    pub(super) answers: u32,
}

/// How an operation was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Value(Option<Value>, Option<u64>),
    Has(bool),
    Written(bool),
    Error { kind: ErrorKind, tier: Option<usize>, may_have_applied: bool },
}

/// Something that happened in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) moment: Moment,
    pub(super) tier: usize,
    pub(super) instance: usize,
    pub(super) key: usize,
    pub(super) change: Change,
    /// Whether whoever asked for it had given it up before.
    pub(super) is_late: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Set(Value, Option<u64>),
    /// Where there was nothing.
    Fill(Value, Option<u64>),
    Delete,
    /// A delete that leaves a tombstone.
    Bury,
}

impl Change {
    /// The value that is there afterwards, and until when.
    pub(super) fn after(self) -> Option<(Value, Option<u64>)> {
        match self {
            Self::Set(value, deadline) | Self::Fill(value, deadline) => Some((value, deadline)),
            Self::Delete | Self::Bury => None,
        }
    }
}

/// A line of the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Called(usize),
    Answered(usize, Reply),
    Sent {
        tier: usize,
        instance: usize,
        operation: Operation,
        keys: [bool; KEYS.len()],
        plan: Plan,
    },
    Made(Effect),
    Closed(usize),
    /// An instance does not ask a store any more.
    Down {
        tier: usize,
        instance: usize,
    },
    /// An instance asks a store again.
    Up {
        tier: usize,
        instance: usize,
    },
}

/// A history that is shared by all who write it.
#[derive(Clone, Default)]
pub(super) struct History(Arc<Shared>);

#[derive(Default)]
struct Shared {
    record: Mutex<Record>,
    answered: Notify,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) ops: Vec<Op>,
    pub(super) effects: Vec<Effect>,
    /// All of it, with the times.
    pub(super) events: Vec<(u64, Event)>,
    /// Per tier, whether a call went wrong or took its time.
    pub(super) troubled: [bool; NAMES.len()],
    /// Per tier, whether it lost something by itself.
    pub(super) evicted: [bool; NAMES.len()],
    /// Per instance, when it was closed.
    pub(super) closed: [Option<Moment>; 3],
    /// Closings that have not come to their end.
    pub(super) closing: usize,
    pub(super) open: usize,
}

impl Record {
    fn note(&mut self, time: u64, event: Event) -> Moment {
        self.events.push((time, event));
        Moment { number: self.events.len() - 1, time }
    }
}

impl History {
    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.0.record.lock().unwrap()
    }

    /// An operation is called; answers with its number.
    pub(super) fn call(&self, instance: usize, request: Request, now: u64) -> usize {
        let mut record = self.record();
        let number = record.ops.len();
        let called = record.note(now, Event::Called(number));
        let waiting = record
            .ops
            .iter()
            .filter(|op| op.answered.is_none() && op.instance == instance && op.request.key == request.key);
        let (mut walk, mut before) = (called, 0);
        for op in waiting {
            before += 1;
            if !op.request.action.is_write() {
                walk = walk.min(op.walk);
            }
        }
        let deadline = match request.action {
            Act::Set(ttl) | Act::SetIfAbsent(ttl) => ttl.map(|ttl| now + ttl),
            Act::Get | Act::Has | Act::Delete => None,
        };
        let op = Op { instance, request, deadline, called, walk, before, answered: None, answers: 0 };
        record.ops.push(op);
        record.open += 1;
        number
    }

    pub(super) fn answer(&self, number: usize, answer: &Result<Answer>, now: u64) {
        let reply = Reply::from(answer);
        let mut record = self.record();
        let moment = record.note(now, Event::Answered(number, reply));
        let op = &mut record.ops[number];
        op.answers += 1;
        if op.answered.is_none() {
            op.answered = Some((moment, reply));
            record.open -= 1;
        }
        drop(record);
        self.0.answered.notify_waiters();
    }

    /// A call arrives at a store.
    pub(super) fn send(
        &self,
        tier: usize,
        instance: usize,
        operation: Operation,
        keys: &[Key],
        plan: Plan,
        now: u64,
    ) {
        let mut named = [false; KEYS.len()];
        keys.iter().for_each(|key| named[place(key)] = true);
        let mut record = self.record();
        record.note(now, Event::Sent { tier, instance, operation, keys: named, plan });
        record.troubled[tier] |= plan.fault != Fault::None || plan.before + plan.after > 0;
    }

    /// A store makes a change.
    pub(super) fn make(
        &self,
        tier: usize,
        instance: usize,
        key: usize,
        change: Change,
        is_late: bool,
        now: u64,
    ) {
        let mut record = self.record();
        let moment = Moment { number: record.events.len(), time: now };
        let effect = Effect { moment, tier, instance, key, change, is_late };
        record.effects.push(effect);
        record.note(now, Event::Made(effect));
    }

    /// An instance begins or ends not to ask a store.
    pub(super) fn turn(&self, event: Event, now: u64) {
        self.record().note(now, event);
    }

    /// A cache loses something.
    pub(super) fn evict(&self, tier: usize) {
        self.record().evicted[tier] = true;
    }

    pub(super) fn close(&self, instance: usize, now: u64) {
        let mut record = self.record();
        let moment = record.note(now, Event::Closed(instance));
        record.closed[instance].get_or_insert(moment);
        record.closing += 1;
    }

    pub(super) fn end_closing(&self) {
        self.record().closing -= 1;
    }

    /// Waits until at most `open` operations are without an answer.
    pub(super) async fn until_open(&self, open: usize) {
        loop {
            let answered = self.0.answered.notified();
            if self.record().open <= open {
                return;
            }
            answered.await;
        }
    }
}

impl From<&Result<Answer>> for Reply {
    fn from(answer: &Result<Answer>) -> Self {
        match answer {
            Ok(Answer::Entry(None)) => Self::Value(None, None),
            Ok(Answer::Entry(Some(entry))) => {
                Self::Value(Some(value(entry)), entry.deadline.map(|deadline| deadline.millis()))
            }
            Ok(Answer::Has(has)) => Self::Has(*has),
            Ok(Answer::Written(written)) => Self::Written(*written),
            Err(error) => Self::Error {
                kind: error.kind(),
                tier: error.store().and_then(|store| NAMES.iter().position(|name| *name == store)),
                may_have_applied: error.may_have_applied(),
            },
        }
    }
}

/// The answers to one submission.
pub(super) struct Submission {
    pub(super) history: History,
    pub(super) ops: Vec<usize>,
    pub(super) clock: Arc<dyn redkv_core::clock::Clock>,
}

impl Replies for Submission {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        self.history.answer(self.ops[index as usize], &answer, self.clock.now());
    }

    fn abandon(&self, error: &Error) {
        unreachable!("the chain panicked: {error}");
    }
}

/// The number of a key.
pub(super) fn place(key: &str) -> usize {
    KEYS.iter().position(|name| *name == key).unwrap()
}

/// The write that wrote an entry.
pub(super) fn value(entry: &Entry) -> Value {
    std::str::from_utf8(&entry.value).unwrap().parse().unwrap()
}
