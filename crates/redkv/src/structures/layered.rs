//! What goes around a backend.

use std::sync::Arc;

use redkv_core::service::Calls;
use redkv_structures::Structures;
use redkv_structures::cached::{FencedStructures, Fences};
use redkv_structures::calls::CountedStructures;
use redkv_structures::plain_values::PlainValues;
use redkv_structures::prefixed::PrefixedStructures;

use crate::chain::TierConfig;
use crate::store::Store;

/// A backend with what goes around it.
#[derive(Debug)]
pub struct Layered {
    /// The backend, under its prefix.
    pub backend: Arc<dyn Structures>,
    /// Its plain values as a store.
    pub values: Arc<dyn Store>,
    /// What notes the writes of both for caches.
    pub fences: Arc<Fences>,
    /// What counts the calls of both.
    pub calls: Arc<Calls>,
    /// The policy that is left for the store.
    pub policy: TierConfig,
}

/// Puts the backend under the prefix of `policy`, and makes a store of its plain values.
pub fn layered(backend: Arc<dyn Structures>, mut policy: TierConfig) -> Layered {
    let backend = match policy.layers.prefix.take() {
        Some(prefix) => Arc::new(PrefixedStructures::new(prefix, backend)) as Arc<dyn Structures>,
        None => backend,
    };
    let fences = Arc::<Fences>::default();
    let calls = Arc::new(Calls::of(backend.batching()));
    let counted = Arc::new(CountedStructures::new(backend.clone(), calls.clone()));
    let fenced = FencedStructures::new(counted, fences.clone());
    let values = Arc::new(PlainValues::new(Arc::new(fenced)));
    Layered { backend, values, fences, calls, policy }
}
