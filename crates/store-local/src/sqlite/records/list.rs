//! Lists of a partition or of an index.

use redkv_records::record::{ID, NAME, seconds};
use redkv_records::{Answer, Index, Listing, Page, Position, Record};
use rusqlite::{Params, Row};

use super::rows::{Records, read, text};
use crate::sqlite::service::{Fault, Found};

/// A page without a limit has so many records at most, and ends after so many bytes.
const PAGE: usize = 1_000;
const PAGE_BYTES: usize = 4 << 20;

/// Is in no text.
const BEYOND_TEXTS: u8 = 0xff;

/// Between which bytes a list is: from the first on, and before the second.
struct Bounds {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Bounds {
    /// What begins with `prefix`.
    fn of_prefix(prefix: &str) -> Self {
        let from = prefix.as_bytes().to_vec();
        let to = [prefix.as_bytes(), &[BEYOND_TEXTS]].concat();
        Self { from, to }
    }

    /// Begins with the next key after `after`, or with the one before it in reverse.
    fn begin_beside(&mut self, after: &str, reverse: bool) {
        if reverse {
            self.to = after.into();
        } else {
            self.from = [after.as_bytes(), &[0]].concat();
        }
    }

    /// Returns whether `text` is where the list begins or later, in its direction.
    fn narrows(&self, text: &str, reverse: bool) -> bool {
        if reverse { text.as_bytes() < &self.to[..] } else { text.as_bytes() >= &self.from[..] }
    }
}

/// Returns whether a record is where an entry of an index says: another program may have changed it.
fn is_of_entry(record: &Record, index: &Index, row: &Row<'_>) -> Found<bool> {
    Ok(index.entry(record) == Some((text(row, 6)?, text(row, 7)?)))
}

impl Records<'_> {
    pub(super) fn list(&self, partition: &str, listing: &Listing, now: u64) -> Found<Answer> {
        listing.after.as_ref().map_or(Ok(()), Position::check_texts)?;
        let mut bounds = Bounds::of_prefix(&listing.prefix);
        let second = seconds(now);
        let text = |name| listing.after.as_ref().and_then(|after| after.text(name));
        let Some(index) = &listing.index else {
            if let Some(after) = text(NAME).filter(|after| bounds.narrows(after, listing.reverse)) {
                bounds.begin_beside(after, listing.reverse);
            }
            let parameters = (partition.as_bytes(), &bounds.from, &bounds.to, second);
            return self.page(self.sql.list(listing.reverse), parameters, listing);
        };
        let number = self.declared()?.number(index)?;
        let sort = text(index.sort_key()).filter(|sort| bounds.narrows(sort, listing.reverse));
        let Some(sort) = sort else {
            let parameters = (number, partition.as_bytes(), &bounds.from, &bounds.to, second);
            return self.page(self.sql.list_index(listing.reverse), parameters, listing);
        };
        *(if listing.reverse { &mut bounds.to } else { &mut bounds.from }) = sort.into();
        let (id, name) = (text(ID).unwrap_or_default(), text(NAME).unwrap_or_default());
        let parameters =
            (number, partition.as_bytes(), &bounds.from, &bounds.to, second, id.as_bytes(), name.as_bytes());
        self.page(self.sql.list_index_after(listing.reverse), parameters, listing)
    }

    fn page(&self, sql: &str, parameters: impl Params, listing: &Listing) -> Found<Answer> {
        let index = listing.index.as_ref();
        let limit = listing.limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let (mut records, mut bytes) = (Vec::<Record>::new(), 0);
        let mut statement = self.rows.statement(sql)?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            let record = match (read(row), records.last()) {
                // The page ends before what cannot be read: only the next one fails.
                (Err(Fault::OfData(_)), Some(last)) => {
                    let next = Some(Position::after(last, index));
                    return Ok(Answer::Page(Page { records, next }));
                }
                (read, _) => read?,
            };
            if !index.map_or(Ok(true), |index| is_of_entry(&record, index, row))? {
                continue;
            }
            let is_full = records.len() >= limit || (listing.limit.is_none() && bytes >= PAGE_BYTES);
            if let Some(last) = records.last().filter(|_| is_full) {
                let next = Some(Position::after(last, index));
                return Ok(Answer::Page(Page { records, next }));
            }
            bytes += record.bytes();
            records.push(record);
        }
        Ok(Answer::Page(Page { records, next: None }))
    }
}
