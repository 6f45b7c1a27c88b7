//! Writes of records: each one request on one item, with a condition.

use redkv_records::record::{ID, LARGEST_VERSION, seconds};
use redkv_records::{Action, Answer, Change, Command, Effect, Expiry, Place};

use super::items::{
    EXPIRES, Item, PAYLOAD, VERSION, is_expired, item_of, live_record, number, payload, primary_key,
    record_of, text,
};
use super::table::Table;
use crate::dynamodb::error::VALIDATION;
use crate::tables::writes::{ItemWrite, MOST_TRIES, Returns, Written, contention, pauses};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};

/// The condition of an item whose record has not expired, and of none. What is no number never expires: it is neither smaller
/// nor larger than one.
const HAS_NOT_EXPIRED: &str = "NOT (#expires < :next)";
const IS_ABSENT: &str = "attribute_not_exists(#id)";
const HAS_VERSION: &str = "#version = :version";
/// The condition of an item at version 0, which may have no attribute for it.
const IS_AT_0: &str = "attribute_exists(#id) AND (attribute_not_exists(#version) OR #version = :version)";
/// The condition of a version that grows to one that can be read. A fraction passes: no expression tells it from a whole number.
const GROWS: &str = "(attribute_not_exists(#version) OR (#version >= :zero AND #version < :largest))";

impl Table {
    /// Answers commands that write. Where others get in the way, they are tried again.
    pub(super) async fn change(&self, command: &Command) -> Result<Answer> {
        let place = &command.place;
        if let Some(change) = command.action.change()
            && let Err(wrong) = self.check_keys_of_indexes(place, change)
        {
            // What is refused in any case is refused for what is there.
            let found = self.get_item(primary_key(place), None, true).await?;
            return refusal(command, found)?.ok_or(wrong);
        }
        let write = planned(command)?;
        let mut pauses = pauses();
        for _ in 0..MOST_TRIES {
            if let Some(answer) = self.try_change(command, &write).await.map_err(named)? {
                return Ok(answer);
            }
            tokio::time::sleep(pauses.next_pause()).await;
        }
        Err(contention())
    }

    /// Makes a write. Returns `None` where what was found is not there any more.
    async fn try_change(&self, command: &Command, write: &ItemWrite) -> Result<Option<Answer>> {
        let Command { place, action, now } = command;
        let found = match self.write(write).await? {
            Written::Made(item) => return answered(command, item).map(Some),
            Written::Refused(None) if !self.returns_found() => {
                self.get_item(primary_key(place), None, true).await?
            }
            Written::Refused(found) => found,
        };
        match (action, found) {
            (Action::Put(change) | Action::Create(change), Some(item)) if is_expired(&item, *now) => {
                self.write_anew(place, change, item, *now).await
            }
            (_, found) => refusal(command, found),
        }
    }

    /// Writes a new record in place of the expired one in `item`, as long as that is there.
    async fn write_anew(
        &self,
        place: &Place,
        change: &Change,
        item: Item,
        now: u64,
    ) -> Result<Option<Answer>> {
        let (version, expires) = (item.get(VERSION).cloned(), item.get(EXPIRES).cloned());
        // What cannot be read is absent as well: then the versions begin anew.
        let expired = record_of(place.clone(), item).ok();
        let record = change.applied(place, expired.as_ref(), now)?;
        let is_as_found = match version {
            Some(_) => HAS_VERSION,
            None => "attribute_not_exists(#version)",
        };
        let write = ItemWrite::put(item_of(&record)).when(format!("{is_as_found} AND #expires = :expires"));
        let mut write = write.name("#version", VERSION).name("#expires", EXPIRES);
        write.values.extend(version.map(|version| (":version".to_owned(), version)));
        write.values.extend(expires.map(|expires| (":expires".to_owned(), expires)));
        match self.write(&write).await? {
            Written::Made(_) => Ok(Some(Answer::Written(record))),
            Written::Refused(_) => Ok(None),
        }
    }
}

/// Returns the answer to a write that is not made where `found` is the item; `None` where it would be made.
fn refusal(command: &Command, found: Option<Item>) -> Result<Option<Answer>> {
    let found = live_record(&command.place, found, command.now)?;
    match command.effect(found.as_ref())? {
        Effect::Answer(refused) => Ok(Some(refused)),
        Effect::Write(_) | Effect::Remove => Ok(None),
    }
}

/// Returns the error of a write as that of the argument at fault, as far as the service says so.
fn named(error: Error) -> Error {
    let told = error.message().to_lowercase();
    if error.kind() != ErrorKind::Store || !told.starts_with(&VALIDATION.to_lowercase()) {
        return error;
    }
    if told.contains("item size") {
        return Error::argument("value", format!("the record would be too large: {}", error.message()));
    }
    if told.contains("index key") || told.contains("secondary index") {
        let message = format!("a key of an index has a value that it cannot have: {}", error.message());
        return Error::argument("fields", message);
    }
    error
}

