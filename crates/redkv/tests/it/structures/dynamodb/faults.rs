//! Answers that are lost, throttling, and batches that are left unprocessed.

use std::sync::{Arc, Mutex};

use redkv::error::ErrorKind;
use redkv::structures::{Action, Answer, AtomicAnswer, Change, Command, Structures, Value, Write};
use serde_json::{Value as Json, json};

use super::calls::{all, attempt, bytes, run, zadd};
use super::table::Table;
use crate::support::dynamodb::{answer, refusal};
use crate::support::proxy::{Proxy, dead_endpoint};

fn cancelled(codes: &[&str]) -> String {
    let reasons: Vec<_> = codes.iter().map(|code| json!({ "Code": code, "Message": "no" })).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "cancelled",
        "CancellationReasons": reasons,
    });
    answer("400 Bad Request", &body)
}

async fn behind_proxy(options: Json) -> (impl Structures, Proxy, String) {
    let (table, proxy) = Table::behind_proxy().await;
    let db = table.backend(options);
    db.init().await.unwrap();
    (db, proxy, table.name)
}

#[tokio::test]
async fn an_increment_whose_answer_was_lost_is_not_sent_again() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    proxy.lose_the_next_answer();
    let error = attempt(&db, "n", Action::IncrBy(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.may_have_applied());
    assert_eq!(run(&db, "n", Action::IncrBy(0)).await, Answer::Integer(1));
}

#[tokio::test]
async fn a_conditional_write_whose_answer_was_lost_is_not_sent_again() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    proxy.lose_the_next_answer();
    let error = attempt(&db, "k", Action::SetNx("v".into())).await.unwrap_err();
    assert!(error.may_have_applied());
    assert_eq!(run(&db, "k", Action::Get).await, Answer::Value(Some(bytes("v"))));
}

#[tokio::test]
async fn a_failure_inside_the_service_may_have_come_after_an_increment() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "no" });
    proxy.refuse_next(answer("500 Internal Server Error", &body));
    let error = attempt(&db, "n", Action::IncrBy(1)).await.unwrap_err();
    assert!(error.may_have_applied());
    assert_eq!(run(&db, "n", Action::IncrBy(0)).await, Answer::Integer(0));
}

#[tokio::test]
async fn a_read_whose_answer_was_lost_is_sent_again() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    run(&db, "k", Action::Set("v".into())).await;
    proxy.lose_the_next_answer();
    assert_eq!(run(&db, "k", Action::Get).await, Answer::Value(Some(bytes("v"))));
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_counts_once() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    proxy.lose_the_next_answer();
    let writes = [Write::new("n", Change::IncrBy(1)), Write::new("m", Change::SetNx(Value::from("v")))];
    assert_eq!(db.write_atomically(&writes, 3).await.unwrap(), AtomicAnswer::Committed);
    assert_eq!(run(&db, "n", Action::IncrBy(0)).await, Answer::Integer(1));
}

#[tokio::test]
async fn an_error_of_the_connection_names_host_and_port() {
    let table = Table { endpoint: dead_endpoint(), name: "t".into() };
    let address = table.endpoint.trim_start_matches("http://");
    let error = attempt(&table.backend(json!({ "maxRetries": 0 })), "k", Action::Get).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.message().starts_with(&format!("cannot connect to {address}: ")), "{error}");

    let (db, proxy, _) = behind_proxy(json!({})).await;
    proxy.lose_the_next_answer();
    let error = attempt(&db, "n", Action::IncrBy(1)).await.unwrap_err();
    let address = proxy.endpoint.trim_start_matches("http://");
    assert!(error.message().starts_with(&format!("no usable response from {address}: ")), "{error}");
}

#[tokio::test]
async fn a_throttled_increment_is_sent_again() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    proxy.refuse_next(refusal("ProvisionedThroughputExceededException"));
    assert_eq!(run(&db, "n", Action::IncrBy(1)).await, Answer::Integer(1));
}

#[tokio::test]
async fn an_increment_that_is_throttled_again_and_again_fails_as_throttled() {
    let (db, proxy, _) = behind_proxy(json!({ "maxRetries": 1 })).await;
    (0..2).for_each(|_| proxy.refuse_next(refusal("ThrottlingException")));
    let error = attempt(&db, "n", Action::IncrBy(1)).await.unwrap_err();
    assert!(error.message().starts_with("throttled"), "{error}");
    assert!(error.is_retryable() && !error.may_have_applied());
}

