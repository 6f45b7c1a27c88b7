//! Where the JavaScript thread and the I/O thread meet: one for each environment (the main thread, each worker), and
//! one more for each further copy of the JavaScript side there.
//!
//! It is awake while there are instances: then it has a waker, an I/O thread once that is needed, and keeps the functions
//! of the JavaScript side. Asleep it has nothing that anybody would miss, and goes with its copy of the JavaScript side.

mod inline;
mod inline_policy;
mod wakers;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use napi::sys;
use redkv::error::{Error, ErrorKind, Result};

use self::inline_policy::InlinePolicy;
use self::wakers::{WakerId, notified, notified_second, release};
use crate::api::instance::Instance;
use crate::bridge::completions::Completions;
use crate::bridge::events::Listeners;
use crate::bridge::io_thread::{IoThread, Job};
use crate::bridge::promises::Promises;
#[cfg(unix)]
use crate::node_api::Origin;
#[cfg(unix)]
use crate::node_api::uv_poll::UvPoll;
use crate::node_api::{Js, JsResult, Pending, Value};

/// Everything of one copy of the JavaScript side, until that or its environment ends. All of it belongs to the
/// JavaScript thread, but for the completions.
#[derive(Debug)]
pub(crate) struct Bridge {
    /// Where the cleanup hook, which is given nothing else, finds it.
    env: sys::napi_env,
    promises: Promises,
    listeners: Listeners,
    completions: Arc<Completions>,
    /// Who calls this thread for the answers that are left, when the waker cannot: what a waker is signalled for while it runs
    /// is done in the same turn of the event loop.
    second_waker: Cell<sys::napi_threadsafe_function>,
    /// Who calls for the answers that are left.
    rest_waits_for: Cell<Option<WakerId>>,
    io: RefCell<Option<IoThread>>,
    inline_policy: InlinePolicy,
    /// Where answers come from that this thread reads itself.
    #[cfg(unix)]
    origin: Origin,
    #[cfg(unix)]
    uv_poll: RefCell<Option<UvPoll>>,
    /// Whether the event loop is that of Node.js.
    is_on_libuv: bool,
    is_awake: Cell<bool>,
    has_ended: Cell<bool>,
    /// Instances with operations that were not handed over yet.
    gathering: RefCell<Vec<Rc<Instance>>>,
    /// Whether the last turn was not handed over by JavaScript: that may know no `nextTick` but a fake one.
    was_forgotten: Cell<bool>,
    /// The instances that are there, by their numbers.
    instances: RefCell<HashMap<u32, Weak<Instance>>>,
    /// How many instances there ever were.
    created: Cell<usize>,
    /// Whether an operation in flight, or a write that was acknowledged before it was made, keeps the event loop alive.
    is_referenced: Cell<bool>,
}

impl Bridge {
    /// Connects the functions of the JavaScript side: `settle`, `fail`, `failMany`, `arrayOf`, `makeError`, `recordOf`,
    /// `scoredOf`, and for reports `isHeard` and `tell`. `is_on_libuv` says whether the event loop is that of Node.js.
    pub(crate) fn connect(js: Js, functions: [Value; 12], is_on_libuv: bool) -> JsResult<Rc<Self>> {
        let [of_promises @ .., is_heard, tell] = functions;
        let bridge = Rc::new(Self {
            env: js.raw(),
            promises: Promises::connect(js, of_promises)?,
            listeners: Listeners::connect(js, [is_heard, tell])?,
            completions: Arc::default(),
            second_waker: Cell::new(ptr::null_mut()),
            rest_waits_for: Cell::new(None),
            io: RefCell::default(),
            inline_policy: InlinePolicy::default(),
            #[cfg(unix)]
            origin: Origin::default(),
            #[cfg(unix)]
            uv_poll: RefCell::default(),
            is_on_libuv,
            is_awake: Cell::new(false),
            has_ended: Cell::new(false),
            gathering: RefCell::default(),
            was_forgotten: Cell::new(false),
            instances: RefCell::default(),
            created: Cell::new(0),
            is_referenced: Cell::new(false),
        });
        bridge.hold_functions(js, false);
        let pointer = Rc::as_ptr(&bridge).cast_mut().cast();
        // SAFETY: within a callback. The bridge takes the hook back when it is dropped; no other has the same pointer.
        match unsafe { sys::napi_add_env_cleanup_hook(js.raw(), Some(end), pointer) } {
            sys::Status::napi_ok => Ok(bridge),
            _ => {
                bridge.has_ended.set(true);
                Err(Pending)
            }
        }
    }

    fn hold_functions(&self, js: Js, holds: bool) {
        self.promises.hold(js, holds);
        self.listeners.hold(js, holds);
    }

