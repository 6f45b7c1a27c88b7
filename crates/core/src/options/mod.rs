//! Options: how they are declared, read and described.

mod duration;
mod fields;
mod given;
pub mod kinds;
mod names;
mod schema;
mod secret;
#[cfg(test)]
mod tests;
mod value;

pub use crate::options;
pub use duration::{DURATION, duration_of, millis_of};
pub use fields::{Elsewhere, Fields};
pub use given::Given;
pub use kinds::Kind;
pub use names::{is_word, nearest};
pub use schema::{Declared, Legacy, Options, Schema, Type};
pub use secret::Secret;
pub use serde_json::Value;
pub use value::href;
