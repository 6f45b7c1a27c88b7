//! Data structures under the policies of a chain.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use redkv_structures::atomic::{self, Merged, merged};
use redkv_structures::{Answer, AtomicAnswer, Command, Limits, Structures, Write};

use super::options::StructuresConfig;
use super::pieces::{Job, common, key_of, pieces, probe};
use super::stats::{Counters, DatabaseStats};
use crate::chain::{Chain, Visit};
use crate::entry::Key;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::executor::spawn;
use crate::operation::{Operation, StructureOperation};
use redkv_structures::Batching;
use redkv_structures::cached::{CacheConfig, CachedStructures, Fences, Writing};
use redkv_structures::calls::Calls;
use redkv_structures::order::{KeyOrder, Ticket};

/// Receives the answers to the commands of one call of [`Database::submit`].
pub trait Receiver: Send + Sync {
    /// Answers the commands at `indexes`, each of which is answered once.
    fn answer(&self, answers: Vec<(u32, Result<Answer>)>);
}

/// How an atomic write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtomicOutcome {
    /// All of it was written.
    Committed,
    /// Nothing was written. For each operation, whether its condition failed.
    Refused(Vec<bool>),
}

/// A backend with what a chain does for its stores: deadlines, a circuit breaker, events, and an orderly end.
///
/// The only store of the chain is a view of the backend that reads and writes plain values.
pub struct Database {
    chain: Arc<Chain>,
    backend: Arc<dyn Structures>,
    limits: Limits,
    retries: u32,
    order: Arc<KeyOrder>,
    counters: Arc<Counters>,
    fences: Arc<Fences>,
    calls: Arc<Calls>,
    /// The backend with a cache in front of it, if there is one.
    cached: Option<CachedStructures>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("backend", &self.backend).finish_non_exhaustive()
    }
}

/// An atomic write on its way.
struct AtomicJob {
    visit: Visit,
    merged: Merged,
    /// A key to probe the backend with, should it fail.
    probe: Key,
    /// Its turn among the operations on its keys, where the backend keeps none.
    ticket: Option<Ticket>,
    /// Keeps what it writes out of caches.
    writing: Option<Writing>,
}

/// Commands that are made together.
#[derive(Default)]
struct Piece {
    indexes: Vec<u32>,
    commands: Vec<Command>,
    tickets: Vec<Ticket>,
    /// Keeps what they write out of caches.
    writing: Option<Writing>,
}

impl Database {
    /// Creates what answers for the backend of `layered`, whose plain values are the last store of `chain`.
    pub fn new(
        chain: Arc<Chain>,
        backend: Arc<dyn Structures>,
        fences: Arc<Fences>,
        calls: Arc<Calls>,
        config: StructuresConfig,
    ) -> Self {
        let own = backend.limits();
        let limits = if config.limits_of_dynamodb { own.and(Limits::DYNAMODB) } else { own };
        Self {
            chain,
            backend,
            limits,
            retries: config.retries,
            order: Arc::default(),
            calls,
            counters: Arc::default(),
            fences,
            cached: None,
        }
    }

    /// Returns the same with a read cache in front of it, which forgets what is written through any of them.
    #[must_use]
    pub fn cached(&self, config: CacheConfig) -> Self {
        let cached = CachedStructures::new(self.backend.clone(), config, self.fences.clone());
        Self {
            chain: self.chain.clone(),
            backend: self.backend.clone(),
            limits: self.limits,
            retries: self.retries,
            order: self.order.clone(),
            calls: self.calls.clone(),
            counters: self.counters.clone(),
            fences: self.fences.clone(),
            cached: Some(cached),
        }
    }

    /// Returns the cache, if there is one.
    pub fn cache(&self) -> Option<&CachedStructures> {
        self.cached.as_ref()
    }

    /// Returns the chain that has its plain values.
    pub fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// Returns the backend.
    pub fn backend(&self) -> &Arc<dyn Structures> {
        &self.backend
    }

