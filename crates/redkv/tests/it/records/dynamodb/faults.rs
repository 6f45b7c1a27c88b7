//! Answers that are lost, throttling, and batches that are left unprocessed.

use redkv::error::ErrorKind;
use redkv::records::{Action, Answer, Command, Listing, Position, Record, Records};
use serde_json::{Value as Json, json};

use super::table::{GET, Table, attempt, command, run, value};
use crate::support::dynamodb::{answer, refusal};
use crate::support::proxy::Proxy;

async fn behind_proxy(options: Json) -> (impl Records, Proxy, Table) {
    let (table, proxy) = Table::behind_proxy().await;
    let db = table.backend(options);
    db.init().await.unwrap();
    (db, proxy, table)
}

async fn get(db: &dyn Records, key: &str) -> Option<Record> {
    match run(db, key, GET).await {
        Answer::Record(record) => record,
        other => unreachable!("no record: {other:?}"),
    }
}

fn replace(version: u64) -> Action {
    Action::Replace { change: value("w"), version }
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_not_sent_again() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    proxy.lose_the_next_answer();
    let error = attempt(&db, "k", Action::Put(value("v"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.may_have_applied());
    assert_eq!(get(&db, "k").await.unwrap().version, 1);
}

#[tokio::test]
async fn a_conditional_write_whose_answer_was_lost_is_not_sent_again() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    for (action, version) in
        [(Action::Create(value("v")), Some(1)), (replace(1), Some(2)), (Action::Remove { version: 2 }, None)]
    {
        proxy.lose_the_next_answer();
        let error = attempt(&db, "k", action).await.unwrap_err();
        assert!(error.may_have_applied(), "{error}");
        assert_eq!(get(&db, "k").await.map(|record| record.version), version);
    }
}

#[tokio::test]
async fn a_failure_inside_the_service_or_on_the_way_may_have_come_after_a_write() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "no" });
    for status in ["500 Internal Server Error", "408 Request Timeout"] {
        proxy.refuse_next(answer(status, &body));
        let error = attempt(&db, "k", Action::Put(value("v"))).await.unwrap_err();
        assert!(error.may_have_applied(), "{status}: {error}");
    }
    assert_eq!(get(&db, "k").await, None);
}

#[tokio::test]
async fn reads_whose_answer_was_lost_are_sent_again() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    run(&db, "k", Action::Put(value("v"))).await;
    proxy.lose_the_next_answer();
    assert!(get(&db, "k").await.is_some());
    proxy.lose_the_next_answer();
    let Answer::Page(page) = run(&db, "", Action::List(Listing::default())).await else {
        unreachable!("a page")
    };
    assert_eq!(page.records.len(), 1);
}

#[tokio::test]
async fn a_throttled_write_is_sent_again() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    proxy.refuse_next(refusal("ProvisionedThroughputExceededException"));
    run(&db, "k", Action::Put(value("v"))).await;
    assert_eq!(get(&db, "k").await.unwrap().version, 1);
}

#[tokio::test]
async fn what_is_throttled_again_and_again_fails_as_throttled() {
    let (db, proxy, _) = behind_proxy(json!({ "maxRetries": 1 })).await;
    for action in [Action::Put(value("v")), GET, Action::List(Listing::default())] {
        (0..2).for_each(|_| proxy.refuse_next(refusal("ThrottlingException")));
        let error = attempt(&db, "k", action).await.unwrap_err();
        assert!(error.message().starts_with("throttled"), "{error}");
        assert!(error.is_retryable() && !error.may_have_applied());
    }
}

#[tokio::test]
async fn a_write_that_meets_a_transaction_is_made_after_it() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    (0..3).for_each(|_| proxy.refuse_next(refusal("TransactionConflictException")));
    run(&db, "k", Action::Put(value("v"))).await;
    (0..3).for_each(|_| proxy.refuse_next(refusal("TransactionConflictException")));
    run(&db, "k", replace(1)).await;
    assert_eq!(get(&db, "k").await.unwrap().version, 2);
}

#[tokio::test]
async fn a_write_that_others_get_in_the_way_of_again_and_again_is_a_conflict() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    (0..20).for_each(|_| proxy.refuse_next(refusal("TransactionConflictException")));
    let error = attempt(&db, "k", Action::Put(value("v"))).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Conflict, true), "{error}");
    assert!(!error.may_have_applied());
}

#[tokio::test]
async fn keys_that_are_left_unprocessed_are_asked_for_again() {
    let (db, proxy, table) = behind_proxy(json!({})).await;
    run(&db, "a", Action::Put(value("1"))).await;
    run(&db, "b", Action::Put(value("2"))).await;
    let key = |key: &str| json!({ "id": { "S": "agent" }, "name": { "S": key } });
    let keys = json!({ "Keys": [key("a"), key("b")] });
    let unprocessed = json!({ "Responses": {}, "UnprocessedKeys": { table.name: keys } });
    (0..3).for_each(|_| proxy.refuse_next(answer("200 OK", &unprocessed)));
    let answers = db.run(&["a", "b", "missing"].map(|key| command(key, GET))).await;
    let values = answers.into_iter().map(|answer| match answer.unwrap() {
        Answer::Record(record) => record.and_then(|record| record.value),
        other => unreachable!("no record: {other:?}"),
    });
    assert_eq!(values.collect::<Vec<_>>(), [Some("1".into()), Some("2".into()), None]);
}

