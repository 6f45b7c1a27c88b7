//! The types and lengths of columns.

use redkv_core::error::{Error, Result};
use redkv_core::options::{self, Given, Type, Value, kinds};

/// What the columns of a new table are to be, or those of an existing one must at least hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ColumnType {
    /// Whatever the table has; bytes in a new one.
    #[default]
    AsItIs,
    /// Bytes.
    Binary,
    /// Text.
    Text,
}

impl options::Kind for ColumnType {
    type Value = Self;
    const TYPE: Type = Type::Words(&["binary", "text"]);

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self>> {
        match <kinds::Text as options::Kind>::read(value, given)?.as_deref() {
            None => Ok(None),
            Some("binary") => Ok(Some(Self::Binary)),
            Some("text") => Ok(Some(Self::Text)),
            Some(_) => Err(given.refused("columnType must be 'binary' or 'text'")),
        }
    }
}

/// How long the text of a column may be.
///
/// Checked here, because servers take what is too long by spaces at its end alone, and cut those off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Characters(usize),
    Bytes(usize),
}

impl Length {
    /// Returns whether text in UTF-8 is not too long.
    pub(crate) fn holds(self, text: &[u8]) -> bool {
        match self {
            Self::Bytes(most) => text.len() <= most,
            Self::Characters(most) => {
                // Every character begins with a byte that continues none.
                text.len() <= most || text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() <= most
            }
        }
    }

    /// Refuses a key or a value, called by its `name`, that is too long for its column.
    pub(crate) fn check(length: Option<Self>, name: &'static str, text: &[u8]) -> Result<()> {
        if length.is_none_or(|length| length.holds(text)) {
            return Ok(());
        }
        Err(Error::argument(name, format!("the {name} is too long for its column")))
    }
}

/// The kind of values that a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bytes, any.
    Bytes,
    /// Text, and the server reports what it cannot hold.
    Text,
}

impl Kind {
    /// Refuses a value that is no text where only text goes.
    pub(crate) fn check_value(self, value: &[u8], takes_nul: bool) -> Result<()> {
        if self == Self::Bytes {
            return Ok(());
        }
        if std::str::from_utf8(value).is_err() {
            return Err(Error::unsupported("the column holds only text, and the value is not UTF-8"));
        }
        if !takes_nul && value.contains(&0) {
            return Err(Error::unsupported("the column holds text, and the value has a NUL character"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Length::{Bytes, Characters};

    #[test]
    fn characters_are_not_bytes() {
        assert!(Characters(5).holds("grüße".as_bytes()));
        assert!(!Characters(5).holds("grüße ".as_bytes()));
        assert!(Characters(1).holds("\u{1f600}".as_bytes()));
        assert!(!Bytes(6).holds("grüße".as_bytes()));
        assert!(Bytes(7).holds("grüße".as_bytes()));
    }
}
