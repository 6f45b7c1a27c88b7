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
    /// Whether a member of a sorted set or a field of a sorted hash may be `_`: DynamoDB has the value of the key there.
    pub takes_underscore: bool,
}

impl Limits {
    /// Those of Redis: 512 MiB for anything.
    pub const REDIS: Self = Self {
        key: 512 << 20,
        sorted_field: 512 << 20,
        field: 512 << 20,
        item: 512 << 20,
        may_be_empty: true,
        takes_underscore: true,
    };

    /// Those of DynamoDB: 2 kB for a key, 1 kB less the score for a place in the index, 400 kB for an item. A field is the
    /// name of an attribute, in base64 behind a tilde.
    pub const DYNAMODB: Self = Self {
        key: 2048,
        sorted_field: 1016,
        field: 49_150,
        item: 400 << 10,
        may_be_empty: false,
        takes_underscore: false,
    };

    /// Returns the stricter of both in each.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            key: self.key.min(other.key),
            sorted_field: self.sorted_field.min(other.sorted_field),
            field: self.field.min(other.field),
            item: self.item.min(other.item),
            may_be_empty: self.may_be_empty && other.may_be_empty,
            takes_underscore: self.takes_underscore && other.takes_underscore,
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
            Action::ZAdd { member, .. } => self.sorted("member", member, member.len()),
            Action::ZIncrBy { member, .. } => self.sorted("member", member, member.len()),
            Action::ZhAdd { field, member, .. } => self.sorted("field", field, member.len()),
            Action::ZRem(members) => members.iter().try_for_each(|member| self.place("members", member)),
            Action::ZhRem(fields) => fields.iter().try_for_each(|field| self.place("fields", field)),
            Action::ZScore(member) => self.place("member", member),
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
                Some(member) => self.sorted("field", field, member.len()),
                None => self.sorted("member", field, field.len()),
            },
            Change::ZRem { field, of_hash } => self.place(if *of_hash { "field" } else { "member" }, field),
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

    /// A member that is looked for.
    fn place(&self, name: &'static str, field: &[u8]) -> Result<()> {
        if field.is_empty() && !self.may_be_empty {
            return Err(Error::argument(
                name,
                format!("the {name} is empty, which this store does not take"),
            ));
        }
        within(name, field.len(), self.sorted_field)
    }

    /// A member that is written, with so long a value.
    fn sorted(&self, name: &'static str, field: &[u8], value: usize) -> Result<()> {
        self.place(name, field)?;
        if field == b"_" && !self.takes_underscore {
            return Err(Error::argument(name, format!("the {name} is '_', which this store does not take")));
        }
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
