//! The options of records in DynamoDB.

use crate::aws::{AwsConfig, AwsOptions};
use redkv_core::error::Result;
use redkv_core::options::{Fields, Options, Schema, kinds, options};

options! {
    /// Options of records in `'dynamodb'`, those of the client in the names of the AWS SDK for JavaScript.
    ///
    /// Region and credentials that are left out come from where the AWS SDK finds them: the environment, the shared
    /// configuration files, the role of the machine.
    struct DynamoDbRecordsOptions is "DynamoDBRecordsOptions" extends ["AwsOptions"] {
        /// The name of the table, or its ARN.
        ///
        /// `createTable()` makes it: its hash key `id` and its range key `name` are of type `S`.
        table as "tableName": kinds::Required<kinds::Text>,
    }
    /// Options of the AWS SDK 2 that have no effect. Each gives a warning.
    legacy "LegacyDynamoDBRecordsOptions" extends ["LegacyAwsOptions"]
        ignores ["convertEmptyValues", "convertResponseTypes", "dynamoDbCrc32", "wrapNumbers"]
}

/// Where [`DynamoDbRecords`](super::DynamoDbRecords) are kept, and how that is reached.
#[derive(Clone, Debug)]
pub struct DynamoDbRecordsConfig {
    /// The table: its name or ARN.
    pub table: String,
    /// How the service is reached, and as whom.
    pub client: AwsConfig,
}

impl DynamoDbRecordsConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[DynamoDbRecordsOptions::SCHEMA, AwsOptions::SCHEMA];

    /// Reads the options, and what [`AwsConfig::from_fields`] reads.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let options = DynamoDbRecordsOptions::read(fields)?;
        Ok(Self { table: options.table, client: AwsConfig::from_fields(fields, "DYNAMODB")? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn read(options: Json) -> Result<DynamoDbRecordsConfig> {
        let mut fields = Fields::new("dynamodb options", options)?;
        let config = DynamoDbRecordsConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    #[test]
    fn the_table_is_all_that_is_needed() {
        assert_eq!(read(json!({ "tableName": "t" })).unwrap().table, "t");
        assert_eq!(read(json!({})).unwrap_err().field(), Some("tableName"));
    }

    #[test]
    fn options_of_the_client_are_those_of_the_store() {
        let config =
            read(json!({ "tableName": "t", "endpoint": "http://localhost:8000", "maxRetries": 0 })).unwrap();
        assert_eq!(config.client.max_attempts, Some(1));
    }
}
