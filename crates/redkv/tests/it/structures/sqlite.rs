//! The backend in SQLite, looked at from outside with a connection of the test's own.
#![expect(clippy::unwrap_used, reason = "a failed helper ends its test")]

use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use redkv::error::{Error, ErrorKind, Result};
use redkv::options::Fields;
use redkv::stores::{SqliteStructures, SqliteStructuresConfig};
use redkv_structures::{
    Action, Answer, AtomicAnswer, By, Change, Command, Deletion, Range, Score, ScoreRange, Shown, Structures,
    Usage, Value, Write,
};
use redkv_testing::structures_suite;
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::support::mount::{file_system, make_read_only};

fn open(options: serde_json::Value, timeout: Duration) -> SqliteStructures {
    let mut fields = Fields::new("options", options).unwrap();
    let config = SqliteStructuresConfig::from_fields(&mut fields).unwrap();
    assert_eq!(fields.finish().unwrap(), [""; 0]);
    SqliteStructures::new(config.within(timeout))
}

fn at(path: &Path) -> SqliteStructures {
    open(json!({ "path": path }), Duration::from_secs(60))
}

/// A backend on a file of its own.
struct OnFile {
    backend: Arc<dyn Structures>,
    _directory: TempDir,
}

impl Deref for OnFile {
    type Target = dyn Structures;

    fn deref(&self) -> &Self::Target {
        &*self.backend
    }
}

async fn on_file() -> OnFile {
    let directory = TempDir::new().unwrap();
    OnFile { backend: Arc::new(at(&directory.path().join("kv.db"))), _directory: directory }
}

async fn in_memory() -> Arc<dyn Structures> {
    Arc::new(open(json!({ "path": ":memory:" }), Duration::from_secs(60)))
}

structures_suite!(suite_on_a_file, super::on_file);
structures_suite!(suite_in_memory, super::in_memory);

#[tokio::test]
async fn transactions_and_their_statements_are_counted_and_transactions_reported() {
    let db = on_file().await;
    db.init().await.unwrap();
    let reports = Arc::new(Mutex::new(Vec::new()));
    let seen = reports.clone();
    db.observe(Arc::new(move |report| seen.lock().unwrap().push((report.operation, report.units))));
    let counted = |usage: Usage| (usage.requests, usage.commands, usage.read_units, usage.write_units);
    let before = db.usage();
    assert_eq!(counted(before), (0, 0, 0.0, 0.0));
    // Whether there is another kind, and the row.
    let set = |key: &'static str| Command::new(key, Action::Set("v".into()));
    db.run(&[set("a"), set("b")]).await;
    assert_eq!(counted(db.usage()), (1, 4, 0.0, 0.0));
    let get = |key: &'static str| Command::new(key, Action::Get);
    db.run(&[get("a"), get("b"), get("c")]).await;
    assert_eq!(counted(db.usage()), (2, 7, 0.0, 0.0));
    db.write_atomically(&[Write::new("n", Change::IncrBy(1))], 0).await.unwrap();
    assert_eq!(db.usage().requests, 3);
    assert_eq!(*reports.lock().unwrap(), [("write", None), ("read", None), ("write", None)]);
}

async fn run(db: &SqliteStructures, key: &'static str, action: Action) -> Result<Answer> {
    db.run(&[Command::new(key, action)]).await.remove(0)
}

async fn get(db: &SqliteStructures, key: &'static str) -> Option<String> {
    let Answer::Value(value) = run(db, key, Action::Get).await.unwrap() else { unreachable!("a value") };
    value.map(|value| String::from_utf8(value.to_vec()).unwrap())
}

async fn set(db: &SqliteStructures, key: &'static str, value: &str) -> Result<Answer> {
    run(db, key, Action::Set(value.into())).await
}

fn path_in(directory: &TempDir) -> std::path::PathBuf {
    directory.path().join("kv.db")
}

