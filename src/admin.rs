//! What JavaScript calls once in a while: to connect, to add stores, to begin and to end.

use std::ptr;
use std::rc::Rc;
use std::time::Duration;

use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, sys};
use napi_derive::napi;
use redkv::chain::{Bounds, Scope, TierConfig};
use redkv::config::Fields;
use redkv::error::{Error, ErrorKind, Result};
use redkv::stores;

use crate::callback::callback;
use crate::exchange::Exchange;
use crate::instance::Instance;
use crate::js::{Callback, Js, JsResult, Pending, Type, Value};
use crate::load::Gauge;
use crate::operations;
use crate::values::{self, Refusal};

/// Connects the functions that settle promises, make errors and tell events: an array of `settle`, `fail`, `failMany`,
/// `arrayOf`, `makeError`, `isHeard` and `tell`. Once for each copy of the JavaScript side, which may be loaded more than
/// once in an environment. Answers with an object with `create(id, options)`, which makes a chain without stores, and
/// `flush()`, which hands the operations of this turn to the I/O thread.
#[napi(ts_return_type = "any")]
pub(crate) fn connect(env: Env, functions: Unknown, on_libuv: bool) -> napi::Result<Unknown<'static>> {
    let connected = functions_in(js(env), functions.raw())
        .and_then(|functions| Exchange::connect(js(env), functions, on_libuv))
        .and_then(|exchange| js(env).functions(&Rc::new(Crossing(exchange)), &CROSSING));
    // SAFETY: a value of this callback, which is returned from it at once.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), connected.map_err(to_napi)?) })
}

fn functions_in<const N: usize>(js: Js, array: Value) -> JsResult<[Value; N]> {
    let mut functions = [ptr::null_mut(); N];
    for (index, function) in (0..).zip(&mut functions) {
        *function = js.element(array, index)?;
    }
    Ok(functions)
}

fn js(env: Env) -> Js {
    // SAFETY: napi hands out an `Env` only for the callback that is running.
    unsafe { Js::new(env.raw()) }
}

fn to_napi(_: Pending) -> napi::Error {
    napi::Error::new(napi::Status::PendingException, "")
}

const CROSSING: [(&str, Callback); 2] = [("create", create), ("flush", flush)];

/// The data of the functions in [`CROSSING`].
struct Crossing(Rc<Exchange>);

/// What `create` gives: an object with `addStore(name, options, tierOptions)`, `operations(place)`, `ready(place)`,
/// `flush(place)` and `close(timeout)`.
const ADMIN: [(&str, Callback); 5] = [
    ("addStore", add_store),
    ("operations", make_operations),
    ("ready", ready),
    ("flush", flush_writes),
    ("close", close),
];

/// The data of the functions in [`ADMIN`].
struct Admin(Rc<Instance>);

macro_rules! callbacks {
    ($panicked:ident: $($name:ident = $body:expr;)*) => {
        $(
            unsafe extern "C" fn $name(env: sys::napi_env, info: sys::napi_callback_info) -> Value {
                // SAFETY: called by the engine as a function made by `Js::functions` with its data.
                unsafe { callback(env, info, $body, $panicked) }
            }
        )*
    };
}

callbacks! {
    panicked_crossing:
    create = |js: Js, Crossing(exchange): &Crossing, [id, options]: [Value; 2]| {
        let bounds = bounds(js.string(options).as_deref());
        let bounds = bounds.map_err(|error| exchange.promises().throw(js, &error))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counted from one")]
        let gauge = Gauge::new(js.float(id)? as u32, bounds);
        js.functions(&Rc::new(Admin(Instance::new(exchange.clone(), gauge))), &ADMIN)
    };
    flush = |js: Js, Crossing(exchange): &Crossing, []: [Value; 0]| {
        exchange.flush(js);
        js.undefined()
    };
}

callbacks! {
    panicked:
    add_store = |js: Js, Admin(instance): &Admin, [name, options, tier_options]: [Value; 3]| {
        let (name, options, tier_options) = (js.string(name), js.string(options), js.string(tier_options));
        let added = add(instance, name, options.as_deref(), tier_options.as_deref());
        let (place, warnings) = added.map_err(|error| instance.exchange.promises().throw(js, &error))?;
        instance.refresh();
        instance.warm_up(js);
        let warnings = warnings.iter().map(|warning| js.text(warning)).collect::<JsResult<Vec<_>>>()?;
        js.array(&[js.number(place.into())?, js.array(&warnings)?])
    };
    make_operations = |js: Js, Admin(instance): &Admin, [place]: [Value; 1]| {
        js.functions(&instance.handle(scope(js, place)?), &operations::ALL)
    };
    ready = |js: Js, Admin(instance): &Admin, [place]: [Value; 1]| js.number(instance.ready(js, scope(js, place)?));
    flush_writes = |js: Js, Admin(instance): &Admin, [place]: [Value; 1]| {
        js.number(instance.flush(js, scope(js, place)?))
    };
    close = |js: Js, Admin(instance): &Admin, [timeout]: [Value; 1]| {
        let patience = values::millis(js, "timeout", timeout, "").map_err(|refusal| match refusal {
            Refusal::Wrong(error) => instance.exchange.promises().throw(js, &error.in_operation("close")),
            Refusal::Pending(pending) => pending,
        })?;
        js.number(instance.close(js, patience.map(Duration::from_millis)))
    };
}

/// Reads the options of an instance.
fn bounds(options: Option<&str>) -> Result<Bounds> {
    let mut fields = Fields::new("options", json("options", options)?)?;
    let bounds = Bounds::from_fields(&mut fields)?;
    fields.finish()?;
    Ok(bounds)
}

/// Builds a store from options as JSON, and puts it into the chain.
fn add(
    instance: &Instance,
    name: Option<String>,
    options: Option<&str>,
    tier_options: Option<&str>,
) -> Result<(u16, Vec<String>)> {
    let name = name.ok_or_else(|| Error::argument("name", "the name of a store must be a string"))?;
    let clock = instance.clock();
    let (store, mut warnings) = stores::build(&name, json("options", options)?, clock)?;
    let mut config = || {
        let mut fields = Fields::new("tierOptions", json("tierOptions", tier_options)?)?;
        let config = TierConfig::from_fields(&mut fields)?;
        warnings.extend(fields.finish()?);
        Ok(config)
    };
    let config = config().map_err(|error: Error| error.in_store(&store.name().into()))?;
    Ok((instance.add(store, config)?, warnings))
}

fn json(field: &'static str, text: Option<&str>) -> Result<serde_json::Value> {
    let wrong = || Error::argument(field, format!("{field} must be an object"));
    text.map_or(Ok(serde_json::Value::Null), |text| serde_json::from_str(text).map_err(|_| wrong()))
}

/// A place in the chain, or the whole chain.
fn scope(js: Js, place: Value) -> JsResult<Scope> {
    match js.type_of(place)? {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made by `addStore`")]
        Type::Number => Ok(Scope::Tier(js.float(place)? as u16)),
        _ => Ok(Scope::Chain),
    }
}

fn panicked(js: Js, Admin(instance): &Admin) {
    throw_defect(js, &instance.exchange);
}

fn panicked_crossing(js: Js, Crossing(exchange): &Crossing) {
    throw_defect(js, exchange);
}

fn throw_defect(js: Js, exchange: &Exchange) {
    exchange.promises().throw(js, &Error::new(ErrorKind::Internal, "a defect of RedKV: the call panicked"));
}
