//! Reads, each batch from one snapshot of the file.

use bytes::Bytes;
use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase};

use super::error::damaged_entry;
use super::record::{Kept, PIECE, Record};
use crate::checksum::checksum;
use crate::disk::database::held::Held;
use crate::disk::database::open::Open;
use crate::disk::database::tables::{ENTRIES, PIECES, piece_key};
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::store::{Answers, Cursor, Page, answer_all, end_of_prefix};

/// Most keys of a page, and most entries that are looked at for it.
const PAGE: usize = 1_000;

/// A reason why an entry cannot be read.
enum Unread {
    Failed(redb::Error),
    Damaged,
}

impl<E: Into<redb::Error>> From<E> for Unread {
    fn from(cause: E) -> Self {
        Self::Failed(cause.into())
    }
}

type Read<T> = std::result::Result<T, Unread>;

impl Open {
    /// The entries under `keys`, and which of the keys should be noted as used.
    pub(super) fn get(&self, keys: &[Key]) -> (Answers<Option<Entry>>, Vec<Key>) {
        let now = self.clock.now();
        let mut used = Vec::new();
        let answers = self.ask(keys, |state, key, record| {
            let Some(record) = record.filter(|record| !record.has_ended(now)) else { return Ok(None) };
            if self.is_behind(record.used) {
                used.push(key.clone());
            }
            let value = state.value(record.value)?;
            Ok(Some(Entry { value, deadline: record.deadline }))
        });
        (answers, used)
    }

    pub(super) fn has(&self, keys: &[Key]) -> Answers<bool> {
        let now = self.clock.now();
        self.ask(keys, |_, _, record| Ok(record.is_some_and(|record| !record.has_ended(now))))
    }

    /// The live keys with `prefix`, in their order, behind the last one of the page before.
    pub(super) fn keys(&self, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
        self.guarded(|| self.keys_read(prefix, after).map_err(|cause| self.unread(cause)))
    }

    fn keys_read(&self, prefix: &str, after: Option<&Cursor>) -> Read<Page> {
        // The next key behind another is the same with a NUL at its end.
        let behind = after.map(|last| [last.as_bytes(), b"\0"].concat());
        let start = behind.as_deref().unwrap_or(prefix.as_bytes());
        let end = end_of_prefix(prefix);
        let now = self.clock.now();
        let transaction = Held::new(self.database.begin_read()?);
        let table = Held::new(transaction.open_table(ENTRIES)?);
        let range = match end.as_deref() {
            // A cursor of a page with another prefix.
            Some(end) if end.as_bytes() <= start => return Ok(Page::default()),
            Some(end) => table.range(start..end.as_bytes())?,
            None => table.range(start..)?,
        };
        let mut page = Page::default();
        for (seen, entry) in range.enumerate() {
            let (key, record) = entry?;
            let key = key.value();
            // What is damaged is there until it is written or deleted, as far as its key is one.
            if Record::from_bytes(key, record.value()).is_none_or(|record| !record.has_ended(now)) {
                page.keys.extend(std::str::from_utf8(key).ok().map(Key::from));
            }
            if seen + 1 == PAGE {
                page.next = Some(Cursor::new(key));
                break;
            }
        }
        Ok(page)
    }

    /// Asks about what is kept under every key.
    fn ask<T: Clone>(
        &self,
        keys: &[Key],
        mut ask: impl FnMut(&mut State, &Key, Option<Record>) -> Read<T>,
    ) -> Answers<T> {
        let mut run = || -> Read<Answers<T>> {
            let transaction = Held::new(self.database.begin_read()?);
            let table = Held::new(transaction.open_table(ENTRIES)?);
            let mut state = State { transaction, pieces: None };
            let mut one = |key: &Key| {
                let kept = table.get(key.as_bytes())?;
                let read = |bytes: &[u8]| Record::from_bytes(key.as_bytes(), bytes).ok_or(Unread::Damaged);
                let record = kept.map(|kept| read(kept.value()));
                ask(&mut state, key, record.transpose()?)
            };
            Ok(keys.iter().map(|key| one(key).map_err(|cause| self.unread(cause))).collect())
        };
        let answers = self.guarded(|| run().map_err(|cause| self.unread(cause)));
        answers.unwrap_or_else(|error| answer_all(keys.len(), &Err(error)))
    }

    fn unread(&self, cause: Unread) -> Error {
        match cause {
            Unread::Failed(cause) => self.failed(cause),
            Unread::Damaged => damaged_entry(&self.config.path),
        }
    }
}

/// One state of the file.
struct State {
    transaction: Held<ReadTransaction>,
    /// Opened for the first value that is in pieces.
    pieces: Option<Held<ReadOnlyTable<&'static [u8], &'static [u8]>>>,
}

impl State {
    fn value(&mut self, kept: Kept) -> Read<Bytes> {
        let (number, len, check) = match kept {
            Kept::Inline(value) => return Ok(value),
            Kept::Pieces { number, len, check } => {
                (number, usize::try_from(len).map_err(|_| Unread::Damaged)?, check)
            }
        };
        let pieces = match &mut self.pieces {
            Some(pieces) => pieces,
            none => none.insert(Held::new(self.transaction.open_table(PIECES)?)),
        };
        let mut value = Vec::new();
        if len <= PIECE {
            let piece = pieces.get(piece_key(number, 0).as_slice())?.ok_or(Unread::Damaged)?;
            value.extend_from_slice(piece.value());
        } else {
            let (first, last) = (piece_key(number, 0), piece_key(number, u32::MAX));
            for piece in pieces.range(first.as_slice()..=last.as_slice())? {
                value.extend_from_slice(piece?.1.value());
            }
        }
        let is_whole = value.len() == len && checksum(&[&value]) == check;
        if is_whole { Ok(value.into()) } else { Err(Unread::Damaged) }
    }
}
