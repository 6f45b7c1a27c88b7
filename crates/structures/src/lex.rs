//! Ranges of members by their bytes.

use bytes::Bytes;
use redkv_core::error::{Error, Result};

/// An end of a range.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LexBound {
    /// Before all members: `-`.
    Lowest,
    /// After all members: `+`.
    Highest,
    /// This one, and it belongs to the range: `[member`.
    Included(Bytes),
    /// This one, and it does not belong to the range: `(member`.
    Excluded(Bytes),
}

impl LexBound {
    /// Reads a bound as Redis writes it; `field` is what it is called in the error.
    pub fn parse(field: &'static str, text: &[u8]) -> Result<Self> {
        match text {
            b"-" => Ok(Self::Lowest),
            b"+" => Ok(Self::Highest),
            [b'[', member @ ..] => Ok(Self::Included(Bytes::copy_from_slice(member))),
            [b'(', member @ ..] => Ok(Self::Excluded(Bytes::copy_from_slice(member))),
            _ => {
                let message =
                    format!("{field} must be '-', '+', or begin with '[' (included) or '(' (excluded)");
                Err(Error::argument(field, message))
            }
        }
    }

    /// Returns the bound as Redis writes it.
    pub fn to_redis(&self) -> Vec<u8> {
        let with = |sign: u8, member: &Bytes| [&[sign], &member[..]].concat();
        match self {
            Self::Lowest => b"-".to_vec(),
            Self::Highest => b"+".to_vec(),
            Self::Included(member) => with(b'[', member),
            Self::Excluded(member) => with(b'(', member),
        }
    }
}

/// The members from one to another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LexRange {
    /// Where it begins.
    pub min: LexBound,
    /// Where it ends.
    pub max: LexBound,
}

impl LexRange {
    /// Every member.
    pub const ALL: Self = Self { min: LexBound::Lowest, max: LexBound::Highest };

    /// Returns whether no member can be in it: its ends are the wrong way round, or touch without one that belongs to it.
    pub fn is_empty(&self) -> bool {
        match (&self.min, &self.max) {
            (LexBound::Highest, _) | (_, LexBound::Lowest) => true,
            (LexBound::Lowest, _) | (_, LexBound::Highest) => false,
            (LexBound::Included(min), LexBound::Included(max)) => min > max,
            (
                LexBound::Included(min) | LexBound::Excluded(min),
                LexBound::Included(max) | LexBound::Excluded(max),
            ) => min >= max,
        }
    }

    /// Returns how many bytes its ends have.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = |bound: &LexBound| match bound {
            LexBound::Included(member) | LexBound::Excluded(member) => member.len(),
            LexBound::Lowest | LexBound::Highest => 0,
        };
        bytes(&self.min) + bytes(&self.max)
    }

    /// Returns whether `member` is in it.
    pub fn contains(&self, member: &[u8]) -> bool {
        let is_after = match &self.min {
            LexBound::Lowest => true,
            LexBound::Highest => false,
            LexBound::Included(min) => member >= &min[..],
            LexBound::Excluded(min) => member > &min[..],
        };
        let is_before = match &self.max {
            LexBound::Lowest => false,
            LexBound::Highest => true,
            LexBound::Included(max) => member <= &max[..],
            LexBound::Excluded(max) => member < &max[..],
        };
        is_after && is_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(min: &str, max: &str) -> LexRange {
        let bound = |field, text: &str| LexBound::parse(field, text.as_bytes()).unwrap();
        LexRange { min: bound("min", min), max: bound("max", max) }
    }

    #[test]
    fn bounds_include_or_exclude() {
        assert!(range("[b", "[b").contains(b"b"));
        assert!(!range("(a", "(b").contains(b"b"));
        assert!(range("-", "+").contains(b""));
        assert!(range("(", "+").contains(b"a") && !range("(", "+").contains(b""));
    }

    #[test]
    fn a_range_the_wrong_way_round_is_empty() {
        for (min, max) in
            [("[c", "[b"), ("(b", "(b"), ("(b", "[b"), ("+", "+"), ("+", "-"), ("-", "-"), ("[a", "-")]
        {
            assert!(range(min, max).is_empty(), "{min} {max}");
        }
        assert!(!range("[b", "[b").is_empty());
    }

    #[test]
    fn a_bound_without_a_sign_is_refused_by_name() {
        let error = LexBound::parse("min", b"a").unwrap_err();
        assert_eq!(error.field(), Some("min"));
        assert!(LexBound::parse("max", b"").is_err());
    }
}
