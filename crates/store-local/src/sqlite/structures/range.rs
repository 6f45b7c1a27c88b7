//! Ranges of sorted sets and sorted hashes.

use redkv_structures::{Answer, By, Entry, LexBound, LexRange, Page, Range, ScoreRange, Shown};

use super::keys::{Keys, Member, place_of};
use super::sql::Column;

/// Rows of a column from the first to before the last, if there is a last.
struct Span {
    column: Column,
    from: Vec<u8>,
    to: Option<Vec<u8>>,
}

impl Span {
    fn of_scores(scores: &ScoreRange) -> Option<Self> {
        if scores.is_empty() {
            return None;
        }
        // Before the next score comes every field of this one.
        let next = u64::from_be_bytes(scores.max.to_sortable()).checked_add(1);
        Some(Self {
            column: Column::Rk2,
            from: scores.min.to_sortable().to_vec(),
            to: next.map(|next| next.to_be_bytes().to_vec()),
        })
    }

    fn of_members(members: &LexRange) -> Option<Self> {
        if members.is_empty() {
            return None;
        }
        let from = match &members.min {
            LexBound::Lowest | LexBound::Highest => Vec::new(),
            LexBound::Included(member) => member.to_vec(),
            LexBound::Excluded(member) => after(member),
        };
        let to = match &members.max {
            LexBound::Lowest | LexBound::Highest => None,
            LexBound::Included(member) => Some(after(member)),
            LexBound::Excluded(member) => Some(member.to_vec()),
        };
        Some(Self { column: Column::Rk, from, to })
    }

    fn of(range: &Range) -> Option<Self> {
        let mut span = match &range.by {
            By::Score(scores) => Self::of_scores(scores),
            By::Lex(members) => Self::of_members(members),
        }?;
        let Some((score, field)) = &range.after else { return Some(span) };
        let place = match span.column {
            Column::Rk => field.to_vec(),
            Column::Rk2 => place_of(*score, field),
        };
        if range.reverse {
            span.to = Some(span.to.map_or_else(|| place.clone(), |to| to.min(place.clone())));
        } else {
            span.from = span.from.max(after(&place));
        }
        Some(span)
    }
}

/// Returns the first bytes after `bytes`.
fn after(bytes: &[u8]) -> Vec<u8> {
    [bytes, b"\0"].concat()
}

impl Keys<'_> {
    pub(super) fn count_scores(&self, key: &[u8], scores: &ScoreRange) -> rusqlite::Result<u64> {
        self.count_span(key, Span::of_scores(scores))
    }

    pub(super) fn count_members(&self, key: &[u8], members: &LexRange) -> rusqlite::Result<u64> {
        self.count_span(key, Span::of_members(members))
    }

    fn count_span(&self, key: &[u8], span: Option<Span>) -> rusqlite::Result<u64> {
        let Some(Span { column, from, to }) = span else { return Ok(0) };
        let sql = self.sql.count_range(column, to.is_some());
        let read = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let count = match &to {
            Some(to) => self.rows.one(&sql, (key, &from, to), read),
            None => self.rows.one(&sql, (key, &from), read),
        }?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    pub(super) fn range(&self, key: &[u8], range: &Range) -> rusqlite::Result<Answer> {
        let limit = range.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let is_page = range.is_page || range.after.is_some();
        // One more says whether there is another page.
        let wanted = limit.saturating_add(usize::from(is_page));
        let mut found = match Span::of(range) {
            Some(span) => self.list(key, span, range.reverse, wanted)?,
            None => Vec::new(),
        };
        if !is_page {
            return Ok(listed(found, range));
        }
        let is_last = found.len() <= limit;
        found.truncate(limit);
        let next = found.last().filter(|_| !is_last).map(|last| (last.score, last.name.clone()));
        let entries = found.into_iter().map(|member| entry(member, range.shown)).collect();
        Ok(Answer::Page(Page { entries, next }))
    }

    fn list(&self, key: &[u8], span: Span, reverse: bool, limit: usize) -> rusqlite::Result<Vec<Member>> {
        let Span { column, from, to } = span;
        let sql = self.sql.list(column, to.is_some(), reverse);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        match to {
            Some(to) => self.many(&sql, (key, from, to, limit)),
            None => self.many(&sql, (key, from, limit)),
        }
    }
}

fn entry(member: Member, shown: Shown) -> Entry {
    let value = match shown {
        Shown::Field => member.name,
        Shown::Value => member.value.unwrap_or(member.name),
    };
    Entry { value, score: member.score }
}

fn listed(found: Vec<Member>, range: &Range) -> Answer {
    let entries = found.into_iter().map(|member| entry(member, range.shown));
    if range.with_scores {
        Answer::Scored(entries.collect())
    } else {
        Answer::List(entries.map(|entry| entry.value).collect())
    }
}
