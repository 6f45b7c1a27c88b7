//! Data structures, as JavaScript calls them.

mod arguments;
mod cached;
mod calls;
mod exports;
mod handle;

pub(crate) use self::exports::create;
