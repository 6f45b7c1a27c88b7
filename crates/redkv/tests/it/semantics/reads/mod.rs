//! Reads: the walk through the tiers, the back-fill, single flight, answers on the caller's thread.

mod fast_path;
mod fences;
mod many;
mod single_flight;
mod tiers;
