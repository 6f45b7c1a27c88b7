//! The stores by the names that users give them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::config::{Elsewhere, Fields, is_word, nearest};
use crate::error::{Error, Result};
use crate::notices::Notices;
use crate::store::Store;
#[cfg(any(feature = "aws", feature = "local", feature = "sql"))]
use redkv_layers::OfDay;

/// A store as its options say.
#[derive(Debug)]
pub struct Built {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The names of the options that it has.
    pub options: Vec<&'static str>,
    /// What the user should know of the options that were given.
    pub warnings: Vec<String>,
}

/// What a store has from the tier that it is for.
#[derive(Clone, Debug)]
pub struct Place {
    /// What it tells the time by.
    pub clock: Arc<dyn Clock>,
    /// The most bytes that a value is believed to have: the option `maxValueBytes`, if it is given.
    pub max_value_bytes: Option<usize>,
    /// How long an operation may take, if that is known.
    pub timeout: Option<Duration>,
    /// Where it tells what its user should know.
    pub notices: Notices,
}

/// Makes a store of options that were read.
type Make = fn(&mut Fields, Place) -> Result<Arc<dyn Store>>;

/// Every store of this build, by its name in lower case.
const STORES: &[(&str, Make)] = &[
    #[cfg(feature = "disk")]
    ("disk", |fields, place| {
        let config = super::DiskConfig::from_fields(fields)?;
        Ok(OfDay::round(place.clock, |clock| Arc::new(super::DiskStore::new(config, clock))))
    }),
    #[cfg(feature = "dynamodb")]
    ("dynamodb", |fields, place| {
        let config = super::DynamoDbConfig::from_fields(fields)?;
        Ok(OfDay::round(place.clock, |clock| Arc::new(super::DynamoDbStore::new(config, clock))))
    }),
    #[cfg(feature = "file")]
    ("file", |fields, place| {
        let config = super::FileConfig::from_fields(fields)?;
        Ok(OfDay::round(place.clock, |clock| Arc::new(super::FileStore::new(config, clock))))
    }),
    #[cfg(feature = "memory")]
    ("memory", |fields, place| {
        let config = super::MemoryConfig::from_fields(fields)?;
        Ok(Arc::new(super::MemoryStore::new(config, place.clock)))
    }),
    #[cfg(feature = "mysql")]
    ("mysql", |fields, place| {
        let config = super::MySqlConfig::from_fields(fields)?;
        Ok(OfDay::round(place.clock, |clock| super::build_mysql(config, clock, &place.notices)))
    }),
    #[cfg(feature = "postgres")]
    ("postgres", |fields, place| {
        let config = super::PostgresConfig::from_fields(fields)?;
        Ok(OfDay::round(place.clock, |clock| super::build_postgres(config, clock, &place.notices)))
    }),
    #[cfg(feature = "redis")]
    ("redis", |fields, place| {
        let mut config = super::RedisConfig::from_fields(fields)?;
        config.max_value_bytes = place.max_value_bytes.unwrap_or(config.max_value_bytes);
        Ok(super::build_redis(config, place.clock))
    }),
    #[cfg(feature = "s3")]
    ("s3", |fields, place| {
        let mut config = super::S3Config::from_fields(fields)?;
        config.max_value_bytes = place.max_value_bytes.unwrap_or(config.max_value_bytes);
        Ok(OfDay::round(place.clock, |clock| Arc::new(super::S3Store::new(config, clock))))
    }),
    #[cfg(feature = "sqlite")]
    ("sqlite", |fields, place| {
        let config = super::SqliteConfig::from_fields(fields)?.within(place.timeout);
        if config.is_in_memory() {
            return Ok(Arc::new(super::SqliteStore::new(config, place.clock)));
        }
        Ok(OfDay::round(place.clock, |clock| Arc::new(super::SqliteStore::new(config, clock))))
    }),
];

