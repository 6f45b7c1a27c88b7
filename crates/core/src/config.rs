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
    /// What counts where it is asked for, and is no mistake where it is not.
    hidden: Map<String, Value>,
    known: Vec<&'static str>,
    missing: Option<&'static str>,
    elsewhere: Vec<Elsewhere>,
    warnings: Vec<String>,
}

/// An option of another object: its name, and where that object is.
pub type Elsewhere = (&'static str, &'static str);

impl Fields {
    /// The fields of `options`; `path` stands before field names in errors (such as `options`).
    ///
    /// Absent and `null` options are an empty object.
    pub fn new(path: impl Into<String>, options: Value) -> Result<Self> {
        let path = path.into();
        let given = match options {
            Value::Null => Map::new(),
            Value::Object(map) if in_words(&map).is_none() => map,
            other => {
                let message = format!("{path} must be an object, got {}", described(&other));
                return Err(Error::argument(path, message));
            }
        };
        let (mut left, mut hidden) = (Map::new(), Map::new());
        for (name, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
            match name.strip_prefix(HIDDEN) {
                Some(name) => hidden.insert(name.to_owned(), value),
                None => left.insert(name, value),
            };
        }
        Ok(Self {
            path,
            left,
            hidden,
            known: Vec::new(),
            missing: None,
            elsewhere: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// Says where options belong that are none of this object, for the error about them.
    #[must_use]
    pub fn but_not(mut self, elsewhere: impl IntoIterator<Item = Elsewhere>) -> Self {
        self.elsewhere.extend(elsewhere);
        self
    }

    /// The options that were asked for.
    pub fn known(&self) -> &[&'static str] {
        &self.known
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.remove(name).or_else(|| self.hidden.remove(name))
    }

    fn wrong(&self, name: &str, expected: &str, got: &Value) -> Error {
        let got = match got {
            // Where a number is expected it is no credential.
            Value::Number(number) if expected.contains("number") => number.to_string(),
            got => described(got).to_owned(),
        };
        Error::argument(name, format!("{}.{name} must be {expected}, got {got}", self.path))
    }

    /// A string; an empty one is refused, and so is a url with credentials: messages repeat names of hosts, tables and files.
    pub fn string(&mut self, name: &'static str) -> Result<Option<String>> {
        match self.url(name)? {
            Some(text) if has_credentials(&text) => {
                let message = format!("{}.{name} must not be a url with credentials", self.path);
                Err(Error::argument(name, message))
            }
            text => Ok(text),
        }
    }

    /// A string that may hold credentials; an empty one is refused.
    pub fn url(&mut self, name: &'static str) -> Result<Option<String>> {
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
        match self.string(name)? {
            Some(text) => Ok(text),
            None => Err(self.missing_field(name)),
        }
    }

    /// The error for a field that must be there and is not.
    pub fn missing_field(&mut self, name: &'static str) -> Error {
        self.missing = Some(name);
        Error::argument(name, format!("{}.{name} is required", self.path))
    }

    /// The field for whose absence the reading ended.
    pub fn missing(&self) -> Option<&'static str> {
        self.missing
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
        let is_off = self.left.get(name).or_else(|| self.hidden.get(name)) == Some(&Value::Bool(false));
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

    /// The text of the field, where it is one; anything else is left for another reading.
    pub fn word(&mut self, name: &'static str) -> Option<String> {
        let word = self.left.get(name).or_else(|| self.hidden.get(name))?.as_str()?.to_owned();
        self.take(name);
        Some(word)
    }

    /// Whether the field was given and is not read yet.
    pub fn has(&self, name: &str) -> bool {
        self.left.contains_key(name) || self.hidden.contains_key(name)
    }

    /// Takes `value` as if it had been given for the field.
    pub fn put(&mut self, name: &str, value: Value) {
        self.left.insert(name.to_owned(), value);
    }

    /// Accepts options of the clients of 1.x that have no meaning here, and warns about those that are set. Where RedKV
    /// has an option of the same name in another place, the warning says so.
    pub fn ignore(&mut self, names: &[&'static str]) {
        for name in names {
            if self.take(name).is_some() {
                let place = self.elsewhere.iter().find(|(other, _)| other == name);
                let hint = place.map(|(_, place)| format!(": what RedKV calls so belongs {place}"));
                let hint = hint.unwrap_or_default();
                let warning = format!("{}.{name} has no effect in RedKV 2 and is ignored{hint}", self.path);
                self.warnings.push(warning);
            }
        }
    }

    /// Warns, once for all of them, about options that are given under names that are read, but not documented any more:
    /// `(older, documented)`.
    pub fn prefer(&mut self, names: &[(&'static str, &'static str)]) {
        let given = names.iter().filter(|(older, _)| self.has(older));
        let said: Vec<_> = given.map(|(older, name)| format!("{name} instead of {older}")).collect();
        if !said.is_empty() {
            self.warnings.push(format!("{}: write {}", self.path, said.join(", ")));
        }
    }

    /// Has something for the user beside an error.
    pub fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Ends the reading of `nested`, an object among these fields, and takes over its warnings.
    pub fn absorb(&mut self, nested: Self) -> Result<()> {
        self.warnings.extend(nested.finish()?);
        Ok(())
    }

    /// What nobody asked for, of an object whose names are the user's.
    pub fn rest(self) -> Map<String, Value> {
        self.left
    }

    /// Refuses what nobody asked for, and answers with the warnings for the user.
    pub fn finish(self) -> Result<Vec<String>> {
        let Some(unknown) = self.left.keys().next() else { return Ok(self.warnings) };
        let hint = self.hint(unknown);
        if unknown.len() > 4 && hint.is_empty() && !is_word(unknown) {
            // No option: a credential, as it may be, in the place of a name.
            let message = format!("an option in {} has a name that is no word", self.path);
            let object = self.path.rsplit('.').next().unwrap_or_default();
            return Err(Error::argument(object, message));
        }
        let message = format!("unknown option '{unknown}' in {}{hint}", self.path);
        Err(Error::argument(unknown.as_str(), message))
    }

    fn hint(&self, unknown: &str) -> String {
        if let Some((_, place)) = self.elsewhere.iter().find(|(name, _)| *name == unknown) {
            return format!(": it belongs {place}");
        }
        let others = OF_OTHERS.iter().filter(|(name, _)| name.eq_ignore_ascii_case(unknown));
        let meant = others.flat_map(|(_, meant)| *meant).find(|meant| self.known.contains(meant));
        if let Some(name) = meant.copied().or_else(|| nearest(unknown, &self.known)) {
            return format!("; did you mean '{name}'?");
        }
        let names: Vec<_> = self.elsewhere.iter().map(|(name, _)| *name).collect();
        let meant = nearest(unknown, &names);
        let meant = meant.and_then(|meant| self.elsewhere.iter().find(|(name, _)| *name == meant));
        meant
            .map(|(name, place)| format!("; did you mean '{name}', which belongs {place}?"))
            .unwrap_or_default()
    }
}

/// What other clients and packages call options, and what those may be called here.
const OF_OTHERS: &[(&str, &[&str])] = &[
    ("connections", &["max"]),
    ("connectionString", &["url"]),
    ("database", &["db"]),
    ("db", &["database"]),
    ("dir", &["path"]),
    ("directory", &["path"]),
    ("file", &["path"]),
    ("filename", &["path"]),
    ("folder", &["path"]),
    ("hostname", &["host"]),
    ("keyPrefix", &["prefix"]),
    ("max", &["maxEntries", "connectionLimit"]),
    ("maxConnections", &["max"]),
    ("maxSize", &["maxBytes"]),
    ("pass", &["password"]),
    ("passwd", &["password"]),
    ("poolSize", &["max"]),
    ("pwd", &["password"]),
    ("server", &["host"]),
    ("socket", &["socketPath", "host"]),
    ("ssl", &["tls"]),
    ("table", &["tableName"]),
    ("tls", &["ssl"]),
    ("uri", &["url"]),
];

/// What `value` is, without a word of what the caller wrote: that may be a credential in a wrong field.
fn described(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty string",
        Value::String(_) => "a string",
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Array(_) => "an array",
        Value::Object(map) => in_words(map).unwrap_or("an object"),
        Value::Null => "null",
    }
}

/// Whether it is a word that a message may repeat, and neither a number nor an address nor a key that came to stand in
/// the place of a name.
pub fn is_word(name: &str) -> bool {
    let is_of_word =
        |c: char| c.is_alphabetic() || matches!(c, '-' | '_' | '$' | char::REPLACEMENT_CHARACTER);
    name.len() <= 40 && name.chars().all(is_of_word)
}

/// Whether it is an address with a user, a password or parameters in it, as it is or percent-encoded, also a broken one.
fn has_credentials(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let text = lower.replace("%3a", ":").replace("%2f", "/").replace("%40", "@").replace("%3f", "?");
    if text.split_once("://").is_some_and(|(_, rest)| rest.contains(['@', '?'])) {
        return true;
    }
    let rest = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let has_name = rest.len() < text.len();
    let is_drive = rest.len() + 1 == text.len() && (rest.starts_with(":\\") || rest.starts_with(":/"));
    (rest.starts_with("//") || (has_name && rest.starts_with(':') && !is_drive))
        && rest.rsplit_once('@').is_some_and(|(before, _)| before.contains(':'))
}

/// What the caller gave where JSON has no words for it, such as a function: an object with a field without a name. Only
/// these words are taken for that: an object of a user may have such a field too, and hold a credential.
fn in_words(map: &Map<String, Value>) -> Option<&'static str> {
    let given = map.get("").and_then(Value::as_str)?;
    IN_WORDS.iter().find(|words| **words == given).copied()
}

/// Begins the name of a field that is hidden, as `lib/options.js` writes it.
const HIDDEN: char = '\0';

/// As `lib/options.js` writes them.
const IN_WORDS: [&str; 16] = [
    "-Infinity",
    "Infinity",
    "NaN",
    "a Date",
    "a Map",
    "a Promise",
    "a RegExp",
    "a Set",
    "a function",
    "a list that is too long",
    "a reference to an object around it",
    "a symbol",
    "an object around a primitive",
    "an object within too many others",
    "bytes that are no text",
    "text with a lone surrogate",
];

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
    fn an_option_as_other_clients_call_it_is_refused_with_the_name_here() {
        let refused = |given: &str, known: &'static str| {
            let mut fields = fields(json!({ given: "x" }));
            fields.string(known).unwrap();
            fields.string("path").unwrap();
            fields.finish().unwrap_err().message().to_owned()
        };
        for (given, known) in
            [("pass", "password"), ("hostname", "host"), ("Table", "tableName"), ("db", "database")]
        {
            let message = format!("unknown option '{given}' in options; did you mean '{known}'?");
            assert_eq!(refused(given, known), message);
        }
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
    fn a_number_is_repeated_only_where_one_is_expected() {
        let error = fields(json!({ "password": 4_815_162_342_u64 })).text("password").unwrap_err();
        assert_eq!(error.message(), "options.password must be a string, got a number");
        let error = fields(json!({ "port": 70_000 })).integer("port", 1, 65535).unwrap_err();
        assert_eq!(error.message(), "options.port must be a whole number from 1 to 65535, got 70000");
    }

    #[test]
    fn a_number_in_the_place_of_a_name_is_not_repeated() {
        let error = fields(json!({ "4815162342": 1 })).finish().unwrap_err();
        assert_eq!(error.message(), "an option in options has a name that is no word");
        let error = Fields::new("options.tls", json!({ "4815162342": 1 })).unwrap().finish().unwrap_err();
        assert_eq!(error.message(), "an option in options.tls has a name that is no word");
        assert_eq!(error.field(), Some("tls"));
    }

    #[test]
    fn a_hidden_field_counts_where_it_is_known_and_is_no_mistake_where_it_is_not() {
        let mut fields = fields(json!({ "\0host": "h", "\0get": { "": "a function" } }));
        assert_eq!(fields.string("host").unwrap().as_deref(), Some("h"));
        assert_eq!(fields.finish().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_option_of_another_object_is_refused_with_the_place_where_it_belongs() {
        let refused = |name: &str| {
            let mut fields = fields(json!({ name: 5 })).but_not([("ttl", "to the tier")]);
            fields.string("host").unwrap();
            fields.finish().unwrap_err().message().to_owned()
        };
        assert_eq!(refused("ttl"), "unknown option 'ttl' in options: it belongs to the tier");
        assert_eq!(
            refused("tll"),
            "unknown option 'tll' in options; did you mean 'ttl', which belongs to the tier?"
        );
    }

    #[test]
    fn an_unknown_name_that_is_no_word_is_not_repeated() {
        for name in ["47114711", "redis://:s3cret@h", "s3cret", "my word"] {
            let error = fields(json!({ name: 1 })).finish().unwrap_err();
            assert_eq!(error.field(), Some("options"));
            assert!(!format!("{error:?}").contains(name), "{error:?}");
        }
    }

    #[test]
    fn a_url_with_credentials_is_no_name() {
        for url in ["redis://:s3cret@h", "redis%3A%2F%2F%3As3cret%40h", "redis://h?token=s3cret"] {
            let error = fields(json!({ "host": url })).string("host").unwrap_err();
            assert_eq!(error.message(), "options.host must not be a url with credentials");
            assert!(fields(json!({ "url": url })).url("url").is_ok());
        }
        for broken in
            ["redis:/:s3cret@h", "redis:u:s3cret@h", "redis//u:s3cret@h", "u:s3cret@h", "//:s3cret@h"]
        {
            let error = fields(json!({ "path": broken })).string("path").unwrap_err();
            assert_eq!(error.message(), "options.path must not be a url with credentials", "{broken}");
        }
        for path in ["C:\\a@b", "/a:b@c", "./a:b@c", ":memory:", "arn:aws:s3:b"] {
            assert!(fields(json!({ "path": path })).string("path").is_ok(), "{path}");
        }
        assert!(fields(json!({ "path": "file:///a@b" })).string("path").is_err());
        assert!(fields(json!({ "path": "/a@b" })).string("path").is_ok());
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
    fn options_under_older_names_give_one_warning_that_says_what_to_write() {
        let mut fields = fields(json!({ "auth_pass": "s3cret", "connect_timeout": 250 }));
        fields.prefer(&[
            ("auth_pass", "password"),
            ("connect_timeout", "connectTimeout"),
            ("user", "username"),
        ]);
        assert_eq!(fields.string("auth_pass").unwrap().as_deref(), Some("s3cret"));
        assert_eq!(fields.integer("connect_timeout", 0, 999).unwrap(), Some(250));
        let warning =
            "options: write password instead of auth_pass, connectTimeout instead of connect_timeout";
        assert_eq!(fields.finish().unwrap(), [warning]);
    }

    #[test]
    fn options_of_old_clients_are_accepted_with_a_warning() {
        let mut fields = fields(json!({ "retry_strategy": "[function]" }));
        fields.ignore(&["retry_strategy", "parser"]);
        assert_eq!(
            fields.finish().unwrap(),
            ["options.retry_strategy has no effect in RedKV 2 and is ignored"]
        );
        let mut fields = Fields::new("options", json!({ "timeout": 250 })).unwrap();
        fields = fields.but_not([("timeout", "to a tier")]);
        fields.ignore(&["timeout"]);
        let warning =
            "options.timeout has no effect in RedKV 2 and is ignored: what RedKV calls so belongs to a tier";
        assert_eq!(fields.finish().unwrap(), [warning]);
    }
}
