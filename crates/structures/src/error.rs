//! The errors that all backends have in common.

use redkv_core::error::{Error, ErrorKind};

/// Returns the error of a key that has another kind of data than the operation is for.
pub fn wrong_kind() -> Error {
    Error::new(ErrorKind::Type, "the key has another kind of data than the operation is for")
}

/// Returns the error of a counter that is a text which is no number.
pub fn no_integer() -> Error {
    Error::new(ErrorKind::Value, "the value is not an integer within 64 bits")
}

/// Returns the error of a sum that would leave 64 bits.
pub fn beyond_integers() -> Error {
    Error::new(ErrorKind::Value, "the counter would leave 64 bits")
}

/// Returns the error of a sum that would be no number.
pub fn no_score() -> Error {
    Error::new(ErrorKind::Value, "the score would be infinity less infinity, which is not a number")
}
