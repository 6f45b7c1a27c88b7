//! The layers that a tier has round its store.

use std::sync::Arc;

use super::{CompressConfig, Compressed, Hashed, Prefixed, ReadOnly};
use crate::config::Fields;
use crate::error::Result;
use crate::store::Store;

/// The layers that a user can ask for, as options of a tier. They are put round a store in one order, whatever the order
/// of the options: what is said first here is nearest to the store, and sees keys and values as the store does.
///
/// 1. `prefix`
/// 2. `hashKeys`
/// 3. `compress`
/// 4. `readOnly`
#[derive(Clone, Debug, Default)]
pub struct LayerConfig {
    /// Put before every key.
    pub prefix: Option<String>,
    /// Whether entries are kept under hashes of their keys.
    pub hash_keys: bool,
    /// How large values are compressed; not at all when absent.
    pub compress: Option<CompressConfig>,
    /// Whether the store is never written.
    pub read_only: bool,
}

impl LayerConfig {
    /// Reads `prefix`, `hashKeys`, `compress` and `readOnly`.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            prefix: fields.string("prefix")?,
            hash_keys: fields.boolean("hashKeys")?.unwrap_or(false),
            compress: CompressConfig::from_fields(fields)?,
            read_only: fields.boolean("readOnly")?.unwrap_or(false),
        })
    }

    /// `store` with its layers.
    ///
    /// Fails when a layer needs what the store cannot do.
    pub fn wrap(&self, store: Arc<dyn Store>) -> Result<Arc<dyn Store>> {
        let mut store = store;
        if let Some(prefix) = &self.prefix {
            store = Arc::new(Prefixed::new(prefix.clone(), store));
        }
        if self.hash_keys {
            store = Arc::new(Hashed::new(store)?);
        }
        if let Some(compress) = self.compress {
            store = Arc::new(Compressed::new(compress, store)?);
        }
        if self.read_only {
            store = Arc::new(ReadOnly::new(store));
        }
        Ok(store)
    }
}

#[cfg(all(test, feature = "memory"))]
mod tests {
    use super::*;
    use crate::conformance::Subject;
    use crate::layers::Algorithm;
    use crate::layers::testing::{Beside, faulty_subject, subject};

    /// All layers in their order; what is written past the outermost is read through it.
    #[expect(clippy::unwrap_used, reason = "a test ends where it fails")]
    fn all(store: Arc<dyn Store>) -> Arc<dyn Store> {
        let compress = CompressConfig { algorithm: Algorithm::Zstd(1), threshold: 0 };
        let writable = LayerConfig {
            prefix: Some("p:".to_owned()),
            hash_keys: true,
            compress: Some(compress),
            ..LayerConfig::default()
        };
        let config = LayerConfig { read_only: true, ..writable.clone() };
        let [reads, writes] = [config, writable].map(|config| config.wrap(store.clone()).unwrap());
        Arc::new(Beside { reads, writes })
    }

    async fn over_memory() -> Subject {
        subject(all)
    }

    async fn over_faulty() -> Subject {
        faulty_subject(all)
    }

    crate::conformance_suite!(conformance, super::over_memory);
    crate::conformance_suite!(conformance_over_a_remote_store, super::over_faulty);
}
