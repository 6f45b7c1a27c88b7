//! Data structures by the names of their backends, under the policies of a chain.

mod cabinet;
mod cache_options;
mod database;
mod layered;
mod options;
mod registry;

pub use redkv_structures::cached::{CacheConfig, CacheUsage, CachedStructures};
#[cfg(feature = "memory")]
pub use redkv_structures::memory::MemoryStructures;
pub use redkv_structures::{
    Action, Answer, AtomicAnswer, By, Change, Command, Deletion, Entry, LexBound, LexRange, Limits, Page,
    Range, RequestReport, Score, ScoreRange, Shown, Structures, Usage, Value, Write, atomic, number_of,
};

pub use self::cabinet::Cabinet;
pub use self::cache_options::{CACHE_SCHEMA, cache_config};
pub use self::database::{AtomicOutcome, AtomicWrite, Database};
pub use self::layered::{Layered, layered};
pub use self::options::{POLICIES, StructuresConfig};
pub use self::registry::BACKENDS;
