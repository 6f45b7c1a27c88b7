//! Options of stores and tiers.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};

use crate::chain::TierConfig;
use crate::clock::SystemClock;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{BehindConfig, CompressConfig};
use crate::options::{Fields, Schema, Type};
use crate::stores;
use redkv_testing::Source;

/// Any options are taken, or refused with an error that names one of them, one that is missing, or the whole. Text that
/// was given as a value is not repeated.
pub fn options(data: &[u8]) {
    let mut source = Source(data);
    let mut choice = Source(source.bytes(2));
    let options = serde_json::from_slice(source.0).unwrap_or_else(|_| any_value(&mut source, 0));
    let mut names = HashSet::new();
    names_in(&options, &mut names);
    let Err(error) = read(&mut choice, options.clone()) else { return };

    let (message, field) = (error.message(), error.field().unwrap_or_default());
    let last = field.rsplit('.').next().unwrap_or_default();
    let is_missing = ["is required", "is missing", " needs "].iter().any(|words| message.contains(words));
    assert_eq!(error.kind(), ErrorKind::Argument, "{message}");
    assert!(
        field == WHOLE
            || names.contains(field)
            || names.contains(last)
            || (is_missing && NAMES.contains(&field)),
        "{message}: the error is about {field:?}, of {options}"
    );
    let is_named = names.iter().any(|name| name.contains(SECRET));
    assert!(
        is_named || !format!("{error} {error:?}").contains(SECRET),
        "{error:?} repeats a value of {options}"
    );
}

/// What stands for all options in errors.
const WHOLE: &str = "options";

/// Part of every text that is made here.
const SECRET: &str = "s3cret";

/// Reads options as those of a tier, of the `tls` of redis, or of any of the stores that there are.
fn read(source: &mut Source<'_>, options: Value) -> Result<()> {
    let stores: Vec<_> = stores::names().collect();
    match source.below(stores.len() + 2) {
        0 => reading(options, |fields| TierConfig::from_fields(fields).map(drop)),
        #[cfg(feature = "redis")]
        1 => of_a_store("redis", json!({ "tls": options })).map_err(whole_tls),
        n => of_a_store(stores[n % stores.len()], options),
    }
}

/// Makes a store, which connects to nothing by that.
fn of_a_store(name: &str, options: Value) -> Result<()> {
    stores::build(name, options, &[], Arc::new(SystemClock)).map(drop)
}

/// The options of TLS are the whole that was given here.
#[cfg(feature = "redis")]
fn whole_tls(error: Error) -> Error {
    if error.field() == Some("tls") { error.about(WHOLE) } else { error }
}

fn reading(options: Value, read: impl FnOnce(&mut Fields) -> Result<()>) -> Result<()> {
    let mut fields = Fields::new(WHOLE, options)?;
    read(&mut fields)?;
    fields.finish().map(drop)
}

/// All names of fields, at any depth.
fn names_in(value: &Value, names: &mut HashSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            names.insert(name.clone());
            names_in(value, names);
        }),
        Value::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        _ => {}
    }
}

fn any_value(source: &mut Source<'_>, depth: usize) -> Value {
    // An object is what there has to be.
    let kind = if depth == 0 { 0 } else { source.byte() % 9 };
    match kind {
        0 | 1 if depth < 3 => {
            let fields = (0..source.below(6)).map(|_| (any_name(source), any_value(source, depth + 1)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        2 => Value::Bool(source.byte() > 127),
        3 => json!(source.byte()),
        4 => json!(f64::from_bits(source.number())),
        5 => json!(source.number()),
        6 if depth < 3 => (0..source.below(3)).map(|_| any_value(source, depth + 1)).collect(),
        7 => Value::String(TEXTS[source.below(TEXTS.len())].to_owned()),
        8 => Value::String(format!("{SECRET}{}", source.text(8))),
        _ => Value::Null,
    }
}

fn any_name(source: &mut Source<'_>) -> String {
    match source.below(NAMES.len() + 2) {
        0 => String::new(),
        1 => source.text(12),
        n => NAMES[n - 2].to_owned(),
    }
}

const TEXTS: &[&str] = &[
    "",
    "1",
    "65535",
    "1e3s3cret",
    "10s",
    "v",
    "redk",
    "redv",
    "REDV",
    ":memory:",
    "lz4",
    "zstd",
    "/s3cret",
    "sqlite_s3cret",
    "redis://user:s3cret@h:7000/1",
    "rediss://:s3cret@h?db=1",
    "unix:/s3cret?password=s3cret",
    "redis://:s3cret@h#s3cret",
    "https://s3cret:8000/path",
    "http://s3cret@h",
    "-----BEGIN CERTIFICATE-----\nczNjcmV0\n-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----",
];

/// The names of all options, at any depth.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let stores = stores::STORES.iter().flat_map(|kind| kind.schemas);
    let mut names = Vec::new();
    stores.chain(TierConfig::SCHEMAS).for_each(|schema| collect(schema, &mut names));
    collect(&CompressConfig::SCHEMA, &mut names);
    collect(&BehindConfig::SCHEMA, &mut names);
    names.sort_unstable();
    names.dedup();
    names
});

fn collect(schema: &Schema, names: &mut Vec<&'static str>) {
    names.extend(schema.legacy.ignored);
    for option in schema.options {
        names.push(option.name);
        names.extend(option.older);
        if let Type::Object(nested) = option.kind {
            collect(nested, names);
        }
    }
}
