//! The file of the database: opened, kept open, and what is done when it is locked or the disk is full.

pub(crate) mod disk_full;
pub(crate) mod location;
pub(crate) mod open;
pub(crate) mod waiting;
