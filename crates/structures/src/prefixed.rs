//! Data structures under keys that begin with a prefix.
