//! The operations that JavaScript calls. Each returns its result if that is known at once, else the slot of a
//! promise, a number.

use napi::sys;
use redkv::chain::{Action, Answer, Lookup, Question};
use redkv::entry::{Draft, Entry, Key};
use redkv::error::{Error, Result};
use redkv::operation::Operation;
use redkv::store::Want;

use crate::api::instance::Handle;
use crate::bridge::in_flight;
use crate::bridge::promises::{Format, bytes_of};
use crate::node_api::callback::{Arguments, callback};
use crate::node_api::values::{self, Refusal, with_key, with_value};
use crate::node_api::{Callback, Js, JsResult, Type, Value};

/// All operations, by their names in JavaScript.
pub(crate) const ALL: [(&str, Callback); 9] = [
    ("get", get),
    ("getBuffer", get_buffer),
    ("has", has),
    ("set", set),
    ("delete", delete),
    ("getMany", get_many),
    ("hasMany", has_many),
    ("setMany", set_many),
    ("deleteMany", delete_many),
];

macro_rules! operations {
    ($($name:ident = $body:expr;)*) => {
        $(
            unsafe extern "C" fn $name(env: sys::napi_env, info: sys::napi_callback_info) -> Value {
                // SAFETY: called by the engine as a function made by `Js::functions` with a `Handle`.
                unsafe { callback(env, info, |js, handle: &Handle, arguments| refuse(js, handle, $body(js, handle, arguments)), panicked) }
            }
        )*
    };
}

operations! {
    get = |js, handle, [key]: [Value; 1]| read(js, handle, key, Format::Text);
    get_buffer = |js, handle, [key]: [Value; 1]| read(js, handle, key, Format::Bytes);
    has = |js, handle, [key]: [Value; 1]| exists(js, handle, key);
    set = |js, handle, [key, value, ttl]: [Value; 3]| write(js, handle, key, value, ttl);
    delete = |js, handle, [key]: [Value; 1]| remove(js, handle, key);
    get_many = |js, handle, keys: Arguments| read_many(js, handle, &keys);
    has_many = |js, handle, keys: Arguments| exist_many(js, handle, &keys);
    set_many = |js, handle, arguments: [Value; 3]| write_many(js, handle, arguments);
    delete_many = |js, handle, keys: Arguments| remove_many(js, handle, &keys);
}

type Answered = std::result::Result<Value, Refusal>;

fn read(js: Js, handle: &Handle, key: Value, format: Format) -> Answered {
    with_key(js, key, |key| {
        let known = handle.ask_front(|front| front.read(key, |value| bytes_of(js, value, format)));
        match known {
            Some(Lookup::Known(value)) => Ok(value?),
            Some(Lookup::Ask) | None => {
                Ok(js.integer(handle.gather(Key::from(key), Action::Get(Want::Value), format)?)?)
            }
        }
    })?
}

fn exists(js: Js, handle: &Handle, key: Value) -> Answered {
    with_key(js, key, |key| match handle.ask_front(|front| front.has(key)) {
        Some(Lookup::Known(has)) => Ok(js.boolean(has)?),
        Some(Lookup::Ask) | None => {
            Ok(js.integer(handle.gather(Key::from(key), Action::Has, Format::Nothing)?)?)
        }
    })?
}

fn write(js: Js, handle: &Handle, key: Value, value: Value, ttl: Value) -> Answered {
    let deadline = values::deadline(js, &handle.instance.chain, ttl)?;
    with_value(js, value, |value| {
        let entry = Draft { value, deadline };
        with_key(js, key, |key| match handle.ask_front(|front| front.set(key, entry)) {
            Some(Lookup::Known(())) => Ok(js.undefined()?),
            Some(Lookup::Ask) | None => {
                let action = Action::Set(entry.to_entry());
                Ok(js.integer(handle.gather(Key::from(key), action, Format::Nothing)?)?)
            }
        })?
    })?
}

fn remove(js: Js, handle: &Handle, key: Value) -> Answered {
    with_key(js, key, |key| match handle.ask_front(|front| front.delete(key)) {
        Some(Lookup::Known(())) => Ok(js.undefined()?),
        Some(Lookup::Ask) | None => {
            Ok(js.integer(handle.gather(Key::from(key), Action::Delete, Format::Nothing)?)?)
        }
    })?
}

