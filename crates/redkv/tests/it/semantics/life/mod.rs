//! Stores that come up, go down and come back, and the end of a chain.

mod breaker;
mod closing;
mod starting;
