//! Atomic writes on their way.

use std::sync::Arc;

use redkv_core::order::Ticket;
use redkv_core::service::Batching;
use redkv_structures::atomic::{self, Merged, merged};
use redkv_structures::cached::Writing;
use redkv_structures::{AtomicAnswer, Write};

use super::Database;
use crate::chain::Visit;
use crate::desk::Receiver;
use crate::entry::Key;
use crate::error::{Error, Result};
use crate::executor::spawn;
use crate::operation::StructureOperation;
use crate::structures::cabinet::key_of;

/// An atomic write as it is called.
#[derive(Clone, Debug)]
pub struct AtomicWrite {
    /// What is made together, or not at all.
    pub operations: Vec<Write>,
    /// How often it is tried again where others contend; as the option says, if it is not given.
    pub retries: Option<u32>,
}

/// How an atomic write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtomicOutcome {
    /// All of it was written.
    Committed,
    /// Nothing was written. For each operation, whether its condition failed.
    Refused(Vec<bool>),
}

/// An atomic write on its way.
struct AtomicJob {
    index: u32,
    retries: u32,
    visit: Visit,
    merged: Merged,
    /// A key to probe the backend with, should it fail.
    probe: Key,
    /// Its turn among the operations on its keys, where the backend keeps none.
    ticket: Option<Ticket>,
    /// Keeps what it writes out of caches.
    writing: Option<Writing>,
}

impl Database {
    /// Takes atomic writes in the order in which they were called, each of which is made by itself: after what was submitted for
    /// its keys before this call, and before what is submitted for them after it. Each is answered once through `receiver`.
    pub fn submit_atomic(
        self: &Arc<Self>,
        all: Vec<AtomicWrite>,
        receiver: &Arc<dyn Receiver<AtomicOutcome>>,
    ) {
        let mut jobs = Vec::with_capacity(all.len());
        let mut answers = Vec::new();
        for (index, write) in (0..).zip(all) {
            match self.enter(index, write) {
                Ok(Some(job)) => jobs.push(job),
                Ok(None) => answers.push((index, Ok(AtomicOutcome::Committed))),
                Err(error) => {
                    answers.push((index, Err(self.desk.tag(error, StructureOperation::AtomicWrite))))
                }
            }
        }
        if !answers.is_empty() {
            receiver.answer(answers);
        }
        for piece in in_pieces(jobs, self.backend().batching()) {
            let (database, receiver) = (self.clone(), receiver.clone());
            spawn(async move { receiver.answer(database.write(piece).await) });
        }
    }

    /// Makes one atomic write, as [`Database::submit_atomic`] does.
    pub fn write_atomically(
        self: &Arc<Self>,
        write: AtomicWrite,
    ) -> impl Future<Output = Result<AtomicOutcome>> + Send + 'static {
        let entered =
            self.enter(0, write).map_err(|error| self.desk.tag(error, StructureOperation::AtomicWrite));
        let database = self.clone();
        async move {
            let Some(job) = entered? else { return Ok(AtomicOutcome::Committed) };
            let answer = database.write(vec![job]).await.pop();
            answer.map_or_else(|| Err(Error::closed()), |(_, answer)| answer)
        }
    }

    /// Gives an atomic write its place among the operations; nothing if it is empty.
    fn enter(&self, index: u32, write: AtomicWrite) -> Result<Option<AtomicJob>> {
        let AtomicWrite { operations, retries } = write;
        let retries = retries.unwrap_or(self.retries);
        let visit = self.desk.chain().visit(1)?;
        let cabinet = self.desk.subject();
        for (index, write) in operations.iter().enumerate() {
            let checked = cabinet.limits.check_write(write);
            checked.map_err(|error: Error| atomic::at(error, index, write.change.operation()))?;
        }
        let merged = merged(operations)?;
        let keys: Vec<_> = merged.writes.iter().map(|write| write.key.clone()).collect();
        let Some(first) = keys.first() else { return Ok(None) };
        let probe = key_of(first);
        let writing = cabinet.fences.writing(keys.iter());
        let ticket = self.desk.enter(&keys, true);
        Ok(Some(AtomicJob { index, retries, visit, merged, probe, ticket, writing }))
    }

    /// Makes the atomic writes of one piece, which are to be retried equally often.
    async fn write(&self, mut piece: Vec<AtomicJob>) -> Vec<(u32, Result<AtomicOutcome>)> {
        const OPERATION: StructureOperation = StructureOperation::AtomicWrite;
        let take = |job: &mut AtomicJob| std::mem::take(&mut job.merged.writes);
        let writes: Vec<Vec<Write>> = piece.iter_mut().map(take).collect();
        let mut tickets: Vec<Ticket> = piece.iter_mut().filter_map(|job| job.ticket.take()).collect();
        let Some(AtomicJob { visit, probe, retries, .. }) = piece.first() else { return Vec::new() };
        let ask = async {
            match &writes[..] {
                [writes] => vec![self.backend().write_atomically(writes, *retries).await],
                writes => self.backend().write_each_atomically(writes, *retries).await,
            }
        };
        let turns = tickets.iter_mut().collect();
        let answers = self.desk.call(visit, turns, OPERATION, probe, writes.len(), ask).await;
        let answered = piece.into_iter().zip(answers).map(|(job, answer)| {
            if let Some(writing) = job.writing {
                writing.end_with(std::slice::from_ref(&answer));
            }
            let answer = answer.map_err(|error| job.merged.named(error));
            (job.index, answer.map(|answer| outcome(&job.merged, answer)))
        });
        answered.collect()
    }
}

fn outcome(merged: &Merged, answer: AtomicAnswer) -> AtomicOutcome {
    match answer {
        AtomicAnswer::Committed => AtomicOutcome::Committed,
        refused @ AtomicAnswer::Refused(_) => AtomicOutcome::Refused(merged.failures(&refused)),
    }
}

/// Cuts what came together into the calls that suit a backend.
fn in_pieces(jobs: Vec<AtomicJob>, batching: Batching) -> Vec<Vec<AtomicJob>> {
    /// Two pieces keep the caller, the wire and the server busy at the same time; smaller ones are not worth it.
    const LEAST: usize = 16;
    let most = match batching {
        Batching::Together(most) => (jobs.len() / 2).max(LEAST).min(most).max(1),
        Batching::Apart(_) => 1,
    };
    let mut pieces: Vec<Vec<AtomicJob>> = Vec::new();
    for job in jobs {
        match pieces.last_mut() {
            Some(piece) if piece.len() < most && piece[0].retries == job.retries => piece.push(job),
            _ => pieces.push(vec![job]),
        }
    }
    pieces
}
