//! Where the JavaScript thread and the I/O thread meet: one for each environment (the main thread, each worker), and
//! one more for each further copy of the JavaScript side there.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use napi::sys;
use redkv::error::{Error, ErrorKind, Outcome};

use crate::instance::Instance;
use crate::io::{IoThread, Job};
#[cfg(unix)]
use crate::js::Origin;
use crate::js::{Js, JsResult, Pending, Value};
use crate::outbox::Outbox;
use crate::promises::Promises;
use crate::reports::Audience;
use crate::shortcut::{Shortcut, Way};

/// Everything of one copy of the JavaScript side, until its environment ends. All of it belongs to the JavaScript
/// thread, but for the outbox.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Where the cleanup hook, which is given nothing else, finds it.
    env: sys::napi_env,
    promises: Promises,
    audience: Audience,
    outbox: Arc<Outbox>,
    io: RefCell<Option<IoThread>>,
    shortcut: Shortcut,
    /// Where answers come from that this thread reads itself.
    #[cfg(unix)]
    origin: Origin,
    /// Instances with operations that were not handed over yet.
    gathering: RefCell<Vec<Rc<Instance>>>,
    /// The instances that are there, by their numbers.
    instances: RefCell<HashMap<u32, Weak<Instance>>>,
    /// Whether an operation on its way, or a write that was acknowledged before it was made, keeps the event loop alive.
    is_referenced: Cell<bool>,
}

impl Exchange {
    /// Connects the functions of the JavaScript side: `settle`, `fail`, `failMany`, `arrayOf`, `makeError`, and for
    /// reports `isHeard` and `tell`. `on_libuv` says whether the event loop is that of Node.js.
    pub(crate) fn connect(js: Js, functions: [Value; 7], on_libuv: bool) -> JsResult<Rc<Self>> {
        let [settle, fail, fail_many, array_of, make_error, is_heard, tell] = functions;
        let exchange = Rc::new(Self {
            env: js.raw(),
            promises: Promises::connect(js, [settle, fail, fail_many, array_of, make_error])?,
            audience: Audience::connect(js, [is_heard, tell])?,
            outbox: Arc::default(),
            io: RefCell::default(),
            shortcut: Shortcut::default(),
            #[cfg(unix)]
            origin: js.origin("redkv")?,
            gathering: RefCell::default(),
            instances: RefCell::default(),
            is_referenced: Cell::new(false),
        });
        if !on_libuv {
            exchange.shortcut.rule_out();
        }
        let kept = Rc::into_raw(exchange.clone()).cast_mut().cast();
        // SAFETY: within a callback. The hook runs once and takes the pointer back; no other hook has the same one.
        match unsafe { sys::napi_add_env_cleanup_hook(js.raw(), Some(end), kept) } {
            sys::Status::napi_ok => Ok(exchange),
            _ => Err(Pending),
        }
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// The promises, and what is told to them.
    pub(crate) fn promises(&self) -> &Promises {
        &self.promises
    }

    /// Notes that `instance` is there.
    pub(crate) fn remember(&self, instance: &Rc<Instance>) {
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

    /// Notes that `instance` has operations to hand over when the turn ends.
    pub(crate) fn gather_from(&self, instance: Rc<Instance>) {
        self.gathering.borrow_mut().push(instance);
    }

    /// Hands over all that was gathered.
    pub(crate) fn flush(&self, js: Js) {
        let instances = std::mem::take(&mut *self.gathering.borrow_mut());
        if instances.is_empty() {
            return;
        }
        let jobs: Vec<_> = instances.iter().flat_map(|instance| instance.take_gathered()).collect();
        if self.goes_short(js, &jobs) && instances.iter().all(|instance| instance.begins_light()) {
            self.reference(js, true);
            self.with_io(|io| io.start_here(jobs));
            // What was answered at once, as by a store that is down, is told in a turn of its own: a caller who tries
            // again and again would else keep this thread from ever reading what arrives.
            self.outbox.ring_if_waiting();
        } else {
            self.send(js, jobs);
        }
    }

    /// Whether these operations are sent by this thread. They must not overtake others that were sent before.
    fn goes_short(&self, js: Js, jobs: &[Job]) -> bool {
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
            let move_sockets = || io.executor().home().iter().for_each(|home| home.open(open));
            io.executor().run_here(move_sockets);
        });
    }

    fn with_io<T>(&self, work: impl FnOnce(&IoThread) -> T) -> Option<T> {
        self.io.borrow().as_ref().map(work)
    }

    /// Has the event loop run [`answered`] when something arrives for a socket that this thread looks after.
    #[cfg(unix)]
    fn watch_home(&self, js: Js) -> JsResult<()> {
        let descriptor = self.with_io(|io| io.executor().home().map(|home| home.as_raw_fd())).flatten();
        let data = ptr::from_ref(self).cast_mut().cast();
        // SAFETY: `end` was added before, and keeps this and the descriptor, which belongs to it, until it runs.
        unsafe { crate::watch::watch(js, descriptor.ok_or(Pending)?, answered, data) }
    }

    #[cfg(not(unix))]
    fn watch_home(&self, _js: Js) -> JsResult<()> {
        Err(Pending)
    }

