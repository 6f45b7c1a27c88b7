//! What was called on an instance in the running turn of the event loop, on its way to the I/O thread.

use std::rc::Rc;
use std::sync::Arc;

use redkv::chain::{Action, Answer, Question, Replies, Request, Scope, Weight};
use redkv::desk::{Asked, Desk, Subject};
use redkv::entry::Key;
use redkv::error::Result;
use redkv::operation::{Operation, StructureOperation};
use redkv::structures::{AtomicWrite, Database, Write};

use crate::api::instance::Instance;
use crate::bridge::commands::Commands;
use crate::bridge::completions::Outcome;
use crate::bridge::in_flight;
use crate::bridge::io_thread::Job;
use crate::bridge::promises::Format;
use crate::bridge::replies::{BatchReply, Deferred, TurnReplies};

/// The operations of one turn, in the order of their calls.
#[derive(Default)]
pub(super) struct Gathered {
    jobs: Vec<Job>,
    requests: Vec<Request>,
    slots: Vec<u32>,
}

impl std::fmt::Debug for Gathered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gathered").field("requests", &self.requests.len()).finish_non_exhaustive()
    }
}

impl Gathered {
    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.requests.is_empty()
    }
}

impl Instance {
    /// Notes a single operation, and returns the [slot](place_of) of its promise; fails if there is no room for
    /// it.
    pub(crate) fn gather(
        self: &Rc<Self>,
        scope: Scope,
        key: Key,
        action: Action,
        format: Format,
    ) -> Result<i32> {
        let load = in_flight::of_action(&key, &action);
        self.check(load, action.operation())?;
        let slot = self.open_slot(format, load, action.operation());
        let request = self.chain.request(scope, key, action);
        let is_first = self.begin_gathering();
        let mut gathered = self.gathered.borrow_mut();
        gathered.requests.push(request);
        gathered.slots.push(slot);
        Ok(place_of(slot, is_first))
    }

    /// Notes one operation on many keys, which was [checked](Instance::check). `known` has an answer for some places;
    /// `actions` are for the others.
    pub(crate) fn gather_many(
        self: &Rc<Self>,
        operation: Operation,
        scope: Scope,
        known: Vec<Option<Result<Answer>>>,
        actions: Vec<(Key, Action)>,
        format: Format,
    ) -> i32 {
        let slot = self.open_slot(format, in_flight::of_actions(&actions), operation);
        let requests =
            actions.into_iter().map(|(key, action)| self.chain.request(scope, key, action)).collect();
        let replies = Arc::new(BatchReply::with(slot, known, self.bridge.completions().clone()));
        let is_first = self.gather_job(Job::Submit(self.chain.clone(), requests, replies));
        place_of(slot, is_first)
    }

    /// Notes one read of many keys, about none of which anything is known; fails if there is no room for it.
    pub(crate) fn gather_reads(
        self: &Rc<Self>,
        operation: Operation,
        scope: Scope,
        question: Question,
        keys: Vec<Key>,
        format: Format,
    ) -> Result<i32> {
        let load = in_flight::of_keys(&keys);
        self.check(load, operation)?;
        let slot = self.open_slot(format, load, operation);
        let replies: Arc<dyn Replies> =
            Arc::new(BatchReply::new(slot, keys.len(), self.bridge.completions().clone()));
        let is_first = self.gather_job(Job::Read(self.chain.clone(), scope, question, keys, replies));
        Ok(place_of(slot, is_first))
    }

