//! The examples of the Go package `dynastore`, item by item: what it writes is read, and what is written is what it writes.
//! Where this differs on purpose, the name of the test says so.

use std::sync::{Arc, Mutex};

use redkv::records::{
    Action, Answer, Change, Expiry, GlobalIndex, Index, Listing, LocalIndex, Page, Position, Record, Records,
    Refusal, Refused, TableShape,
};
use serde_json::{Value as Json, json};

use super::table::{EXISTS, GET, NOW, PARTITION, Table, run, value};

on_both! {
    examples_1_to_3_a_put_keeps_what_is_not_given
    examples_1_to_5_items_of_go_are_read
    example_4_an_empty_value_is_null
    example_5_fields_are_attributes
    examples_6_and_7_reads_are_consistent_and_a_deletion_has_no_condition
    examples_8_to_11_a_version_decides
    example_12_an_expired_record_is_absent_in_lists_too
    example_13_a_create_replaces_an_expired_record
    examples_14_and_15_a_put_over_an_expired_record_begins_anew_and_can_be_removed
    example_16_a_removal_of_another_version_is_refused_as_modified
    example_17_keys_are_listed_in_the_order_of_their_bytes
    example_18_tokens_go_both_ways
    example_19_a_local_index_orders_by_its_attribute
    example_20_a_global_index_lists_by_its_attributes
}

const GO_TOKEN: &str = "4LQSuHfbVnLdzmFHWfVVyQ54yHndKHPiaEkqh3tfrgidCttp4aSJS3EnCcgMLJHGZMfmyCAvsuzm1eDRLhLu8jT2YMxFUuvEmiWhLQWg3wABpLVRYzZPtv2";
const COMPACT_TOKEN: &str = "8a9auzgrsfLv7HTs843V517DSw7jodM4v3xzAYzRHnm4pDASzizFSRPNVnxT9f4MexcLj2P";

async fn table(server: &str) -> (Table, impl Records) {
    let table = Table::create(server, &TableShape::default()).await;
    let db = table.backend(json!({}));
    (table, db)
}

/// An item of the examples, with its primary key.
fn item(key: &str, attributes: &Json) -> Json {
    let mut item = json!({ "id": { "S": "agent" }, "name": { "S": key } });
    item.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    item
}

fn written(answer: Answer) -> Record {
    match answer {
        Answer::Written(record) => record,
        other => unreachable!("not written: {other:?}"),
    }
}

fn read(answer: Answer) -> Record {
    match answer {
        Answer::Record(Some(record)) => record,
        other => unreachable!("no record: {other:?}"),
    }
}

fn refusal(answer: Answer) -> (Refused, Option<u64>) {
    match answer {
        Answer::Refused(Refusal { why, found }) => (why, found.map(|record| record.version)),
        other => unreachable!("not refused: {other:?}"),
    }
}

async fn list(db: &dyn Records, listing: Listing) -> (Vec<String>, Option<Position>) {
    let partition = match &listing.index {
        Some(Index::Global(_)) => "u",
        _ => PARTITION,
    };
    let place = redkv::records::Place::new(partition, "");
    let command = redkv::records::Command::new(place, Action::List(listing), NOW);
    let Answer::Page(Page { records, next }) = db.run(&[command]).await.remove(0).unwrap() else {
        unreachable!("a page")
    };
    (records.into_iter().map(|record| record.place.key.to_string()).collect(), next)
}

fn keeping(change: Change) -> Change {
    Change { expiry: Expiry::Keep, ..change }
}

fn until(second: i64, change: Change) -> Change {
    Change { expiry: Expiry::At(second), ..change }
}

