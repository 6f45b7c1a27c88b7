//! Node-API: values, calls and references, and how arguments are read.

macro_rules! call {
    ($function:ident($($argument:expr),* $(,)?)) => {
        // SAFETY: `Js` exists only within a callback from the engine, on its thread, so `env` and the values in its
        // hands are valid; the pointers are to locals that outlive the call.
        match unsafe { napi::sys::$function($($argument),*) } {
            napi::sys::Status::napi_ok => Ok(()),
            _ => Err($crate::node_api::Pending),
        }
    };
}

pub(crate) mod callback;
mod calls;
pub(crate) mod errors;
mod js;
pub(crate) mod panics;
mod references;
pub(crate) mod text;
#[cfg(unix)]
pub(crate) mod uv_poll;
pub(crate) mod values;

pub(crate) use self::calls::Callback;
#[cfg(unix)]
pub(crate) use self::calls::Origin;
pub(crate) use self::js::{Js, JsResult, Pending, Type, Value};
pub(crate) use self::references::JsRef;
