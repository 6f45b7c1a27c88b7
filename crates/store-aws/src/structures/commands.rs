//! Commands that write.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, ReturnConsumedCapacity, WriteRequest};
use bytes::Bytes;
use futures_util::future::join;
use redkv_structures::{Action, Answer, Change, Command, Deletion, Score, Write};

use super::atomic::{Transacted, new_token};
use super::changes::{MOST_FIELDS, NO_ITEM, NO_VALUE, check_field, planned, undone};
use super::items::{
    Found, Item, PLAIN, RANK, VALUE, binary, binary_of, fields_of, primary_key, rank, sorted_item,
};
use super::table::Table;
use super::verdicts::{Verdict, judged, wrong_kind};
use crate::aws::attempts::Attempts;
use crate::aws::backoff::Backoff;
use crate::aws::requests::side_by_side;
use crate::dynamodb::error::throttled;
use crate::tables::access::unmade;
use crate::tables::meter::Units;
use crate::tables::reads::AT_A_TIME;
use crate::tables::writes::{ItemWrite, MOST_TRIES, Returns, Written, contention, pauses};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};

/// The most items that one request may delete.
const MOST_DELETED: usize = 25;

/// How a change ended.
enum Ended {
    /// It was made, and returned this.
    Made(Item),
    /// Its condition does not hold.
    Failed,
    /// There was nothing to change.
    Nothing,
}

impl Ended {
    fn is_made(&self) -> bool {
        matches!(self, Self::Made(_))
    }
}

impl Table {
    /// Makes a command that writes.
    pub(super) async fn write_command(&self, command: &Command) -> Result<Answer> {
        let key = &command.key;
        let change = |change| Write::new(key.clone(), change);
        match &command.action {
            Action::Set(value) => {
                if self.strict {
                    self.delete_sorted(key).await?;
                }
                self.change(&change(Change::Set(value.clone()))).await.map(|_| Answer::Done)
            }
            Action::SetNx(value) => {
                if self.strict && self.has_sorted(key, true).await? {
                    return Ok(Answer::Is(false));
                }
                let ended = self.change(&change(Change::SetNx(value.clone()))).await?;
                Ok(Answer::Is(ended.is_made()))
            }
            Action::SetXx(value) => {
                let replaces = self.strict && self.delete_sorted(key).await?;
                let value = value.clone();
                let change = change(if replaces { Change::Set(value) } else { Change::SetXx(value) });
                Ok(Answer::Is(self.change(&change).await?.is_made()))
            }
            Action::SetEq { value, expected } => {
                self.check_no_sorted(key).await?;
                let set = Change::SetEq { value: value.clone(), expected: expected.clone() };
                Ok(Answer::Is(self.change(&change(set)).await?.is_made()))
            }
            Action::IncrBy(by) => {
                self.check_no_sorted(key).await?;
                self.count(&change(Change::IncrBy(*by)), *by).await.map(Answer::Integer)
            }
            Action::Delete(deletion) => self.delete(key, *deletion).await.map(Answer::Is),
            Action::SAdd(members) => {
                self.check_no_sorted(key).await?;
                self.change(&change(Change::SAdd(members.clone()))).await.map(|_| Answer::Done)
            }
            Action::SRem(members) => {
                self.check_no_sorted(key).await?;
                self.change(&change(Change::SRem(members.clone()))).await.map(|_| Answer::Done)
            }
            Action::HSet(fields) => {
                self.check_no_sorted(key).await?;
                for set in fields.chunks(MOST_FIELDS) {
                    let (set_new, delete) = (Vec::new(), Vec::new());
                    self.change(&change(Change::Hash { set: set.to_vec(), set_new, delete })).await?;
                }
                Ok(Answer::Done)
            }
            Action::HDel(fields) => {
                self.check_no_sorted(key).await?;
                for delete in unique(fields).chunks(MOST_FIELDS) {
                    let (set, set_new) = (Vec::new(), Vec::new());
                    self.change(&change(Change::Hash { set, set_new, delete: delete.to_vec() })).await?;
                }
                Ok(Answer::Done)
            }
            Action::ZAdd { member, score } => {
                let add = Change::ZAdd { field: member.clone(), member: None, score: *score };
                self.write_sorted(key, planned(&change(add))?).await.map(|_| Answer::Done)
            }
            Action::ZhAdd { field, member, score } => {
                let add = Change::ZAdd { field: field.clone(), member: Some(member.clone()), score: *score };
                self.write_sorted(key, planned(&change(add))?).await.map(|_| Answer::Done)
            }
            Action::ZRem(fields) | Action::ZhRem(fields) => self.remove_sorted(key, fields).await,
            Action::ZIncrBy { member, by } => {
                self.increment_score(key, member, *by).await.map(|score| Answer::Score(Some(score)))
            }
            _ => Err(Error::new(ErrorKind::Internal, "a defect of RedKV: a read among the writes")),
        }
    }

