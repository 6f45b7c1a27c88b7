//! The functions of data structures.

use std::rc::Rc;
use std::sync::Arc;

use napi::sys;
use redkv::desk::Built;
use redkv::error::Result;
use redkv::structures::{self, CacheUsage, Database, Layered};
use serde_json::{Value as Json, json};

use super::calls;
use super::handle::Handle;
use crate::api::service::{self, Arguments, Making, handed_over, of_desk, panicked, refused};
use crate::bridge::Bridge;
use crate::node_api::callback::callback;
use crate::node_api::{Callback, Js, JsResult, Value};

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
    ready = |js: Js, handle: &Handle, []: [Value; 0]| service::ready(js, handle);
    close = |js: Js, handle: &Handle, [timeout]: [Value; 1]| service::close(js, handle, timeout);
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

/// Makes data structures, as [`handed_over`] says.
pub(crate) fn create(js: Js, bridge: &Rc<Bridge>, arguments: Arguments) -> JsResult<Value> {
    handed_over(js, bridge, make(bridge, arguments), &[&OPERATIONS[..], &FUNCTIONS].concat())
}

fn make(bridge: &Rc<Bridge>, arguments: Arguments) -> Result<(Handle, Vec<String>)> {
    let made = arguments.read(bridge, structures::POLICIES, &structures::BACKENDS)?;
    let Making { instance, built: Built { backend, config, warnings }, policy } = made;
    let Layered { backend, values, fences, calls, policy } = structures::layered(backend, policy);
    instance.add(|chain| chain.add(values, policy))?;
    let database = Arc::new(Database::new(instance.chain.clone(), backend, fences, calls, config));
    Ok((Handle { instance, database }, warnings))
}
