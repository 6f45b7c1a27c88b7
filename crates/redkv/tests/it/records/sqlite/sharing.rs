//! Several backends on one file, and other connections.
#![expect(clippy::unwrap_used, reason = "a failed helper ends its test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use redkv::error::{ErrorKind, Result};
use redkv::service::{Batching, RequestObserver, Usage};
use redkv::store::Answers;
use redkv::stores::SqliteRecords;
use redkv_records::{Action, Answer, Command, Index, Records, TableShape};
use redkv_testing::records::random::random_programs_are_answered_as_by_the_model;
use serde_json::json;

use super::support::{OnFile, field, get, list, local, open_within, put, run, text, value};

#[tokio::test]
async fn two_backends_on_one_file_see_what_the_other_writes() {
    let db = OnFile::new();
    let other = db.another();
    let (first, second) = tokio::join!(put(&*db, "a", value("1")), put(&other, "b", value("2")));
    assert_eq!((first.unwrap().version, second.unwrap().version), (1, 1));
    assert_eq!(text(&other, "a").await.as_deref(), Some("1"));
    assert_eq!(text(&*db, "b").await.as_deref(), Some("2"));
    assert_eq!(put(&other, "a", value("3")).await.unwrap().version, 2);
    assert_eq!(put(&*db, "a", value("4")).await.unwrap().version, 3);
    assert_eq!(list(&other, None).await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn an_index_that_another_backend_declares_is_kept_by_both() {
    let db = OnFile::new();
    let other = db.another();
    put(&*db, "a", field("created", "2")).await.unwrap();
    let shape = TableShape { local: vec![local("l", "created")], ..TableShape::default() };
    let index = || Some(Index::Local(local("l", "created")));
    list(&*db, index()).await.unwrap_err();
    other.create_table(&shape).await.unwrap();
    put(&*db, "b", field("created", "1")).await.unwrap();
    put(&other, "c", field("created", "3")).await.unwrap();
    assert_eq!(list(&*db, index()).await.unwrap(), ["b", "a", "c"]);
    assert_eq!(list(&other, index()).await.unwrap(), ["b", "a", "c"]);
}

#[tokio::test]
async fn of_eight_writers_on_two_backends_each_counts_each_step() {
    let db = OnFile::new();
    let others: Vec<SqliteRecords> = (0..2).map(|_| db.another()).collect();
    let writer = |n: usize| {
        let db = &others[n % 2];
        async move {
            for _ in 0..10 {
                count(db).await;
            }
        }
    };
    join_all((0..8).map(writer)).await;
    let record = get(&*db, "n").await.unwrap();
    assert_eq!((record.value.as_deref(), record.version), (Some("80"), 80));
}

async fn count(db: &SqliteRecords) {
    loop {
        let found = get(db, "n").await;
        let count = found.as_ref().and_then(|record| record.value.as_deref()?.parse().ok()).unwrap_or(0);
        let change = value(&(count + 1_u32).to_string());
        let action = match &found {
            Some(record) => Action::Replace { change, version: record.version },
            None => Action::Create(change),
        };
        if let Answer::Written(_) = run(db, "n", action).await.unwrap() {
            return;
        }
    }
}

#[tokio::test]
async fn a_write_that_is_kept_out_waits_and_reads_of_other_records_go_on() {
    let db = OnFile::new();
    let db_within = open_within(json!({ "path": db.path() }), Duration::from_millis(400));
    put(&db_within, "k", value("old")).await.unwrap();
    let outside = db.outside();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let (written, other, same, listed) = tokio::join!(
        biased;
        put(&db_within, "k", value("new")),
        async { (get(&db_within, "other").await, began.elapsed()) },
        text(&db_within, "k"),
        list(&db_within, None),
    );
    let error = written.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable(), error.may_have_applied()),
        (ErrorKind::Store, true, false)
    );
    assert!(error.message().ends_with("is locked by another connection"), "{error}");
    assert!(other.1 < began.elapsed(), "a read of another record was answered before the write");
    assert_eq!(same.as_deref(), Some("old"), "a read of the same record waited for the write");
    assert_eq!(listed.unwrap(), ["k"]);
    let (written, listed, ()) = tokio::join!(biased; put(&db_within, "l", value("new")), list(&db_within, None), async {
        outside.execute_batch("COMMIT").unwrap();
    });
    written.unwrap();
    assert_eq!(listed.unwrap(), ["k", "l"], "a list waits for the writes before it");
}

#[tokio::test]
async fn a_table_that_is_there_is_made_again_while_another_connection_writes() {
    let db = OnFile::new();
    let shape = TableShape { local: vec![local("l", "f")], ..TableShape::default() };
    db.create_table(&shape).await.unwrap();
    let outside = db.outside();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let other = open_within(json!({ "path": db.path() }), Duration::from_millis(400));
    other.create_table(&shape).await.unwrap();
    assert_eq!(list(&other, Some(Index::Local(local("l", "f")))).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_written() {
    let db = OnFile::new();
    put(&*db, "k", value("old")).await.unwrap();
    let outside = db.outside();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let given_up = tokio::time::timeout(Duration::from_millis(50), put(&*db, "k", value("new"))).await;
    assert!(given_up.is_err());
    outside.execute_batch("COMMIT").unwrap();
    assert_eq!(text(&*db, "k").await.as_deref(), Some("old"));
}

/// Several backends that are asked by turns.
#[derive(Debug)]
struct ByTurns {
    backends: [SqliteRecords; 2],
    turn: AtomicUsize,
}

impl ByTurns {
    fn next(&self) -> &SqliteRecords {
        &self.backends[self.turn.fetch_add(1, Ordering::Relaxed) % 2]
    }
}

impl Records for ByTurns {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn batching(&self) -> Batching {
        self.next().batching()
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.next().init()
    }

    fn create_table<'a>(&'a self, shape: &'a TableShape) -> BoxFuture<'a, Result<()>> {
        self.next().create_table(shape)
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        self.next().run(commands)
    }

    fn usage(&self) -> Usage {
        self.next().usage()
    }

    fn observe(&self, observer: RequestObserver) {
        self.next().observe(observer);
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.next().close()
    }
}

#[tokio::test]
async fn random_programs_on_two_backends_by_turns_are_answered_as_by_the_model() {
    let db = OnFile::new();
    let backends = ByTurns { backends: [db.another(), db.another()], turn: AtomicUsize::new(0) };
    random_programs_are_answered_as_by_the_model(&backends).await;
}

#[tokio::test]
async fn transactions_are_counted_and_reported() {
    let db = OnFile::new();
    db.init().await.unwrap();
    let reports = Arc::new(Mutex::new(Vec::new()));
    let seen = reports.clone();
    db.observe(Arc::new(move |report| seen.lock().unwrap().push((report.operation, report.units))));
    let before = db.usage().requests;
    put(&*db, "k", value("v")).await.unwrap();
    get(&*db, "k").await.unwrap();
    assert_eq!(db.usage().requests - before, 2);
    assert!(db.usage().commands >= 3);
    assert_eq!(*reports.lock().unwrap(), [("write", None), ("read", None)]);
}
