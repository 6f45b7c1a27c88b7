//! Cuts what came together into the calls that suit a backend.

use redkv_structures::order::Ticket;
use redkv_structures::{Action, Batching, Command};

use crate::entry::Key;
use crate::operation::StructureOperation;

/// A command on its way.
pub(super) struct Job {
    pub(super) index: u32,
    pub(super) command: Command,
    /// Its turn among the operations on its key, where the backend keeps none.
    pub(super) ticket: Option<Ticket>,
}

/// Cuts what came together into the calls that suit the backend.
pub(super) fn pieces(jobs: Vec<Job>, batching: Batching) -> Vec<Vec<Job>> {
    match batching {
        Batching::Together(most) => {
            /// Two pieces keep the caller, the wire and the server busy at the same time; smaller ones are not worth it.
            const LEAST: usize = 64;
            in_pieces(jobs, |count| (count / 2).max(LEAST).min(most).max(1))
        }
        Batching::Apart(most) => {
            let is_together = |job: &mut Job| {
                is_plain_read(&job.command.action) && job.ticket.as_mut().is_none_or(Ticket::is_due)
            };
            let (mut together, mut apart) = (Vec::new(), Vec::new());
            for mut job in jobs {
                if is_together(&mut job) { together.push(job) } else { apart.push(job) }
            }
            let mut pieces = in_pieces(together, |_| most);
            pieces.extend(apart.into_iter().map(|job| vec![job]));
            pieces
        }
    }
}

fn in_pieces(jobs: Vec<Job>, size: impl Fn(usize) -> usize) -> Vec<Vec<Job>> {
    let size = size(jobs.len());
    let mut jobs = jobs.into_iter().peekable();
    let mut pieces = Vec::new();
    while jobs.peek().is_some() {
        pieces.push(jobs.by_ref().take(size).collect());
    }
    pieces
}

/// Whether one item answers it.
fn is_plain_read(action: &Action) -> bool {
    matches!(
        action,
        Action::Get
            | Action::SMembers
            | Action::SIsMember(_)
            | Action::SCard
            | Action::HGet(_)
            | Action::HGetAll
            | Action::ZScore(_)
    )
}

/// The operation that all are, or that they came together.
pub(super) fn common(commands: &[Command]) -> StructureOperation {
    let mut operations = commands.iter().map(|command| command.action.operation());
    let first = operations.next().unwrap_or(StructureOperation::Batch);
    if operations.all(|operation| operation == first) { first } else { StructureOperation::Batch }
}

/// A key to probe the backend with, should it fail.
pub(super) fn probe(commands: &[Command]) -> Key {
    commands.first().map_or_else(|| Key::from("redkv"), |command| key_of(&command.key))
}

pub(super) fn key_of(key: &[u8]) -> Key {
    /// An empty key is none everywhere.
    const SOME: &str = "redkv";
    match std::str::from_utf8(key) {
        Ok(key) if !key.is_empty() => Key::from(key),
        _ => Key::from(SOME),
    }
}
