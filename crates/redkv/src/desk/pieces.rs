//! Cuts what came together into the calls that suit a service.

use redkv_core::order::Ticket;
use redkv_core::service::Batching;

use super::subject::Asked;

/// A command on its way.
pub(super) struct Job<C> {
    pub(super) index: u32,
    pub(super) command: C,
    /// Its turn among the operations on its key, where the service keeps none.
    pub(super) ticket: Option<Ticket>,
}

/// Cuts what came together into the calls that suit the service.
pub(super) fn pieces<C: Asked>(jobs: Vec<Job<C>>, batching: Batching) -> Vec<Vec<Job<C>>> {
    match batching {
        Batching::Together(most) => {
            /// Two pieces keep the caller, the wire and the server busy at the same time; smaller ones are not worth it.
            const LEAST: usize = 64;
            in_pieces(jobs, |count| (count / 2).max(LEAST).min(most).max(1))
        }
        Batching::Apart(most) => {
            let is_together = |job: &mut Job<C>| {
                job.command.goes_together() && job.ticket.as_mut().is_none_or(Ticket::is_due)
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

fn in_pieces<C>(jobs: Vec<Job<C>>, size: impl Fn(usize) -> usize) -> Vec<Vec<Job<C>>> {
    let size = size(jobs.len());
    let mut jobs = jobs.into_iter().peekable();
    let mut pieces = Vec::new();
    while jobs.peek().is_some() {
        pieces.push(jobs.by_ref().take(size).collect());
    }
    pieces
}

/// The operation that all are, or that they came together.
pub(super) fn common<C: Asked>(commands: &[C]) -> C::Operation {
    let mut operations = commands.iter().map(Asked::operation);
    let first = operations.next().unwrap_or_else(C::together);
    if operations.all(|operation| operation == first) { first } else { C::together() }
}
