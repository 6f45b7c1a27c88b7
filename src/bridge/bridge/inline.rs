//! The sockets that the JavaScript thread polls itself, while the [policy](super::inline_policy) says so.

#[cfg(unix)]
use std::ffi::c_void;
#[cfg(unix)]
use std::ptr;

use super::Bridge;
use super::inline_policy::Route;
#[cfg(unix)]
use super::wakers::WakerId;
use crate::bridge::io_thread::{IoThread, Job};
use crate::node_api::{Js, JsResult, Pending};

impl Bridge {
    /// Whether these operations are sent by this thread. They must not overtake others that were sent before.
    pub(super) fn runs_inline(&self, js: Js, jobs: &[Job]) -> bool {
        match self.inline_policy.route(self.promises.pending(), jobs.iter().map(Job::keys).sum()) {
            Route::IoThread => return false,
            Route::LeaveInline => {
                self.set_inline(false);
                return false;
            }
            Route::EnterInline => {
                if !self.inline_policy.is_known() && self.poll_sockets(js).is_err() {
                    self.inline_policy.rule_out();
                    return false;
                }
                self.set_inline(true);
            }
            Route::Inline => {}
        }
        self.with_io(IoThread::has_caught_up).unwrap_or(false)
    }

    fn set_inline(&self, open: bool) {
        self.inline_policy.set_open(open);
        self.with_io(|io| {
            let move_sockets =
                || io.executor().caller_reactor().iter().for_each(|reactor| reactor.open(open));
            io.executor().run_here(move_sockets);
        });
    }

    /// Runs [`answered`] when something arrives for a socket that this thread polls.
    #[cfg(unix)]
    fn poll_sockets(&self, js: Js) -> JsResult<()> {
        let descriptor =
            self.with_io(|io| io.executor().caller_reactor().map(|reactor| reactor.as_raw_fd())).flatten();
        let data = ptr::from_ref(self).cast_mut().cast();
        // SAFETY: `sleep` ends it before the descriptor is closed and this is dropped; `end` was added before.
        let uv_poll =
            unsafe { crate::node_api::uv_poll::watch(js, descriptor.ok_or(Pending)?, answered, data)? };
        self.uv_poll.replace(Some(uv_poll));
        Ok(())
    }

    #[cfg(not(unix))]
    fn poll_sockets(&self, _js: Js) -> JsResult<()> {
        Err(Pending)
    }

    /// Reads what has arrived for sockets that this thread looks after.
    #[cfg(unix)]
    fn read_here(&self, js: Js) {
        self.flush_forgotten(js);
        self.with_io(|io| {
            io.executor()
                .run_here(|| io.executor().caller_reactor().iter().for_each(|reactor| reactor.turn()));
        });
        if !self.completions.is_empty() && self.rest_waits_for.get().is_none() {
            // It only fails when the environment is going down.
            let _ = js.in_callback(&self.origin, || self.settle(js, WakerId::Second));
            self.sleep_if_idle(js);
        }
    }
}

/// Runs on the JavaScript thread when something has arrived for a socket that it looks after.
///
/// # Safety
/// `bridge` must be the data given by `Bridge::poll_sockets`, in its environment.
#[cfg(unix)]
unsafe fn answered(js: Js, bridge: *mut c_void) {
    // SAFETY: by the contract above; `end` has not run, because it ends these calls first.
    let bridge = unsafe { &*bridge.cast::<Bridge>() };
    bridge.read_here(js);
}
