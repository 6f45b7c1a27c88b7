//! The table of 1.x, what others write into it, and names.

use bytes::Bytes;
use redkv::entry::{Deadline, Entry};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store};
use serde_json::json;

use crate::sqlite::support::{
    MADE_BY_1_X, Place, get, get_entry, has, open, set, set_entry, some, text, write_as_1_x,
};

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
