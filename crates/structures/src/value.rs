//! Values: text or integers.

use std::fmt;

use bytes::Bytes;

/// A value that is written. Only DynamoDB tells the two apart; all others keep decimal text.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Bytes, mostly UTF-8 text.
    Text(Bytes),
    /// An integer that JavaScript gave as a number or a bigint.
    Integer(i64),
}

impl Value {
    /// Returns the bytes that a read of it returns.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Text(bytes) => bytes.clone(),
            Self::Integer(number) => Bytes::from(number.to_string()),
        }
    }

    /// Returns how many bytes a read of it returns, about.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(bytes) => bytes.len(),
            Self::Integer(_) => 20,
        }
    }

    /// Returns whether it is the empty text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

/// Prints no value.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(bytes) => write!(f, "Text({} bytes)", bytes.len()),
            Self::Integer(_) => f.write_str("Integer"),
        }
    }
}

/// Returns the integer that `text` is as a counter, as Redis reads it: decimal, within 64 bits, without a plus sign, spaces,
/// or zeros in front.
pub fn number_of(text: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_decimal_as_redis_reads_it() {
        assert_eq!(number_of(b"-12"), Some(-12));
        assert_eq!(number_of(b"9223372036854775807"), Some(i64::MAX));
        for text in ["", " 1", "+1", "01", "-0", "1.0", "9223372036854775808", "1e3"] {
            assert_eq!(number_of(text.as_bytes()), None, "{text}");
        }
    }
}
