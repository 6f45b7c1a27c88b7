//! The backends of data structures by the names that users give them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::options::StructuresConfig;
use crate::error::{Error, Result};
use crate::options::{Elsewhere, Fields, Schema, is_word, nearest};
use redkv_structures::Structures;

/// A backend as its options say.
#[derive(Debug)]
pub struct Built {
    /// The backend.
    pub backend: Arc<dyn Structures>,
    /// What is the same for all backends.
    pub config: StructuresConfig,
    /// What the user should know of the options that were given.
    pub warnings: Vec<String>,
}

/// A kind of backend: what it is called, which options it has, and how one is made.
#[derive(Debug)]
pub struct Backend {
    /// Its name.
    pub name: &'static str,
    /// Its options, as they are declared, besides those that all have.
    pub schemas: &'static [Schema],
    /// Makes a backend of options that were read, and of how long an operation may take.
    make: fn(&mut Fields, StructuresConfig, Duration) -> Result<Arc<dyn Structures>>,
}

/// Every backend of this build.
pub const BACKENDS: &[Backend] = &[
    #[cfg(feature = "memory")]
    Backend {
        name: "memory",
        schemas: &[],
        make: |_, _, _| Ok(Arc::new(super::MemoryStructures::new(redkv_structures::Limits::REDIS))),
    },
    #[cfg(feature = "redis")]
    Backend {
        name: "redis",
        schemas: crate::stores::RedisConfig::SCHEMAS,
        make: |fields, _, _| {
            Ok(Arc::new(crate::stores::RedisStructures::new(crate::stores::RedisConfig::from_fields(
                fields,
            )?)))
        },
    },
    #[cfg(feature = "dynamodb")]
    Backend {
        name: "dynamodb",
        schemas: crate::stores::DynamoDbStructuresConfig::SCHEMAS,
        make: |fields, common, _| {
            let mut config = crate::stores::DynamoDbStructuresConfig::from_fields(fields)?;
            config.strict_kinds = common.has_strict_kinds;
            Ok(Arc::new(crate::stores::DynamoDbStructures::new(config)))
        },
    },
    #[cfg(feature = "sqlite")]
    Backend {
        name: "sqlite",
        schemas: crate::stores::SqliteStructuresConfig::SCHEMAS,
        make: |fields, _, timeout| {
            let config = crate::stores::SqliteStructuresConfig::from_fields(fields)?;
            Ok(Arc::new(crate::stores::SqliteStructures::new(config.within(timeout))))
        },
    },
];

/// Makes the backend called `name` (in any case) from its options; `elsewhere` are options of other objects, for the error
/// about one in the wrong place. Connects to nothing yet. `timeout` is how long an operation may take.
pub fn build(name: &str, options: Value, elsewhere: &[Elsewhere], timeout: Duration) -> Result<Built> {
    let lower = name.to_ascii_lowercase();
    let Some(Backend { name, make, .. }) = BACKENDS.iter().find(|backend| backend.name == lower) else {
        return Err(unknown(name));
    };
    let build = || {
        let mut fields = Fields::new("options", options)?.but_not(elsewhere.iter().copied());
        let config = StructuresConfig::from_fields(&mut fields)?;
        let made = make(&mut fields, config, timeout);
        if let Some(missing) = fields.missing() {
            return Err(made.err().unwrap_or_else(|| fields.missing_field(missing)));
        }
        let backend = made?;
        let warnings = fields.finish()?.iter().map(|warning| format!("{name}: {warning}")).collect();
        Ok(Built { backend, config, warnings })
    };
    build().map_err(|error: Error| error.in_store(&(*name).into()))
}

fn unknown(name: &str) -> Error {
    let known: Vec<_> = BACKENDS.iter().map(|backend| backend.name).collect();
    let near = nearest(name, &known).map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
    // What is no word may be an address with a password, given in the place of the name.
    let what = if !near.is_empty() || is_word(name) {
        format!("backend '{name}'")
    } else {
        "such backend".to_owned()
    };
    Error::argument(
        "name",
        format!("there is no {what} of data structures{near} (there are {})", known.join(", ")),
    )
}
