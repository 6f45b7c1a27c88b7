//! What the SQLite store keeps, shares and refuses, looked at from outside with a connection of the test's own.
#![expect(clippy::unwrap_used, reason = "a failed helper ends its test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, OnceLock};

use bytes::Bytes;
use futures_util::FutureExt;
use redkv::clock::{Clock, ManualClock, SystemClock};
use redkv::config::Fields;
use redkv::conformance::Subject;
use redkv::conformance_suite;
use redkv::entry::{Deadline, Entry, Key};
use redkv::error::{Error, ErrorKind, Result};
use redkv::store::{Expiry, SetMode, Store, Want};
use redkv::stores::{SqliteConfig, SqliteStore};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

const START: u64 = 1_000_000;

fn config(options: Value) -> SqliteConfig {
    let mut fields = Fields::new("sqlite options", options).unwrap();
    let config = SqliteConfig::from_fields(&mut fields).unwrap();
    assert_eq!(fields.finish().unwrap(), [""; 0]);
    config
}

fn open(options: Value) -> SqliteStore {
    SqliteStore::new(config(options), Arc::new(SystemClock))
}

/// A file of its own for a case of the suite, in a directory that every run empties first.
fn conformance_file() -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sqlite-conformance");
        fs::remove_dir_all(&directory).ok();
        fs::create_dir_all(&directory).unwrap();
        directory
    });
    directory.join(format!("{:016x}.db", fastrand::u64(..)))
}

fn subject(options: Value) -> Subject {
    let clock = Arc::new(ManualClock::starting_at(START));
    Subject::with_clock(Arc::new(SqliteStore::new(config(options), clock.clone())), clock)
}

async fn with_deadlines() -> Subject {
    subject(json!({ "path": conformance_file(), "expiresColumn": "expires" }))
}

async fn without_deadlines() -> Subject {
    subject(json!({ "path": conformance_file() }))
}

async fn in_memory() -> Subject {
    subject(json!({ "path": ":memory:", "expiresColumn": "expires" }))
}

conformance_suite!(with_deadlines_conformance, super::with_deadlines);
conformance_suite!(without_deadlines_conformance, super::without_deadlines);
conformance_suite!(in_memory_conformance, super::in_memory);

