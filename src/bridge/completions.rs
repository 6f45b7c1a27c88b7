//! Answers for JavaScript, gathered on the I/O thread so that one wake-up settles many promises.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use napi::sys;
use redkv::chain::{Answer, Event};
use redkv::error::Result;
use redkv::records;
use redkv::store::Page;
use redkv::structures::{self, AtomicOutcome};

use crate::bridge::events::PendingEvents;

/// What became of the operation in a slot.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) slot: u32,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// Of a single operation.
    One(Result<Answer>),
    /// Of an operation on many keys, in their order.
    Many(Vec<Result<Answer>>),
    /// Of `ready`, `clear` and `close`.
    Done(Result<()>),
    /// Of a page of `keys`.
    Page(Result<Page>),
    /// Of an operation on data structures.
    Structure(Result<structures::Answer>),
    /// Of an operation on records.
    Record(Result<records::Answer>),
    /// Of a step on a lease.
    Lease(Result<Option<u64>>),
    /// Of an atomic write.
    Atomic(Result<AtomicOutcome>),
}

/// Answers that wait for the JavaScript thread.
#[derive(Debug, Default)]
pub(crate) struct Completions {
    waiting: Mutex<Waiting>,
    reports: Mutex<PendingEvents>,
    has_reports: AtomicBool,
    /// Stores with acknowledged writes that they have not made yet.
    holders: AtomicUsize,
    /// Instances that need this no longer: they were closed to the end, or nobody has them.
    ended: AtomicUsize,
    /// Whether operations wait on the JavaScript thread for the end of their turn.
    gathers: AtomicBool,
    /// Whether the JavaScript thread was notified and has not looked yet.
    notified: AtomicBool,
    waker: Mutex<Option<JsWaker>>,
}

/// What waits for the JavaScript thread, but for events.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) completions: Vec<Completion>,
    /// Instances whose pending operations are cancelled.
    pub(crate) cancelled: Vec<u32>,
    /// The work that the completions are.
    weight: usize,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.completions.is_empty() && self.cancelled.is_empty()
    }
}

impl Completion {
    /// Whether a promise is to be rejected for it.
    pub(crate) fn has_failed(&self) -> bool {
        match &self.outcome {
            Outcome::One(answer) => answer.is_err(),
            Outcome::Many(answers) => answers.iter().any(Result::is_err),
            Outcome::Done(done) => done.is_err(),
            Outcome::Page(page) => page.is_err(),
            Outcome::Structure(answer) => answer.is_err(),
            Outcome::Record(answer) => answer.is_err(),
            Outcome::Lease(token) => token.is_err(),
            Outcome::Atomic(outcome) => outcome.is_err(),
        }
    }

    /// How much work it is for the JavaScript thread, in small values.
    fn weight(&self) -> usize {
        let of_answer = |answer: &Result<Answer>| match answer {
            Ok(Answer::Entry(Some(entry))) => 1 + entry.value.len() / 256,
            _ => 1,
        };
        match &self.outcome {
            Outcome::One(answer) => of_answer(answer),
            Outcome::Many(answers) => answers.iter().map(of_answer).sum(),
            Outcome::Page(Ok(page)) => page.keys.len(),
            Outcome::Structure(Ok(answer)) => 1 + answer.bytes() / 256,
            Outcome::Record(Ok(records::Answer::Page(page))) => 1 + 4 * page.records.len(),
            Outcome::Record(Ok(answer)) => 2 + answer.bytes() / 256,
            Outcome::Page(Err(_))
            | Outcome::Done(_)
            | Outcome::Structure(Err(_))
            | Outcome::Record(Err(_))
            | Outcome::Lease(_)
            | Outcome::Atomic(_) => 1,
        }
    }
}

/// Rings on the JavaScript thread; there while its environment lives.
#[derive(Debug)]
struct JsWaker(sys::napi_threadsafe_function);

// SAFETY: calling a threadsafe function from any thread is what it is for.
unsafe impl Send for JsWaker {}

impl Completions {
    /// The weight from which on the JavaScript thread is notified although the I/O thread is busy.
    const MANY: usize = 256;

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waker(&self) -> MutexGuard<'_, Option<JsWaker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves an answer. The JavaScript thread hears of it when the I/O thread has nothing else to do, or when many
    /// have gathered.
    pub(crate) fn push(&self, completion: Completion) {
        self.push_all([completion]);
    }

