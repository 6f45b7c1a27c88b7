//! The operations that JavaScript calls. Each answers with its result if that is known at once, else with the slot
//! of a promise, a number.

use napi::sys;
use redkv::chain::{Action, Answer, Lookup};
use redkv::entry::{Entry, Key};
use redkv::error::{Error, ErrorKind, Result};
use redkv::store::Want;

use crate::exchange::{Format, value_of};
use crate::instance::Handle;
use crate::js::{Callback, Js, JsResult, Value, callback};
use crate::values::{self, Refusal, with_key};

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
    get_many = |js, handle, [keys]: [Value; 1]| read_many(js, handle, keys);
    has_many = |js, handle, [keys]: [Value; 1]| exist_many(js, handle, keys);
    set_many = |js, handle, [keys, values, ttl]: [Value; 3]| write_many(js, handle, keys, values, ttl);
    delete_many = |js, handle, [keys]: [Value; 1]| remove_many(js, handle, keys);
}

type Answered = std::result::Result<Value, Refusal>;

fn read(js: Js, handle: &Handle, key: Value, format: Format) -> Answered {
    let looked_up = with_key(js, key, |key| match handle.ask_front(|front| front.get(key)) {
        Some(Lookup::Known(entry)) => Ok(Answer::Entry(entry)),
        Some(Lookup::Ask) | None => Err(handle.gather(Key::from(key), Action::Get(Want::Value), format)),
    })?;
    answer_or_slot(js, looked_up, format)
}

fn exists(js: Js, handle: &Handle, key: Value) -> Answered {
    let looked_up = with_key(js, key, |key| match handle.ask_front(|front| front.has(key)) {
        Some(Lookup::Known(has)) => Ok(Answer::Has(has)),
        Some(Lookup::Ask) | None => Err(handle.gather(Key::from(key), Action::Has, Format::Nothing)),
    })?;
    answer_or_slot(js, looked_up, Format::Nothing)
}

fn write(js: Js, handle: &Handle, key: Value, value: Value, ttl: Value) -> Answered {
    let entry = entry(js, handle, value, ttl)?;
    let written = with_key(js, key, |key| match handle.ask_front(|front| front.set(key, &entry)) {
        Some(Lookup::Known(())) => Ok(Answer::Written(true)),
        Some(Lookup::Ask) | None => {
            Err(handle.gather(Key::from(key), Action::Set(entry.clone()), Format::Nothing))
        }
    })?;
    answer_or_slot(js, written, Format::Nothing)
}

fn remove(js: Js, handle: &Handle, key: Value) -> Answered {
    let removed = with_key(js, key, |key| match handle.ask_front(|front| front.delete(key)) {
        Some(Lookup::Known(())) => Ok(Answer::Written(true)),
        Some(Lookup::Ask) | None => Err(handle.gather(Key::from(key), Action::Delete, Format::Nothing)),
    })?;
    answer_or_slot(js, removed, Format::Nothing)
}

fn read_many(js: Js, handle: &Handle, keys: Value) -> Answered {
    let keys = key_list(js, keys)?;
    let known = |key: &Key| match handle.ask_front(|front| front.get(key)) {
        Some(Lookup::Known(entry)) => Some(Ok(Answer::Entry(entry))),
        Some(Lookup::Ask) | None => None,
    };
    let known = keys.iter().map(known).collect();
    answer_or_ask(js, handle, keys, known, Format::Text, || Action::Get(Want::Value))
}

fn exist_many(js: Js, handle: &Handle, keys: Value) -> Answered {
    let keys = key_list(js, keys)?;
    let known = |key: &Key| match handle.ask_front(|front| front.has(key)) {
        Some(Lookup::Known(has)) => Some(Ok(Answer::Has(has))),
        Some(Lookup::Ask) | None => None,
    };
    let known = keys.iter().map(known).collect();
    answer_or_ask(js, handle, keys, known, Format::Text, || Action::Has)
}

