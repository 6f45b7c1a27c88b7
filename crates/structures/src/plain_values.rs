//! The plain values of a backend, as a store of a chain.
