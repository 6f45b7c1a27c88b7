//! Learns from answers whether a store is alive, and probes one that is down.

use std::panic::AssertUnwindSafe;
use std::sync::Weak;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{sleep, timeout};

use super::breaker::{Sign, sign};
use crate::events::Event;
use crate::tier::tier::Tier;
use redkv_core::backoff::Backoff;
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Result};

/// Pauses between probes.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
/// The timeout of a probe: enough to connect to a store that is far away.
const PROBE: Duration = Duration::from_secs(2);

impl Tier {
    /// Learns from the answers to a batch whether the store is alive; `key` is one of the batch, to probe it with.
    pub(crate) fn learn<T>(&self, key: &Key, answers: &[Result<T>]) {
        match sign(answers) {
            Sign::Alive => self.is_alive(),
            Sign::Failing(error) => {
                // Without a chain there is nobody to probe it.
                if self.membership.has_background() && self.breaker.fail(&error) {
                    self.went_down(key, error);
                }
            }
            Sign::None => {}
        }
    }

    /// Notes that the store answered.
    pub(crate) fn is_alive(&self) {
        if let Some(after) = self.breaker.close() {
            self.membership.report(|tier| Event::TierUp { tier, after });
        }
    }

    /// Takes the store for down when operations have waited for it to come up as long as they may, so that they do not
    /// wait again. `key` is one to probe it with.
    pub(crate) fn did_not_come_up(&self, key: &Key, error: Error) {
        // Nobody but the user may say that it never counts as down.
        if error.kind() == ErrorKind::Timeout && self.breaker.has_limit() && self.breaker.open(&error) {
            self.went_down(key, error);
        }
    }

    fn went_down(&self, key: &Key, error: Error) {
        if self.membership.spawn(|tier| probe(tier, key.clone())) {
            self.membership.report(|tier| Event::TierDown { tier, error });
        }
    }

    /// Asks the store for `key`, whatever the breaker says, and learns from the answer.
    pub(crate) async fn probe(&self, key: &Key) {
        let keys = [key.clone()];
        let ask = AssertUnwindSafe(async { self.below().has(&keys).await }).catch_unwind();
        if let Ok(Ok(answers)) = timeout(PROBE, ask).await {
            self.learn(key, &answers);
        }
    }

    /// Returns whether the last that is known of the store is a failure.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.breaker.is_in_doubt()
    }

    /// Waits until the store is not down, and returns whether it answers a probe then.
    pub(crate) async fn answers(&self, key: &Key) -> bool {
        self.breaker.closed().await;
        if self.breaker.is_in_doubt() {
            self.probe(key).await;
        }
        !self.breaker.is_in_doubt()
    }
}

/// Probes a store with growing pauses until it answers.
async fn probe(tier: Weak<Tier>, key: Key) {
    let mut pauses = PAUSES;
    loop {
        sleep(pauses.next_pause()).await;
        let Some(tier) = tier.upgrade() else { return };
        if tier.breaker.is_open() {
            tier.probe(&key).await;
        }
        if !tier.breaker.is_open() {
            return;
        }
    }
}
