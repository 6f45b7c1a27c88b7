//! Ranges and counts of sorted members.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, Select};
use bytes::Bytes;
use redkv_structures::{
    Action, Answer, By, Command, Entry, LexBound, LexRange, Page, Range, Score, ScoreRange, Shown,
};

use super::items::{Item, PLAIN, RANK, VALUE, binary, binary_of, bytes_of, primary_key, rank};
use super::table::Table;
use crate::aws::attempts::Attempts;
use crate::tables::meter::Units;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};

/// Minus zero as it is sorted: other programs put members there, which read as 0.
const MINUS_ZERO: [u8; 8] = [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
/// No range key is longer. What is cut off a longer bound decides nothing.
const LONGEST_BOUND: usize = 1017;

/// Which items of a key are asked for.
#[derive(Clone, Debug)]
struct Query<'a> {
    key: &'a [u8],
    /// Whether in the order of the index: by score. Else by range key.
    by_score: bool,
    low: Option<Vec<u8>>,
    high: Option<Vec<u8>>,
    reverse: bool,
    consistent: bool,
    /// The attributes that are returned; all of them when absent.
    projection: Option<&'static str>,
    counts: bool,
    /// Leaves out what is no sorted member.
    only_members: bool,
    limit: Option<usize>,
    start: Option<Item>,
}

/// What a query found, and where to continue.
struct Found {
    items: Vec<Item>,
    count: u64,
    next: Option<Item>,
}

impl<'a> Query<'a> {
    fn new(key: &'a [u8], consistent: bool) -> Self {
        Self {
            key,
            by_score: false,
            low: None,
            high: None,
            reverse: false,
            consistent,
            projection: None,
            counts: false,
            only_members: false,
            limit: None,
            start: None,
        }
    }

    fn by_score(key: &'a [u8], range: &ScoreRange, consistent: bool) -> Self {
        let low = if range.min == Score::from(0) { MINUS_ZERO } else { range.min.to_sortable() };
        // The next place after the score itself: a rank goes on with the field.
        let high = u64::from_be_bytes(range.max.to_sortable()) + 1;
        let (low, high) = (Some(low.to_vec()), Some(high.to_be_bytes().to_vec()));
        Self { by_score: true, low, high, ..Self::new(key, consistent) }
    }

    /// The bounds themselves are included.
    fn by_bytes(key: &'a [u8], range: &LexRange, consistent: bool) -> Self {
        Self { low: place(&range.min), high: place(&range.max), ..Self::new(key, consistent) }
    }

    fn condition(&self) -> String {
        let range = if self.by_score { RANK } else { "rk" };
        match (&self.low, &self.high) {
            (None, None) => "hk = :key".to_owned(),
            (Some(_), None) => format!("hk = :key AND {range} >= :low"),
            (None, Some(_)) => format!("hk = :key AND {range} <= :high"),
            (Some(_), Some(_)) => format!("hk = :key AND {range} BETWEEN :low AND :high"),
        }
    }

    /// Returns whether its bounds leave nothing, which the service would refuse.
    fn is_empty(&self) -> bool {
        matches!((&self.low, &self.high), (Some(low), Some(high)) if low > high)
    }
}

/// The place of a bound among range keys; an empty one is none, as no range key is empty.
fn place(bound: &LexBound) -> Option<Vec<u8>> {
    match bound {
        LexBound::Included(member) | LexBound::Excluded(member) if !member.is_empty() => {
            Some(member[..member.len().min(LONGEST_BOUND)].to_vec())
        }
        _ => None,
    }
}

/// Returns whether no member can be in a range: none is empty.
fn is_empty(range: &LexRange) -> bool {
    let ends_first = match &range.max {
        LexBound::Included(member) | LexBound::Excluded(member) => member.is_empty(),
        _ => false,
    };
    ends_first || range.is_empty()
}

impl Table {
    /// Answers commands that read several sorted members.
    pub(super) async fn read_sorted(&self, command: &Command) -> Result<Answer> {
        let consistent = !command.may_be_old;
        let (answer, is_empty) = match &command.action {
            Action::ZCard => {
                let all = Query { by_score: true, ..Query::new(&command.key, consistent) };
                self.count_all(all).await?
            }
            Action::ZCount(range) if range.is_empty() => (Answer::Count(0), true),
            Action::ZCount(range) => self.count_all(Query::by_score(&command.key, range, consistent)).await?,
            Action::ZLexCount(range) => self.count_by_bytes(&command.key, range, consistent).await?,
            Action::ZRange(range) => self.range(&command.key, range, consistent).await?,
            _ => return Err(Error::new(ErrorKind::Internal, "a defect of RedKV: a write among the reads")),
        };
        if is_empty && self.strict {
            self.check_no_plain(&command.key, consistent).await?;
        }
        Ok(answer)
    }

