//! What keys hold, read and written row by row.

use bytes::Bytes;
use redkv_structures::answer::{no_integer, wrong_kind};
use redkv_structures::{Score, Value, number_of};
use rusqlite::{Params, Row};

use super::sql::Sql;
use crate::sqlite::service::{Found, Rows};

/// A kind of data, as it is in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(super) enum Kind {
    Value = 0,
    Set = 1,
    Hash = 2,
    Sorted = 3,
}

/// The row of a value has no name of its own.
const NO_NAME: &[u8] = b"";

/// The keys of a table.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) sql: &'a Sql,
}

/// A row of a key.
pub(super) struct Member {
    pub(super) name: Bytes,
    pub(super) score: Score,
    pub(super) value: Option<Bytes>,
}

impl Member {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let score = row.get_ref(1)?.as_bytes_or_null()?.map_or(Score::from(0), Score::from_sortable);
        Ok(Self { name: bytes_of(row, 0)?.unwrap_or_default(), score, value: bytes_of(row, 2)? })
    }
}

fn bytes_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Bytes>> {
    Ok(row.get_ref(column)?.as_bytes_or_null()?.map(Bytes::copy_from_slice))
}

impl Keys<'_> {
    pub(super) fn many(&self, sql: &str, parameters: impl Params) -> rusqlite::Result<Vec<Member>> {
        self.rows.many(sql, parameters, Member::read)
    }

    fn change(&self, sql: &str, parameters: impl Params) -> rusqlite::Result<usize> {
        self.rows.change(sql, parameters)
    }

    /// Returns the kind of data that a key holds, as its number.
    fn kind(&self, key: &[u8]) -> rusqlite::Result<Option<i64>> {
        self.rows.one(&self.sql.kind, [key], |row| row.get(0))
    }

    pub(super) fn has(&self, key: &[u8]) -> rusqlite::Result<bool> {
        Ok(self.kind(key)?.is_some())
    }

    /// Fails if a key holds data of another kind than `kind`.
    pub(super) fn expect(&self, key: &[u8], kind: Kind) -> Found<()> {
        match self.kind(key)? {
            Some(other) if other != kind as i64 => Err(wrong_kind().into()),
            _ => Ok(()),
        }
    }

    pub(super) fn value(&self, key: &[u8]) -> Found<Option<Bytes>> {
        let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, bytes_of(row, 1)?));
        match self.rows.one(&self.sql.value, [key], read)? {
            None => Ok(None),
            Some((kind, value)) if kind == Kind::Value as i64 => Ok(Some(value.unwrap_or_default())),
            Some(_) => Err(wrong_kind().into()),
        }
    }

    /// Returns whether a value that equals `expected` is there.
    pub(super) fn equals(&self, key: &[u8], expected: &Value) -> Found<bool> {
        Ok(self.value(key)?.is_some_and(|value| value == expected.to_bytes()))
    }

    /// Returns the number that a counter has.
    pub(super) fn counter(&self, key: &[u8]) -> Found<i64> {
        self.value(key)?.map_or(Ok(0), |text| number_of(&text).ok_or_else(|| no_integer().into()))
    }

    /// Writes a value in place of whatever is there.
    pub(super) fn set(&self, key: &[u8], value: &Value) -> rusqlite::Result<()> {
        if self.kind(key)?.is_some_and(|kind| kind != Kind::Value as i64) {
            self.delete(key)?;
        }
        self.put(key, NO_NAME, None, Kind::Value, Some(&value.to_bytes()))
    }

    pub(super) fn put(
        &self,
        key: &[u8],
        name: &[u8],
        place: Option<&[u8]>,
        kind: Kind,
        value: Option<&[u8]>,
    ) -> rusqlite::Result<()> {
        self.change(&self.sql.put, (key, name, place, kind as i64, value)).map(|_| ())
    }

    pub(super) fn put_sorted(
        &self,
        key: &[u8],
        field: &[u8],
        value: Option<&[u8]>,
        score: Score,
    ) -> rusqlite::Result<()> {
        self.put(key, field, Some(&place_of(score, field)), Kind::Sorted, value)
    }

    pub(super) fn member(&self, key: &[u8], name: &[u8]) -> rusqlite::Result<Option<Member>> {
        self.rows.one(&self.sql.row, [key, name], Member::read)
    }

    pub(super) fn members(&self, key: &[u8]) -> rusqlite::Result<Vec<Member>> {
        self.many(&self.sql.rows, [key])
    }

    pub(super) fn count(&self, key: &[u8]) -> rusqlite::Result<u64> {
        let count: Option<i64> = self.rows.one(&self.sql.count, [key], |row| row.get(0))?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    pub(super) fn remove(&self, key: &[u8], names: &[Bytes]) -> rusqlite::Result<()> {
        names.iter().try_for_each(|name| self.change(&self.sql.delete_row, [key, &name[..]]).map(|_| ()))
    }

    /// Deletes all of a key, and returns whether there was any.
    pub(super) fn delete(&self, key: &[u8]) -> rusqlite::Result<bool> {
        Ok(self.change(&self.sql.delete_key, [key])? > 0)
    }
}

/// Returns the place of a field among all of its key.
pub(super) fn place_of(score: Score, field: &[u8]) -> Vec<u8> {
    [&score.to_sortable()[..], field].concat()
}
