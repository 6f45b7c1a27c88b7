//! What operations on data structures take.

use bytes::Bytes;
use redkv::error::Error;
use redkv::operation::StructureOperation as Op;
use redkv::structures::{
    Action, By, Change, Deletion, LexBound, LexRange, Range, Score, ScoreRange, Shown, Value as Content,
};

use crate::node_api::text::Units;
use crate::node_api::values::{Refusal, broken, wrong_type};
use crate::node_api::{Js, Pending, Type, Value};

type Taken<T> = Result<T, Refusal>;

/// Arguments that our own JavaScript did not pass.
pub(super) fn missing() -> Refusal {
    Error::argument("arguments", "arguments are missing").into()
}

/// The elements of an array, or `None` if it is none.
pub(super) fn elements(js: Js, value: Value) -> Taken<Option<Vec<Value>>> {
    let Some(length) = js.array_length(value)? else { return Ok(None) };
    Ok(Some((0..length).map(|index| js.element(value, index)).collect::<Result<_, _>>()?))
}

/// What is done with a key, from the arguments after it.
pub(super) fn action(js: Js, operation: Op, rest: &[Value]) -> Taken<Action> {
    let reader = Reader { js, rest };
    Ok(match operation {
        Op::Get => Action::Get,
        Op::Has => Action::Has,
        Op::Set => Action::Set(reader.content("value", 0)?),
        Op::SetNx => Action::SetNx(reader.content("value", 0)?),
        Op::SetXx => Action::SetXx(reader.content("value", 0)?),
        Op::SetEq => {
            Action::SetEq { value: reader.content("value", 0)?, expected: reader.content("expected", 1)? }
        }
        Op::IncrBy => Action::IncrBy(reader.whole("by", 0)?),
        Op::Delete => Action::Delete(if reader.truth(0)? { Deletion::Value } else { Deletion::All }),
        Op::SAdd => Action::SAdd(reader.list("members")?),
        Op::SRem => Action::SRem(reader.list("members")?),
        Op::SMembers => Action::SMembers,
        Op::SIsMember => Action::SIsMember(reader.bytes("member", 0)?),
        Op::SCard => Action::SCard,
        Op::HSet => Action::HSet(reader.pairs()?),
        Op::HGet => Action::HGet(reader.bytes("field", 0)?),
        Op::HGetAll => Action::HGetAll,
        Op::HDel => Action::HDel(reader.list("fields")?),
        Op::ZAdd => Action::ZAdd { member: reader.bytes("member", 0)?, score: reader.score("score", 1)? },
        Op::ZhAdd => Action::ZhAdd {
            field: reader.bytes("field", 0)?,
            member: reader.bytes("member", 1)?,
            score: reader.score("score", 2)?,
        },
        Op::ZRem => Action::ZRem(reader.list("members")?),
        Op::ZhRem => Action::ZhRem(reader.list("fields")?),
        Op::ZCard => Action::ZCard,
        Op::ZScore => Action::ZScore(reader.bytes("member", 0)?),
        Op::ZIncrBy => Action::ZIncrBy { member: reader.bytes("member", 0)?, by: reader.score("by", 1)? },
        Op::ZCount => Action::ZCount(reader.scores()?),
        Op::ZLexCount => Action::ZLexCount(reader.members()?),
        Op::ZRangeByScore => Action::ZRange(reader.range(By::Score(reader.scores()?), Shown::Field)?),
        Op::ZhRangeByScore => Action::ZRange(reader.range(By::Score(reader.scores()?), Shown::Value)?),
        Op::ZRangeByLex => Action::ZRange(reader.range(By::Lex(reader.members()?), Shown::Field)?),
        Op::ZhRangeByLex => Action::ZRange(reader.range(By::Lex(reader.members()?), Shown::Value)?),
        Op::ZIterate => Action::ZRange(reader.page(Shown::Field)?),
        Op::ZhIterate => Action::ZRange(reader.page(Shown::Value)?),
        Op::HSetNx
        | Op::DeleteXx
        | Op::ZAddNx
        | Op::Batch
        | Op::AtomicWrite
        | Op::CreateTable
        | Op::AddStructures => {
            return Err(missing());
        }
    })
}

