//! Writes: the authority first, in the order of the calls.

mod order;
mod tiers;