    /// Makes what instances need, all of it in the call that makes the first one: what is made here remembers from
    /// where in JavaScript it was made.
    pub(crate) fn wake(&self, js: Js) -> JsResult<()> {
        if self.is_awake.get() {
            return Ok(());
        }
        let (waker, second) = (self.waker(js, notified)?, self.waker(js, notified_second)?);
        if self.is_awake.replace(true) {
            // A hook that ran for the waker has made another instance, and with it another waker.
            [waker, second].into_iter().for_each(release);
            return Ok(());
        }
        // SAFETY: on the JavaScript thread, with a function that was just made. The first waker keeps the event loop alive.
        unsafe { sys::napi_unref_threadsafe_function(js.raw(), second) };
        self.second_waker.set(second);
        self.hold_functions(js, true);
        self.inline_policy.begin(self.is_on_libuv);
        self.completions.connect(waker);
        // A new function is referenced, whether or not somebody waits yet.
        self.is_referenced.set(true);
        self.reference(js, false);
        #[cfg(unix)]
        if self.is_on_libuv {
            js.begin_origin(&self.origin, "redkv")?;
        }
        Ok(())
    }

    /// Releases everything, until there is another instance.
    fn sleep(&self, js: Js) {
        if !self.is_awake.replace(false) {
            return;
        }
        self.release_wakers();
        #[cfg(unix)]
        {
            if let Some(uv_poll) = self.uv_poll.take() {
                // SAFETY: on the JavaScript thread; there is none any more when the cleanup hooks have run.
                unsafe { uv_poll.end() };
            }
            js.end_origin(&self.origin);
        }
        drop(self.io.take());
        self.hold_functions(js, false);
        self.is_referenced.set(false);
    }

    /// Releases everything if no instance needs it.
    fn sleep_if_idle(&self, js: Js) {
        let is_idle = self.completions.ended() == self.created.get()
            && self.promises.pending() == 0
            && self.gathering.borrow().is_empty()
            && !self.completions.is_held();
        if is_idle && !self.has_ended.get() {
            self.sleep(js);
        }
    }

    pub(crate) fn completions(&self) -> &Arc<Completions> {
        &self.completions
    }

    /// Returns the promises.
    pub(crate) fn promises(&self) -> &Promises {
        &self.promises
    }

    /// Notes that `instance` is there. It has to say when it [needs this no longer](Completions::end_one).
    pub(crate) fn remember(&self, instance: &Rc<Instance>) {
        self.created.set(self.created.get() + 1);
        self.instances.borrow_mut().insert(instance.id(), Rc::downgrade(instance));
    }

    /// Notes that the instance called `id` is gone.
    pub(crate) fn forget(&self, id: u32) {
        self.instances.borrow_mut().remove(&id);
    }

    /// The instance called `id`.
    pub(crate) fn instance(&self, id: u32) -> Option<Rc<Instance>> {
        self.instances.borrow().get(&id)?.upgrade()
    }

    /// Notes that `instance` has operations to hand over when the turn ends, and returns whether it is the first
    /// one in this turn: then JavaScript has to call [`Bridge::flush`].
    pub(crate) fn gather_from(&self, instance: Rc<Instance>) -> bool {
        let mut gathering = self.gathering.borrow_mut();
        gathering.push(instance);
        let is_first = gathering.len() == 1;
        drop(gathering);
        if is_first {
            self.expect_flush();
        }
        is_first
    }

    /// Makes sure that what is gathered is handed over even if JavaScript never calls for it: where it was cut off
    /// before it could, or knows no `nextTick` but a fake one.
    fn expect_flush(&self) {
        self.completions.set_gathering(true);
        // SAFETY: within a call from JavaScript, as everything that gathers is.
        self.reference(unsafe { Js::new(self.env) }, true);
        if self.was_forgotten.get() || self.start().is_err() {
            return self.completions.notify_if_gathering();
        }
        self.with_io(IoThread::look_later);
    }

    /// Hands over what was gathered in a turn that is over.
    fn flush_forgotten(&self, js: Js) {
        if !self.gathering.borrow().is_empty() {
            self.flush(js);
            self.was_forgotten.set(true);
        }
    }

    /// Hands over all that was gathered.
    pub(crate) fn flush(&self, js: Js) {
        let instances = std::mem::take(&mut *self.gathering.borrow_mut());
        if instances.is_empty() {
            return;
        }
        self.completions.set_gathering(false);
        self.was_forgotten.set(false);
        let jobs: Vec<_> = instances.iter().flat_map(|instance| instance.take_gathered()).collect();
        if self.runs_inline(js, &jobs) && instances.iter().all(|instance| instance.begins_inline()) {
            self.reference(js, true);
            self.with_io(|io| io.start_here(jobs));
            // What was answered at once, as by a store that is down, is settled in a turn of its own: a caller who tries
            // again and again would else keep this thread from ever reading what arrives.
            self.completions.notify_if_waiting();
        } else {
            self.send(js, jobs);
        }
    }

