//! The options of the DynamoDB store.

use crate::aws::{AwsConfig, AwsOptions};
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Given, Kind, Options, Schema, Type, Value, kinds, options};

options! {
    /// Options of the store `'dynamodb'`, those of the client in the names of the AWS SDK for JavaScript. It keeps entries
    /// in a DynamoDB table, as items with the key in the table's hash key and the value in one attribute.
    ///
    /// Region and credentials that are left out come from where the AWS SDK finds them: the environment, the shared
    /// configuration files, the role of the machine. A `ttl` needs {@link DynamoDBOptions.ttlAttribute | ttlAttribute}.
    ///
    /// @example
    /// ```js
    /// kv.addStore('dynamodb', { tableName: 'sessions', region: 'eu-central-1', ttlAttribute: 'expires' })
    /// ```
    struct DynamoDbOptions is "DynamoDBOptions" extends ["AwsOptions"] {
        /// The name of the table, or its ARN.
        ///
        /// It must exist, and its hash key must be its only key and of type `S`; the name of that key is read from the
        /// table.
        table as "tableName": kinds::Required<kinds::Text>,
        /// The attribute that holds the value.
        attribute as "attributeName": Attribute = "`'v'`",
        /// The attribute that holds the deadline of an entry, in seconds since 1970: the one that the table's "time to live"
        /// is set to. Without it a `ttl` is refused.
        ///
        /// Entries past their deadline are never read, even before DynamoDB removes them. Without this option a write with a
        /// `ttl` rejects with `ERR_REDKV_UNSUPPORTED`.
        ttl_attribute as "ttlAttribute": Attribute = "none",
        /// Whether a read sees every write that was acknowledged before. `false` costs half as much, but a read shortly
        /// after a write or delete may still find the old value, and put it back into the stores before this one.
        consistent_read as "consistentRead" or ["ConsistentRead"]: kinds::Boolean = "`true`",
    }
    /// Options of the AWS SDK 2 that redkv 1.x handed on. Each gives a warning.
    legacy "LegacyDynamoDBOptions" extends ["LegacyAwsOptions"]
        ignores [
            "convertEmptyValues",
            "convertResponseTypes",
            "dynamoDbCrc32",
            "s3BucketEndpoint",
            "s3DisableBodySigning",
            "s3ForcePathStyle",
            "s3UsEast1RegionalEndpoint",
            "wrapNumbers",
        ]
}

/// The name of an attribute.
#[derive(Debug)]
struct Attribute;

impl Kind for Attribute {
    type Value = String;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        match <kinds::Text as Kind>::read(value, given)? {
            Some(long) if long.len() > LONGEST_NAME => {
                Err(given.refused(format!("{} must have at most {LONGEST_NAME} bytes", given.name())))
            }
            name => Ok(name),
        }
    }
}

/// Where a [`DynamoDbStore`](super::DynamoDbStore) keeps its entries, and how it gets there.
#[derive(Clone, Debug)]
pub struct DynamoDbConfig {
    /// The table: its name or ARN.
    pub table: String,
    /// The attribute that holds the value.
    pub attribute: String,
    /// The attribute that holds the deadline in seconds since the Unix epoch, the one that the table's time to
    /// live is set to. Without it the store refuses entries with a deadline.
    pub ttl_attribute: Option<String>,
    /// Whether reads see every write that was acknowledged before; the default, at twice the price of others.
    /// Without it a read after a delete may still find the value, and put it back into the caches in front.
    pub consistent_reads: bool,
    /// How the service is reached, and as whom.
    pub client: AwsConfig,
}

/// The longest name of an attribute that DynamoDB takes.
const LONGEST_NAME: usize = 65_535;

impl DynamoDbConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[DynamoDbOptions::SCHEMA, AwsOptions::SCHEMA];

    /// Reads the options, and what [`AwsConfig::from_fields`] reads.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let options = DynamoDbOptions::read(fields)?;
        let attribute = options.attribute.unwrap_or_else(|| "v".to_owned());
        if options.ttl_attribute.as_ref() == Some(&attribute) {
            return Err(Error::argument("ttlAttribute", "ttlAttribute and attributeName must differ"));
        }
        Ok(Self {
            table: options.table,
            attribute,
            ttl_attribute: options.ttl_attribute,
            consistent_reads: options.consistent_read.unwrap_or(true),
            client: AwsConfig::from_fields(fields, "DYNAMODB")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<DynamoDbConfig> {
        let mut fields = Fields::new("dynamodb options", options)?;
        let config = DynamoDbConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    fn with(name: &str, value: Value) -> Result<DynamoDbConfig> {
        let mut options = json!({ "tableName": "t" });
        options[name] = value;
        read(options)
    }

    fn wrong_field(result: Result<DynamoDbConfig>) -> String {
        result.unwrap_err().field().unwrap().to_owned()
    }

    #[test]
    fn the_table_is_all_that_is_needed() {
        let config = read(json!({ "tableName": "t" })).unwrap();
        assert_eq!(config.table, "t");
        assert_eq!(config.attribute, "v");
        assert_eq!(config.ttl_attribute, None);
        assert_eq!(config.client.connect_timeout, Duration::from_secs(1));
        assert!(config.consistent_reads);
        assert!(config.client.credentials.is_none());
        assert_eq!(wrong_field(read(json!({}))), "tableName");
    }

    #[test]
    fn options_of_a_wrong_type_are_refused() {
        assert_eq!(wrong_field(with("attributeName", json!(""))), "attributeName");
        assert_eq!(wrong_field(with("consistentRead", json!("yes"))), "consistentRead");
        assert_eq!(wrong_field(with("ttlAttribute", json!("v"))), "ttlAttribute");
        assert_eq!(wrong_field(with("tabelName", json!("t"))), "tabelName");
    }

    #[test]
    fn options_that_are_shared_with_a_client_of_s3_are_ignored() {
        for name in
            ["s3BucketEndpoint", "s3DisableBodySigning", "s3ForcePathStyle", "s3UsEast1RegionalEndpoint"]
        {
            with(name, json!(true)).unwrap();
        }
    }

    #[test]
    fn options_that_the_old_client_had_are_ignored_with_a_warning() {
        let options = json!({ "tableName": "t", "apiVersion": "2012-08-10", "httpOptions": { "agent": {} } });
        let mut fields = Fields::new("dynamodb options", options).unwrap();
        DynamoDbConfig::from_fields(&mut fields).unwrap();
        let warnings = fields.finish().unwrap();
        assert_eq!(
            warnings,
            [
                "dynamodb options.apiVersion has no effect in RedKV 2 and is ignored",
                "dynamodb options.httpOptions.agent has no effect in RedKV 2 and is ignored",
            ]
        );
    }
}
