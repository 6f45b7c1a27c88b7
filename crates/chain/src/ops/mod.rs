//! The operations of a chain: dispatch, reads and back-fills, writes, scans, repair, opening and closing.

mod backfill;
mod dispatch;
mod open_close;
mod reads;
mod repair;
mod scan;
mod write_behind;
mod writes;
