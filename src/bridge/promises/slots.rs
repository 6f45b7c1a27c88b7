//! The slots of pending promises.

use crate::bridge::in_flight::InFlight;

/// How the answer to a read is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As a string.
    Text,
    /// As a `Buffer`.
    Bytes,
    /// As a string, but an integer as a bigint.
    BigInt,
    /// As nothing: it is enough that it worked.
    Nothing,
    /// Not at all: its promise was rejected before.
    Ignored,
}

#[derive(Debug, Default)]
pub(super) struct Slots {
    formats: Vec<Format>,
    /// What each holds of the bounds of its instance; none of what is not bounded.
    shares: Vec<Option<InFlight>>,
    free: Vec<u32>,
    /// Slots whose promises are being settled. They are not given out before that is done: code of others that runs
    /// meanwhile may call operations, whose promises would take the place of those that have their turn yet.
    closed: Vec<u32>,
    /// Slots whose promise was rejected before the answer came.
    cancelled: usize,
}

impl Slots {
    /// Returns a slot for a promise, which holds `share` until it is closed.
    pub(super) fn open(&mut self, format: Format, share: Option<InFlight>) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.formats[slot as usize] = format;
            self.shares[slot as usize] = share;
            return slot;
        }
        self.formats.push(format);
        self.shares.push(share);
        self.end() - 1
    }

    /// Returns how many promises are pending.
    pub(super) fn pending(&self) -> usize {
        self.formats.len() - self.free.len() - self.closed.len() - self.cancelled
    }

    /// Returns the slots whose promises are being settled.
    pub(super) fn closed(&self) -> &[u32] {
        &self.closed
    }

    /// Closes the slot of a promise that is about to be settled, and returns how its answer is wanted.
    pub(super) fn close(&mut self, slot: u32) -> Format {
        let format = self.formats[slot as usize];
        self.cancelled -= usize::from(format == Format::Ignored);
        self.shares[slot as usize] = None;
        self.closed.push(slot);
        format
    }

    /// Frees the closed slots: their promises are settled.
    pub(super) fn release(&mut self) {
        self.free.append(&mut self.closed);
    }

    pub(super) fn share(&self, slot: u32) -> Option<&InFlight> {
        self.shares[slot as usize].as_ref()
    }

    /// Cancels the first pending promise of `instance` from the slot `from` on: its answer is ignored.
    pub(super) fn cancel(&mut self, instance: u32, from: u32) -> Option<u32> {
        let is_pending = |slot: &u32| {
            self.share(*slot).is_some_and(|share| share.is_of(instance))
                && self.formats[*slot as usize] != Format::Ignored
        };
        let slot = (from..self.end()).find(is_pending)?;
        self.formats[slot as usize] = Format::Ignored;
        self.cancelled += 1;
        Some(slot)
    }

    /// The slot that would be the next new one.
    fn end(&self) -> u32 {
        u32::try_from(self.formats.len()).unwrap_or(u32::MAX)
    }
}
