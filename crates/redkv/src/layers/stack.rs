//! The layers that a tier has round its store.

use std::sync::Arc;

use super::{BehindConfig, Bounded, Prefixed, StoreBounds};
use crate::config::Fields;
use crate::error::{Error, Result};
use crate::store::Store;

/// The layers that a user can ask for, as options of a tier. They are put round a store in one order, whatever the order
/// of the options: what is said first here is nearest to the store, and sees keys and values as the store does.
///
/// 1. `prefix`
/// 2. `maxEntries`, `maxBytes`: they count what the store keeps
/// 3. `async`: inside of what refuses writes, so that none is acknowledged that will be refused
#[derive(Clone, Debug, Default)]
pub struct LayerConfig {
    /// Put before every key.
    pub prefix: Option<String>,
    /// How much the store may hold; any amount when absent.
    pub bounds: Option<StoreBounds>,
    /// How writes are queued; they are not when absent.
    pub behind: Option<BehindConfig>,
}

impl LayerConfig {
    /// Reads `prefix`, `maxEntries`, `maxBytes` and `async`.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            prefix: fields.string("prefix")?,
            bounds: StoreBounds::from_fields(fields)?,
            behind: BehindConfig::from_fields(fields)?,
        })
    }

    /// `store` with its layers. `queue` puts a [`WriteBehind`](super::WriteBehind) round a store, which needs more than
    /// options.
    ///
    /// Fails when a layer needs what the store cannot do.
    pub fn wrap(
        &self,
        store: Arc<dyn Store>,
        queue: impl FnOnce(Arc<dyn Store>, BehindConfig) -> Arc<dyn Store>,
    ) -> Result<Arc<dyn Store>> {
        let mut store = store;
        if let Some(prefix) = &self.prefix {
            store = Arc::new(Prefixed::new(prefix.clone(), store));
        }
        if let Some(bounds) = self.bounds {
            if store.capabilities().immediate {
                let option = bounds.option();
                let message =
                    format!("{option} of the store '{}' belongs among its own options", store.name());
                return Err(Error::argument(option, message));
            }
            store = Arc::new(Bounded::new(store, bounds));
        }
        if let Some(config) = self.behind
            // Nobody waits for what answers at once.
            && !store.capabilities().immediate
        {
            store = queue(store, config);
        }
        Ok(store)
    }
}
