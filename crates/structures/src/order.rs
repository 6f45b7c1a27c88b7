//! Keeps operations on a key in order, where a backend does not.
