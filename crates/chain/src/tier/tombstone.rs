//! Tombstones: markers in a shared cache in place of deleted entries, for a while.
//!
//! A back-fill goes only where there is nothing, so it does not undo what another process wrote. What another process
//! deleted would not stop it; a tombstone does. It must outlast every back-fill of a value that was read before the
//! deletion, so those that come too late are not made.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::limits::cannot_expire;
use crate::tier::config::TierConfig;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::store::{Capabilities, Expiry};

/// The value of a tombstone. Text, because some stores keep nothing else.
const MARK: &[u8] = b"\x01redkv:deleted\x01";

/// How long tombstones last in a tier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tombstones {
    life: u64,
    /// How long after its read began a back-fill may still be made.
    in_time: Duration,
}

impl Tombstones {
    /// Reads `config`, for a store whose operations take at most `timeout`.
    pub(crate) fn new(
        config: &TierConfig,
        capabilities: &Capabilities,
        timeout: Option<Duration>,
    ) -> Result<Option<Self>> {
        let Some(life) = config.tombstone else { return Ok(None) };
        if capabilities.immediate {
            let message = "no other process writes to it, so it needs no tombstones";
            return Err(Error::unsupported(message).about("tombstone"));
        }
        if capabilities.expiry == Expiry::None {
            return Err(cannot_expire(capabilities, "have tombstones").about("tombstone"));
        }
        let timeout = timeout.unwrap_or_default();
        let in_time = Duration::from_millis(life).saturating_sub(timeout * 2);
        if in_time.is_zero() {
            let least = timeout.as_millis() * 2;
            let message = format!("tierOptions.tombstone must be more than twice the timeout, {least} ms");
            return Err(Error::argument("tombstone", message));
        }
        Ok(Some(Self { life, in_time }))
    }

    /// Returns the tombstones for `keys`.
    pub(crate) fn over(self, keys: &[Key], clock: &dyn Clock) -> Vec<(Key, Entry)> {
        let deadline = clock.deadline_in(self.life);
        keys.iter().map(|key| (key.clone(), Entry::until(Bytes::from_static(MARK), deadline))).collect()
    }

    /// Returns whether a back-fill of what a read found that began at `since` is stopped by every tombstone that it
    /// must not replace, also when it takes as long as it may.
    pub(crate) fn is_in_time(self, since: Instant) -> bool {
        since.elapsed() < self.in_time
    }
}

/// Returns whether `entry` is a tombstone.
pub(crate) fn is_tombstone(entry: &Entry) -> bool {
    is_mark(&entry.value)
}

/// Returns whether `value` is that of a tombstone.
pub(crate) fn is_mark(value: &[u8]) -> bool {
    value == MARK
}
