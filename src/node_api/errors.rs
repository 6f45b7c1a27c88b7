//! Errors of the engine as JavaScript errors, made by the factory that the JavaScript side connects.

use std::error::Error as StdError;

use redkv::error::Error;
use redkv::operation::Operation;

use crate::node_api::{Js, JsRef, JsResult, Pending, Value};

/// Makes the JavaScript error for `error` with `factory(code, message, store, operation, field, retryable,
/// mayHaveApplied, cause)`.
pub(crate) fn to_js(js: Js, factory: &JsRef, error: &Error) -> JsResult<Value> {
    let text = |text: Option<&str>| text.map_or_else(|| js.undefined(), |text| js.text(text));
    let cause = error.source().map(causes);
    let arguments = [
        js.text(error.kind().code())?,
        js.text(&error.to_string())?,
        text(error.store())?,
        text(error.operation().map(Operation::as_str))?,
        text(error.field())?,
        js.boolean(error.is_retryable())?,
        js.boolean(may_have_applied(error))?,
        text(cause.as_deref())?,
    ];
    js.call(js.kept(factory)?, &arguments)
}

/// Whether it is a write that failed, and may have been made all the same. Any other operation that got no answer did
/// nothing.
fn may_have_applied(error: &Error) -> bool {
    error.may_have_applied() && error.operation().is_none_or(Operation::is_write)
}

/// Throws the JavaScript error for `error`.
pub(crate) fn throw(js: Js, factory: &JsRef, error: &Error) -> Pending {
    match to_js(js, factory, error) {
        Ok(error) => js.throw(error),
        Err(pending) => pending,
    }
}

/// An error and what caused it, in one line.
fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        // Some errors repeat what they wrap.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
