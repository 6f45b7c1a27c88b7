//! Records and the entries of indexes, read and written row by row.

use std::collections::BTreeMap;

use redkv_core::error::{Error, ErrorKind};
use redkv_records::limits::check_record;
use redkv_records::record::{KEPT_EXPIRED, LARGEST_VERSION, has_expired, seconds};
use redkv_records::{Action, Answer, Command, Effect, Index, Place, Record};
use rusqlite::Row;
use rusqlite::types::Type;

use super::shape::Declared;
use super::sql::Sql;
use crate::sqlite::service::{Fault, Found, Rows};

/// A write removes so many of the records that have expired long ago.
const REMOVED_AT_A_TIME: u32 = 4;

/// The records of the tables.
#[derive(Clone, Copy)]
pub(super) struct Records<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) sql: &'a Sql,
}

impl Records<'_> {
    /// Makes an operation. One that fails may have begun to write.
    pub(super) fn run(&self, command: &Command) -> Found<Answer> {
        let Command { place, action, now } = command;
        if let Action::List(listing) = action {
            return self.list(&place.partition, listing, *now);
        }
        let found = match self.record(place) {
            Err(Fault::OfData(_)) if matches!(action, Action::Delete) => return self.delete_unread(place),
            // Whether or not it can be read, it is absent.
            Err(Fault::OfData(_)) if self.has_expired(place, *now)? => None,
            found => found?,
        };
        match command.effect(found.as_ref())? {
            Effect::Answer(answer) => Ok(answer),
            Effect::Write(record) => {
                let declared = self.declared()?;
                check_record(&declared.shape, &record)?;
                self.write(&declared, found.as_ref(), &record)?;
                self.remove_expired(&declared, *now)?;
                Ok(Answer::Written(record))
            }
            Effect::Remove => {
                if let Some(found) = &found {
                    self.remove(&self.declared()?, found)?;
                }
                Ok(Answer::Done)
            }
        }
    }

    pub(super) fn record(&self, place: &Place) -> Found<Option<Record>> {
        let names = [place.partition.as_bytes(), place.key.as_bytes()];
        let found = self.rows.one(&self.sql.record, names, |row| Ok(read(row)));
        found?.transpose()
    }

    fn has_expired(&self, place: &Place, now: u64) -> Found<bool> {
        let names = [place.partition.as_bytes(), place.key.as_bytes()];
        let expires = self.rows.one(&self.sql.record, names, |row| Ok(row.get::<_, i64>(3).ok()))?;
        Ok(expires.flatten().is_some_and(|expires| has_expired(expires, now)))
    }

    fn write(&self, declared: &Declared, before: Option<&Record>, record: &Record) -> Found<()> {
        let Record { place, version, expires, value, fields } = record;
        let fields = serde_json::to_string(fields).map_err(|cause| {
            let message = "a defect of RedKV: fields are no JSON";
            Error::new(ErrorKind::Internal, message).caused_by(cause)
        })?;
        let (id, name) = (place.partition.as_bytes(), place.key.as_bytes());
        let version = i64::try_from(*version).unwrap_or(i64::MAX);
        let written =
            self.rows.change(&self.sql.put, (id, name, version, expires, value.as_deref(), &fields))?;
        if written == 0 {
            let message = "the record was not written: a trigger that another program made ignores it";
            return Err(Error::new(ErrorKind::Store, message).into());
        }
        for (number, index) in &declared.numbers {
            let (old, new) = (before.and_then(|before| index.entry(before)), index.entry(record));
            if old != new {
                self.leave(*number, index, before)?;
                self.enter(*number, index, record)?;
            }
        }
        Ok(())
    }

    fn remove(&self, declared: &Declared, record: &Record) -> Found<()> {
        let Place { partition, key } = &record.place;
        self.rows.change(&self.sql.delete, [partition.as_bytes(), key.as_bytes()])?;
        declared.numbers.iter().try_for_each(|(number, index)| self.leave(*number, index, Some(record)))
    }

    /// Deletes a record that cannot be read. What indexes have of it leads nowhere then.
    fn delete_unread(&self, place: &Place) -> Found<Answer> {
        self.rows.change(&self.sql.delete, [place.partition.as_bytes(), place.key.as_bytes()])?;
        Ok(Answer::Done)
    }

    pub(super) fn enter(&self, number: i64, index: &Index, record: &Record) -> Found<()> {
        self.change_entry(&self.sql.enter, number, index, record)
    }

    fn leave(&self, number: i64, index: &Index, record: Option<&Record>) -> Found<()> {
        record.map_or(Ok(()), |record| self.change_entry(&self.sql.leave, number, index, record))
    }

    fn change_entry(&self, sql: &str, number: i64, index: &Index, record: &Record) -> Found<()> {
        let Some((hash, sort)) = index.entry(record) else { return Ok(()) };
        let Place { partition, key } = &record.place;
        let entry = (number, hash.as_bytes(), sort.as_bytes(), partition.as_bytes(), key.as_bytes());
        self.rows.change(sql, entry)?;
        Ok(())
    }

    fn remove_expired(&self, declared: &Declared, now: u64) -> Found<()> {
        if !declared.shape.ttl {
            return Ok(());
        }
        let end = seconds(now).saturating_sub(KEPT_EXPIRED);
        let old = self.rows.many(&self.sql.expired, (end, REMOVED_AT_A_TIME), |row| Ok(read(row)))?;
        // One that cannot be read stays: nobody who writes another has to do with it.
        old.into_iter().flatten().try_for_each(|record| self.remove(declared, &record))
    }
}

/// Reads a record.
pub(super) fn read(row: &Row<'_>) -> Found<Record> {
    let place = Place::new(text(row, 0)?, text(row, 1)?);
    contents(row, &place).map_err(|cause| {
        let Place { partition, key } = &place;
        let message = format!(
            "the record '{key}' of the partition '{partition}' cannot be read: another program has changed it"
        );
        Error::new(ErrorKind::Store, message).caused_by(cause).into()
    })
}

/// Reads what is in a row besides its place.
fn contents(row: &Row<'_>, place: &Place) -> rusqlite::Result<Record> {
    let number: i64 = row.get(2)?;
    let version = u64::try_from(number).ok().filter(|version| *version <= LARGEST_VERSION);
    let version = version.ok_or(rusqlite::Error::IntegralValueOutOfRange(2, number))?;
    let value: Option<String> = row.get(4)?;
    let fields: String = row.get(5)?;
    let fields: BTreeMap<String, String> = serde_json::from_str(&fields)
        .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(5, Type::Text, Box::new(cause)))?;
    let (place, expires) = (place.clone(), row.get(3)?);
    Ok(Record { place, version, expires, value: value.map(Into::into), fields })
}

/// Reads a text that is kept as its bytes.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> Found<&'a str> {
    let bytes = row.get_ref(column)?.as_bytes().map_err(unreadable)?;
    std::str::from_utf8(bytes).map_err(unreadable)
}

fn unreadable(cause: impl std::error::Error + Send + Sync + 'static) -> Fault {
    let message = "a record cannot be read: its key is no text, as another program has changed it";
    Error::new(ErrorKind::Store, message).caused_by(cause).into()
}
