//! The options of the DynamoDB store.

use crate::aws::AwsConfig;
use redkv_core::config::Fields;
use redkv_core::error::{Error, Result};

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

/// Options of the AWS SDK for JavaScript 2 that have no counterpart here.
const LEGACY: &[&str] = &["convertEmptyValues", "convertResponseTypes", "dynamoDbCrc32", "wrapNumbers"];

/// The longest name of an attribute that DynamoDB takes.
const LONGEST_NAME: usize = 65_535;

impl DynamoDbConfig {
    /// Reads `tableName`, `attributeName`, `ttlAttribute` and `consistentRead`, and what
    /// [`AwsConfig::from_fields`] reads.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        fields.prefer(&[("ConsistentRead", "consistentRead")]);
        let table = fields.required_string("tableName")?;
        let attribute = attribute_name(fields, "attributeName")?.unwrap_or_else(|| "v".to_owned());
        let ttl_attribute = attribute_name(fields, "ttlAttribute")?;
        if ttl_attribute.as_ref() == Some(&attribute) {
            return Err(Error::argument("ttlAttribute", "ttlAttribute and attributeName must differ"));
        }
        let consistent = fields.boolean("consistentRead")?;
        let config = Self {
            table,
            attribute,
            ttl_attribute,
            consistent_reads: consistent.or(fields.boolean("ConsistentRead")?).unwrap_or(true),
            client: AwsConfig::from_fields(fields, "DYNAMODB")?,
        };
        fields.ignore(LEGACY);
        Ok(config)
    }
}

fn attribute_name(fields: &mut Fields, field: &'static str) -> Result<Option<String>> {
    let name = fields.string(field)?;
    match &name {
        Some(long) if long.len() > LONGEST_NAME => {
            Err(Error::argument(field, format!("{field} must have at most {LONGEST_NAME} bytes")))
        }
        _ => Ok(name),
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
    fn options_that_the_old_client_had_are_ignored_with_a_warning() {
        let options = json!({ "tableName": "t", "apiVersion": "2012-08-10", "httpOptions": { "agent": {} } });
        let mut fields = Fields::new("dynamodb options", options).unwrap();
        DynamoDbConfig::from_fields(&mut fields).unwrap();
        let warnings = fields.finish().unwrap();
        assert_eq!(
            warnings,
            [
                "dynamodb options.httpOptions.agent has no effect in RedKV 2 and is ignored",
                "dynamodb options.apiVersion has no effect in RedKV 2 and is ignored",
            ]
        );
    }
}