    /// Makes a change of one item, as often as it takes.
    async fn change(&self, write: &Write) -> Result<Ended> {
        let mut request = planned(write)?;
        let mut pauses = pauses();
        for tries in 0..MOST_TRIES {
            let found = match self.write(&request).await? {
                Written::Made(old) if request.returns == Returns::Old && request.condition.is_some() => {
                    let Some(name) = fields_of(&old).next() else {
                        return Ok(Ended::Made(primary_key(&write.key, PLAIN)));
                    };
                    // It had become a hash since it was seen empty.
                    self.undo(write, name).await?;
                    Found::Hash(vec![name.to_owned()])
                }
                Written::Made(returned) => return Ok(Ended::Made(returned)),
                Written::Refused(found) => self.found(&request, found).await?,
            };
            request = match judged(write, &found)? {
                Verdict::Failed(_) => return Ok(Ended::Failed),
                Verdict::Nothing(_) => return Ok(Ended::Nothing),
                Verdict::Again(request) => request,
            };
            // The second request knows what is there; others get in the way of more.
            if tries > 0 {
                tokio::time::sleep(pauses.next_pause()).await;
            }
        }
        Err(contention())
    }

    async fn undo(&self, write: &Write, name: &str) -> Result<()> {
        for undo in undone(write, name) {
            let undone = self.write(&undo).await.map_err(|error| error.outcome(Outcome::Unknown))?;
            if matches!(undone, Written::Made(_)) {
                break;
            }
        }
        Ok(())
    }

    /// Returns what is in the plain item for which the condition of `request` did not hold.
    async fn found(&self, request: &ItemWrite, returned: Option<Item>) -> Result<Found> {
        if returned.is_none() && !self.returns_found() {
            let item = self.get_item(request.key(self.keys), None, true).await?;
            return Ok(Found::of(item.as_ref()));
        }
        Ok(Found::of(returned.as_ref()))
    }

    async fn count(&self, write: &Write, by: i64) -> Result<i64> {
        let Ended::Made(now) = self.change(write).await? else { return Err(contention()) };
        let Some(value) = now.get(VALUE) else {
            // It began at 0, unless the answer is none.
            return if now.is_empty() { Err(unreadable()) } else { Ok(by) };
        };
        let text = value.as_n().map_err(|_| unreadable())?;
        match text.parse() {
            Ok(number) => Ok(number),
            Err(_) if text.parse::<f64>().is_ok() => Err(self.take_back(write, by, value.clone()).await),
            Err(_) => Err(unreadable()),
        }
    }

    /// Takes back what was added to a number with a fraction, which another program put here. Returns the error of the caller.
    async fn take_back(&self, write: &Write, by: i64, now: AttributeValue) -> Error {
        let error = Error::new(ErrorKind::Value, "the counter is not an integer within 64 bits");
        let less = AttributeValue::N((-i128::from(by)).to_string());
        let undo = ItemWrite::update(primary_key(&write.key, PLAIN), "ADD v :less").value(":less", less);
        match self.write(&undo.value(":now", now).when("v = :now")).await {
            Ok(Written::Made(_)) => error,
            _ => error.outcome(Outcome::Unknown),
        }
    }

