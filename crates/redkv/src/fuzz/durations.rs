//! Times as users write them.

use serde_json::Value;

use crate::options::{duration_of, millis_of};
use redkv_testing::Source;

/// 10,000 years.
const MOST: u64 = 315_576_000_000_000;

/// A duration is at least a millisecond and at most 10,000 years, whatever it was read from, and the same whatever
/// stands around it.
pub fn durations(data: &[u8]) {
    let mut source = Source(data);
    let number = source.number();
    assert!(millis_of(f64::from_bits(number)).is_none_or(|millis| (1..=MOST).contains(&millis)));
    if number > 0 && number <= MOST {
        // Numbers of this size are exact.
        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
        let millis = millis_of(number as f64);
        assert_eq!(millis, Some(number));
        assert_eq!(read(&format!("{number}ms")), Some(number));
    }
    for (unit, millis) in [("s", 1000), ("M", 60_000), ("min", 60_000), ("H", 3_600_000), ("d", 86_400_000)] {
        let count = number % 10_000_000_000;
        let expected = Some(count * millis).filter(|millis| (1..=MOST).contains(millis));
        assert_eq!(read(&format!("{count} {unit}")), expected, "{count} {unit}");
    }
    let text = source.text(256);
    let duration = read(&text);
    assert!(duration.is_none_or(|millis| (1..=MOST).contains(&millis)), "{text}");
    assert_eq!(read(&format!(" {text}\t")), duration, "{text}");
}

fn read(text: &str) -> Option<u64> {
    duration_of(&Value::from(text)).and_then(|duration| u64::try_from(duration.as_millis()).ok())
}