    /// Returns the statistics so far.
    pub fn stats(&self) -> DatabaseStats {
        let tier = self.chain.stats().tiers.pop();
        let cache = self.cached.as_ref().map(CachedStructures::cache_usage);
        DatabaseStats { tier, operations: self.counters.stats(), usage: self.backend.usage(), cache }
    }

    /// Takes operations in the order in which they were called. Each is answered once through `receiver`: at the latest when
    /// its deadline has passed. Operations on one key take effect in their order.
    pub fn submit(self: &Arc<Self>, commands: Vec<Command>, receiver: &Arc<dyn Receiver>) {
        let visit = match self.chain.visit(commands.len()) {
            Ok(visit) => Arc::new(visit),
            Err(error) => return receiver.answer(refused(commands, &error)),
        };
        let mut jobs = Vec::with_capacity(commands.len());
        let mut wrong = Vec::new();
        let is_apart = matches!(self.backend.batching(), Batching::Apart(_));
        for (index, command) in (0..).zip(commands) {
            if let Err(error) = self.limits.check(&command) {
                wrong.push((index, Err(self.tag(error, command.action.operation()))));
                continue;
            }
            let keys = std::slice::from_ref(&command.key);
            let ticket = is_apart.then(|| self.order.begin(keys, command.action.is_write()));
            jobs.push(Job { index, command, ticket });
        }
        if !wrong.is_empty() {
            receiver.answer(wrong);
        }
        for jobs in pieces(jobs, self.backend.batching()) {
            let mut piece = Piece::from(jobs);
            // Now, not when it begins: what is called after it must not find in a cache what was there before.
            piece.writing = self.fences.writing_of(&piece.commands);
            spawn(self.clone().make(visit.clone(), piece, receiver.clone()));
        }
    }

    /// Makes the operations of one piece.
    async fn make(self: Arc<Self>, visit: Arc<Visit>, mut piece: Piece, receiver: Arc<dyn Receiver>) {
        for ticket in &mut piece.tickets {
            ticket.due().await;
        }
        self.answer_known(&mut piece, &receiver);
        let Piece { indexes, commands, tickets, writing } = piece;
        if commands.is_empty() {
            return;
        }
        let start = Instant::now();
        let operation = common(&commands);
        let has_begun = AtomicBool::new(false);
        let ask = async {
            let _call = self.calls.begin().await;
            has_begun.store(true, Ordering::Relaxed);
            match &self.cached {
                Some(cached) => cached.ask(&commands).await,
                None => self.backend.run(&commands).await,
            }
        };
        let answers = visit.call(operation.into(), &probe(&commands), commands.len(), ask).await;
        if let Some(writing) = writing {
            writing.end_with(&answers);
        }
        drop(tickets);
        let took = start.elapsed();
        let answered = indexes.into_iter().zip(&commands).zip(answers);
        let answers = answered.map(|((index, command), answer)| {
            let operation = command.action.operation();
            self.counters.count(operation, took, answer.is_err());
            (index, answer.map_err(|error| as_begun(error, &has_begun).with_operation(operation.into())))
        });
        receiver.answer(answers.collect());
    }

    /// Answers what the cache knows, also while the backend is down, and leaves the rest.
    fn answer_known(&self, piece: &mut Piece, receiver: &Arc<dyn Receiver>) {
        let Some(cached) = &self.cached else { return };
        let start = Instant::now();
        let mut known = Vec::new();
        let commands = std::mem::take(&mut piece.commands);
        for (index, command) in std::mem::take(&mut piece.indexes).into_iter().zip(commands) {
            match cached.known(&command) {
                Some(answer) => {
                    self.counters.count(command.action.operation(), start.elapsed(), false);
                    known.push((index, Ok(answer)));
                }
                None => {
                    piece.indexes.push(index);
                    piece.commands.push(command);
                }
            }
        }
        if !known.is_empty() {
            receiver.answer(known);
        }
    }

