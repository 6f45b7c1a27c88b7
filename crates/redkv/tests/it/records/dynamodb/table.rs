//! Tables of the format on the servers under test, with backends over them and a client beside them.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use redkv::options::Fields;
use redkv::records::{Action, Answer, Change, Command, Place, Records, TableShape};
use redkv::stores::{DynamoDbRecords, DynamoDbRecordsConfig};
use serde_json::{Map, Value as Json, json};

use crate::support;
use crate::support::dynamodb::client;
use crate::support::proxy::Proxy;

pub(crate) const EMULATOR: &str = "REDKV_TEST_DYNAMODB_ENDPOINT";
pub(crate) const LOCAL: &str = "REDKV_TEST_DYNAMODB_LOCAL_ENDPOINT";

/// The partition of the examples.
pub(crate) const PARTITION: &str = "agent";

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
    pub(crate) async fn create(server: &str, shape: &TableShape) -> Self {
        let table = Self::named(server);
        table.backend(json!({})).create_table(shape).await.unwrap();
        table
    }

    pub(crate) async fn behind_proxy() -> (Self, Proxy) {
        let table = Self::create(EMULATOR, &TableShape::default()).await;
        let proxy = Proxy::start(&table.endpoint);
        (Self { endpoint: proxy.endpoint.clone(), ..table }, proxy)
    }

    pub(crate) fn backend(&self, mut options: Json) -> DynamoDbRecords {
        options["tableName"] = json!(self.name);
        options["endpoint"] = json!(self.endpoint);
        options["region"] = json!("eu-west-1");
        options["credentials"] = json!({ "accessKeyId": "test", "secretAccessKey": "test" });
        let mut fields = Fields::new("dynamodb options", options).unwrap();
        let config = DynamoDbRecordsConfig::from_fields(&mut fields).unwrap();
        fields.finish().unwrap();
        DynamoDbRecords::new(config)
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.endpoint)
    }

    /// Writes an item of [`PARTITION`] as another program does: its attributes in the service's JSON.
    pub(crate) async fn put(&self, key: &str, attributes: Json) {
        let mut request = self.client().put_item().table_name(&self.name);
        request = request.item("id", text(PARTITION)).item("name", text(key));
        for (name, value) in attributes.as_object().unwrap() {
            request = request.item(name, attribute(value));
        }
        request.send().await.unwrap();
    }

    /// The whole item of [`PARTITION`] in the service's JSON; `null` if there is none.
    pub(crate) async fn item(&self, key: &str) -> Json {
        let request = self.client().get_item().table_name(&self.name).consistent_read(true);
        let answer = request.key("id", text(PARTITION)).key("name", text(key)).send().await.unwrap();
        let Some(item) = answer.item else { return Json::Null };
        let attributes = item.iter().map(|(name, value)| (name.clone(), json_of(value)));
        Json::Object(attributes.collect::<Map<_, _>>())
    }
}

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn attribute(json: &Json) -> AttributeValue {
    let (kind, value) = json.as_object().unwrap().iter().next().unwrap();
    match (&**kind, value) {
        ("S", value) => text(value.as_str().unwrap()),
        ("N", value) => AttributeValue::N(value.as_str().unwrap().to_owned()),
        ("BOOL", value) => AttributeValue::Bool(value.as_bool().unwrap()),
        ("NULL", _) => AttributeValue::Null(true),
        ("B", value) => {
            let bytes = value.as_array().unwrap().iter();
            let bytes: Vec<_> = bytes.map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap()).collect();
            AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(bytes))
        }
        (other, _) => unreachable!("no test needs {other}"),
    }
}

fn json_of(value: &AttributeValue) -> Json {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(digits) => json!({ "N": digits }),
        AttributeValue::Null(_) => json!({ "NULL": true }),
        other => unreachable!("none of the format: {other:?}"),
    }
}

/// The time in the examples, in milliseconds: their items expire an hour later, or ten seconds before.
pub(crate) const NOW: u64 = 1_795_810_041_500;

pub(crate) fn command(key: &str, action: Action) -> Command {
    Command::new(Place::new(PARTITION, key), action, NOW)
}

pub(crate) async fn attempt(db: &dyn Records, key: &str, action: Action) -> redkv::error::Result<Answer> {
    db.run(&[command(key, action)]).await.remove(0)
}

pub(crate) async fn run(db: &dyn Records, key: &str, action: Action) -> Answer {
    attempt(db, key, action).await.unwrap()
}

pub(crate) const GET: Action = Action::Get { may_be_old: false };
pub(crate) const EXISTS: Action = Action::Exists { may_be_old: false };

/// A change of the value.
pub(crate) fn value(text: &str) -> Change {
    Change { value: Some(text.into()), ..Change::default() }
}
