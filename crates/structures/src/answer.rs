//! Answers to commands, and the errors that all backends have in common.

use bytes::Bytes;
use redkv_core::error::{Error, ErrorKind};

use crate::score::Score;

/// The answer to a [`Command`](crate::Command).
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is done.
    Done,
    /// Whether something was there, or was written.
    Is(bool),
    /// A value; `None` where there is none.
    Value(Option<Bytes>),
    /// A counter.
    Integer(i64),
    /// How many there are.
    Count(u64),
    /// A score; `None` where there is none.
    Score(Option<Score>),
    /// Members or values, in their order.
    List(Vec<Bytes>),
    /// Fields with their values, in no order.
    Fields(Vec<(Bytes, Bytes)>),
    /// Values with their scores, in their order.
    Scored(Vec<Entry>),
    /// A page of an iteration.
    Page(Page),
}

impl Answer {
    /// Returns how many bytes it has.
    pub fn bytes(&self) -> usize {
        let of_entries = |entries: &[Entry]| entries.iter().map(|entry| entry.value.len() + 8).sum();
        match self {
            Self::Value(Some(value)) => value.len(),
            Self::List(list) => list.iter().map(Bytes::len).sum(),
            Self::Fields(fields) => fields.iter().map(|(field, value)| field.len() + value.len()).sum(),
            Self::Scored(entries) => of_entries(entries),
            Self::Page(page) => of_entries(&page.entries),
            _ => 0,
        }
    }
}

/// A value in a sorted set or sorted hash.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The field or the value, as the command asks.
    pub value: Bytes,
    /// Its score.
    pub score: Score,
}

/// Some entries of an iteration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The entries, in their order.
    pub entries: Vec<Entry>,
    /// Where to continue: the score and the field of the last one; `None` after the last page.
    pub next: Option<(Score, Bytes)>,
}

/// Returns the error of a key that has another kind of data than the operation is for.
pub fn wrong_kind() -> Error {
    Error::new(ErrorKind::Type, "the key has another kind of data than the operation is for")
}

/// Returns the error of a counter that is a text which is no number.
pub fn no_integer() -> Error {
    Error::new(ErrorKind::Value, "the value is not an integer within 64 bits")
}

/// Returns the error of a sum that would leave 64 bits.
pub fn beyond_integers() -> Error {
    Error::new(ErrorKind::Value, "the counter would leave 64 bits")
}

/// Returns the error of a sum that would be no number.
pub fn no_score() -> Error {
    Error::new(ErrorKind::Value, "the score would be infinity less infinity, which is not a number")
}
