//! One `RedKV` of JavaScript: its chain, and what was called on it in the running turn of the event loop.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redkv::chain::{Action, Chain, Event, FastPath, Scope, Weight};
use redkv::clock::{Clock, SystemClock};
use redkv::entry::Key;
use redkv::error::{Error, Result};
use redkv::notices::Notices;
use redkv::operation::Operation;
use redkv::service::{RequestObserver, RequestReport};
use redkv::store::Cursor;

use crate::api::gathering::Gathered;
use crate::bridge::Bridge;
use crate::bridge::events::Reporter;
use crate::bridge::in_flight::InFlightGauge;
use crate::bridge::io_thread::Job;
use crate::bridge::promises::Format;
use crate::bridge::replies::Deferred;
use crate::node_api::Js;

/// A chain with its way to the I/O thread.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) chain: Arc<Chain>,
    pub(crate) bridge: Rc<Bridge>,
    pub(super) gauge: Rc<InFlightGauge>,
    pub(super) gathered: RefCell<Gathered>,
    handles: RefCell<Vec<Weak<Handle>>>,
    /// Calls of `clear` in flight, by their slots, and whether somebody waits for them.
    clears: RefCell<Vec<(u32, std::sync::Weak<AtomicBool>)>>,
    /// Whether the chain may begin its work on this thread.
    begins_inline: Cell<bool>,
    /// Whether `close` was called. The chain learns of it after the operations that were called before.
    is_closed: Cell<bool>,
    /// Whether the bridge knows that this instance needs it no longer.
    has_ended: Arc<AtomicBool>,
}

impl Instance {
    pub(crate) fn new(bridge: Rc<Bridge>, gauge: Rc<InFlightGauge>) -> Rc<Self> {
        let chain = Chain::new(Arc::new(SystemClock));
        chain.observe(Arc::new(Reporter { instance: gauge.id, completions: bridge.completions().clone() }));
        Rc::new(Self {
            chain: Arc::new(chain),
            bridge,
            gauge,
            gathered: RefCell::default(),
            handles: RefCell::default(),
            clears: RefCell::default(),
            begins_inline: Cell::new(false),
            is_closed: Cell::new(false),
            has_ended: Arc::default(),
        })
    }

    /// The number that the JavaScript side knows it by.
    pub(crate) fn id(&self) -> u32 {
        self.gauge.id
    }

    /// Returns the sink for what stores report as a process warning.
    pub(crate) fn notices(&self) -> Notices {
        let (instance, completions) = (self.id(), Arc::downgrade(self.bridge.completions()));
        Notices::to(move |text| {
            if let Some(completions) = completions.upgrade() {
                completions.report(instance, Event::Notice { text: text.to_owned() });
            }
        })
    }

    /// Returns what reports requests of a service as events.
    pub(super) fn request_observer(&self) -> RequestObserver {
        let (id, completions) = (self.id(), Arc::downgrade(self.bridge.completions()));
        Arc::new(move |report| {
            if let Some(completions) = completions.upgrade() {
                let RequestReport { operation, duration, units, input } = report.clone();
                completions.report(id, Event::Request { operation, duration, units, input });
            }
        })
    }

    /// The clock of the stores.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    /// The operations on `scope`.
    pub(crate) fn handle(self: &Rc<Self>, scope: Scope) -> Rc<Handle> {
        let front = RefCell::new(self.chain.fast_path(scope));
        let handle = Rc::new(Handle { instance: self.clone(), scope, front });
        self.handles.borrow_mut().push(Rc::downgrade(&handle));
        handle
    }

    /// Must be called after a store was added: what is answered at once may have changed.
    pub(crate) fn refresh(&self) {
        self.begins_inline.set(self.chain.begins_inline());
        self.handles.borrow_mut().retain(|handle| {
            let Some(handle) = handle.upgrade() else { return false };
            handle.front.replace(self.chain.fast_path(handle.scope));
            true
        });
    }

    /// Returns what is in flight, from the call until its promise is settled.
    pub(crate) fn pending(&self) -> Weight {
        self.gauge.pending()
    }

    /// Whether the instance takes operations and its bounds have room for `load`, as an error if not.
    pub(crate) fn check(&self, load: Weight, operation: Operation) -> Result<()> {
        if self.is_closed.get() {
            return Err(Error::closed().with_operation_if_unset(operation));
        }
        self.gauge.check(load, operation)
    }

    /// Whether the chain may begin its work on this thread.
    pub(crate) fn begins_inline(&self) -> bool {
        self.begins_inline.get()
    }

    /// Brings the stores up while the caller continues, unless they are up already.
    pub(crate) fn warm_up(&self) {
        if !self.chain.is_settled() {
            self.bridge.send_in_background([Job::WarmUp(self.chain.clone())]);
        }
    }

    /// Starts `ready`, and returns the slot of its promise.
    pub(crate) fn ready(&self, js: Js, scope: Scope) -> u32 {
        let chain = self.chain.clone();
        let slot = self.open_slot(Format::Nothing, Weight::default(), Operation::Ready);
        self.run(js, slot, |done| async move { done.settle(chain.ready(scope).await) });
        slot
    }

