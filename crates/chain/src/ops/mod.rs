//! The operations of a chain: dispatch, reads and back-fills, writes, scans, repair, opening and closing, and those of others.

mod backfill;
mod dispatch;
pub(crate) mod lease;
mod open_close;
mod reads;
mod repair;
mod scan;
pub(crate) mod visit;
mod write_behind;
mod writes;
