//! The chain of a tier, as far as the tier knows it.

use std::sync::{Arc, Weak};

use super::tier::Tier;
use crate::background::Background;
use crate::events::{Event, Events};
use redkv_core::entry::Key;

/// The place of a tier in its chain, and what the chain does for it. A tier without a chain has nobody to notify.
#[derive(Debug, Default)]
pub(crate) struct Membership {
    place: u16,
    events: Events,
    background: Weak<Background>,
    owner: Option<Weak<dyn Owner>>,
    tier: Weak<Tier>,
}

/// What a chain does about writes that a tier acknowledged and did not make.
pub(crate) trait Owner: Send + Sync {
    /// The cache at `place` may hold an old value; the authority never does.
    fn doubt_cache(self: Arc<Self>, place: u16, key: &Key, may_come: bool);

    /// The tier at `place` has lost an acknowledged write. If it is a cache, it holds an old value; if it is the
    /// authority, the caches hold a value that it does not have.
    fn disown(self: Arc<Self>, place: u16, key: &Key, may_come: bool);
}

impl Membership {
    pub(crate) fn new(
        place: u16,
        events: Events,
        background: Weak<Background>,
        owner: Weak<dyn Owner>,
    ) -> Self {
        Self { place, events, background, owner: Some(owner), tier: Weak::new() }
    }

    /// Makes `tier` the member.
    pub(super) fn of(self, tier: &Weak<Tier>) -> Self {
        Self { tier: tier.clone(), ..self }
    }

    /// Reports an event, which is given the place of the tier.
    pub(super) fn report(&self, event: impl FnOnce(u16) -> Event) {
        self.events.report(event(self.place));
    }

    /// Calls `act` with the chain, if there is one, and the place of the tier.
    pub(super) fn with_owner(&self, act: impl FnOnce(Arc<dyn Owner>, u16)) {
        if let Some(owner) = self.owner.as_ref().and_then(Weak::upgrade) {
            act(owner, self.place);
        }
    }

    /// Returns whether there is a chain that runs tasks in the background.
    pub(super) fn has_background(&self) -> bool {
        self.background.strong_count() != 0
    }

    /// Runs what `task` makes of the tier in the background of the chain. Returns whether there is one.
    pub(super) fn spawn<F>(&self, task: impl FnOnce(Weak<Tier>) -> F) -> bool
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(background) = self.background.upgrade() else { return false };
        background.spawn(task(self.tier.clone()));
        true
    }
}
