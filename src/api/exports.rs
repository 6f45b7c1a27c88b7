//! The functions of the bridge and of an instance: to connect, to add stores, to open and to close.

use std::ptr;
use std::rc::Rc;
use std::time::Duration;

use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, sys};
use napi_derive::napi;
use redkv::chain::{Scope, TierConfig};
use redkv::error::{Error, Result};
use redkv::instance::InstanceConfig;
use redkv::operation::{Operation, StructureOperation};
use redkv::options::{Elsewhere, Fields};
use redkv::store::Cursor;
use redkv::stores::{self, Built, Place};

use crate::api::capabilities;
use crate::api::instance::Instance;
use crate::api::leases;
use crate::api::operations;
use crate::api::records;
use crate::api::service::Arguments;
use crate::api::stats;
use crate::api::structures;
use crate::bridge::Bridge;
use crate::bridge::in_flight::InFlightGauge;
use crate::node_api::callback::callback;
use crate::node_api::panics;
use crate::node_api::values::{self, Refusal};
use crate::node_api::{Callback, Js, JsResult, Pending, Type, Value};

/// Connects the functions that settle promises, make errors and emit events: an array of `settle`, `fail`, `failMany`,
/// `arrayOf`, `makeError`, `recordOf`, `scoredOf`, `versionedOf`, `pageOf`, `conflictOf`, `isHeard` and `tell`. Once for each copy of
/// the JavaScript side, which may be loaded more than once in an environment. Returns an object with `create(id, options)`, which makes
/// a chain without stores, `createStructures(id, name, options, policy)`, which makes data structures, `createRecords(id, name,
/// options, policy)`, which makes records, and `flush()`, which hands the operations of this turn to the I/O thread.
#[napi(ts_return_type = "any")]
pub(crate) fn connect(env: Env, functions: Unknown, on_libuv: bool) -> napi::Result<Unknown<'static>> {
    panics::report();
    let connected = functions_in(js(env), functions.raw())
        .and_then(|functions| Bridge::connect(js(env), functions, on_libuv))
        .and_then(|bridge| js(env).functions(&Rc::new(BridgeExports(bridge)), &BRIDGE));
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

const BRIDGE: [(&str, Callback); 4] = [
    ("create", create),
    ("createStructures", create_structures),
    ("createRecords", create_records),
    ("flush", flush),
];

/// The data of the functions in [`BRIDGE`].
struct BridgeExports(Rc<Bridge>);

/// What `create` gives: an object with `addStore(name, options, tierOptions)` and `addChain(id, tierOptions)`
/// and `addStructures(id, tierOptions)`, which answer with index, name and warnings; `operations(index)`, `ready(index)`, `flush(index)`, `keys(index, prefix, after)`,
/// `clear(index)`, `stopClear(slot)`, `lease(index, name, life, token, releases)`, `leaseLife(ttl)`, `duration(field, value)`, `close(timeout)`, `stats(index)` and `capabilities(index)`, which answer with JSON,
/// `metricsInterval()` and `name()`.
const INSTANCE: [(&str, Callback); 17] = [
    ("addStore", add_store),
    ("addChain", add_chain),
    ("addStructures", add_structures),
    ("operations", make_operations),
    ("ready", ready),
    ("flush", flush_writes),
    ("keys", keys),
    ("clear", clear),
    ("stopClear", stop_clear),
    ("lease", lease),
    ("leaseLife", lease_life),
    ("duration", duration),
    ("close", close),
    ("stats", stats),
    ("capabilities", capabilities),
    ("metricsInterval", metrics_interval),
    ("name", name),
];

/// The data of the functions in [`INSTANCE`].
struct InstanceExports(Rc<Instance>, InstanceConfig);

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
    panicked_in_bridge:
    create = |js: Js, BridgeExports(bridge): &BridgeExports, [id, options]: [Value; 2]| {
        let options = read_options(js.string(options).as_deref());
        let options = options.map_err(|error| bridge.promises().throw(js, &error))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counted from one")]
        let gauge = InFlightGauge::new(js.float(id)? as u32, options.limits);
        bridge.wake(js)?;
        let instance = Instance::new(bridge.clone(), gauge);
        bridge.remember(&instance);
        js.functions(&Rc::new(InstanceExports(instance, options)), &INSTANCE)
    };
    create_structures = |js: Js, BridgeExports(bridge): &BridgeExports, values: [Value; 4]| {
        structures::create(js, bridge, arguments(js, values)?)
    };
    create_records = |js: Js, BridgeExports(bridge): &BridgeExports, values: [Value; 4]| {
        records::create(js, bridge, arguments(js, values)?)
    };
    flush = |js: Js, BridgeExports(bridge): &BridgeExports, []: [Value; 0]| {
        bridge.flush(js);
        js.undefined()
    };
}