async fn examples_1_to_3_a_put_keeps_what_is_not_given(server: &str) {
    let (table, db) = table(server).await;
    let hour = redkv::records::record::expiry_after(NOW, 3_600_000);
    run(&db, "a", Action::Put(until(hour, value("hello")))).await;
    let expires = json!({ "N": "1795813642" });
    let first = json!({ "version": { "N": "1" }, "payload": { "S": "hello" }, "expires": expires });
    assert_eq!(table.item("a").await, item("a", &first));
    run(&db, "a", Action::Put(keeping(value("AP94")))).await;
    let second = json!({ "version": { "N": "2" }, "payload": { "S": "AP94" }, "expires": expires });
    assert_eq!(table.item("a").await, item("a", &second));
    run(&db, "a", Action::Put(keeping(Change::default()))).await;
    let third = json!({ "version": { "N": "3" }, "payload": { "S": "AP94" }, "expires": expires });
    assert_eq!(table.item("a").await, item("a", &third));
    run(&db, "a", Action::Put(Change::default())).await;
    let cleared = json!({ "version": { "N": "4" }, "payload": { "S": "AP94" } });
    assert_eq!(table.item("a").await, item("a", &cleared));
    run(&db, "bare", Action::Put(keeping(Change::default()))).await;
    assert_eq!(table.item("bare").await, item("bare", &json!({ "version": { "N": "1" } })));
}

