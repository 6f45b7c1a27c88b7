//! Versioned records, as JavaScript calls them.

mod arguments;
mod exports;
mod handle;

pub(crate) use self::exports::create;