/// The arguments of the constructor of a service.
fn arguments(js: Js, [id, name, options, policy]: [Value; 4]) -> JsResult<Arguments> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counted from one")]
    let id = js.float(id)? as u32;
    Ok(Arguments { id, name: js.string(name), options: js.string(options), policy: js.string(policy) })
}

callbacks! {
    panicked:
    add_store = |js: Js, InstanceExports(instance, _): &InstanceExports, [name, options, tier_options]: [Value; 3]| {
        let name = js.string(name);
        let (options, tier_options) = (js.string(options), js.string(tier_options));
        added(js, instance, add(instance, name.as_deref(), options.as_deref(), tier_options.as_deref()), Operation::AddStore)
    };
    add_chain = |js: Js, InstanceExports(instance, _): &InstanceExports, [id, tier_options]: [Value; 2]| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "given to `create`")]
        let other = instance.bridge.instance(js.float(id)? as u32);
        let tier_options = js.string(tier_options);
        added(js, instance, add_nested(instance, other.as_deref(), tier_options.as_deref()), Operation::AddChain)
    };
    add_structures = |js: Js, InstanceExports(instance, _): &InstanceExports, [id, tier_options]: [Value; 2]| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "given to `createStructures`")]
        let other = instance.bridge.instance(js.float(id)? as u32);
        let tier_options = js.string(tier_options);
        let result = add_nested(instance, other.as_deref(), tier_options.as_deref()).map_err(about_structures);
        added(js, instance, result, StructureOperation::AddStructures.into())
    };
    make_operations = |js: Js, InstanceExports(instance, _): &InstanceExports, [index]: [Value; 1]| {
        js.functions(&instance.handle(scope(js, index)?), &operations::ALL)
    };
    ready = |js: Js, InstanceExports(instance, _): &InstanceExports, [index]: [Value; 1]| js.number(instance.ready(js, scope(js, index)?));
    flush_writes = |js: Js, InstanceExports(instance, _): &InstanceExports, [index]: [Value; 1]| {
        js.number(instance.flush(js, scope(js, index)?))
    };
    keys = |js: Js, InstanceExports(instance, _): &InstanceExports, [index, prefix, after]: [Value; 3]| {
        let prefix = values::prefix(js, prefix).map_err(|refusal| refused(js, instance, refusal, Operation::Keys))?;
        let after = js.with_bytes(after, |bytes| Cursor::new(bytes))?;
        js.number(instance.keys(js, scope(js, index)?, prefix, after))
    };
    clear = |js: Js, InstanceExports(instance, _): &InstanceExports, [index]: [Value; 1]| js.number(instance.clear(js, scope(js, index)?));
    stop_clear = |js: Js, InstanceExports(instance, _): &InstanceExports, [slot]: [Value; 1]| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made by `clear`")]
        instance.stop_clear(js.float(slot)? as u32);
        js.undefined()
    };
    lease = |js: Js, InstanceExports(instance, _): &InstanceExports, [index, rest @ ..]: [Value; 5]| {
        let place = leases::step(js, instance, scope(js, index)?, rest);
        js.integer(place.map_err(|refusal| refused(js, instance, refusal, Operation::Lease))?)
    };
    duration = |js: Js, InstanceExports(instance, _): &InstanceExports, [field, value]: [Value; 2]| {
        let field = js.string(field).unwrap_or_default();
        let millis = values::millis(js, &field, value, "");
        let millis = millis.map_err(|refusal| refused(js, instance, refusal, Operation::Lease))?;
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, as all numbers of JavaScript")]
        js.double(millis.unwrap_or_default() as f64)
    };
    lease_life = |js: Js, InstanceExports(instance, _): &InstanceExports, [ttl]: [Value; 1]| {
        let life = leases::life(js, ttl).map_err(|refusal| refused(js, instance, refusal, Operation::Lease))?;
        #[expect(clippy::cast_precision_loss, reason = "at most a day")]
        js.double(life as f64)
    };
    close = |js: Js, InstanceExports(instance, _): &InstanceExports, [timeout]: [Value; 1]| {
        let patience = values::millis(js, "timeout", timeout, "");
        let patience = patience.map_err(|refusal| refused(js, instance, refusal, Operation::Close))?;
        js.number(instance.close(js, patience.map(Duration::from_millis)))
    };
    stats = |js: Js, InstanceExports(instance, _): &InstanceExports, [index]: [Value; 1]| {
        let (scope, of_all) = (scope(js, index)?, instance.chain.stats());
        let json = match scope {
            Scope::Chain => stats::of_chain(&of_all, instance.pending()),
            Scope::Tier(index) => match of_all.tiers.get(usize::from(index)) {
                Some(tier) => stats::of_tier(index, tier),
                None => serde_json::Value::Null,
            },
        };
        js.text(&json.to_string())
    };
    capabilities = |js: Js, InstanceExports(instance, _): &InstanceExports, [index]: [Value; 1]| {
        let capabilities = match scope(js, index)? {
            Scope::Tier(index) => instance.chain.capabilities(index),
            Scope::Chain => None,
        };
        js.text(&capabilities.map_or(serde_json::Value::Null, capabilities::of_store).to_string())
    };
    name = |js: Js, InstanceExports(_, options): &InstanceExports, []: [Value; 0]| match &options.name {
        Some(name) => js.text(name),
        None => js.undefined(),
    };
    metrics_interval = |js: Js, InstanceExports(_, options): &InstanceExports, []: [Value; 0]| match options.metrics_interval {
        Some(interval) => js.double(interval.as_secs_f64() * 1000.0),
        None => js.undefined(),
    };
}

