//! The stored form of an entry: when it was used, its deadline, and its value or where that is.
//!
//! | bytes | |
//! |---|---|
//! | 4 | the checksum of the key and of all that follows |
//! | 1 | 0: the value follows; 1: the number, the length and the checksum of a value in pieces follow |
//! | 8 | the number of the last use |
//! | 8 | the deadline in milliseconds since 1970, 0 for none |
//!
//! Numbers are little-endian.

use bytes::Bytes;

use crate::checksum::checksum;
use redkv_core::entry::Deadline;

/// Longer values are kept in pieces: their pages are filled one after the other, while those of entries, whose keys
/// come in any order, are two fifths empty. It also keeps small what is read and written for the order of use.
pub(super) const LONGEST_INLINE: usize = 256;

/// The bytes of a piece: what fits a page of the file together with its key.
pub(super) const PIECE: usize = 4_000;

const HEAD: usize = 21;
/// Where what is checked begins.
const CHECKED: usize = 4;

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
    Pieces { number: u64, len: u64, check: u32 },
}

impl Record {
    /// Returns the record under `key`.
    pub(super) fn to_bytes(&self, key: &[u8]) -> Vec<u8> {
        let (tag, rest): (u8, &[u8]) = match &self.value {
            Kept::Inline(value) => (0, value),
            Kept::Pieces { number, len, check } => {
                (1, &[&number.to_le_bytes()[..], &len.to_le_bytes(), &check.to_le_bytes()].concat())
            }
        };
        let mut bytes = Vec::with_capacity(HEAD + rest.len());
        bytes.extend_from_slice(&[0; CHECKED]);
        bytes.push(tag);
        bytes.extend_from_slice(&self.used.to_le_bytes());
        bytes.extend_from_slice(&self.deadline.map_or(0, Deadline::millis).to_le_bytes());
        bytes.extend_from_slice(rest);
        let check = checksum(&[key, &bytes[CHECKED..]]);
        bytes[..CHECKED].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads what [`Record::to_bytes`] has written for `key`; `None` for anything else.
    pub(super) fn from_bytes(key: &[u8], bytes: &[u8]) -> Option<Self> {
        let (check, checked) = bytes.split_first_chunk()?;
        if u32::from_le_bytes(*check) != checksum(&[key, checked]) {
            return None;
        }
        let (tag, rest) = checked.split_first()?;
        let (used, rest) = number(rest)?;
        let (deadline, rest) = number(rest)?;
        let value = match tag {
            0 => Kept::Inline(Bytes::copy_from_slice(rest)),
            1 => {
                let (value, rest) = number(rest)?;
                let (len, rest) = number(rest)?;
                Kept::Pieces { number: value, len, check: u32::from_le_bytes(rest.try_into().ok()?) }
            }
            _ => return None,
        };
        Some(Self { used, deadline: (deadline > 0).then(|| Deadline::at(deadline)), value })
    }

    /// Returns the size of an entry with this key.
    pub(super) fn cost(&self, key: &[u8]) -> u64 {
        let value = match &self.value {
            Kept::Inline(value) => value.len() as u64,
            Kept::Pieces { len, .. } => *len,
        };
        cost(key.len(), value, self.deadline.is_some())
    }

    pub(super) fn has_ended(&self, now: u64) -> bool {
        self.deadline.is_some_and(|deadline| deadline.has_passed(now))
    }
}

/// What an entry counts: about what it takes of the file.
pub(super) fn cost(key: usize, value: u64, ends: bool) -> u64 {
    let key = key as u64;
    // Beside a row redb notes where its key and its value end, 4 bytes each.
    let (inline, pieces) = if value <= LONGEST_INLINE as u64 { (value, 0) } else { (20, pages(value)) };
    let entry = key + HEAD as u64 + inline + 8;
    let used = key + 8 + 8;
    let deadline = if ends { key + 8 + 8 } else { 0 };
    // Pages of rows that come and go in any order are 3/5 full, those of uses fuller.
    pieces + (entry + deadline) * 5 / 3 + used * 5 / 4
}

/// What a value in pieces takes: pages, in which several short values have room, and the branches above them.
fn pages(value: u64) -> u64 {
    const PAGE: u64 = 4_096 + 80;
    const ROW: u64 = 20;
    let whole = PIECE as u64;
    if value > whole { value.div_ceil(whole) * PAGE } else { PAGE / (4_092 / (value + ROW)) }
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
        for value in [inline, Kept::Inline(Bytes::new()), Kept::Pieces { number: 7, len: 10_000, check: 5 }] {
            for deadline in [None, Some(Deadline::at(5))] {
                let record = Record { used: 3, deadline, value: value.clone() };
                assert_eq!(Record::from_bytes(b"key", &record.to_bytes(b"key")), Some(record));
            }
        }
    }

    #[test]
    fn what_was_not_written_is_no_record() {
        for bytes in [&[] as &[u8], &[0; 16], &[2; 40], &[1; 20]] {
            assert_eq!(Record::from_bytes(b"key", bytes), None);
        }
    }

    #[test]
    fn what_was_changed_in_one_place_or_is_of_another_key_is_no_record() {
        let value = Kept::Inline(Bytes::from_static(b"value"));
        let record = Record { used: 3, deadline: Some(Deadline::at(5)), value };
        let bytes = record.to_bytes(b"key");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(Record::from_bytes(b"key", &changed), None, "byte {at}");
        }
        assert_eq!(Record::from_bytes(b"kez", &bytes), None);
    }
}