/// A directory of its own for a test, and the path of a database in it that is not there yet.
struct Place {
    directory: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("kv.db");
        Self { directory, path }
    }

    /// A database that somebody else has made with `sql`.
    fn made_by(sql: &str) -> Self {
        let place = Self::new();
        place.outside().execute_batch(sql).unwrap();
        place
    }

    fn outside(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    fn store(&self) -> SqliteStore {
        open(json!({ "path": self.path }))
    }

    fn store_with_deadlines(&self, clock: Arc<dyn Clock>) -> SqliteStore {
        SqliteStore::new(config(json!({ "path": self.path, "expiresColumn": "expires" })), clock)
    }

    fn ask(&self, sql: &str) -> rusqlite::types::Value {
        self.outside().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn count(&self) -> i64 {
        self.outside().query_row("SELECT count(*) FROM redkv", [], |row| row.get(0)).unwrap()
    }

    fn has_log(&self) -> bool {
        self.directory.path().join("kv.db-wal").exists()
    }
}

async fn set(store: &SqliteStore, key: &str, value: impl Into<Bytes>) -> Result<bool> {
    set_entry(store, key, Entry::new(value), SetMode::Always).await
}

async fn set_entry(store: &SqliteStore, key: &str, entry: Entry, mode: SetMode) -> Result<bool> {
    store.set(&[(key.into(), entry)], mode).await.remove(0)
}

async fn get_entry(store: &SqliteStore, key: &str) -> Result<Option<Entry>> {
    store.get(&[key.into()], Want::ValueAndDeadline).await.remove(0)
}

async fn get(store: &SqliteStore, key: &str) -> Option<Bytes> {
    get_entry(store, key).await.unwrap().map(|entry| entry.value)
}

async fn has(store: &SqliteStore, key: &str) -> bool {
    store.has(&[key.into()]).await.remove(0).unwrap()
}

fn some(text: &'static str) -> Option<Bytes> {
    Some(Bytes::from_static(text.as_bytes()))
}

fn text(text: &str) -> rusqlite::types::Value {
    text.to_owned().into()
}

fn entries<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<(Key, Entry)> {
    names.into_iter().map(|name| (name.into(), Entry::new(name.to_owned()))).collect()
}

fn argument(error: &Error) -> (Option<&str>, &str) {
    assert_eq!(error.kind(), ErrorKind::Argument);
    (error.field(), error.message())
}

const MADE_BY_1_X: &str = "CREATE TABLE IF NOT EXISTS redkv (redk TEXT PRIMARY KEY , redv)";

fn write_as_1_x(connection: &Connection, key: &str, value: &str) {
    connection
        .execute("REPLACE INTO redkv (redk, redv) VALUES (@k, @v)", &[("@k", key), ("@v", value)])
        .unwrap();
}

#[tokio::test]
async fn a_file_of_1_x_reads_back() {
    let place = Place::made_by(MADE_BY_1_X);
    write_as_1_x(&place.outside(), "name", "grüße");
    write_as_1_x(&place.outside(), "number", "00123");
    let store = place.store();
    assert_eq!(get(&store, "name").await, some("grüße"));
    assert_eq!(get(&store, "number").await, some("00123"));
    assert_eq!(get(&store, "missing").await, None);
}

#[tokio::test]
async fn redkv_1_x_reads_what_is_written() {
    let place = Place::made_by(MADE_BY_1_X);
    write_as_1_x(&place.outside(), "k", "old");
    set(&place.store(), "k", "new").await.unwrap();
    assert_eq!(place.ask("SELECT redv FROM redkv WHERE redk = 'k'"), text("new"));
}

#[tokio::test]
async fn a_new_table_has_the_layout_of_1_x() {
    let place = Place::new();
    place.store().init().await.unwrap();
    write_as_1_x(&place.outside(), "k", "written by 1.x");
    assert_eq!(get(&place.store(), "k").await, some("written by 1.x"));
}

#[tokio::test]
async fn text_is_kept_as_text_and_other_bytes_as_blob() {
    let place = Place::new();
    let store = place.store();
    set(&store, "text", "nul\0inside").await.unwrap();
    set(&store, "bytes", &b"\xff\x00\xfe"[..]).await.unwrap();
    assert_eq!(place.ask("SELECT typeof(redv) FROM redkv WHERE redk = 'text'"), text("text"));
    assert_eq!(place.ask("SELECT hex(redv) FROM redkv WHERE redk = 'text'"), text("6E756C00696E73696465"));
    assert_eq!(place.ask("SELECT typeof(redv) FROM redkv WHERE redk = 'bytes'"), text("blob"));
    assert_eq!(place.ask("SELECT hex(redv) FROM redkv WHERE redk = 'bytes'"), text("FF00FE"));
}

#[tokio::test]
async fn numbers_of_others_read_as_the_text_that_sqlite_makes_of_them() {
    let place = Place::made_by(MADE_BY_1_X);
    place
        .outside()
        .execute_batch(
            "INSERT INTO redkv VALUES ('integer', 9007199254740993), ('negative', -5), ('real', 1.5),
             ('whole', 2.0), ('large', 1e100)",
        )
        .unwrap();
    let store = place.store();
    assert_eq!(get(&store, "integer").await, some("9007199254740993"));
    assert_eq!(get(&store, "negative").await, some("-5"));
    assert_eq!(get(&store, "real").await, some("1.5"));
    assert_eq!(get(&store, "whole").await, some("2.0"));
    assert_eq!(get(&store, "large").await, some("1.0e+100"));
}

#[tokio::test]
async fn text_of_others_that_is_not_utf_8_reads_as_its_bytes() {
    let place = Place::made_by(MADE_BY_1_X);
    place.outside().execute("INSERT INTO redkv VALUES ('k', CAST(x'ff0061' AS TEXT))", []).unwrap();
    assert_eq!(get(&place.store(), "k").await, Some(Bytes::from_static(b"\xff\x00a")));
}

#[tokio::test]
async fn a_null_of_others_is_no_entry() {
    let place = Place::made_by(MADE_BY_1_X);
    place.outside().execute("INSERT INTO redkv VALUES ('k', NULL)", []).unwrap();
    let store = place.store();
    assert_eq!(get(&store, "k").await, None);
    assert!(!has(&store, "k").await);
    assert!(set_entry(&store, "k", Entry::new("v"), SetMode::IfAbsent).await.unwrap());
    assert_eq!(get(&store, "k").await, some("v"));
}

#[tokio::test]
async fn names_are_names_whatever_they_look_like() {
    let place = Place::made_by("CREATE TABLE victim (redk)");
    let injection = "x`\"') ; DROP TABLE victim; --";
    let store = open(json!({
        "path": place.path, "tableName": injection, "keyColumn": "order", "valueColumn": "a\"b `c` ]",
        "expiresColumn": "with space",
    }));
    let entry = Entry::until("v", Deadline::at(u64::MAX >> 1));
    set_entry(&store, "k", entry.clone(), SetMode::Always).await.unwrap();
    assert!(!set_entry(&store, "k", Entry::new("other"), SetMode::IfAbsent).await.unwrap());
    assert_eq!(get_entry(&store, "k").await.unwrap(), Some(entry));
    assert_eq!(place.ask("SELECT count(*) FROM victim"), 0.into());
    let outside = place.outside();
    let sql = r#"SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'victim'"#;
    assert_eq!(outside.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap(), injection);
}

#[tokio::test]
async fn a_column_that_is_gone_is_an_error_and_not_its_name() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    place.outside().execute_batch("ALTER TABLE redkv RENAME COLUMN redv TO other").unwrap();
    assert_eq!(get_entry(&store, "k").await.unwrap_err().kind(), ErrorKind::Store);
}

