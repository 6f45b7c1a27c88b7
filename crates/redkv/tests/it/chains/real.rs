//! Chains of real stores: every pair, and threes, in both orders.

use std::path::Path;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use redkv::chain::{Chain, ChainStore, TierConfig};
use redkv::clock::SystemClock;
use redkv_testing::conformance::Subject;
use redkv_testing::conformance_suite;
use serde_json::{Value, json};

use crate::support::dynamodb::client;
use crate::support::server;

/// A store with nothing in it that keeps deadlines.
async fn options(store: &str) -> Value {
    let fresh = format!("redkv-chains-{:016x}", fastrand::u64(..));
    match store {
        "dynamodb" => {
            create_table(&fresh).await;
            json!({
                "tableName": fresh, "ttlAttribute": "ttl", "region": "eu-west-1",
                "endpoint": server("REDKV_TEST_DYNAMODB_ENDPOINT"),
                "accessKeyId": "test", "secretAccessKey": "test",
            })
        }
        "mysql" | "postgres" => {
            let url = server(&format!("REDKV_TEST_{}_URL", store.to_uppercase()));
            json!({
                "url": url, "tableName": fresh, "keyColumn": "k", "valueColumn": "v", "expiresColumn": "e",
                "createTable": true,
            })
        }
        "redis" => json!({ "url": server("REDKV_TEST_REDIS_URL"), "prefix": format!("{fresh}:") }),
        "sqlite" => {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{fresh}.db"));
            json!({ "path": path, "expiresColumn": "expires" })
        }
        _ => Value::Null,
    }
}

async fn create_table(name: &str) {
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    let kind = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    client(&server("REDKV_TEST_DYNAMODB_ENDPOINT"))
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key.build().unwrap())
        .attribute_definitions(kind.build().unwrap())
        .send()
        .await
        .unwrap();
}

async fn chain(stores: &[&str]) -> Subject {
    let chain = Arc::new(Chain::new(Arc::new(SystemClock)));
    for name in stores {
        let built = redkv::stores::build(name, options(name).await, &[], Arc::new(SystemClock)).unwrap();
        let store = built.store;
        chain.add(store, TierConfig::default()).unwrap();
    }
    Subject::with_server_clock(Arc::new(ChainStore::new(chain)))
}

macro_rules! chains {
    ($($name:ident = [$($store:literal),+];)*) => {
        $(
            mod $name {
                async fn subject() -> redkv_testing::conformance::Subject {
                    super::chain(&[$($store),+]).await
                }
                super::conformance_suite!(conformance, super::subject);
            }
        )*
    };
}

chains! {
    memory_redis = ["memory", "redis"];
    redis_memory = ["redis", "memory"];
    memory_dynamodb = ["memory", "dynamodb"];
    dynamodb_memory = ["dynamodb", "memory"];
    memory_sqlite = ["memory", "sqlite"];
    sqlite_memory = ["sqlite", "memory"];
    redis_dynamodb = ["redis", "dynamodb"];
    dynamodb_redis = ["dynamodb", "redis"];
    redis_sqlite = ["redis", "sqlite"];
    sqlite_redis = ["sqlite", "redis"];
    dynamodb_sqlite = ["dynamodb", "sqlite"];
    sqlite_dynamodb = ["sqlite", "dynamodb"];
    memory_postgres = ["memory", "postgres"];
    redis_mysql = ["redis", "mysql"];
    mysql_postgres = ["mysql", "postgres"];
    postgres_redis = ["postgres", "redis"];
    memory_redis_dynamodb = ["memory", "redis", "dynamodb"];
    dynamodb_redis_memory = ["dynamodb", "redis", "memory"];
    memory_redis_sqlite = ["memory", "redis", "sqlite"];
    sqlite_redis_memory = ["sqlite", "redis", "memory"];
    redis_sqlite_dynamodb = ["redis", "sqlite", "dynamodb"];
    dynamodb_sqlite_redis = ["dynamodb", "sqlite", "redis"];
}