fn message(answer: Result<Answer>) -> (ErrorKind, String) {
    let error = answer.unwrap_err();
    (error.kind(), error.message().to_owned())
}

#[tokio::test]
async fn two_backends_on_one_file_see_what_the_other_writes_and_count_each_step() {
    let directory = TempDir::new().unwrap();
    let (one, other) = (at(&path_in(&directory)), at(&path_in(&directory)));
    let (first, second) = tokio::join!(set(&one, "a", "1"), set(&other, "b", "2"));
    assert_eq!((first.unwrap(), second.unwrap()), (Answer::Done, Answer::Done));
    assert_eq!((get(&other, "a").await.as_deref(), get(&one, "b").await.as_deref()), (Some("1"), Some("2")));

    let count = |db| async move {
        for _ in 0..25 {
            run(db, "n", Action::IncrBy(1)).await.unwrap();
            let write = [Write::new("m", Change::IncrBy(1)), Write::new("x", Change::IncrBy(-1))];
            assert_eq!(db.write_atomically(&write, 3).await.unwrap(), AtomicAnswer::Committed);
        }
    };
    tokio::join!(count(&one), count(&other), count(&one), count(&other));
    assert_eq!(get(&one, "n").await.as_deref(), Some("100"));
    assert_eq!(get(&one, "m").await.as_deref(), Some("100"));
    assert_eq!(get(&other, "x").await.as_deref(), Some("-100"));
}

