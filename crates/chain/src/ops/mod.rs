//! What a chain does: it takes operations, reads and back-fills, writes, lists, repairs, comes up and ends.

mod backfill;
mod dispatch;
mod open_close;
mod reads;
mod repair;
mod scan;
mod write_behind;
mod writes;
