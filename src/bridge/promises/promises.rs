//! The promises of one copy of the JavaScript side, and how answers reach them.

use std::cell::RefCell;

use redkv::chain::Answer;
use redkv::error::{Error, Result};
use redkv::operation::Operation;
use redkv::store::Page;

use super::answers::{lease_token, lost, value_of};
use super::backlog::{Backlog, Cancelled, Slice};
use super::slots::{Format, Slots};
use crate::bridge::completions::{Completion, Outcome, Waiting};
use crate::bridge::in_flight::InFlight;
use crate::node_api::errors;
use crate::node_api::{Js, JsRef, JsResult, Pending, Value};

/// The places of pending promises, with the JavaScript functions that settle them and make errors.
#[derive(Debug)]
pub(crate) struct Promises {
    slots: RefCell<Slots>,
    backlog: RefCell<Backlog>,
    /// `settle(slot, value, slot, value, …)`
    settle: JsRef,
    /// `fail(slot, error, isOneOfMany)`
    fail: JsRef,
    /// `failMany(slot, values, errors)`: of an operation on many keys, with `undefined` where there was no error.
    fail_many: JsRef,
    /// `arrayOf(...items)`
    array_of: JsRef,
    /// `recordOf(...fieldsAndValues)`, or of an array of them.
    pub(super) record_of: JsRef,
    /// `scoredOf(...valuesAndScores)`, or of an array of them.
    pub(super) scored_of: JsRef,
    /// `versionedOf(...parts)`, of the parts of a record, or of an array of them.
    pub(super) versioned_of: JsRef,
    /// `pageOf(token, ...parts)`, of the parts of many records, or of an array of them.
    pub(super) page_of: JsRef,
    /// `conflictOf(error, ...parts)`, of the parts of a record if there is one.
    pub(super) conflict_of: JsRef,
    /// The factory of [`errors::to_js`].
    make_error: JsRef,
}

/// Operations whose promises are settled by one call into JavaScript.
const SETTLED_TOGETHER: usize = 64;

/// Promises that are rejected between two such calls, if there are more.
const FAILED_TOGETHER: usize = 16;

/// Rejections that wait, from which on nobody looks for who waits for each of them.
const MANY_FAILED: usize = 256;

/// Arguments that every stack has room for.
pub(super) const MOST_ARGUMENTS: usize = 1024;

impl Promises {
    /// The functions of the JavaScript side: `settle`, `fail`, `failMany`, `arrayOf`, `makeError`, `recordOf`, `scoredOf`,
    /// `versionedOf`, `pageOf`, `conflictOf`.
    pub(crate) fn connect(js: Js, functions: [Value; 10]) -> JsResult<Self> {
        let [settle, fail, fail_many, array_of, make_error, made @ ..] = functions;
        let [record_of, scored_of, versioned_of, page_of, conflict_of] = made;
        Ok(Self {
            slots: RefCell::default(),
            backlog: RefCell::default(),
            settle: js.keep(settle)?,
            fail: js.keep(fail)?,
            fail_many: js.keep(fail_many)?,
            array_of: js.keep(array_of)?,
            record_of: js.keep(record_of)?,
            scored_of: js.keep(scored_of)?,
            versioned_of: js.keep(versioned_of)?,
            page_of: js.keep(page_of)?,
            conflict_of: js.keep(conflict_of)?,
            make_error: js.keep(make_error)?,
        })
    }

    /// Releases the functions: from here on JavaScript cannot be called.
    pub(crate) fn disconnect(&self, js: Js) {
        self.functions().into_iter().for_each(|kept| js.let_go(kept));
    }

    /// Whether the functions are kept; else they are there as long as the JavaScript side is.
    pub(crate) fn hold(&self, js: Js, holds: bool) {
        js.hold_all(self.functions(), holds);
    }

    fn functions(&self) -> [&JsRef; 10] {
        [
            &self.settle,
            &self.fail,
            &self.fail_many,
            &self.array_of,
            &self.record_of,
            &self.scored_of,
            &self.versioned_of,
            &self.page_of,
            &self.conflict_of,
            &self.make_error,
        ]
    }

    /// How many promises are pending.
    pub(crate) fn pending(&self) -> usize {
        self.slots.borrow().pending()
    }

    /// Throws `error` in JavaScript.
    pub(crate) fn throw(&self, js: Js, error: &Error) -> Pending {
        errors::throw(js, &self.make_error, error)
    }

    /// An array of `items`: from the arguments of a call, which is several times cheaper than setting elements.
    pub(crate) fn array(&self, js: Js, items: &[Value]) -> JsResult<Value> {
        if items.len() > MOST_ARGUMENTS {
            return js.array(items);
        }
        js.call(js.kept(&self.array_of)?, items)
    }