#[tokio::test]
async fn what_was_written_is_there_when_it_is_opened_again() {
    let directory = TempDir::new().unwrap();
    let db = at(&path_in(&directory));
    set(&db, "k", "v").await.unwrap();
    db.close().await;
    assert_eq!(run(&db, "k", Action::Get).await.unwrap_err().kind(), ErrorKind::Closed);
    let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "close lets go of the file: {files:?}");
    assert_eq!(get(&at(&path_in(&directory)), "k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn the_table_is_as_documented() {
    let directory = TempDir::new().unwrap();
    let db = open(json!({ "path": path_in(&directory), "tableName": "my `data`" }), Duration::from_secs(5));
    set(&db, "v", "text").await.unwrap();
    run(&db, "s", Action::SAdd(vec!["m".into()])).await.unwrap();
    run(&db, "h", Action::HSet(vec![("f".into(), Value::from(7))])).await.unwrap();
    let zadd = Action::ZAdd { member: "m".into(), score: Score::from(1) };
    run(&db, "z", zadd).await.unwrap();
    let zhadd = Action::ZhAdd { field: "f".into(), member: "m".into(), score: Score::from(-2) };
    run(&db, "zh", zhadd).await.unwrap();

    let outside = Connection::open(path_in(&directory)).unwrap();
    let mut rows =
        outside.prepare("SELECT hk, rk, hex(rk2), kind, value FROM `my ``data``` ORDER BY hk").unwrap();
    type Row = (Vec<u8>, Vec<u8>, String, i64, Option<Vec<u8>>);
    let rows: Vec<Row> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .unwrap()
        .map(|row| row.unwrap())
        .collect();
    let row = |hk: &str, rk: &str, rk2: &str, kind: i64, value: Option<&str>| -> Row {
        (hk.into(), rk.into(), rk2.into(), kind, value.map(Into::into))
    };
    let expected = [
        row("h", "f", "", 2, Some("7")),
        row("s", "m", "", 1, None),
        row("v", "", "", 0, Some("text")),
        row("z", "m", "BFF00000000000006D", 3, None),
        row("zh", "f", "3FFFFFFFFFFFFFFF66", 3, Some("m")),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn a_table_of_another_program_is_refused_by_name() {
    let directory = TempDir::new().unwrap();
    let outside = Connection::open(path_in(&directory)).unwrap();
    let columns = "hk BLOB NOT NULL, rk BLOB NOT NULL, rk2 BLOB";
    for (name, table) in [
        ("structures", "TABLE structures (id INTEGER PRIMARY KEY, text)".to_owned()),
        ("other", "TABLE other (hk, rk, rk2, kind, value)".to_owned()),
        ("texts", format!("TABLE texts ({columns}, kind TEXT, value TEXT, PRIMARY KEY (hk, rk))")),
        (
            "more",
            format!(
                "TABLE more ({columns}, kind INTEGER, value BLOB, owner TEXT NOT NULL, PRIMARY KEY (hk, rk))"
            ),
        ),
        ("view", "VIEW view AS SELECT 1 AS hk, 2 AS rk, 3 AS rk2, 4 AS kind, 5 AS value".to_owned()),
    ] {
        outside.execute_batch(&format!("CREATE {table}")).unwrap();
        let db = open(json!({ "path": path_in(&directory), "tableName": name }), Duration::from_secs(5));
        let error: Error = db.init().await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("tableName")), "{error}");
    }
    let mut fields = Fields::new("options", json!({ "path": "a", "tableName": "sqlite_x" })).unwrap();
    let error = SqliteStructuresConfig::from_fields(&mut fields).unwrap_err();
    assert_eq!(error.field(), Some("tableName"));
}

#[tokio::test]
async fn a_write_that_is_kept_out_waits_and_reads_of_other_keys_go_on() {
    let directory = TempDir::new().unwrap();
    let db = open(json!({ "path": path_in(&directory) }), Duration::from_millis(400));
    set(&db, "k", "old").await.unwrap();
    let outside = Connection::open(path_in(&directory)).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let (written, other, same) = tokio::join!(
        biased;
        set(&db, "k", "new"),
        async { (run(&db, "other", Action::Get).await.unwrap(), began.elapsed()) },
        get(&db, "k"),
    );
    let error = written.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable(), error.may_have_applied()),
        (ErrorKind::Store, true, false)
    );
    assert!(error.message().ends_with("is locked by another connection"), "{error}");
    assert!(other.1 < began.elapsed(), "a read of another key was answered before the write");
    assert_eq!(same.as_deref(), Some("old"), "a read of the same key waited for the write");
    let (written, ()) = tokio::join!(biased; set(&db, "k", "new"), async {
        outside.execute_batch("COMMIT").unwrap();
    });
    assert_eq!(written.unwrap(), Answer::Done);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_written() {
    let directory = TempDir::new().unwrap();
    let db = at(&path_in(&directory));
    set(&db, "k", "old").await.unwrap();
    let outside = Connection::open(path_in(&directory)).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let given_up = tokio::time::timeout(Duration::from_millis(50), set(&db, "k", "new")).await;
    assert!(given_up.is_err());
    outside.execute_batch("COMMIT").unwrap();
    assert_eq!(get(&db, "k").await.as_deref(), Some("old"));
}

#[tokio::test]
async fn a_table_that_was_removed_is_made_again() {
    let directory = TempDir::new().unwrap();
    let db = at(&path_in(&directory));
    set(&db, "k", "v").await.unwrap();
    Connection::open(path_in(&directory)).unwrap().execute_batch("DROP TABLE structures").unwrap();
    let error = set(&db, "k", "v").await.unwrap_err();
    assert!(error.is_retryable() && !error.may_have_applied(), "{error:?}");
    set(&db, "k", "v").await.unwrap();
    Connection::open(path_in(&directory)).unwrap().execute_batch("DROP TABLE structures").unwrap();
    db.create_table().await.unwrap();
    assert_eq!(get(&db, "k").await, None);
}

