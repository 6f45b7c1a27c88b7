//! Records, and where they are.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The attributes that are not fields: hash key, range key, version, expiry and value.
pub const NAMES: [&str; 5] = ["id", "name", "version", "expires", "payload"];

/// The attribute with the name of the partition: the hash key of the table.
pub const ID: &str = "id";
/// The attribute with the key of a record in its partition: the range key of the table.
pub const NAME: &str = "name";

/// No version is larger: JavaScript counts exactly no further.
pub const LARGEST_VERSION: u64 = (1 << 53) - 1;

/// So many seconds after it has expired may an embedded backend remove a record: about as late as DynamoDB does it.
pub const KEPT_EXPIRED: i64 = 48 * 60 * 60;

/// Where a record is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The name of the partition.
    pub partition: Arc<str>,
    /// The key in it.
    pub key: Arc<str>,
}

impl Place {
    /// Creates the place of a record.
    pub fn new(partition: impl Into<Arc<str>>, key: impl Into<Arc<str>>) -> Self {
        Self { partition: partition.into(), key: key.into() }
    }
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it is.
    pub place: Place,
    /// Grows by one with each write, up to [`LARGEST_VERSION`]. Begins at 1: what another program wrote without one is at 0.
    pub version: u64,
    /// The second since the Unix epoch from whose beginning on it is absent; `None` if it never is.
    pub expires: Option<i64>,
    /// The value; `None` if none was ever written.
    pub value: Option<Box<str>>,
    /// Its fields: attributes besides [`NAMES`].
    pub fields: BTreeMap<String, String>,
}

impl Record {
    /// Returns whether it is absent at `now`, in milliseconds since the Unix epoch.
    pub fn has_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| has_expired(expires, now))
    }

    /// Returns the attribute called `name` as an index reads it, if it is a text.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        match name {
            ID => Some(&self.place.partition),
            NAME => Some(&self.place.key),
            "payload" => self.value.as_deref(),
            _ => self.fields.get(name).map(String::as_str),
        }
    }

    /// Returns about how many bytes it has.
    pub fn bytes(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.place.partition.len()
            + self.place.key.len()
            + self.value.as_ref().map_or(0, |value| value.len())
            + fields
    }
}

/// Returns whether what expires in that second is absent at `now`, in milliseconds.
pub fn has_expired(expires: i64, now: u64) -> bool {
    expires <= seconds(now)
}

/// Returns the second that `now`, in milliseconds, is in. What expires in this second, or before, is absent.
pub fn seconds(now: u64) -> i64 {
    i64::try_from(now / 1000).unwrap_or(i64::MAX)
}

/// Returns the second at which what is written at `now` expires after `ttl`, both in milliseconds: rounded up.
pub fn expiry_after(now: u64, ttl: u64) -> i64 {
    i64::try_from(now.saturating_add(ttl).div_ceil(1000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_live_is_rounded_up_to_whole_seconds() {
        assert_eq!(expiry_after(1_000, 1), 2);
        assert_eq!(expiry_after(1_000, 1_000), 2);
        assert_eq!(expiry_after(1_001, 1_000), 3);
    }

    #[test]
    fn a_record_is_absent_once_its_second_has_begun() {
        assert!(!has_expired(2, 1_999));
        assert!(has_expired(2, 2_000));
    }
}
