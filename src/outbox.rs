//! Answers on their way from the I/O thread to JavaScript, gathered so that one wake-up settles many promises.

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::sys;
use redkv::chain::{Answer, Replies};
use redkv::error::{Error, ErrorKind, Result};

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
    /// Of `ready` and `close`.
    Done(Result<()>),
}

/// Answers that wait for the JavaScript thread.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    /// Whether the JavaScript thread was told and has not looked yet.
    told: AtomicBool,
    bell: Mutex<Option<Bell>>,
}

#[derive(Debug, Default)]
struct Waiting {
    completions: Vec<Completion>,
    /// The work that they are.
    weight: usize,
}

impl Completion {
    /// How much work it is for the JavaScript thread, in small values.
    fn weight(&self) -> usize {
        let of_answer = |answer: &Result<Answer>| match answer {
            Ok(Answer::Entry(Some(entry))) => 1 + entry.value.len() / 256,
            _ => 1,
        };
        match &self.outcome {
            Outcome::One(answer) => of_answer(answer),
            Outcome::Many(answers) => answers.iter().map(of_answer).sum(),
            Outcome::Done(_) => 1,
        }
    }
}

/// Rings on the JavaScript thread; there while its environment lives.
#[derive(Debug)]
struct Bell(sys::napi_threadsafe_function);

// SAFETY: calling a threadsafe function from any thread is what it is for.
unsafe impl Send for Bell {}

impl Outbox {
    /// Weight after which the JavaScript thread is told even though more is on its way.
    const MANY: usize = 256;

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bell(&self) -> MutexGuard<'_, Option<Bell>> {
        self.bell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves an answer. The JavaScript thread hears of it when the I/O thread has nothing else to do, or when many
    /// have gathered.
    pub(crate) fn push(&self, completion: Completion) {
        let weight = completion.weight();
        let mut waiting = self.waiting();
        waiting.completions.push(completion);
        waiting.weight += weight;
        let is_many = waiting.weight >= Self::MANY;
        drop(waiting);
        if is_many {
            self.ring();
        }
    }

    /// Tells the JavaScript thread if anything waits for it.
    pub(crate) fn ring_if_waiting(&self) {
        if !self.is_empty() {
            self.ring();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting().completions.is_empty()
    }

    fn ring(&self) {
        if self.told.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(Bell(function)) = &*self.bell() {
            let mode = sys::ThreadsafeFunctionCallMode::nonblocking;
            // SAFETY: the bell is taken away, under the lock held here, before the function is released.
            unsafe { sys::napi_call_threadsafe_function(*function, ptr::null_mut(), mode) };
        }
    }

    /// Everything that waits. From here on a new answer rings again.
    pub(crate) fn take(&self) -> Vec<Completion> {
        self.told.store(false, Ordering::Release);
        std::mem::take(&mut *self.waiting()).completions
    }

    /// Whether there is a bell.
    pub(crate) fn is_connected(&self) -> bool {
        self.bell().is_some()
    }

    /// Has the bell ring by `function`.
    pub(crate) fn connect(&self, function: sys::napi_threadsafe_function) {
        *self.bell() = Some(Bell(function));
    }

    /// Shows the function to `use_it`, if there is one.
    pub(crate) fn with_bell(&self, use_it: impl FnOnce(sys::napi_threadsafe_function)) {
        if let Some(Bell(function)) = &*self.bell() {
            use_it(*function);
        }
    }

    /// Takes the bell away; whatever is answered later is not heard.
    pub(crate) fn disconnect(&self) -> Option<sys::napi_threadsafe_function> {
        self.bell().take().map(|bell| bell.0)
    }
}

/// The single operations of one turn of the event loop.
pub(crate) struct Turn {
    pub(crate) slots: Vec<u32>,
    pub(crate) outbox: Arc<Outbox>,
}

impl Replies for Turn {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        let slot = self.slots[index as usize];
        self.outbox.push(Completion { slot, outcome: Outcome::One(answer) });
    }
}

/// One operation on many keys.
pub(crate) struct Many {
    slot: u32,
    /// The place of each request among the keys.
    places: Vec<u32>,
    collected: Mutex<Collected>,
    outbox: Arc<Outbox>,
}

struct Collected {
    answers: Vec<Option<Result<Answer>>>,
    missing: usize,
}

impl Many {
    /// An operation some of whose answers are `known`; requests are for the places of the others, in their order.
    pub(crate) fn new(slot: u32, known: Vec<Option<Result<Answer>>>, outbox: Arc<Outbox>) -> Self {
        let places: Vec<_> =
            (0..).zip(&known).filter(|(_, answer)| answer.is_none()).map(|(place, _)| place).collect();
        let missing = places.len();
        Self { slot, places, collected: Mutex::new(Collected { answers: known, missing }), outbox }
    }
}

impl Replies for Many {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        let place = self.places[index as usize];
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        collected.answers[place as usize] = Some(answer);
        collected.missing -= 1;
        if collected.missing == 0 {
            let answers = std::mem::take(&mut collected.answers).into_iter().flatten().collect();
            self.outbox.push(Completion { slot: self.slot, outcome: Outcome::Many(answers) });
        }
    }
}

/// The promise of something that just ends; it ends even if it is given up.
pub(crate) struct Done {
    slot: u32,
    outbox: Arc<Outbox>,
    told: bool,
}

impl Outbox {
    /// Who settles the promise in `slot`.
    pub(crate) fn done(self: &Arc<Self>, slot: u32) -> Done {
        Done { slot, outbox: self.clone(), told: false }
    }
}

impl Done {
    pub(crate) fn tell(mut self, result: Result<()>) {
        self.told = true;
        self.outbox.push(Completion { slot: self.slot, outcome: Outcome::Done(result) });
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if !self.told {
            let error = Error::new(ErrorKind::Internal, "a defect of RedKV: the operation was given up");
            self.outbox.push(Completion { slot: self.slot, outcome: Outcome::Done(Err(error)) });
        }
    }
}
