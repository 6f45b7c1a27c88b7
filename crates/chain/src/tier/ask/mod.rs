//! How a tier asks its store.
//!
//! | to | there is |
//! |---|---|
//! | call a store for some keys | [`Tier::guard`](crate::tier::tier::Tier) `(operation, keys).call(…)` |
//! | list or clear a store, past the queue of its writes | `.guard(operation, Subject::STORE).under_the_queue()` |
//! | open, flush or close it, whether it is down or not | `.guard(operation, Subject::STORE).within(timeout)` |
//! | call what is under a store, for data structures | `.call_beside(…)`, `.call_anyway(…)` |
//! | look into a store in memory, on this thread | `.ask_now(…)` |
//!
//! Nothing else calls a method of the store that may wait, but a probe of one that is down.

pub(super) mod below;
mod beside;
pub(super) mod guard;
mod listing;
mod losses;
mod operations;
