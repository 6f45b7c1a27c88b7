//! The records themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use redkv_core::error::Result;

use crate::command::{Action, Answer, Command, Listing, Page};
use crate::effect::Effect;
use crate::index::{Index, TableShape};
use crate::limits::{check_order, check_record};
use crate::record::{ID, KEPT_EXPIRED, NAME, Place, Record, seconds};
use crate::token::Position;

/// A page without a limit has so many records at most.
const PAGE: usize = 1000;
/// A write removes so many of the records that have expired.
const REMOVED_AT_A_TIME: usize = 4;

/// Where a record is in an index: by the value of the hash key, that of the sort key, and its own place.
type Entry = (Box<str>, Box<str>, Place);

#[derive(Debug, Default)]
pub(super) struct Data {
    records: BTreeMap<Place, Record>,
    shape: TableShape,
    /// By the names of the indexes.
    indexes: BTreeMap<String, BTreeSet<Entry>>,
    /// By the seconds in which they expire.
    expiring: BTreeSet<(i64, Place)>,
}

impl Data {
    /// Adds what `shape` has besides.
    pub(super) fn reshape(&mut self, shape: &TableShape) -> Result<()> {
        check_order(shape)?;
        self.shape = self.shape.clone().and(shape)?;
        let records = std::mem::take(&mut self.records);
        self.indexes.clear();
        self.expiring.clear();
        records.into_values().for_each(|record| self.insert(record));
        Ok(())
    }

    pub(super) fn run(&mut self, command: &Command) -> Result<Answer> {
        let Command { place, action, now } = command;
        if let Action::List(listing) = action {
            return self.list(&place.partition, listing, *now);
        }
        match command.effect(self.records.get(place))? {
            Effect::Answer(answer) => Ok(answer),
            Effect::Write(record) => self.write(record, *now),
            Effect::Remove => {
                self.remove(place);
                Ok(Answer::Done)
            }
        }
    }

    fn write(&mut self, record: Record, now: u64) -> Result<Answer> {
        check_record(&self.shape, &record)?;
        self.remove(&record.place);
        self.insert(record.clone());
        self.remove_expired(now);
        Ok(Answer::Written(record))
    }

    fn insert(&mut self, record: Record) {
        for index in self.shape.indexes() {
            if let Some(entry) = entry_of(&index, &record) {
                self.indexes.entry(index.name().to_owned()).or_default().insert(entry);
            }
        }
        if let Some(expires) = record.expires {
            self.expiring.insert((expires, record.place.clone()));
        }
        self.records.insert(record.place.clone(), record);
    }

    fn remove(&mut self, place: &Place) {
        let Some(record) = self.records.remove(place) else { return };
        for index in self.shape.indexes() {
            if let (Some(entry), Some(entries)) =
                (entry_of(&index, &record), self.indexes.get_mut(index.name()))
            {
                entries.remove(&entry);
            }
        }
        if let Some(expires) = record.expires {
            self.expiring.remove(&(expires, record.place));
        }
    }

    fn remove_expired(&mut self, now: u64) {
        if !self.shape.ttl {
            return;
        }
        let end = seconds(now).saturating_sub(KEPT_EXPIRED);
        let old = self.expiring.iter().take_while(|(expires, _)| *expires < end).take(REMOVED_AT_A_TIME);
        let old: Vec<_> = old.map(|(_, place)| place.clone()).collect();
        old.iter().for_each(|place| self.remove(place));
    }

    fn list(&self, partition: &Arc<str>, listing: &Listing, now: u64) -> Result<Answer> {
        listing.after.as_ref().map_or(Ok(()), Position::check_texts)?;
        let limit = listing.limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let records: Box<dyn Iterator<Item = &Record>> = match &listing.index {
            Some(index) => {
                self.shape.check(index)?;
                let entries = self.indexes.get(index.name());
                let after = after_in_index(listing, index);
                let entries =
                    entries.into_iter().flat_map(|entries| entries_of(entries, partition, &listing.prefix));
                let entries = entries.filter(move |entry| is_after(*entry, after.as_ref(), listing.reverse));
                Box::new(entries.filter_map(|(_, _, place)| self.records.get(place)))
            }
            None => {
                let after = listing.after.as_ref().and_then(|after| after.text(NAME));
                let after = after.map(|key| Place::new(partition.clone(), key));
                let records = self.records_of(partition, &listing.prefix);
                Box::new(
                    records.filter(move |record| is_after(&record.place, after.as_ref(), listing.reverse)),
                )
            }
        };
        let mut listed: Vec<&Record> = records.filter(|record| !record.has_expired(now)).collect();
        if listing.reverse {
            listed.reverse();
        }
        let next = (listed.len() > limit).then(|| Position::after(listed[limit - 1], listing.index.as_ref()));
        listed.truncate(limit);
        Ok(Answer::Page(Page { records: listed.into_iter().cloned().collect(), next }))
    }

    fn records_of<'a>(&'a self, partition: &Arc<str>, prefix: &'a str) -> impl Iterator<Item = &'a Record> {
        let first = Place::new(partition.clone(), prefix);
        let partition = partition.clone();
        let from = self.records.range((Bound::Included(first), Bound::Unbounded));
        from.map(|(_, record)| record).take_while(move |record| {
            record.place.partition == partition && record.place.key.starts_with(prefix)
        })
    }
}

fn entries_of<'a>(
    entries: &'a BTreeSet<Entry>,
    hash: &Arc<str>,
    prefix: &'a str,
) -> impl Iterator<Item = &'a Entry> {
    let first: Entry = ((**hash).into(), prefix.into(), Place::new("", ""));
    let hash = hash.clone();
    let from = entries.range((Bound::Included(first), Bound::Unbounded));
    from.take_while(move |(own, sort, _)| **own == *hash && sort.starts_with(prefix))
}

fn entry_of(index: &Index, record: &Record) -> Option<Entry> {
    let (hash, sort) = index.entry(record)?;
    Some((hash.into(), sort.into(), record.place.clone()))
}

fn is_after<T: Ord>(entry: &T, after: Option<&T>, reverse: bool) -> bool {
    match after {
        Some(after) if reverse => entry < after,
        Some(after) => entry > after,
        None => true,
    }
}

fn after_in_index(listing: &Listing, index: &Index) -> Option<Entry> {
    let after = listing.after.as_ref()?;
    let text = |name| after.text(name).unwrap_or_default();
    Some((text(index.hash_key()).into(), text(index.sort_key()).into(), Place::new(text(ID), text(NAME))))
}
