//! The table and what is known about it.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::types::{KeyType, ScalarAttributeType, TableDescription, TableStatus};

use super::config::DynamoDbConfig;
use super::error;
use super::items::Shape;
use super::leases::KnownLeases;
use crate::aws::attempts::{Attempts, OnlyOnce};
use crate::aws::{client, requests};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};

/// A table that was looked at: it exists, and its primary key is one text.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) client: Client,
    /// Sends nothing again that may have been carried out.
    pub(super) once: Client,
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) consistent_reads: bool,
    pub(super) leases: KnownLeases,
}

impl Table {
    /// Finding credentials and the table may take this long, all attempts together.
    const DEADLINE: Duration = Duration::from_secs(15);

    /// Makes a client and asks the service for the name of the table's key.
    pub(super) async fn open(config: &DynamoDbConfig) -> Result<Self> {
        tokio::time::timeout(Self::DEADLINE, Self::look_up(config)).await.unwrap_or_else(|_| {
            let message = format!(
                "checking the table '{}' timed out after {} seconds",
                config.table,
                Self::DEADLINE.as_secs()
            );
            Err(Error::new(ErrorKind::Timeout, message).outcome(Outcome::NotApplied))
        })
    }

    async fn look_up(config: &DynamoDbConfig) -> Result<Self> {
        let (settings, renewal) = client::settings(&config.client, None, LARGEST_ANSWER).await?;
        let settings = Builder::from(&settings).interceptor(renewal.clone()).retry_classifier(renewal);
        let client = Client::from_conf(settings.clone().build());
        let once = Client::from_conf(settings.retry_classifier(OnlyOnce).build());
        let attempts = Attempts::default();
        let request = client.describe_table().table_name(&config.table).customize();
        let described = match request.interceptor(attempts.clone()).send().await {
            Ok(answer) => answer.table.unwrap_or_else(|| TableDescription::builder().build()),
            // It changes nothing, so nothing is in doubt.
            Err(error) => {
                return Err(error::map(error, &attempts, &config.table).outcome(Outcome::NotApplied));
            }
        };
        let shape = Shape {
            hash_key: hash_key(&described, &config.table)?,
            attribute: config.attribute.clone(),
            ttl_attribute: config.ttl_attribute.clone(),
        };
        check_names(&shape)?;
        let (name, consistent_reads) = (config.table.clone(), config.consistent_reads);
        Ok(Self { client, once, name, shape, consistent_reads, leases: KnownLeases::default() })
    }

    /// Names for expressions, which do not take every name as it is.
    pub(super) fn placeholders(&self, hash_key: bool) -> Vec<(String, String)> {
        let shape = &self.shape;
        let mut names = vec![("#v".to_owned(), shape.attribute.clone())];
        names.extend(shape.ttl_attribute.iter().map(|name| ("#t".to_owned(), name.clone())));
        if hash_key {
            names.push(("#h".to_owned(), shape.hash_key.clone()));
        }
        names
    }
}

/// More is no answer of the service: it brings 16 MB of items at a time, in JSON, which makes up to six bytes of one.
const LARGEST_ANSWER: usize = 128 << 20;

/// Runs `requests` side by side, a few at a time, and answers in their order.
pub(super) async fn side_by_side<F: Future>(requests: Vec<F>) -> Vec<F::Output> {
    const AT_A_TIME: usize = 8;
    requests::side_by_side(AT_A_TIME, requests).await
}

fn hash_key(table: &TableDescription, name: &str) -> Result<String> {
    let refused = |why: &str| Err(Error::argument("tableName", format!("the table '{name}' {why}")));
    if table.table_status() == Some(&TableStatus::Creating) {
        let message = format!("the table '{name}' is still being created");
        return Err(Error::new(ErrorKind::Store, message).retryable(true));
    }
    let mut keys = table.key_schema().iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return refused("has a range key: a primary key of one text attribute is needed");
    };
    let kind = table.attribute_definitions().iter().find(|definition| {
        definition.attribute_name == key.attribute_name && definition.attribute_type == ScalarAttributeType::S
    });
    if key.key_type != KeyType::Hash || kind.is_none() {
        return refused("has a hash key that is not of type S (text)");
    }
    Ok(key.attribute_name.clone())
}

fn check_names(shape: &Shape) -> Result<()> {
    let key = &shape.hash_key;
    let clash = |field: &str| {
        Err(Error::argument(field, format!("{field} must not be '{key}', which is the table's hash key")))
    };
    if shape.attribute == *key {
        return clash("attributeName");
    }
    if shape.ttl_attribute.as_ref() == Some(key) {
        return clash("ttlAttribute");
    }
    Ok(())
}