/// Returns the request that makes a command.
fn planned(command: &Command) -> Result<ItemWrite> {
    let Command { place, action, now } = command;
    let live = |write: ItemWrite| {
        write.name("#expires", EXPIRES).value(":next", number(seconds(*now).saturating_add(1)))
    };
    let of_version = |write: ItemWrite, version: u64, more: &str| {
        let write = live(write).name("#version", VERSION).value(":version", number(version));
        let (write, is_at) =
            if version == 0 { (write.name("#id", ID), IS_AT_0) } else { (write, HAS_VERSION) };
        write.when(format!("{is_at} AND {HAS_NOT_EXPIRED}{more}"))
    };
    let grows = |write: ItemWrite| write.value(":largest", number(LARGEST_VERSION));
    match action {
        Action::Put(change) => {
            let write = grows(live(update(place, change))).value(":zero", number(0));
            Ok(write.when(format!("{HAS_NOT_EXPIRED} AND {GROWS}")))
        }
        Action::Create(change) => Ok(update(place, change).name("#id", ID).when(IS_ABSENT)),
        Action::Replace { change, version } if *version < LARGEST_VERSION => {
            Ok(of_version(update(place, change), *version, ""))
        }
        // Refused, whatever is there: as another version, or because this one cannot grow.
        Action::Replace { change, version } => {
            Ok(of_version(grows(update(place, change)), *version, " AND #version < :largest"))
        }
        Action::Remove { version } => Ok(of_version(ItemWrite::delete(primary_key(place)), *version, "")),
        Action::Delete => Ok(ItemWrite::delete(primary_key(place))),
        Action::Get { .. } | Action::Exists { .. } | Action::List(_) => {
            Err(Error::new(ErrorKind::Internal, "a defect of RedKV: a read among the writes"))
        }
    }
}

/// Returns the request that changes a record, and makes its version grow.
fn update(place: &Place, change: &Change) -> ItemWrite {
    let write = ItemWrite::update(primary_key(place), expression(change)).returning(Returns::Whole);
    let mut write = write.name("#version", VERSION).value(":one", number(1));
    if let Some(value) = &change.value {
        write = write.name("#payload", PAYLOAD).value(":payload", payload(value));
    }
    if change.expiry != Expiry::Keep {
        write = write.name("#expires", EXPIRES);
    }
    if let Expiry::At(second) = change.expiry {
        write = write.value(":expires", number(second));
    }
    for (place, (name, value)) in change.fields.iter().enumerate() {
        write = write.name(format!("#{place}"), name);
        if let Some(value) = value {
            write = write.value(format!(":{place}"), text(value));
        }
    }
    write
}

/// Returns what is done with the attributes of a record. Fields have their numbers as names: expressions have bounds.
fn expression(change: &Change) -> String {
    let (mut set, mut remove) = (Vec::new(), Vec::new());
    if change.value.is_some() {
        set.push("#payload=:payload".to_owned());
    }
    match change.expiry {
        Expiry::Keep => {}
        Expiry::Never => remove.push("#expires".to_owned()),
        Expiry::At(_) => set.push("#expires=:expires".to_owned()),
    }
    for (place, value) in change.fields.values().enumerate() {
        match value {
            Some(_) => set.push(format!("#{place}=:{place}")),
            None => remove.push(format!("#{place}")),
        }
    }
    let clauses = [("SET", set), ("REMOVE", remove)].into_iter().filter(|(_, changes)| !changes.is_empty());
    let clauses: String =
        clauses.map(|(clause, changes)| format!(" {clause} {}", changes.join(","))).collect();
    format!("ADD #version :one{clauses}")
}

/// Returns the answer to a write that was made and returned `item`.
fn answered(command: &Command, item: Item) -> Result<Answer> {
    if command.action.change().is_none() {
        return Ok(Answer::Done);
    }
    // It was made all the same.
    let record = record_of(command.place.clone(), item).map_err(|error| error.outcome(Outcome::Unknown))?;
    if record.version == 0 {
        let message = "no usable response: a record that was written has no version";
        return Err(Error::new(ErrorKind::Connection, message).outcome(Outcome::Unknown));
    }
    Ok(Answer::Written(record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_stays_but_for_the_expiry() {
        let fields = [("b".to_owned(), Some("x".to_owned())), ("a".to_owned(), None)].into();
        let change = Change { value: Some("v".into()), fields, expiry: Expiry::At(7) };
        assert_eq!(
            expression(&change),
            "ADD #version :one SET #payload=:payload,#expires=:expires,#1=:1 REMOVE #0"
        );
        assert_eq!(expression(&Change::default()), "ADD #version :one REMOVE #expires");
        let kept = Change { expiry: Expiry::Keep, ..Change::default() };
        assert_eq!(expression(&kept), "ADD #version :one");
    }

    #[test]
    fn an_expression_with_as_many_fields_as_allowed_has_less_than_4_kb() {
        let field = |number: usize| (format!("field {number}"), Some(String::new()));
        let fields = (0..redkv_records::limits::FIELDS).map(field).collect();
        let change = Change { value: Some("v".into()), fields, expiry: Expiry::At(7) };
        assert!(expression(&change).len() < 4 << 10);
    }
}
