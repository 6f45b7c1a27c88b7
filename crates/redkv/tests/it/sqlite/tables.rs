//! Tables that somebody else has made, with constraints and triggers of their own.

mod columns;
mod foreign_rows;
mod layout;

use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store};
use serde_json::json;

use crate::sqlite::support::{Place, argument, entries, get, open, set, some, text};

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
    assert_eq!(error.message(), "a trigger of table 'redkv' dropped the entry");
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
