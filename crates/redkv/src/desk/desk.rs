//! The way of commands to their service, and of the answers back.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use redkv_core::order::{KeyOrder, Ticket};
use redkv_core::service::{Batching, Calls};
use redkv_core::store::{Answers, answer_all};

use super::pieces::{Job, common, pieces};
use super::stats::{Counters, DeskStats};
use super::subject::{Asked, Receiver, Subject};
use crate::chain::{Chain, Visit};
use crate::entry::Key;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::executor::spawn;
use crate::operation::Operation;

type OperationOf<S> = <<S as Subject>::Command as Asked>::Operation;

/// A service with what a chain does for its stores. The only store of the chain is a view of the service.
pub struct Desk<S: Subject> {
    chain: Arc<Chain>,
    subject: S,
    order: Arc<KeyOrder>,
    counters: Arc<Counters<OperationOf<S>>>,
    calls: Arc<Calls>,
}

impl<S: Subject> fmt::Debug for Desk<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("subject", &self.subject.name()).finish_non_exhaustive()
    }
}

/// Commands that are made together.
struct Piece<S: Subject> {
    indexes: Vec<u32>,
    commands: Vec<S::Command>,
    tickets: Vec<Ticket>,
    mark: S::Mark,
}

impl<S: Subject> Desk<S> {
    /// Creates the desk in front of `subject`, whose view is the last store of `chain`; its calls are among `calls`.
    pub fn new(chain: Arc<Chain>, subject: S, calls: Arc<Calls>) -> Self {
        Self { chain, subject, order: Arc::default(), counters: Arc::default(), calls }
    }

    /// Returns a desk in front of another view of the same service.
    #[must_use]
    pub fn with(&self, subject: S) -> Self {
        Self {
            chain: self.chain.clone(),
            subject,
            order: self.order.clone(),
            counters: self.counters.clone(),
            calls: self.calls.clone(),
        }
    }

    /// Returns the service.
    pub fn subject(&self) -> &S {
        &self.subject
    }

    /// Returns the chain whose last store is a view of the service.
    pub fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// Returns the statistics so far.
    pub fn stats(&self) -> DeskStats<OperationOf<S>> {
        let tier = self.chain.stats().tiers.pop();
        DeskStats { tier, operations: self.counters.stats(), usage: self.subject.usage() }
    }

    /// Takes commands in the order in which they were called. Each is answered once through `receiver`: at the latest when
    /// its deadline has passed, which counts from its call. Those with one order key take effect in their order.
    pub fn submit(self: &Arc<Self>, commands: Vec<S::Command>, receiver: &Arc<dyn Receiver<S::Answer>>) {
        let visit = match self.chain.visit(commands.len()) {
            Ok(visit) => Arc::new(visit),
            Err(error) => return receiver.answer(refused::<S>(&commands, &error)),
        };
        let mut jobs = Vec::with_capacity(commands.len());
        let mut wrong = Vec::new();
        for (index, command) in (0..).zip(commands) {
            if let Err(error) = self.subject.check(&command) {
                wrong.push((index, Err(self.tag(error, command.operation()))));
                continue;
            }
            let ticket = command.order_key().and_then(|key| self.enter(&[key], command.is_write()));
            jobs.push(Job { index, command, ticket });
        }
        if !wrong.is_empty() {
            receiver.answer(wrong);
        }
        for jobs in pieces(jobs, self.subject.batching()) {
            spawn(self.clone().make(visit.clone(), self.piece(jobs), receiver.clone()));
        }
    }

    /// Gives an operation on `keys` its turn, where the service keeps no order itself.
    pub fn enter(&self, keys: &[Bytes], is_write: bool) -> Option<Ticket> {
        match self.subject.batching() {
            Batching::Apart(_) => Some(self.order.begin(keys, is_write)),
            Batching::Together(_) => None,
        }
    }

    fn piece(&self, jobs: Vec<Job<S::Command>>) -> Piece<S> {
        let (mut indexes, mut commands, mut tickets) = (Vec::new(), Vec::new(), Vec::new());
        for Job { index, command, ticket } in jobs {
            indexes.push(index);
            commands.push(command);
            tickets.extend(ticket);
        }
        // Now, not when it begins: what is called after it must not find what was known before.
        let mark = self.subject.mark(&commands);
        Piece { indexes, commands, tickets, mark }
    }

