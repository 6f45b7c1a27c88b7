//! Ranges of sorted members, as commands and scripts.

use redkv_structures::{By, Range, Shown};

use super::place::Place;
use super::score;
use super::scripts::{self, Named, Script};
use crate::protocol::request::Request;

/// Returns the script that lists a range, if no plain command does, where the key and its companion are together.
pub(super) fn script_of(range: &Range) -> Option<&'static Script> {
    script(range, range.shown == Shown::Value)
}

fn script(range: &Range, shows_values: bool) -> Option<&'static Script> {
    match &range.by {
        By::Score(_) if answers_a_page(range) => Some(&scripts::PAGE_BY_SCORE),
        By::Lex(_) if answers_a_page(range) => Some(&scripts::PAGE_BY_LEX),
        _ => shows_values.then_some(&scripts::VALUES),
    }
}

/// Returns whether the server answers with a page. Scores of a range by bytes come in no other way.
pub(super) fn answers_a_page(range: &Range) -> bool {
    is_page(range) || (range.with_scores && matches!(range.by, By::Lex(_)))
}

/// Returns whether the caller gets a page.
pub(super) fn is_page(range: &Range) -> bool {
    range.is_page || range.after.is_some()
}

/// Writes the command for a range; whether the companion is there for its values.
pub(super) fn ask(request: &mut Request, place: Place<'_>, range: &Range, named: Named, is_paired: bool) {
    let shows_values = is_paired && range.shown == Shown::Value;
    let Some(script) = script(range, shows_values) else {
        request.command(4 + options(range), name(range)).awaits_lists();
        place.put(request);
        put_ends(request, range);
        put_options(request, range);
        return;
    };
    let words = match (&range.by, answers_a_page(range)) {
        (_, false) => 4 + options(range),
        (By::Score(_), true) => 4 + if range.after.is_some() { 2 } else { 0 },
        (By::Lex(_), true) => 4,
    };
    script.call(request, named, if shows_values { 2 } else { 1 }, words);
    if shows_values {
        place.put_pair(request)
    } else {
        place.put(request)
    }
    match (&range.by, answers_a_page(range)) {
        (_, false) => {
            request.arg(if range.with_scores { b"2" } else { b"1" }).arg(name(range).as_bytes());
            put_ends(request, range);
            put_options(request, range);
        }
        (By::Score(scores), true) => {
            score::put(request, scores.min);
            score::put(request, scores.max);
            request.arg(if range.reverse { b"reverse" } else { b"forward" }).number(limit(range));
            if let Some((score, field)) = &range.after {
                score::put(request, *score);
                request.arg(field);
            }
        }
        (By::Lex(_), true) => {
            request.arg(name(range).as_bytes());
            put_ends(request, range);
            request.number(limit(range));
        }
    }
}

fn name(range: &Range) -> &'static str {
    match (&range.by, range.reverse) {
        (By::Score(_), false) => "ZRANGEBYSCORE",
        (By::Score(_), true) => "ZREVRANGEBYSCORE",
        (By::Lex(_), false) => "ZRANGEBYLEX",
        (By::Lex(_), true) => "ZREVRANGEBYLEX",
    }
}

/// Where the range begins and ends, in its direction, and after what came before.
fn put_ends(request: &mut Request, range: &Range) {
    match &range.by {
        By::Score(scores) => {
            let (from, to) = if range.reverse { (scores.max, scores.min) } else { (scores.min, scores.max) };
            score::put(request, from);
            score::put(request, to);
        }
        By::Lex(bounds) => {
            let (from, to) =
                if range.reverse { (&bounds.max, &bounds.min) } else { (&bounds.min, &bounds.max) };
            match &range.after {
                Some((_, field)) => request.joined(&[b"(", field]),
                None => request.arg(&from.to_redis()),
            };
            request.arg(&to.to_redis());
        }
    }
}

/// How many words [`put_options`] writes.
fn options(range: &Range) -> usize {
    usize::from(with_scores(range)) + if range.limit.is_some() { 3 } else { 0 }
}

fn put_options(request: &mut Request, range: &Range) {
    if with_scores(range) {
        request.arg(b"WITHSCORES");
    }
    if range.limit.is_some() {
        request.arg(b"LIMIT").arg(b"0").number(limit(range));
    }
}

fn with_scores(range: &Range) -> bool {
    range.with_scores && matches!(range.by, By::Score(_))
}

/// How many at most; 0 for all of them. No set has as many members as a script counts to exactly.
fn limit(range: &Range) -> u64 {
    range.limit.unwrap_or(0).min(1 << 52)
}
