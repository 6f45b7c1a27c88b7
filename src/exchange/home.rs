//! The sockets that the JavaScript thread looks after itself, while the [short way](crate::shortcut) is open.

#[cfg(unix)]
use std::ffi::c_void;
#[cfg(unix)]
use std::ptr;

use super::Exchange;
#[cfg(unix)]
use super::bells::Which;
use crate::io::{IoThread, Job};
use crate::js::{Js, JsResult, Pending};
use crate::shortcut::Way;

impl Exchange {
    /// Whether these operations are sent by this thread. They must not overtake others that were sent before.
    pub(super) fn goes_short(&self, js: Js, jobs: &[Job]) -> bool {
        match self.shortcut.way(self.promises.pending(), jobs.iter().map(Job::keys).sum()) {
            Way::Long => return false,
            Way::LeaveShort => {
                self.open_home(false);
                return false;
            }
            Way::TakeShort => {
                if !self.shortcut.is_known() && self.watch_home(js).is_err() {
                    self.shortcut.rule_out();
                    return false;
                }
                self.open_home(true);
            }
            Way::Short => {}
        }
        self.with_io(IoThread::has_caught_up).unwrap_or(false)
    }

    fn open_home(&self, open: bool) {
        self.shortcut.set_open(open);
        self.with_io(|io| {
            let move_sockets =
                || io.executor().caller_reactor().iter().for_each(|reactor| reactor.open(open));
            io.executor().run_here(move_sockets);
        });
    }

    /// Has the event loop run [`answered`] when something arrives for a socket that this thread looks after.
    #[cfg(unix)]
    fn watch_home(&self, js: Js) -> JsResult<()> {
        let descriptor =
            self.with_io(|io| io.executor().caller_reactor().map(|reactor| reactor.as_raw_fd())).flatten();
        let data = ptr::from_ref(self).cast_mut().cast();
        // SAFETY: `sleep` ends it before the descriptor is closed and this is dropped; `end` was added before.
        let watching = unsafe { crate::watch::watch(js, descriptor.ok_or(Pending)?, answered, data)? };
        self.watching.replace(Some(watching));
        Ok(())
    }

    #[cfg(not(unix))]
    fn watch_home(&self, _js: Js) -> JsResult<()> {
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
        if !self.outbox.is_empty() && self.rest_waits_for.get().is_none() {
            // It only fails when the environment is going down.
            let _ = js.in_callback(&self.origin, || self.settle(js, Which::Second));
            self.sleep_if_idle(js);
        }
    }
}

/// Runs on the JavaScript thread when something has arrived for a socket that it looks after.
///
/// # Safety
/// `exchange` must be the data given by `Exchange::watch_home`, in its environment.
#[cfg(unix)]
unsafe fn answered(js: Js, exchange: *mut c_void) {
    // SAFETY: by the contract above; `end` has not run, because it ends these calls first.
    let exchange = unsafe { &*exchange.cast::<Exchange>() };
    exchange.read_here(js);
}
