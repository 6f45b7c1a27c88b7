//! Answers that wait until the JavaScript thread has time for them: it takes some, does other things, and takes
//! the next.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::bridge::completions::{Completion, Waiting};

/// Answers in the order in which they are settled. Those that failed cost many times as much, and do not keep the others
/// waiting.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    waiting: VecDeque<Completion>,
    failed: VecDeque<Completion>,
    cancelled: VecDeque<Cancelled>,
}

/// An instance whose pending operations are cancelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cancelled {
    pub(crate) instance: u32,
    /// The slot from which on its operations are still pending.
    pub(crate) from: u32,
}

impl Backlog {
    pub(crate) fn add(&mut self, Waiting { completions, cancelled, .. }: Waiting) {
        for completion in completions {
            match completion.has_failed() {
                true => self.failed.push_back(completion),
                false => self.waiting.push_back(completion),
            }
        }
        self.cancelled.extend(cancelled.into_iter().map(|instance| Cancelled { instance, from: 0 }));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.failed.is_empty() && self.cancelled.is_empty()
    }

    /// Returns how many failed answers wait.
    pub(crate) fn failed(&self) -> usize {
        self.failed.len()
    }

    /// The next answer that did not fail.
    pub(crate) fn next(&mut self) -> Option<Completion> {
        self.waiting.pop_front()
    }

    /// The next answer that failed.
    pub(crate) fn next_failed(&mut self) -> Option<Completion> {
        self.failed.pop_front()
    }

    /// Returns the next cancelled instance, for when all that failed by itself is settled.
    pub(crate) fn next_cancelled(&mut self) -> Option<&mut Cancelled> {
        self.cancelled.front_mut()
    }

    /// Nothing of the [next instance](Backlog::next_cancelled) is pending any more.
    pub(crate) fn end_cancelled(&mut self) {
        self.cancelled.pop_front();
    }

    /// Returns whether `is_it` holds for a cancelled instance.
    pub(crate) fn cancels(&self, is_it: impl Fn(u32) -> bool) -> bool {
        self.cancelled.iter().any(|cancelled| is_it(cancelled.instance))
    }
}

/// As much of a turn of the event loop as may be taken for answers.
#[derive(Debug)]
pub(crate) struct Slice {
    ends: Instant,
    rounds: usize,
}

impl Slice {
    const LENGTH: Duration = Duration::from_millis(4);
    /// Bounds the work of those who wait, which comes on top.
    const ROUNDS: usize = 32;

    pub(crate) fn begin() -> Self {
        Self { ends: Instant::now() + Self::LENGTH, rounds: 0 }
    }

    /// Counts a round, and returns whether the slice is over.
    pub(crate) fn is_over(&mut self) -> bool {
        self.rounds += 1;
        self.rounds >= Self::ROUNDS || Instant::now() >= self.ends
    }
}
