//! Leases as items of a DynamoDB table.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeyType, ScalarAttributeType};
use redkv::error::ErrorKind;
use redkv::store::Store;
use redkv::store::leases::LEASE_KEY;
use redkv_testing::conformance::clear;
use redkv_testing::leases::{LONG, Pair, assert_held, of, taken, taken_soon};
use redkv_testing::leases_suite;
use serde_json::json;

use crate::dynamodb::table::{EMULATOR, LOCAL, Table, number, text};
use crate::support::dynamodb::{answer, refusal};

fn pair(table: &Table) -> Pair {
    [Arc::new(table.store(json!({}))), Arc::new(table.store(json!({})))]
}

async fn emulator() -> Pair {
    pair(&Table::create(EMULATOR).await)
}

async fn local() -> Pair {
    pair(&Table::create(LOCAL).await)
}

async fn whose_attributes_have_the_names_of_ours() -> Pair {
    let table = Table::with_keys(EMULATOR, &[("token", KeyType::Hash, ScalarAttributeType::S)]).await;
    let store = || -> Arc<dyn Store> {
        Arc::new(table.store(json!({ "attributeName": "life", "ttlAttribute": "beat" })))
    };
    [store(), store()]
}

leases_suite!(of_an_emulator, super::emulator);
leases_suite!(of_dynamodb_local, super::local);
leases_suite!(of_a_table_with_like_names, super::whose_attributes_have_the_names_of_ours);

#[tokio::test]
async fn an_item_stays_after_a_release_and_counts_renewals() {
    let table = Table::create(EMULATOR).await;
    let stores = pair(&table);
    let token = taken(&stores[0], "a", Duration::from_millis(60_123)).await;
    let key = format!("{LEASE_KEY}a");
    let item = table.item(&key).await;
    assert_eq!(item["lease:token"], number(&token.to_string()));
    assert_eq!((&item["lease:beat"], &item["lease:life"]), (&number("0"), &number("60123")));
    assert!(of(&stores[0]).renew("a", token, LONG).await.unwrap());
    assert!(of(&stores[0]).release("a", token).await.unwrap());
    let item = table.item(&key).await;
    assert_eq!((&item["lease:beat"], &item["lease:life"]), (&number("1"), &number("3600000")));
    assert_eq!(item["lease:released"], AttributeValue::Bool(true));
    assert_eq!(item.len(), 5);
}

#[tokio::test]
async fn tokens_grow_after_the_item_was_lost_and_while_the_clock_is_behind() {
    let table = Table::create(EMULATOR).await;
    let stores = pair(&table);
    let first = taken(&stores[0], "a", LONG).await;
    let key = format!("{LEASE_KEY}a");
    table.client().delete_item().table_name(&table.name).key("id", text(&key)).send().await.unwrap();
    assert!(!of(&stores[0]).renew("a", first, LONG).await.unwrap());
    let second = taken(&stores[1], "a", LONG).await;
    assert!(second > first);
    let ahead = second + 3_600_000_000;
    table
        .put([
            ("id", text(&key)),
            ("lease:token", number(&ahead.to_string())),
            ("lease:beat", number("0")),
            ("lease:life", number("20")),
            ("lease:released", AttributeValue::Bool(false)),
        ])
        .await;
    assert_eq!(taken_soon(&stores[1], "a", LONG).await, ahead + 1);
}

#[tokio::test]
async fn who_knows_nothing_of_a_lease_waits_for_one_life() {
    let table = Table::create(EMULATOR).await;
    let life = Duration::from_millis(300);
    let first = taken(&pair(&table)[0], "a", life).await;
    tokio::time::sleep(2 * life).await;
    let [late, _] = pair(&table);
    assert_eq!(of(&late).acquire("a", LONG).await.unwrap(), None);
    tokio::time::sleep(life).await;
    assert!(of(&late).acquire("a", LONG).await.unwrap().unwrap() > first);
}

#[tokio::test]
async fn listing_and_clearing_a_whole_table_leaves_leases_alone() {
    let table = Table::create(EMULATOR).await;
    let stores = pair(&table);
    let token = taken(&stores[0], "a", LONG).await;
    assert_eq!(stores[0].keys("", None).await.unwrap().keys, []);
    clear(&*stores[0], "").await;
    assert_held(&stores, "a", token).await;
}

#[tokio::test]
async fn a_step_without_an_answer_is_not_made_again() {
    let (table, proxy) = Table::behind_proxy().await;
    let [store, _] = pair(&table);
    let token = taken(&store, "a", LONG).await;
    proxy.lose_the_next_answer();
    let error = of(&store).renew("a", token, LONG).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Connection, true));
    let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "no" });
    proxy.refuse_next(answer("500 Internal Server Error", &body));
    assert!(of(&store).release("a", token).await.unwrap_err().may_have_applied());
    let key = format!("{LEASE_KEY}a");
    assert_eq!(table.item(&key).await["lease:beat"], number("1"));
    proxy.lose_the_next_answer();
    assert!(of(&store).release("a", token).await.unwrap_err().may_have_applied());
    assert!(!of(&store).release("a", token).await.unwrap());
}

#[tokio::test]
async fn a_throttled_step_is_made_again() {
    let (table, proxy) = Table::behind_proxy().await;
    let [store, _] = pair(&table);
    let token = taken(&store, "a", LONG).await;
    proxy.refuse_next(refusal("ProvisionedThroughputExceededException"));
    assert!(of(&store).renew("a", token, LONG).await.unwrap());
}

#[tokio::test]
async fn an_item_that_another_program_wrote_is_an_error() {
    let table = Table::create(EMULATOR).await;
    let [store, _] = pair(&table);
    table.put([("id", text(&format!("{LEASE_KEY}a"))), ("v", text("x"))]).await;
    let error = of(&store).acquire("a", LONG).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Value, false));
}
