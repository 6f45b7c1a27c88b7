//! Answers on their way from the I/O thread to JavaScript, gathered so that one wake-up settles many promises.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::sys;
use redkv::chain::{Answer, Event, Replies};
use redkv::error::{Error, ErrorKind, Result};
use redkv::store::Page;

use crate::reports::Reports;

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
    /// Of all operations of an instance, which are given up; in place of a slot stands the instance.
    GivenUp,
}

/// Answers that wait for the JavaScript thread.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    reports: Mutex<Reports>,
    has_reports: AtomicBool,
    /// Stores with acknowledged writes that they have not made yet.
    holders: AtomicUsize,
    /// Instances that need this no longer: they were closed to the end, or nobody has them.
    ended: AtomicUsize,
    /// Whether operations wait on the JavaScript thread for the end of their turn.
    gathers: AtomicBool,
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
            Outcome::Page(Ok(page)) => page.keys.len(),
            Outcome::Page(Err(_)) | Outcome::Done(_) | Outcome::GivenUp => 1,
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
        self.push_all([completion]);
    }

    fn push_all(&self, completions: impl IntoIterator<Item = Completion>) {
        let mut waiting = self.waiting();
        for completion in completions {
            waiting.weight += completion.weight();
            waiting.completions.push(completion);
        }
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
        self.waiting().completions.is_empty() && !self.has_reports.load(Ordering::Acquire)
    }

    fn reports(&self) -> MutexGuard<'_, Reports> {
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
            self.ring();
        }
    }

    /// Whether the process must stay alive for writes that were acknowledged.
    pub(crate) fn is_held(&self) -> bool {
        self.holders.load(Ordering::Acquire) > 0
    }

    /// An instance needs this no longer. The JavaScript thread hears of it, to give back what nobody needs.
    pub(crate) fn end_one(&self) {
        self.ended.fetch_add(1, Ordering::AcqRel);
        self.ring();
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

    /// Has the JavaScript thread look at what it has gathered: what should have told it that the turn ended may be lost.
    pub(crate) fn ring_if_gathering(&self) {
        if self.gathers.load(Ordering::SeqCst) {
            self.ring();
        }
    }

    /// All reports that wait, if there are any.
    pub(crate) fn take_reports(&self) -> Option<Reports> {
        if !self.has_reports.load(Ordering::Acquire) {
            return None;
        }
        let mut reports = self.reports();
        self.has_reports.store(false, Ordering::Release);
        Some(std::mem::take(&mut reports))
    }

    fn ring(&self) {
        if self.told.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(Bell(function)) = &*self.bell() {
            let mode = sys::ThreadsafeFunctionCallMode::nonblocking;
            // SAFETY: the bell is taken away, under the lock held here, before the function is released.
            let rung = unsafe { sys::napi_call_threadsafe_function(*function, ptr::null_mut(), mode) };
            if rung != sys::Status::napi_ok {
                self.told.store(false, Ordering::Release);
            }
        }
    }

    /// The JavaScript thread looks: from here on a new answer rings again.
    pub(crate) fn is_heard(&self) {
        self.told.store(false, Ordering::Release);
    }

    /// Everything that waits. From here on a new answer rings again.
    pub(crate) fn take(&self) -> Vec<Completion> {
        self.is_heard();
        std::mem::take(&mut *self.waiting()).completions
    }

    /// Has the bell ring by `function`, also for what came while there was none.
    pub(crate) fn connect(&self, function: sys::napi_threadsafe_function) {
        *self.bell() = Some(Bell(function));
        self.is_heard();
        self.ring_if_waiting();
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

impl Turn {
    fn completion(&self, index: u32, answer: Result<Answer>) -> Completion {
        Completion { slot: self.slots[index as usize], outcome: Outcome::One(answer) }
    }
}

impl Replies for Turn {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        self.outbox.push(self.completion(index, answer));
    }

    fn reply_many(&self, indexes: &[u32], answers: Vec<Result<Answer>>) {
        let completions = indexes.iter().zip(answers).map(|(index, answer)| self.completion(*index, answer));
        self.outbox.push_all(completions);
    }
}

/// One operation on many keys.
pub(crate) struct Many {
    slot: u32,
    /// How many keys were asked for.
    count: usize,
    /// The place of each request among the keys, if not all of them were asked for.
    places: Option<Vec<u32>>,
    collected: Mutex<Collected>,
    outbox: Arc<Outbox>,
}

/// Answers at their places.
#[derive(Default)]
struct Collected {
    /// As long as there are keys, from the first answer on.
    answers: Vec<Option<Result<Answer>>>,
    known: usize,
}

impl Many {
    /// An operation on `count` keys, all of which are asked for.
    pub(crate) fn new(slot: u32, count: usize, outbox: Arc<Outbox>) -> Self {
        Self { slot, count, places: None, collected: Mutex::default(), outbox }
    }

    /// An operation some of whose answers are `known`; requests are for the places of the others, in their order.
    pub(crate) fn with(slot: u32, known: Vec<Option<Result<Answer>>>, outbox: Arc<Outbox>) -> Self {
        let places: Vec<_> =
            (0..).zip(&known).filter(|(_, answer)| answer.is_none()).map(|(place, _)| place).collect();
        let count = known.len();
        if places.len() == count {
            return Self::new(slot, count, outbox);
        }
        let collected = Collected { known: count - places.len(), answers: known };
        Self { slot, count, places: Some(places), collected: Mutex::new(collected), outbox }
    }

    /// Whether these are the places of all keys, in their order.
    fn are_all(&self, indexes: &[u32]) -> bool {
        self.places.is_none()
            && indexes.len() == self.count
            && (0..).zip(indexes).all(|(n, index)| n == *index)
    }

    fn collect(&self, answers: impl IntoIterator<Item = (u32, Result<Answer>)>) {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        collected.answers.resize(self.count, None);
        for (index, answer) in answers {
            let place = self.places.as_ref().map_or(index, |places| places[index as usize]);
            collected.answers[place as usize] = Some(answer);
            collected.known += 1;
        }
        if collected.known == self.count {
            let answers = std::mem::take(&mut collected.answers).into_iter().flatten().collect();
            drop(collected);
            self.finish(answers);
        }
    }

    fn finish(&self, answers: Vec<Result<Answer>>) {
        self.outbox.push(Completion { slot: self.slot, outcome: Outcome::Many(answers) });
    }
}

impl Replies for Many {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        self.collect([(index, answer)]);
    }

    fn reply_many(&self, indexes: &[u32], answers: Vec<Result<Answer>>) {
        if self.are_all(indexes) {
            return self.finish(answers);
        }
        self.collect(indexes.iter().copied().zip(answers));
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
    /// Says that what is pending in the instance `id` is given up.
    pub(crate) fn give_up(&self, id: u32) {
        self.outbox.push(Completion { slot: id, outcome: Outcome::GivenUp });
    }

    /// Says that the instance needs the outbox no longer.
    pub(crate) fn end_one(&self) {
        self.outbox.end_one();
    }

    pub(crate) fn tell(self, result: Result<()>) {
        self.tell_outcome(Outcome::Done(result));
    }

    pub(crate) fn tell_page(self, page: Result<Page>) {
        self.tell_outcome(Outcome::Page(page));
    }

    fn tell_outcome(mut self, outcome: Outcome) {
        self.told = true;
        self.outbox.push(Completion { slot: self.slot, outcome });
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
