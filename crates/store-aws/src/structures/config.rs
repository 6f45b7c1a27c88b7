//! The options of data structures in DynamoDB.

use crate::aws::{AwsConfig, AwsOptions};
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, Schema, kinds, options};

options! {
    /// Options of data structures in `'dynamodb'`, those of the client in the names of the AWS SDK for JavaScript.
    ///
    /// Region and credentials that are left out come from where the AWS SDK finds them: the environment, the shared
    /// configuration files, the role of the machine.
    struct DynamoDbStructuresOptions is "DynamoDBStructuresOptions" extends ["AwsOptions"] {
        /// The name of the table, or its ARN.
        ///
        /// `createTable()` makes it: its hash key `hk`, its range key `rk` and the range key `rk2` of its local index `rk2`
        /// are of type `B`.
        table as "tableName": kinds::Required<kinds::Text>,
    }
    /// Options of the AWS SDK 2 that have no effect. Each gives a warning.
    legacy "LegacyDynamoDBStructuresOptions" extends ["LegacyAwsOptions"]
        ignores ["convertEmptyValues", "convertResponseTypes", "dynamoDbCrc32", "wrapNumbers"]
}

/// Where [`DynamoDbStructures`](super::DynamoDbStructures) are kept, and how that is reached.
#[derive(Clone, Debug)]
pub struct DynamoDbStructuresConfig {
    /// The table: its name or ARN.
    pub table: String,
    /// Whether sorted members are kept apart from the value, set or hash of the same key: the option `kinds`, which all
    /// backends have.
    pub strict_kinds: bool,
    /// How the service is reached, and as whom.
    pub client: AwsConfig,
}

impl DynamoDbStructuresConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[DynamoDbStructuresOptions::SCHEMA, AwsOptions::SCHEMA];

    /// Reads the options, and what [`AwsConfig::from_fields`] reads.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let options = DynamoDbStructuresOptions::read(fields)?;
        Ok(Self {
            table: options.table,
            strict_kinds: false,
            client: AwsConfig::from_fields(fields, "DYNAMODB")?,
        })
    }
}

/// The error of a member or field that has the place of the plain item.
pub(super) fn reserved(field: &'static str) -> Error {
    Error::argument(
        field,
        format!("a {field} of a sorted set cannot be '_': DynamoDB has the value of the key there"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn read(options: Json) -> Result<DynamoDbStructuresConfig> {
        let mut fields = Fields::new("dynamodb options", options)?;
        let config = DynamoDbStructuresConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    #[test]
    fn the_table_is_all_that_is_needed() {
        let config = read(json!({ "tableName": "t" })).unwrap();
        assert_eq!(config.table, "t");
        assert!(!config.strict_kinds);
        assert_eq!(read(json!({})).unwrap_err().field(), Some("tableName"));
    }

    #[test]
    fn options_of_the_client_are_those_of_the_store() {
        let config =
            read(json!({ "tableName": "t", "endpoint": "http://localhost:8000", "maxRetries": 0 })).unwrap();
        assert_eq!(config.client.max_attempts, Some(1));
    }
}