    /// Starts to ask for a page of keys, after everything that was called before, and returns the slot of its
    /// promise.
    pub(crate) fn keys(&self, js: Js, scope: Scope, prefix: String, after: Option<Cursor>) -> u32 {
        self.bridge.flush(js);
        let chain = self.chain.clone();
        let slot = self.open_slot(Format::Nothing, Weight::default(), Operation::Keys);
        self.run(js, slot, move |done| async move {
            done.settle_page(chain.keys(scope, &prefix, after.as_ref()).await);
        });
        slot
    }

    /// Starts `clear` after everything that was called before, and returns the slot of its promise.
    pub(crate) fn clear(&self, js: Js, scope: Scope) -> u32 {
        self.bridge.flush(js);
        let chain = self.chain.clone();
        let slot = self.open_slot(Format::Nothing, Weight::default(), Operation::Clear);
        let is_wanted = Arc::new(AtomicBool::new(true));
        let mut clears = self.clears.borrow_mut();
        clears.retain(|(other, wanted)| *other != slot && wanted.strong_count() > 0);
        clears.push((slot, Arc::downgrade(&is_wanted)));
        drop(clears);
        self.run(js, slot, move |done| async move {
            done.settle(chain.clear_while(scope, || is_wanted.load(Ordering::Relaxed)).await);
        });
        slot
    }

    /// Nobody waits any more for the `clear` in `slot`, which is in flight: it ends with what it has begun.
    pub(crate) fn stop_clear(&self, slot: u32) {
        let clears = self.clears.borrow();
        let found = clears.iter().find(|(other, _)| *other == slot).and_then(|(_, wanted)| wanted.upgrade());
        if let Some(wanted) = found {
            wanted.store(false, Ordering::Relaxed);
        }
    }

    /// Starts `flush` after everything that was called before, and returns the slot of its promise.
    pub(crate) fn flush(&self, js: Js, scope: Scope) -> u32 {
        self.bridge.flush(js);
        let chain = self.chain.clone();
        let slot = self.open_slot(Format::Nothing, Weight::default(), Operation::Flush);
        self.run(js, slot, |done| async move { done.settle(chain.flush(scope).await) });
        slot
    }

    /// Starts `close` after everything that was called before, and returns the slot of its promise. What is
    /// pending when `patience` is over is cancelled.
    pub(crate) fn close(&self, js: Js, patience: Option<Duration>) -> u32 {
        self.bridge.flush(js);
        self.is_closed.set(true);
        let (chain, id, has_ended) = (self.chain.clone(), self.gauge.id, self.has_ended.clone());
        self.bridge.send(js, [Job::Refuse(chain.clone())]);
        let slot = self.bridge.promises().open_slot(Format::Nothing, None);
        self.run(js, slot, move |done| async move {
            match patience {
                None => chain.close().await,
                Some(patience) => chain.close_within(patience, || done.cancel(id)).await,
            }
            if !has_ended.swap(true, Ordering::AcqRel) {
                done.end_one();
            }
            done.settle(Ok(()));
        });
        slot
    }

    /// Adds something to the end of the chain by `add`, and returns its index.
    pub(crate) fn add(&self, add: impl FnOnce(&Arc<Chain>) -> Result<u16>) -> Result<u16> {
        if self.is_closed.get() {
            return Err(Error::closed());
        }
        add(&self.chain)
    }

    /// Runs a task on the I/O thread that ends with the promise in `slot`.
    fn run<T: Future<Output = ()> + Send + 'static>(
        &self,
        js: Js,
        slot: u32,
        task: impl FnOnce(Deferred) -> T,
    ) {
        let done = self.bridge.completions().done(slot);
        match self.bridge.prepare(js) {
            Ok(()) => self.bridge.send(js, [Job::Task(Box::pin(task(done)))]),
            Err(error) => {
                done.settle(Err(error));
                self.bridge.completions().notify_if_waiting();
            }
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.bridge.forget(self.id());
        if !self.has_ended.swap(true, Ordering::AcqRel) {
            self.bridge.completions().end_one();
        }
    }
}

/// The operations on a chain or on one of its tiers.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) instance: Rc<Instance>,
    pub(crate) scope: Scope,
    front: RefCell<Option<FastPath>>,
}

impl Handle {
    /// Asks the part of the chain that answers at once, if there is one.
    pub(crate) fn ask_front<T>(&self, ask: impl FnOnce(&FastPath) -> T) -> Option<T> {
        if self.instance.is_closed.get() {
            return None;
        }
        self.front.borrow().as_ref().map(ask)
    }

    /// Whether there is a part of the chain that answers at once.
    pub(crate) fn has_front(&self) -> bool {
        self.front.borrow().is_some()
    }

    pub(crate) fn gather(&self, key: Key, action: Action, format: Format) -> Result<i32> {
        self.instance.gather(self.scope, key, action, format)
    }
}
