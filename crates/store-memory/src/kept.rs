//! A stored entry with its key, in as few cache lines as possible.

use std::hash::{Hash, Hasher};

use bytes::Bytes;
use quick_cache::Equivalent;
use smallvec::SmallVec;
use triomphe::{Arc, ThinArc};

use redkv_core::entry::{Deadline, Draft, Entry};

/// One pointer to one allocation, so that the maps of many entries stay in a cache of the processor, and only the
/// entry itself has to be fetched: its head, its key, and right behind that its value. A clone is the same entry.
#[derive(Clone)]
pub(super) struct Kept(ThinArc<Head, u8>);

struct Head {
    deadline: Option<Deadline>,
    /// The value, if it is too large to be copied.
    apart: Option<Box<Bytes>>,
    key_length: usize,
}

/// Up to this size it costs no more to copy a value than to count who shares it.
const MOST_COPIED: usize = 1024;

impl Kept {
    /// `entry` under `name`.
    pub(super) fn new(Name(key): Name<'_>, Draft { value, deadline }: Draft<'_>) -> Self {
        let head = |apart| Head { deadline, apart, key_length: key.len() };
        Self(if value.len() > MOST_COPIED {
            ThinArc::from_header_and_slice(head(Some(Box::new(value.to_bytes()))), key)
        } else {
            let mut text = SmallVec::<[u8; MOST_COPIED]>::new();
            text.extend_from_slice(key);
            text.extend_from_slice(&value);
            ThinArc::from_header_and_slice(head(None), &text)
        })
    }

    /// Becomes `entry` under its own `name`, if it has room for just that and nobody shares it: that leaves out the
    /// allocator, and fetches no other memory.
    pub(super) fn overwrite(&mut self, name: Name<'_>, Draft { value, deadline }: Draft<'_>) -> bool {
        self.0.with_arc_mut(|arc| {
            let Some(kept) = Arc::get_mut(arc) else { return false };
            let fits = kept.header().apart.is_none() && kept.length() == name.0.len() + value.len();
            if fits {
                kept.slice_mut()[name.0.len()..].copy_from_slice(&value);
                kept.header_mut().deadline = deadline;
            }
            fits
        })
    }

    fn head(&self) -> &Head {
        &self.0.header.header
    }

    /// Has the processor fetch the entry, and answers with something that cannot be known without.
    pub(super) fn fetch(&self) -> u8 {
        self.0.slice.last().copied().unwrap_or_default()
    }

    pub(super) fn deadline(&self) -> Option<Deadline> {
        self.head().deadline
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.0.slice[..self.head().key_length]
    }

    /// The value of this entry, whose key is `name`: the processor then knows where the value is, and fetches it
    /// along with the key, before it could read here how long the key is.
    pub(super) fn value(&self, name: Name<'_>) -> &[u8] {
        match &self.head().apart {
            Some(value) => value,
            None => &self.0.slice[name.0.len()..],
        }
    }

    /// Bytes of key and value.
    pub(super) fn size(&self) -> usize {
        self.0.slice.len() + self.head().apart.as_ref().map_or(0, |value| value.len())
    }

    /// A copy of this entry, whose key is `name`.
    pub(super) fn to_entry(&self, name: Name<'_>) -> Entry {
        let value = match &self.head().apart {
            Some(value) => Bytes::clone(value),
            None => Bytes::copy_from_slice(self.value(name)),
        };
        Entry { value, deadline: self.deadline() }
    }
}

/// By their keys, as the map needs it.
impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Kept {}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Name(self.key()).hash(state);
    }
}

/// A key that is looked up.
#[derive(Clone, Copy)]
pub(super) struct Name<'a>(pub(super) &'a [u8]);

impl Hash for Name<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Nothing is hashed beside it, so that its length needs no mark.
        state.write(self.0);
    }
}

impl Name<'_> {
    pub(super) fn is_of(&self, kept: &Kept) -> bool {
        self.0 == kept.key()
    }
}

impl Equivalent<Kept> for Name<'_> {
    fn equivalent(&self, kept: &Kept) -> bool {
        self.is_of(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_keeps(key: &str, entry: &Entry) {
        let name = Name(key.as_bytes());
        let kept = Kept::new(name, entry.into());
        assert_eq!(kept.key(), key.as_bytes());
        assert_eq!(kept.value(name), &entry.value[..]);
        assert_eq!(kept.deadline(), entry.deadline);
        assert_eq!(kept.size(), key.len() + entry.value.len());
        assert_eq!(kept.to_entry(name), *entry);
    }

    #[test]
    fn key_value_and_deadline_come_back_as_they_were() {
        assert_keeps("", &Entry::new(""));
        assert_keeps("key", &Entry::new("value"));
        assert_keeps("clé", &Entry::until(vec![0, 0xff], Deadline::at(1)));
        assert_keeps(&"k".repeat(70_000), &Entry::new("value"));
    }

    #[test]
    fn they_do_so_round_the_size_from_which_on_values_are_shared() {
        assert_keeps("key", &Entry::until("v".repeat(MOST_COPIED), Deadline::at(u64::MAX)));
        assert_keeps("key", &Entry::until("v".repeat(MOST_COPIED + 1), Deadline::at(u64::MAX)));
    }

    #[test]
    fn a_large_value_is_shared_instead_of_copied() {
        let entry = Entry::new(vec![0; MOST_COPIED + 1]);
        let kept = Kept::new(Name(b"key"), (&entry).into());
        assert_eq!(kept.to_entry(Name(b"key")).value.as_ptr(), entry.value.as_ptr());
    }

    #[test]
    fn an_entry_is_overwritten_in_place_by_one_of_its_size() {
        let name = Name(b"key");
        let mut kept = Kept::new(name, (&Entry::new("old")).into());
        let place = kept.value(name).as_ptr();
        let entry = Entry::until("new", Deadline::at(5));
        assert!(kept.overwrite(name, (&entry).into()));
        assert_eq!((kept.to_entry(name), kept.value(name).as_ptr()), (entry, place));
    }

    #[test]
    fn one_of_another_size_one_that_is_shared_and_one_apart_are_not() {
        let name = Name(b"key");
        let old = Entry::new("old");
        let mut kept = Kept::new(name, (&old).into());
        assert!(!kept.overwrite(name, (&Entry::new("newer")).into()));
        let other = kept.clone();
        assert!(!kept.overwrite(name, (&Entry::new("new")).into()));
        assert_eq!((kept.to_entry(name), other.to_entry(name)), (old.clone(), old));

        let large = Entry::new(vec![0; MOST_COPIED + 1]);
        let mut kept = Kept::new(name, (&large).into());
        assert!(!kept.overwrite(name, (&large).into()));
        assert!(!kept.overwrite(name, (&Entry::new("")).into()));
        assert_eq!(kept.to_entry(name), large);
    }

    #[test]
    fn an_entry_takes_one_pointer() {
        assert_eq!(size_of::<Option<Kept>>(), size_of::<usize>());
    }
}