    async fn count_all(&self, query: Query<'_>) -> Result<(Answer, bool)> {
        let mut query = Query { counts: true, ..query };
        let mut count = 0;
        loop {
            let found = self.query(&query).await?;
            count += found.count;
            query.start = found.next;
            if query.start.is_none() {
                return Ok((Answer::Count(count), count == 0));
            }
        }
    }

    /// A condition on the range key has no two bounds that are excluded: what is on them is looked at here.
    async fn count_by_bytes(&self, key: &[u8], range: &LexRange, consistent: bool) -> Result<(Answer, bool)> {
        if is_empty(range) {
            return Ok((Answer::Count(0), true));
        }
        let query = Query { only_members: range.contains(PLAIN), ..Query::by_bytes(key, range, consistent) };
        if !has_excluded(&range.min) && !has_excluded(&range.max) {
            return self.count_all(query).await;
        }
        let mut query = Query { projection: Some("rk"), ..query };
        let mut count = 0;
        loop {
            let found = self.query(&query).await?;
            let counted = found.items.iter().filter_map(|item| binary_of(item, "rk"));
            count += counted.filter(|field| range.contains(field)).count() as u64;
            query.start = found.next;
            if query.start.is_none() {
                return Ok((Answer::Count(count), count == 0));
            }
        }
    }

    async fn range(&self, key: &[u8], range: &Range, consistent: bool) -> Result<(Answer, bool)> {
        let query = match &range.by {
            By::Score(scores) if scores.is_empty() => return Ok(shown(Vec::new(), range, false)),
            By::Lex(bytes) if is_empty(bytes) => return Ok(shown(Vec::new(), range, false)),
            By::Score(scores) => Query::by_score(key, scores, consistent),
            By::Lex(bytes) => Query::by_bytes(key, bytes, consistent),
        };
        let Some(query) = started(query, range) else { return Ok(shown(Vec::new(), range, false)) };
        let is_page = range.is_page || range.after.is_some();
        let limit = range.limit.and_then(|limit| usize::try_from(limit).ok());
        self.list(query, range, limit, is_page).await
    }

    /// Lists until there is enough, or no more. A page without a limit is what one request brings.
    async fn list(
        &self,
        mut query: Query<'_>,
        range: &Range,
        limit: Option<usize>,
        is_page: bool,
    ) -> Result<(Answer, bool)> {
        let mut listed: Vec<Listed> = Vec::new();
        loop {
            query.limit = limit.map(|limit| limit.saturating_sub(listed.len()) + slack(range));
            let found = self.query(&query).await?;
            listed.extend(found.items.into_iter().filter_map(|item| Listed::of(item, range)));
            let end = end_of(&listed, limit, is_page);
            if let Some(end) = end.filter(|end| *end < listed.len()) {
                listed.truncate(end);
                return Ok(shown(listed, range, true));
            }
            query.start = found.next;
            if query.start.is_none() {
                return Ok(shown(listed, range, false));
            }
            let is_a_page =
                is_page && limit.is_none() && listed.last().is_some_and(|last| !last.is_minus_zero);
            let is_enough = !is_page && end == Some(listed.len());
            if is_a_page || is_enough {
                return Ok(shown(listed, range, true));
            }
        }
    }

    /// Returns whether the key has sorted members.
    pub(super) async fn has_sorted(&self, key: &[u8], consistent: bool) -> Result<bool> {
        let query = Query::new(key, consistent);
        let query = Query { by_score: true, projection: Some("rk"), limit: Some(1), ..query };
        Ok(!self.query(&query).await?.items.is_empty())
    }

    /// Returns fields of the sorted members of a key, and where to continue.
    pub(super) async fn sorted_fields(
        &self,
        key: &[u8],
        start: Option<Item>,
    ) -> Result<(Vec<Bytes>, Option<Item>)> {
        let query = Query::new(key, true);
        let query = Query { by_score: true, projection: Some("rk"), start, ..query };
        let found = self.query(&query).await?;
        let fields = found.items.iter().filter_map(|item| binary_of(item, "rk"));
        Ok((fields.map(Bytes::copy_from_slice).collect(), found.next))
    }

