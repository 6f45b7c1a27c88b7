//! Lists of records: of a partition, or of an index.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use redkv_records::index::{hash_key, sort_key};
use redkv_records::{Index, Listing, Page, Position};
use serde_json::{Value as Json, json};

use super::items::{Item, is_expired, place_of, position, position_after, record_of, start_key, text};
use super::table::Table;
use crate::aws::attempts::Attempts;
use crate::dynamodb::error::VALIDATION;
use crate::tables::input;
use crate::tables::meter::Units;
use redkv_core::error::{Error, Outcome, Result};

/// Where a page is filled up because others have expired, so many items at least are asked for.
const LEAST: usize = 100;

/// A part of a list that one request asks for.
struct Part<'a> {
    partition: &'a str,
    listing: &'a Listing,
    limit: Option<usize>,
    start: Option<Item>,
}

/// The items of a part, and where to continue.
struct Found {
    items: Vec<Item>,
    next: Option<Item>,
}

impl Part<'_> {
    fn condition(&self) -> &'static str {
        if self.listing.prefix.is_empty() {
            "#hash = :hash"
        } else {
            "#hash = :hash AND begins_with(#sort, :prefix)"
        }
    }

    fn names(&self) -> HashMap<String, String> {
        let index = self.listing.index.as_ref();
        let mut names = HashMap::from([("#hash".to_owned(), hash_key(index).to_owned())]);
        if !self.listing.prefix.is_empty() {
            names.insert("#sort".to_owned(), sort_key(index).to_owned());
        }
        names
    }

    fn values(&self) -> Item {
        let mut values = Item::from([(":hash".to_owned(), text(self.partition))]);
        if !self.listing.prefix.is_empty() {
            values.insert(":prefix".to_owned(), text(&self.listing.prefix));
        }
        values
    }

    fn is_consistent(&self) -> bool {
        !self.listing.may_be_old && !matches!(self.listing.index, Some(Index::Global(_)))
    }

    fn limit(&self) -> Option<i32> {
        self.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX))
    }

    fn input(&self, table: &str) -> Json {
        let mut input = json!({
            "TableName": table,
            "KeyConditionExpression": self.condition(),
            "ExpressionAttributeNames": self.names(),
            "ScanIndexForward": !self.listing.reverse,
            "ConsistentRead": self.is_consistent(),
        });
        if let Some(index) = &self.listing.index {
            input["IndexName"] = json!(index.name());
        }
        if let Some(limit) = self.limit() {
            input["Limit"] = json!(limit);
        }
        if let Some(start) = &self.start {
            input["ExclusiveStartKey"] = input::key(start);
        }
        input
    }
}

/// Where a position is, seen from what is listed in its order. The service refuses one that is outside.
enum Side {
    Before,
    Within,
    After,
}

fn side(position: &Position, listing: &Listing) -> Side {
    let prefix = &*listing.prefix;
    match position.text(sort_key(listing.index.as_ref())) {
        Some(text) if !text.starts_with(prefix) && (text < prefix) != listing.reverse => Side::Before,
        Some(text) if !text.starts_with(prefix) => Side::After,
        _ => Side::Within,
    }
}

impl Table {
    /// Lists records that have not expired by `now`: as many as are wanted, unless the end is reached.
    pub(super) async fn list(&self, partition: &Arc<str>, listing: &Listing, now: u64) -> Result<Page> {
        let limit = listing.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        if let Some(index) = &listing.index {
            self.check_index(index).await?;
        }
        let mut page = Page::default();
        let start = match listing.after.as_ref().map(|after| (after, side(after, listing))) {
            Some((_, Side::After)) => return Ok(page),
            Some((after, Side::Within)) => Some(start_key(after)?),
            Some((_, Side::Before)) | None => None,
        };
        let mut part = Part { partition, listing, limit, start };
        loop {
            let found = self.query(&part).await?;
            let is_full = add(&mut page, found.items, partition, listing, now)?;
            if is_full {
                return Ok(page);
            }
            page.next = found.next.as_ref().map(position);
            let has_enough = limit.map_or(!page.records.is_empty(), |limit| page.records.len() >= limit);
            if has_enough || page.next.is_none() {
                return Ok(page);
            }
            part.start = found.next;
            part.limit = limit.map(|limit| (limit - page.records.len()).max(LEAST));
        }
    }

    async fn query(&self, part: &Part<'_>) -> Result<Found> {
        let attempts = Attempts::default();
        let input = self.meter.input(|| part.input(&self.name));
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(part.listing.index.as_ref().map(|index| index.name().to_owned()))
            .key_condition_expression(part.condition())
            .set_expression_attribute_names(Some(part.names()))
            .set_expression_attribute_values(Some(part.values()))
            .scan_index_forward(!part.listing.reverse)
            .consistent_read(part.is_consistent())
            .set_limit(part.limit())
            .set_exclusive_start_key(part.start.clone())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize();
        let sent = request.interceptor(attempts.clone()).send();
        let units = |answer: &aws_sdk_dynamodb::operation::query::QueryOutput| {
            Units::read(answer.consumed_capacity.as_ref())
        };
        match self.reported("Query", input, sent, units).await {
            Ok(answer) => Ok(Found {
                items: answer.items.unwrap_or_default(),
                next: answer.last_evaluated_key.filter(|key| !key.is_empty()),
            }),
            Err(error) => Err(self.unlisted(error, part.listing, &attempts)),
        }
    }

    /// The error of a request for a list.
    fn unlisted(&self, error: SdkError<QueryError>, listing: &Listing, attempts: &Attempts) -> Error {
        let is_refused = error.code() == Some(VALIDATION);
        let is_of_start = error.message().is_some_and(|message| message.to_lowercase().contains("start"));
        let error = self.failed(error, attempts).outcome(Outcome::NotApplied);
        if listing.after.is_some() && is_refused && is_of_start {
            let message = format!("after must be the token of a page of the same list: {}", error.message());
            return Error::argument("after", message);
        }
        error
    }
}

/// Adds the records in `items` to a page. Returns whether there are more than it has room for: then it says where to continue.
fn add(page: &mut Page, items: Vec<Item>, partition: &Arc<str>, listing: &Listing, now: u64) -> Result<bool> {
    let limit = listing.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut last = None;
    for item in items.into_iter().filter(|item| !is_expired(item, now)) {
        if page.records.len() == limit {
            page.next = last;
            return Ok(true);
        }
        if page.records.len() + 1 == limit {
            last = Some(position_after(&item, listing.index.as_ref()));
        }
        page.records.push(record_of(place_of(&item, partition), item)?);
    }
    Ok(false)
}
