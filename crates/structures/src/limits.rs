//! How large keys, members and items may be.

use redkv_core::error::{Error, Result};

use crate::atomic::{Change, Write};
use crate::command::{Action, Command};

/// The limits of a backend, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest key.
    pub key: usize,
    /// The longest field or member of a sorted set or sorted hash, whose place also has its score.
    pub sorted_field: usize,
    /// The longest name of a field of a hash.
    pub field: usize,
    /// The longest value, and all that one operation writes to a key.
    pub item: usize,
    /// Whether a key, a member of a sorted set and a field of a sorted hash may be empty.
    pub may_be_empty: bool,
}

impl Limits {
    /// Those of Redis: 512 MiB for anything.
    pub const REDIS: Self = Self {
        key: 512 << 20,
        sorted_field: 512 << 20,
        field: 512 << 20,
        item: 512 << 20,
        may_be_empty: true,
    };

    /// Those of DynamoDB: 2 kB for a key, 1 kB less the score for a place in the index, 400 kB for an item. A field is the
    /// name of an attribute, in base64 behind a tilde.
    pub const DYNAMODB: Self =
        Self { key: 2048, sorted_field: 1016, field: 49_150, item: 400 << 10, may_be_empty: false };

    /// Returns the stricter of both in each.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            key: self.key.min(other.key),
            sorted_field: self.sorted_field.min(other.sorted_field),
            field: self.field.min(other.field),
            item: self.item.min(other.item),
            may_be_empty: self.may_be_empty && other.may_be_empty,
        }
    }

    /// Fails if `command` exceeds them. The error names the field.
    pub fn check(&self, command: &Command) -> Result<()> {
        self.key(&command.key)?;
        match &command.action {
            Action::Set(value) | Action::SetNx(value) | Action::SetXx(value) => {
                self.item("value", value.len())
            }
            Action::SetEq { value, .. } => self.item("value", value.len()),
            Action::SAdd(members) => self.members(members.iter().map(|member| member.len())),
            Action::HSet(fields) => {
                self.fields(fields.iter().map(|(field, value)| (field.len(), value.len())))
            }
            Action::ZAdd { member, .. } => self.sorted("member", member.len(), member.len()),
            Action::ZIncrBy { member, .. } => self.sorted("member", member.len(), member.len()),
            Action::ZhAdd { field, member, .. } => self.sorted("field", field.len(), member.len()),
            Action::ZRem(members) => {
                members.iter().try_for_each(|member| self.sorted("members", member.len(), 0))
            }
            Action::ZhRem(fields) => {
                fields.iter().try_for_each(|field| self.sorted("fields", field.len(), 0))
            }
            Action::ZScore(member) => self.sorted("member", member.len(), 0),
            _ => Ok(()),
        }
    }

    /// Fails if `write` exceeds them.
    pub fn check_write(&self, write: &Write) -> Result<()> {
        self.key(&write.key)?;
        match &write.change {
            Change::Set(value) | Change::SetNx(value) | Change::SetXx(value) => {
                self.item("value", value.len())
            }
            Change::SetEq { value, .. } => self.item("value", value.len()),
            Change::SAdd(members) => self.members(members.iter().map(|member| member.len())),
            Change::Hash { set, set_new, .. } => {
                let fields = set.iter().chain(set_new);
                self.fields(fields.map(|(field, value)| (field.len(), value.len())))
            }
            Change::ZAdd { field, member, .. } | Change::ZAddNx { field, member, .. } => match member {
                Some(member) => self.sorted("field", field.len(), member.len()),
                None => self.sorted("member", field.len(), field.len()),
            },
            Change::ZRem { field, of_hash } => {
                self.sorted(if *of_hash { "field" } else { "member" }, field.len(), 0)
            }
            _ => Ok(()),
        }
    }

    fn key(&self, key: &[u8]) -> Result<()> {
        if key.is_empty() && !self.may_be_empty {
            return Err(Error::argument("key", "the key is empty, which this store does not take"));
        }
        within("key", key.len(), self.key)
    }

    fn item(&self, field: &'static str, len: usize) -> Result<()> {
        within(field, len, self.item)
    }

    fn members(&self, lens: impl Iterator<Item = usize>) -> Result<()> {
        within("members", lens.sum(), self.item)
    }

    fn fields(&self, lens: impl Iterator<Item = (usize, usize)>) -> Result<()> {
        let mut all = 0;
        for (field, value) in lens {
            within("field", field, self.field)?;
            all += field + value;
        }
        within("fields", all, self.item)
    }

    fn sorted(&self, name: &'static str, field: usize, value: usize) -> Result<()> {
        if field == 0 && !self.may_be_empty {
            return Err(Error::argument(
                name,
                format!("the {name} is empty, which this store does not take"),
            ));
        }
        within(name, field, self.sorted_field)?;
        within("member", value, self.item)
    }
}

fn within(field: &'static str, len: usize, most: usize) -> Result<()> {
    if len <= most {
        return Ok(());
    }
    Err(Error::argument(
        field,
        format!("{field} has {len} bytes, more than the {most} that this store takes"),
    ))
}
