//! In tables that somebody else has made: columns of numbers, of JSON, of a STRICT table, with collations, in UTF-16.

use bytes::Bytes;
use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store, Want};
use redkv::stores::SqliteStore;

use crate::sqlite::support::{Place, argument, get, listed, set, text, unwrapped, write_as_1_x};

/// What SQLite may take for numbers, each time another text, and what it may change or cut in other ways.
const KEYS: [&str; 28] = [
    "",
    "7",
    "007",
    "7.0",
    "+7",
    "-7",
    "-0",
    "0",
    " 7",
    "7 ",
    "7\0",
    "7\08",
    "1e5",
    "100000",
    "0x10",
    "16",
    "9223372036854775807",
    "9223372036854775808",
    "9007199254740993",
    "123456789012345678901234567890",
    "a",
    "A",
    "a ",
    "nul\0",
    "nul",
    "grüße\u{ffff}",
    "grüße\u{fffe}",
    "\u{feff}\u{10ffff}",
];

/// Writes entries whose values are their keys, and finds each of them under its key, in the list, and after a deletion of
/// its neighbours.
async fn assert_that_all_keys_stay_apart(store: &SqliteStore) {
    let entries: Vec<(Key, Entry)> =
        KEYS.iter().map(|key| (Key::from(*key), Entry::new(key.as_bytes().to_vec()))).collect();
    let keys: Vec<Key> = entries.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(unwrapped(store.set(&entries, SetMode::IfAbsent).await), [true; KEYS.len()]);
    let read = unwrapped(store.get(&keys, Want::Value).await);
    let read: Vec<_> = read.into_iter().map(|entry| entry.unwrap().value).collect();
    assert_eq!(read, KEYS.map(Bytes::from));
    assert_eq!(unwrapped(store.set(&entries, SetMode::Always).await), [true; KEYS.len()]);
    assert_eq!(unwrapped(store.set(&entries, SetMode::IfAbsent).await), [false; KEYS.len()]);
    assert_eq!(unwrapped(store.has(&keys).await), [true; KEYS.len()]);
    let mut expected = KEYS.map(str::to_owned);
    expected.sort();
    assert_eq!(listed(store, "").await, expected);
    assert_eq!(listed(store, "7").await, ["7", "7\0", "7\08", "7 ", "7.0"]);

    unwrapped(store.delete(&keys[1..2]).await);
    assert_eq!(get(store, "7").await, None);
    assert_eq!(get(store, "007").await, Some(Bytes::from("007")));
    redkv_testing::conformance::clear(store, "").await;
    assert_eq!(unwrapped(store.has(&keys).await), [false; KEYS.len()]);
}

macro_rules! stay_apart {
    ($($name:ident: $sql:expr;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                assert_that_all_keys_stay_apart(&Place::made_by($sql).store()).await;
            }
        )*
    };
}

stay_apart! {
    keys_and_values_stay_exact_in_columns_of_text: "CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv TEXT)";
    keys_and_values_stay_exact_in_columns_without_a_type: "CREATE TABLE redkv (redk PRIMARY KEY, redv)";
    keys_and_values_stay_exact_in_columns_of_strings: "CREATE TABLE redkv (redk STRING PRIMARY KEY, redv STRING)";
    keys_and_values_stay_exact_in_numeric_columns: "CREATE TABLE redkv (redk NUMERIC UNIQUE, redv NUMERIC)";
    keys_and_values_stay_exact_in_columns_of_json: "CREATE TABLE redkv (redk JSON UNIQUE, redv JSON)";
    keys_and_values_stay_exact_in_columns_of_integers: "CREATE TABLE redkv (redk BIGINT PRIMARY KEY, redv BIGINT)";
    keys_and_values_stay_exact_in_columns_of_reals: "CREATE TABLE redkv (redk REAL PRIMARY KEY, redv DOUBLE)";
    keys_and_values_stay_exact_in_columns_of_blobs: "CREATE TABLE redkv (redk BLOB PRIMARY KEY, redv BLOB)";
    keys_and_values_stay_exact_in_a_strict_table: "CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv ANY) STRICT";
    keys_and_values_stay_exact_in_strict_columns_of_bytes:
        "CREATE TABLE redkv (redk ANY PRIMARY KEY, redv BLOB) STRICT";
    keys_and_values_stay_exact_in_a_table_without_row_numbers:
        "CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv) WITHOUT ROWID";
    keys_and_values_stay_exact_in_utf_16:
        "PRAGMA encoding = 'UTF-16le'; CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv TEXT)";
    keys_and_values_stay_exact_in_utf_16_the_other_way_round:
        "PRAGMA encoding = 'UTF-16be'; CREATE TABLE redkv (redk STRING PRIMARY KEY, redv JSON)";
}

async fn refusal(sql: &str) -> (Option<String>, String) {
    let error = Place::made_by(sql).store().init().await.unwrap_err();
    let (field, message) = argument(&error);
    (field.map(str::to_owned), message.to_owned())
}

fn about_keys(message: &str) -> (Option<String>, String) {
    (Some("keyColumn".to_owned()), message.to_owned())
}

#[tokio::test]
async fn a_key_column_that_takes_no_text_is_refused() {
    let told = |column: &str| {
        about_keys(&format!("keyColumn 'redk' of table 'redkv' must accept text, and it is {column}"))
    };
    let row_number = "CREATE TABLE redkv (redk INTEGER PRIMARY KEY, redv)";
    assert_eq!(refusal(row_number).await, told("INTEGER PRIMARY KEY"));
    let integers = "CREATE TABLE redkv (redk INTEGER UNIQUE, redv ANY) STRICT";
    assert_eq!(refusal(integers).await, told("INTEGER"));
    let bytes = "CREATE TABLE redkv (redk BLOB PRIMARY KEY, redv ANY) STRICT";
    assert!(refusal(bytes).await.0.is_some());
}

