//! Limits of a tier: keys and entries that it refuses.

use super::tier::Tier;
use super::tombstone::is_mark;
use redkv_core::entry::{Draft, Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::operation::Operation;
use redkv_core::partial::Partial;
use redkv_core::store::{Answers, Capabilities, Expiry};
use redkv_layers::read_only;

impl Tier {
    /// Fails if the store takes no writes.
    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.capabilities.writable { Ok(()) } else { Err(read_only().in_store(&self.label)) }
    }

    /// Fails if `next` may not follow this tier: what is written there must not be hidden by what stays here, nor what
    /// is deleted there come back from here. The error names the option.
    pub(crate) fn check_next(&self, next: &Self) -> Result<()> {
        if self.capabilities.writable || !next.capabilities.writable {
            return Ok(());
        }
        let message = format!(
            "all stores after one that is readOnly ({}) must be readOnly: it would serve what is overwritten or deleted \
             after it",
            self.label
        );
        Err(Error::argument("readOnly", message).in_store(&next.label))
    }

    /// Fails if the store cannot have an entry under `key`. The error names the field.
    pub(crate) fn check_key(&self, key: &str) -> Result<()> {
        let limits = &self.capabilities;
        if key.len() > limits.max_key_bytes {
            let (length, most) = (key.len(), limits.max_key_bytes);
            let message = format!("the key has {length} bytes, the store takes at most {most}");
            return Err(Error::argument("key", message).in_store(&self.label));
        }
        if key.is_empty() && !limits.empty_keys {
            return Err(Error::argument("key", "the store takes no empty key").in_store(&self.label));
        }
        if !limits.nul_characters && key.contains('\0') {
            let message = "the store takes no key with a NUL character";
            return Err(Error::argument("key", message).in_store(&self.label));
        }
        Ok(())
    }

    /// Fails if the store cannot keep `entry`. The error names the field.
    pub(crate) fn check_entry(&self, entry: &Entry) -> Result<()> {
        self.check_draft(entry.into())
    }

    /// Fails if the store cannot keep `entry`, like [`Tier::check_entry`].
    pub(crate) fn check_draft(&self, entry: Draft<'_>) -> Result<()> {
        let limits = &self.capabilities;
        let error = if entry.value.len() > limits.max_value_bytes {
            let (length, most) = (entry.value.len(), limits.max_value_bytes);
            Error::argument("value", format!("the value has {length} bytes, the store takes at most {most}"))
        } else if entry.deadline.is_some() && limits.expiry == Expiry::None {
            cannot_expire(limits, "keep a ttl").about("ttl")
        } else if self.tombstones.is_some() && is_mark(&entry.value) {
            Error::argument("value", "the value is reserved: it marks a deleted key here")
        } else if !limits.binary_values && std::str::from_utf8(&entry.value).is_err() {
            Error::unsupported("the store keeps text only, and the value is not UTF-8")
        } else if !limits.nul_characters && entry.value.contains(&0) {
            Error::unsupported("the store keeps text without NUL characters only")
        } else {
            return Ok(());
        };
        Err(error.in_store(&self.label))
    }

    /// Replaces values in `answers` that are larger than this tier accepts by errors.
    #[cold]
    pub(crate) fn refuse_large(&self, operation: Operation, answers: &mut Answers<Option<Entry>>) {
        let most = self.capabilities.max_value_bytes;
        for answer in answers {
            if let Ok(Some(entry)) = answer
                && entry.value.len() > most
            {
                let length = entry.value.len();
                let message = format!("the value has {length} bytes, more than the {most} of maxValueBytes");
                *answer = Err(self.tag(Error::new(ErrorKind::Value, message), operation));
            }
        }
    }

    /// Returns whether a back-fill of `entry` is possible: a deadline that cannot be kept forbids it.
    pub(crate) fn takes(&self, key: &Key, entry: &Entry) -> bool {
        self.capabilities.writable && self.check_key(key).is_ok() && self.check_entry(entry).is_ok()
    }

    /// Sorts out the keys that the store cannot have.
    pub(crate) fn allowed<'a>(&self, operation: Operation, keys: &'a [Key]) -> Partial<'a, Key> {
        Partial::new(keys, |key| self.check_key(key).map_err(|error| self.tag(error, operation)))
    }
}

/// Returns the error of a store in which entries cannot expire, so that it cannot `what`.
pub(crate) fn cannot_expire(capabilities: &Capabilities, what: &str) -> Error {
    let without = match capabilities.expiry_option {
        Some(option) => format!("without the option {option}"),
        None => "as it is configured here,".to_owned(),
    };
    Error::unsupported(format!("{without} the store cannot expire entries, so it cannot {what}"))
}