    pub(crate) fn push_all(&self, completions: impl IntoIterator<Item = Completion>) {
        let mut waiting = self.waiting();
        for completion in completions {
            waiting.weight += completion.weight();
            waiting.completions.push(completion);
        }
        let is_many = waiting.weight >= Self::MANY;
        drop(waiting);
        if is_many {
            self.notify();
        }
    }

    /// Cancels what is pending in an instance.
    pub(crate) fn cancel(&self, instance: u32) {
        self.waiting().cancelled.push(instance);
    }

    /// Notifies the JavaScript thread if anything waits for it.
    pub(crate) fn notify_if_waiting(&self) {
        if !self.is_empty() {
            self.notify();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting().is_empty() && !self.has_reports.load(Ordering::Acquire)
    }

    fn reports(&self) -> MutexGuard<'_, PendingEvents> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves word of something that nobody waits for. The JavaScript thread hears of it when it has nothing else to
    /// do, as of an answer.
    pub(crate) fn report(&self, instance: u32, event: Event) {
        let mut reports = self.reports();
        reports.add(instance, event);
        self.has_reports.store(true, Ordering::Release);
    }

    /// A store has acknowledged writes that it has not made yet, or has none any more. The JavaScript thread hears of
    /// the last one, to let the process end.
    pub(crate) fn hold(&self, holds: bool) {
        if holds {
            self.holders.fetch_add(1, Ordering::AcqRel);
        } else if self.holders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.notify();
        }
    }

    /// Whether the process must stay alive for writes that were acknowledged.
    pub(crate) fn is_held(&self) -> bool {
        self.holders.load(Ordering::Acquire) > 0
    }

    /// An instance needs this no longer. The JavaScript thread hears of it, to give back what nobody needs.
    pub(crate) fn end_one(&self) {
        self.ended.fetch_add(1, Ordering::AcqRel);
        self.notify();
    }

    /// How many instances have ended.
    pub(crate) fn ended(&self) -> usize {
        self.ended.load(Ordering::Acquire)
    }

    /// Notes whether operations wait on the JavaScript thread for the end of their turn.
    pub(crate) fn set_gathering(&self, gathers: bool) {
        // In one order with what `IoThread::look_later` does, or each side might miss the other.
        self.gathers.store(gathers, Ordering::SeqCst);
    }

    /// Notifies the JavaScript thread if it has gathered operations: it may not have noticed the end of its turn.
    pub(crate) fn notify_if_gathering(&self) {
        if self.gathers.load(Ordering::SeqCst) {
            self.notify();
        }
    }

    /// All reports that wait, if there are any.
    pub(crate) fn take_reports(&self) -> Option<PendingEvents> {
        if !self.has_reports.load(Ordering::Acquire) {
            return None;
        }
        let mut reports = self.reports();
        self.has_reports.store(false, Ordering::Release);
        Some(std::mem::take(&mut reports))
    }

    /// Notifies the JavaScript thread.
    pub(crate) fn notify(&self) {
        if self.notified.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(JsWaker(function)) = &*self.waker() {
            let mode = sys::ThreadsafeFunctionCallMode::nonblocking;
            // SAFETY: the waker is taken away, under the lock held here, before the function is released.
            let status = unsafe { sys::napi_call_threadsafe_function(*function, ptr::null_mut(), mode) };
            if status != sys::Status::napi_ok {
                self.notified.store(false, Ordering::Release);
            }
        }
    }

    /// Notes that the JavaScript thread looks: from here on a new answer notifies again.
    pub(crate) fn reset_notified(&self) {
        self.notified.store(false, Ordering::Release);
    }

    /// Takes everything that waits. From here on a new answer notifies again.
    pub(crate) fn take(&self) -> Waiting {
        self.reset_notified();
        std::mem::take(&mut *self.waiting())
    }

    /// Sets `function` as the waker, and notifies it of what came before.
    pub(crate) fn connect(&self, function: sys::napi_threadsafe_function) {
        *self.waker() = Some(JsWaker(function));
        self.reset_notified();
        self.notify_if_waiting();
    }

    /// Shows the function to `use_it`, if there is one.
    pub(crate) fn with_waker(&self, use_it: impl FnOnce(sys::napi_threadsafe_function)) {
        if let Some(JsWaker(function)) = &*self.waker() {
            use_it(*function);
        }
    }

    /// Takes the waker away; whatever is answered later is lost.
    pub(crate) fn disconnect(&self) -> Option<sys::napi_threadsafe_function> {
        self.waker().take().map(|waker| waker.0)
    }
}
