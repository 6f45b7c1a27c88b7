//! What operations on records take.

use std::sync::Arc;

use redkv::clock::Clock;
use redkv::error::Error;
use redkv::operation::RecordOperation as Op;
use redkv::records::{
    Action, Change, Command, Expiry, GlobalIndex, Index, Listing, LocalIndex, Place, Position, record,
};

use crate::node_api::text::Units;
use crate::node_api::values::{Refusal, broken, millis, wrong_type};
use crate::node_api::{Js, Type, Value};

type Taken<T> = Result<T, Refusal>;

/// Reads may return what was there a moment ago: a bit.
const MAY_BE_OLD: u32 = 1;
/// Lists go from the last to the first: a bit.
const REVERSE: u32 = 2;
/// The expiry stays: a bit.
const KEEP_TTL: u32 = 4;

/// Arguments that our own JavaScript did not pass.
fn missing() -> Refusal {
    Error::argument("arguments", "arguments are missing").into()
}

/// Reads a command: `operation, flags, partition, key, …`.
pub(super) fn command(js: Js, clock: &dyn Clock, values: [Value; 10]) -> Taken<Command> {
    let [operation, flags, partition, key, rest @ ..] = values;
    let operation = Op::ALL.get(integer(js, operation)? as usize).copied().ok_or_else(missing)?;
    let call = Call { js, flags: integer(js, flags)?, now: clock.time_of_day(), rest: &rest };
    let read = || -> Taken<Command> {
        let partition: Arc<str> = text(js, "partition", partition)?.into();
        let (key, action) = match operation {
            Op::ListPage => ("".into(), Action::List(call.listing(&partition, text(js, "prefix", key)?)?)),
            _ => (text(js, "key", key)?.into(), call.action(operation)?),
        };
        Ok(Command { place: Place { partition, key }, action, now: call.now })
    };
    read().map_err(|refusal| match refusal {
        Refusal::Wrong(error) => Refusal::Wrong(error.with_operation_if_unset(operation.into())),
        pending @ Refusal::Pending(_) => pending,
    })
}

/// The arguments of a call after the key.
struct Call<'a> {
    js: Js,
    flags: u32,
    now: u64,
    rest: &'a [Value],
}

impl Call<'_> {
    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    fn at(&self, place: usize) -> Taken<Value> {
        match self.rest.get(place) {
            Some(value) => Ok(*value),
            None => Ok(self.js.undefined()?),
        }
    }

    fn action(&self, operation: Op) -> Taken<Action> {
        let may_be_old = self.has(MAY_BE_OLD);
        Ok(match operation {
            Op::Get => Action::Get { may_be_old },
            Op::Exists => Action::Exists { may_be_old },
            Op::Put => Action::Put(self.change()?),
            Op::AtomicPut => match self.version(3)? {
                Some(version) => Action::Replace { change: self.change()?, version },
                None => Action::Create(self.change()?),
            },
            Op::Delete => Action::Delete,
            Op::AtomicDelete => Action::Remove { version: self.version(0)?.ok_or_else(missing)? },
            Op::GetMany | Op::Update | Op::ListPage | Op::List | Op::CreateTable => return Err(missing()),
        })
    }

    /// `value, ttl, fields`: fields and their values in turn, `null` for one to remove.
    fn change(&self) -> Taken<Change> {
        let mut change = Change { expiry: self.expiry()?, ..Change::default() };
        if let Some(value) = self.optional_text("value", 0)? {
            change.value = Some(value.into());
        }
        let fields = self.at(2)?;
        let length = self.js.array_length(fields)?.unwrap_or_default();
        for place in (0..length.saturating_sub(1)).step_by(2) {
            let name = text(self.js, "fields", self.js.element(fields, place)?)?;
            let value = self.js.element(fields, place + 1)?;
            let value = match self.js.type_of(value)? {
                Type::Null => None,
                _ => Some(text(self.js, "fields", value)?),
            };
            change.fields.insert(name, value);
        }
        Ok(change)
    }

    fn expiry(&self) -> Taken<Expiry> {
        let ttl = millis(self.js, "ttl", self.at(1)?, "; leave it out for a record that does not expire")?;
        Ok(match ttl {
            Some(ttl) => Expiry::At(record::expiry_after(self.now, ttl)),
            None if self.has(KEEP_TTL) => Expiry::Keep,
            None => Expiry::Never,
        })
    }

    /// `limit, after, index, sortKey, hashKey`: the last one of a global index.
    fn listing(&self, partition: &str, prefix: String) -> Taken<Listing> {
        let limit = self.at(0)?;
        let limit = match self.js.type_of(limit)? {
            Type::Undefined => None,
            _ => Some(integer(self.js, limit)?),
        };
        let index = self.index()?;
        let after = match self.optional_text("after", 1)? {
            Some(token) => {
                let position = Position::from_token(&token)?;
                position.check(partition, index.as_ref())?;
                Some(position)
            }
            None => None,
        };
        let (reverse, may_be_old) = (self.has(REVERSE), self.has(MAY_BE_OLD));
        Ok(Listing { prefix, limit, after, reverse, index, may_be_old })
    }

    fn index(&self) -> Taken<Option<Index>> {
        let Some(name) = self.optional_text("name", 2)? else { return Ok(None) };
        let sort_key = self.optional_text("sortKey", 3)?.unwrap_or_default();
        Ok(Some(match self.optional_text("hashKey", 4)? {
            Some(hash_key) => Index::Global(GlobalIndex { name, hash_key, sort_key }),
            None => Index::Local(LocalIndex { name, sort_key }),
        }))
    }

    fn optional_text(&self, field: &'static str, place: usize) -> Taken<Option<String>> {
        let value = self.at(place)?;
        match self.js.type_of(value)? {
            Type::Undefined => Ok(None),
            _ => Ok(Some(text(self.js, field, value)?)),
        }
    }

    fn version(&self, place: usize) -> Taken<Option<u64>> {
        let value = self.at(place)?;
        match self.js.type_of(value)? {
            Type::Undefined => Ok(None),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "of our own JavaScript: a safe integer"
            )]
            _ => Ok(Some(self.js.float(value)? as u64)),
        }
    }
}

/// A string without broken characters.
fn text(js: Js, field: &'static str, value: Value) -> Taken<String> {
    let mut units = Units::new();
    if units.read(js, value).is_none() {
        return Err(wrong_type(field, "a string", js.type_of(value)?).into());
    }
    units.with_utf8(str::to_owned).map_err(|_| broken(field))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "of our own JavaScript: small numbers"
)]
fn integer(js: Js, number: Value) -> Taken<u32> {
    Ok(js.float(number)? as u32)
}
