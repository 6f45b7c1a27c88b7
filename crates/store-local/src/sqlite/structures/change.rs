//! What atomic writes do: first everything is looked at, then everything is written.

use redkv_core::error::ErrorKind;
use redkv_structures::answer::beyond_integers;
use redkv_structures::{AtomicAnswer, Change, Write};

use super::keys::{Keys, Kind};
use crate::sqlite::service::{Fault, Found};

impl Keys<'_> {
    /// Makes all writes or none. One that fails may have begun to write.
    pub(super) fn write(&self, writes: &[Write]) -> Found<AtomicAnswer> {
        let mut failed = Vec::with_capacity(writes.len());
        let mut refused = None;
        for (place, write) in writes.iter().enumerate() {
            match self.failed(write) {
                Ok(of_this_one) => failed.push(of_this_one),
                // A wrong kind beats a counter that is no number, and both beat conditions.
                Err(Fault::OfData(error)) if error.kind() == ErrorKind::Type => {
                    return Err(error.at_place(place).into());
                }
                Err(Fault::OfData(error)) => refused = refused.or(Some(error.at_place(place))),
                Err(fault) => return Err(fault),
            }
        }
        if let Some(error) = refused {
            return Err(error.into());
        }
        if failed.iter().flatten().any(|failed| *failed) {
            return Ok(AtomicAnswer::Refused(failed));
        }
        writes.iter().try_for_each(|write| self.make(write))?;
        Ok(AtomicAnswer::Committed)
    }

    /// Returns for each condition of a write whether it fails. Fails if the write cannot be made.
    fn failed(&self, Write { key, change }: &Write) -> Found<Vec<bool>> {
        let failed = match change {
            Change::Set(_) | Change::Delete => return Ok(Vec::new()),
            Change::SetNx(_) => self.has(key)?,
            Change::SetXx(_) | Change::DeleteXx => !self.has(key)?,
            Change::SetEq { expected, .. } => !self.equals(key, expected)?,
            Change::IncrBy(by) => {
                self.counter(key)?.checked_add(*by).ok_or_else(beyond_integers)?;
                return Ok(Vec::new());
            }
            Change::SAdd(_) | Change::SRem(_) => {
                self.expect(key, Kind::Set)?;
                return Ok(Vec::new());
            }
            Change::Hash { set_new, .. } => {
                self.expect(key, Kind::Hash)?;
                let is_there = |field: &[u8]| Ok(self.member(key, field)?.is_some());
                return set_new.iter().map(|(field, _)| is_there(field)).collect();
            }
            Change::ZAdd { .. } | Change::ZRem { .. } => {
                self.expect(key, Kind::Sorted)?;
                return Ok(Vec::new());
            }
            Change::ZAddNx { field, .. } => {
                self.expect(key, Kind::Sorted)?;
                self.member(key, field)?.is_some()
            }
        };
        Ok(vec![failed])
    }

    fn make(&self, Write { key, change }: &Write) -> Found<()> {
        match change {
            Change::Set(value)
            | Change::SetNx(value)
            | Change::SetXx(value)
            | Change::SetEq { value, .. } => self.set(key, value)?,
            Change::Delete | Change::DeleteXx => {
                self.delete(key)?;
            }
            Change::IncrBy(by) => {
                let sum = self.counter(key)?.checked_add(*by).ok_or_else(beyond_integers)?;
                self.set(key, &sum.into())?;
            }
            Change::SAdd(members) => {
                members.iter().try_for_each(|member| self.put(key, member, None, Kind::Set, None))?;
            }
            Change::SRem(members) => self.remove(key, members)?,
            Change::Hash { set, set_new, delete } => {
                for (field, value) in set.iter().chain(set_new) {
                    self.put(key, field, None, Kind::Hash, Some(&value.to_bytes()))?;
                }
                self.remove(key, delete)?;
            }
            Change::ZAdd { field, member, score } | Change::ZAddNx { field, member, score } => {
                self.put_sorted(key, field, member.as_deref(), *score)?;
            }
            Change::ZRem { field, .. } => self.remove(key, std::slice::from_ref(field))?,
        }
        Ok(())
    }
}
