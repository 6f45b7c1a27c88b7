//! A sorted set or sorted hash.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{self, Excluded, Included, Unbounded};

use bytes::Bytes;

use crate::command::{By, Range};
use crate::lex::{LexBound, LexRange};
use crate::score::{Score, ScoreRange};

/// Fields with their scores and values, by their bytes and by their scores.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorted {
    fields: BTreeMap<Bytes, Slot>,
    order: BTreeSet<(Score, Bytes)>,
}

#[derive(Clone, Debug)]
struct Slot {
    score: Score,
    /// What `zh…` operations return in place of the field.
    value: Option<Bytes>,
}

/// A field as it is listed.
pub(super) struct Item<'a> {
    pub(super) field: &'a Bytes,
    pub(super) value: &'a Bytes,
    pub(super) score: Score,
}

impl Sorted {
    pub(super) fn put(&mut self, field: Bytes, value: Option<Bytes>, score: Score) {
        self.remove(&field);
        self.order.insert((score, field.clone()));
        self.fields.insert(field, Slot { score, value });
    }

    /// Moves a field, whose value stays.
    pub(super) fn rescore(&mut self, field: Bytes, score: Score) {
        let value = self.fields.get(&field).and_then(|slot| slot.value.clone());
        self.put(field, value, score);
    }

    pub(super) fn remove(&mut self, field: &Bytes) {
        if let Some(slot) = self.fields.remove(field) {
            self.order.remove(&(slot.score, field.clone()));
        }
    }

    pub(super) fn score(&self, field: &Bytes) -> Option<Score> {
        self.fields.get(field).map(|slot| slot.score)
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Returns what `range` lists, without regard to its limit.
    pub(super) fn list<'a>(&'a self, range: &'a Range) -> Box<dyn Iterator<Item = Item<'a>> + 'a> {
        let after = range.after.as_ref();
        match &range.by {
            By::Score(scores) => {
                let after = after.cloned();
                let found = self.by_score(scores, &after, range.reverse);
                directed(found, range.reverse)
            }
            By::Lex(members) => {
                let after = after.map(|(_, field)| field);
                directed(self.by_lex(members, after, range.reverse), range.reverse)
            }
        }
    }

    pub(super) fn count_by_score(&self, scores: &ScoreRange) -> usize {
        self.by_score(scores, &None, false).count()
    }

    pub(super) fn count_by_lex(&self, members: &LexRange) -> usize {
        self.by_lex(members, None, false).count()
    }

    fn by_score<'a>(
        &'a self,
        scores: &'a ScoreRange,
        after: &Option<(Score, Bytes)>,
        reverse: bool,
    ) -> impl DoubleEndedIterator<Item = Item<'a>> + 'a {
        let low = Included((scores.min, Bytes::new()));
        // Behind all fields of the highest score comes the next score.
        let high = match Score::new(scores.max.get().next_up()) {
            Some(next) if next > scores.max => Excluded((next, Bytes::new())),
            _ => Unbounded,
        };
        let bounds = continued(low, high, after.as_ref(), reverse);
        let found = bounds.map(|bounds| self.order.range(bounds)).into_iter().flatten();
        found.filter(|(score, _)| scores.contains(*score)).filter_map(|(_, field)| self.item(field))
    }

    fn by_lex<'a>(
        &'a self,
        members: &'a LexRange,
        after: Option<&Bytes>,
        reverse: bool,
    ) -> impl DoubleEndedIterator<Item = Item<'a>> + 'a {
        let bound = |bound: &LexBound| match bound {
            LexBound::Lowest | LexBound::Highest => Unbounded,
            LexBound::Included(member) => Included(member.clone()),
            LexBound::Excluded(member) => Excluded(member.clone()),
        };
        let bounds = continued(bound(&members.min), bound(&members.max), after, reverse);
        let bounds = bounds.filter(|_| !members.is_empty());
        let found = bounds.map(|bounds| self.fields.range(bounds)).into_iter().flatten();
        found.filter(|(field, _)| members.contains(field)).filter_map(|(field, _)| self.item(field))
    }

    fn item<'a>(&'a self, field: &'a Bytes) -> Option<Item<'a>> {
        let (field, slot) = self.fields.get_key_value(field)?;
        Some(Item { field, value: slot.value.as_ref().unwrap_or(field), score: slot.score })
    }
}

/// Returns the bounds of what comes after `after`, if anything can be between them.
fn continued<T: Ord + Clone>(
    mut low: Bound<T>,
    mut high: Bound<T>,
    after: Option<&T>,
    reverse: bool,
) -> Option<(Bound<T>, Bound<T>)> {
    if let Some(after) = after {
        *(if reverse { &mut high } else { &mut low }) = Excluded(after.clone());
    }
    let is_proper = match (&low, &high) {
        (Unbounded, _) | (_, Unbounded) => true,
        (Included(low), Included(high)) => low <= high,
        (Included(low) | Excluded(low), Included(high) | Excluded(high)) => low < high,
    };
    is_proper.then_some((low, high))
}

fn directed<'a>(
    found: impl DoubleEndedIterator<Item = Item<'a>> + 'a,
    reverse: bool,
) -> Box<dyn Iterator<Item = Item<'a>> + 'a> {
    if reverse { Box::new(found.rev()) } else { Box::new(found) }
}