    /// Makes all `operations` or none, after what was submitted for their keys before this call, and before what is submitted
    /// for them after it. `retries` is as the option says, if it is not given.
    pub fn write_atomically(
        self: &Arc<Self>,
        operations: Vec<Write>,
        retries: Option<u32>,
    ) -> impl Future<Output = Result<AtomicOutcome>> + Send + 'static {
        let entered =
            self.enter(operations).map_err(|error| self.tag(error, StructureOperation::AtomicWrite));
        let database = self.clone();
        async move {
            match entered? {
                Some(entered) => database.write(entered, retries).await,
                None => Ok(AtomicOutcome::Committed),
            }
        }
    }

    /// Gives an atomic write its place among the operations; nothing if it is empty.
    fn enter(&self, operations: Vec<Write>) -> Result<Option<AtomicJob>> {
        let visit = self.chain.visit(1)?;
        for (index, write) in operations.iter().enumerate() {
            let checked = self.limits.check_write(write);
            checked.map_err(|error| atomic::at(error, index, write.change.operation()))?;
        }
        let merged = merged(operations)?;
        let keys: Vec<_> = merged.writes.iter().map(|write| write.key.clone()).collect();
        let Some(first) = keys.first() else { return Ok(None) };
        let probe = key_of(first);
        let writing = self.fences.writing(keys.iter());
        let ticket = match self.backend.batching() {
            Batching::Apart(_) => Some(self.order.begin(&keys, true)),
            Batching::Together(_) => None,
        };
        Ok(Some(AtomicJob { visit, merged, probe, ticket, writing }))
    }

    async fn write(&self, job: AtomicJob, retries: Option<u32>) -> Result<AtomicOutcome> {
        const OPERATION: StructureOperation = StructureOperation::AtomicWrite;
        let AtomicJob { visit, merged, probe, mut ticket, writing } = job;
        if let Some(ticket) = &mut ticket {
            ticket.due().await;
        }
        let start = Instant::now();
        let retries = retries.unwrap_or(self.retries);
        let has_begun = AtomicBool::new(false);
        let ask = async {
            let _call = self.calls.begin().await;
            has_begun.store(true, Ordering::Relaxed);
            vec![self.backend.write_atomically(&merged.writes, retries).await]
        };
        let mut answers = visit.call(OPERATION.into(), &probe, 1, ask).await;
        if let Some(writing) = writing {
            writing.end_with(&answers);
        }
        let answer = answers.pop();
        let answer =
            answer.unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "a defect of RedKV: no answer")));
        self.counters.count(OPERATION, start.elapsed(), answer.is_err());
        Ok(match answer.map_err(|error| merged.named(as_begun(error, &has_begun)))? {
            AtomicAnswer::Committed => AtomicOutcome::Committed,
            refused @ AtomicAnswer::Refused(_) => AtomicOutcome::Refused(merged.failures(&refused)),
        })
    }

    /// Makes the table of the format if it is missing, where there are tables.
    pub async fn create_table(self: Arc<Self>) -> Result<()> {
        const OPERATION: StructureOperation = StructureOperation::CreateTable;
        let visit = self.chain.visit(1).map_err(|error| self.tag(error, OPERATION))?;
        let ask = async { self.backend.create_table().await };
        visit.call_anyway(OPERATION.into(), ask).await
    }

    fn tag(&self, error: Error, operation: StructureOperation) -> Error {
        error.in_store(&self.backend.name().into()).with_operation_if_unset(operation.into())
    }
}

impl From<Vec<Job>> for Piece {
    fn from(jobs: Vec<Job>) -> Self {
        let mut piece = Self::default();
        for Job { index, command, ticket } in jobs {
            piece.indexes.push(index);
            piece.commands.push(command);
            piece.tickets.extend(ticket);
        }
        piece
    }
}

/// What timed out before its turn came was not sent.
fn as_begun(error: Error, has_begun: &AtomicBool) -> Error {
    if has_begun.load(Ordering::Relaxed) { error } else { error.outcome(Outcome::NotApplied) }
}

fn refused(commands: Vec<Command>, error: &Error) -> Vec<(u32, Result<Answer>)> {
    let operation = |command: &Command| Operation::from(command.action.operation());
    let refuse = |command: &Command| error.clone().with_operation_if_unset(operation(command));
    (0..).zip(&commands).map(|(index, command)| (index, Err(refuse(command)))).collect()
}
