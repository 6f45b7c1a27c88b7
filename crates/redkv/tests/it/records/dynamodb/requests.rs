//! Which requests are made, and how they are reported.

use std::sync::{Arc, Mutex};

use redkv::records::{Action, Change, Expiry, Listing, Records, TableShape};
use redkv::service::RequestReport;
use serde_json::{Value as Json, json};

use super::table::{EMULATOR, EXISTS, GET, Table, command, run, value};

type Reports = Arc<Mutex<Vec<(&'static str, Option<f64>, Json)>>>;

async fn observed() -> (Table, impl Records, Reports) {
    let table = Table::create(EMULATOR, &TableShape::default()).await;
    let db = table.backend(json!({}));
    db.init().await.unwrap();
    let reports = Reports::default();
    let seen = reports.clone();
    db.observe(Arc::new(move |report: &RequestReport| {
        let input = serde_json::from_str(report.input.as_deref().unwrap()).unwrap();
        seen.lock().unwrap().push((report.operation, report.units, input));
    }));
    (table, db, reports)
}

fn taken(reports: &Reports) -> Vec<(&'static str, Option<f64>, Json)> {
    std::mem::take(&mut *reports.lock().unwrap())
}

#[tokio::test]
async fn a_request_is_reported_with_its_units_and_without_values() {
    let (table, db, reports) = observed().await;
    let before = db.usage();
    let fields = [("field".to_owned(), Some("secret".to_owned()))].into();
    run(&db, "k", Action::Put(Change { fields, ..value("secret") })).await;
    let after = db.usage();
    assert_eq!((after.requests - before.requests, after.write_units - before.write_units), (1, 1.0));
    let [(operation, units, input)] = &taken(&reports)[..] else { unreachable!("one request") };
    assert_eq!((*operation, *units), ("UpdateItem", Some(1.0)));
    let expected = json!({
        "TableName": table.name,
        "Key": { "id": { "S": "agent" }, "name": { "S": "k" } },
        "UpdateExpression": "ADD #version :one SET #payload=:payload,#0=:0 REMOVE #expires",
        "ConditionExpression": "NOT (#expires < :next) AND (attribute_not_exists(#version) OR (#version >= :zero AND #version < :largest))",
        "ExpressionAttributeNames": {
            "#version": "version", "#payload": "payload", "#expires": "expires", "#0": "field",
        },
    });
    assert_eq!(*input, expected);
}

#[tokio::test]
async fn a_record_that_is_written_whole_is_reported_by_its_key() {
    let (_table, db, reports) = observed().await;
    let past = Change { expiry: Expiry::At(1), ..value("secret") };
    run(&db, "k", Action::Put(past)).await;
    run(&db, "k", Action::Put(value("secret"))).await;
    let reports = taken(&reports);
    let (operation, _, input) = reports.last().unwrap();
    assert_eq!(*operation, "PutItem");
    assert_eq!(input["Item"], json!({ "id": { "S": "agent" }, "name": { "S": "k" } }));
    assert!(reports.iter().all(|(_, _, input)| !input.to_string().contains("secret")));
}

#[tokio::test]
async fn reads_that_come_together_are_one_request() {
    let (table, db, reports) = observed().await;
    let commands: Vec<_> = (0..100)
        .map(|key| command(&(key % 90).to_string(), if key % 2 == 0 { GET } else { EXISTS }))
        .collect();
    assert_eq!(db.run(&commands).await.len(), 100);
    let [(operation, _, input)] = &taken(&reports)[..] else { unreachable!("one request") };
    assert_eq!(*operation, "BatchGetItem");
    let asked = &input["RequestItems"][&table.name];
    assert_eq!(asked["Keys"].as_array().unwrap().len(), 90);
    assert_eq!(asked["ConsistentRead"], json!(true));
}

#[tokio::test]
async fn whether_a_record_is_there_is_asked_without_its_value() {
    let (_table, db, reports) = observed().await;
    run(&db, "k", EXISTS).await;
    let [(operation, _, input)] = &taken(&reports)[..] else { unreachable!("one request") };
    assert_eq!((*operation, &input["ProjectionExpression"]), ("GetItem", &json!("#id,#expires")));
}

#[tokio::test]
async fn a_refusal_brings_what_is_there_without_a_second_request() {
    let (_table, db, reports) = observed().await;
    run(&db, "k", Action::Put(value("v"))).await;
    taken(&reports);
    run(&db, "k", Action::Create(value("w"))).await;
    run(&db, "k", Action::Replace { change: value("w"), version: 7 }).await;
    run(&db, "k", Action::Remove { version: 7 }).await;
    let operations: Vec<_> = taken(&reports).into_iter().map(|(operation, ..)| operation).collect();
    assert_eq!(operations, ["UpdateItem", "UpdateItem", "DeleteItem"]);
}

#[tokio::test]
async fn a_list_is_reported_with_its_conditions() {
    let (table, db, reports) = observed().await;
    let listing = Listing { prefix: "a/".into(), limit: Some(2), reverse: true, ..Listing::default() };
    run(&db, "", Action::List(listing)).await;
    let [(operation, _, input)] = &taken(&reports)[..] else { unreachable!("one request") };
    assert_eq!(*operation, "Query");
    let expected = json!({
        "TableName": table.name,
        "KeyConditionExpression": "#hash = :hash AND begins_with(#sort, :prefix)",
        "ExpressionAttributeNames": { "#hash": "id", "#sort": "name" },
        "Limit": 2,
        "ScanIndexForward": false,
        "ConsistentRead": true,
    });
    assert_eq!(*input, expected);
}
