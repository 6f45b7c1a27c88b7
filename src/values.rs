//! Keys, values and options as JavaScript gives them.

use bytes::Bytes;
use redkv::chain::Chain;
use redkv::config::{DURATION, duration_of, millis_of};
use redkv::entry::Deadline;
use redkv::error::{Error, Result};

use crate::js::{Js, Pending, Type, Value};

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
pub(crate) fn with_key<T>(
    js: Js,
    value: Value,
    read: impl FnOnce(&str) -> T,
) -> std::result::Result<T, Refusal> {
    with_string(js, value, "key", "a string or a number", read)
}

/// The bytes of a value: of a string, a number as `String()` writes it, or a `Uint8Array`.
pub(crate) fn value(js: Js, value: Value) -> std::result::Result<Bytes, Refusal> {
    if js.type_of(value)? == Type::Object
        && let Some(bytes) = js.with_bytes(value, Bytes::copy_from_slice)?
    {
        return Ok(bytes);
    }
    let copy = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    with_string(js, value, "value", "a string, a number or a Uint8Array", copy)
}

fn with_string<T>(
    js: Js,
    value: Value,
    field: &'static str,
    expected: &str,
    read: impl FnOnce(&str) -> T,
) -> std::result::Result<T, Refusal> {
    let mut read = Some(read);
    let mut attempt = |value| {
        js.with_text(value, |text| {
            well_formed(js, value, text, field).map(|text| read.take().map(|read| read(text)))
        })
    };
    let answer = match attempt(value) {
        Some(answer) => answer?,
        None => match js.type_of(value)? {
            Type::Number => match attempt(js.to_text(value)?) {
                Some(answer) => answer?,
                None => return Err(Pending.into()),
            },
            other => return Err(wrong_type(field, expected, other).into()),
        },
    };
    answer.ok_or(Refusal::Pending(Pending))
}

/// The text of a string, unless it holds what UTF-8 cannot express: such strings would be mistaken for each other.
fn well_formed<'a>(js: Js, value: Value, text: &'a [u8], field: &str) -> Result<&'a str> {
    let broken =
        || Error::argument(field, format!("{field} has a lone surrogate: it is not well-formed Unicode"));
    let text = std::str::from_utf8(text).map_err(|_| broken())?;
    // The engine writes U+FFFD for a lone surrogate, and for itself.
    if !text.is_ascii()
        && text.contains(char::REPLACEMENT_CHARACTER)
        && !matches!(js.is_well_formed(value), Ok(true))
    {
        return Err(broken());
    }
    Ok(text)
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

/// When an entry with this `ttl` ends: a number of milliseconds, or text with a unit; `undefined` is never.
pub(crate) fn deadline(js: Js, chain: &Chain, ttl: Value) -> std::result::Result<Option<Deadline>, Refusal> {
    let millis = match js.type_of(ttl)? {
        Type::Undefined => return Ok(None),
        Type::Number => millis_of(js.float(ttl)?),
        Type::String => js
            .with_text(ttl, |text| serde_json::Value::from(String::from_utf8_lossy(text)))
            .and_then(|text| duration_of(&text))
            .and_then(|duration| u64::try_from(duration.as_millis()).ok()),
        _ => None,
    };
    match millis {
        Some(millis) => Ok(Some(chain.clock().deadline_in(millis))),
        None => {
            let message = format!("ttl must be {DURATION}; leave it out for an entry that does not end");
            Err(Error::argument("ttl", message).into())
        }
    }
}
