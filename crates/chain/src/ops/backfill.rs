//! Back-fills: what a walk found is written to the tiers before it, then its readers are answered.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::chain::Chain;
use crate::mutants::{Planted, is_planted};
use crate::ops::reads::{Caller, Ended, Open};
use crate::request::Answer;
use crate::schedule::table::Due;
use crate::tier::tier::Tier;
use crate::tier::tiers::Tiers;
use redkv_core::entry::{Draft, Entry, Key};
use redkv_core::error::Error;
use redkv_core::store::SetMode;

/// Where entries were found.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) place: usize,
    /// What the tier had lost of its writes before.
    pub(crate) losses: u64,
    /// When the read began, if that matters.
    pub(crate) since: Option<Instant>,
}

/// A back-fill of found entries into the tiers before. Answers their readers when it is dropped.
pub(crate) struct Filling {
    chain: Arc<Chain>,
    tiers: Arc<Tiers>,
    found: Found,
    ended: Ended,
    caller: Caller,
    /// Places in `ended` of those whose key is marked as being filled.
    begun: Vec<usize>,
}

impl Filling {
    /// Fills immediate tiers, and marks the keys for which other tiers are to be filled.
    pub(crate) fn begin(
        chain: Arc<Chain>,
        tiers: Arc<Tiers>,
        found: Found,
        ended: Ended,
        caller: Caller,
    ) -> Self {
        let mut filling = Self { chain, tiers, found, ended, caller, begun: Vec::new() };
        if filling.ended.open.iter().any(|open| open.missed != 0) {
            filling.fill_immediate();
        }
        filling
    }

    /// Returns whether there are tiers to fill that do not answer at once.
    pub(crate) fn waits(&self) -> bool {
        !self.begun.is_empty()
    }

    fn fill_immediate(&mut self) {
        let mut table = self.chain.table();
        if self.tiers.all[self.found.place].losses() != self.found.losses {
            // Some of it may be what was lost. A loss from here on finds the fills, and invalidates them.
            return;
        }
        for index in 0..self.ended.len() {
            let Some((key, open, entry)) = self.ended.found(index) else { continue };
            if open.missed == 0 {
                continue;
            }
            if !table.may_fill_now(key, open.flight) {
                missed(&self.tiers, open).for_each(|(_, tier)| tier.counters().fill_dropped());
                continue;
            }
            let mut waits = false;
            for (_, tier) in missed(&self.tiers, open) {
                match tier.store().immediate() {
                    // Under the lock of the table no write can come in between.
                    Some(store) if tier.takes(key, entry) => {
                        let draft = Draft::from(entry).capped(tier.cap());
                        tier.counters().filled_now(store.set_now(key, draft, fill_mode()), entry);
                    }
                    Some(_) => {}
                    None => waits |= tier.takes(key, entry),
                }
            }
            if waits && table.begin_fill(key, open.flight) {
                self.begun.push(index);
            }
        }
    }

    /// Fills the other tiers. The readers are answered when this is dropped.
    pub(crate) async fn finish(self) {
        let fills = self.targets().into_iter().map(|target| self.fill(target));
        join_all(fills).await;
    }

    /// Fills one tier. A failure leaves a miss, which the next read sees: no reader needs to know.
    async fn fill(&self, Target { place, tier, entries }: Target) {
        let keeps_order = tier.capabilities().ordered;
        let keys: Vec<_> =
            if keeps_order { Vec::new() } else { entries.iter().map(|(key, _)| key.clone()).collect() };
        let answers = tier.set(entries, fill_mode()).await;
        tier.counters().filled(&answers);
        tier.report(&answers);
        // One that may still be made could bring back what is deleted meanwhile.
        for (key, answer) in keys.iter().zip(&answers) {
            if answer.as_ref().is_err_and(Error::may_have_applied) {
                self.chain.mark_stale(&self.tiers, place, key, true);
            }
        }
    }

    /// Returns what to write to the tiers that do not answer at once.
    fn targets(&self) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        for (key, open, entry) in self.begun.iter().filter_map(|index| self.ended.found(*index)) {
            for (place, tier) in missed(&self.tiers, open) {
                let is_late = self.found.since.is_some_and(|since| !tier.may_fill_at(since));
                if tier.capabilities().immediate || is_late || !tier.takes(key, entry) {
                    continue;
                }
                let pair = (key.clone(), entry.clone());
                match targets.iter_mut().find(|target| target.place == place) {
                    Some(target) => target.entries.push(pair),
                    None => targets.push(Target { place, tier: tier.clone(), entries: vec![pair] }),
                }
            }
        }
        targets
    }
}

/// A tier and what is to be filled in there.
struct Target {
    place: usize,
    tier: Arc<Tier>,
    entries: Vec<(Key, Entry)>,
}

/// Answers in any case: a cancelled back-fill must leave neither a reader nor a write waiting.
impl Drop for Filling {
    fn drop(&mut self) {
        let mut due = Due::default();
        if self.waits() {
            let now = self.chain.clock().now();
            // A copy in a cache may end before the entry does: its end does not mean that there is nothing.
            let is_final = self.found.place + 1 == self.tiers.all.len();
            let mut table = self.chain.table();
            for index in self.begun.iter().copied() {
                table.finish_fill(&self.ended.keys[index], &mut due);
                // The back-fill may have taken longer than the entry had to live.
                if is_final && self.ended.found(index).is_some_and(|(_, _, entry)| entry.is_expired(now)) {
                    self.ended.answers[index] = Ok(Answer::Entry(None));
                }
            }
        }
        self.chain.finish_reads(self.caller.as_ref(), std::mem::take(&mut self.ended));
        self.chain.start_next(due);
    }
}

/// Returns how a back-fill writes: it replaces nothing that was written meanwhile.
fn fill_mode() -> SetMode {
    if is_planted(Planted::FillReplaces) {
        return SetMode::Always;
    }
    SetMode::IfAbsent
}

/// Returns the tiers that missed what a later one had.
fn missed<'a>(tiers: &'a Tiers, open: &Open) -> impl Iterator<Item = (usize, &'a Arc<Tier>)> {
    let missed = open.missed;
    tiers.all.iter().enumerate().filter(move |(place, _)| missed & (1 << place) != 0)
}
