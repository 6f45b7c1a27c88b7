//! Receives reports about acknowledged writes.

use redkv_core::entry::{Entry, Key};
use redkv_core::error::Error;

/// Receives the outcome of the writes of a [`WriteBehind`](super::WriteBehind), from any thread.
///
/// Called under a lock of the layer: must not block, and must not call the layer. It is kept alive for as long as
/// writes wait.
pub trait Host: Send + Sync {
    /// Acknowledged writes wait from now on, or no longer do.
    fn hold(&self, holds: bool);

    /// Attempts failed that will be made again.
    fn failed(&self, failures: &[(Key, Error)]);

    /// A write (of `entry`, or a deletion) that was acknowledged is given up. Reads of the key go to the store again
    /// when this returns.
    fn lost(&self, key: &Key, entry: Option<&Entry>, error: &Error);
}