/// The names of all stores of this build, in their order.
pub fn names() -> impl Iterator<Item = &'static str> {
    STORES.iter().map(|(name, _)| *name)
}

/// Other names of stores, in lower case.
const ALIASES: &[(&str, &str)] = &[("mariadb", "mysql"), ("postgresql", "postgres")];

/// What other packages call their stores, and servers that speak the language of another.
const OF_OTHERS: &[(&str, &str)] = &[
    ("better-sqlite3", "sqlite"),
    ("dragonfly", "redis"),
    ("dynamo", "dynamodb"),
    ("filesystem", "file"),
    ("fs", "file"),
    ("ioredis", "redis"),
    ("keydb", "redis"),
    ("lru", "memory"),
    ("mysql2", "mysql"),
    ("node-redis", "redis"),
    ("pg", "postgres"),
    ("sqlite3", "sqlite"),
    ("valkey", "redis"),
];

/// Makes the store called `name` (in any case) from its options; `elsewhere` are options of other objects, for the error
/// about one in the wrong place. Connects to nothing yet.
pub fn build(name: &str, options: Value, elsewhere: &[Elsewhere], clock: Arc<dyn Clock>) -> Result<Built> {
    let place = Place { clock, max_value_bytes: None, timeout: None, notices: Notices::default() };
    build_for(place, name, options, elsewhere)
}

/// As [`build`], of a store for `place`.
pub fn build_for(place: Place, name: &str, options: Value, elsewhere: &[Elsewhere]) -> Result<Built> {
    let lower = name.to_ascii_lowercase();
    let wanted = ALIASES.iter().find(|(alias, _)| *alias == lower).map_or(lower.as_str(), |(_, name)| name);
    let Some((name, make)) = STORES.iter().find(|(known, _)| *known == wanted) else {
        return Err(unknown(name));
    };
    let build = || {
        let options = object(name, options)?;
        let mut fields = Fields::new("options", options.clone())?.but_not(elsewhere.iter().copied());
        let made = make(&mut fields, place.clone());
        if let Some(missing) = fields.missing() {
            let unknown = unknown_beside(missing, options, |options| {
                let mut fields = Fields::new("options", options)?.but_not(elsewhere.iter().copied());
                let made = make(&mut fields, place.clone());
                Ok((made, fields))
            });
            return Err(unknown.or(made.err()).unwrap_or_else(|| fields.missing_field(missing)));
        }
        let store = made?;
        let options = fields.known().to_vec();
        let warnings = fields.finish()?.iter().map(|warning| format!("{name}: {warning}")).collect();
        Ok(Built { store, options, warnings })
    };
    build().map_err(|error: Error| error.in_store(&(*name).into()))
}

/// The options of the store called `name`. What is given in their place is most often its address.
fn object(name: &str, options: Value) -> Result<Value> {
    let meant = match name {
        "mysql" | "postgres" | "redis" => "url",
        "disk" | "file" | "sqlite" => "path",
        "dynamodb" => "tableName",
        "s3" => "bucket",
        _ => return Ok(options),
    };
    if options.is_string() {
        let message = format!("options must be an object, got a string; did you mean {{ {meant}: … }}?");
        return Err(Error::argument("options", message));
    }
    Ok(options)
}

/// The error for an unknown option, if there is one beside one that is missing: most likely it is that one, misspelt.
fn unknown_beside(
    mut missing: &'static str,
    options: Value,
    make: impl Fn(Value) -> Result<(Result<Arc<dyn Store>>, Fields)>,
) -> Option<Error> {
    /// More than any store requires.
    const MOST_REQUIRED: usize = 8;
    let Value::Object(mut given) = options else { return None };
    for _ in 0..MOST_REQUIRED {
        given.insert(missing.to_owned(), missing.into());
        let (made, fields) = make(Value::Object(given.clone())).ok()?;
        match fields.missing() {
            Some(next) => missing = next,
            None => return made.ok().and_then(|_| fields.finish().err()),
        }
    }
    None
}

