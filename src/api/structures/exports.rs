//! The functions of data structures.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use napi::sys;
use redkv::chain::Scope;
use redkv::desk::{Built, PolicyConfig};
use redkv::error::{Error, Result};
use redkv::operation::StructureOperation;
use redkv::structures::{self, CacheUsage, Database, Layered};
use serde_json::{Value as Json, json};

use super::calls;
use super::handle::Handle;
use crate::api::desk_stats::of_desk;
use crate::api::instance::Instance;
use crate::bridge::Bridge;
use crate::bridge::in_flight::InFlightGauge;
use crate::node_api::callback::callback;
use crate::node_api::values::{self, Refusal};
use crate::node_api::{Callback, Js, JsResult, Pending, Value};

/// What is called on data structures, also with a cache in front of them: `command(operation, flags, key, …)` and
/// `atomicWrite(retries, operations)`, which answer with the place of a promise, and `stats()` as JSON.
pub(super) const OPERATIONS: [(&str, Callback); 3] =
    [("command", command), ("atomicWrite", atomic_write), ("stats", stats_as_json)];

/// What [`create`] makes besides: `createTable()` and `ready()`, which answer with the place of a promise; `close(timeout)`;
/// `observe()`, from which on requests are reported; and `cached(options)`, which puts a cache in front.
const FUNCTIONS: [(&str, Callback); 5] = [
    ("createTable", create_table),
    ("ready", ready),
    ("close", close),
    ("observe", observe),
    ("cached", cached),
];

service_callbacks! {
    command = |js: Js, handle: &Handle, values: [Value; 10]| {
        js.integer(calls::command(js, handle, values).map_err(|refusal| refused(js, handle, refusal))?)
    };
    atomic_write = |js: Js, handle: &Handle, values: [Value; 2]| {
        js.integer(calls::atomic_write(js, handle, values).map_err(|refusal| refused(js, handle, refusal))?)
    };
    create_table = |js: Js, handle: &Handle, []: [Value; 0]| js.integer(handle.create_table());
    ready = |js: Js, handle: &Handle, []: [Value; 0]| js.number(handle.instance.ready(js, Scope::Chain));
    close = |js: Js, handle: &Handle, [timeout]: [Value; 1]| {
        let patience = values::millis(js, "timeout", timeout, "");
        let patience = patience.map_err(|refusal| refused(js, handle, refusal))?;
        js.number(handle.instance.close(js, patience.map(Duration::from_millis)))
    };
    stats_as_json = |js: Js, handle: &Handle, []: [Value; 0]| {
        let mut stats = of_desk(&handle.database.stats(), handle.instance.pending());
        if let Some(CacheUsage { hits, misses, entries, bytes }) = handle.database.cache_usage() {
            let cache = json!({ "hits": hits, "misses": misses, "entries": entries, "bytes": bytes });
            stats.insert("cache".to_owned(), cache);
        }
        js.text(&Json::from(stats).to_string())
    };
    cached = |js: Js, handle: &Handle, [options]: [Value; 1]| {
        super::cached::create(js, handle, js.string(options).as_deref())
    };
    observe = |js: Js, handle: &Handle, []: [Value; 0]| {
        handle.database.backend().observe(handle.instance.request_observer());
        js.undefined()
    };
}

/// Makes data structures: `[functions, name, warnings, names of operations]`.
pub(crate) fn create(
    js: Js,
    bridge: &Rc<Bridge>,
    id: u32,
    [name, options, policy]: [Option<String>; 3],
) -> JsResult<Value> {
    let made = make(bridge, id, name.as_deref(), options.as_deref(), policy.as_deref());
    let (handle, warnings) = made.map_err(|error| bridge.promises().throw(js, &error))?;
    bridge.wake(js)?;
    bridge.remember(&handle.instance);
    handle.instance.refresh();
    handle.instance.warm_up();
    let texts = |texts: &mut dyn Iterator<Item = &str>| -> JsResult<Value> {
        js.array(&texts.map(|text| js.text(text)).collect::<JsResult<Vec<_>>>()?)
    };
    let name = js.text(handle.database.backend().name())?;
    let functions = js.functions(&Rc::new(handle), &[&OPERATIONS[..], &FUNCTIONS].concat())?;
    let warnings = texts(&mut warnings.iter().map(String::as_str))?;
    let operations = texts(&mut StructureOperation::ALL.iter().map(|operation| operation.as_str()))?;
    js.array(&[functions, name, warnings, operations])
}

fn make(
    bridge: &Rc<Bridge>,
    id: u32,
    name: Option<&str>,
    options: Option<&str>,
    policy: Option<&str>,
) -> Result<(Handle, Vec<String>)> {
    let Some(name) = name else {
        return Err(Error::argument("name", "the name of a backend must be a string"));
    };
    let json_of =
        |text: Option<&str>| text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let (policy, mut warnings) = PolicyConfig::read(json_of(policy), structures::POLICIES)?;
    let instance = Instance::new(bridge.clone(), InFlightGauge::new(id, policy.instance.limits));
    let patience = policy.tier.timeout.unwrap_or(redkv::chain::TierConfig::TIMEOUT);
    let Built { backend, config, warnings: more } =
        structures::BACKENDS.build(name, json_of(options), patience)?;
    warnings.extend(more);
    let Layered { backend, values, fences, calls, policy } = structures::layered(backend, policy.tier);
    instance.add(|chain| chain.add(values, policy))?;
    let database = Arc::new(Database::new(instance.chain.clone(), backend, fences, calls, config));
    Ok((Handle { instance, database }, warnings))
}

/// Throws what is wrong with an argument.
pub(super) fn refused(js: Js, handle: &Handle, refusal: Refusal) -> Pending {
    match refusal {
        Refusal::Wrong(error) => handle.instance.bridge.promises().throw(js, &error),
        Refusal::Pending(pending) => pending,
    }
}

pub(super) fn panicked(js: Js, handle: &Handle, error: &Error) {
    handle.instance.bridge.promises().throw(js, error);
}
