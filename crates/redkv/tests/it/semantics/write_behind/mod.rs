//! Tiers that acknowledge writes before their stores have made them.

mod ends;
mod queue;
mod random;
mod support;
