//! Chains with a queued tier, and the events of it.

use std::sync::{Arc, Mutex};

use redkv::chain::{Event, Observer, TierConfig};
use redkv::entry::Key;
use redkv::error::ErrorKind;
use redkv::layers::{BehindConfig, LayerConfig};

use crate::semantics::harness::*;

/// A tier with a queue.
pub(crate) fn queued() -> TierConfig {
    queued_within(BehindConfig::default())
}

pub(crate) fn queued_within(config: BehindConfig) -> TierConfig {
    let layers = LayerConfig { behind: Some(config), ..LayerConfig::default() };
    TierConfig { layers, ..TierConfig::default() }
}

/// A queued cache in front of an authority.
pub(crate) fn queued_cache() -> (World, [TestTier; 2]) {
    let world = World::empty();
    let tiers = [world.add(queued(), |_| {}), world.add(TierConfig::default(), |_| {})];
    (world, tiers)
}

/// A cache in front of a queued authority.
pub(crate) fn queued_authority() -> (World, [TestTier; 2]) {
    let world = World::empty();
    let tiers = [world.add(TierConfig::default(), |_| {}), world.add(queued(), |_| {})];
    (world, tiers)
}

/// The writes that are reported as lost, and the reports that writes wait.
#[derive(Default)]
pub(crate) struct Losses {
    pub(crate) lost: Mutex<Vec<(u16, Key, Called, ErrorKind)>>,
    pub(crate) queued: Mutex<Vec<bool>>,
}

impl Observer for Losses {
    fn observe(&self, event: Event) {
        match event {
            Event::WriteError { tier, key, operation, error } => {
                assert!(error.store().is_some());
                assert_eq!(error.operation(), Some(operation));
                self.lost.lock().unwrap().push((tier, key, operation, error.kind()));
            }
            Event::Queued { any, .. } => self.queued.lock().unwrap().push(any),
            _ => {}
        }
    }
}

impl Losses {
    pub(crate) fn watch(world: &World) -> Arc<Self> {
        let losses = Arc::new(Self::default());
        world.chain.observe(losses.clone());
        losses
    }

    pub(crate) fn take(&self) -> Vec<(u16, Key, Called, ErrorKind)> {
        std::mem::take(&mut *self.lost.lock().unwrap())
    }
}
