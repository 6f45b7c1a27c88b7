//! Prints the stores and the options as they are declared, as JSON.
#![expect(clippy::print_stdout, reason = "what is printed is the result")]

use redkv::chain::TierConfig;
use redkv::instance::InstanceConfig;
use redkv::layers::{BehindConfig, CompressConfig};
use redkv::options::{Declared, Schema, Type};
use redkv::stores::STORES;
use redkv::structures::{BACKENDS, StructuresConfig};
use serde_json::{Value, json};

fn main() {
    let stores: Vec<_> = STORES
        .iter()
        .map(|kind| json!({ "name": kind.name, "aliases": kind.aliases, "options": kind.schemas[0].interface }))
        .collect();
    let backends: Vec<_> = BACKENDS
        .iter()
        .map(|backend| json!({ "name": backend.name, "options": backend.schemas.first().map(|schema| schema.interface) }))
        .collect();
    let of_stores = STORES.iter().flat_map(|kind| kind.schemas);
    let others = InstanceConfig::SCHEMAS.iter().chain(TierConfig::SCHEMAS);
    let mut schemas: Vec<&Schema> = of_stores.chain(others).collect();
    schemas.extend([&CompressConfig::SCHEMA, &BehindConfig::SCHEMA, &StructuresConfig::SCHEMA]);
    schemas.extend(BACKENDS.iter().flat_map(|backend| backend.schemas));
    let mut printed = Vec::new();
    for schema in schemas {
        print(schema, &mut printed);
    }
    println!("{:#}", json!({ "stores": stores, "backends": backends, "schemas": printed }));
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
        if let Type::Object(nested) = option.kind {
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
        Type::Other { typescript, words } => {
            json!({ "kind": "other", "typescript": typescript, "words": words })
        }
    }
}
