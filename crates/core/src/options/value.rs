//! What was given for an option, described without repeating it.

use serde_json::{Map, Value};

/// What `value` is, without a word of what the caller wrote: that may be a credential in a wrong field.
pub(super) fn described(value: &Value) -> &'static str {
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

/// Whether it is an address with a user, a password or parameters in it, as it is or percent-encoded, also a broken one.
pub(super) fn has_credentials(text: &str) -> bool {
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

/// Returns the text of a url, which was given as text or as an object of the class `URL`.
pub fn href(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| of_url(value)?.get("href")?.as_str())
}

/// Returns the path that a `URL` of a file stands for, or `Some(None)` for another `URL`.
pub(super) fn path_of_url(value: &Value) -> Option<Option<&str>> {
    Some(of_url(value)?.get("path").and_then(Value::as_str))
}

/// Returns what `lib/options.js` writes for an object of the class `URL`: its `href`, and its `path` if it has one.
fn of_url(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object().filter(|map| in_words(map) == Some(URL))
}

/// What the caller gave where JSON has no words for it, such as a function: an object with a field without a name. Only
/// these words are taken for that: an object of a user may have such a field too, and hold a credential.
pub(super) fn in_words(map: &Map<String, Value>) -> Option<&'static str> {
    let given = map.get("").and_then(Value::as_str)?;
    IN_WORDS.iter().find(|words| **words == given).copied()
}

/// As `lib/options.js` writes them.
const IN_WORDS: [&str; 17] = [
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
    URL,
    "a symbol",
    "an object around a primitive",
    "an object within too many others",
    "bytes that are no text",
    "text with a lone surrogate",
];

const URL: &str = "a URL";