fn read_many(js: Js, handle: &Handle, keys: &[Value]) -> Answered {
    let keys = Keys::new(js, keys)?;
    if !handle.has_front() {
        return ask_all(js, handle, Operation::GetMany, &keys, Question::Get(Want::Value));
    }
    let texts = keys.texts()?;
    let texts = texts.list();
    let mut values = Vec::with_capacity(texts.len());
    let mut read = |value: Option<&[u8]>| match bytes_of(js, value, Format::Text) {
        Ok(value) => {
            values.push(value);
            true
        }
        Err(_) => false,
    };
    if handle.ask_front(|front| front.read_many(&texts, &mut read)) == Some(true) {
        return Ok(handle.instance.bridge.promises().array(js, &values)?);
    }
    // Some are not known, or are no text: only the way through the chain answers per key.
    let known = |key: &Key| match handle.ask_front(|front| front.get(key)) {
        Some(Lookup::Known(entry)) => Some(Ok(Answer::Entry(entry))),
        Some(Lookup::Ask) | None => None,
    };
    let keys = texts.into_iter().map(Key::from).collect();
    ask_rest(js, handle, Operation::GetMany, keys, known, || Action::Get(Want::Value))
}

fn exist_many(js: Js, handle: &Handle, keys: &[Value]) -> Answered {
    let keys = Keys::new(js, keys)?;
    if !handle.has_front() {
        return ask_all(js, handle, Operation::HasMany, &keys, Question::Has);
    }
    let known = |key: &str| match handle.ask_front(|front| front.has(key)) {
        Some(Lookup::Known(has)) => Some(has),
        Some(Lookup::Ask) | None => None,
    };
    if let Some(known) = keys.each(|key| known(key).and_then(|has| js.boolean(has).ok()))? {
        return Ok(handle.instance.bridge.promises().array(js, &known)?);
    }
    let known = |key: &Key| known(key).map(|has| Ok(Answer::Has(has)));
    ask_rest(js, handle, Operation::HasMany, keys.list()?, known, || Action::Has)
}

/// All or nothing as far as arguments go: nothing is written until every key and value was read.
fn write_many(js: Js, handle: &Handle, [keys, values, ttl]: [Value; 3]) -> Answered {
    let keys = Keys::new(js, &[keys])?.list()?;
    let deadline = values::deadline(js, &handle.instance.chain, ttl)?;
    let mut writes = Vec::with_capacity(keys.len());
    for (index, key) in (0..).zip(keys) {
        let value = js.element(values, index)?;
        writes.push((key, with_value(js, value, |value| Draft { value, deadline }.to_entry())?));
    }
    let load = in_flight::of_writes(&writes);
    let takes =
        |(key, entry): &(Key, Entry)| handle.ask_front(|front| front.takes(key, entry.into())) == Some(true);
    if let Err(error) = handle.instance.check(load, Operation::SetMany)
        && !writes.iter().all(takes)
    {
        return Err(error.into());
    }
    let mut known = Vec::with_capacity(writes.len());
    let mut rest = Vec::new();
    for (key, entry) in writes {
        match handle.ask_front(|front| front.set(&key, (&entry).into())) {
            Some(Lookup::Known(())) => known.push(Some(Ok(Answer::Written(true)))),
            Some(Lookup::Ask) | None => {
                known.push(None);
                rest.push((key, Action::Set(entry)));
            }
        }
    }
    if rest.is_empty() {
        return Ok(js.undefined()?);
    }
    Ok(js.integer(handle.instance.gather_many(
        Operation::SetMany,
        handle.scope,
        known,
        rest,
        Format::Nothing,
    ))?)
}

fn remove_many(js: Js, handle: &Handle, keys: &[Value]) -> Answered {
    // As for writes: nothing is deleted until every key was read.
    let keys = Keys::new(js, keys)?.list()?;
    let load = in_flight::of_keys(&keys);
    let takes = |key: &Key| handle.ask_front(|front| front.takes_delete(key)) == Some(true);
    if let Err(error) = handle.instance.check(load, Operation::DeleteMany)
        && !keys.iter().all(takes)
    {
        return Err(error.into());
    }
    let known = |key: &Key| match handle.ask_front(|front| front.delete(key)) {
        Some(Lookup::Known(())) => Some(Ok(Answer::Written(true))),
        Some(Lookup::Ask) | None => None,
    };
    let known: Vec<_> = keys.iter().map(known).collect();
    let rest = unknown(keys, &known, || Action::Delete);
    if rest.is_empty() {
        return Ok(js.undefined()?);
    }
    Ok(js.integer(handle.instance.gather_many(
        Operation::DeleteMany,
        handle.scope,
        known,
        rest,
        Format::Nothing,
    ))?)
}

/// Keys for which room is made before they are read.
const MOST_AHEAD: usize = 1 << 16;

/// The keys of an operation on many, as JavaScript gave them.
enum Keys<'a> {
    /// As arguments, which come five times cheaper than the elements of an array.
    Spread(Js, &'a [Value]),
    /// As an array, because a call has no room for so many arguments.
    Array(Js, Value, u32),
}

