//! Answers of the engine as values of JavaScript.

use redkv::chain::Answer;
use redkv::error::{Error, ErrorKind, Result};
use redkv::operation::Operation;

use super::slots::Format;
use crate::node_api::text::is_ascii;
use crate::node_api::{Js, Pending, Value};

/// The JavaScript value of an answer.
pub(super) fn value_of(js: Js, answer: &Answer, format: Format) -> Result<Value> {
    match answer {
        Answer::Entry(entry) => bytes_of(js, entry.as_ref().map(|entry| &entry.value[..]), format),
        Answer::Has(has) => js.boolean(*has).map_err(lost),
        Answer::Written(_) => js.undefined().map_err(lost),
    }
}

/// The token of a lease as a bigint, or `null`.
pub(super) fn lease_token(js: Js, token: Option<u64>) -> Result<Value> {
    token.map_or_else(|| js.null(), |token| js.big_integer(token.cast_signed())).map_err(lost)
}

/// How a caller of a chain gets bytes.
const BY_GET_BUFFER: &str = "getBuffer()";

/// The JavaScript value of what is under a key.
pub(crate) fn bytes_of(js: Js, value: Option<&[u8]>, format: Format) -> Result<Value> {
    let shown = shown(js, value, format, BY_GET_BUFFER);
    shown.map_err(|error| error.with_operation_if_unset(Operation::Get))
}

/// The same, of any operation; `bytes_by` is how the caller gets bytes in place of text.
pub(super) fn shown(js: Js, value: Option<&[u8]>, format: Format, bytes_by: &str) -> Result<Value> {
    let Some(value) = value else { return js.null().map_err(lost) };
    match format {
        Format::Nothing | Format::Ignored => js.undefined().map_err(lost),
        Format::Bytes => js.buffer(value).map_err(lost),
        Format::Text | Format::BigInt if is_ascii(value) => {
            js.ascii(value).map_err(|pending| lost_text(value, pending, bytes_by))
        }
        Format::Text | Format::BigInt => match std::str::from_utf8(value) {
            Ok(text) => js.text(text).map_err(|pending| lost_text(value, pending, bytes_by)),
            Err(_) => {
                let message = format!("the value is not UTF-8 text; read it with {bytes_by}");
                Err(Error::new(ErrorKind::Value, message))
            }
        },
    }
}

/// Text that JavaScript could not take: where it is longer than a string can be, that is why.
#[cold]
fn lost_text(value: &[u8], pending: Pending, bytes_by: &str) -> Error {
    /// The longest strings of V8, where they are shortest: on 32 bits.
    const LONGEST: usize = (1 << 28) - 16;
    if value.len() <= LONGEST {
        return lost(pending);
    }
    let message = format!("the value is longer than a string of JavaScript can be; read it with {bytes_by}");
    Error::new(ErrorKind::Value, message)
}

pub(super) fn lost(_: Pending) -> Error {
    Error::new(ErrorKind::Internal, "JavaScript could not take the value")
}
