//! The functions of a read cache in front of data structures.

use std::rc::Rc;
use std::sync::Arc;

use napi::sys;
use redkv::error::Result;
use redkv::structures::cache_config;

use super::arguments;
use super::exports::OPERATIONS;
use super::handle::Handle;
use crate::api::service::{json_of, panicked, refused};
use crate::node_api::callback::callback;
use crate::node_api::{Callback, Js, JsResult, Value};

/// What [`create`] makes besides the operations: `invalidate(key)` and `clear()`.
const FUNCTIONS: [(&str, Callback); 2] = [("invalidate", invalidate), ("clear", clear)];

service_callbacks! {
    invalidate = |js: Js, handle: &Handle, [key]: [Value; 1]| {
        let key = arguments::bytes(js, "key", key).map_err(|refusal| refused(js, handle, refusal))?;
        handle.database.cache().iter().for_each(|cache| cache.invalidate(&key));
        js.undefined()
    };
    clear = |js: Js, handle: &Handle, []: [Value; 0]| {
        handle.database.cache().iter().for_each(|cache| cache.clear());
        js.undefined()
    };
}

/// Puts a read cache in front of data structures: `[functions, warnings]`.
pub(super) fn create(js: Js, handle: &Handle, options: Option<&str>) -> JsResult<Value> {
    let (handle, warnings) =
        make(handle, options).map_err(|error| handle.instance.bridge.promises().throw(js, &error))?;
    let warnings = warnings.iter().map(|warning| js.text(warning)).collect::<JsResult<Vec<_>>>()?;
    let functions = [&OPERATIONS[..], &FUNCTIONS].concat();
    js.array(&[js.functions(&Rc::new(handle), &functions)?, js.array(&warnings)?])
}

fn make(handle: &Handle, options: Option<&str>) -> Result<(Handle, Vec<String>)> {
    let (config, warnings) = cache_config(json_of(options))?;
    let database = Arc::new(handle.database.cached(config));
    Ok((Handle { instance: handle.instance.clone(), database }, warnings))
}