    async fn query(&self, query: &Query<'_>) -> Result<Found> {
        if query.is_empty() {
            return Ok(Found { items: Vec::new(), count: 0, next: None });
        }
        let attempts = Attempts::default();
        let mut request = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(query.by_score.then(|| RANK.to_owned()))
            .key_condition_expression(query.condition())
            .expression_attribute_values(":key", binary(query.key))
            .set_filter_expression(query.only_members.then(|| format!("attribute_exists({RANK})")))
            .set_projection_expression(query.projection.map(str::to_owned))
            .set_select(query.counts.then_some(Select::Count))
            .set_limit(query.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(query.start.clone())
            .scan_index_forward(!query.reverse)
            .consistent_read(query.consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (name, bound) in [(":low", &query.low), (":high", &query.high)] {
            if let Some(bound) = bound {
                request = request.expression_attribute_values(name, binary(bound));
            }
        }
        let request = request.customize().interceptor(attempts.clone());
        let sent =
            self.timed("Query", request.send(), |answer| Units::read(answer.consumed_capacity.as_ref()));
        match sent.await {
            Ok(answer) => Ok(Found {
                count: u64::try_from(answer.count).unwrap_or_default(),
                items: answer.items.unwrap_or_default(),
                next: answer.last_evaluated_key.filter(|key| !key.is_empty()),
            }),
            Err(error) => Err(self.failed(error, &attempts).outcome(Outcome::NotApplied)),
        }
    }
}

/// A sorted member, as it is listed.
struct Listed {
    field: Bytes,
    value: Bytes,
    score: Score,
    is_minus_zero: bool,
}

impl Listed {
    /// Returns the member in `item`, if it is one and in the range.
    fn of(item: Item, range: &Range) -> Option<Self> {
        let rank = binary_of(&item, RANK)?;
        let (score, is_minus_zero) = (Score::from_sortable(rank), rank.starts_with(&MINUS_ZERO));
        let field = binary_of(&item, "rk")?;
        if matches!(&range.by, By::Lex(bytes) if !bytes.contains(field)) {
            return None;
        }
        let field = Bytes::copy_from_slice(field);
        let value = match range.shown {
            Shown::Field => field.clone(),
            Shown::Value => item.get(VALUE).and_then(bytes_of).unwrap_or_else(|| field.clone()),
        };
        Some(Self { field, value, score, is_minus_zero })
    }
}

/// Returns how many of `listed` are listed; `None` if there are not enough yet.
///
/// A page does not end with a score of minus zero, which reads as 0: the next one would begin after members with 0.
fn end_of(listed: &[Listed], limit: Option<usize>, is_page: bool) -> Option<usize> {
    let limit = limit?;
    if !is_page {
        return (listed.len() >= limit).then_some(limit);
    }
    let past = listed.iter().skip(limit.saturating_sub(1)).position(|member| !member.is_minus_zero)?;
    Some(limit.max(1) + past)
}

/// So many more items are asked for, as they are left out here: what is on excluded bounds, and the plain item. For a page
/// another one, which tells whether there are more.
fn slack(range: &Range) -> usize {
    let left_out = match &range.by {
        By::Score(_) => 0,
        By::Lex(bytes) => {
            usize::from(has_excluded(&bytes.min))
                + usize::from(has_excluded(&bytes.max))
                + usize::from(bytes.contains(PLAIN))
        }
    };
    left_out + usize::from(range.is_page || range.after.is_some())
}

fn has_excluded(bound: &LexBound) -> bool {
    matches!(bound, LexBound::Excluded(member) if !member.is_empty())
}

/// Lets a query begin after where the page before ended; `None` if there is nothing after that.
fn started<'a>(query: Query<'a>, range: &Range) -> Option<Query<'a>> {
    let mut query = Query { reverse: range.reverse, ..query };
    let Some((score, field)) = &range.after else { return Some(query) };
    let place = if query.by_score { rank(*score, field) } else { field.to_vec() };
    let is_before = query.low.as_ref().is_some_and(|low| place < *low);
    let is_after = query.high.as_ref().is_some_and(|high| place > *high);
    match (is_before, is_after, range.reverse) {
        (true, _, true) | (_, true, false) => return None,
        // It begins where the range does.
        (true, _, false) | (_, true, true) => return Some(query),
        (false, false, _) => {}
    }
    let mut start = primary_key(query.key, field);
    if query.by_score {
        start.insert(RANK.to_owned(), AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(place)));
    }
    query.start = Some(start);
    Some(query)
}

/// Returns what is listed in the form that was asked for, and whether it is nothing.
fn shown(listed: Vec<Listed>, range: &Range, has_more: bool) -> (Answer, bool) {
    let is_empty = listed.is_empty();
    let answer = if range.is_page || range.after.is_some() {
        let last = listed.last().map(|last| (last.score, last.field.clone()));
        Answer::Page(Page {
            next: last.filter(|_| has_more),
            entries: listed.into_iter().map(entry).collect(),
        })
    } else if range.with_scores {
        Answer::Scored(listed.into_iter().map(entry).collect())
    } else {
        Answer::List(listed.into_iter().map(|member| member.value).collect())
    };
    (answer, is_empty)
}

fn entry(member: Listed) -> Entry {
    Entry { value: member.value, score: member.score }
}
