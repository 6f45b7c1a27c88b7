//! Answers about data structures as values of JavaScript.

use redkv::error::{Error, ErrorKind, Outcome, Result};
use redkv::structures::{Answer, AtomicOutcome, Entry, Page};

use super::answers::{lost, shown};
use super::promises::{MOST_ARGUMENTS, Promises};
use super::slots::Format;
use crate::node_api::{Js, JsRef, JsResult, Value};

/// A value that was read, as the caller wants it.
fn bytes_of(js: Js, value: Option<&[u8]>, format: Format) -> Result<Value> {
    shown(js, value, format, "{ buffers: true }")
}

/// The name of a field, which is a string in any case: it becomes the name of a property.
fn name_of(js: Js, field: &[u8]) -> Result<Value> {
    if std::str::from_utf8(field).is_err() {
        let message =
            "the name of a field is not UTF-8 text, which no property has; read the field with hGet()";
        return Err(Error::new(ErrorKind::Value, message));
    }
    bytes_of(js, Some(field), Format::Text)
}

impl Promises {
    /// The JavaScript value of an answer: text, or `Buffer`s if the format says so.
    pub(super) fn structure(&self, js: Js, answer: &Answer, format: Format) -> Result<Value> {
        match answer {
            Answer::Done => js.undefined().map_err(lost),
            Answer::Is(is) => js.boolean(*is).map_err(lost),
            Answer::Value(value) => bytes_of(js, value.as_deref(), format),
            Answer::Integer(number) if format == Format::BigInt => js.big_integer(*number).map_err(lost),
            Answer::Integer(number) => exact(*number).and_then(|number| js.double(number).map_err(lost)),
            Answer::Count(count) => js.double(to_double(*count)).map_err(lost),
            Answer::Score(None) => js.null().map_err(lost),
            Answer::Score(Some(score)) => js.double(score.get()).map_err(lost),
            Answer::List(list) => {
                let values = list.iter().map(|value| bytes_of(js, Some(value), format));
                self.array(js, &values.collect::<Result<Vec<_>>>()?).map_err(lost)
            }
            Answer::Fields(fields) => {
                let mut values = Vec::with_capacity(2 * fields.len());
                for (field, value) in fields {
                    values.push(name_of(js, field)?);
                    values.push(bytes_of(js, Some(value), format)?);
                }
                self.made(js, &self.record_of, &values).map_err(lost)
            }
            Answer::Scored(entries) => self.scored(js, entries, format),
            Answer::Page(Page { entries, next }) => {
                let mut parts = vec![self.scored(js, entries, format)?];
                if let Some((score, field)) = next {
                    parts.push(js.double(score.get()).map_err(lost)?);
                    parts.push(js.buffer(field).map_err(lost)?);
                }
                self.array(js, &parts).map_err(lost)
            }
        }
    }

    /// `true` if it was committed, else an array of whether each condition failed.
    pub(super) fn atomic(&self, js: Js, outcome: &AtomicOutcome) -> JsResult<Value> {
        match outcome {
            AtomicOutcome::Committed => js.boolean(true),
            AtomicOutcome::Refused(failed) => {
                let failed = failed.iter().map(|failed| js.boolean(*failed)).collect::<JsResult<Vec<_>>>()?;
                self.array(js, &failed)
            }
        }
    }

    fn scored(&self, js: Js, entries: &[Entry], format: Format) -> Result<Value> {
        let mut values = Vec::with_capacity(2 * entries.len());
        for Entry { value, score } in entries {
            values.push(bytes_of(js, Some(value), format)?);
            values.push(js.double(score.get()).map_err(lost)?);
        }
        self.made(js, &self.scored_of, &values).map_err(lost)
    }

    /// What a function of the JavaScript side makes of pairs.
    pub(super) fn made(&self, js: Js, function: &JsRef, pairs: &[Value]) -> JsResult<Value> {
        let function = js.kept(function)?;
        if pairs.len() > MOST_ARGUMENTS {
            return js.call(function, &[js.array(pairs)?]);
        }
        js.call(function, pairs)
    }
}

/// The number, if it is exact as a number of JavaScript.
fn exact(number: i64) -> Result<f64> {
    const MOST: i64 = (1 << 53) - 1;
    if (-MOST..=MOST).contains(&number) {
        #[expect(clippy::cast_precision_loss, reason = "checked to be exact")]
        return Ok(number as f64);
    }
    let message =
        "the sum was stored, but is not exact as a JavaScript number: call incrBy with a bigint to get one";
    // It was made, and a caller who takes it for refused would add twice.
    Err(Error::new(ErrorKind::Value, message).outcome(Outcome::Unknown))
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, as all numbers of JavaScript")]
fn to_double(count: u64) -> f64 {
    count as f64
}
