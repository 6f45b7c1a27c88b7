//! Checks that everything in the file is consistent, for tests.

use std::collections::{BTreeMap, BTreeSet};

use redb::{ReadableDatabase, ReadableTable as _};

use super::open::Open;
use super::tables::{DEADLINES, ENTRIES, PIECES, TOTALS, Totals, USES, number_and_rest, total};
use crate::disk::record::{Kept, Record};
use redkv_core::error::Result;

/// The result of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The sum of the sizes of all entries, computed anew.
    pub bytes: u64,
    /// How many there are.
    pub entries: u64,
    /// The keys in the order of their use; the first one goes first.
    pub keys: Vec<String>,
    /// The inconsistencies.
    pub problems: Vec<String>,
}

impl Open {
    pub(crate) fn audit(&self) -> Result<Audit> {
        self.guarded(|| self.audit_read().map_err(|cause| self.failed(cause)))
    }

    fn audit_read(&self) -> std::result::Result<Audit, redb::Error> {
        let transaction = self.database.begin_read()?;
        let mut problems = Vec::new();
        let mut counted = Totals::default();
        let (mut uses, mut deadlines, mut pieces) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        for row in transaction.open_table(ENTRIES)?.iter()? {
            let (key, record) = row?;
            let key = key.value().to_vec();
            let Some(record) = Record::from_bytes(&key, record.value()) else {
                problems.push("an entry is no entry".to_owned());
                continue;
            };
            counted.bytes += record.cost(&key);
            counted.entries += 1;
            deadlines.extend(record.deadline.map(|deadline| (deadline.millis(), key.clone())));
            if let Kept::Pieces { number, len, .. } = record.value {
                pieces.insert(number, len);
            }
            uses.insert(record.used, key);
        }
        let mut in_order = Vec::new();
        for row in transaction.open_table(USES)?.iter()? {
            let (place, key) = row?;
            let (used, _) = number_and_rest(place.value()).unwrap_or_default();
            if uses.remove(&used).as_deref() != Some(key.value()) {
                problems.push(format!("use {used} is of no entry"));
            }
            in_order.push(String::from_utf8_lossy(key.value()).into_owned());
        }
        for row in transaction.open_table(DEADLINES)?.iter()? {
            let (place, _) = row?;
            let (millis, key) = number_and_rest(place.value()).unwrap_or_default();
            if !deadlines.remove(&(millis, key.to_vec())) {
                problems.push(format!("deadline {millis} is of no entry"));
            }
        }
        for row in transaction.open_table(PIECES)?.iter()? {
            let (place, piece) = row?;
            let (number, _) = number_and_rest(place.value()).unwrap_or_default();
            let left = pieces.entry(number).or_default();
            *left = left.wrapping_sub(piece.value().len() as u64);
        }
        problems.extend(uses.keys().map(|used| format!("an entry has no use {used}")));
        problems.extend(deadlines.iter().map(|(millis, _)| format!("an entry has no deadline {millis}")));
        problems.extend(
            pieces
                .iter()
                .filter(|(_, left)| **left != 0)
                .map(|(number, _)| format!("value {number} is not whole")),
        );
        let kept = transaction.open_table(TOTALS)?;
        for (name, number) in [("bytes", counted.bytes), ("entries", counted.entries)] {
            let told = kept.get(name.as_bytes())?.map_or(0, |kept| total(kept.value()));
            if told != number {
                problems.push(format!("{told} {name} are told of, but there are {number}"));
            }
        }
        Ok(Audit { bytes: counted.bytes, entries: counted.entries, keys: in_order, problems })
    }
}
