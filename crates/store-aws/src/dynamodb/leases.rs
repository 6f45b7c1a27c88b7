//! Leases: an item each, which stays after a release, for its token.
//!
//! No clock of the service can be asked, so a lease is over when its item did not change for its life, by the clock of who
//! waits for it: one that does not know the item waits for one life. Its holder stops before, by a clock that began before the
//! lease was asked for.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{BoxFuture, FutureExt};

use super::error;
use super::items::Item;
use super::store::DynamoDbStore;
use super::table::Table;
use crate::aws::attempts::Attempts;
use redkv_core::clock::{Clock, SystemClock};
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::lock::Lock;
use redkv_core::store::Leases;
use redkv_core::store::leases::{LEASE_KEY, SeenLeases, next_token};

/// The attributes of an item, beside its key. The value's is not among them, so that it is no entry.
const TOKEN: &str = "lease:token";
const BEAT: &str = "lease:beat";
const LIFE: &str = "lease:life";
const RELEASED: &str = "lease:released";

/// What this process knows of leases.
#[derive(Debug, Default)]
pub(super) struct KnownLeases {
    seen: SeenLeases,
    /// Those that were taken here, by their names.
    held: Lock<HashMap<Box<str>, Held>>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    token: u64,
    /// `None` is never.
    ends: Option<Instant>,
}

impl KnownLeases {
    /// Notes that a lease was asked for at `since` and is held with `token`.
    fn hold(&self, name: &str, token: u64, since: Instant, life: Duration) {
        self.held.lock().insert(name.into(), Held { token, ends: since.checked_add(life) });
    }

    /// Notes that nobody holds a lease with `token` any more.
    fn forget(&self, name: &str, token: u64) {
        let mut held = self.held.lock();
        if held.get(name).is_some_and(|held| held.token == token) {
            held.remove(name);
        }
    }

    /// Returns whether a lease that was taken here with `token` is over.
    fn is_over(&self, name: &str, token: u64) -> bool {
        let held = self.held.lock().get(name).copied();
        held.is_some_and(|held| held.token == token && held.ends.is_some_and(|end| end <= Instant::now()))
    }
}

/// An item as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    token: u64,
    /// The number of renewals.
    beat: u64,
    life: Duration,
    is_released: bool,
}

impl Found {
    fn read(item: &Item) -> Option<Self> {
        let number = |name| item.get(name)?.as_n().ok()?.parse().ok();
        let is_released = *item.get(RELEASED)?.as_bool().ok()?;
        let life = Duration::from_millis(number(LIFE)?);
        Some(Self { token: number(TOKEN)?, beat: number(BEAT)?, life, is_released })
    }
}

