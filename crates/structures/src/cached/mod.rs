//! A read cache in front of data structures.

#[cfg(test)]
mod bounds_tests;
mod cache;
mod compact;
mod fences;
mod layer;
mod question;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod tests;

pub use cache::{CacheConfig, CacheUsage};
pub use fences::{FencedStructures, Fences, Writing};
pub use layer::CachedStructures;
