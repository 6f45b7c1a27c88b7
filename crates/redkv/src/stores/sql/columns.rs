//! What a column can hold.

use crate::error::{Error, Result};

/// What the columns of a new table are to be, or those of an existing one must at least hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::stores) enum ColumnType {
    /// Whatever the table has; bytes in a new one.
    #[default]
    AsItIs,
    /// Bytes.
    Binary,
    /// Text.
    Text,
}

impl ColumnType {
    /// Reads the option `columnType`.
    pub(in crate::stores) fn from_fields(fields: &mut crate::config::Fields) -> Result<Self> {
        match fields.string("columnType")?.as_deref() {
            None => Ok(Self::AsItIs),
            Some("binary") => Ok(Self::Binary),
            Some("text") => Ok(Self::Text),
            Some(_) => Err(Error::argument("columnType", "columnType must be 'binary' or 'text'")),
        }
    }
}

/// What a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stores) enum Kind {
    /// Bytes, any.
    Bytes,
    /// Text, and its server tells what it cannot hold.
    Text,
}

impl Kind {
    /// Refuses a value that is no text where only text goes.
    pub(in crate::stores) fn check_value(self, value: &[u8], takes_nul: bool) -> Result<()> {
        if self == Self::Bytes {
            return Ok(());
        }
        if std::str::from_utf8(value).is_err() {
            return Err(Error::unsupported("the column keeps text only, and the value is not UTF-8"));
        }
        if !takes_nul && value.contains(&0) {
            return Err(Error::unsupported("the column keeps text, and the value has a NUL character"));
        }
        Ok(())
    }
}