#[tokio::test]
async fn a_unique_index_that_takes_different_keys_for_one_is_refused() {
    let told = |collation: &str| {
        about_keys(&format!(
            "keyColumn 'redk' of table 'redkv' is UNIQUE by the collation {collation}, which treats different keys as equal; it must be PRIMARY KEY or UNIQUE with COLLATE BINARY, and so only"
        ))
    };
    let of_the_column = "CREATE TABLE redkv (redk TEXT PRIMARY KEY COLLATE NOCASE, redv)";
    assert_eq!(refusal(of_the_column).await, told("NOCASE"));
    let spaces = "CREATE TABLE redkv (redk TEXT PRIMARY KEY COLLATE RTRIM, redv) WITHOUT ROWID";
    assert_eq!(refusal(spaces).await, told("RTRIM"));
    let of_the_index =
        "CREATE TABLE redkv (redk TEXT, redv); CREATE UNIQUE INDEX i ON redkv (redk COLLATE nocase)";
    assert_eq!(refusal(of_the_index).await, told("nocase"));
    let beside = "CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv);
        CREATE UNIQUE INDEX i ON redkv (redk COLLATE NOCASE)";
    assert_eq!(refusal(beside).await, told("NOCASE"));
}

#[tokio::test]
async fn an_exact_index_over_a_column_that_ignores_case_keeps_keys_apart() {
    let sql = "CREATE TABLE redkv (redk TEXT COLLATE NOCASE, redv);
        CREATE UNIQUE INDEX i ON redkv (redk COLLATE BINARY)";
    assert_that_all_keys_stay_apart(&Place::made_by(sql).store()).await;
}

#[tokio::test]
async fn an_index_over_more_than_the_key_or_over_some_rows_does_not_make_it_unique() {
    let told = about_keys("keyColumn 'redk' of table 'redkv' must be its PRIMARY KEY or UNIQUE");
    let more = "CREATE TABLE redkv (redk TEXT, redv, site, UNIQUE (redk, site))";
    assert_eq!(refusal(more).await, told);
    let some = "CREATE TABLE redkv (redk TEXT, redv); CREATE UNIQUE INDEX i ON redkv (redk) WHERE redv > 1";
    assert_eq!(refusal(some).await, told);
}

#[tokio::test]
async fn keys_that_another_index_does_not_keep_apart_are_refused_one_by_one() {
    let place = Place::made_by(
        "CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv); CREATE UNIQUE INDEX i ON redkv (lower(redk))",
    );
    let store = place.store();
    set(&store, "A", "first").await.unwrap();
    let error = set(&store, "a", "second").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    assert_eq!(get(&store, "A").await, Some(Bytes::from("first")));
    set(&store, "A", "third").await.unwrap();
}

#[tokio::test]
async fn a_collation_that_only_another_program_knows_is_refused() {
    let place = Place::made_by(
        "CREATE TABLE redkv (redk TEXT PRIMARY KEY COLLATE NOCASE, redv); PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'german')",
    );
    let error = place.store().init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("keyColumn")));
}

#[tokio::test]
async fn what_the_table_says_to_do_with_conflicts_takes_no_other_row() {
    let place = Place::made_by(
        "CREATE TABLE redkv (redk TEXT PRIMARY KEY ON CONFLICT IGNORE, redv UNIQUE ON CONFLICT REPLACE)",
    );
    let store = place.store();
    set(&store, "a", "same").await.unwrap();
    let error = set(&store, "b", "same").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    set(&store, "b", "other").await.unwrap();
    assert!(set(&store, "b", "same").await.is_err());
    assert_eq!(get(&store, "a").await, Some(Bytes::from("same")));
    set(&store, "a", "new").await.unwrap();
    assert_eq!(get(&store, "a").await, Some(Bytes::from("new")));
}

#[tokio::test]
async fn whole_numbers_that_1_x_left_in_a_column_of_numbers_are_found_and_overwritten() {
    let place = Place::made_by("CREATE TABLE redkv (redk STRING PRIMARY KEY, redv STRING)");
    write_as_1_x(&place.outside(), "7", "8");
    let store = place.store();
    assert_eq!(get(&store, "7").await, Some(Bytes::from("8")));
    set(&store, "7", "9").await.unwrap();
    assert_eq!(
        place.ask("SELECT group_concat(typeof(redk) || redk || typeof(redv) || redv) FROM redkv"),
        text("integer7integer9")
    );
    assert_eq!(listed(&store, "").await, ["7"]);
}

#[tokio::test]
async fn a_value_that_a_check_refuses_is_refused_alone() {
    let place =
        Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv JSON CHECK (json_valid(redv)))");
    let store = place.store();
    set(&store, "object", r#"{"a":1}"#).await.unwrap();
    assert_eq!(set(&store, "words", "no json").await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(get(&store, "object").await, Some(Bytes::from(r#"{"a":1}"#)));
}

#[tokio::test]
async fn a_strict_column_of_numbers_keeps_whole_numbers_and_refuses_other_values_alone() {
    let place = Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv INTEGER) STRICT");
    let store = place.store();
    set(&store, "count", "42").await.unwrap();
    assert_eq!(set(&store, "count", "042").await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(set(&store, "count", "many").await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(get(&store, "count").await, Some(Bytes::from("42")));
}

#[tokio::test]
async fn a_view_and_a_computed_column_are_refused() {
    let view =
        Place::made_by("CREATE TABLE t (redk TEXT PRIMARY KEY, redv); CREATE VIEW redkv AS SELECT * FROM t");
    assert!(view.store().init().await.is_err());
    let computed = Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv AS (redk || '!'))");
    assert!(computed.store().init().await.is_err());
}
