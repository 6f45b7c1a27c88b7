//! What atomic writes do: first everything is looked at, then everything is written.

use redkv_core::error::{Error, ErrorKind, Result};

use super::data::{Hash, Map, Set};
use super::sorted::Sorted;
use crate::answer;
use crate::atomic::{AtomicAnswer, Change, Write};

impl Map {
    pub(super) fn write(&mut self, writes: &[Write]) -> Result<AtomicAnswer> {
        let looked: Vec<_> = writes
            .iter()
            .enumerate()
            .map(|(place, write)| self.failed(write).map_err(|error| error.at_place(place)))
            .collect();
        // A wrong kind beats a counter that is no number, and both beat conditions.
        let errors: Vec<&Error> = looked.iter().filter_map(|looked| looked.as_ref().err()).collect();
        let of_kind = errors.iter().find(|error| error.kind() == ErrorKind::Type);
        if let Some(error) = of_kind.or(errors.first()) {
            return Err((*error).clone());
        }
        let failed: Vec<Vec<bool>> = looked.into_iter().filter_map(Result::ok).collect();
        if failed.iter().flatten().any(|failed| *failed) {
            return Ok(AtomicAnswer::Refused(failed));
        }
        writes.iter().try_for_each(|write| self.make(write))?;
        Ok(AtomicAnswer::Committed)
    }

    /// Returns for each condition of a write whether it fails. Fails if the write cannot be made.
    fn failed(&mut self, Write { key, change }: &Write) -> Result<Vec<bool>> {
        let failed = match change {
            Change::Set(_) | Change::Delete => return Ok(Vec::new()),
            Change::SetNx(_) => self.has(key),
            Change::SetXx(_) | Change::DeleteXx => !self.has(key),
            Change::SetEq { expected, .. } => !self.equals(key, expected)?,
            Change::IncrBy(by) => {
                let counter = self.counter(key)?;
                counter.checked_add(*by).ok_or_else(answer::beyond_integers)?;
                return Ok(Vec::new());
            }
            Change::SAdd(_) | Change::SRem(_) => {
                return self.with(key, |_: &mut Set| Vec::new());
            }
            Change::Hash { set_new, .. } => {
                let are_there =
                    |hash: &mut Hash| set_new.iter().map(|(field, _)| hash.contains_key(field)).collect();
                return self.with(key, are_there);
            }
            Change::ZAdd { .. } | Change::ZRem { .. } => {
                return self.with(key, |_: &mut Sorted| Vec::new());
            }
            Change::ZAddNx { field, .. } => {
                self.with(key, |sorted: &mut Sorted| sorted.score(field).is_some())?
            }
        };
        Ok(vec![failed])
    }

    fn make(&mut self, Write { key, change }: &Write) -> Result<()> {
        match change {
            Change::Set(value)
            | Change::SetNx(value)
            | Change::SetXx(value)
            | Change::SetEq { value, .. } => self.put(key, value),
            Change::Delete | Change::DeleteXx => {
                self.delete(key);
            }
            Change::IncrBy(by) => {
                let sum = self.counter(key)?.checked_add(*by).ok_or_else(answer::beyond_integers)?;
                self.put(key, &sum.into());
            }
            Change::SAdd(members) => self.with(key, |set: &mut Set| set.extend(members.iter().cloned()))?,
            Change::SRem(members) => {
                self.with(key, |set: &mut Set| {
                    members.iter().for_each(|member| {
                        set.remove(member);
                    })
                })?;
            }
            Change::Hash { set, set_new, delete } => self.with(key, |hash: &mut Hash| {
                let written = set.iter().chain(set_new);
                hash.extend(written.map(|(field, value)| (field.clone(), value.to_bytes())));
                delete.iter().for_each(|field| {
                    hash.remove(field);
                });
            })?,
            Change::ZAdd { field, member, score } | Change::ZAddNx { field, member, score } => {
                self.with(key, |sorted: &mut Sorted| sorted.put(field.clone(), member.clone(), *score))?;
            }
            Change::ZRem { field, .. } => self.with(key, |sorted: &mut Sorted| sorted.remove(field))?,
        }
        Ok(())
    }
}
