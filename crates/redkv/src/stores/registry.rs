//! The stores by the names that users give them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::notices::Notices;
use crate::options::{Elsewhere, Fields, Schema, href, is_word, nearest};
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

/// A kind of store: what it is called, which options it has, and how one is made.
#[derive(Debug)]
pub struct StoreKind {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Other names of it, in lower case.
    pub aliases: &'static [&'static str],
    /// What other packages call such a store, and servers that speak its language.
    others: &'static [&'static str],
    /// The option that is meant where a string is given in the place of the options.
    address: Option<&'static str>,
    /// Its options, as they are declared.
    pub schemas: &'static [Schema],
    /// Makes a store of options that were read.
    make: fn(&mut Fields, Place) -> Result<Arc<dyn Store>>,
}

/// Every store of this build.
pub const STORES: &[StoreKind] = &[
    #[cfg(feature = "memory")]
    StoreKind {
        name: "memory",
        aliases: &[],
        others: &["lru"],
        address: None,
        schemas: super::MemoryConfig::SCHEMAS,
        make: |fields, place| {
            let config = super::MemoryConfig::from_fields(fields)?;
            Ok(Arc::new(super::MemoryStore::new(config, place.clock)))
        },
    },
    #[cfg(feature = "redis")]
    StoreKind {
        name: "redis",
        aliases: &[],
        others: &["dragonfly", "ioredis", "keydb", "node-redis", "valkey"],
        address: Some("url"),
        schemas: super::RedisConfig::SCHEMAS,
        make: |fields, place| {
            let mut config = super::RedisConfig::from_fields(fields)?;
            config.max_value_bytes = place.max_value_bytes.unwrap_or(config.max_value_bytes);
            Ok(super::build_redis(config, place.clock))
        },
    },
    #[cfg(feature = "dynamodb")]
    StoreKind {
        name: "dynamodb",
        aliases: &[],
        others: &["dynamo"],
        address: Some("tableName"),
        schemas: super::DynamoDbConfig::SCHEMAS,
        make: |fields, place| {
            let config = super::DynamoDbConfig::from_fields(fields)?;
            Ok(OfDay::round(place.clock, |clock| Arc::new(super::DynamoDbStore::new(config, clock))))
        },
    },
    #[cfg(feature = "s3")]
    StoreKind {
        name: "s3",
        aliases: &[],
        others: &[],
        address: Some("bucket"),
        schemas: super::S3Config::SCHEMAS,
        make: |fields, place| {
            let mut config = super::S3Config::from_fields(fields)?;
            config.max_value_bytes = place.max_value_bytes.unwrap_or(config.max_value_bytes);
            Ok(OfDay::round(place.clock, |clock| Arc::new(super::S3Store::new(config, clock))))
        },
    },
    #[cfg(feature = "sqlite")]
    StoreKind {
        name: "sqlite",
        aliases: &[],
        others: &["better-sqlite3", "sqlite3"],
        address: Some("path"),
        schemas: super::SqliteConfig::SCHEMAS,
        make: |fields, place| {
            let config = super::SqliteConfig::from_fields(fields)?.within(place.timeout);
            if config.is_in_memory() {
                return Ok(Arc::new(super::SqliteStore::new(config, place.clock)));
            }
            Ok(OfDay::round(place.clock, |clock| Arc::new(super::SqliteStore::new(config, clock))))
        },
    },
    #[cfg(feature = "postgres")]
    StoreKind {
        name: "postgres",
        aliases: &["postgresql"],
        others: &["pg"],
        address: Some("url"),
        schemas: super::PostgresConfig::SCHEMAS,
        make: |fields, place| {
            let config = super::PostgresConfig::from_fields(fields)?;
            Ok(OfDay::round(place.clock, |clock| super::build_postgres(config, clock, &place.notices)))
        },
    },
    #[cfg(feature = "mysql")]
    StoreKind {
        name: "mysql",
        aliases: &["mariadb"],
        others: &["mysql2"],
        address: Some("url"),
        schemas: super::MySqlConfig::SCHEMAS,
        make: |fields, place| {
            let config = super::MySqlConfig::from_fields(fields)?;
            Ok(OfDay::round(place.clock, |clock| super::build_mysql(config, clock, &place.notices)))
        },
    },
    #[cfg(feature = "file")]
    StoreKind {
        name: "file",
        aliases: &[],
        others: &["filesystem", "fs"],
        address: Some("path"),
        schemas: super::FileConfig::SCHEMAS,
        make: |fields, place| {
            let config = super::FileConfig::from_fields(fields)?;
            Ok(OfDay::round(place.clock, |clock| Arc::new(super::FileStore::new(config, clock))))
        },
    },
    #[cfg(feature = "disk")]
    StoreKind {
        name: "disk",
        aliases: &[],
        others: &[],
        address: Some("path"),
        schemas: super::DiskConfig::SCHEMAS,
        make: |fields, place| {
            let config = super::DiskConfig::from_fields(fields)?;
            Ok(OfDay::round(place.clock, |clock| Arc::new(super::DiskStore::new(config, clock))))
        },
    },
];

impl StoreKind {
    fn called(name: &str) -> Option<&'static Self> {
        let name = name.to_ascii_lowercase();
        STORES.iter().find(|kind| kind.name == name || kind.aliases.contains(&name.as_str()))
    }
}

/// Returns the names of all stores of this build, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<_> = STORES.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.into_iter()
}

/// Makes the store called `name` (in any case) from its options; `elsewhere` are options of other objects, for the error
/// about one in the wrong place. Connects to nothing yet.
pub fn build(name: &str, options: Value, elsewhere: &[Elsewhere], clock: Arc<dyn Clock>) -> Result<Built> {
    let place = Place { clock, max_value_bytes: None, timeout: None, notices: Notices::default() };
    build_for(place, name, options, elsewhere)
}

/// Makes a store for `place`, otherwise as [`build`] does.
pub fn build_for(place: Place, name: &str, options: Value, elsewhere: &[Elsewhere]) -> Result<Built> {
    let Some(StoreKind { name, make, address, .. }) = StoreKind::called(name) else {
        return Err(unknown(name));
    };
    let build = || {
        let options = object(*address, options)?;
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
        let options = fields.known();
        let warnings = fields.finish()?.iter().map(|warning| format!("{name}: {warning}")).collect();
        Ok(Built { store, options, warnings })
    };
    build().map_err(|error: Error| error.in_store(&(*name).into()))
}

/// Returns the options of a store. What is given in their place is most often its address.
fn object(address: Option<&str>, options: Value) -> Result<Value> {
    let Some(meant) = address else { return Ok(options) };
    if href(&options).is_some() {
        let message = format!("options must be an object, got a string; did you mean {{ {meant}: … }}?");
        return Err(Error::argument("options", message));
    }
    Ok(options)
}

/// Returns the error for an unknown option, if there is one beside one that is missing: most likely it is that one,
/// misspelt.
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
    let other = STORES.iter().find(|kind| kind.others.contains(&lower.as_str())).map(|kind| kind.name);
    let near = other.or_else(|| nearest(name, &known));
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
        let others = STORES.iter().flat_map(|kind| kind.others.iter().map(|other| (other, kind.name)));
        for (other, name) in others {
            let error = build_with(other, Value::Null).unwrap_err();
            assert!(error.message().contains(&format!("did you mean '{name}'?")), "{error}");
        }
    }

    #[test]
    fn an_unknown_option_is_reported_before_one_that_is_missing() {
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