#[tokio::test]
async fn a_key_that_is_refused_fails_alone() {
    let (db, _proxy, _) = behind_proxy(json!({})).await;
    run(&db, "a", Action::Put(value("1"))).await;
    let long = "x".repeat(2_000);
    let answers = db.run(&["a", &*long].map(|key| command(key, GET))).await;
    assert!(matches!(&answers[0], Ok(Answer::Record(Some(_)))), "{answers:?}");
    assert!(answers[1].is_err(), "{answers:?}");
}

#[tokio::test]
async fn an_answer_of_success_that_cannot_be_read_may_have_written() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    for body in [
        json!(null),
        json!("hi"),
        json!({}),
        json!({ "Attributes": { "version": { "N": "zzz" } } }),
        json!({ "Attributes": { "version": { "N": "-1" } } }),
    ] {
        proxy.refuse_next(answer("200 OK", &body));
        let error = attempt(&db, "n", Action::Put(value("v"))).await.unwrap_err();
        assert!(error.may_have_applied(), "{body}: {error}");
    }
}

#[tokio::test]
async fn an_answer_of_a_read_that_cannot_be_read_is_no_missing_record() {
    let (db, proxy, _) = behind_proxy(json!({ "maxRetries": 0 })).await;
    for body in [json!("hi"), json!({ "Item": { "version": { "N": "zzz" } } }), json!({ "Item": 1 })] {
        proxy.refuse_next(answer("200 OK", &body));
        let error = attempt(&db, "k", GET).await.unwrap_err();
        assert!(!error.may_have_applied(), "{body}: {error}");
    }
    let list = || Action::List(Listing::default());
    for body in [json!({ "Items": 1 }), json!({ "Items": [{ "id": { "S": "agent" } }] })] {
        proxy.refuse_next(answer("200 OK", &body));
        let error = attempt(&db, "", list()).await.unwrap_err();
        assert!(!error.may_have_applied(), "{body}: {error}");
    }
}

#[tokio::test]
async fn items_that_nobody_asked_for_answer_nothing() {
    let (db, proxy, table) = behind_proxy(json!({})).await;
    let other = json!({ "id": { "S": "x" }, "name": { "S": "y" }, "version": { "N": "1" } });
    proxy.refuse_next(answer("200 OK", &json!({ "Responses": { table.name: [other] } })));
    let commands: Vec<Command> = ["a", "b"].map(|key| command(key, GET)).into();
    for answer in db.run(&commands).await {
        assert_eq!(answer.unwrap(), Answer::Record(None));
    }
}

/// An answer to a list.
fn listed(key: &Json, next: &Json) -> String {
    answer("200 OK", &json!({ "Items": [key], "LastEvaluatedKey": next }))
}

#[tokio::test]
async fn a_list_of_what_is_not_in_it_is_no_list() {
    let (db, proxy, _) = behind_proxy(json!({ "maxRetries": 0 })).await;
    let item =
        |id: &str, name: &str| json!({ "id": { "S": id }, "name": { "S": name }, "version": { "N": "1" } });
    let key = |id: &str, name: &str| json!({ "id": { "S": id }, "name": { "S": name } });
    let after = |key: &str| Some(Position::of([("id", "agent"), ("name", key)]));
    for (items, next, start, reverse) in [
        (item("other", "k"), key("agent", "k"), None, false),
        (json!({ "version": { "N": "1" } }), key("agent", "k"), None, false),
        (item("agent", "k"), json!({ "foo": { "L": [] } }), None, false),
        (item("agent", "k"), key("other", "k"), None, false),
        (item("agent", "k"), key("agent", &"k".repeat(2_000)), None, false),
        (item("agent", "k"), key("agent", "k"), after("k"), false),
        (item("agent", "k"), key("agent", "a"), after("k"), false),
        (item("agent", "k"), key("agent", "z"), after("k"), true),
    ] {
        proxy.refuse_next(listed(&items, &next));
        let listing = Listing { after: start, reverse, ..Listing::default() };
        let error = attempt(&db, "", Action::List(listing)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_applied()),
            (ErrorKind::Connection, false),
            "{next}: {error}"
        );
    }
    proxy.refuse_next(listed(&item("agent", "k"), &key("agent", "k")));
    let listing = Listing { after: after("a"), ..Listing::default() };
    let Answer::Page(page) = run(&db, "", Action::List(listing)).await else { unreachable!("a page") };
    assert_eq!((page.records.len(), page.next), (1, after("k")));
}

#[tokio::test]
async fn a_page_ends_within_many_that_have_expired_and_the_next_goes_on_there() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    run(&db, "z", Action::Put(value("v"))).await;
    for number in 10..30 {
        let key = json!({ "id": { "S": "agent" }, "name": { "S": number.to_string() } });
        let mut item = key.clone();
        item["expires"] = json!({ "N": "5" });
        proxy.refuse_next(listed(&item, &key));
    }
    let listing = Listing { limit: Some(1), ..Listing::default() };
    let Answer::Page(page) = run(&db, "", Action::List(listing.clone())).await else {
        unreachable!("a page")
    };
    assert_eq!((page.records.len(), page.next.as_ref().and_then(|next| next.text("name"))), (0, Some("29")));
    let listing = Listing { after: page.next, ..listing };
    let Answer::Page(page) = run(&db, "", Action::List(listing)).await else { unreachable!("a page") };
    assert_eq!(page.records.len(), 1);
}
