//! How a tier is made, and put into its chain.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use super::ask::below::Below;
use super::config::TierConfig;
use super::health::breaker::Breaker;
use super::limits::cannot_expire;
use super::membership::Membership;
use super::stale::{Repair, StaleKeys};
use super::stats::counters::Counters;
use super::tier::{Behind, Tier};
use super::tombstone::Tombstones;
use redkv_core::clock::Clock;
use redkv_core::error::{Error, Result};
use redkv_core::store::{Expiry, Store};
use redkv_layers::{BehindConfig, WriteBehind};

impl Tier {
    /// `store` under the policies of `config`.
    ///
    /// Fails when a policy asks for what the store cannot do.
    pub fn new(store: Arc<dyn Store>, config: TierConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let label: Arc<str> = store.name().into();
        let patience = config.timeout.unwrap_or(TierConfig::TIMEOUT);
        let mut behind = None;
        let queue = |store, config| {
            let made = behind.insert(Behind::new(store, config, patience, clock.clone()));
            made.queue.clone() as Arc<dyn Store>
        };
        let store = config.layers.wrap(store, queue).map_err(|error| error.in_store(&label))?;
        let mut capabilities = store.capabilities();
        if let Some(most) = config.layers.max_value_bytes {
            capabilities.max_value_bytes = capabilities.max_value_bytes.min(most);
        }
        if config.ttl.is_some() && !capabilities.writable {
            let message = "a store that is readOnly is never written to, so it cannot have a ttl of its own";
            return Err(Error::argument("ttl", message).in_store(&label));
        }
        if config.ttl.is_some() && capabilities.expiry == Expiry::None {
            let error = cannot_expire(&capabilities, "keep a ttl").about("ttl");
            return Err(error.in_store(&label));
        }
        let timeout = (!capabilities.immediate).then(|| config.timeout.unwrap_or(TierConfig::TIMEOUT));
        let tombstones =
            Tombstones::new(&config, &capabilities, timeout).map_err(|error| error.in_store(&label))?;
        Ok(Self {
            store,
            behind,
            label,
            capabilities,
            ttl: config.ttl,
            timeout,
            connect_timeout: config.connect_timeout,
            tombstones,
            optional: config.optional,
            clock,
            typical_value: AtomicUsize::new(0),
            breaker: Breaker::new(config.circuit_breaker),
            membership: Membership::default(),
            stale: StaleKeys::default(),
            repair: Repair::default(),
            counters: Counters::default(),
        })
    }

    /// Makes it a member of a chain.
    pub(crate) fn joined(self, membership: Membership) -> Arc<Self> {
        Arc::new_cyclic(|me| {
            self.behind.iter().for_each(|behind| behind.attach(me));
            Self { membership: membership.of(me), ..self }
        })
    }
}

impl Behind {
    fn new(store: Arc<dyn Store>, config: BehindConfig, patience: Duration, clock: Arc<dyn Clock>) -> Self {
        let tier = Arc::new(OnceLock::new());
        let below = Below { inner: store.clone(), tier: tier.clone() };
        let queue = Arc::new(WriteBehind::new(Arc::new(below), config, patience, clock));
        Self { queue, store, tier }
    }

    /// From now on it is the queue of `tier`.
    fn attach(&self, tier: &Weak<Tier>) {
        drop(self.tier.set(tier.clone()));
        self.queue.attach(tier.clone());
    }
}
