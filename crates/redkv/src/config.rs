//! Options as users write them: read field by field, with errors that name the field.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Reads the fields of one options object. Every field that is asked for counts as known; [`Fields::finish`]
/// refuses what is left over and suggests the nearest known name.
#[derive(Debug)]
pub struct Fields {
    path: String,
    left: Map<String, Value>,
    known: Vec<&'static str>,
    warnings: Vec<String>,
}

impl Fields {
    /// The fields of `options`; `path` stands before field names in errors (such as `options`).
    ///
    /// Absent and `null` options are an empty object.
    pub fn new(path: impl Into<String>, options: Value) -> Result<Self> {
        let path = path.into();
        let left = match options {
            Value::Null => Map::new(),
            Value::Object(map) if in_words(&map).is_none() => {
                map.into_iter().filter(|(_, value)| !value.is_null()).collect()
            }
            _ => return Err(Error::argument(path.clone(), format!("{path} must be an object"))),
        };
        Ok(Self { path, left, known: Vec::new(), warnings: Vec::new() })
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.remove(name)
    }

    fn wrong(&self, name: &str, expected: &str, got: &Value) -> Error {
        let got = match got {
            Value::Number(number) => number.to_string(),
            Value::String(text) if text.is_empty() => "an empty string".to_owned(),
            // The text itself may be a credential in the wrong field.
            Value::String(_) => "a string".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Array(_) => "an array".to_owned(),
            Value::Object(map) => in_words(map).unwrap_or("an object").to_owned(),
            Value::Null => "null".to_owned(),
        };
        Error::argument(name, format!("{}.{name} must be {expected}, got {got}", self.path))
    }

    /// A string; an empty one is refused.
    pub fn string(&mut self, name: &'static str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "a non-empty string", &other)),
        }
    }

    /// A string that may be empty.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "a string", &other)),
        }
    }

    /// A string that must be there.
    pub fn required_string(&mut self, name: &'static str) -> Result<String> {
        let missing = Error::argument(name, format!("{}.{name} is required", self.path));
        self.string(name)?.ok_or(missing)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &'static str) -> Result<Option<bool>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(other) => Err(self.wrong(name, "true or false", &other)),
        }
    }

    /// A whole number from `min` to `max`; text of digits counts as a number, as it did in 1.x.
    pub fn integer(&mut self, name: &'static str, min: u64, max: u64) -> Result<Option<u64>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = match &value {
            Value::Number(number) => whole(number),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if (min..=max).contains(&number) => Ok(Some(number)),
            _ if max == u64::MAX => Err(self.wrong(name, &format!("a whole number from {min}"), &value)),
            _ => Err(self.wrong(name, &format!("a whole number from {min} to {max}"), &value)),
        }
    }

    /// Whether the field is `false`. If so it is read; otherwise it is left for another reading.
    pub fn is_off(&mut self, name: &'static str) -> bool {
        let is_off = self.left.get(name) == Some(&Value::Bool(false));
        if is_off {
            self.take(name);
        }
        is_off
    }

    /// A positive duration: milliseconds as a number, or text such as `'250ms'`, `'10s'`, `'5m'`, `'2h'`, `'7d'`.
    pub fn duration(&mut self, name: &'static str) -> Result<Option<Duration>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match duration_of(&value) {
            Some(duration) => Ok(Some(duration)),
            None => Err(self.wrong(name, DURATION, &value)),
        }
    }

    /// An object with fields of its own, or an empty one where it is absent.
    pub fn object(&mut self, name: &'static str) -> Result<Self> {
        let value = self.take(name).unwrap_or(Value::Null);
        Self::new(format!("{}.{name}", self.path), value)
    }

    /// The fields of `value`, an option called `name` that may also be something else than an object: `expected` says
    /// what, for the error.
    pub fn nested(&self, name: &'static str, value: Value, expected: &str) -> Result<Self> {
        let wrong = self.wrong(name, expected, &value);
        Self::new(format!("{}.{name}", self.path), value).map_err(|_| wrong)
    }

    /// The value as it came, for options that take more than one form.
    pub fn any(&mut self, name: &'static str) -> Option<Value> {
        self.take(name)
    }

    /// Accepts options of the clients of 1.x that have no meaning here, and warns about those that are set.
    pub fn ignore(&mut self, names: &[&'static str]) {
        for name in names {
            if self.take(name).is_some() {
                self.warnings.push(format!("{}.{name} has no effect in RedKV 2 and is ignored", self.path));
            }
        }
    }

    /// Ends the reading of `nested`, an object among these fields, and takes over its warnings.
    pub fn absorb(&mut self, nested: Self) -> Result<()> {
        self.warnings.extend(nested.finish()?);
        Ok(())
    }

    /// Refuses what nobody asked for, and answers with the warnings for the user.
    pub fn finish(self) -> Result<Vec<String>> {
        let Some(unknown) = self.left.keys().next() else { return Ok(self.warnings) };
        let nearest = nearest(unknown, &self.known);
        let hint = nearest.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
        Err(Error::argument(unknown.as_str(), format!("unknown option '{unknown}' in {}{hint}", self.path)))
    }
}

