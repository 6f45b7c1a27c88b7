//! What a row holds, in both directions.

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, Type, ValueRef};
use rusqlite::{Connection, ToSql};

use crate::entry::{Deadline, Key};

/// A key as a parameter; one with a NUL inside included, it is passed with its length.
pub(super) struct KeyParameter<'a>(pub(super) &'a Key);

impl ToSql for KeyParameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_bytes())))
    }
}

/// A value as a parameter: TEXT where it is text, as 1.x wrote it, else BLOB.
pub(super) struct ValueParameter<'a>(pub(super) &'a [u8]);

impl ToSql for ValueParameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match std::str::from_utf8(self.0) {
            Ok(text) => ValueRef::Text(text.as_bytes()),
            Err(_) => ValueRef::Blob(self.0),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// A time as SQLite keeps it: it has no numbers beyond `i64`.
pub(super) fn stored_millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// The bytes of a stored value, `None` for NULL. Numbers, which others may have written, read as the text that
/// SQLite makes of them.
pub(super) fn value_of(value: ValueRef<'_>, connection: &Connection) -> rusqlite::Result<Option<Bytes>> {
    Ok(match value {
        ValueRef::Null => None,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(Bytes::copy_from_slice(bytes)),
        ValueRef::Integer(number) => Some(Bytes::from(number.to_string())),
        ValueRef::Real(number) => {
            let mut cast = connection.prepare_cached("SELECT CAST(?1 AS TEXT)")?;
            Some(cast.query_row([number], |row| row.get::<_, String>(0))?.into())
        }
    })
}

/// The deadline in a stored value; `Err` with its type where it is not a number.
pub(super) fn deadline_of(value: ValueRef<'_>) -> Result<Option<Deadline>, Type> {
    let millis = match value {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(millis) => u64::try_from(millis).unwrap_or(0),
        // The conversion saturates: what is before the epoch has passed either way.
        ValueRef::Real(millis) => millis as u64,
        ValueRef::Text(_) | ValueRef::Blob(_) => return Err(value.data_type()),
    };
    Ok(Some(Deadline::at(millis)))
}
