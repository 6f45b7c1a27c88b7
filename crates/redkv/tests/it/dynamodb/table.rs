//! Tables on the servers under test, with stores over them and a client beside them.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use redkv::clock::{Clock, ManualClock, SystemClock};
use redkv::options::Fields;
use redkv::stores::{DynamoDbConfig, DynamoDbStore};
use redkv_testing::conformance::Subject;
use serde_json::{Value, json};

use crate::support;
use crate::support::dynamodb::client;
use crate::support::proxy::Proxy;

pub(crate) const EMULATOR: &str = "REDKV_TEST_DYNAMODB_ENDPOINT";
pub(crate) const LOCAL: &str = "REDKV_TEST_DYNAMODB_LOCAL_ENDPOINT";

/// A table on a server under test.
pub(crate) struct Table {
    pub(crate) endpoint: String,
    pub(crate) name: String,
}

impl Table {
    pub(crate) fn named(server: &str) -> Self {
        Self { endpoint: support::server(server), name: format!("redkv-{:016x}", fastrand::u64(..)) }
    }

    pub(crate) async fn create(server: &str) -> Self {
        Self::with_keys(server, &[("id", KeyType::Hash, ScalarAttributeType::S)]).await
    }

    pub(crate) async fn with_keys(server: &str, keys: &[(&str, KeyType, ScalarAttributeType)]) -> Self {
        let table = Self::named(server);
        table.make(keys).await;
        table
    }

    pub(crate) async fn behind_proxy() -> (Self, Proxy) {
        let table = Self::create(EMULATOR).await;
        let proxy = Proxy::start(&table.endpoint);
        (Self { endpoint: proxy.endpoint.clone(), ..table }, proxy)
    }

    pub(crate) async fn make(&self, keys: &[(&str, KeyType, ScalarAttributeType)]) {
        let mut request =
            self.client().create_table().table_name(&self.name).billing_mode(BillingMode::PayPerRequest);
        for (name, role, kind) in keys {
            let key = KeySchemaElement::builder().attribute_name(*name).key_type(role.clone());
            let kind = AttributeDefinition::builder().attribute_name(*name).attribute_type(kind.clone());
            request = request.key_schema(key.build().unwrap()).attribute_definitions(kind.build().unwrap());
        }
        request.send().await.unwrap();
    }

    pub(crate) fn store(&self, options: Value) -> DynamoDbStore {
        self.store_with_clock(options, Arc::new(SystemClock))
    }

    pub(crate) fn store_with_clock(&self, mut options: Value, clock: Arc<dyn Clock>) -> DynamoDbStore {
        options["tableName"] = json!(self.name);
        options["endpoint"] = json!(self.endpoint);
        options["region"] = json!("eu-west-1");
        options["credentials"] = json!({ "accessKeyId": "test", "secretAccessKey": "test" });
        store(options, clock)
    }

    pub(crate) fn subject(&self, options: Value) -> Subject {
        let clock = Arc::new(ManualClock::starting_at(SystemClock.now()));
        Subject::with_clock(Arc::new(self.store_with_clock(options, clock.clone())), clock)
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.endpoint)
    }

    pub(crate) async fn put<const N: usize>(&self, attributes: [(&str, AttributeValue); N]) {
        let item = Some(item(attributes));
        self.client().put_item().table_name(&self.name).set_item(item).send().await.unwrap();
    }

    pub(crate) async fn item(&self, key: &str) -> HashMap<String, AttributeValue> {
        let request = self.client().get_item().table_name(&self.name).key("id", text(key));
        request.consistent_read(true).send().await.unwrap().item.unwrap()
    }
}

pub(crate) fn store(options: Value, clock: Arc<dyn Clock>) -> DynamoDbStore {
    let mut fields = Fields::new("dynamodb options", options).unwrap();
    let config = DynamoDbConfig::from_fields(&mut fields).unwrap();
    fields.finish().unwrap();
    DynamoDbStore::new(config, clock)
}

pub(crate) fn item<const N: usize>(
    attributes: [(&str, AttributeValue); N],
) -> HashMap<String, AttributeValue> {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn number(digits: &str) -> AttributeValue {
    AttributeValue::N(digits.to_owned())
}

pub(crate) fn binary(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}