/// What an atomic write changes at a key, from the arguments after it.
pub(super) fn change(js: Js, operation: Op, rest: &[Value]) -> Taken<Change> {
    let reader = Reader { js, rest };
    let hash = |set, set_new, delete| Change::Hash { set, set_new, delete };
    let zadd = |of_hash: bool| -> Taken<_> {
        let member = of_hash.then(|| reader.bytes("member", 1)).transpose()?;
        let field = reader.bytes(if of_hash { "field" } else { "member" }, 0)?;
        Ok((field, member, reader.score("score", 1 + usize::from(of_hash))?))
    };
    Ok(match operation {
        Op::Set => Change::Set(reader.content("value", 0)?),
        Op::SetNx => Change::SetNx(reader.content("value", 0)?),
        Op::SetXx => Change::SetXx(reader.content("value", 0)?),
        Op::SetEq => {
            Change::SetEq { value: reader.content("value", 0)?, expected: reader.content("expected", 1)? }
        }
        Op::Delete => Change::Delete,
        Op::DeleteXx => Change::DeleteXx,
        Op::IncrBy => Change::IncrBy(reader.whole("by", 0)?),
        Op::SAdd => Change::SAdd(reader.list("members")?),
        Op::SRem => Change::SRem(reader.list("members")?),
        Op::HSet => hash(reader.pairs()?, Vec::new(), Vec::new()),
        Op::HSetNx => hash(Vec::new(), reader.pairs()?, Vec::new()),
        Op::HDel => hash(Vec::new(), Vec::new(), reader.list("fields")?),
        Op::ZAdd | Op::ZhAdd => {
            let (field, member, score) = zadd(operation == Op::ZhAdd)?;
            Change::ZAdd { field, member, score }
        }
        Op::ZAddNx => {
            let (field, member, score) = zadd(false)?;
            Change::ZAddNx { field, member, score }
        }
        Op::ZRem => Change::ZRem { field: reader.bytes("member", 0)?, of_hash: false },
        Op::ZhRem => Change::ZRem { field: reader.bytes("field", 0)?, of_hash: true },
        _ => return Err(missing()),
    })
}

/// Reads arguments by their places.
#[derive(Clone, Copy)]
struct Reader<'a> {
    js: Js,
    rest: &'a [Value],
}

impl Reader<'_> {
    fn at(&self, place: usize) -> Taken<Value> {
        match self.rest.get(place) {
            Some(value) => Ok(*value),
            None => Ok(self.js.undefined()?),
        }
    }

    fn bytes(&self, field: &'static str, place: usize) -> Taken<Bytes> {
        bytes(self.js, field, self.at(place)?)
    }

    fn content(&self, field: &'static str, place: usize) -> Taken<Content> {
        content(self.js, field, self.at(place)?)
    }

    fn truth(&self, place: usize) -> Taken<bool> {
        Ok(self.js.truth(self.at(place)?).unwrap_or(false))
    }

    /// The first argument, or the elements of it if it is an array.
    fn list(&self, field: &'static str) -> Taken<Vec<Bytes>> {
        let first = self.at(0)?;
        let Some(values) = elements(self.js, first)? else { return Ok(vec![bytes(self.js, field, first)?]) };
        let element = |(index, value): (usize, Value)| {
            bytes(self.js, field, value).map_err(|refusal| named(refusal, &format!("{field}[{index}]")))
        };
        let list: Vec<_> = values.into_iter().enumerate().map(element).collect::<Taken<_>>()?;
        if list.is_empty() {
            return Err(Error::argument(field, format!("{field} must have at least one element")).into());
        }
        Ok(list)
    }

    /// A field and its value: the first two arguments; or fields and values in turn: the elements of the first one if it is an
    /// array. Of a field that repeats the last value counts.
    fn pairs(&self) -> Taken<Vec<(Bytes, Content)>> {
        let first = self.at(0)?;
        let Some(values) = elements(self.js, first)? else {
            return Ok(vec![(bytes(self.js, "field", first)?, self.content("value", 1)?)]);
        };
        let mut pairs: Vec<(Bytes, Content)> = Vec::with_capacity(values.len() / 2);
        let (chunks, _) = values.as_chunks::<2>();
        for (index, [field, value]) in chunks.iter().enumerate() {
            let field = bytes(self.js, "field", *field)
                .map_err(|refusal| named(refusal, &format!("the name of fields[{index}]")))?;
            let value = content(self.js, "value", *value)
                .map_err(|refusal| named(refusal, &format!("the value of fields[{index}]")))?;
            pairs.push((field, value));
        }
        let pairs = last_of_each(pairs);
        if pairs.is_empty() {
            return Err(Error::argument("fields", "fields must have at least one field").into());
        }
        Ok(pairs)
    }

    /// A whole number within 64 bits: a bigint, or a number that is exact.
    fn whole(&self, field: &'static str, place: usize) -> Taken<i64> {
        let value = self.at(place)?;
        let wrong = || -> Refusal {
            let message = format!("{field} must be an integer: a safe integer, or a bigint within 64 bits");
            Error::argument(field, message).into()
        };
        match self.js.type_of(value)? {
            Type::Number => {
                let number = self.js.float(value)?;
                let is_exact = number.fract() == 0.0 && number.abs() <= MOST_EXACT;
                #[expect(clippy::cast_possible_truncation, reason = "checked to be exact")]
                if is_exact { Ok(number as i64) } else { Err(wrong()) }
            }
            Type::BigInt => self.js.bigint(value)?.ok_or_else(wrong),
            other => Err(wrong_type(field, "an integer", other).into()),
        }
    }

    fn score(&self, field: &'static str, place: usize) -> Taken<Score> {
        let value = self.at(place)?;
        match self.js.type_of(value)? {
            Type::Number => Score::new(self.js.float(value)?)
                .ok_or_else(|| Error::argument(field, format!("{field} must be a number, got NaN")).into()),
            other => Err(wrong_type(field, "a number", other).into()),
        }
    }

    fn scores(&self) -> Taken<ScoreRange> {
        self.scores_at(0)
    }

    fn scores_at(&self, place: usize) -> Taken<ScoreRange> {
        Ok(ScoreRange { min: self.score("min", place)?, max: self.score("max", place + 1)? })
    }

    fn members(&self) -> Taken<LexRange> {
        self.members_at(0)
    }

    fn members_at(&self, place: usize) -> Taken<LexRange> {
        let bound = |field, place| -> Taken<_> { Ok(LexBound::parse(field, &self.bytes(field, place)?)?) };
        Ok(LexRange { min: bound("min", place)?, max: bound("max", place + 1)? })
    }

    /// `min, max, limit, reverse, withScores`.
    fn range(&self, by: By, shown: Shown) -> Taken<Range> {
        Ok(Range {
            by,
            shown,
            reverse: self.truth(3)?,
            limit: self.limit(2)?,
            with_scores: self.truth(4)?,
            is_page: false,
            after: None,
        })
    }

    /// `byLex, min, max, limit, reverse, score, field`: the last two are of the entry that the page comes after.
    fn page(&self, shown: Shown) -> Taken<Range> {
        let by = if self.truth(0)? { By::Lex(self.members_at(1)?) } else { By::Score(self.scores_at(1)?) };
        let after = match self.js.type_of(self.at(5)?)? {
            Type::Undefined => None,
            _ => Some((self.score("after", 5)?, self.bytes("after", 6)?)),
        };
        Ok(Range {
            by,
            shown,
            reverse: self.truth(4)?,
            limit: self.limit(3)?,
            with_scores: true,
            is_page: true,
            after,
        })
    }

    fn limit(&self, place: usize) -> Taken<Option<u64>> {
        let value = self.at(place)?;
        let number = match self.js.type_of(value)? {
            Type::Undefined => return Ok(None),
            Type::Number => self.js.float(value)?,
            other => return Err(wrong_type("limit", "a whole number from 1", other).into()),
        };
        if number.fract() != 0.0 || !(1.0..=MOST_EXACT).contains(&number) {
            return Err(Error::argument("limit", "limit must be a whole number from 1").into());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be exact")]
        Ok(Some(number as u64))
    }
}

