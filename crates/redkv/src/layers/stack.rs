//! The layers that a tier has round its store.

use std::sync::Arc;

use super::Prefixed;
use crate::config::Fields;
use crate::error::Result;
use crate::store::Store;

/// The layers that a user can ask for, as options of a tier. They are put round a store in one order, whatever the order
/// of the options: what is said first here is nearest to the store, and sees keys and values as the store does.
///
/// 1. `prefix`
#[derive(Clone, Debug, Default)]
pub struct LayerConfig {
    /// Put before every key.
    pub prefix: Option<String>,
}

impl LayerConfig {
    /// Reads `prefix`.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self { prefix: fields.string("prefix")? })
    }

    /// `store` with its layers.
    ///
    /// Fails when a layer needs what the store cannot do.
    pub fn wrap(&self, store: Arc<dyn Store>) -> Result<Arc<dyn Store>> {
        let mut store = store;
        if let Some(prefix) = &self.prefix {
            store = Arc::new(Prefixed::new(prefix.clone(), store));
        }
        Ok(store)
    }
}
