//! Converts between entries and rows.

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, Type, ValueRef};
use rusqlite::{Connection, ToSql};

use super::column::Form;
use redkv_core::entry::{Deadline, Key};

/// A key as a parameter; one with a NUL inside included, it is passed with its length.
pub(crate) struct KeyParameter<'a>(pub(crate) &'a Key, pub(crate) Form);

impl ToSql for KeyParameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(parameter(self.0, self.1)))
    }
}

/// A value as a parameter: TEXT where it is text that the column keeps, as 1.x wrote it, else BLOB.
pub(crate) struct ValueParameter<'a>(pub(crate) &'a [u8], pub(crate) Form);

impl ToSql for ValueParameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match std::str::from_utf8(self.0) {
            Ok(text) => parameter(text, self.1),
            Err(_) => ValueRef::Blob(self.0),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

fn parameter(text: &str, form: Form) -> ValueRef<'_> {
    if form.keeps(text) { ValueRef::Text(text.as_bytes()) } else { ValueRef::Blob(text.as_bytes()) }
}

/// The key in a stored value; `None` where others wrote what no key of ours is kept as.
pub(crate) fn key_of(value: ValueRef<'_>, form: Form) -> Option<Key> {
    let text = |bytes, is_kept_as_text| {
        std::str::from_utf8(bytes).ok().filter(|text| form.keeps(text) == is_kept_as_text).map(Key::from)
    };
    match value {
        ValueRef::Null => None,
        ValueRef::Text(bytes) => text(bytes, true),
        ValueRef::Blob(bytes) => text(bytes, false),
        ValueRef::Integer(number) => form.text_of_integer(number).map(Key::from),
        ValueRef::Real(number) => form.text_of_real(number).map(Key::from),
    }
}

/// A time as SQLite keeps it: it has no numbers beyond `i64`.
pub(crate) fn stored_millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// The bytes of a stored value, `None` for NULL. Numbers, which others may have written, read as the text that
/// SQLite makes of them.
pub(crate) fn value_of(
    value: ValueRef<'_>,
    form: Form,
    connection: &Connection,
) -> rusqlite::Result<Option<Bytes>> {
    Ok(match value {
        ValueRef::Null => None,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(Bytes::copy_from_slice(bytes)),
        ValueRef::Integer(number) => Some(Bytes::from(number.to_string())),
        ValueRef::Real(number) => Some(match form.text_of_real(number) {
            // What was written as a whole number is read as one.
            Some(text) => text.into(),
            None => {
                let mut cast = connection.prepare_cached("SELECT CAST(?1 AS TEXT)")?;
                cast.query_row([number], |row| row.get::<_, String>(0))?.into()
            }
        }),
    })
}

/// The deadline in a stored value; `Err` with its type where it is not a number.
pub(crate) fn deadline_of(value: ValueRef<'_>) -> Result<Option<Deadline>, Type> {
    let millis = match value {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(millis) => u64::try_from(millis).unwrap_or(0),
        // The conversion saturates: what is before the epoch has passed either way.
        ValueRef::Real(millis) => millis as u64,
        ValueRef::Text(_) | ValueRef::Blob(_) => return Err(value.data_type()),
    };
    Ok(Some(Deadline::at(millis)))
}
