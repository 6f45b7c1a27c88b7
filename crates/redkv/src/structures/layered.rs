//! What goes around a backend.

use std::sync::Arc;

use redkv_structures::Structures;
use redkv_structures::plain_values::PlainValues;
use redkv_structures::prefixed::PrefixedStructures;

use crate::chain::TierConfig;
use crate::store::Store;

/// Returns the backend under the prefix of `policy`, its plain values as a store, and the policy that is left for that.
pub fn layered(
    backend: Arc<dyn Structures>,
    mut policy: TierConfig,
) -> (Arc<dyn Structures>, Arc<dyn Store>, TierConfig) {
    let backend = match policy.layers.prefix.take() {
        Some(prefix) => Arc::new(PrefixedStructures::new(prefix, backend)) as Arc<dyn Structures>,
        None => backend,
    };
    let values = Arc::new(PlainValues::new(backend.clone()));
    (backend, values, policy)
}