#[tokio::test]
async fn a_file_that_was_removed_takes_no_writes() {
    let directory = TempDir::new().unwrap();
    let db = at(&path_in(&directory));
    set(&db, "k", "v").await.unwrap();
    std::fs::remove_file(path_in(&directory)).unwrap();
    assert_eq!(message(set(&db, "k", "lost").await).0, ErrorKind::Store);
    set(&db, "k", "new").await.unwrap();
    assert_eq!(get(&at(&path_in(&directory)), "k").await.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_hundred_thousand_members_are_listed() {
    let db = open(json!({ "path": ":memory:" }), Duration::from_secs(60));
    let add = |n: usize| {
        let (member, score) = (format!("m{n:06}").into(), Score::from((n % 2) as i32));
        Command::new("z", Action::ZAdd { member, score })
    };
    let all: Vec<_> = (0..100_000).map(add).collect();
    assert!(db.run(&all).await.iter().all(Result::is_ok));
    let range = Range {
        by: By::Score(ScoreRange::ALL),
        shown: Shown::Value,
        reverse: true,
        limit: None,
        with_scores: false,
        is_page: false,
        after: None,
    };
    let Answer::List(all) = run(&db, "z", Action::ZRange(range.clone())).await.unwrap() else {
        unreachable!("a list")
    };
    assert_eq!((all.len(), &all[0][..], &all[99_999][..]), (100_000, &b"m099999"[..], &b"m000000"[..]));
    let after = Some((Score::from(1), "m050001".into()));
    let page = Range { is_page: true, limit: Some(2), after, ..range };
    let Answer::Page(page) = run(&db, "z", Action::ZRange(page)).await.unwrap() else {
        unreachable!("a page")
    };
    assert_eq!(page.entries[0].value, "m049999");
    assert_eq!(page.next, Some((Score::from(1), "m049997".into())));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_read_only_file_is_read() {
    let Some(folder) = file_system("structures::sqlite::a_read_only_file_is_read", 4_096) else { return };
    let path = folder.join("kv.db");
    let db = at(&path);
    set(&db, "k", "v").await.unwrap();
    db.close().await;
    make_read_only(&folder);
    let db = at(&path);
    db.init().await.unwrap();
    assert_eq!(get(&db, "k").await.as_deref(), Some("v"));
    let (kind, said) = message(set(&db, "k", "new").await);
    assert_eq!(
        (kind, said),
        (ErrorKind::Store, format!("'{}' or its directory is read-only", path.display()))
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn on_a_full_disk_writes_are_refused_whole_and_deletes_go_on() {
    let name = "structures::sqlite::on_a_full_disk_writes_are_refused_whole_and_deletes_go_on";
    let Some(folder) = file_system(name, 4_096) else { return };
    let db = at(&folder.join("kv.db"));
    let key = |n: usize| format!("k{n}");
    let large = Value::from("x".repeat(5_000).as_str());
    let mut made = 0;
    let error = loop {
        let set = Command::new(key(made), Action::Set(large.clone()));
        match db.run(&[set]).await.remove(0) {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    assert!(error.message().starts_with("no space is left"), "{error}");
    assert!(made > 50, "{made}");
    let writes = [Write::new("a", Change::Set("small".into())), Write::new("b", Change::Set(large.clone()))];
    assert!(db.write_atomically(&writes, 3).await.is_err());
    assert_eq!(get(&db, "a").await, None, "all or nothing");
    let deletes = (1..made).map(|n| Command::new(key(n), Action::Delete(Deletion::All)));
    for delete in deletes {
        assert_eq!(db.run(&[delete]).await.remove(0).unwrap(), Answer::Is(true));
    }
    for _ in 0..20 {
        set(&db, "new", &"x".repeat(5_000)).await.unwrap();
    }
}

#[tokio::test]
async fn what_comes_together_is_made_together() {
    let directory = TempDir::new().unwrap();
    let db = &at(&path_in(&directory));
    let steps = join_all((0..200).map(|n| async move {
        match n % 3 {
            0 => drop(run(db, "n", Action::IncrBy(1)).await.unwrap()),
            1 => drop(db.write_atomically(&[Write::new("n", Change::IncrBy(1))], 0).await.unwrap()),
            _ => assert_eq!(run(db, "n", Action::SCard).await.unwrap_err().kind(), ErrorKind::Type),
        }
    }));
    steps.await;
    assert_eq!(get(db, "n").await.as_deref(), Some("134"));
}