    /// Notes a command for a service that is no store, which was [checked](Instance::check): those of one turn go together.
    pub(super) fn gather_command<S: Subject>(
        self: &Rc<Self>,
        desk: &Arc<Desk<S>>,
        command: S::Command,
        format: Format,
        load: Weight,
        outcome: fn(Result<S::Answer>) -> Outcome,
    ) -> i32 {
        let slot = self.open_slot(format, load, command.operation().into());
        let is_first = self.begin_gathering();
        let mut gathered = self.gathered.borrow_mut();
        let last = match gathered.jobs.last_mut() {
            Some(Job::Commands(last)) => last.as_any().downcast_mut::<Commands<S>>(),
            _ => None,
        };
        match last.filter(|last| last.are_for(desk)) {
            Some(last) => last.push(command, slot),
            None => {
                let mut commands = Commands::new(desk.clone(), self.bridge.completions().clone(), outcome);
                commands.push(command, slot);
                gathered.jobs.push(Job::Commands(Box::new(commands)));
            }
        }
        place_of(slot, is_first)
    }

    /// Notes a task that ends with a promise, to begin after everything that was called before, and returns the place of
    /// the promise.
    pub(super) fn gather_task<T: Future<Output = ()> + Send + 'static>(
        self: &Rc<Self>,
        load: Weight,
        operation: Operation,
        task: impl FnOnce(Deferred) -> T,
    ) -> i32 {
        let slot = self.open_slot(Format::Nothing, load, operation);
        let task = task(self.bridge.completions().done(slot));
        let is_first = self.gather_job(Job::Task(Box::pin(task)));
        place_of(slot, is_first)
    }

    pub(super) fn open_slot(&self, format: Format, load: Weight, operation: Operation) -> u32 {
        self.bridge.promises().open_slot(format, Some(self.gauge.count(load, operation)))
    }

    pub(super) fn gather_job(self: &Rc<Self>, job: Job) -> bool {
        let is_first = self.begin_gathering();
        let mut gathered = self.gathered.borrow_mut();
        let singles = self.take_singles(&mut gathered);
        gathered.jobs.extend(singles);
        gathered.jobs.push(job);
        is_first
    }

    /// Answers with whether this is the first operation of any instance in this turn.
    pub(super) fn begin_gathering(self: &Rc<Self>) -> bool {
        let is_empty = self.gathered.borrow().is_empty();
        is_empty && self.bridge.gather_from(self.clone())
    }

    fn take_singles(&self, gathered: &mut Gathered) -> Option<Job> {
        if gathered.requests.is_empty() {
            return None;
        }
        let requests = std::mem::take(&mut gathered.requests);
        let slots = std::mem::take(&mut gathered.slots);
        let turn = TurnReplies::new(slots, self.bridge.completions().clone(), Outcome::One);
        Some(Job::Submit(self.chain.clone(), requests, Arc::new(turn)))
    }

    /// Everything that was noted since the last call.
    pub(crate) fn take_gathered(&self) -> Vec<Job> {
        let mut gathered = self.gathered.borrow_mut();
        let singles = self.take_singles(&mut gathered);
        let mut jobs = std::mem::take(&mut gathered.jobs);
        jobs.extend(singles);
        jobs
    }

    /// Notes an atomic write, which was [checked](Instance::check).
    pub(super) fn gather_atomic(
        self: &Rc<Self>,
        database: &Arc<Database>,
        writes: Vec<Write>,
        retries: Option<u32>,
        load: Weight,
    ) -> i32 {
        let slot = self.open_slot(Format::Nothing, load, StructureOperation::AtomicWrite.into());
        let write = AtomicWrite { operations: writes, retries };
        if let Some(Job::Atomic { database: last, writes, slots, .. }) =
            self.gathered.borrow_mut().jobs.last_mut()
            && Arc::ptr_eq(last, database)
        {
            writes.push(write);
            slots.push(slot);
            return place_of(slot, false);
        }
        let is_first = self.gather_job(Job::Atomic {
            database: database.clone(),
            writes: vec![write],
            slots: vec![slot],
            completions: self.bridge.completions().clone(),
        });
        place_of(slot, is_first)
    }
}

/// Returns what JavaScript gets for the promise in `slot`: the slot, or its complement, a negative number, where the
/// operation is the first one of its turn, and JavaScript has to say when that ends.
pub(super) fn place_of(slot: u32, is_first: bool) -> i32 {
    let slot = slot.cast_signed();
    if is_first { !slot } else { slot }
}
