//! Data structures in memory: for tests, and as the model that other backends are compared with.
