//! Answers about records as values of JavaScript.

use redkv::error::{Error, Result};
use redkv::records::{Answer, Page, Record};

use super::answers::lost;
use super::promises::Promises;
use crate::node_api::{Js, JsResult, Value};

impl Promises {
    /// The JavaScript value of an answer.
    pub(super) fn record(&self, js: Js, answer: &Answer) -> Result<Value> {
        match answer {
            // The desk has made an error of it.
            Answer::Done | Answer::Refused(_) => js.undefined().map_err(lost),
            Answer::Is(is) => js.boolean(*is).map_err(lost),
            Answer::Record(None) => js.null().map_err(lost),
            Answer::Record(Some(record)) | Answer::Written(record) => {
                let parts = parts_of(js, [record]).map_err(lost)?;
                self.made(js, &self.versioned_of, &parts).map_err(lost)
            }
            Answer::Page(page) => self.record_page(js, page),
        }
    }

    /// The records of a page as an array, and after them the token of the next page.
    fn record_page(&self, js: Js, Page { records, next }: &Page) -> Result<Value> {
        let token = next.as_ref().map(redkv::records::Position::to_token).transpose()?;
        let token = token.as_ref().map_or_else(|| js.null(), |token| js.text(token)).map_err(lost)?;
        let mut parts = vec![token];
        parts.extend(parts_of(js, records).map_err(lost)?);
        self.made(js, &self.page_of, &parts).map_err(lost)
    }

    /// Gives the JavaScript `error` the record that is there, if `told` says what is there.
    pub(super) fn with_record(&self, js: Js, error: Value, told: &Error) -> JsResult<Value> {
        let Some(found) = told.told::<Option<Record>>() else { return Ok(error) };
        let mut parts = vec![error];
        parts.extend(parts_of(js, found)?);
        self.made(js, &self.conflict_of, &parts)
    }
}

/// For each record: partition, key, version, expiry in milliseconds or `null`, value or `null`, how many fields there are, and their
/// names and values in turn.
fn parts_of<'a>(js: Js, records: impl IntoIterator<Item = &'a Record>) -> JsResult<Vec<Value>> {
    let mut parts = Vec::new();
    for record in records {
        let text = |text: Option<&str>| text.map_or_else(|| js.null(), |text| js.text(text));
        parts.push(js.text(&record.place.partition)?);
        parts.push(js.text(&record.place.key)?);
        parts.push(js.double(to_double(record.version))?);
        parts.push(record.expires.map_or_else(|| js.null(), |second| js.double(millis(second)))?);
        parts.push(text(record.value.as_deref())?);
        parts.push(js.double(to_double(record.fields.len() as u64))?);
        for (name, value) in &record.fields {
            parts.push(js.text(name)?);
            parts.push(js.text(value)?);
        }
    }
    Ok(parts)
}

#[expect(clippy::cast_precision_loss, reason = "versions and lengths are exact up to 2^53")]
fn to_double(number: u64) -> f64 {
    number as f64
}

/// The time of a second, in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "no date is that far")]
fn millis(second: i64) -> f64 {
    second as f64 * 1000.0
}
