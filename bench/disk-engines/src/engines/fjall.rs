//! A log-structured merge tree behind a journal.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{CACHE, Engine, Failure, Pair, Until};

struct Fjall {
    database: Database,
    entries: Keyspace,
}

pub fn open(folder: &Path) -> Result<Box<dyn Engine>, Failure> {
    let database = Database::builder(folder)
        .cache_size(CACHE as u64)
        // The least that it allows.
        .max_journaling_size(64 << 20)
        .open()?;
    let entries =
        database.keyspace("entries", || KeyspaceCreateOptions::default().max_memtable_size(8 << 20))?;
    Ok(Box::new(Fjall { database, entries }))
}

impl Engine for Fjall {
    fn put(&self, pairs: Vec<Pair>, until: Until) -> Result<bool, Failure> {
        let mode = match until {
            Until::Taken => PersistMode::Buffer,
            Until::OnDisk => PersistMode::SyncData,
        };
        let mut batch = self.database.batch().durability(Some(mode));
        for (key, value) in pairs {
            batch.insert(&self.entries, key, value);
        }
        batch.commit()?;
        Ok(true)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.entries.get(key)?.map(|value| value.to_vec()))
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }
}