async fn examples_1_to_5_items_of_go_are_read(server: &str) {
    let (table, db) = table(server).await;
    let a = json!({ "version": { "N": "1" }, "payload": { "S": "hello" }, "expires": { "N": "1795813642" } });
    table.put("a", a).await;
    let a = read(run(&db, "a", GET).await);
    assert_eq!((a.version, a.expires, a.value.as_deref()), (1, Some(1_795_813_642), Some("hello")));
    table.put("es", json!({ "version": { "N": "1" }, "payload": { "NULL": true } })).await;
    assert_eq!(read(run(&db, "es", GET).await).value.as_deref(), Some(""));
    table.put("bare", json!({ "version": { "N": "3" } })).await;
    let bare = read(run(&db, "bare", GET).await);
    assert_eq!((bare.version, bare.value), (3, None));
    let f = json!({
        "created": { "S": "2020" }, "payload": { "S": "x" }, "pk1": { "S": "u" }, "sk1": { "S": "s" },
        "version": { "N": "1" },
    });
    table.put("f", f).await;
    let fields = [("created", "2020"), ("pk1", "u"), ("sk1", "s")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(read(run(&db, "f", GET).await).fields, fields.into());
}

async fn example_4_an_empty_value_is_null(server: &str) {
    let (table, db) = table(server).await;
    run(&db, "es", Action::Put(value(""))).await;
    let expected = json!({ "version": { "N": "1" }, "payload": { "NULL": true } });
    assert_eq!(table.item("es").await, item("es", &expected));
    assert_eq!(read(run(&db, "es", GET).await).value.as_deref(), Some(""));
}

async fn example_5_fields_are_attributes(server: &str) {
    let (table, db) = table(server).await;
    let fields = [("created", "2020"), ("pk1", "u"), ("sk1", "s")];
    let fields = fields.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
    run(&db, "f", Action::Put(Change { fields: fields.into(), ..value("x") })).await;
    let expected = json!({
        "created": { "S": "2020" }, "id": { "S": "agent" }, "name": { "S": "f" }, "payload": { "S": "x" },
        "pk1": { "S": "u" }, "sk1": { "S": "s" }, "version": { "N": "1" },
    });
    assert_eq!(table.item("f").await, expected);
}

async fn examples_6_and_7_reads_are_consistent_and_a_deletion_has_no_condition(server: &str) {
    let (table, db) = table(server).await;
    run(&db, "f", Action::Put(value("x"))).await;
    let reports = Arc::new(Mutex::new(Vec::new()));
    let seen = reports.clone();
    db.observe(Arc::new(move |report| {
        let input: Json = serde_json::from_str(report.input.as_deref().unwrap()).unwrap();
        seen.lock().unwrap().push((report.operation, input));
    }));
    run(&db, "f", GET).await;
    run(&db, "f", Action::Get { may_be_old: true }).await;
    assert_eq!(run(&db, "f", Action::Delete).await, Answer::Done);
    let key = json!({ "id": { "S": "agent" }, "name": { "S": "f" } });
    let get = |consistent: bool| {
        ("GetItem", json!({ "TableName": table.name, "Key": key, "ConsistentRead": consistent }))
    };
    let delete = ("DeleteItem", json!({ "TableName": table.name, "Key": key }));
    assert_eq!(*reports.lock().unwrap(), [get(true), get(false), delete]);
    assert_eq!(table.item("f").await, Json::Null);
}

async fn examples_8_to_11_a_version_decides(server: &str) {
    let (table, db) = table(server).await;
    assert_eq!(written(run(&db, "k", Action::Create(value("v1"))).await).version, 1);
    let first = json!({ "version": { "N": "1" }, "payload": { "S": "v1" } });
    assert_eq!(table.item("k").await, item("k", &first));
    let again = run(&db, "k", Action::Create(value("v2"))).await;
    assert_eq!(refusal(again), (Refused::Exists, Some(1)));
    let replace = |text| Action::Replace { change: value(text), version: 1 };
    assert_eq!(written(run(&db, "k", replace("v2")).await).version, 2);
    let second = json!({ "version": { "N": "2" }, "payload": { "S": "v2" } });
    assert_eq!(table.item("k").await, item("k", &second));
    assert_eq!(refusal(run(&db, "k", replace("v3")).await), (Refused::Modified, Some(2)));
    assert_eq!(refusal(run(&db, "missing", replace("v3")).await), (Refused::Modified, None));
    assert_eq!(table.item("k").await, item("k", &second));
}

/// An item that expired ten seconds ago.
async fn expired(server: &str) -> (Table, impl Records) {
    let (table, db) = table(server).await;
    let second = i64::try_from(NOW / 1000).unwrap() - 10;
    run(&db, "e", Action::Put(until(second, value("old")))).await;
    let expected =
        json!({ "version": { "N": "1" }, "payload": { "S": "old" }, "expires": { "N": "1795810031" } });
    assert_eq!(table.item("e").await, item("e", &expected));
    (table, db)
}

async fn example_12_an_expired_record_is_absent_in_lists_too(server: &str) {
    let (_table, db) = expired(server).await;
    assert_eq!(run(&db, "e", GET).await, Answer::Record(None));
    assert_eq!(run(&db, "e", EXISTS).await, Answer::Is(false));
    assert_eq!(list(&db, Listing::default()).await, (vec![], None));
    assert_eq!(list(&db, Listing { prefix: "e".into(), ..Listing::default() }).await, (vec![], None));
}

async fn example_13_a_create_replaces_an_expired_record(server: &str) {
    let (table, db) = expired(server).await;
    let replace = Action::Replace { change: value("new"), version: 1 };
    assert_eq!(refusal(run(&db, "e", replace).await), (Refused::Modified, None));
    assert_eq!(written(run(&db, "e", Action::Create(value("new"))).await).version, 2);
    let expected = json!({ "version": { "N": "2" }, "payload": { "S": "new" } });
    assert_eq!(table.item("e").await, item("e", &expected));
}

async fn examples_14_and_15_a_put_over_an_expired_record_begins_anew_and_can_be_removed(server: &str) {
    let (table, db) = expired(server).await;
    let remove = |version| Action::Remove { version };
    assert_eq!(refusal(run(&db, "e", remove(1)).await), (Refused::NotFound, None));
    run(&db, "e", Action::Put(value("new"))).await;
    let expected = json!({ "version": { "N": "2" }, "payload": { "S": "new" } });
    assert_eq!(table.item("e").await, item("e", &expected));
    assert_eq!(read(run(&db, "e", GET).await).value.as_deref(), Some("new"));
    assert_eq!(run(&db, "e", remove(2)).await, Answer::Done);
    assert_eq!(table.item("e").await, Json::Null);
}

async fn example_16_a_removal_of_another_version_is_refused_as_modified(server: &str) {
    let (table, db) = table(server).await;
    run(&db, "x", Action::Put(value("v"))).await;
    let remove = Action::Remove { version: 9 };
    assert_eq!(refusal(run(&db, "x", remove.clone()).await), (Refused::Modified, Some(1)));
    assert_eq!(refusal(run(&db, "missing", remove).await), (Refused::NotFound, None));
    assert_ne!(table.item("x").await, Json::Null);
}

async fn filled(server: &str) -> (Table, impl Records) {
    let (table, db) = table(server).await;
    for key in ["b", "a/3", "é&<>", "a/1", "B", "a/2"] {
        table.put(key, json!({ "version": { "N": "1" }, "payload": { "S": "x" } })).await;
    }
    (table, db)
}

async fn example_17_keys_are_listed_in_the_order_of_their_bytes(server: &str) {
    let (_table, db) = filled(server).await;
    let (keys, next) = list(&db, Listing::default()).await;
    assert_eq!(keys, ["B", "a/1", "a/2", "a/3", "b", "é&<>"]);
    assert_eq!(next, None);
}

async fn example_18_tokens_go_both_ways(server: &str) {
    let (_table, db) = filled(server).await;
    let listing = |after| Listing { prefix: "a/".into(), limit: Some(2), after, ..Listing::default() };
    let (keys, next) = list(&db, listing(None)).await;
    assert_eq!(keys, ["a/1", "a/2"]);
    let of_go = Position::from_token(GO_TOKEN).unwrap();
    assert_eq!(next.as_ref(), Some(&of_go));
    let own = Position::from_token(&next.unwrap().to_token().unwrap()).unwrap();
    for after in [of_go, own, Position::from_token(COMPACT_TOKEN).unwrap()] {
        after.check(PARTITION, None).unwrap();
        assert_eq!(list(&db, listing(Some(after))).await, (vec!["a/3".to_owned()], None));
    }
}

async fn indexed(server: &str) -> (Table, impl Records, [Index; 2]) {
    let local = LocalIndex { name: "idx_created".into(), sort_key: "created".into() };
    let global = GlobalIndex { name: "idx_pk1".into(), hash_key: "pk1".into(), sort_key: "sk1".into() };
    let shape = TableShape { local: vec![local.clone()], global: vec![global.clone()], ttl: false };
    let table = Table::create(server, &shape).await;
    for (key, created) in [("k3", "2020a1"), ("k1", "2020a2"), ("k2", "2020a3"), ("k4", "2021")] {
        let item = json!({
            "version": { "N": "1" }, "created": { "S": created }, "pk1": { "S": "u" },
            "sk1": { "S": format!("a/{created}") },
        });
        table.put(key, item).await;
    }
    let db = table.backend(json!({}));
    (table, db, [Index::Local(local), Index::Global(global)])
}

fn key_of(position: &Position) -> Vec<(&str, &str)> {
    position.0.iter().map(|(name, value)| (&**name, value.text().unwrap())).collect()
}

async fn example_19_a_local_index_orders_by_its_attribute(server: &str) {
    let (_table, db, [local, _]) = indexed(server).await;
    let listing = |after| Listing {
        prefix: "2020a".into(),
        limit: Some(2),
        index: Some(local.clone()),
        after,
        ..Listing::default()
    };
    let (keys, next) = list(&db, listing(None)).await;
    assert_eq!(keys, ["k3", "k1"]);
    let next = next.unwrap();
    assert_eq!(key_of(&next), [("created", "2020a2"), ("id", "agent"), ("name", "k1")]);
    next.check(PARTITION, Some(&local)).unwrap();
    assert_eq!(list(&db, listing(Some(next))).await, (vec!["k2".to_owned()], None));
}

async fn example_20_a_global_index_lists_by_its_attributes(server: &str) {
    let (_table, db, [_, global]) = indexed(server).await;
    let listing = |after| Listing {
        prefix: "a/".into(),
        limit: Some(3),
        index: Some(global.clone()),
        after,
        ..Listing::default()
    };
    let (keys, next) = list(&db, listing(None)).await;
    assert_eq!(keys, ["k3", "k1", "k2"]);
    let next = next.unwrap();
    assert_eq!(key_of(&next), [("id", "agent"), ("name", "k2"), ("pk1", "u"), ("sk1", "a/2020a3")]);
    next.check("u", Some(&global)).unwrap();
    assert_eq!(list(&db, listing(Some(next))).await, (vec!["k4".to_owned()], None));
}
