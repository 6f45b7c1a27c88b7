//! What commands do.

use bytes::Bytes;
use redkv_core::error::Result;

use super::data::{Hash, Map, Set};
use super::sorted::{Item, Sorted};
use crate::answer;
use crate::answer::{Answer, Entry, Page};
use crate::command::{Action, Command, Range, Shown};
use crate::score::Score;

impl Map {
    pub(super) fn run(&mut self, Command { key, action, .. }: &Command) -> Result<Answer> {
        Ok(match action {
            Action::Get => Answer::Value(self.value(key)?.cloned()),
            Action::Has => Answer::Is(self.has(key)),
            Action::Set(value) => {
                self.put(key, value);
                Answer::Done
            }
            Action::SetNx(value) => Answer::Is(!self.has(key) && self.written(key, value)),
            Action::SetXx(value) => Answer::Is(self.has(key) && self.written(key, value)),
            Action::SetEq { value, expected } => {
                Answer::Is(self.equals(key, expected)? && self.written(key, value))
            }
            Action::IncrBy(by) => {
                let sum = self.counter(key)?.checked_add(*by).ok_or_else(answer::beyond_integers)?;
                self.put(key, &sum.into());
                Answer::Integer(sum)
            }
            Action::Delete(_) => Answer::Is(self.delete(key)),
            Action::SAdd(_) | Action::SRem(_) | Action::SMembers | Action::SIsMember(_) | Action::SCard => {
                self.with(key, |set| run_set(set, action))?
            }
            Action::HSet(_) | Action::HGet(_) | Action::HGetAll | Action::HDel(_) => {
                self.with(key, |hash| run_hash(hash, action))?
            }
            _ => self.with(key, |sorted| run_sorted(sorted, action))??,
        })
    }

    fn written(&mut self, key: &Bytes, value: &crate::Value) -> bool {
        self.put(key, value);
        true
    }
}

fn run_set(set: &mut Set, action: &Action) -> Answer {
    match action {
        Action::SAdd(members) => set.extend(members.iter().cloned()),
        Action::SRem(members) => members.iter().for_each(|member| {
            set.remove(member);
        }),
        Action::SMembers => return Answer::List(set.iter().cloned().collect()),
        Action::SIsMember(member) => return Answer::Is(set.contains(member)),
        _ => return Answer::Count(set.len() as u64),
    }
    Answer::Done
}

fn run_hash(hash: &mut Hash, action: &Action) -> Answer {
    match action {
        Action::HSet(fields) => {
            hash.extend(fields.iter().map(|(field, value)| (field.clone(), value.to_bytes())));
        }
        Action::HDel(fields) => fields.iter().for_each(|field| {
            hash.remove(field);
        }),
        Action::HGet(field) => return Answer::Value(hash.get(field).cloned()),
        _ => {
            return Answer::Fields(
                hash.iter().map(|(field, value)| (field.clone(), value.clone())).collect(),
            );
        }
    }
    Answer::Done
}

fn run_sorted(sorted: &mut Sorted, action: &Action) -> Result<Answer> {
    Ok(match action {
        Action::ZAdd { member, score } => {
            sorted.put(member.clone(), None, *score);
            Answer::Done
        }
        Action::ZhAdd { field, member, score } => {
            sorted.put(field.clone(), Some(member.clone()), *score);
            Answer::Done
        }
        Action::ZRem(fields) | Action::ZhRem(fields) => {
            fields.iter().for_each(|field| sorted.remove(field));
            Answer::Done
        }
        Action::ZScore(field) => Answer::Score(sorted.score(field)),
        Action::ZIncrBy { member, by } => {
            let before = sorted.score(member).map_or(0.0, Score::get);
            let sum = Score::new(before + by.get()).ok_or_else(answer::no_score)?;
            sorted.rescore(member.clone(), sum);
            Answer::Score(Some(sum))
        }
        Action::ZCount(scores) => Answer::Count(sorted.count_by_score(scores) as u64),
        Action::ZLexCount(members) => Answer::Count(sorted.count_by_lex(members) as u64),
        Action::ZRange(range) => list(sorted, range),
        _ => Answer::Count(sorted.len() as u64),
    })
}

fn list(sorted: &Sorted, range: &Range) -> Answer {
    let limit = range.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let mut found = sorted.list(range);
    let items: Vec<Item<'_>> = found.by_ref().take(limit).collect();
    let shown = |item: &Item<'_>| match range.shown {
        Shown::Field => item.field.clone(),
        Shown::Value => item.value.clone(),
    };
    let entry = |item: &Item<'_>| Entry { value: shown(item), score: item.score };
    if range.is_page || range.after.is_some() {
        let last = items.last().filter(|_| found.next().is_some());
        let next = last.map(|item| (item.score, item.field.clone()));
        return Answer::Page(Page { entries: items.iter().map(entry).collect(), next });
    }
    if range.with_scores {
        return Answer::Scored(items.iter().map(entry).collect());
    }
    Answer::List(items.iter().map(shown).collect())
}
