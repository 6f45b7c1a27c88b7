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
    /// Takes, prolongs or gives back a lease.
    Lease,
    /// Adds a store to a chain.
    AddStore,
    /// Adds a chain to a chain.
    AddChain,
    /// An operation on data structures.
    Structure(StructureOperation),
    /// An operation on records.
    Record(RecordOperation),
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
            Self::Lease => "lease",
            Self::AddStore => "addStore",
            Self::AddChain => "addChain",
            Self::Structure(operation) => operation.as_str(),
            Self::Record(operation) => operation.as_str(),
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
            | Self::Lease
            | Self::Close => true,
            Self::Get
            | Self::GetMany
            | Self::Has
            | Self::HasMany
            | Self::Keys
            | Self::Ready
            | Self::AddStore
            | Self::AddChain => false,
            Self::Structure(operation) => operation.is_write(),
            Self::Record(operation) => operation.is_write(),
        }
    }
}

/// Operations of a service that is no store, by the names under which callers know them.
pub trait OperationSet: Copy + Eq + Into<Operation> + Send + Sync + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// Returns its place among all.
    fn index(self) -> usize;

    /// Returns the name of the method.
    fn name(self) -> &'static str;
}

/// Declares operations with their names in JavaScript, and whether each is a write.
macro_rules! operations {
    (
        $(#[doc = $about_all:literal])+
        enum $operation:ident into $into:ident;
        $($(#[doc = $about:literal])+ $name:ident = $text:literal, $is_write:literal;)*
    ) => {
        $(#[doc = $about_all])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $operation {
            $($(#[doc = $about])+ $name,)*
        }

        impl From<$operation> for Operation {
            fn from(operation: $operation) -> Self {
                Self::$into(operation)
            }
        }

        impl OperationSet for $operation {
            const ALL: &'static [Self] = Self::ALL;

            fn index(self) -> usize {
                self as usize
            }

            fn name(self) -> &'static str {
                self.as_str()
            }
        }

        impl $operation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the name of the method, such as `zAdd`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Returns whether it can change what is stored.
            pub const fn is_write(self) -> bool {
                match self {
                    $(Self::$name => $is_write,)*
                }
            }
        }
    };
}

operations! {
    /// An operation on data structures, by the name under which callers know it.
    enum StructureOperation into Structure;
    /// Reads a value.
    Get = "get", false;
    /// Looks for a key.
    Has = "has", false;
    /// Writes a value.
    Set = "set", true;
    /// Writes a value where there is no key.
    SetNx = "setNX", true;
    /// Writes a value where there is a key.
    SetXx = "setXX", true;
    /// Writes a value in place of an expected one.
    SetEq = "setEQ", true;
    /// Adds to a counter.
    IncrBy = "incrBy", true;
    /// Deletes a key.
    Delete = "delete", true;
    /// Deletes a key that is there.
    DeleteXx = "deleteXX", true;
    /// Adds members to a set.
    SAdd = "sAdd", true;
    /// Removes members of a set.
    SRem = "sRem", true;
    /// Reads the members of a set.
    SMembers = "sMembers", false;
    /// Looks for a member of a set.
    SIsMember = "sIsMember", false;
    /// Counts the members of a set.
    SCard = "sCard", false;
    /// Writes fields of a hash.
    HSet = "hSet", true;
    /// Writes a field of a hash that is not there.
    HSetNx = "hSetNX", true;
    /// Reads a field of a hash.
    HGet = "hGet", false;
    /// Reads all fields of a hash.
    HGetAll = "hGetAll", false;
    /// Deletes fields of a hash.
    HDel = "hDel", true;
    /// Adds a member to a sorted set.
    ZAdd = "zAdd", true;
    /// Adds a member to a sorted set that is not there.
    ZAddNx = "zAddNX", true;
    /// Adds a field to a sorted hash.
    ZhAdd = "zhAdd", true;
    /// Removes members of a sorted set.
    ZRem = "zRem", true;
    /// Removes fields of a sorted hash.
    ZhRem = "zhRem", true;
    /// Counts the members of a sorted set.
    ZCard = "zCard", false;
    /// Reads the score of a member.
    ZScore = "zScore", false;
    /// Adds to the score of a member.
    ZIncrBy = "zIncrBy", true;
    /// Counts members by score.
    ZCount = "zCount", false;
    /// Counts members by their bytes.
    ZLexCount = "zLexCount", false;
    /// Lists fields of a sorted set by score.
    ZRangeByScore = "zRangeByScore", false;
    /// Lists values of a sorted hash by score.
    ZhRangeByScore = "zhRangeByScore", false;
    /// Lists fields of a sorted set by their bytes.
    ZRangeByLex = "zRangeByLex", false;
    /// Lists values of a sorted hash by their bytes.
    ZhRangeByLex = "zhRangeByLex", false;
    /// Lists a sorted set page by page.
    ZIterate = "zIterate", false;
    /// Lists a sorted hash page by page.
    ZhIterate = "zhIterate", false;
    /// Makes many operations together.
    Batch = "batch", true;
    /// Makes writes together or not at all.
    AtomicWrite = "atomicWrite", true;
    /// Makes the table.
    CreateTable = "createTable", true;
    /// Puts data structures into a chain.
    AddStructures = "addStructures", false;
}

operations! {
    /// An operation on records, by the name under which callers know it.
    enum RecordOperation into Record;
    /// Writes a record.
    Put = "put", true;
    /// Reads a record.
    Get = "get", false;
    /// Reads records.
    GetMany = "getMany", false;
    /// Looks for a record.
    Exists = "exists", false;
    /// Deletes a record.
    Delete = "delete", true;
    /// Writes a record where none is, or in place of a version of it.
    AtomicPut = "atomicPut", true;
    /// Deletes a version of a record.
    AtomicDelete = "atomicDelete", true;
    /// Reads a record and writes what becomes of it.
    Update = "update", true;
    /// Lists some records.
    ListPage = "listPage", false;
    /// Lists records.
    List = "list", false;
    /// Makes the table.
    CreateTable = "createTable", true;
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
