//! Data structures, as JavaScript calls them.

/// Makes functions of JavaScript that have a [`Handle`](handle::Handle).
macro_rules! callbacks {
    ($($name:ident = $body:expr;)*) => {
        $(
            unsafe extern "C" fn $name(env: sys::napi_env, info: sys::napi_callback_info) -> Value {
                // SAFETY: called by the engine as a function made by `Js::functions` with a `Handle`.
                unsafe { callback(env, info, $body, panicked) }
            }
        )*
    };
}

mod arguments;
mod cached;
mod calls;
mod exports;
mod gathering;
mod handle;
mod stats;

pub(crate) use self::exports::create;
