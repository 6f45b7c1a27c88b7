//! What is asked about a key, and which answers to other questions answer it too.

use bytes::Bytes;

use crate::answer::Answer;
use crate::command::{Action, By, Command, Range, Shown};
use crate::lex::LexRange;
use crate::score::ScoreRange;

/// A read, but for its key and its limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) what: What,
    /// Whether the answer may be old. Such an answer answers no read that must be consistent.
    pub(super) may_be_old: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    Value,
    Presence,
    Members,
    Member(Bytes),
    Size,
    Fields,
    Field(Bytes),
    SortedSize,
    Score(Bytes),
    CountByScore(ScoreRange),
    CountByLex(LexRange),
    Range { by: By, shown: Shown, reverse: bool, with_scores: bool },
}

impl Question {
    /// Returns what `command` asks, with its limit; nothing for writes and for pages of iterations, which are not cached.
    pub(super) fn of(command: &Command) -> Option<(Self, Option<u64>)> {
        let mut limit = None;
        let what = match &command.action {
            Action::Get => What::Value,
            Action::Has => What::Presence,
            Action::SMembers => What::Members,
            Action::SIsMember(member) => What::Member(member.clone()),
            Action::SCard => What::Size,
            Action::HGetAll => What::Fields,
            Action::HGet(field) => What::Field(field.clone()),
            Action::ZCard => What::SortedSize,
            Action::ZScore(member) => What::Score(member.clone()),
            Action::ZCount(range) => What::CountByScore(*range),
            Action::ZLexCount(range) => What::CountByLex(range.clone()),
            Action::ZRange(Range { is_page: true, .. } | Range { after: Some(_), .. }) => return None,
            Action::ZRange(range) => {
                limit = range.limit;
                let Range { by, shown, reverse, with_scores, .. } = range.clone();
                What::Range { by, shown, reverse, with_scores }
            }
            Action::Set(_)
            | Action::SetNx(_)
            | Action::SetXx(_)
            | Action::SetEq { .. }
            | Action::IncrBy(_)
            | Action::Delete(_)
            | Action::SAdd(_)
            | Action::SRem(_)
            | Action::HSet(_)
            | Action::HDel(_)
            | Action::ZAdd { .. }
            | Action::ZhAdd { .. }
            | Action::ZRem(_)
            | Action::ZhRem(_)
            | Action::ZIncrBy { .. } => return None,
        };
        Some((Self { what, may_be_old: command.may_be_old }, limit))
    }

    /// Returns how many bytes it has, about.
    pub(super) fn bytes(&self) -> usize {
        match &self.what {
            What::Member(one) | What::Field(one) | What::Score(one) => one.len(),
            What::CountByLex(range) | What::Range { by: By::Lex(range), .. } => range.bytes(),
            _ => 0,
        }
    }

    /// Returns the same question with another tolerance.
    pub(super) fn with_age(&self, may_be_old: bool) -> Self {
        Self { what: self.what.clone(), may_be_old }
    }

    /// Returns the question about all of the key, whose answer has the answer to this one.
    pub(super) fn whole(&self, may_be_old: bool) -> Option<Self> {
        let what = match self.what {
            What::Field(_) => What::Fields,
            What::Member(_) | What::Size => What::Members,
            _ => return None,
        };
        Some(Self { what, may_be_old })
    }

    /// Returns the answer to this one as the answer to [`Question::whole`] has it.
    pub(super) fn part_of(&self, whole: &Answer) -> Option<Answer> {
        match (&self.what, whole) {
            (What::Field(field), Answer::Fields(fields)) => {
                let value = fields.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone());
                Some(Answer::Value(value))
            }
            (What::Member(member), Answer::List(members)) => Some(Answer::Is(members.contains(member))),
            (What::Size, Answer::List(members)) => Some(Answer::Count(members.len() as u64)),
            _ => None,
        }
    }
}

/// Returns the first `limit` elements of `answer`, which was asked for with the limit `of`; nothing if it may have too few.
pub(super) fn cut(answer: &Answer, of: Option<u64>, limit: Option<u64>) -> Option<Answer> {
    let len = match answer {
        Answer::List(list) => list.len(),
        Answer::Scored(entries) => entries.len(),
        _ => return Some(answer.clone()),
    };
    // With fewer elements than it was asked for, it has all there are.
    let is_whole = of.is_none_or(|of| (len as u64) < of);
    let wanted = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if !is_whole && wanted > len {
        return None;
    }
    let wanted = wanted.min(len);
    match answer {
        Answer::List(list) => Some(Answer::List(list.get(..wanted)?.to_vec())),
        Answer::Scored(entries) => Some(Answer::Scored(entries.get(..wanted)?.to_vec())),
        _ => None,
    }
}