/// All or nothing as far as arguments go: nothing is written until every key and value was read.
fn write_many(js: Js, handle: &Handle, keys: Value, values: Value, ttl: Value) -> Answered {
    let keys = key_list(js, keys)?;
    let deadline = values::deadline(js, &handle.instance.chain, ttl)?;
    let mut writes = Vec::with_capacity(keys.len());
    for (index, key) in (0..).zip(keys) {
        let value = values::value(js, js.element(values, index)?)?;
        writes.push((key, Entry { value, deadline }));
    }
    let front = |(key, entry): &(Key, Entry)| match handle.ask_front(|front| front.set(key, entry)) {
        Some(Lookup::Known(())) => Some(Ok(Answer::Written(true))),
        Some(Lookup::Ask) | None => None,
    };
    let known: Vec<_> = writes.iter().map(front).collect();
    let writes = writes.into_iter().map(|(key, entry)| (key, Action::Set(entry)));
    ask_rest(js, handle, known, writes, Format::Nothing)
}

fn remove_many(js: Js, handle: &Handle, keys: Value) -> Answered {
    let keys = key_list(js, keys)?;
    let known = |key: &Key| match handle.ask_front(|front| front.delete(key)) {
        Some(Lookup::Known(())) => Some(Ok(Answer::Written(true))),
        Some(Lookup::Ask) | None => None,
    };
    let known = keys.iter().map(known).collect();
    answer_or_ask(js, handle, keys, known, Format::Nothing, || Action::Delete)
}

fn entry(js: Js, handle: &Handle, value: Value, ttl: Value) -> std::result::Result<Entry, Refusal> {
    let deadline = values::deadline(js, &handle.instance.chain, ttl)?;
    Ok(Entry { value: values::value(js, value)?, deadline })
}

fn key_list(js: Js, keys: Value) -> std::result::Result<Vec<Key>, Refusal> {
    let Some(length) = js.array_length(keys)? else {
        return Err(Error::argument("keys", "keys must be an array of strings or numbers").into());
    };
    let mut list = Vec::with_capacity(length as usize);
    for index in 0..length {
        list.push(with_key(js, js.element(keys, index)?, |key| Key::from(key))?);
    }
    Ok(list)
}

/// The answer that is known, or the slot of the promise.
fn answer_or_slot(js: Js, known: std::result::Result<Answer, u32>, format: Format) -> Answered {
    match known {
        Ok(answer) => Ok(value_of(js, &answer, format)?),
        Err(slot) => Ok(js.number(slot)?),
    }
}

fn answer_or_ask(
    js: Js,
    handle: &Handle,
    keys: Vec<Key>,
    known: Vec<Option<Result<Answer>>>,
    format: Format,
    action: impl Fn() -> Action,
) -> Answered {
    ask_rest(js, handle, known, keys.into_iter().map(|key| (key, action())), format)
}

/// The answers if all are `known`; else asks the chain for the others.
fn ask_rest(
    js: Js,
    handle: &Handle,
    mut known: Vec<Option<Result<Answer>>>,
    actions: impl Iterator<Item = (Key, Action)>,
    format: Format,
) -> Answered {
    if known.iter().all(Option::is_some) {
        if format == Format::Nothing {
            return Ok(js.undefined()?);
        }
        let answers = known.iter().flatten();
        let values: Result<Vec<_>> = answers
            .map(|answer| answer.as_ref().map_err(Error::clone).and_then(|known| value_of(js, known, format)))
            .collect();
        if let Ok(values) = values {
            return Ok(js.array(&values)?);
        }
        // A value that is not text fails alone: only the way through the chain answers per key.
        known.fill(None);
    }
    let is_known: Vec<_> = known.iter().map(Option::is_some).collect();
    let asked = actions.zip(is_known).filter(|(_, is_known)| !is_known).map(|(action, _)| action);
    Ok(js.number(handle.instance.gather_many(handle.scope, known, asked, format))?)
}

fn refuse(js: Js, handle: &Handle, answer: Answered) -> JsResult<Value> {
    answer.map_err(|refusal| match refusal {
        Refusal::Wrong(error) => handle.instance.exchange.throw(js, &error),
        Refusal::Pending(pending) => pending,
    })
}

/// A panic in an operation is a defect, but not the end of the process.
fn panicked(js: Js, handle: &Handle) {
    let error = Error::new(ErrorKind::Internal, "a defect of RedKV: the operation panicked");
    handle.instance.exchange.throw(js, &error);
}