#[tokio::test]
async fn a_write_that_meets_a_transaction_is_made_after_it() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    (0..3).for_each(|_| proxy.refuse_next(refusal("TransactionConflictException")));
    assert_eq!(run(&db, "n", Action::IncrBy(1)).await, Answer::Integer(1));
}

#[tokio::test]
async fn a_transaction_in_conflict_is_tried_as_often_as_asked() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    let writes = [Write::new("a", Change::IncrBy(1)), Write::new("b", Change::IncrBy(1))];
    (0..2).for_each(|_| proxy.refuse_next(cancelled(&["None", "TransactionConflict"])));
    assert_eq!(db.write_atomically(&writes, 2).await.unwrap(), AtomicAnswer::Committed);
    (0..3).for_each(|_| proxy.refuse_next(cancelled(&["TransactionConflict", "ConditionalCheckFailed"])));
    let error = db.write_atomically(&writes, 2).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Conflict, true));
    assert!(!error.may_have_applied());
    assert_eq!(run(&db, "a", Action::IncrBy(0)).await, Answer::Integer(1));
}

#[tokio::test]
async fn a_throttled_transaction_is_throttled_and_in_no_conflict() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    proxy.refuse_next(cancelled(&["None", "ThrottlingError"]));
    let writes = [Write::new("a", Change::IncrBy(1)), Write::new("b", Change::IncrBy(1))];
    let error = db.write_atomically(&writes, 3).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true));
    assert!(error.message().starts_with("throttled"), "{error}");
}

#[tokio::test]
async fn keys_that_are_left_unprocessed_are_asked_for_again() {
    let (db, proxy, table) = behind_proxy(json!({})).await;
    run(&db, "a", Action::Set("1".into())).await;
    run(&db, "b", Action::Set("2".into())).await;
    // In Base64: a, b, and the place of the value.
    let key = |key: &str| json!({ "hk": { "B": key }, "rk": { "B": "Xw==" } });
    let keys = json!({ "Keys": [key("YQ=="), key("Yg==")] });
    let unprocessed = json!({ "Responses": {}, "UnprocessedKeys": { table: keys } });
    (0..3).for_each(|_| proxy.refuse_next(answer("200 OK", &unprocessed)));
    let answers = db.run(&[Command::new("a", Action::Get), Command::new("b", Action::Get)]).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [Answer::Value(Some(bytes("1"))), Answer::Value(Some(bytes("2")))]);
}

#[tokio::test]
async fn deletions_that_are_left_unprocessed_are_sent_again() {
    let (db, proxy, table) = behind_proxy(json!({})).await;
    run(&db, "z", zadd("a", 1.0)).await;
    run(&db, "z", zadd("b", 1.0)).await;
    let delete = |range: &str| {
        let key = json!({ "hk": { "B": "eg==" }, "rk": { "B": range } });
        json!({ "DeleteRequest": { "Key": key } })
    };
    let unprocessed = json!({ "UnprocessedItems": { table: [delete("YQ=="), delete("Yg==")] } });
    (0..3).for_each(|_| proxy.refuse_next(answer("200 OK", &unprocessed)));
    assert_eq!(run(&db, "z", Action::ZRem(all(&["a", "b"]))).await, Answer::Done);
    assert_eq!(run(&db, "z", Action::ZCard).await, Answer::Count(0));
}

#[tokio::test]
async fn requests_are_counted_and_reported_with_their_units() {
    let (db, _proxy, _) = behind_proxy(json!({})).await;
    let reports = Arc::new(Mutex::new(Vec::new()));
    let seen = reports.clone();
    db.observe(Arc::new(move |report| seen.lock().unwrap().push((report.operation, report.units))));
    let before = db.usage();
    run(&db, "k", Action::Set("v".into())).await;
    run(&db, "k", Action::Get).await;
    let after = db.usage();
    assert_eq!(after.requests - before.requests, 2);
    let units = (after.read_units - before.read_units, after.write_units - before.write_units);
    assert_eq!(units, (1.0, 1.0));
    assert_eq!(*reports.lock().unwrap(), [("PutItem", Some(1.0)), ("GetItem", Some(1.0))]);
}

#[tokio::test]
async fn an_answer_of_success_that_cannot_be_read_may_have_written() {
    let (db, proxy, _) = behind_proxy(json!({})).await;
    run(&db, "n", Action::IncrBy(1)).await;
    for body in [json!(null), json!("hi"), json!({}), json!({ "Attributes": { "v": { "N": "zzz" } } })] {
        proxy.refuse_next(answer("200 OK", &body));
        let error = attempt(&db, "n", Action::IncrBy(1)).await.unwrap_err();
        assert!(error.may_have_applied(), "{body}: {error}");
    }
}
