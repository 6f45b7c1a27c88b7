//! Keys, values and options as JavaScript gives them.

use redkv::chain::Chain;
use redkv::entry::{Deadline, Given};
use redkv::error::Error;
use redkv::options::{DURATION, duration_of, millis_of};

use crate::node_api::text::{Broken, Units};
use crate::node_api::{Js, Pending, Type, Value};

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

/// The beginning of keys: a string; `undefined` is the empty one.
pub(crate) fn prefix(js: Js, value: Value) -> Result<String, Refusal> {
    match js.type_of(value)? {
        Type::Undefined => Ok(String::new()),
        Type::String => {
            let mut units = Units::new();
            units.read(js, value).ok_or(Pending)?;
            units.with_utf8(str::to_owned).map_err(|Broken| broken("prefix"))
        }
        other => Err(wrong_type("prefix", "a string", other).into()),
    }
}

/// Shows a value to `read`: a string, a number as `String()` writes it, or the bytes of a `Uint8Array`.
pub(crate) fn with_value<T>(js: Js, value: Value, read: impl FnOnce(Given<'_>) -> T) -> Result<T, Refusal> {
    let mut units = Units::new();
    if units.read(js, value).is_none() {
        let mut read = Some(read);
        let answer = js.with_bytes(value, |bytes| read.take().map(|read| read(Given::Shown(bytes))))?;
        let Some(read) = read else { return Ok(answer.flatten().ok_or(Pending)?) };
        read_number(js, value, &mut units, "value", "a string, a number or a Uint8Array")?;
        return show(&units, read);
    }
    show(&units, read)
}

fn show<T>(units: &Units, read: impl FnOnce(Given<'_>) -> T) -> Result<T, Refusal> {
    let shown = if units.are_few() {
        units.with_utf8(|text| read(Given::Shown(text.as_bytes())))
    } else {
        // Where it is narrowed to is where it stays.
        units.to_utf8().map(|bytes| read(Given::Shared(&bytes)))
    };
    shown.map_err(|Broken| broken("value"))
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

/// The error of a string that would be mistaken for others.
pub(crate) fn broken(field: &'static str) -> Refusal {
    Error::argument(field, format!("{field} has a lone surrogate: it is not well-formed Unicode")).into()
}

/// The error of an argument of a wrong type.
pub(crate) fn wrong_type(field: &str, expected: &str, got: Type) -> Error {
    Error::argument(field, format!("{field} must be {expected}, got {}", described(got)))
}

fn described(got: Type) -> &'static str {
    match got {
        Type::Undefined => "undefined",
        Type::Null => "null",
        Type::String => "a string",
        Type::Number => "a number",
        Type::BigInt => "a bigint",
        Type::Object => "an object",
        Type::Other(name) => name,
    }
}

/// When an entry with this `ttl` ends; `undefined` is never.
pub(crate) fn deadline(js: Js, chain: &Chain, ttl: Value) -> Result<Option<Deadline>, Refusal> {
    let millis = millis(js, "ttl", ttl, "; leave it out for an entry that does not end")?;
    Ok(millis.map(|millis| chain.clock().deadline_in(millis)))
}

/// A span of time: a number of milliseconds, or text with a unit; `undefined` is none. Errors end in `hint`.
pub(crate) fn millis(js: Js, field: &str, value: Value, hint: &str) -> Result<Option<u64>, Refusal> {
    let kind = js.type_of(value)?;
    let millis = match kind {
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
        None => {
            let got = match kind {
                Type::Number => js.float(value)?.to_string(),
                Type::String => "another string".to_owned(),
                kind => described(kind).to_owned(),
            };
            Err(Error::argument(field, format!("{field} must be {DURATION}, got {got}{hint}")).into())
        }
    }
}
