//! The operations that a caller can ask for.

use std::fmt;

/// An operation by the name under which callers know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Reads an entry.
    Get,
    /// Reads entries.
    GetMany,
    /// Looks for an entry.
    Has,
    /// Looks for entries.
    HasMany,
    /// Writes an entry.
    Set,
    /// Writes entries.
    SetMany,
    /// Deletes an entry.
    Delete,
    /// Deletes entries.
    DeleteMany,
    /// Lists keys.
    Keys,
    /// Deletes all entries.
    Clear,
    /// Waits until the stores can be used.
    Ready,
    /// Waits until acknowledged writes are made.
    Flush,
    /// Closes the stores.
    Close,
    /// Adds a store to a chain.
    AddStore,
    /// Adds a chain to a chain.
    AddChain,
}

impl Operation {
    /// Returns the name of the method, such as `getMany`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::GetMany => "getMany",
            Self::Has => "has",
            Self::HasMany => "hasMany",
            Self::Set => "set",
            Self::SetMany => "setMany",
            Self::Delete => "delete",
            Self::DeleteMany => "deleteMany",
            Self::Keys => "keys",
            Self::Clear => "clear",
            Self::Ready => "ready",
            Self::Flush => "flush",
            Self::Close => "close",
            Self::AddStore => "addStore",
            Self::AddChain => "addChain",
        }
    }

    /// Returns whether it can change what a store holds: without an answer, nobody knows whether it did.
    pub const fn is_write(self) -> bool {
        match self {
            Self::Set
            | Self::SetMany
            | Self::Delete
            | Self::DeleteMany
            | Self::Clear
            | Self::Flush
            | Self::Close => true,
            Self::Get
            | Self::GetMany
            | Self::Has
            | Self::HasMany
            | Self::Keys
            | Self::Ready
            | Self::AddStore
            | Self::AddChain => false,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
