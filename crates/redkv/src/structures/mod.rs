//! Data structures by the names of their backends, under the policies of a chain.

mod cache_options;
mod database;
mod layered;
mod options;
mod pieces;
mod registry;
mod stats;

pub use redkv_structures::cached::{CacheConfig, CacheUsage, CachedStructures};
#[cfg(feature = "memory")]
pub use redkv_structures::memory::MemoryStructures;
pub use redkv_structures::{
    Action, Answer, AtomicAnswer, By, Change, Command, Deletion, Entry, LexBound, LexRange, Limits, Page,
    Range, RequestReport, Score, ScoreRange, Shown, Structures, Usage, Value, Write, atomic, number_of,
};

pub use self::cache_options::{CACHE_SCHEMA, cache_config};
pub use self::database::{AtomicOutcome, Database, Receiver};
pub use self::layered::{Layered, layered};
pub use self::options::{PolicyConfig, StructuresConfig};
pub use self::registry::{BACKENDS, Backend, Built, build};
pub use self::stats::{DatabaseStats, OperationStats};
