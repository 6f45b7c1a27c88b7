//! What goes around backends.

pub mod calls;
pub mod layer;
pub mod prefixed;
