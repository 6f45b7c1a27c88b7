//! The promises of one copy of the JavaScript side, and how answers reach them.

use std::cell::RefCell;

use redkv::chain::Answer;
use redkv::error::{Error, ErrorKind, Result};
use redkv::store::Page;

use crate::errors;
use crate::js::{Js, JsResult, Kept, Pending, Value};
use crate::load::Share;
use crate::outbox::{Completion, Outcome};
use crate::text::is_ascii;

/// How the answer to a read is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As a string.
    Text,
    /// As a `Buffer`.
    Bytes,
    /// As nothing: it is enough that it worked.
    Nothing,
    /// Not at all: its promise was rejected before.
    Ignored,
}

/// The places of pending promises, with the JavaScript functions that settle them and make errors.
#[derive(Debug)]
pub(crate) struct Promises {
    slots: RefCell<Slots>,
    /// `settle(slot, value, slot, value, …)`
    settle: Kept,
    /// `fail(slot, error)`
    fail: Kept,
    /// `failMany(slot, values, errors)`: of an operation on many keys, with `undefined` where there was no error.
    fail_many: Kept,
    /// `arrayOf(...items)`
    array_of: Kept,
    /// The factory of [`errors::to_js`].
    make_error: Kept,
}

#[derive(Debug, Default)]
struct Slots {
    formats: Vec<Format>,
    /// What each holds of the bounds of its instance; none of what is not bounded.
    shares: Vec<Option<Share>>,
    free: Vec<u32>,
    /// Slots whose promises are being settled. They are not given out before that is done: code of others that runs
    /// meanwhile may call operations, whose promises would take the place of those that have their turn yet.
    closed: Vec<u32>,
    /// Slots whose promise was rejected before the answer came.
    given_up: usize,
}

impl Slots {
    /// The promise is about to be settled. Answers with how its answer was wanted.
    fn close(&mut self, slot: u32) -> Format {
        let format = self.formats[slot as usize];
        self.given_up -= usize::from(format == Format::Ignored);
        self.shares[slot as usize] = None;
        self.closed.push(slot);
        format
    }

    /// The promises of closed slots are settled.
    fn release(&mut self) {
        self.free.append(&mut self.closed);
    }

    /// The promises of `instance` are settled before their answers come: which, and of which operations.
    fn give_up(&mut self, instance: u32) -> Vec<(u32, &'static str)> {
        let mut given_up = Vec::new();
        for (slot, (format, share)) in (0..).zip(self.formats.iter_mut().zip(&self.shares)) {
            if let Some(share) = share
                && share.is_of(instance)
                && *format != Format::Ignored
            {
                *format = Format::Ignored;
                given_up.push((slot, share.operation));
            }
        }
        self.given_up += given_up.len();
        given_up
    }
}

/// Operations whose promises are settled by one call into JavaScript.
const SETTLED_TOGETHER: usize = 64;

/// Arguments that every stack has room for.
const MOST_ARGUMENTS: usize = 1024;

impl Promises {
    /// The functions of the JavaScript side: `settle`, `fail`, `failMany`, `arrayOf`, `makeError`.
    pub(crate) fn connect(js: Js, functions: [Value; 5]) -> JsResult<Self> {
        let [settle, fail, fail_many, array_of, make_error] = functions;
        Ok(Self {
            slots: RefCell::default(),
            settle: js.keep(settle)?,
            fail: js.keep(fail)?,
            fail_many: js.keep(fail_many)?,
            array_of: js.keep(array_of)?,
            make_error: js.keep(make_error)?,
        })
    }

    /// Lets go of the functions: from here on nothing can be told to JavaScript.
    pub(crate) fn disconnect(&self, js: Js) {
        let Self { settle, fail, fail_many, array_of, make_error, .. } = self;
        [settle, fail, fail_many, array_of, make_error].into_iter().for_each(|kept| js.let_go(kept));
    }

    /// Whether the functions are kept; else they are there as long as the JavaScript side is.
    pub(crate) fn hold(&self, js: Js, holds: bool) {
        let Self { settle, fail, fail_many, array_of, make_error, .. } = self;
        js.hold_all([settle, fail, fail_many, array_of, make_error], holds);
    }

