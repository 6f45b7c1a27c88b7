//! The functions of records.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use napi::sys;
use redkv::chain::{Scope, TierConfig};
use redkv::desk::{Built, PolicyConfig};
use redkv::error::{Error, Result};
use redkv::operation::RecordOperation;
use redkv::records::{self, RecordTable};
use serde_json::Value as Json;

use super::arguments;
use super::handle::Handle;
use crate::api::desk_stats::of_desk;
use crate::api::instance::Instance;
use crate::bridge::Bridge;
use crate::bridge::in_flight::InFlightGauge;
use crate::node_api::callback::callback;
use crate::node_api::values::{self, Refusal};
use crate::node_api::{Callback, Js, JsResult, Pending, Value};

/// What [`create`] makes: `command(operation, flags, partition, key, …)`, `createTable(options)` and `ready()`, which answer with
/// the place of a promise; `close(timeout)`; `stats()` as JSON; and `observe()`, from which on requests are reported.
const FUNCTIONS: [(&str, Callback); 6] = [
    ("command", command),
    ("createTable", create_table),
    ("ready", ready),
    ("close", close),
    ("stats", stats),
    ("observe", observe),
];

service_callbacks! {
    command = |js: Js, handle: &Handle, values: [Value; 10]| {
        let command = arguments::command(js, &*handle.instance.clock(), values);
        let place = command.and_then(|command| Ok(handle.gather(command)?));
        js.integer(place.map_err(|refusal| refused(js, handle, refusal))?)
    };
    create_table = |js: Js, handle: &Handle, [options]: [Value; 1]| {
        let shape = records::shape_of(json_of(js.string(options).as_deref()));
        let shape = shape.map_err(|error| refused(js, handle, Refusal::Wrong(error)))?;
        js.integer(handle.create_table(shape))
    };
    ready = |js: Js, handle: &Handle, []: [Value; 0]| js.number(handle.instance.ready(js, Scope::Chain));
    close = |js: Js, handle: &Handle, [timeout]: [Value; 1]| {
        let patience = values::millis(js, "timeout", timeout, "");
        let patience = patience.map_err(|refusal| refused(js, handle, refusal))?;
        js.number(handle.instance.close(js, patience.map(Duration::from_millis)))
    };
    stats = |js: Js, handle: &Handle, []: [Value; 0]| {
        js.text(&Json::from(of_desk(&handle.table.stats(), handle.instance.pending())).to_string())
    };
    observe = |js: Js, handle: &Handle, []: [Value; 0]| {
        handle.table.observe(handle.instance.request_observer());
        js.undefined()
    };
}

/// Makes records: `[functions, name, warnings, names of operations]`.
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
    let name = js.text(handle.table.name())?;
    let functions = js.functions(&Rc::new(handle), &FUNCTIONS)?;
    let warnings = texts(&mut warnings.iter().map(String::as_str))?;
    let operations = texts(&mut RecordOperation::ALL.iter().map(|operation| operation.as_str()))?;
    js.array(&[functions, name, warnings, operations])
}

fn json_of(text: Option<&str>) -> Json {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
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
    let (policy, mut warnings) = PolicyConfig::read(json_of(policy), records::POLICIES)?;
    let instance = Instance::new(bridge.clone(), InFlightGauge::new(id, policy.instance.limits));
    let patience = policy.tier.timeout.unwrap_or(TierConfig::TIMEOUT);
    let Built { backend, warnings: more, .. } = records::BACKENDS.build(name, json_of(options), patience)?;
    warnings.extend(more);
    let table = RecordTable::new(instance.chain.clone(), backend, policy.tier, instance.clock())?;
    Ok((Handle { instance, table: Arc::new(table) }, warnings))
}

/// Throws what is wrong with an argument.
fn refused(js: Js, handle: &Handle, refusal: Refusal) -> Pending {
    match refusal {
        Refusal::Wrong(error) => handle.instance.bridge.promises().throw(js, &error),
        Refusal::Pending(pending) => pending,
    }
}

fn panicked(js: Js, handle: &Handle, error: &Error) {
    handle.instance.bridge.promises().throw(js, error);
}
