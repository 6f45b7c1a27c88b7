//! Every question to a store, under the policies of its tier.

pub(super) mod below;
mod guard;
mod listing;
mod losses;
mod operations;
