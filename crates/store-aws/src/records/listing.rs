//! Lists of records: of a partition, or of an index.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use redkv_records::index::{hash_key, sort_key};
use redkv_records::{Index, Listing, Page, Position};
use serde_json::{Value as Json, json};

use super::items::{
    Item, is_expired, place_of, position, position_after, record_of, start_key, text, version,
};
use super::table::Table;
use crate::aws::attempts::Attempts;
use crate::dynamodb::error::VALIDATION;
use crate::tables::input;
use crate::tables::meter::Units;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};

/// Where a page is filled up because others have expired, so many items at least are asked for first, and twice as many each time.
const LEAST: usize = 100;
/// From so many on, as many are asked for as the service brings at a time.
const MANY: usize = 5_000;
/// A page is what was found in so many requests, where more expired records than that are in a row.
const MOST_REQUESTS: u32 = 20;

/// What the service speaks of where it refuses the key that a list is to begin after.
const OF_KEYS: [&str; 4] = ["start", "key", "empty", "type mismatch"];

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

    /// Returns where the list goes on: after `key`. Fails where that is no key of the list, or nothing was gained: such a list
    /// would never end.
    fn next(&self, key: Option<&Item>) -> Result<Option<Position>> {
        let Some(next) = key.map(position) else { return Ok(None) };
        let index = self.listing.index.as_ref();
        next.check(self.partition, index).map_err(|error| unusable().caused_by(error))?;
        let Some(start) = self.start.as_ref().map(position) else { return Ok(Some(next)) };
        let went_back = match (start.text(sort_key(index)), next.text(sort_key(index))) {
            (Some(start), Some(next)) if self.listing.reverse => next > start,
            (Some(start), Some(next)) => next < start,
            _ => false,
        };
        if went_back || start == next { Err(unusable()) } else { Ok(Some(next)) }
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
    /// Lists records that have not expired by `now`: as many as are wanted, unless the end is reached, or many thousands in a row
    /// have expired.
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
        for requests in 1.. {
            let found = self.query(&part).await?;
            let ends = add(&mut page, found.items, partition, listing, now)?;
            if ends {
                return Ok(page);
            }
            page.next = part.next(found.next.as_ref())?;
            let has_enough = limit.map_or(!page.records.is_empty(), |limit| page.records.len() >= limit);
            if has_enough || page.next.is_none() || requests == MOST_REQUESTS {
                break;
            }
            part.start = found.next;
            part.limit = limit.and_then(|limit| more(limit - page.records.len(), requests));
        }
        Ok(page)
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

    /// The error of a request for a list: that of the argument at fault, as far as the service says so.
    fn unlisted(&self, error: SdkError<QueryError>, listing: &Listing, attempts: &Attempts) -> Error {
        let is_refused = error.code() == Some(VALIDATION);
        let told = error.message().map(str::to_lowercase).unwrap_or_default();
        let error = self.failed(error, attempts).outcome(Outcome::NotApplied);
        if is_refused && !listing.prefix.is_empty() && told.contains("condition parameter type") {
            let message = format!("prefix must be that of a text: {}", error.message());
            return Error::argument("prefix", message);
        }
        if is_refused && listing.after.is_some() && OF_KEYS.iter().any(|word| told.contains(word)) {
            let message = format!("after must be the token of a page of the same list: {}", error.message());
            return Error::argument("after", message);
        }
        error
    }
}

/// How many items are asked for where `missing` are missing in a page after so many requests; `None` for all that come at a time.
fn more(missing: usize, requests: u32) -> Option<usize> {
    let more = missing.max(LEAST.saturating_mul(1 << requests.saturating_sub(1).min(10)));
    (more < MANY).then_some(more)
}

/// Adds the records in `items` to a page. Returns whether it ends there, as there are more than it has room for, or one that
/// cannot be read: then it says where to continue. Fails where the page would begin with that one.
fn add(page: &mut Page, items: Vec<Item>, partition: &Arc<str>, listing: &Listing, now: u64) -> Result<bool> {
    let limit = listing.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let index = listing.index.as_ref();
    let items: Vec<_> = items.into_iter().filter(|item| !is_expired(item, now)).collect();
    let unreadable = items.iter().position(|item| version(item).is_none());
    let end = unreadable.unwrap_or(items.len()).min(limit.saturating_sub(page.records.len()));
    let is_more = end < items.len();
    let taken = if is_more && page.records.is_empty() { end.max(1) } else { end };
    if is_more && let Some(last) = end.checked_sub(1) {
        page.next = Some(position_after(&items[last], index));
    }
    for item in items.into_iter().take(taken) {
        let place = place_of(&item, partition, index).ok_or_else(unusable)?;
        page.records.push(record_of(place, item)?);
    }
    Ok(is_more)
}

fn unusable() -> Error {
    let message = "the service has answered with what is not in the list that was asked for";
    Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_for_more_asks_for_more() {
        assert_eq!([1, 2, 3, 6].map(|requests| more(1, requests)), [100, 200, 400, 3_200].map(Some));
        assert_eq!(
            (more(150, 1), more(1, 7), more(5_000, 1), more(1, u32::MAX)),
            (Some(150), None, None, None)
        );
    }
}
