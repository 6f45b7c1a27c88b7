//! References to values of JavaScript.

use std::cell::Cell;
use std::ptr;

use napi::sys;

use super::js::{Js, JsResult, Value};

/// A value that the engine does not collect.
#[derive(Debug)]
pub(crate) struct JsRef(Cell<sys::napi_ref>);

impl Js {
    /// Keeps `value` from being collected until it is [released](Self::let_go).
    pub(crate) fn keep(self, value: Value) -> JsResult<JsRef> {
        let mut reference = ptr::null_mut();
        call!(napi_create_reference(self.env, value, 1, &mut reference))?;
        Ok(JsRef(Cell::new(reference)))
    }

    /// Whether values are kept from being collected; else they are there as long as something else has them.
    pub(crate) fn hold_all<const N: usize>(self, kept: [&JsRef; N], holds: bool) {
        let change = if holds { sys::napi_reference_ref } else { sys::napi_reference_unref };
        for kept in kept {
            let mut count = 0;
            // SAFETY: within a callback, and it only fails for what is no reference.
            unsafe { change(self.env, kept.0.get(), &mut count) };
        }
    }

    /// From here on the value is not there any more.
    pub(crate) fn let_go(self, kept: &JsRef) {
        let reference = kept.0.replace(ptr::null_mut());
        if !reference.is_null() {
            // It only fails for what is no reference.
            let _ = call!(napi_delete_reference(self.env, reference));
        }
    }

    pub(crate) fn kept(self, kept: &JsRef) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_get_reference_value(self.env, kept.0.get(), &mut value))?;
        Ok(value)
    }
}
