//! Answers to commands.

use bytes::Bytes;

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