impl Table {
    async fn found_lease(&self, key: &Key) -> Result<Option<Found>> {
        let attempts = Attempts::default();
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(self.shape.primary_key(key)))
            .consistent_read(true)
            .customize()
            .interceptor(attempts.clone());
        let answer = request.send().await.map_err(|error| error::map(error, &attempts, &self.name))?;
        let Some(item) = answer.item else { return Ok(None) };
        Found::read(&item).map(Some).ok_or_else(not_a_lease)
    }

    /// Begins a change of the item of a lease.
    fn lease_update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.once.update_item().table_name(&self.name).set_key(Some(self.shape.primary_key(key)))
    }

    /// Makes a change, and returns whether its condition held.
    async fn lease_updated(&self, request: UpdateItemFluentBuilder) -> Result<bool> {
        let attempts = Attempts::default();
        match request.customize().interceptor(attempts.clone()).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some(error::CONDITION_FAILED) => Ok(false),
            Err(error) => Err(error::map(error, &attempts, &self.name)),
        }
    }

    /// Makes the item that of a holder with `token`, if it is still as it was found.
    async fn take_lease(&self, key: &Key, found: Option<Found>, token: u64, life: Duration) -> Result<bool> {
        let request = self
            .lease_update(key)
            .update_expression("SET #token = :token, #beat = :none, #life = :life, #released = :false")
            .expression_attribute_names("#token", TOKEN)
            .expression_attribute_names("#beat", BEAT)
            .expression_attribute_names("#life", LIFE)
            .expression_attribute_names("#released", RELEASED)
            .expression_attribute_values(":token", number(token))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":life", number(millis(life)))
            .expression_attribute_values(":false", AttributeValue::Bool(false));
        let request = match found {
            None => request.condition_expression("attribute_not_exists(#token)"),
            Some(found) => request
                .condition_expression("#token = :last AND #beat = :seen")
                .expression_attribute_values(":last", number(found.token))
                .expression_attribute_values(":seen", number(found.beat)),
        };
        self.lease_updated(request).await
    }

    async fn acquire_lease(&self, name: &str, life: Duration) -> Result<Option<u64>> {
        let key = key_of(name);
        let found = self.found_lease(&key).await?;
        if let Some(found) = found.filter(|found| !found.is_released) {
            let mark = (found.token, found.beat);
            if !self.leases.seen.is_over(name, mark, found.life) {
                return Ok(None);
            }
        }
        let now = SystemClock.time_of_day().saturating_mul(1000);
        let token = next_token(found.map_or(0, |found| found.token), now);
        let since = Instant::now();
        if !self.take_lease(&key, found, token, life).await? {
            return Ok(None);
        }
        self.leases.hold(name, token, since, life);
        Ok(Some(token))
    }

    async fn renew_lease(&self, name: &str, token: u64, life: Duration) -> Result<bool> {
        if self.leases.is_over(name, token) {
            return Ok(false);
        }
        let since = Instant::now();
        let request = self
            .lease_update(&key_of(name))
            .update_expression("SET #beat = #beat + :one, #life = :life")
            .condition_expression("#token = :token AND #released = :false")
            .expression_attribute_names("#token", TOKEN)
            .expression_attribute_names("#beat", BEAT)
            .expression_attribute_names("#life", LIFE)
            .expression_attribute_names("#released", RELEASED)
            .expression_attribute_values(":token", number(token))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":life", number(millis(life)))
            .expression_attribute_values(":false", AttributeValue::Bool(false));
        let is_held = self.lease_updated(request).await?;
        if is_held {
            self.leases.hold(name, token, since, life);
        } else {
            self.leases.forget(name, token);
        }
        Ok(is_held)
    }

    async fn release_lease(&self, name: &str, token: u64) -> Result<bool> {
        if self.leases.is_over(name, token) {
            self.leases.forget(name, token);
            return Ok(false);
        }
        let request = self
            .lease_update(&key_of(name))
            .update_expression("SET #released = :true")
            .condition_expression("#token = :token AND #released = :false")
            .expression_attribute_names("#token", TOKEN)
            .expression_attribute_names("#released", RELEASED)
            .expression_attribute_values(":token", number(token))
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .expression_attribute_values(":false", AttributeValue::Bool(false));
        let was_held = self.lease_updated(request).await?;
        self.leases.forget(name, token);
        Ok(was_held)
    }
}

fn key_of(name: &str) -> Key {
    format!("{LEASE_KEY}{name}").into()
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn millis(life: Duration) -> u64 {
    u64::try_from(life.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
}

fn not_a_lease() -> Error {
    Error::new(ErrorKind::Value, "another program wrote to the item of this lease: delete it")
}

impl Leases for DynamoDbStore {
    fn acquire<'a>(&'a self, name: &'a str, life: Duration) -> BoxFuture<'a, Result<Option<u64>>> {
        async move { self.table().await?.acquire_lease(name, life).await }.boxed()
    }

    fn renew<'a>(&'a self, name: &'a str, token: u64, life: Duration) -> BoxFuture<'a, Result<bool>> {
        async move { self.table().await?.renew_lease(name, token, life).await }.boxed()
    }

    fn release<'a>(&'a self, name: &'a str, token: u64) -> BoxFuture<'a, Result<bool>> {
        async move { self.table().await?.release_lease(name, token).await }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_where_it_is_that_of_a_lease() {
        let mut item = Item::from([
            (TOKEN.to_owned(), number(u64::MAX)),
            (BEAT.to_owned(), number(3)),
            (LIFE.to_owned(), number(1500)),
            (RELEASED.to_owned(), AttributeValue::Bool(true)),
        ]);
        let life = Duration::from_millis(1500);
        let found = Found { token: u64::MAX, beat: 3, life, is_released: true };
        assert_eq!(Found::read(&item), Some(found));
        item.insert(BEAT.to_owned(), AttributeValue::S("3".to_owned()));
        assert_eq!(Found::read(&item), None);
    }

    #[test]
    fn a_lease_that_was_taken_here_is_over_by_the_clock_of_this_process() {
        let known = KnownLeases::default();
        let since = Instant::now();
        assert!(!known.is_over("a", 1));
        known.hold("a", 1, since, Duration::ZERO);
        assert!(known.is_over("a", 1) && !known.is_over("a", 2) && !known.is_over("b", 1));
        known.hold("a", 2, since, Duration::MAX);
        known.forget("a", 1);
        assert!(!known.is_over("a", 2));
        known.hold("a", 2, since, Duration::ZERO);
        known.forget("a", 2);
        assert!(!known.is_over("a", 2));
    }
}
