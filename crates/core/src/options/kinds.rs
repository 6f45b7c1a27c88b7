//! The kinds of values that options have.

use std::time;

use serde_json::Value;

use super::duration::{DURATION, duration_of};
use super::fields::Fields;
use super::given::Given;
use super::schema::{Options, Type};
use super::secret::Secret;
use super::value::{href, path_of_url};
use crate::error::Result;

/// How the value of an option is read, and what documents call it.
pub trait Kind {
    /// What it is read as.
    type Value;
    /// What documents and types call it.
    const TYPE: Type;

    /// Reads a value that was given; `None` counts as absent.
    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self::Value>>;
}

/// How an option is read into the field that is declared for it.
#[doc(hidden)]
pub trait Reading {
    /// The type of the field.
    type Read;
    /// The type of what may be given.
    type Given;
    const KIND: Type;
    const REQUIRED: bool;

    fn take(fields: &mut Fields, name: &'static str) -> Result<Self::Read>;

    /// As `take`, for an option that has other names too.
    fn take_any(fields: &mut Fields, name: &'static str, older: &[&'static str]) -> Result<Self::Read>
    where
        Self::Given: PartialEq;
}

impl<K: Kind> Reading for K {
    type Read = Option<K::Value>;
    type Given = K::Value;
    const KIND: Type = <K as Kind>::TYPE;
    const REQUIRED: bool = false;

    fn take(fields: &mut Fields, name: &'static str) -> Result<Self::Read> {
        fields.read::<K>(name)
    }

    fn take_any(fields: &mut Fields, name: &'static str, older: &[&'static str]) -> Result<Self::Read>
    where
        Self::Given: PartialEq,
    {
        fields.read_any::<K>(name, older)
    }
}

/// An option that must be given.
#[derive(Debug)]
pub struct Required<K>(K);

impl<K: Kind> Reading for Required<K> {
    type Read = K::Value;
    type Given = K::Value;
    const KIND: Type = <K as Kind>::TYPE;
    const REQUIRED: bool = true;

    fn take(fields: &mut Fields, name: &'static str) -> Result<Self::Read> {
        fields.read::<K>(name)?.ok_or_else(|| fields.missing_field(name))
    }

    fn take_any(fields: &mut Fields, name: &'static str, older: &[&'static str]) -> Result<Self::Read>
    where
        Self::Given: PartialEq,
    {
        fields.read_any::<K>(name, older)?.ok_or_else(|| fields.missing_field(name))
    }
}

/// An option that types require; what is to happen without it is decided where it is used.
#[derive(Debug)]
pub struct Expected<K>(K);

impl<K: Kind> Reading for Expected<K> {
    type Read = Option<K::Value>;
    type Given = K::Value;
    const KIND: Type = <K as Kind>::TYPE;
    const REQUIRED: bool = true;

    fn take(fields: &mut Fields, name: &'static str) -> Result<Self::Read> {
        fields.read::<K>(name)
    }

    fn take_any(fields: &mut Fields, name: &'static str, older: &[&'static str]) -> Result<Self::Read>
    where
        Self::Given: PartialEq,
    {
        fields.read_any::<K>(name, older)
    }
}

/// A string; an empty one is refused, and so is a url with credentials: messages repeat names of hosts, tables and files.
#[derive(Debug)]
pub struct Text;

impl Kind for Text {
    type Value = String;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        match value {
            Value::String(text) if !text.is_empty() => given.without_credentials(text).map(Some),
            other => Err(given.wrong("a non-empty string", &other)),
        }
    }
}

/// A url as text or an object of the class `URL`. It may hold credentials; an empty one is refused.
#[derive(Debug)]
pub struct Url;

impl Kind for Url {
    type Value = Secret<String>;
    const TYPE: Type = Type::Url;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self::Value>> {
        match href(&value) {
            Some(text) if !text.is_empty() => Ok(Some(Secret::new(text.to_owned()))),
            _ => Err(given.wrong("a url", &value)),
        }
    }
}

/// The name of a file or a folder as text, or a `URL` of it, as the functions of `node:fs` take it.
#[derive(Debug)]
pub struct Path;

impl Kind for Path {
    type Value = String;
    const TYPE: Type = Type::Path;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        match path_of_url(&value) {
            Some(Some(path)) => Ok(Some(path.to_owned())),
            Some(None) => Err(given.wrong("a path or a file: URL of this machine", &value)),
            None => <Text as Kind>::read(value, given),
        }
    }
}

/// A string that may be empty.
#[derive(Debug)]
pub struct AnyText;

impl Kind for AnyText {
    type Value = String;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        match value {
            Value::String(text) => Ok(Some(text)),
            other => Err(given.wrong("a string", &other)),
        }
    }
}

