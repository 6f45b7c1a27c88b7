//! Callbacks from JavaScript: its arguments and data are read, and panics end here.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::sys;
use redkv::error::Error;
use redkv::panics::error_of;

use crate::node_api::{Js, JsResult, Pending, Value};

/// What a callback takes of the arguments of its call.
pub(crate) trait FromCall: Sized {
    /// The arguments and the data of the function.
    fn from_call(js: Js, info: sys::napi_callback_info) -> JsResult<(Self, *mut c_void)>;
}

/// Up to `N` arguments; `undefined` for those that are missing.
impl<const N: usize> FromCall for [Value; N] {
    fn from_call(js: Js, info: sys::napi_callback_info) -> JsResult<(Self, *mut c_void)> {
        let mut arguments = [ptr::null_mut(); N];
        let (_, data) = js.read_call(info, &mut arguments)?;
        Ok((arguments, data))
    }
}

/// All arguments.
pub(crate) type Arguments = Vec<Value>;

impl FromCall for Arguments {
    fn from_call(js: Js, info: sys::napi_callback_info) -> JsResult<(Self, *mut c_void)> {
        let mut arguments = vec![ptr::null_mut(); 128];
        let (count, data) = js.read_call(info, &mut arguments)?;
        if count > arguments.len() {
            arguments.resize(count, ptr::null_mut());
            js.read_call(info, &mut arguments)?;
        }
        arguments.truncate(count);
        Ok((arguments, data))
    }
}

/// Runs the body of a callback made by [`Js::functions`]: reads the arguments, hands out the data, and keeps panics
/// away from the engine.
///
/// # Safety
/// Must be called from such a callback with its arguments, and `T` must be the type of its data.
pub(crate) unsafe fn callback<T, A: FromCall>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(Js, &T, A) -> JsResult<Value>,
    report: impl FnOnce(Js, &T, &Error),
) -> Value {
    // SAFETY: the caller promises that this is its callback.
    let js = unsafe { Js::new(env) };
    let Ok((arguments, data)) = A::from_call(js, info) else { return ptr::null_mut() };
    // SAFETY: the caller promises the type; the function that is running keeps the data alive.
    let data = unsafe { &*data.cast::<T>() };
    let result = catch_unwind(AssertUnwindSafe(|| body(js, data, arguments)));
    match result {
        Ok(Ok(value)) => value,
        Ok(Err(Pending)) => ptr::null_mut(),
        Err(panic) => {
            let error = error_of(&*panic);
            // Reporting may not panic either, or the process ends.
            let _ = catch_unwind(AssertUnwindSafe(|| report(js, data, &error)));
            ptr::null_mut()
        }
    }
}