    /// The JavaScript error for `error`.
    pub(crate) fn error(&self, js: Js, error: &Error) -> JsResult<Value> {
        errors::to_js(js, &self.make_error, error)
    }

    /// A place for a promise, which holds a share of the bounds of its instance until it is settled.
    pub(crate) fn open_slot(&self, format: Format, share: Option<InFlight>) -> u32 {
        self.slots.borrow_mut().open(format, share)
    }

    /// Settles the promises of operations that ended, as many as there is time for, and answers whether some are left
    /// for a later turn of the event loop. Whatever happens to one of them, the others are settled.
    pub(crate) fn settle(&self, js: Js, waiting: Waiting) -> bool {
        // What a panic has left.
        self.fail_closed(js);
        self.backlog.borrow_mut().add(waiting);
        let mut slice = Slice::begin();
        while !self.backlog.borrow().is_empty() {
            let settled = js.in_scope(|| self.settle_some(js));
            let failed = js.in_scope(|| self.fail_some(js));
            if settled.and(failed).is_err() {
                self.fail_closed(js);
            }
            self.slots.borrow_mut().release();
            if slice.is_over() {
                break;
            }
        }
        !self.backlog.borrow().is_empty()
    }

    /// Rejects the promises in closed slots, but for those that were settled before something was cut off.
    #[cold]
    fn fail_closed(&self, js: Js) {
        let closed = self.slots.borrow().closed().to_vec();
        closed.into_iter().for_each(|slot| self.fail_barely(js, slot));
        self.slots.borrow_mut().release();
    }

    fn settle_some(&self, js: Js) -> JsResult<()> {
        let mut arguments = Vec::with_capacity(2 * SETTLED_TOGETHER);
        for _ in 0..SETTLED_TOGETHER {
            let next = self.backlog.borrow_mut().next();
            let Some(completion) = next else { break };
            self.prepare(js, completion, &mut arguments);
        }
        if arguments.is_empty() {
            return Ok(());
        }
        js.call(js.kept(&self.settle)?, &arguments).map(drop)
    }

    /// Rejects the promises of some operations that failed, or were cancelled.
    fn fail_some(&self, js: Js) -> JsResult<()> {
        let mut arguments = Vec::new();
        for _ in 0..FAILED_TOGETHER {
            let next = self.backlog.borrow_mut().next_failed();
            match next {
                Some(completion) => self.prepare(js, self.in_the_end(completion), &mut arguments),
                None if self.cancel_one(js) => {}
                None => break,
            }
        }
        Ok(())
    }

    /// Returns what a failed operation rejects with: of a cancelled instance, that it was closed.
    fn in_the_end(&self, completion: Completion) -> Completion {
        let (slots, backlog) = (self.slots.borrow(), self.backlog.borrow());
        let share = slots.share(completion.slot);
        if !share.is_some_and(|share| backlog.cancels(|instance| share.is_of(instance))) {
            return completion;
        }
        Completion { outcome: Outcome::Done(Err(closed_under(share))), ..completion }
    }

    /// Rejects one promise of the cancelled instances, if there is one; an answer that comes later is ignored.
    fn cancel_one(&self, js: Js) -> bool {
        let mut backlog = self.backlog.borrow_mut();
        while let Some(Cancelled { instance, from }) = backlog.next_cancelled() {
            let slot = self.slots.borrow_mut().cancel(*instance, *from);
            if let Some(slot) = slot {
                *from = slot + 1;
                drop(backlog);
                let error = closed_under(self.slots.borrow().share(slot));
                if self.fail(js, slot, &error).is_err() {
                    self.fail_barely(js, slot);
                }
                return true;
            }
            backlog.end_cancelled();
        }
        false
    }

    /// Adds a slot and its value to the arguments of `settle`, or settles at once what failed.
    fn prepare(&self, js: Js, Completion { slot, outcome }: Completion, arguments: &mut Vec<Value>) {
        let operation = self.slots.borrow().share(slot).map(|share| share.operation);
        let format = self.slots.borrow_mut().close(slot);
        if format == Format::Ignored {
            return;
        }
        let settled = match outcome {
            Outcome::Many(answers) => self.settle_many(js, slot, answers, format, arguments),
            outcome => self.settle_one(js, slot, outcome, format, operation, arguments),
        };
        if settled.is_err() {
            self.fail_barely(js, slot);
        }
    }

