//! The two wakers that call the JavaScript thread. What a waker is signalled for while it runs is done in the same turn of the
//! event loop, so for what is left for a later turn the other one is signalled.

use std::ffi::c_void;
use std::ptr;

use napi::sys;

use super::Bridge;
use crate::node_api::{Js, JsResult, Pending, Value};

impl Bridge {
    pub(super) fn release_wakers(&self) {
        self.completions.disconnect().into_iter().for_each(release);
        let second = self.second_waker.replace(ptr::null_mut());
        if !second.is_null() {
            release(second);
        }
        self.rest_waits_for.set(None);
    }

    /// Returns a function that any thread can call to run `on_wake` on this one.
    pub(super) fn waker(&self, js: Js, on_wake: OnWake) -> JsResult<sys::napi_threadsafe_function> {
        let name = js.text("redkv")?;
        let mut function = ptr::null_mut();
        let context = ptr::from_ref(self).cast_mut().cast();
        // SAFETY: within a callback; the other pointers are null or to locals. The function is released, which ends the
        // calls of `on_wake`, before the context goes.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                js.raw(),
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                context,
                Some(on_wake),
                &mut function,
            )
        };
        if status == sys::Status::napi_ok { Ok(function) } else { Err(Pending) }
    }

    pub(super) fn notify_for_rest(&self, waker: WakerId) {
        let second = self.second_waker.get();
        match waker {
            WakerId::Second if !second.is_null() => {
                let mode = sys::ThreadsafeFunctionCallMode::nonblocking;
                // SAFETY: on the JavaScript thread, which takes it away before it is released.
                unsafe { sys::napi_call_threadsafe_function(second, ptr::null_mut(), mode) };
            }
            _ => self.completions.notify(),
        }
    }
}

/// The wakers of an bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WakerId {
    /// That of the completions, which the I/O thread signals.
    First,
    Second,
}

impl WakerId {
    pub(super) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// A function that runs when a waker is signalled.
pub(super) type OnWake = unsafe extern "C" fn(sys::napi_env, Value, *mut c_void, *mut c_void);

/// Ends the calls of a waker that nobody signals any more.
pub(super) fn release(waker: sys::napi_threadsafe_function) {
    let mode = sys::ThreadsafeFunctionReleaseMode::abort;
    // SAFETY: on the JavaScript thread, where `Bridge::waker` made it; it is taken from the completions, or was never there.
    unsafe { sys::napi_release_threadsafe_function(waker, mode) };
}

/// Runs on the JavaScript thread after the first waker was signalled.
pub(super) unsafe extern "C" fn notified(env: sys::napi_env, _: Value, bridge: *mut c_void, _: *mut c_void) {
    // SAFETY: as this function, which the engine calls.
    unsafe { on_notified(env, bridge, WakerId::First) };
}

/// Runs on the JavaScript thread after the second waker was signalled.
pub(super) unsafe extern "C" fn notified_second(
    env: sys::napi_env,
    _: Value,
    bridge: *mut c_void,
    _: *mut c_void,
) {
    // SAFETY: as this function, which the engine calls.
    unsafe { on_notified(env, bridge, WakerId::Second) };
}

/// # Safety
/// To be called when a waker that `Bridge::waker` has made is signalled, with its arguments.
unsafe fn on_notified(env: sys::napi_env, bridge: *mut c_void, waker: WakerId) {
    if env.is_null() {
        // The environment is going down, and takes no more calls.
        return;
    }
    // A panic must not reach the engine; the promises that it leaves are settled with the next answers.
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: `env` is the environment of this very callback.
        let js = unsafe { Js::new(env) };
        // SAFETY: the context given by `Bridge::waker`; with an environment there, the function was not released.
        let bridge = unsafe { &*bridge.cast::<Bridge>() };
        bridge.on_notified(js, waker);
    });
}
