//! The functions that JavaScript calls.

/// Makes functions of JavaScript on a service that is no store, that have a `Handle`.
macro_rules! service_callbacks {
    ($($name:ident = $body:expr;)*) => {
        $(
            unsafe extern "C" fn $name(env: sys::napi_env, info: sys::napi_callback_info) -> Value {
                // SAFETY: called by the engine as a function made by `Js::functions` with a `Handle`.
                unsafe { callback(env, info, $body, panicked) }
            }
        )*
    };
}

mod capabilities;
mod exports;
mod gathering;
pub(crate) mod instance;
mod leases;
mod operations;
mod records;
mod service;
mod stats;
mod structures;