    /// Rejects a promise whose answer JavaScript could not take, in the way that needs least.
    fn fail_barely(&self, js: Js, slot: u32) {
        js.clear_exception();
        let error = js.bare_error("a defect of RedKV: JavaScript could not take the answer");
        let settled =
            error.and_then(|error| js.call(js.kept(&self.fail)?, &[js.number(slot)?, error]).map(drop));
        if settled.is_err() {
            // No JavaScript runs any more.
            js.clear_exception();
        }
    }

    fn settle_one(
        &self,
        js: Js,
        slot: u32,
        outcome: Outcome,
        format: Format,
        operation: Option<Operation>,
        arguments: &mut Vec<Value>,
    ) -> JsResult<()> {
        let value = match outcome {
            Outcome::One(answer) => self.answer(js, answer, format),
            Outcome::Done(done) => done.and_then(|()| js.undefined().map_err(lost)),
            Outcome::Page(page) => page.and_then(|page| self.page(js, &page).map_err(lost)),
            Outcome::Structure(answer) => answer.and_then(|answer| self.structure(js, &answer, format)),
            Outcome::Record(answer) => answer.and_then(|answer| self.record(js, &answer)),
            Outcome::Lease(token) => token.and_then(|token| lease_token(js, token)),
            Outcome::Atomic(outcome) => outcome.and_then(|outcome| self.atomic(js, &outcome).map_err(lost)),
            Outcome::Many(_) => return Ok(()),
        };
        match value {
            Ok(value) => arguments.extend([js.number(slot)?, value]),
            Err(mut error) => {
                // Where the value could not be made, an exception may be pending.
                js.clear_exception();
                if let Some(operation) = operation {
                    error = error.with_operation_if_unset(operation);
                }
                self.fail(js, slot, &error)?;
            }
        }
        Ok(())
    }

    /// Rejects the promise in `slot`.
    fn fail(&self, js: Js, slot: u32, error: &Error) -> JsResult<()> {
        let error = self.with_record(js, errors::to_js(js, &self.make_error, error)?, error)?;
        js.call(js.kept(&self.fail)?, &[js.number(slot)?, error, js.boolean(self.fails_many())?]).map(drop)
    }

    /// Whether so many promises are to be rejected that it must be cheap.
    fn fails_many(&self) -> bool {
        let backlog = self.backlog.borrow();
        backlog.failed() > MANY_FAILED || (backlog.cancels(|_| true) && self.pending() > MANY_FAILED)
    }

    /// A page of keys as `[keys, next]`.
    fn page(&self, js: Js, page: &Page) -> JsResult<Value> {
        let keys = page.keys.iter().map(|key| js.text(key)).collect::<JsResult<Vec<_>>>()?;
        let next = page.next.as_ref().map_or_else(|| js.undefined(), |next| js.buffer(next.as_bytes()))?;
        self.array(js, &[self.array(js, &keys)?, next])
    }

    fn answer(&self, js: Js, answer: Result<Answer>, format: Format) -> Result<Value> {
        value_of(js, &answer?, format)
    }

    /// Adds a slot and an array of its values to the arguments of `settle`, or rejects its promise if some failed.
    fn settle_many(
        &self,
        js: Js,
        slot: u32,
        answers: Vec<Result<Answer>>,
        format: Format,
        arguments: &mut Vec<Value>,
    ) -> JsResult<()> {
        let mut values = Vec::with_capacity(answers.len());
        let mut failures = Vec::new();
        for (index, answer) in answers.into_iter().enumerate() {
            match self.answer(js, answer, format) {
                Ok(value) => values.push(value),
                Err(error) => {
                    js.clear_exception();
                    failures.push((index, error));
                    values.push(js.undefined()?);
                }
            }
        }
        let slot = js.number(slot)?;
        if failures.is_empty() {
            let value = match format {
                Format::Nothing => js.undefined()?,
                _ => self.array(js, &values)?,
            };
            arguments.extend([slot, value]);
            return Ok(());
        }
        let mut errors = vec![js.undefined()?; values.len()];
        let values = self.array(js, &values)?;
        let mut last: Option<(Error, Value)> = None;
        for (index, error) in failures {
            // Keys that failed together have one error: there may be very many.
            let made = match last {
                Some((known, made)) if known.is_like(&error) => made,
                _ => errors::to_js(js, &self.make_error, &error)?,
            };
            errors[index] = made;
            last = Some((error, made));
        }
        let errors = self.array(js, &errors)?;
        js.call(js.kept(&self.fail_many)?, &[slot, values, errors]).map(drop)
    }
}

/// Returns the error of an operation whose instance is closed while it is in flight.
fn closed_under(share: Option<&InFlight>) -> Error {
    let error = Error::closed().outcome(redkv::error::Outcome::Unknown);
    share.map_or_else(|| error.clone(), |share| error.clone().with_operation_if_unset(share.operation))
}
