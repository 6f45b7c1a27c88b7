//! Durations as users write them.

use std::time::Duration;

use serde_json::Value;

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
