//! What commands do.

use redkv_structures::answer::{beyond_integers, no_score};
use redkv_structures::{Action, Answer, Command, Score};

use super::keys::{Keys, Kind};
use crate::sqlite::service::Found;

impl Keys<'_> {
    /// Makes an operation. One that fails may have begun to write.
    pub(super) fn run(&self, Command { key, action, .. }: &Command) -> Found<Answer> {
        Ok(match action {
            Action::Get => Answer::Value(self.value(key)?),
            Action::Has => Answer::Is(self.has(key)?),
            Action::Set(value) => {
                self.set(key, value)?;
                Answer::Done
            }
            Action::SetNx(value) => self.set_if(!self.has(key)?, key, value)?,
            Action::SetXx(value) => self.set_if(self.has(key)?, key, value)?,
            Action::SetEq { value, expected } => self.set_if(self.equals(key, expected)?, key, value)?,
            Action::IncrBy(by) => {
                let sum = self.counter(key)?.checked_add(*by).ok_or_else(beyond_integers)?;
                self.set(key, &sum.into())?;
                Answer::Integer(sum)
            }
            Action::Delete(_) => Answer::Is(self.delete(key)?),
            Action::SAdd(_) | Action::SRem(_) | Action::SMembers | Action::SIsMember(_) | Action::SCard => {
                self.run_set(key, action)?
            }
            Action::HSet(_) | Action::HGet(_) | Action::HGetAll | Action::HDel(_) => {
                self.run_hash(key, action)?
            }
            _ => self.run_sorted(key, action)?,
        })
    }

    fn set_if(&self, holds: bool, key: &[u8], value: &redkv_structures::Value) -> Found<Answer> {
        if holds {
            self.set(key, value)?;
        }
        Ok(Answer::Is(holds))
    }

    fn run_set(&self, key: &[u8], action: &Action) -> Found<Answer> {
        self.expect(key, Kind::Set)?;
        match action {
            Action::SAdd(members) => {
                members.iter().try_for_each(|member| self.put(key, member, None, Kind::Set, None))?;
            }
            Action::SRem(members) => self.remove(key, members)?,
            Action::SMembers => {
                return Ok(Answer::List(self.members(key)?.into_iter().map(|member| member.name).collect()));
            }
            Action::SIsMember(member) => return Ok(Answer::Is(self.member(key, member)?.is_some())),
            _ => return Ok(Answer::Count(self.count(key)?)),
        }
        Ok(Answer::Done)
    }

    fn run_hash(&self, key: &[u8], action: &Action) -> Found<Answer> {
        self.expect(key, Kind::Hash)?;
        match action {
            Action::HSet(fields) => {
                for (field, value) in fields {
                    self.put(key, field, None, Kind::Hash, Some(&value.to_bytes()))?;
                }
            }
            Action::HDel(fields) => self.remove(key, fields)?,
            Action::HGet(field) => {
                let found = self.member(key, field)?;
                return Ok(Answer::Value(found.map(|field| field.value.unwrap_or_default())));
            }
            _ => {
                let fields = self.members(key)?.into_iter();
                let pairs = fields.map(|field| (field.name, field.value.unwrap_or_default()));
                return Ok(Answer::Fields(pairs.collect()));
            }
        }
        Ok(Answer::Done)
    }

    fn run_sorted(&self, key: &[u8], action: &Action) -> Found<Answer> {
        self.expect(key, Kind::Sorted)?;
        match action {
            Action::ZAdd { member, score } => self.put_sorted(key, member, None, *score)?,
            Action::ZhAdd { field, member, score } => {
                self.put_sorted(key, field, Some(member), *score)?;
            }
            Action::ZRem(fields) | Action::ZhRem(fields) => self.remove(key, fields)?,
            Action::ZScore(field) => {
                return Ok(Answer::Score(self.member(key, field)?.map(|found| found.score)));
            }
            Action::ZIncrBy { member, by } => {
                let found = self.member(key, member)?;
                let before = found.as_ref().map_or(0.0, |found| found.score.get());
                let sum = Score::new(before + by.get()).ok_or_else(no_score)?;
                self.put_sorted(key, member, found.and_then(|found| found.value).as_deref(), sum)?;
                return Ok(Answer::Score(Some(sum)));
            }
            Action::ZCount(scores) => return Ok(Answer::Count(self.count_scores(key, scores)?)),
            Action::ZLexCount(members) => return Ok(Answer::Count(self.count_members(key, members)?)),
            Action::ZRange(range) => return Ok(self.range(key, range)?),
            _ => return Ok(Answer::Count(self.count(key)?)),
        }
        Ok(Answer::Done)
    }
}
