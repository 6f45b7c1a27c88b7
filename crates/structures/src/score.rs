//! Scores, and how they are kept in bytes that sort as the scores do.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A score: a number or an infinity, and never NaN. Minus zero is zero.
#[derive(Clone, Copy, PartialEq)]
pub struct Score(f64);

impl Eq for Score {}

impl Hash for Score {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl Score {
    /// The lowest score.
    pub const MIN: Self = Self(f64::NEG_INFINITY);
    /// The highest score.
    pub const MAX: Self = Self(f64::INFINITY);

    /// Returns a score; nothing for NaN.
    pub fn new(number: f64) -> Option<Self> {
        // Minus zero and zero are one score, as in Redis.
        (!number.is_nan()).then_some(Self(number + 0.0))
    }

    /// Returns the number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Returns the eight bytes that sort as the scores do: IEEE 754, big-endian, all bits inverted where the sign is set,
    /// else the sign alone. That is the format of `keyvaluestore`.
    pub fn to_sortable(self) -> [u8; 8] {
        sortable(self.0)
    }

    /// Returns the score that is in the first eight bytes; 0 where there are fewer, and for NaN.
    pub fn from_sortable(bytes: &[u8]) -> Self {
        let Some(bytes) = bytes.first_chunk::<8>() else { return Self(0.0) };
        let bits = u64::from_be_bytes(*bytes);
        let bits = if bits >> 63 == 1 { bits ^ (1 << 63) } else { !bits };
        Self::new(f64::from_bits(bits)).unwrap_or(Self(0.0))
    }
}

/// Returns the eight bytes of a number as [`Score::to_sortable`] does; minus zero comes before zero.
pub fn sortable(number: f64) -> [u8; 8] {
    let bits = number.to_bits();
    let bits = if bits >> 63 == 1 { !bits } else { bits ^ (1 << 63) };
    bits.to_be_bytes()
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<i32> for Score {
    fn from(number: i32) -> Self {
        Self(f64::from(number))
    }
}

/// The scores from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScoreRange {
    /// The lowest.
    pub min: Score,
    /// The highest.
    pub max: Score,
}

impl ScoreRange {
    /// Every score.
    pub const ALL: Self = Self { min: Score::MIN, max: Score::MAX };

    /// Returns whether it has no score.
    pub fn is_empty(&self) -> bool {
        self.min > self.max
    }

    /// Returns whether `score` is in it.
    pub fn contains(&self, score: Score) -> bool {
        self.min <= score && score <= self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(number: f64) -> String {
        sortable(number).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn sortable_bytes_are_those_of_the_original() {
        for (number, expected) in [
            (1.5, "bff8000000000000"),
            (-2.0, "3fffffffffffffff"),
            (0.0, "8000000000000000"),
            (-0.0, "7fffffffffffffff"),
            (f64::INFINITY, "fff0000000000000"),
            (f64::NEG_INFINITY, "000fffffffffffff"),
            (1e21, "c44b1ae4d6e2ef50"),
        ] {
            assert_eq!(hex(number), expected, "{number}");
        }
    }

    #[test]
    fn bytes_become_the_score_again_and_minus_zero_becomes_zero() {
        for number in [0.0, 1.5, -2.25, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY] {
            let score = Score::new(number).unwrap();
            assert_eq!(Score::from_sortable(&score.to_sortable()), score);
        }
        assert!(Score::from_sortable(&sortable(-0.0)).get().is_sign_positive());
        assert_eq!(Score::from_sortable(b"short"), Score(0.0));
        assert_eq!(Score::new(f64::NAN), None);
    }
}
