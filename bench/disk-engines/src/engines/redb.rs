//! A copy-on-write B-tree in one file.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use redb::{Database, Durability, ReadableDatabase, TableDefinition};

use super::{CACHE, Engine, Failure, Pair, Until};

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");

/// What is not waited for is only in memory until the next commit that is, so there is one at least this often.
const SYNC_EVERY: Duration = Duration::from_millis(100);

struct Redb {
    database: Database,
    synced: Cell<Instant>,
    /// Each commit to the disk says which pages are free, so that opening after a crash need not look for them.
    quick_repair: bool,
}

pub fn open(folder: &Path, quick_repair: bool) -> Result<Box<dyn Engine>, Failure> {
    let database = Database::builder().set_cache_size(CACHE).create(folder.join("entries.redb"))?;
    let redb = Redb { database, synced: Cell::new(Instant::now()), quick_repair };
    redb.put(Vec::new(), Until::OnDisk)?;
    Ok(Box::new(redb))
}

impl Engine for Redb {
    fn put(&self, pairs: Vec<Pair>, until: Until) -> Result<bool, Failure> {
        let mut transaction = self.database.begin_write()?;
        if until == Until::OnDisk || self.synced.get().elapsed() > SYNC_EVERY {
            transaction.set_quick_repair(self.quick_repair);
            self.synced.set(Instant::now());
        } else {
            transaction.set_durability(Durability::None)?;
        }
        {
            let mut table = transaction.open_table(TABLE)?;
            for (key, value) in &pairs {
                table.insert(key.as_slice(), value.as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(true)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let table = self.database.begin_read()?.open_table(TABLE)?;
        Ok(table.get(key)?.map(|value| value.value().to_vec()))
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        Ok(self.database.close()?)
    }
}