/// Reads the options of an instance.
fn read_options(options: Option<&str>) -> Result<InstanceConfig> {
    let fields = Fields::new("options", json("options", options)?)?;
    let fields = fields.but_not(["maxBytes", "maxEntries"].map(|name| (name, TO_BOUNDS)));
    let mut fields = fields.but_not(TierConfig::names().map(|name| (name, TO_A_TIER)));
    let config = InstanceConfig::from_fields(&mut fields)?;
    fields.finish()?;
    Ok(config)
}

/// Throws what is wrong with an argument of `operation`.
fn refused(js: Js, instance: &Instance, refusal: Refusal, operation: Operation) -> Pending {
    match refusal {
        Refusal::Wrong(error) => {
            instance.bridge.promises().throw(js, &error.with_operation_if_unset(operation))
        }
        Refusal::Pending(pending) => pending,
    }
}

/// A store that was put into a chain.
struct Added {
    index: u16,
    name: String,
    warnings: Vec<String>,
}

/// Where options belong that were given in a wrong index.
const TO_A_TIER: &str = "to the tier options: into the third argument of addStore()";
const TO_BOUNDS: &str =
    "to a store: into the second argument of addStore('memory', …), or into the third one of another store";
const TO_A_STORE: &str = "to the store: into the second argument of addStore()";
const TO_ALL: &str = "to the whole chain: into the argument of new RedKV()";

/// Builds a store from options as JSON, and puts it into the chain.
fn add(
    instance: &Instance,
    name: Option<&str>,
    options: Option<&str>,
    tier_options: Option<&str>,
) -> Result<Added> {
    let Some(name) = name else {
        return Err(Error::argument("name", "name must be the name of a store, as a string"));
    };
    let options = json("options", options)?;
    let tier = json("tierOptions", tier_options)?;
    let max_value_bytes = TierConfig::max_value_bytes(tier.clone());
    let timeout = Some(TierConfig::timeout(tier.clone()));
    let index = Place { clock: instance.clock(), max_value_bytes, timeout, notices: instance.notices() };
    let of_a_tier = TierConfig::names().map(|name| (name, TO_A_TIER));
    let elsewhere: Vec<_> = of_a_tier.chain(of_all()).collect();
    let Built { store, options, mut warnings } = stores::build_for(index, name, options, &elsewhere)
        .map_err(|error| in_the_wrong_place(error, &tier))?;
    let name = store.name().to_owned();
    let (config, more) = policies(tier, &name, &options)?;
    warnings.extend(more);
    Ok(Added { index: instance.add(|chain| chain.add(store, config))?, name, warnings })
}

