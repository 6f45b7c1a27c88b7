//! A cache of blocks in one large file. Writes go through buffers, and there is no way to wait for the disk.

use std::path::Path;

use foyer::{BlockEngineConfig, DeviceBuilder, FsDeviceBuilder, HybridCache, HybridCacheBuilder};
use tokio::runtime::Runtime;

use super::{CACHE, Engine, Failure, Pair, Until};

struct Foyer {
    runtime: Runtime,
    cache: HybridCache<Vec<u8>, Vec<u8>>,
}

pub fn open(folder: &Path) -> Result<Box<dyn Engine>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let cache = runtime.block_on(async {
        let device = FsDeviceBuilder::new(folder).with_capacity(160 << 20).build()?;
        HybridCacheBuilder::new()
            .memory(CACHE)
            .with_weighter(|key: &Vec<u8>, value: &Vec<u8>| key.len() + value.len())
            .storage()
            .with_engine_config(BlockEngineConfig::new(device).with_block_size(4 << 20))
            .build()
            .await
    })?;
    Ok(Box::new(Foyer { runtime, cache }))
}

impl Engine for Foyer {
    fn put(&self, pairs: Vec<Pair>, until: Until) -> Result<bool, Failure> {
        if until == Until::OnDisk {
            return Ok(false);
        }
        for (key, value) in pairs {
            self.cache.storage_writer(key).force().insert(value);
        }
        Ok(true)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let entry = self.runtime.block_on(self.cache.get(key))?;
        Ok(entry.map(|entry| entry.value().clone()))
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        Ok(self.runtime.block_on(self.cache.close())?)
    }
}