#[tokio::test]
async fn two_stores_on_one_file_see_what_the_other_writes() {
    let place = Place::new();
    let (one, other) = (place.store(), place.store());
    set(&one, "k", "first").await.unwrap();
    assert_eq!(get(&other, "k").await, some("first"));
    set(&other, "k", "second").await.unwrap();
    assert_eq!(get(&one, "k").await, some("second"));
}

#[tokio::test]
async fn two_stores_may_make_the_table_and_write_at_the_same_time() {
    let place = Place::new();
    let (one, other) = (
        place.store_with_deadlines(Arc::new(SystemClock)),
        place.store_with_deadlines(Arc::new(SystemClock)),
    );
    let (first, second) = tokio::join!(set(&one, "a", "1"), set(&other, "b", "2"));
    first.unwrap();
    second.unwrap();
    assert_eq!(place.count(), 2);
}

#[tokio::test]
async fn what_was_written_is_there_after_the_store_was_dropped() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    drop(store);
    assert_eq!(get(&place.store(), "k").await, some("v"));
}

#[tokio::test]
async fn an_acknowledged_write_is_in_the_file_before_the_store_is_closed() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    assert_eq!(place.ask("SELECT redv FROM redkv"), text("v"));
    store.close().await;
}

#[tokio::test]
async fn close_lets_go_of_the_file() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    assert!(place.has_log());
    store.close().await;
    assert!(!place.has_log());
    assert_eq!(place.count(), 1);
}

#[tokio::test]
async fn close_finishes_what_was_asked_before() {
    let place = Place::new();
    let store = place.store();
    let batch = entries(["a", "b"]);
    let (answers, ()) = tokio::join!(biased; store.set(&batch, SetMode::Always), store.close());
    assert_eq!(unwrapped(answers), [true, true]);
    assert_eq!(place.count(), 2);
}

