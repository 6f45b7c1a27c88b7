//! The functions of records.

use std::rc::Rc;
use std::sync::Arc;

use napi::sys;
use redkv::error::Result;
use redkv::records::{self, RecordTable};
use serde_json::Value as Json;

use super::arguments;
use super::handle::Handle;
use crate::api::service::{self, Arguments, Making, handed_over, json_of, of_desk, panicked, refused};
use crate::bridge::Bridge;
use crate::node_api::callback::callback;
use crate::node_api::values::Refusal;
use crate::node_api::{Callback, Js, JsResult, Value};

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
    ready = |js: Js, handle: &Handle, []: [Value; 0]| service::ready(js, handle);
    close = |js: Js, handle: &Handle, [timeout]: [Value; 1]| service::close(js, handle, timeout);
    stats = |js: Js, handle: &Handle, []: [Value; 0]| {
        js.text(&Json::from(of_desk(&handle.table.stats(), handle.instance.pending())).to_string())
    };
    observe = |js: Js, handle: &Handle, []: [Value; 0]| {
        handle.table.observe(handle.instance.request_observer());
        js.undefined()
    };
}

/// Makes records, as [`handed_over`] says.
pub(crate) fn create(js: Js, bridge: &Rc<Bridge>, arguments: Arguments) -> JsResult<Value> {
    handed_over(js, bridge, make(bridge, arguments), &FUNCTIONS)
}

fn make(bridge: &Rc<Bridge>, arguments: Arguments) -> Result<(Handle, Vec<String>)> {
    let Making { instance, built, policy } = arguments.read(bridge, records::POLICIES, &records::BACKENDS)?;
    let table = RecordTable::new(instance.chain.clone(), built.backend, policy, instance.clock())?;
    Ok((Handle { instance, table: Arc::new(table) }, built.warnings))
}
