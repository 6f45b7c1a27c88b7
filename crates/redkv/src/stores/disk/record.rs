//! What is kept under a key: when it was used, when it ends, and its value or where that is.
//!
//! | bytes | |
//! |---|---|
//! | 1 | 0: the value follows; 1: the number and the length of a value in pieces follow |
//! | 8 | the number of the last use |
//! | 8 | the deadline in milliseconds since 1970, 0 for none |
//!
//! Numbers are little-endian.

use bytes::Bytes;

use crate::entry::Deadline;

/// Longer values are kept in pieces, so that what is read and written for the order of use stays small.
pub(super) const LONGEST_INLINE: usize = 1_024;

/// The bytes of a piece: what fits a page of the file together with its key.
pub(super) const PIECE: usize = 4_000;

const HEAD: usize = 17;

/// What every entry counts beside its key and value.
const ENTRY: u64 = 64;

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Its number in the order of use.
    pub(super) used: u64,
    pub(super) deadline: Option<Deadline>,
    pub(super) value: Kept,
}

/// A value, or where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Inline(Bytes),
    Pieces { number: u64, len: u64 },
}

impl Record {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (tag, rest): (u8, &[u8]) = match &self.value {
            Kept::Inline(value) => (0, value),
            Kept::Pieces { number, len } => (1, &[number.to_le_bytes(), len.to_le_bytes()].concat()),
        };
        let mut bytes = Vec::with_capacity(HEAD + rest.len());
        bytes.push(tag);
        bytes.extend_from_slice(&self.used.to_le_bytes());
        bytes.extend_from_slice(&self.deadline.map_or(0, Deadline::millis).to_le_bytes());
        bytes.extend_from_slice(rest);
        bytes
    }

    /// Reads what [`Record::to_bytes`] has written; `None` for anything else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = bytes.split_first()?;
        let (used, rest) = number(rest)?;
        let (deadline, rest) = number(rest)?;
        let value = match tag {
            0 => Kept::Inline(Bytes::copy_from_slice(rest)),
            1 => {
                let (value, rest) = number(rest)?;
                Kept::Pieces { number: value, len: number(rest)?.0 }
            }
            _ => return None,
        };
        Some(Self { used, deadline: (deadline > 0).then(|| Deadline::at(deadline)), value })
    }

    /// What an entry with this key counts.
    pub(super) fn cost(&self, key: &[u8]) -> u64 {
        let value = match &self.value {
            Kept::Inline(value) => value.len() as u64,
            Kept::Pieces { len, .. } => *len,
        };
        cost(key.len(), value)
    }

    pub(super) fn has_ended(&self, now: u64) -> bool {
        self.deadline.is_some_and(|deadline| deadline.has_passed(now))
    }
}

/// What an entry counts: its key stands in two tables.
pub(super) fn cost(key: usize, value: u64) -> u64 {
    value + 2 * key as u64 + ENTRY
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let inline = Kept::Inline(Bytes::from_static(b"value"));
        for value in [inline, Kept::Inline(Bytes::new()), Kept::Pieces { number: 7, len: 10_000 }] {
            for deadline in [None, Some(Deadline::at(5))] {
                let record = Record { used: 3, deadline, value: value.clone() };
                assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
            }
        }
    }

    #[test]
    fn what_was_not_written_is_no_record() {
        for bytes in [&[] as &[u8], &[0; 16], &[2; 40], &[1; 20]] {
            assert_eq!(Record::from_bytes(bytes), None);
        }
    }
}