    async fn delete(&self, key: &Bytes, deletion: Deletion) -> Result<bool> {
        let write = Write::new(key.clone(), Change::Delete);
        let was_there = |ended: Ended| match ended {
            Ended::Made(old) => !Found::of((!old.is_empty()).then_some(&old)).is_absent(),
            _ => false,
        };
        if deletion == Deletion::Value {
            return self.change(&write).await.map(was_there);
        }
        let (plain, sorted) = join(self.change(&write), self.delete_sorted(key)).await;
        match (plain.map(was_there), sorted) {
            (Ok(plain), Ok(sorted)) => Ok(plain || sorted),
            // Half of it is done.
            (Ok(true), Err(error)) | (Err(error), Ok(true)) => Err(error.outcome(Outcome::Unknown)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// Deletes the sorted members of a key, and returns whether there were any.
    async fn delete_sorted(&self, key: &Bytes) -> Result<bool> {
        let (mut start, mut any) = (None, false);
        loop {
            let (fields, next) = self.sorted_fields(key, start).await?;
            let fields: Vec<_> = fields.into_iter().filter(|field| field != PLAIN).collect();
            any |= !fields.is_empty();
            let deleted = self.delete_items(key, &fields).await;
            deleted.map_err(|error| if any { error.outcome(Outcome::Unknown) } else { error })?;
            if next.is_none() {
                return Ok(any);
            }
            start = next;
        }
    }

    async fn delete_items(&self, key: &Bytes, fields: &[Bytes]) -> Result<()> {
        let pieces = fields.chunks(MOST_DELETED).map(|piece| self.delete_piece(key, piece));
        side_by_side(AT_A_TIME, pieces.collect()).await.into_iter().collect()
    }

    async fn delete_piece(&self, key: &Bytes, fields: &[Bytes]) -> Result<()> {
        let request = |field: &Bytes| {
            let delete = DeleteRequest::builder().set_key(Some(primary_key(key, field))).build()?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        let requests: std::result::Result<Vec<_>, _> = fields.iter().map(request).collect();
        let mut left = HashMap::from([(self.name.clone(), requests.map_err(unmade)?)]);
        let attempts = Attempts::default();
        let mut backoff = Backoff::default();
        loop {
            let before = left.values().flatten().count();
            let request = self
                .once
                .batch_write_item()
                .set_request_items(Some(left))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .customize()
                .interceptor(attempts.clone());
            let sent = self.timed("BatchWriteItem", request.send(), |answer| {
                let consumed = answer.consumed_capacity.iter().flatten();
                Some(Units::Write(consumed.filter_map(|consumed| consumed.capacity_units).sum()))
            });
            let answer = sent.await.map_err(|error| self.failed(error, &attempts))?;
            left = answer.unprocessed_items.unwrap_or_default();
            let now = left.values().flatten().count();
            if now == 0 {
                return Ok(());
            }
            match backoff.after(now < before) {
                Some(wait) => tokio::time::sleep(wait).await,
                // Some of them are gone.
                None => return Err(throttled(&attempts).outcome(Outcome::Unknown)),
            }
        }
    }

    async fn remove_sorted(&self, key: &Bytes, fields: &[Bytes]) -> Result<Answer> {
        if self.strict {
            self.check_no_plain(key, true).await?;
        }
        let mut fields = unique(fields);
        let place = fields.iter().position(|field| field == PLAIN);
        // In the place of the value it is deleted only if it is a member.
        let alone =
            if fields.len() == 1 { fields.pop() } else { place.map(|place| fields.swap_remove(place)) };
        if let Some(field) = alone {
            self.change(&Write::new(key.clone(), Change::ZRem { field, of_hash: false })).await?;
        }
        if !fields.is_empty() {
            self.delete_items(key, &fields).await?;
        }
        Ok(Answer::Done)
    }

    async fn increment_score(&self, key: &Bytes, member: &Bytes, by: Score) -> Result<Score> {
        check_field(member, false)?;
        let place = || primary_key(key, member);
        let read = || self.get_item(place(), Some((RANK.to_owned(), None)), true);
        let mut found = read().await?;
        let mut pauses = pauses();
        for _ in 0..MOST_TRIES {
            let old = found.as_ref().and_then(|item| binary_of(item, RANK));
            let sum = old.map_or(0.0, |rank| Score::from_sortable(rank).get()) + by.get();
            let not_a_number = || Error::new(ErrorKind::Value, "the sum of the scores is not a number");
            let score = Score::new(sum).ok_or_else(not_a_number)?;
            let write = match old {
                // Its value stays.
                Some(old) => ItemWrite::update(place(), "SET rk2 = :new")
                    .value(":new", binary(&rank(score, member)))
                    .when("rk2 = :old")
                    .value(":old", binary(old)),
                None => ItemWrite::put(sorted_item(key, member, member, score))
                    .when(format!("attribute_not_exists({RANK})")),
            };
            match self.write_sorted(key, write).await? {
                Written::Made(_) => return Ok(score),
                Written::Refused(None) if !self.returns_found() => found = read().await?,
                Written::Refused(now) => found = now,
            }
            tokio::time::sleep(pauses.next_pause()).await;
        }
        Err(contention())
    }

    /// Writes the item of a sorted member: where kinds are strict, only if the key has no value, set or hash.
    async fn write_sorted(&self, key: &Bytes, write: ItemWrite) -> Result<Written> {
        if !self.strict {
            return self.write(&write).await;
        }
        let plain = || primary_key(key, PLAIN);
        let mut check = ItemWrite::check(plain(), NO_ITEM);
        let mut pauses = pauses();
        for _ in 0..MOST_TRIES {
            let both = [check.clone(), write.clone()];
            let mut refused = match self.transact(&both, &new_token()).await? {
                Transacted::Committed => return Ok(Written::Made(Item::new())),
                Transacted::Contended => {
                    tokio::time::sleep(pauses.next_pause()).await;
                    continue;
                }
                Transacted::Refused(refused) => refused,
            };
            if let Some(found) = refused.remove(&0) {
                match Found::of(found.as_ref()) {
                    Found::Nothing => {}
                    // One that was left empty has no value, at least.
                    Found::Shell => check = ItemWrite::check(plain(), NO_VALUE),
                    _ => return Err(wrong_kind()),
                }
            } else if let Some(found) = refused.remove(&1) {
                return Ok(Written::Refused(found));
            }
        }
        Err(contention())
    }

    /// Where kinds are strict, fails if the key has sorted members.
    async fn check_no_sorted(&self, key: &Bytes) -> Result<()> {
        if self.strict && self.has_sorted(key, true).await? { Err(wrong_kind()) } else { Ok(()) }
    }
}

fn unique(fields: &[Bytes]) -> Vec<Bytes> {
    let mut fields = fields.to_vec();
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// The error of a write whose answer does not say what was written.
fn unreadable() -> Error {
    Error::new(ErrorKind::Connection, "no usable response: the answer does not say what was written")
}