    fn with_io<T>(&self, work: impl FnOnce(&IoThread) -> T) -> Option<T> {
        self.io.borrow().as_ref().map(work)
    }

    /// Handles a notification of `waker`.
    fn on_notified(&self, js: Js, waker: WakerId) {
        self.flush_forgotten(js);
        if self.rest_waits_for.get().is_some_and(|other| other != waker) {
            return;
        }
        self.completions.reset_notified();
        self.settle(js, waker);
        self.sleep_if_idle(js);
    }

    /// Hands work to the I/O thread, which is started for it if need be. The process stays alive for it.
    pub(crate) fn send(&self, js: Js, jobs: impl IntoIterator<Item = Job>) {
        match self.prepare(js) {
            Ok(()) => drop(self.with_io(|io| io.send(jobs))),
            Err(error) => {
                jobs.into_iter().for_each(|job| job.fail(&error));
                self.completions.notify_if_waiting();
            }
        }
    }

    /// Sends work like [`Bridge::send`] does, for work that nobody waits for.
    pub(crate) fn send_in_background(&self, jobs: impl IntoIterator<Item = Job>) {
        if self.start().is_ok() {
            self.with_io(|io| io.send(jobs));
        }
    }

    /// Makes ready to [send](Bridge::send) something.
    pub(crate) fn prepare(&self, js: Js) -> Result<()> {
        // It only fails when the environment is going down, or out of memory.
        let _ = self.wake(js);
        self.reference(js, true);
        self.start()
    }

    /// Starts the I/O thread, if there is none.
    fn start(&self) -> Result<()> {
        let mut io = self.io.borrow_mut();
        if io.is_none() {
            *io = Some(IoThread::start(self.completions.clone()).map_err(no_thread)?);
        }
        Ok(())
    }

    /// Sets whether operations in flight keep the event loop alive.
    fn reference(&self, js: Js, wanted: bool) {
        if self.is_referenced.replace(wanted) == wanted {
            return;
        }
        self.completions.with_waker(|function| {
            // SAFETY: on the JavaScript thread, with a function that was not released.
            unsafe {
                match wanted {
                    true => sys::napi_ref_threadsafe_function(js.raw(), function),
                    false => sys::napi_unref_threadsafe_function(js.raw(), function),
                }
            };
        });
    }

    /// Settles what was answered, as much as there is time for; the rest when another waker than `running` is signalled.
    fn settle(&self, js: Js, running: WakerId) {
        self.rest_waits_for.set(None);
        let is_rest_left = self.promises.settle(js, self.completions.take());
        if let Some(reports) = self.completions.take_reports() {
            self.listeners.emit_all(js, &self.promises, reports);
        }
        if self.promises.pending() == 0 && !self.completions.is_held() {
            self.reference(js, false);
        }
        if is_rest_left {
            self.rest_waits_for.set(Some(running.other()));
            self.notify_for_rest(running.other());
        }
    }
}

/// Why no thread could be started.
fn no_thread(cause: std::io::Error) -> Error {
    let message = format!("the I/O thread could not be started: {cause}");
    Error::new(ErrorKind::Store, message).retryable(true).caused_by(cause)
}

/// Gives back what no cleanup hook of the environment has given back before.
impl Drop for Bridge {
    fn drop(&mut self) {
        if self.has_ended.get() {
            return;
        }
        // SAFETY: dropped by what the engine lets go of, while the environment is there: `end` has not run.
        let js = unsafe { Js::new(self.env) };
        self.sleep(js);
        let pointer = ptr::from_mut(self).cast();
        // SAFETY: the pair that `connect` added, which has not run.
        unsafe { sys::napi_remove_env_cleanup_hook(self.env, Some(end), pointer) };
        self.promises.disconnect(js);
        self.listeners.disconnect(js);
    }
}

/// Runs when the environment ends: a worker is terminated, or the process exits.
unsafe extern "C" fn end(bridge: *mut c_void) {
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: given to `connect`; an bridge that is dropped takes this hook back.
        let bridge = unsafe { &*bridge.cast::<Bridge>() };
        bridge.has_ended.set(true);
        bridge.release_wakers();
        // Its own hook, which was added later, has ended it before.
        #[cfg(unix)]
        bridge.uv_poll.take();
        drop(bridge.io.take());
        // What was gathered in a turn that never ended; its instances hold this, so they would hold each other for ever.
        let gathered = bridge.gathering.take();
        // SAFETY: a callback from the engine, whose environment ends after it.
        let js = unsafe { Js::new(bridge.env) };
        bridge.promises.disconnect(js);
        bridge.listeners.disconnect(js);
        #[cfg(unix)]
        js.end_origin(&bridge.origin);
        // The last of them may hold the bridge.
        drop(gathered);
    });
}