impl<'a> Keys<'a> {
    /// From the arguments of a call: an array, or `null` and then the keys.
    fn new(js: Js, arguments: &'a [Value]) -> std::result::Result<Self, Refusal> {
        let wrong = || Error::argument("keys", "keys must be an array of strings or numbers");
        let (first, keys) = arguments.split_first().ok_or_else(wrong)?;
        match js.array_length(*first)? {
            Some(length) => Ok(Self::Array(js, *first, length)),
            None if js.type_of(*first)? == Type::Null => Ok(Self::Spread(js, keys)),
            None => Err(wrong().into()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Spread(_, keys) => keys.len(),
            Self::Array(_, _, length) => *length as usize,
        }
    }

    /// Asks for each key, until one has no answer.
    fn each<T>(
        &self,
        mut ask: impl FnMut(&str) -> Option<T>,
    ) -> std::result::Result<Option<Vec<T>>, Refusal> {
        let mut answers = Vec::with_capacity(self.len().min(MOST_AHEAD));
        for place in 0..self.len() {
            match self.with(place, &mut ask)? {
                Some(answer) => answers.push(answer),
                None => return Ok(None),
            }
        }
        Ok(Some(answers))
    }

    /// All of them, one after the other in one place.
    fn texts(&self) -> std::result::Result<Texts, Refusal> {
        // A list may be longer than there is anything in it.
        let room = self.len().min(MOST_AHEAD);
        let mut texts = Texts { all: String::with_capacity(32 * room), ends: Vec::with_capacity(room) };
        for place in 0..self.len() {
            self.with(place, |key| texts.push(key))?;
        }
        Ok(texts)
    }

    fn list(&self) -> std::result::Result<Vec<Key>, Refusal> {
        (0..self.len()).map(|place| self.with(place, |key| Key::from(key))).collect()
    }

    fn with<T>(&self, place: usize, read: impl FnOnce(&str) -> T) -> std::result::Result<T, Refusal> {
        match self {
            Self::Spread(js, keys) => with_key(*js, keys[place], read),
            #[expect(clippy::cast_possible_truncation, reason = "less than a length that fits")]
            Self::Array(js, array, _) => with_key(*js, js.element(*array, place as u32)?, read),
        }
    }
}

/// Texts without an allocation for each.
struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len());
    }

    fn list(&self) -> Vec<&str> {
        let mut start = 0;
        let text = |end: &usize| &self.all[std::mem::replace(&mut start, *end)..*end];
        self.ends.iter().map(text).collect()
    }
}

/// Asks the chain, where nothing is known at once.
fn ask_all(js: Js, handle: &Handle, operation: Operation, keys: &Keys, question: Question) -> Answered {
    let keys = keys.list()?;
    if keys.is_empty() {
        return Ok(handle.instance.bridge.promises().array(js, &[])?);
    }
    Ok(js.integer(handle.instance.gather_reads(operation, handle.scope, question, keys, Format::Text)?)?)
}

/// Asks for what is known at once, and the chain for the others.
fn ask_rest(
    js: Js,
    handle: &Handle,
    operation: Operation,
    keys: Vec<Key>,
    known: impl Fn(&Key) -> Option<Result<Answer>>,
    action: impl Fn() -> Action,
) -> Answered {
    let mut known: Vec<_> = keys.iter().map(known).collect();
    if known.iter().all(Option::is_some) {
        // Some value is no text, or became known just now: the answers come all by the same way.
        known.fill(None);
    }
    let rest = unknown(keys, &known, action);
    handle.instance.check(in_flight::of_actions(&rest), operation)?;
    Ok(js.integer(handle.instance.gather_many(operation, handle.scope, known, rest, Format::Text))?)
}

/// What is to be done with the keys of which nothing is known.
fn unknown(
    keys: Vec<Key>,
    known: &[Option<Result<Answer>>],
    action: impl Fn() -> Action,
) -> Vec<(Key, Action)> {
    let mut rest = Vec::with_capacity(keys.len());
    rest.extend(
        keys.into_iter().zip(known).filter(|(_, known)| known.is_none()).map(|(key, _)| (key, action())),
    );
    rest
}

fn refuse(js: Js, handle: &Handle, answer: Answered) -> JsResult<Value> {
    answer.map_err(|refusal| match refusal {
        Refusal::Wrong(error) => handle.instance.bridge.promises().throw(js, &error),
        Refusal::Pending(pending) => pending,
    })
}

/// A panic in an operation is a defect, but not the end of the process.
fn panicked(js: Js, handle: &Handle, error: &Error) {
    handle.instance.bridge.promises().throw(js, error);
}