/// A name or a password with which somebody logs in; an empty one counts as none. A number is taken for its digits, as other
/// clients take it, if none of them got lost.
#[derive(Debug)]
pub struct Credential;

impl Kind for Credential {
    type Value = Secret<String>;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self::Value>> {
        const MOST_EXACT: u64 = (1 << 53) - 1;
        let value = match value.as_u64() {
            Some(digits) if digits <= MOST_EXACT => Value::String(digits.to_string()),
            _ => value,
        };
        Ok(AnyText::read(value, given)?.filter(|text| !text.is_empty()).map(Secret::new))
    }
}

/// `true` or `false`.
#[derive(Debug)]
pub struct Boolean;

impl Kind for Boolean {
    type Value = bool;
    const TYPE: Type = Type::Boolean;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<bool>> {
        match value {
            Value::Bool(value) => Ok(Some(value)),
            other => Err(given.wrong("true or false", &other)),
        }
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug)]
pub struct Integer<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Kind for Integer<MIN, MAX> {
    type Value = u64;
    const TYPE: Type = Type::Integer { min: MIN, max: MAX };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<u64>> {
        match value.as_number().and_then(whole) {
            Some(number) if (MIN..=MAX).contains(&number) => Ok(Some(number)),
            _ if MAX == u64::MAX => Err(given.wrong(&format!("a whole number from {MIN}"), &value)),
            _ => Err(given.wrong(&format!("a whole number from {MIN} to {MAX}"), &value)),
        }
    }
}

/// An [`Integer`] that is often text, because it comes from the environment: types allow that.
#[derive(Debug)]
pub struct Digits<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Kind for Digits<MIN, MAX> {
    type Value = u64;
    const TYPE: Type = Type::Digits { min: MIN, max: MAX };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<u64>> {
        let digits = value.as_str().and_then(|text| text.parse::<u64>().ok());
        <Integer<MIN, MAX> as Kind>::read(digits.map_or(value, Value::from), given)
    }
}

/// The number of a port.
#[derive(Debug)]
pub struct Port;

impl Kind for Port {
    type Value = u16;
    const TYPE: Type = Type::Digits { min: 1, max: 65_535 };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<u16>> {
        let port = <Digits<1, 65_535> as Kind>::read(value, given)?;
        Ok(port.and_then(|port| u16::try_from(port).ok()))
    }
}

/// A positive duration: milliseconds as a number, or text such as `'250ms'`, `'10s'`, `'5m'`, `'2h'`, `'7d'`.
#[derive(Debug)]
pub struct Duration;

impl Kind for Duration {
    type Value = time::Duration;
    const TYPE: Type = Type::Duration;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<time::Duration>> {
        match duration_of(&value) {
            Some(duration) => Ok(Some(duration)),
            None => Err(given.wrong(DURATION, &value)),
        }
    }
}

/// A duration that other clients turn off with `0`, and give as text of digits. `0` counts as absent here, with a warning
/// if a limit of `DEFAULT` milliseconds applies then; digits as text count under the names of other clients.
#[derive(Debug)]
pub struct Timeout<const DEFAULT: u64>;

impl<const DEFAULT: u64> Kind for Timeout<DEFAULT> {
    type Value = time::Duration;
    const TYPE: Type = Type::Duration;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<time::Duration>> {
        let digits = value.as_str().filter(|_| given.is_older()).and_then(|text| text.parse::<u64>().ok());
        let value = digits.map_or(value, Value::from);
        if value.as_f64() != Some(0.0) {
            return <Duration as Kind>::read(value, given);
        }
        if DEFAULT > 0 {
            let path = given.path();
            given.fields().warn(format!(
                "{path} is 0, which is no limit in other clients: the default applies, {DEFAULT} ms"
            ));
        }
        Ok(None)
    }
}

/// Something that may be turned off by `false`, which is read as `None`.
#[derive(Debug)]
pub struct OrFalse<K>(K);

impl<K: Kind> Kind for OrFalse<K> {
    type Value = Option<K::Value>;
    const TYPE: Type = Type::OrFalse(&K::TYPE);

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self::Value>> {
        match value {
            Value::Bool(false) => Ok(Some(None)),
            value => {
                given.expect_false();
                Ok(K::read(value, given)?.map(Some))
            }
        }
    }
}

/// An object with options of its own.
#[derive(Debug)]
pub struct Object<T>(T);

impl<T: Options> Kind for Object<T> {
    type Value = T;
    const TYPE: Type = Type::Object(&T::SCHEMA);

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<T>> {
        let mut own = given.nested(value, "an object")?;
        let options = T::read(&mut own)?;
        given.fields().absorb(own)?;
        Ok(Some(options))
    }
}

fn whole(number: &serde_json::Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
        (float >= 0.0 && float.fract() == 0.0 && float <= 9e15).then_some(float as u64)
    })
}
