//! Tables of the format on the servers under test, with backends over them and a client beside them.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use redkv::options::Fields;
use redkv::stores::{DynamoDbStructures, DynamoDbStructuresConfig};
use redkv::structures::Structures;
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
    /// A table that is not there yet.
    pub(crate) fn named(server: &str) -> Self {
        Self { endpoint: support::server(server), name: format!("redkv-{:016x}", fastrand::u64(..)) }
    }

    /// A table that the backend made.
    pub(crate) async fn create(server: &str) -> Self {
        let table = Self::named(server);
        table.backend(json!({})).create_table().await.unwrap();
        table
    }

    pub(crate) async fn behind_proxy() -> (Self, Proxy) {
        let table = Self::create(EMULATOR).await;
        let proxy = Proxy::start(&table.endpoint);
        (Self { endpoint: proxy.endpoint.clone(), ..table }, proxy)
    }

    pub(crate) fn backend(&self, options: Value) -> DynamoDbStructures {
        DynamoDbStructures::new(self.config(options))
    }

    /// A backend with the option `kinds: 'strict'`.
    pub(crate) fn strict_backend(&self) -> DynamoDbStructures {
        DynamoDbStructures::new(DynamoDbStructuresConfig { strict_kinds: true, ..self.config(json!({})) })
    }

    fn config(&self, mut options: Value) -> DynamoDbStructuresConfig {
        options["tableName"] = json!(self.name);
        options["endpoint"] = json!(self.endpoint);
        options["region"] = json!("eu-west-1");
        options["credentials"] = json!({ "accessKeyId": "test", "secretAccessKey": "test" });
        let mut fields = Fields::new("dynamodb options", options).unwrap();
        let config = DynamoDbStructuresConfig::from_fields(&mut fields).unwrap();
        fields.finish().unwrap();
        config
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.endpoint)
    }

    /// Writes an item as another program does.
    pub(crate) async fn put(&self, key: &[u8], range: &[u8], attributes: &[(&str, AttributeValue)]) {
        let mut request = self.client().put_item().table_name(&self.name);
        request = request.item("hk", binary(key)).item("rk", binary(range));
        for (name, value) in attributes {
            request = request.item(*name, value.clone());
        }
        request.send().await.unwrap();
    }

    /// The attributes of an item, but for its key; none if there is no item.
    pub(crate) async fn item(&self, key: &[u8], range: &[u8]) -> Option<HashMap<String, AttributeValue>> {
        let request = self.client().get_item().table_name(&self.name).consistent_read(true);
        let answer = request.key("hk", binary(key)).key("rk", binary(range)).send().await.unwrap();
        let mut item = answer.item?;
        assert_eq!(item.remove("hk"), Some(binary(key)));
        assert_eq!(item.remove("rk"), Some(binary(range)));
        Some(item)
    }
}

pub(crate) fn binary(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

pub(crate) fn number(digits: &str) -> AttributeValue {
    AttributeValue::N(digits.to_owned())
}