    /// How many promises are pending.
    pub(crate) fn pending(&self) -> usize {
        let slots = self.slots.borrow();
        slots.formats.len() - slots.free.len() - slots.closed.len() - slots.given_up
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
    pub(crate) fn open_slot(&self, format: Format, share: Option<Share>) -> u32 {
        let mut slots = self.slots.borrow_mut();
        if let Some(slot) = slots.free.pop() {
            slots.formats[slot as usize] = format;
            slots.shares[slot as usize] = share;
            return slot;
        }
        slots.formats.push(format);
        slots.shares.push(share);
        u32::try_from(slots.formats.len() - 1).unwrap_or(u32::MAX)
    }

    /// Settles the promises of operations that ended. Whatever happens to one of them, the others are settled.
    pub(crate) fn settle(&self, js: Js, completions: Vec<Completion>) {
        let mut completions = completions.into_iter();
        while completions.len() > 0 {
            let settled = js.in_scope(|| {
                let mut arguments = Vec::with_capacity(2 * SETTLED_TOGETHER);
                for completion in completions.by_ref().take(SETTLED_TOGETHER) {
                    self.prepare(js, completion, &mut arguments);
                }
                if arguments.is_empty() {
                    return Ok(());
                }
                js.call(js.kept(&self.settle)?, &arguments).map(drop)
            });
            if settled.is_err() {
                // Those that were settled before it was cut off are not told again.
                let closed = self.slots.borrow().closed.clone();
                closed.into_iter().for_each(|slot| self.fail_barely(js, slot));
            }
            self.slots.borrow_mut().release();
        }
    }

    /// Adds a slot and its value to the arguments of `settle`, or settles at once what failed.
    fn prepare(&self, js: Js, completion: Completion, arguments: &mut Vec<Value>) {
        let Completion { slot, outcome } = completion;
        if let Outcome::GivenUp = outcome {
            return self.give_up(js, slot);
        }
        let format = self.slots.borrow_mut().close(slot);
        if format == Format::Ignored {
            return;
        }
        let told = match outcome {
            Outcome::Many(answers) => self.tell_many(js, slot, answers, format, arguments),
            outcome => self.tell_one(js, slot, outcome, format, arguments),
        };
        if told.is_err() {
            self.fail_barely(js, slot);
        }
    }

    /// Rejects a promise whose answer JavaScript could not take, in the way that needs least.
    fn fail_barely(&self, js: Js, slot: u32) {
        js.clear_exception();
        let error = js.bare_error("a defect of RedKV: JavaScript could not take the answer");
        let told =
            error.and_then(|error| js.call(js.kept(&self.fail)?, &[js.number(slot)?, error]).map(drop));
        if told.is_err() {
            // No JavaScript runs any more.
            js.clear_exception();
        }
    }

    fn tell_one(
        &self,
        js: Js,
        slot: u32,
        outcome: Outcome,
        format: Format,
        arguments: &mut Vec<Value>,
    ) -> JsResult<()> {
        let value = match outcome {
            Outcome::One(answer) => self.answer(js, answer, format),
            Outcome::Done(done) => done.and_then(|()| js.undefined().map_err(lost)),
            Outcome::Page(page) => page.and_then(|page| self.page(js, &page).map_err(lost)),
            Outcome::Many(_) | Outcome::GivenUp => return Ok(()),
        };
        match value {
            Ok(value) => arguments.extend([js.number(slot)?, value]),
            Err(error) => {
                // Where the value could not be made, an exception may be pending.
                js.clear_exception();
                self.fail(js, slot, &error)?;
            }
        }
        Ok(())
    }

    /// Rejects the promise in `slot`.
    fn fail(&self, js: Js, slot: u32, error: &Error) -> JsResult<()> {
        let error = errors::to_js(js, &self.make_error, error)?;
        js.call(js.kept(&self.fail)?, &[js.number(slot)?, error]).map(drop)
    }

    /// Rejects what is pending in an instance; the answers that come later find nobody.
    fn give_up(&self, js: Js, instance: u32) {
        let given_up = self.slots.borrow_mut().give_up(instance);
        for (slot, operation) in given_up {
            let error = Error::closed().in_operation(operation).outcome(redkv::error::Outcome::Unknown);
            if js.in_scope(|| self.fail(js, slot, &error)).is_err() {
                self.fail_barely(js, slot);
            }
        }
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
    fn tell_many(
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
        for (index, error) in failures {
            errors[index] = errors::to_js(js, &self.make_error, &error)?;
        }
        let errors = self.array(js, &errors)?;
        js.call(js.kept(&self.fail_many)?, &[slot, values, errors]).map(drop)
    }
}

/// The JavaScript value of an answer.
pub(crate) fn value_of(js: Js, answer: &Answer, format: Format) -> Result<Value> {
    match answer {
        Answer::Entry(entry) => bytes_of(js, entry.as_ref().map(|entry| &entry.value[..]), format),
        Answer::Has(has) => js.boolean(*has).map_err(lost),
        Answer::Written(_) => js.undefined().map_err(lost),
    }
}

/// The JavaScript value of what is under a key.
pub(crate) fn bytes_of(js: Js, value: Option<&[u8]>, format: Format) -> Result<Value> {
    let Some(value) = value else { return js.null().map_err(lost) };
    match format {
        Format::Nothing | Format::Ignored => js.undefined().map_err(lost),
        Format::Bytes => js.buffer(value).map_err(lost),
        Format::Text if is_ascii(value) => js.ascii(value).map_err(|pending| lost_text(value, pending)),
        Format::Text => match std::str::from_utf8(value) {
            Ok(text) => js.text(text).map_err(|pending| lost_text(value, pending)),
            Err(_) => {
                let message = "the value is not UTF-8 text; read it with getBuffer()";
                Err(Error::new(ErrorKind::Value, message).in_operation("get"))
            }
        },
    }
}

/// Text that JavaScript could not take: where it is longer than a string can be, that is why.
#[cold]
fn lost_text(value: &[u8], pending: Pending) -> Error {
    /// The longest strings of V8, where they are shortest: on 32 bits.
    const LONGEST: usize = (1 << 28) - 16;
    if value.len() <= LONGEST {
        return lost(pending);
    }
    let message = "the value is longer than a string of JavaScript can be; read it with getBuffer()";
    Error::new(ErrorKind::Value, message).in_operation("get")
}

fn lost(_: Pending) -> Error {
    Error::new(ErrorKind::Internal, "JavaScript could not take the value")
}
