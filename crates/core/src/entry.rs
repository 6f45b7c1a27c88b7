//! Entries: a value under a key, until a deadline.

use std::borrow::Borrow;
use std::fmt;
use std::num::NonZeroU64;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;

/// The name of an entry: any UTF-8 text, the empty one included.
///
/// Cloning is cheap, because a key travels to every tier and into the tables of the chain.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

impl Key {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A moment after which an entry is gone, in milliseconds since the Unix epoch.
///
/// Deadlines are absolute so that handing an entry from tier to tier never restarts its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(NonZeroU64);

impl Deadline {
    /// The deadline `millis` milliseconds after the Unix epoch; the epoch itself counts as its first millisecond.
    pub fn at(millis: u64) -> Self {
        Self(NonZeroU64::new(millis).unwrap_or(NonZeroU64::MIN))
    }

    /// Milliseconds since the Unix epoch.
    pub fn millis(self) -> u64 {
        self.0.get()
    }

    /// Returns whether the deadline has come at `now` (milliseconds since the Unix epoch).
    pub fn has_passed(self, now: u64) -> bool {
        self.0.get() <= now
    }

    /// Milliseconds from `now` to the deadline, 0 once it has passed.
    pub fn remaining(self, now: u64) -> u64 {
        self.0.get().saturating_sub(now)
    }
}

/// A value with the deadline up to which it may be served; without one it lives until it is deleted.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value: any bytes, the empty value included.
    pub value: Bytes,
    /// When the entry ends, or `None` for never.
    pub deadline: Option<Deadline>,
}

impl Entry {
    /// An entry without a deadline.
    pub fn new(value: impl Into<Bytes>) -> Self {
        Self { value: value.into(), deadline: None }
    }

    /// An entry that ends at `deadline`.
    pub fn until(value: impl Into<Bytes>, deadline: Deadline) -> Self {
        Self { value: value.into(), deadline: Some(deadline) }
    }

    /// Returns whether the entry has ended at `now` (milliseconds since the Unix epoch).
    pub fn is_expired(&self, now: u64) -> bool {
        self.deadline.is_some_and(|deadline| deadline.has_passed(now))
    }

    /// The same entry, ending at `deadline` at the latest.
    #[must_use]
    pub fn capped(self, deadline: Option<Deadline>) -> Self {
        Self { deadline: earlier(self.deadline, deadline), ..self }
    }
}

/// An entry that is to be written, whose value is copied or shared, as suits the store.
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// The value.
    pub value: Given<'a>,
    /// When the entry ends, or `None` for never.
    pub deadline: Option<Deadline>,
}

/// The value of a [`Draft`].
#[derive(Clone, Copy)]
pub enum Given<'a> {
    /// Somebody else's, who will overwrite it: to be copied.
    Shown(&'a [u8]),
    /// What can be shared.
    Shared(&'a Bytes),
}

impl Given<'_> {
    /// The same value, to be kept.
    pub fn to_bytes(self) -> Bytes {
        match self {
            Self::Shown(bytes) => Bytes::copy_from_slice(bytes),
            Self::Shared(bytes) => bytes.clone(),
        }
    }
}

impl Deref for Given<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Shown(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl Draft<'_> {
    /// The entry that was drafted.
    pub fn to_entry(self) -> Entry {
        Entry { value: self.value.to_bytes(), deadline: self.deadline }
    }

    /// The same draft, ending at `deadline` at the latest.
    #[must_use]
    pub fn capped(self, deadline: Option<Deadline>) -> Self {
        Self { deadline: earlier(self.deadline, deadline), ..self }
    }
}

impl<'a> From<&'a Entry> for Draft<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self { value: Given::Shared(&entry.value), deadline: entry.deadline }
    }
}

/// The earlier one of two deadlines, of which an absent one never comes.
fn earlier(one: Option<Deadline>, other: Option<Deadline>) -> Option<Deadline> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Prints sizes and times only: a value may be a secret.
impl fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("bytes", &self.value.len()).field("deadline", &self.deadline).finish()
    }
}

/// Prints sizes and times only: a value may be a secret.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("bytes", &self.value.len()).field("deadline", &self.deadline).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_never_lengthens_the_life_of_an_entry() {
        let short = Entry::until("v", Deadline::at(10));
        assert_eq!(short.clone().capped(Some(Deadline::at(20))).deadline, Some(Deadline::at(10)));
        assert_eq!(short.clone().capped(None).deadline, Some(Deadline::at(10)));
        assert_eq!(short.capped(Some(Deadline::at(5))).deadline, Some(Deadline::at(5)));
        assert_eq!(Entry::new("v").capped(Some(Deadline::at(5))).deadline, Some(Deadline::at(5)));
    }

    #[test]
    fn debug_output_does_not_hold_the_value() {
        assert!(!format!("{:?}", Entry::new("s3cret")).contains("s3cret"));
    }
}