    /// Makes the operations of one piece.
    async fn make(
        self: Arc<Self>,
        visit: Arc<Visit>,
        mut piece: Piece<S>,
        receiver: Arc<dyn Receiver<S::Answer>>,
    ) {
        let operation = common(&piece.commands);
        let turn = turns(&visit, operation.into(), piece.tickets.iter_mut()).await;
        if turn.is_ok() {
            self.answer_known(&mut piece, &receiver);
        }
        let Piece { indexes, commands, tickets, mark } = piece;
        let Some(first) = commands.first() else { return };
        let start = Instant::now();
        let (operation, probe) = (common(&commands), first.probe());
        let has_begun = AtomicBool::new(false);
        let ask = async {
            let _call = self.calls.begin().await;
            has_begun.store(true, Ordering::Relaxed);
            self.subject.run(&commands).await
        };
        let answers = match turn {
            Ok(()) => visit.call(operation.into(), &probe, commands.len(), ask).await,
            Err(late) => answer_all(commands.len(), &Err(late)),
        };
        S::unmark(mark, &answers);
        drop(tickets);
        let took = start.elapsed();
        let answered = indexes.into_iter().zip(&commands).zip(answers);
        let answers = answered.map(|((index, command), answer)| {
            let operation = command.operation();
            let answer = answer.map_err(|error| as_begun(error, &has_begun)).and_then(S::told);
            self.counters.count(operation, took, answer.is_err());
            (index, answer.map_err(|error| self.tag(error.with_operation(operation.into()), operation)))
        });
        receiver.answer(answers.collect());
    }

    /// Answers what is known, also while the service is down, and leaves the rest.
    fn answer_known(&self, piece: &mut Piece<S>, receiver: &Arc<dyn Receiver<S::Answer>>) {
        let start = Instant::now();
        let mut known = Vec::new();
        let commands = std::mem::take(&mut piece.commands);
        for (index, command) in std::mem::take(&mut piece.indexes).into_iter().zip(commands) {
            match self.subject.known(&command) {
                Some(answer) => {
                    self.counters.count(command.operation(), start.elapsed(), false);
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

    /// Makes `len` operations that are no commands in one call, when their turns have come.
    pub async fn call<T: Clone>(
        &self,
        visit: &Visit,
        tickets: Vec<&mut Ticket>,
        operation: OperationOf<S>,
        probe: &Key,
        len: usize,
        ask: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let turn = turns(visit, operation.into(), tickets.into_iter()).await;
        let start = Instant::now();
        let has_begun = AtomicBool::new(false);
        let ask = async {
            let _call = self.calls.begin().await;
            has_begun.store(true, Ordering::Relaxed);
            ask.await
        };
        let mut answers = match turn {
            Ok(()) => visit.call(operation.into(), probe, len, ask).await,
            Err(late) => answer_all(len, &Err(late)),
        };
        answers.resize_with(len, || Err(unanswered()));
        let took = start.elapsed();
        let counted = answers.into_iter().map(|answer| {
            self.counters.count(operation, took, answer.is_err());
            answer.map_err(|error| as_begun(error, &has_begun))
        });
        counted.collect()
    }

    /// Makes one operation whatever the circuit breaker says.
    pub async fn call_anyway(
        &self,
        operation: OperationOf<S>,
        ask: impl Future<Output = Result<()>>,
    ) -> Result<()> {
        let visit = self.chain.visit(1).map_err(|error| self.tag(error, operation))?;
        visit.call_anyway(operation.into(), ask).await
    }

    /// Returns an error with the service and the operation that it is of.
    pub fn tag(&self, error: Error, operation: OperationOf<S>) -> Error {
        error.in_store(&self.subject.name().into()).with_operation_if_unset(operation.into())
    }
}

/// Waits until it is the turn of all, or fails once the deadline of the visit has passed.
async fn turns(
    visit: &Visit,
    operation: Operation,
    tickets: impl Iterator<Item = &mut Ticket>,
) -> Result<()> {
    let mut waiting: Vec<_> = tickets.filter_map(|ticket| (!ticket.is_due()).then_some(ticket)).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let all_due = async {
        for ticket in &mut waiting {
            ticket.due().await;
        }
    };
    visit.turn(operation, all_due).await
}

fn unanswered() -> Error {
    Error::new(ErrorKind::Internal, "a defect of RedKV: no answer")
}

/// What timed out before its turn came was not sent.
fn as_begun(error: Error, has_begun: &AtomicBool) -> Error {
    if has_begun.load(Ordering::Relaxed) { error } else { error.outcome(Outcome::NotApplied) }
}

fn refused<S: Subject>(commands: &[S::Command], error: &Error) -> Vec<(u32, Result<S::Answer>)> {
    let refuse = |command: &S::Command| error.clone().with_operation_if_unset(command.operation().into());
    (0..).zip(commands).map(|(index, command)| (index, Err(refuse(command)))).collect()
}
