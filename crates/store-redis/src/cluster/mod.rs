//! Entries in a Redis Cluster: every key belongs to one of 16,384 slots, every slot to a node.

mod map;
mod node;
mod nodes;
mod pages;
mod redirect;
mod scatter;
mod slot;
mod sorted;
mod store;

pub(super) use store::ClusterStore;
