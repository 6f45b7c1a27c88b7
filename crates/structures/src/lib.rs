//! Data structures on one trait: values with conditions, counters, sets, hashes, sorted sets and atomic writes.
//!
//! A [`Structures`] takes batches of [`Command`]s and returns one [`Answer`] for each. What the commands mean is said once,
//! at [`Action`] and [`Change`]; every backend passes the same suite of tests.
#![forbid(unsafe_code)]

pub mod answer;
pub mod atomic;
pub mod cached;
pub mod command;
pub mod layers;
pub mod lex;
pub mod limits;
pub mod memory;
pub mod plain_values;
pub mod score;
mod structures;
pub mod value;

pub use answer::{Answer, Entry, Page};
pub use atomic::{AtomicAnswer, Change, Write};
pub use command::{Action, By, Command, Deletion, Range, Shown};
pub use layers::{calls, prefixed};
pub use lex::{LexBound, LexRange};
pub use limits::Limits;
pub use memory::MemoryStructures;
pub use redkv_core::order;
pub use redkv_core::service::{Batching, RequestReport, Usage};
pub use score::{Score, ScoreRange};
pub use structures::{Kinds, Structures, side_by_side};
pub use value::{Value, number_of};
