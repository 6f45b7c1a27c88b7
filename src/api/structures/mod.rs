//! Data structures, as JavaScript calls them.

mod arguments;
mod calls;
mod exports;
mod gathering;
mod handle;
mod stats;

pub(crate) use self::exports::create;
