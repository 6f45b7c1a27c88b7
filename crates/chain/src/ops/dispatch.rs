//! Takes operations, and starts what is due.

use std::sync::Arc;

use super::reads::{self, Caller};
use super::writes;
use crate::chain::Chain;
use crate::request::{Action, Answer, Question, Replies, Request, Scope, Waiter};
use crate::schedule::key_state::Change;
use crate::schedule::table::{Due, ReadJob, WriteJob};
use crate::tier::tiers::Tiers;
use redkv_core::entry::Key;
use redkv_core::error::Result;
use redkv_core::panics::caught_now;
use redkv_executor::spawn;

impl Chain {
    /// Takes operations in the order in which they were called. Each is answered once through `replies`: at the
    /// latest when the deadlines of the tiers that it needs have passed, and with an error if the chain is closed. Does
    /// not panic.
    pub fn submit(self: &Arc<Self>, requests: Vec<Request>, replies: &Arc<dyn Replies>) {
        self.lifecycle().begin(requests.len());
        self.or_abandon(replies, || self.take(requests, replies));
    }

    /// Does `work`, and if that panics, answers what it would have answered.
    fn or_abandon(&self, replies: &Arc<dyn Replies>, work: impl FnOnce()) {
        if let Err(error) = caught_now(work) {
            self.lifecycle().lose_count();
            replies.abandon(&error);
        }
    }

    /// Takes reads that have all but the key in common; less work than [`Chain::submit`].
    pub fn submit_reads(
        self: &Arc<Self>,
        scope: Scope,
        question: Question,
        keys: Vec<Key>,
        replies: &Arc<dyn Replies>,
    ) {
        self.lifecycle().begin(keys.len());
        self.or_abandon(replies, || self.take_reads(scope, question, keys, replies));
    }

    fn take_reads(
        self: &Arc<Self>,
        scope: Scope,
        question: Question,
        keys: Vec<Key>,
        replies: &Arc<dyn Replies>,
    ) {
        if self.is_closed() || !self.lifecycle().is_settled() {
            return self.take(requests(scope, question, keys), replies);
        }
        let mut table = self.table();
        // As in `admit`.
        let tiers = self.tiers();
        if tiers.range(scope).is_empty() {
            drop(table);
            return self.admit(requests(scope, question, keys), replies);
        }
        let mut due = Vec::with_capacity(keys.len());
        for (index, key) in (0..).zip(keys) {
            due.extend(table.read(key, scope, question, replies, index));
        }
        drop(table);
        if !due.is_empty() {
            self.start_reads(&tiers, due, Some(replies));
        }
    }

    fn take(self: &Arc<Self>, requests: Vec<Request>, replies: &Arc<dyn Replies>) {
        if self.is_closed() {
            return self.refuse_all(requests, replies);
        }
        let requests = match self.lifecycle().park_unless_settled(requests, replies) {
            Ok(requests) => requests,
            Err(first_to_wait) => {
                if first_to_wait {
                    self.settle();
                }
                return;
            }
        };
        self.admit(requests, replies);
    }

    /// Puts operations into the table and starts what can start.
    pub(crate) fn admit(self: &Arc<Self>, requests: Vec<Request>, replies: &Arc<dyn Replies>) {
        let mut due = Due::default();
        let mut refused = Vec::new();
        let mut table = self.table();
        // Under the lock of the table, so that a walk of these tiers is in there when `add` seals it.
        let tiers = self.tiers();
        for (index, Request { scope, key, action }) in (0..).zip(requests) {
            let waiter = || Waiter { replies: replies.clone(), index };
            if let Some(answer) = Self::answer_without_stores(&tiers, scope, &key, &action) {
                refused.push((action.is_write().then_some(key), waiter(), answer));
                continue;
            }
            let change = match action {
                Action::Get(want) => {
                    due.reads.extend(table.read(key, scope, Question::Get(want), replies, index));
                    continue;
                }
                Action::Has => {
                    due.reads.extend(table.read(key, scope, Question::Has, replies, index));
                    continue;
                }
                Action::Set(entry) => Change::Set(entry),
                Action::SetIfAbsent(entry) => Change::SetIfAbsent(entry),
                Action::Delete => Change::Delete,
            };
            table.write(key, scope, change, waiter());
        }
        due.writes = table.startable();
        drop(table);
        self.start(&tiers, due, Some(replies));
        for (written, waiter, answer) in refused {
            self.answer(written.as_ref(), [waiter], answer);
        }
    }