/// What the caller gave where JSON has no words for it, such as a function: an object with a field without a name. Only
/// these words are taken for that: an object of a user may have such a field too, and hold a credential.
fn in_words(map: &Map<String, Value>) -> Option<&'static str> {
    let given = map.get("").and_then(Value::as_str)?;
    IN_WORDS.iter().find(|words| **words == given).copied()
}

/// As `lib/options.js` writes them.
const IN_WORDS: [&str; 6] =
    ["a function", "a reference to an object around it", "a symbol", "Infinity", "-Infinity", "NaN"];

/// What a duration looks like, for messages.
pub const DURATION: &str = "a positive number of milliseconds or a string such as '10s'";

/// A duration as users write it: milliseconds as a number, or text with a unit. `None` when it is not positive,
/// not finite, shorter than a millisecond, or not a duration at all.
pub fn duration_of(value: &Value) -> Option<Duration> {
    let millis = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => {
            let text = text.trim();
            let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
                "ms" => 1.0,
                "s" => 1e3,
                "m" | "min" => 6e4,
                "h" => 36e5,
                "d" => 864e5,
                _ => return None,
            };
            digits.trim().parse::<f64>().ok()? * unit
        }
        _ => return None,
    };
    millis_of(millis).map(Duration::from_millis)
}

/// Milliseconds as JavaScript gives them, up to 10,000 years. `None` when they are not a duration: NaN,
/// infinite, or below one millisecond.
pub fn millis_of(millis: f64) -> Option<u64> {
    const TEN_THOUSAND_YEARS: f64 = 315_576_000_000_000.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
    (1.0..=TEN_THOUSAND_YEARS).contains(&millis).then_some(millis.ceil() as u64)
}

fn whole(number: &serde_json::Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
        (float >= 0.0 && float.fract() == 0.0 && float <= 9e15).then_some(float as u64)
    })
}

/// The known name that a misspelt one most likely meant.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    // Only of so much text: the distance takes time and memory with the product of the lengths.
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_ascii_lowercase();
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_ascii_lowercase()), *candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(options: Value) -> Fields {
        Fields::new("options", options).unwrap()
    }

    #[test]
    fn an_unknown_option_is_refused_with_the_nearest_name() {
        let mut fields = fields(json!({ "hots": "127.0.0.1" }));
        fields.string("host").unwrap();
        fields.string("port").unwrap();
        let error = fields.finish().unwrap_err();
        assert_eq!(error.field(), Some("hots"));
        assert_eq!(error.message(), "unknown option 'hots' in options; did you mean 'host'?");
    }

    #[test]
    fn a_field_of_a_wrong_type_is_named_and_its_text_is_not_repeated() {
        let error = fields(json!({ "port": "s3cret" })).integer("port", 1, 65535).unwrap_err();
        assert_eq!(error.field(), Some("port"));
        assert_eq!(error.message(), "options.port must be a whole number from 1 to 65535, got a string");
    }

    #[test]
    fn what_json_has_no_words_for_fits_no_type() {
        let function = json!({ "": "a function" });
        let error = fields(json!({ "path": function })).string("path").unwrap_err();
        assert_eq!(error.message(), "options.path must be a non-empty string, got a function");
        assert_eq!(Fields::new("options", function.clone()).unwrap_err().field(), Some("options"));
        assert_eq!(
            fields(json!({ "tls": function })).object("tls").unwrap_err().field(),
            Some("options.tls")
        );
    }

    #[test]
    fn words_of_a_user_are_not_repeated() {
        let error = fields(json!({ "port": { "": "s3cret" } })).integer("port", 1, 65535).unwrap_err();
        assert_eq!(error.message(), "options.port must be a whole number from 1 to 65535, got an object");
    }

    #[test]
    fn durations_are_milliseconds_or_text_with_a_unit() {
        let duration = |value| duration_of(&value).map(|d| d.as_millis());
        assert_eq!(duration(json!(1500)), Some(1500));
        assert_eq!(duration(json!("250ms")), Some(250));
        assert_eq!(duration(json!("10s")), Some(10_000));
        assert_eq!(duration(json!("1.5h")), Some(5_400_000));
        assert_eq!(duration(json!("2 d")), Some(172_800_000));
    }

    #[test]
    fn what_is_not_a_positive_duration_is_refused() {
        for value in
            [json!(0), json!(-1), json!("0s"), json!("soon"), json!("10"), json!(true), json!("NaNs")]
        {
            assert_eq!(duration_of(&value), None, "{value}");
        }
        assert_eq!(millis_of(f64::NAN), None);
        assert_eq!(millis_of(f64::INFINITY), None);
    }

    #[test]
    fn options_of_old_clients_are_accepted_with_a_warning() {
        let mut fields = fields(json!({ "retry_strategy": "[function]" }));
        fields.ignore(&["retry_strategy", "parser"]);
        assert_eq!(
            fields.finish().unwrap(),
            ["options.retry_strategy has no effect in RedKV 2 and is ignored"]
        );
    }
}