fn unknown(name: &str) -> Error {
    let known: Vec<_> = names().collect();
    let lower = name.to_ascii_lowercase();
    let other = OF_OTHERS.iter().find(|(other, _)| *other == lower).map(|(_, name)| *name);
    let near = other.filter(|name| known.contains(name)).or_else(|| nearest(name, &known));
    let hint = near.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
    // What is no word may be an address with a password, given in the place of the name.
    let name =
        if near.is_some() || is_word(name) { format!("store '{name}'") } else { "such store".to_owned() };
    Error::argument("name", format!("there is no {name}{hint} (there are {})", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::SystemClock;

    fn build_with(name: &str, options: Value) -> Result<Built> {
        build(name, options, &[("ttl", "to the tier")], Arc::new(SystemClock))
    }

    #[test]
    fn names_are_case_insensitive() {
        assert_eq!(build_with("MeMoRy", Value::Null).unwrap().store.name(), "memory");
    }

    #[test]
    fn an_option_of_the_tier_is_refused_with_the_place_where_it_belongs() {
        let error = build_with("memory", json!({ "ttl": 5 })).unwrap_err();
        assert_eq!(error.field(), Some("ttl"));
        assert_eq!(error.message(), "unknown option 'ttl' in options: it belongs to the tier");
    }

    #[test]
    fn an_unknown_store_is_refused_with_the_nearest_name() {
        let error = build_with("memmory", Value::Null).unwrap_err();
        assert_eq!(error.field(), Some("name"));
        assert!(error.message().contains("did you mean 'memory'?"), "{error}");
    }

    #[test]
    fn a_store_as_other_packages_call_it_is_refused_with_the_name_here() {
        for (other, name) in OF_OTHERS {
            let error = build_with(other, Value::Null).unwrap_err();
            assert!(error.message().contains(&format!("did you mean '{name}'?")), "{error}");
        }
    }

    #[test]
    fn an_unknown_option_is_told_before_one_that_is_missing() {
        for (store, options, meant) in [
            ("sqlite", json!({ "Path": "x" }), "path"),
            ("dynamodb", json!({ "TableName": "x" }), "tableName"),
            ("s3", json!({ "Bucket": "x" }), "bucket"),
            ("mysql", json!({ "db": "x" }), "database"),
            ("postgres", json!({ "table": "x" }), "tableName"),
        ] {
            let error = build_with(store, options.clone()).unwrap_err();
            assert!(options.get(error.field().unwrap()).is_some(), "{error}");
            assert!(error.message().ends_with(&format!("did you mean '{meant}'?")), "{error}");
        }
        let error = build_with("sqlite", json!({})).unwrap_err();
        assert_eq!(error.message(), "options.path is required");
    }

    #[test]
    fn an_address_in_the_place_of_options_is_refused_with_the_option() {
        for (store, meant) in [("redis", "url"), ("sqlite", "path")] {
            let error = build_with(store, json!("redis://:s3cret@h")).unwrap_err();
            let message = format!("options must be an object, got a string; did you mean {{ {meant}: … }}?");
            assert_eq!(error.message(), message);
        }
    }

    #[test]
    fn an_address_or_a_number_in_the_place_of_the_name_is_not_repeated() {
        for name in ["redis://user:s3cret@localhost", "4815162342"] {
            let error = build_with(name, Value::Null).unwrap_err();
            assert!(error.message().starts_with("there is no such store (there are "), "{error}");
        }
    }

    #[test]
    fn an_unknown_option_names_the_store() {
        let error = build_with("memory", json!({ "maxEntires": 5 })).unwrap_err();
        assert_eq!(error.field(), Some("maxEntires"));
        assert_eq!(error.store(), Some("memory"));
        assert!(error.message().contains("did you mean 'maxEntries'?"), "{error}");
    }
}