/// Puts the chain of `other` into that of `instance`, as one store.
fn add_nested(instance: &Instance, other: Option<&Instance>, tier_options: Option<&str>) -> Result<Added> {
    let Some(other) = other else {
        return Err(Error::argument("chain", "chain must be a RedKV of this thread"));
    };
    let (config, warnings) = policies(json("tierOptions", tier_options)?, "chain", &[])?;
    let index = instance.add(|chain| chain.add_chain(&other.chain, config))?;
    Ok(Added { index, name: "chain".to_owned(), warnings })
}

/// Data structures are a chain of one store, which nobody has to know who adds them.
fn about_structures(error: Error) -> Error {
    match error.field() {
        Some("chain") => Error::argument("db", error.message().replacen("the chain", "db", 1)),
        _ => error,
    }
}

/// Reads the policies of a tier from `options`, among which those called `of_the_store` do not belong.
fn policies(
    options: serde_json::Value,
    store: &str,
    of_the_store: &[&'static str],
) -> Result<(TierConfig, Vec<String>)> {
    let elsewhere = of_the_store.iter().map(|name| (*name, TO_A_STORE)).chain(of_all());
    let read = || {
        let mut fields = Fields::new("tierOptions", options)?.but_not(elsewhere);
        let config = TierConfig::from_fields(&mut fields)?;
        let warnings = fields.finish()?.into_iter().map(|warning| format!("{store}: {warning}"));
        Ok((config, warnings.collect()))
    };
    read().map_err(|error: Error| error.in_store(&store.into()))
}

/// Returns the options of an instance, and where they belong.
fn of_all() -> impl Iterator<Item = Elsewhere> {
    InstanceConfig::names().map(|name| (name, TO_ALL))
}

/// Hands what was added to JavaScript, or throws why it was not.
fn added(js: Js, instance: &Rc<Instance>, added: Result<Added>, operation: Operation) -> JsResult<Value> {
    let throw =
        |error: Error| instance.bridge.promises().throw(js, &error.with_operation_if_unset(operation));
    let Added { index, name, warnings } = added.map_err(throw)?;
    instance.refresh();
    instance.warm_up();
    let warnings = warnings.iter().map(|warning| js.text(warning)).collect::<JsResult<Vec<_>>>()?;
    js.array(&[js.number(index.into())?, js.text(&name)?, js.array(&warnings)?])
}

/// What is missing among the options of a store may stand among those of its tier.
fn in_the_wrong_place(error: Error, tier: &serde_json::Value) -> Error {
    let missing = error.field().filter(|name| error.message() == format!("options.{name} is required"));
    match missing.filter(|name| tier.get(*name).is_some()) {
        Some(name) => {
            let message = format!("unknown option '{name}' in tierOptions: it belongs {TO_A_STORE}");
            Error::argument(name, message).in_store(&error.store().unwrap_or_default().into())
        }
        None => error,
    }
}

fn json(field: &'static str, text: Option<&str>) -> Result<serde_json::Value> {
    let wrong = || Error::argument(field, format!("{field} must be an object"));
    text.map_or(Ok(serde_json::Value::Null), |text| serde_json::from_str(text).map_err(|_| wrong()))
}

/// A index in the chain, or the whole chain.
fn scope(js: Js, index: Value) -> JsResult<Scope> {
    match js.type_of(index)? {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made by `addStore`")]
        Type::Number => Ok(Scope::Tier(js.float(index)? as u16)),
        _ => Ok(Scope::Chain),
    }
}

fn panicked(js: Js, InstanceExports(instance, _): &InstanceExports, error: &Error) {
    instance.bridge.promises().throw(js, error);
}

fn panicked_in_bridge(js: Js, BridgeExports(bridge): &BridgeExports, error: &Error) {
    bridge.promises().throw(js, error);
}
