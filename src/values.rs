//! Keys, values and options as JavaScript gives them.

use bytes::Bytes;
use redkv::chain::Chain;
use redkv::config::{DURATION, duration_of, millis_of};
use redkv::entry::Deadline;
use redkv::error::Error;

use crate::js::{Js, Pending, Type, Value};
use crate::text::{Broken, Units};

/// Why an argument could not be taken.
pub(crate) enum Refusal {
    /// It is wrong.
    Wrong(Error),
    /// A JavaScript exception is pending.
    Pending(Pending),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}

impl From<Pending> for Refusal {
    fn from(pending: Pending) -> Self {
        Self::Pending(pending)
    }
}

/// Shows a key to `read`: a string, or a number as `String()` writes it.
pub(crate) fn with_key<T>(js: Js, value: Value, read: impl FnOnce(&str) -> T) -> Result<T, Refusal> {
    let mut units = Units::new();
    if units.read(js, value).is_none() {
        read_number(js, value, &mut units, "key", "a string or a number")?;
    }
    units.with_utf8(read).map_err(|Broken| broken("key"))
}

/// The bytes of a value: of a string, a number as `String()` writes it, or a `Uint8Array`.
pub(crate) fn value(js: Js, value: Value) -> Result<Bytes, Refusal> {
    let mut units = Units::new();
    if units.read(js, value).is_none() {
        if let Some(bytes) = js.with_bytes(value, Bytes::copy_from_slice)? {
            return Ok(bytes);
        }
        read_number(js, value, &mut units, "value", "a string, a number or a Uint8Array")?;
    }
    units.to_utf8().map_err(|Broken| broken("value"))
}

/// Reads a number as `String()` writes it.
#[cold]
fn read_number(
    js: Js,
    value: Value,
    units: &mut Units,
    field: &'static str,
    expected: &str,
) -> Result<(), Refusal> {
    match js.type_of(value)? {
        Type::Number => Ok(units.read(js, js.to_text(value)?).ok_or(Pending)?),
        other => Err(wrong_type(field, expected, other).into()),
    }
}

/// Such strings would be mistaken for each other.
fn broken(field: &'static str) -> Refusal {
    Error::argument(field, format!("{field} has a lone surrogate: it is not well-formed Unicode")).into()
}

fn wrong_type(field: &str, expected: &str, got: Type) -> Error {
    let got = match got {
        Type::Undefined => "undefined",
        Type::Null => "null",
        Type::String => "a string",
        Type::Number => "a number",
        Type::Object => "an object",
        Type::Other(name) => name,
    };
    Error::argument(field, format!("{field} must be {expected}, got {got}"))
}

/// When an entry with this `ttl` ends; `undefined` is never.
pub(crate) fn deadline(js: Js, chain: &Chain, ttl: Value) -> Result<Option<Deadline>, Refusal> {
    let millis = millis(js, "ttl", ttl, "; leave it out for an entry that does not end")?;
    Ok(millis.map(|millis| chain.clock().deadline_in(millis)))
}

/// A span of time: a number of milliseconds, or text with a unit; `undefined` is none. Errors end in `hint`.
pub(crate) fn millis(js: Js, field: &str, value: Value, hint: &str) -> Result<Option<u64>, Refusal> {
    let millis = match js.type_of(value)? {
        Type::Undefined => return Ok(None),
        Type::Number => millis_of(js.float(value)?),
        Type::String => js
            .string(value)
            .and_then(|text| duration_of(&serde_json::Value::from(text)))
            .and_then(|duration| u64::try_from(duration.as_millis()).ok()),
        _ => None,
    };
    match millis {
        Some(millis) => Ok(Some(millis)),
        None => Err(Error::argument(field, format!("{field} must be {DURATION}{hint}")).into()),
    }
}