#[tokio::test]
async fn a_closed_store_answers_that_it_is_closed() {
    let store = open(json!({ "path": ":memory:" }));
    store.init().await.unwrap();
    store.close().await;
    store.close().await;
    assert_eq!(set(&store, "k", "v").await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(get_entry(&store, "k").await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(store.init().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_store_that_was_never_used_closes() {
    let place = Place::new();
    place.store().close().await;
    assert!(!place.path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_half_of_a_batch() {
    let place = Place::new();
    let store = place.store();
    store.init().await.unwrap();
    let names: Vec<_> = (0..1_000).map(|n| n.to_string()).collect();
    let batch = entries(names.iter().map(String::as_str));
    let keys: Vec<_> = batch.iter().map(|(key, _)| key.clone()).collect();

    let done = Arc::new(AtomicBool::new(false));
    let outside = place.outside();
    let watcher = std::thread::spawn({
        let done = done.clone();
        move || watch_count(&outside, &done)
    });
    for _ in 0..10 {
        store.set(&batch, SetMode::Always).await;
        store.delete(&keys).await;
    }
    done.store(true, Ordering::SeqCst);
    let seen = watcher.join().unwrap();
    assert!(seen.is_subset(&BTreeSet::from([0, 1_000])), "{seen:?}");
}

fn watch_count(connection: &Connection, done: &AtomicBool) -> BTreeSet<i64> {
    let mut seen = BTreeSet::new();
    while !done.load(Ordering::SeqCst) {
        seen.insert(connection.query_row("SELECT count(*) FROM redkv", [], |row| row.get(0)).unwrap());
    }
    seen
}

/// Writes `good`, `bad` and `late` into a table that refuses `bad`, and looks at what became of them.
async fn assert_that_only_bad_fails(place: &Place) {
    let store = place.store();
    let answers = store.set(&entries(["good", "bad", "late"]), SetMode::IfAbsent).await;
    assert_eq!(answers[0].as_ref().ok(), Some(&true));
    let error = answers[1].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false));
    assert!(!error.may_have_applied());
    assert_eq!(answers[2].as_ref().ok(), Some(&true));
    assert_eq!(get(&store, "good").await, some("good"));
    assert_eq!(get(&store, "bad").await, None);
    assert_eq!(get(&store, "late").await, some("late"));
}

#[tokio::test]
async fn an_entry_that_breaks_a_constraint_fails_alone() {
    let sql = "CREATE TABLE redkv (redk TEXT PRIMARY KEY CHECK (redk <> 'bad'), redv)";
    assert_that_only_bad_fails(&Place::made_by(sql)).await;
}

#[tokio::test]
async fn an_entry_for_which_a_trigger_rolls_back_fails_alone() {
    let sql = "CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv);
        CREATE TRIGGER refuse BEFORE INSERT ON redkv WHEN NEW.redk = 'bad'
        BEGIN SELECT RAISE(ROLLBACK, 'refused'); END";
    assert_that_only_bad_fails(&Place::made_by(sql)).await;
}

#[tokio::test]
async fn an_entry_that_breaks_a_constraint_at_the_end_fails_alone() {
    let sql = "CREATE TABLE names (name TEXT PRIMARY KEY);
        INSERT INTO names VALUES ('good'), ('late');
        CREATE TABLE redkv (
            redk TEXT PRIMARY KEY REFERENCES names DEFERRABLE INITIALLY DEFERRED, redv
        )";
    assert_that_only_bad_fails(&Place::made_by(sql)).await;
}

#[tokio::test]
async fn an_entry_that_a_trigger_ignores_is_not_acknowledged() {
    let sql = "CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv);
        CREATE TRIGGER ignore BEFORE INSERT ON redkv BEGIN SELECT RAISE(IGNORE); END";
    let error = set(&Place::made_by(sql).store(), "k", "v").await.unwrap_err();
    assert_eq!(error.message(), "a trigger of table 'redkv' left the entry out");
}

#[tokio::test]
async fn a_write_leaves_other_columns_and_rows_alone() {
    let place = Place::made_by(
        "CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv, note TEXT DEFAULT 'new', place UNIQUE);
        INSERT INTO redkv VALUES ('k', 'old', 'mine', 7)",
    );
    set(&place.store(), "k", "new").await.unwrap();
    assert_eq!(place.ask("SELECT redv || note || place FROM redkv"), text("newmine7"));
}

#[tokio::test]
async fn a_key_column_that_is_not_unique_is_refused() {
    let place = Place::made_by("CREATE TABLE redkv (redk TEXT, redv)");
    let error = place.store().init().await.unwrap_err();
    let message = "keyColumn 'redk' of table 'redkv' must be its PRIMARY KEY or UNIQUE";
    assert_eq!(argument(&error), (Some("keyColumn"), message));
}

#[tokio::test]
async fn a_table_without_the_columns_is_refused() {
    let place = Place::made_by("CREATE TABLE redkv (id TEXT PRIMARY KEY, value)");
    let error = place.store().init().await.unwrap_err();
    let message = "keyColumn 'redk' is not a column of table 'redkv'";
    assert_eq!(argument(&error), (Some("keyColumn"), message));

    let error = open(json!({ "path": place.path, "keyColumn": "ID" })).init().await.unwrap_err();
    let message = "valueColumn 'redv' is not a column of table 'redkv'";
    assert_eq!(argument(&error), (Some("valueColumn"), message));
}

#[tokio::test]
async fn a_missing_directory_is_named_and_may_appear_later() {
    let place = Place::new();
    let directory = place.directory.path().join("missing");
    let path = directory.join("kv.db");
    let store = open(json!({ "path": path }));
    let error = store.init().await.unwrap_err();
    let message = format!(
        "path '{}' cannot be opened: there is no directory '{}'",
        path.display(),
        directory.display()
    );
    assert_eq!(argument(&error), (Some("path"), message.as_str()));

    fs::create_dir(&directory).unwrap();
    set(&store, "k", "v").await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let place = Place::new();
    let content = "this is a text, not a database. ".repeat(100);
    fs::write(&place.path, &content).unwrap();
    let error = place.store().init().await.unwrap_err();
    let message = format!("path '{}' is not a SQLite database", place.path.display());
    assert_eq!(argument(&error), (Some("path"), message.as_str()));
    assert_eq!(fs::read_to_string(&place.path).unwrap(), content);
}

#[tokio::test]
async fn a_directory_is_no_database() {
    let place = Place::new();
    let error = open(json!({ "path": place.directory.path() })).init().await.unwrap_err();
    let message = format!("path '{}' is a directory", place.directory.path().display());
    assert_eq!(argument(&error), (Some("path"), message.as_str()));
}

#[tokio::test]
async fn an_old_table_gets_the_column_of_deadlines() {
    let place = Place::made_by(MADE_BY_1_X);
    write_as_1_x(&place.outside(), "old", "v");
    let store = place.store_with_deadlines(Arc::new(ManualClock::starting_at(START)));
    let entry = Entry::until("new", Deadline::at(START + 50));
    set_entry(&store, "new", entry.clone(), SetMode::Always).await.unwrap();
    assert_eq!(get_entry(&store, "old").await.unwrap(), Some(Entry::new("v")));
    assert_eq!(get_entry(&store, "new").await.unwrap(), Some(entry));
    assert_eq!(place.ask("SELECT expires FROM redkv WHERE redk = 'new'"), 1_000_050.into());
    assert_eq!(place.ask("SELECT typeof(expires) FROM redkv WHERE redk = 'old'"), text("null"));
}

#[tokio::test]
async fn without_a_column_of_deadlines_only_the_entries_with_one_are_refused() {
    let store = open(json!({ "path": ":memory:" }));
    let mortal = Entry::until("v", Deadline::at(u64::MAX));
    let batch = [("mortal".into(), mortal), ("immortal".into(), Entry::new("v"))];
    let answers = store.set(&batch, SetMode::Always).await;
    let error = answers[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.message(), "a ttl needs the option expiresColumn");
    assert_eq!(answers[1].as_ref().ok(), Some(&true));
    assert!(!has(&store, "mortal").await);
}

#[tokio::test]
async fn a_text_column_cannot_hold_deadlines() {
    let place = Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv, expires VARCHAR(20))");
    let error = place.store_with_deadlines(Arc::new(SystemClock)).init().await.unwrap_err();
    let message = "expiresColumn 'expires' of table 'redkv' must be INTEGER, it is VARCHAR(20)";
    assert_eq!(argument(&error), (Some("expiresColumn"), message));
}

#[tokio::test]
async fn a_deadline_of_others_that_is_no_number_is_an_error_and_deletes_nothing() {
    let place = Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv, expires DATETIME)");
    place.outside().execute("INSERT INTO redkv VALUES ('k', 'v', '2001-01-01 10:00')", []).unwrap();
    let store = place.store_with_deadlines(Arc::new(SystemClock));
    set(&store, "other", "v").await.unwrap();
    let error = get_entry(&store, "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert_eq!(error.message(), "a deadline in column 'expires' is Text, not a number");
    assert!(!set_entry(&store, "k", Entry::new("new"), SetMode::IfAbsent).await.unwrap());
    assert_eq!(place.count(), 2);
}

#[tokio::test]
async fn entries_past_their_deadline_are_deleted_beside_later_writes() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with_deadlines(clock.clone());
    let mortal = |n| (Key::from(format!("{n}")), Entry::until("v", Deadline::at(START + 50)));
    store.set(&(0..150).map(mortal).collect::<Vec<_>>(), SetMode::Always).await;
    let immortal = Entry::until("v", Deadline::at(u64::MAX));
    set_entry(&store, "later", immortal, SetMode::Always).await.unwrap();

    clock.advance(50);
    set(&store, "a", "v").await.unwrap();
    assert_eq!(place.count(), 152, "not more often than once a minute");
    clock.advance(60_000);
    set(&store, "a", "v").await.unwrap();
    assert_eq!(place.count(), 52, "a hundred at a time");
    set(&store, "a", "v").await.unwrap();
    assert_eq!(place.count(), 2, "and the rest with the next write");
}

#[tokio::test]
async fn looking_for_entries_past_their_deadline_uses_an_index() {
    let place = Place::new();
    place.store_with_deadlines(Arc::new(SystemClock)).init().await.unwrap();
    let plan: Vec<String> = place
        .outside()
        .prepare(
            "EXPLAIN QUERY PLAN DELETE FROM redkv WHERE redk IN
             (SELECT redk FROM redkv INDEXED BY redkv_redkv_expires WHERE expires <= ?1 LIMIT 100)",
        )
        .unwrap()
        .query_map([1], |row| row.get(3))
        .unwrap()
        .map(|line| line.unwrap())
        .collect();
    assert!(
        plan.contains(&"SEARCH redkv USING INDEX redkv_redkv_expires (expires<?)".to_owned()),
        "{plan:?}"
    );
    assert!(!plan.iter().any(|line| line.starts_with("SCAN")), "{plan:?}");
}

/// Tells the time until it is told to panic instead, once.
#[derive(Debug, Default)]
struct BrokenClock(AtomicBool);

impl Clock for BrokenClock {
    fn now(&self) -> u64 {
        assert!(!self.0.swap(false, Ordering::SeqCst), "a panic that this test asked for");
        START
    }
}

#[tokio::test]
async fn a_panic_on_the_thread_is_an_answer_and_the_next_operation_works() {
    let place = Place::new();
    let clock = Arc::new(BrokenClock::default());
    let store = place.store_with_deadlines(clock.clone());
    set(&store, "k", "v").await.unwrap();
    clock.0.store(true, Ordering::SeqCst);
    let error = set(&store, "k", "never").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.may_have_applied());
    assert_eq!(get(&store, "k").await, some("v"));
}

/// Tells the time, but first holds up who asks: once, between `entered` and `release`.
#[derive(Debug)]
struct Gate {
    armed: AtomicBool,
    meet: Barrier,
}

impl Gate {
    fn new() -> Arc<Self> {
        Arc::new(Self { armed: AtomicBool::new(true), meet: Barrier::new(2) })
    }

    fn entered(&self) {
        self.meet.wait();
    }

    fn release(&self) {
        self.meet.wait();
    }
}

impl Clock for Gate {
    fn now(&self) -> u64 {
        if self.armed.swap(false, Ordering::SeqCst) {
            self.meet.wait();
            self.meet.wait();
        }
        START
    }
}

#[tokio::test]
async fn batches_that_wait_together_are_answered_each_for_itself() {
    let place = Place::new();
    let gate = Gate::new();
    let store = place.store_with_deadlines(gate.clone());
    let (first, second, third) = (entries(["a"]), entries(["k", "b"]), entries(["c", "k", "d"]));
    let keys: Vec<_> = ["a", "missing", "d"].map(Key::from).into();

    let mut running = store.set(&first, SetMode::Always);
    assert!((&mut running).now_or_never().is_none());
    gate.entered();
    let mut one = store.set(&second, SetMode::IfAbsent);
    let mut other = store.set(&third, SetMode::IfAbsent);
    let mut read = store.has(&keys);
    assert!((&mut one).now_or_never().is_none());
    assert!((&mut other).now_or_never().is_none());
    assert!((&mut read).now_or_never().is_none());
    gate.release();

    assert_eq!(unwrapped(running.await), [true]);
    assert_eq!(unwrapped(one.await), [true, true]);
    assert_eq!(unwrapped(other.await), [true, false, true]);
    assert_eq!(unwrapped(read.await), [true, false, true], "a read sees the writes before it");
}

fn unwrapped<T>(answers: Vec<Result<T>>) -> Vec<T> {
    answers.into_iter().map(|answer| answer.unwrap()).collect()
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_begun() {
    let place = Place::new();
    let gate = Gate::new();
    let store = place.store_with_deadlines(gate.clone());
    let (first, second) = (entries(["a"]), entries(["abandoned"]));
    let mut running = store.set(&first, SetMode::Always);
    assert!((&mut running).now_or_never().is_none());
    gate.entered();
    assert!(store.set(&second, SetMode::Always).now_or_never().is_none());
    gate.release();

    assert_eq!(unwrapped(running.await), [true]);
    assert!(!has(&store, "abandoned").await);
}

#[test]
fn capabilities_follow_the_options() {
    let plain = open(json!({ "path": "kv.db" })).capabilities();
    assert_eq!(plain.expiry, Expiry::None);
    assert!(plain.durable && plain.shared && plain.binary_values);

    let memory = open(json!({ "path": ":memory:", "expiresColumn": "expires" })).capabilities();
    assert_eq!(memory.expiry, Expiry::OnRead);
    assert!(!memory.durable && !memory.shared);
}
