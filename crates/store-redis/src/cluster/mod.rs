//! Entries in a Redis Cluster: every key belongs to one of 16,384 slots, every slot to a node.

mod map;
mod node;
pub(crate) mod nodes;
mod pages;
mod redirect;
pub(crate) mod scatter;
pub(crate) mod slot;
mod sorted;
mod store;

pub(super) use store::ClusterStore;