    /// The answer to what no store is asked for.
    fn answer_without_stores(
        tiers: &Tiers,
        scope: Scope,
        key: &Key,
        action: &Action,
    ) -> Option<Result<Answer>> {
        if let Err(error) = tiers.check(scope, key, action) {
            return Some(Err(error.with_operation_if_unset(action.operation())));
        }
        if !tiers.range(scope).is_empty() {
            return None;
        }
        Some(Ok(if action.is_write() { Answer::Written(true) } else { Answer::Has(false) }))
    }

    /// Starts what became due when something else was done: with the tiers of now, because it may have been called
    /// after a store was added.
    pub(crate) fn start_next(self: &Arc<Self>, due: Due) {
        if !due.is_empty() {
            self.start(&self.tiers(), due, None);
        }
    }

    /// Starts what became due, cut into the pieces that suit the stores; reads with those who called for them.
    fn start(self: &Arc<Self>, tiers: &Arc<Tiers>, due: Due, caller: Option<&Arc<dyn Replies>>) {
        let Due { reads, writes } = due;
        for group in groups(reads, |job: &ReadJob| (job.scope, job.question)) {
            self.start_reads(tiers, group, caller);
        }
        for group in groups(writes, |job: &WriteJob| job.scope) {
            let scope = group[0].scope;
            let size = tiers.piece_size(scope, group.len(), |capabilities| capabilities.writes);
            for piece in pieces(group, size) {
                spawn(writes::run(self.clone(), tiers.clone(), scope, piece));
            }
        }
    }

    /// Starts reads that have the scope and the question in common.
    fn start_reads(
        self: &Arc<Self>,
        tiers: &Arc<Tiers>,
        group: Vec<ReadJob>,
        caller: Option<&Arc<dyn Replies>>,
    ) {
        let size = tiers.piece_size(group[0].scope, group.len(), |capabilities| capabilities.reads);
        for piece in pieces(group, size) {
            let caller: Caller = caller.cloned();
            spawn(reads::run(self.clone(), tiers.clone(), piece, caller));
        }
    }
}

/// The same reads, one by one.
fn requests(scope: Scope, question: Question, keys: Vec<Key>) -> Vec<Request> {
    keys.into_iter().map(|key| Request { scope, key, action: question.action() }).collect()
}

/// Splits jobs into runs that belong together; in most batches all do.
fn groups<T, K: PartialEq>(jobs: Vec<T>, kind: impl Fn(&T) -> K) -> Vec<Vec<T>> {
    let Some(first) = jobs.first().map(&kind) else { return Vec::new() };
    if jobs.iter().all(|job| kind(job) == first) {
        return vec![jobs];
    }
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for job in jobs {
        let kind = kind(&job);
        match groups.iter_mut().find(|group| group.0 == kind) {
            Some(group) => group.1.push(job),
            None => groups.push((kind, vec![job])),
        }
    }
    groups.into_iter().map(|group| group.1).collect()
}

/// Cuts jobs into pieces of `size`.
fn pieces<T>(jobs: Vec<T>, size: usize) -> Vec<Vec<T>> {
    if jobs.len() <= size {
        return vec![jobs];
    }
    let mut jobs = jobs.into_iter().peekable();
    let mut pieces = Vec::new();
    while jobs.peek().is_some() {
        pieces.push(jobs.by_ref().take(size).collect());
    }
    pieces
}
