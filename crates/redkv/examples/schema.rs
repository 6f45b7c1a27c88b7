//! Prints the stores and the options as they are declared, as JSON.
#![expect(clippy::print_stdout, reason = "what is printed is the result")]

use std::sync::Arc;

use redkv::chain::TierConfig;
use redkv::clock::SystemClock;
use redkv::error::{Error, Result};
use redkv::instance::InstanceConfig;
use redkv::layers::{BehindConfig, CompressConfig};
use redkv::options::{Declared, Schema, Type};
use redkv::records::{self, TABLE_SCHEMA};
use redkv::store::{Capabilities, Expiry};
use redkv::stores::{STORES, StoreKind, build};
use redkv::structures::{self, CACHE_SCHEMA, StructuresConfig};
use serde_json::{Map, Value, json};

fn main() -> Result<()> {
    let stores: Vec<_> = STORES.iter().map(store).collect::<Result<_>>()?;
    let named = |name: &str, schemas: &[Schema]| json!({ "name": name, "options": schemas.first().map(|schema| schema.interface) });
    let of_structures = structures::BACKENDS.backends.iter();
    let of_structures: Vec<_> = of_structures.map(|backend| named(backend.name, backend.schemas)).collect();
    let of_records = records::BACKENDS.backends.iter();
    let of_records: Vec<_> = of_records.map(|backend| named(backend.name, backend.schemas)).collect();
    let of_stores = STORES.iter().flat_map(|kind| kind.schemas);
    let others = InstanceConfig::SCHEMAS.iter().chain(TierConfig::SCHEMAS);
    let mut schemas: Vec<&Schema> = of_stores.chain(others).collect();
    schemas.extend([
        &CompressConfig::SCHEMA,
        &BehindConfig::SCHEMA,
        &StructuresConfig::SCHEMA,
        &CACHE_SCHEMA,
        &TABLE_SCHEMA,
    ]);
    schemas.extend(structures::BACKENDS.backends.iter().flat_map(|backend| backend.schemas));
    schemas.extend(records::BACKENDS.backends.iter().flat_map(|backend| backend.schemas));
    let mut printed = Vec::new();
    for schema in schemas {
        print(schema, &mut printed);
    }
    println!(
        "{:#}",
        json!({ "stores": stores, "structures": of_structures, "records": of_records, "schemas": printed })
    );
    Ok(())
}

fn store(kind: &StoreKind) -> Result<Value> {
    Ok(json!({
        "name": kind.name,
        "aliases": kind.aliases,
        "options": kind.schemas[0].interface,
        "capabilities": abilities(kind)?,
    }))
}

/// Returns what a store can do with no more options than it requires, and by which option it can do more.
fn abilities(kind: &StoreKind) -> Result<Value> {
    let (required, can) = with_required(kind)?;
    let bound = |bytes: usize| (bytes < usize::MAX).then_some(bytes);
    let by = |option: Option<&'static str>, value: Value, has: fn(&Capabilities) -> bool| -> Result<Value> {
        let Some(option) = option.filter(|_| !has(&can)) else { return Ok(has(&can).into()) };
        let mut options = required.clone();
        options.insert(option.to_owned(), value);
        Ok(if has(&capabilities(kind, options)?) { option.into() } else { false.into() })
    };
    let durable = kind.schemas[0].options.iter().map(|option| option.name).find(|name| *name == "durable");
    Ok(json!({
        "expires": by(can.expiry_option, "e".into(), |can| can.expiry != Expiry::None)?,
        "expiryGranularity": can.expiry_granularity,
        "durable": by(durable, true.into(), |can| can.durable)?,
        "shared": can.shared,
        "maxKeyBytes": bound(can.max_key_bytes),
        "emptyKeys": can.empty_keys,
        "maxValueBytes": bound(can.max_value_bytes),
        "binaryValues": can.binary_values,
    }))
}

/// Returns the options that a store requires, with some values, and what it can do with them.
fn with_required(kind: &StoreKind) -> Result<(Map<String, Value>, Capabilities)> {
    /// More than any store requires.
    const MOST: usize = 8;
    let mut options = Map::new();
    for _ in 0..MOST {
        match capabilities(kind, options.clone()) {
            Ok(can) => return Ok((options, can)),
            Err(error) if error.message().ends_with("is required") => {
                let name = error.field().unwrap_or_default().to_owned();
                let value = format!("x{}", options.len());
                options.insert(name, value.into());
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::argument(kind.name, "the store requires more options than were tried"))
}

fn capabilities(kind: &StoreKind, options: Map<String, Value>) -> Result<Capabilities> {
    let built = build(kind.name, Value::Object(options), &[], Arc::new(SystemClock))?;
    Ok(built.store.capabilities())
}

/// Adds a schema and those of the objects among its options, each once.
fn print(schema: &Schema, printed: &mut Vec<Value>) {
    let value = json!({
        "interface": schema.interface,
        "about": schema.about,
        "extends": schema.extends,
        "options": schema.options.iter().map(option).collect::<Vec<_>>(),
        "legacy": {
            "interface": schema.legacy.interface,
            "about": schema.legacy.about,
            "extends": schema.legacy.extends,
            "ignored": schema.legacy.ignored,
        },
    });
    if printed.contains(&value) {
        return;
    }
    printed.push(value);
    for option in schema.options {
        if let Type::Object(nested) | Type::Objects(nested) = option.kind {
            print(nested, printed);
        }
    }
}

fn option(option: &Declared) -> Value {
    json!({
        "name": option.name,
        "older": option.older,
        "type": kind(option.kind),
        "required": option.required,
        "default": option.default,
        "about": option.about,
    })
}

fn kind(kind: Type) -> Value {
    match kind {
        Type::Text => json!({ "kind": "text" }),
        Type::Url => json!({ "kind": "url" }),
        Type::Path => json!({ "kind": "path" }),
        Type::Boolean => json!({ "kind": "boolean" }),
        Type::Integer { min, max } => json!({ "kind": "integer", "min": min, "max": max }),
        Type::Digits { min, max } => json!({ "kind": "digits", "min": min, "max": max }),
        Type::Duration => json!({ "kind": "duration" }),
        Type::Words(words) => json!({ "kind": "words", "words": words }),
        Type::OrFalse(other) => json!({ "kind": "orFalse", "other": self::kind(*other) }),
        Type::Object(schema) => json!({ "kind": "object", "interface": schema.interface }),
        Type::Objects(schema) => json!({ "kind": "objects", "interface": schema.interface }),
        Type::Other { typescript, words } => {
            json!({ "kind": "other", "typescript": typescript, "words": words })
        }
    }
}
