//! The engines under comparison, behind one small interface.

#[cfg(feature = "fjall")]
mod fjall;
#[cfg(feature = "foyer")]
mod foyer;
#[cfg(feature = "redb")]
mod redb;

use std::path::Path;

/// Whatever an engine fails with: the comparison ends.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One key with its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// When a write is acknowledged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// As soon as the engine has it.
    Taken,
    /// Once it is on the disk.
    OnDisk,
}

/// What the store `disk` needs of an engine.
pub trait Engine {
    /// Writes pairs as one group. `false` when the engine has no way to wait for the disk.
    fn put(&self, pairs: Vec<Pair>, until: Until) -> Result<bool, Failure>;

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Failure>;

    /// Ends as a process should.
    fn close(self: Box<Self>) -> Result<(), Failure>;
}

/// The engines of this build.
pub const NAMES: &[&str] = &[
    #[cfg(feature = "redb")]
    "redb",
    #[cfg(feature = "redb")]
    "redb, quick repair",
    #[cfg(feature = "fjall")]
    "fjall",
    #[cfg(feature = "foyer")]
    "foyer",
];

/// All engines get this much memory for what they read, in bytes.
pub const CACHE: usize = 16 << 20;

/// Opens the engine called `name` in `folder`.
pub fn open(name: &str, folder: &Path) -> Result<Box<dyn Engine>, Failure> {
    match name {
        #[cfg(feature = "redb")]
        "redb" => redb::open(folder, false),
        #[cfg(feature = "redb")]
        "redb, quick repair" => redb::open(folder, true),
        #[cfg(feature = "fjall")]
        "fjall" => fjall::open(folder),
        #[cfg(feature = "foyer")]
        "foyer" => foyer::open(folder),
        other => Err(format!("there is no engine {other} in this build").into()),
    }
}
