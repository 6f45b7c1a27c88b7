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

/// What the caller gave where JSON has no words for it, such as a function: an object with a field without a name. Only
/// these words are taken for that: an object of a user may have such a field too, and hold a credential.
pub(super) fn in_words(map: &Map<String, Value>) -> Option<&'static str> {
    let given = map.get("").and_then(Value::as_str)?;
    IN_WORDS.iter().find(|words| **words == given).copied()
}

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