/// The refusal of an argument, by the name that says which part of it is wrong.
fn named(refusal: Refusal, name: &str) -> Refusal {
    match refusal {
        Refusal::Wrong(error) => {
            let field = error.field().unwrap_or_default().to_owned();
            let message = error.message().replacen(&field, name, 1);
            Error::argument(field, message).into()
        }
        pending @ Refusal::Pending(_) => pending,
    }
}

/// The largest number up to which all integers are exact.
const MOST_EXACT: f64 = 9_007_199_254_740_991.0;

/// The last pair of each field, at the place of the first one.
fn last_of_each(pairs: Vec<(Bytes, Content)>) -> Vec<(Bytes, Content)> {
    if pairs.len() < 2 {
        return pairs;
    }
    let mut places = std::collections::HashMap::new();
    let mut last: Vec<(Bytes, Content)> = Vec::with_capacity(pairs.len());
    for (field, value) in pairs {
        let place = *places.entry(field.clone()).or_insert(last.len());
        match last.get_mut(place) {
            Some(pair) => pair.1 = value,
            None => last.push((field, value)),
        }
    }
    last
}

const EXPECTED: &str = "a string, a number, a bigint or a Uint8Array";

/// A key, field or member: a string, a number or bigint as `String()` writes it, or the bytes of a `Uint8Array`.
pub(super) fn bytes(js: Js, field: &'static str, value: Value) -> Taken<Bytes> {
    let mut units = Units::new();
    if units.read(js, value).is_none() {
        if let Some(bytes) = js.with_bytes(value, Bytes::copy_from_slice)? {
            return Ok(bytes);
        }
        match js.type_of(value)? {
            Type::Number | Type::BigInt => units.read(js, js.to_text(value)?).ok_or(Pending)?,
            other => return Err(wrong_type(field, EXPECTED, other).into()),
        }
    }
    units.to_utf8().map_err(|_| broken(field))
}

/// A value: as [`bytes`], but an integer within 64 bits stays one.
fn content(js: Js, field: &'static str, value: Value) -> Taken<Content> {
    match js.type_of(value)? {
        Type::Number => {
            let number = js.float(value)?;
            // From here on they do not fit.
            const END: f64 = 9_223_372_036_854_775_808.0;
            if number.fract() == 0.0 && (-END..END).contains(&number) {
                #[expect(clippy::cast_possible_truncation, reason = "checked to fit")]
                return Ok(Content::Integer(number as i64));
            }
        }
        Type::BigInt => {
            if let Some(number) = js.bigint(value)? {
                return Ok(Content::Integer(number));
            }
        }
        _ => {}
    }
    Ok(Content::Text(bytes(js, field, value)?))
}