    /// Reads what has arrived for sockets that this thread looks after.
    #[cfg(unix)]
    fn read_here(&self, js: Js) {
        self.with_io(|io| {
            io.executor().run_here(|| io.executor().home().iter().for_each(|home| home.turn()));
        });
        if !self.outbox.is_empty() {
            // It only fails when the environment is going down.
            let _ = js.in_callback(&self.origin, || self.settle(js));
        }
    }

    /// Hands work to the I/O thread, which is started for it if need be. The process stays alive for it.
    pub(crate) fn send(&self, js: Js, jobs: impl IntoIterator<Item = Job>) {
        self.reference(js, true);
        self.send_in_background(js, jobs);
    }

    /// As [`Exchange::send`], for work that nobody waits for.
    pub(crate) fn send_in_background(&self, js: Js, jobs: impl IntoIterator<Item = Job>) {
        let mut io = self.io.borrow_mut();
        if io.is_none() {
            *io = self.start(js);
        }
        match &*io {
            Some(io) => io.send(jobs),
            None => {
                jobs.into_iter().for_each(refuse);
                self.outbox.ring_if_waiting();
            }
        }
    }

    fn start(&self, js: Js) -> Option<IoThread> {
        // It is there already when the thread could not be started before.
        if !self.outbox.is_connected() {
            self.outbox.connect(self.bell(js).ok()?);
            // A new function is referenced, whether or not somebody waits yet.
            let wanted = self.is_referenced.replace(true);
            self.reference(js, wanted);
        }
        IoThread::start(self.outbox.clone()).ok()
    }

    /// A function that the I/O thread can call to have [`ring`] run on this thread.
    fn bell(&self, js: Js) -> JsResult<sys::napi_threadsafe_function> {
        let name = js.text("redkv")?;
        let mut function = ptr::null_mut();
        let context = ptr::from_ref(self).cast_mut().cast();
        // SAFETY: within a callback; the other pointers are null or to locals. `end` keeps the context alive until it
        // has ended the calls of `ring`.
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
                Some(ring),
                &mut function,
            )
        };
        if status == sys::Status::napi_ok { Ok(function) } else { Err(Pending) }
    }

    /// Whether operations on their way keep the event loop alive.
    fn reference(&self, js: Js, wanted: bool) {
        if self.is_referenced.replace(wanted) == wanted {
            return;
        }
        self.outbox.with_bell(|function| {
            // SAFETY: on the JavaScript thread, with a function that was not released.
            unsafe {
                match wanted {
                    true => sys::napi_ref_threadsafe_function(js.raw(), function),
                    false => sys::napi_unref_threadsafe_function(js.raw(), function),
                }
            };
        });
    }

    /// Settles everything that was answered.
    fn settle(&self, js: Js) {
        self.promises.settle(js, self.outbox.take());
        if let Some(reports) = self.outbox.take_reports() {
            self.audience.hear(js, &self.promises, reports);
        }
        if self.promises.pending() == 0 && !self.outbox.is_held() {
            self.reference(js, false);
        }
    }
}

/// Answers work that no thread can take.
fn refuse(job: Job) {
    let count = job.keys();
    let replies = match job {
        Job::Submit(_, _, replies) | Job::Read(_, _, _, _, replies) => replies,
        Job::Refuse(chain) => return chain.refuse(),
        // A task says by itself that it was given up.
        Job::Task(_) | Job::WarmUp(_) => return,
    };
    let error = Error::new(ErrorKind::Internal, "the I/O thread could not be started");
    let error = error.retryable(true).outcome(Outcome::NotApplied);
    for index in 0..count {
        replies.reply(u32::try_from(index).unwrap_or(u32::MAX), Err(error.clone()));
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

/// Runs on the JavaScript thread after the bell was rung.
unsafe extern "C" fn ring(env: sys::napi_env, _: Value, exchange: *mut c_void, _: *mut c_void) {
    if env.is_null() {
        // The environment is going down, and takes no more calls.
        return;
    }
    // A panic must not reach the engine; the promises that it leaves are settled with the next answers.
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: `env` is the environment of this very callback.
        let js = unsafe { Js::new(env) };
        // SAFETY: the context given by `Exchange::bell`; with an environment there, `end` has not run.
        let exchange = unsafe { &*exchange.cast::<Exchange>() };
        exchange.settle(js);
    });
}

/// Runs when the environment ends: a worker is terminated, or the process exits.
unsafe extern "C" fn end(exchange: *mut c_void) {
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: `Exchange::connect` made the pointer with `Rc::into_raw` for this one call.
        let exchange = unsafe { Rc::from_raw(exchange.cast_const().cast::<Exchange>()) };
        if let Some(function) = exchange.outbox.disconnect() {
            let mode = sys::ThreadsafeFunctionReleaseMode::abort;
            // SAFETY: on the JavaScript thread; the bell was taken away, so nobody calls the function any more.
            unsafe { sys::napi_release_threadsafe_function(function, mode) };
        }
        drop(exchange.io.take());
        // What was gathered in a turn that never ended; its instances hold this, so they would hold each other for ever.
        drop(exchange.gathering.take());
        // SAFETY: a callback from the engine, whose environment ends after it.
        let js = unsafe { Js::new(exchange.env) };
        exchange.promises.disconnect(js);
        exchange.audience.disconnect(js);
        #[cfg(unix)]
        js.end_origin(&exchange.origin);
    });
}
