//! What is in the tables, and tables that are none of ours.

use redkv::error::ErrorKind;
use redkv::options::Fields;
use redkv::stores::SqliteRecordsConfig;
use redkv_records::{Action, Answer, Change, Expiry, Index, Listing, MemoryRecords, Records, TableShape};
use redkv_testing::records::{indexes, keys, lists, random};
use serde_json::json;

use super::support::{OnFile, field, get, global, list, local, open, put, run, text, value};

#[tokio::test]
async fn the_tables_are_as_documented() {
    let db = OnFile::new();
    let named = open(json!({ "path": db.path(), "tableName": "my `data`" }));
    let shape = TableShape { local: vec![local("l", "f")], global: vec![global("g", "f", "id")], ttl: true };
    named.create_table(&shape).await.unwrap();
    let change = Change { value: Some("v".into()), expiry: Expiry::At(2_000_000_000), ..field("f", "1") };
    put(&named, "a", change).await.unwrap();
    put(&named, "b", Change::default()).await.unwrap();

    let outside = db.outside();
    let rows = |sql: &str, columns: usize| -> Vec<String> {
        let mut statement = outside.prepare(sql).unwrap();
        let row = |row: &rusqlite::Row<'_>| {
            let texts = (0..columns).map(|column| match row.get_ref(column).unwrap() {
                rusqlite::types::ValueRef::Null => "NULL".to_owned(),
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                other => String::from_utf8(other.as_bytes().unwrap().to_vec()).unwrap(),
            });
            Ok(texts.collect::<Vec<_>>().join(" "))
        };
        statement.query_map([], row).unwrap().map(|row| row.unwrap()).collect()
    };
    let records =
        rows("SELECT id, name, version, expires, payload, fields FROM `my ``data``` ORDER BY name", 6);
    assert_eq!(records, [r#"p a 1 2000000000 v {"f":"1"}"#, "p b 1 NULL NULL {}"]);
    let shape = rows("SELECT number, kind, name, hash_key, sort_key FROM `my ``data``_shape`", 5);
    assert_eq!(shape, ["1 local l id f", "2 global g f id", "3 ttl   "]);
    let entries = rows("SELECT number, hash, sort, id, name FROM `my ``data``_entries`", 5);
    assert_eq!(entries, ["1 p 1 p a", "2 1 p p a"]);
}

#[tokio::test]
async fn a_table_of_another_program_is_refused_by_name() {
    let db = OnFile::new();
    let outside = db.outside();
    let columns = "id BLOB, name BLOB, version INTEGER, expires INTEGER";
    for (name, table) in [
        ("records", "TABLE records (id INTEGER PRIMARY KEY, text)".to_owned()),
        (
            "texts",
            "TABLE texts (id TEXT, name TEXT, version INTEGER, expires INTEGER, payload TEXT, fields TEXT)"
                .to_owned(),
        ),
        ("keyless", format!("TABLE keyless ({columns}, payload TEXT, fields TEXT)")),
        (
            "more",
            format!(
                "TABLE more ({columns}, payload TEXT, fields TEXT, owner TEXT NOT NULL, PRIMARY KEY (id, name))"
            ),
        ),
        ("view", "VIEW view AS SELECT 1 AS id, 2 AS name, 3 AS version".to_owned()),
        ("indexed", "TABLE indexed_shape (number INTEGER PRIMARY KEY, owner TEXT NOT NULL)".to_owned()),
        ("entered", "TABLE entered_entries (number INTEGER PRIMARY KEY)".to_owned()),
    ] {
        outside.execute_batch(&format!("CREATE {table}")).unwrap();
        let db = open(json!({ "path": db.path(), "tableName": name }));
        let error = db.init().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::Argument, Some("tableName")),
            "{name}: {error}"
        );
    }
    let mut fields = Fields::new("options", json!({ "path": "a", "tableName": "sqlite_x" })).unwrap();
    let error = SqliteRecordsConfig::from_fields(&mut fields).unwrap_err();
    assert_eq!(error.field(), Some("tableName"));
}

#[tokio::test]
async fn records_and_other_tables_live_in_one_file() {
    let db = OnFile::new();
    db.outside()
        .execute_batch("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        .unwrap();
    put(&*db, "k", value("v")).await.unwrap();
    let other = open(json!({ "path": db.path(), "tableName": "other" }));
    assert_eq!(get(&other, "k").await, None);
    put(&other, "k", value("w")).await.unwrap();
    assert_eq!(text(&*db, "k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn a_record_that_another_program_has_damaged_fails_alone() {
    let db = OnFile::new();
    put(&*db, "a", value("v")).await.unwrap();
    put(&*db, "b", value("v")).await.unwrap();
    db.outside()
        .execute_batch("UPDATE records SET fields = 'no json' WHERE name = CAST('a' AS BLOB)")
        .unwrap();
    let error = run(&*db, "a", Action::Get { may_be_old: false }).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    assert!(error.message().starts_with("the record 'a' of the partition 'p' cannot be read"), "{error}");
    assert_eq!(text(&*db, "b").await.as_deref(), Some("v"));
    list(&*db, None).await.unwrap_err();
    assert_eq!(run(&*db, "a", Action::Put(value("w"))).await.unwrap_err().kind(), ErrorKind::Store);
    let shape = TableShape { local: vec![local("l", "payload")], ..TableShape::default() };
    db.create_table(&shape).await.unwrap();
    assert_eq!(list(&*db, Some(Index::Local(local("l", "payload")))).await.unwrap(), ["b"]);
    run(&*db, "a", Action::Delete).await.unwrap();
    assert_eq!(list(&*db, None).await.unwrap(), ["b"]);
}

#[tokio::test]
async fn a_file_that_keeps_texts_in_utf_16_keeps_records_exactly() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let db = OnFile::new();
        let made = format!("PRAGMA encoding = '{encoding}'; CREATE TABLE other (text)");
        db.outside().execute_batch(&made).unwrap();
        keys::keys_and_values_are_kept_exactly(&*db).await;
        keys::partitions_may_have_any_name(&*db).await;
        lists::records_are_listed_in_the_order_of_the_bytes_of_their_keys(&*db).await;
        indexes::a_local_index_orders_a_partition_by_another_attribute(&*db).await;
        random::random_programs_are_answered_as_by_the_model(&*db).await;
    }
}

#[tokio::test]
async fn a_row_that_another_program_has_deleted_is_in_no_index() {
    let db = OnFile::new();
    let shape = TableShape { local: vec![local("l", "f")], ..TableShape::default() };
    db.create_table(&shape).await.unwrap();
    for key in ["a", "b", "c"] {
        put(&*db, key, field("f", key)).await.unwrap();
    }
    db.outside().execute_batch("DELETE FROM records WHERE name = CAST('b' AS BLOB)").unwrap();
    let index = Some(Index::Local(local("l", "f")));
    assert_eq!(list(&*db, index.clone()).await.unwrap(), ["a", "c"]);
    put(&*db, "b", field("f", "d")).await.unwrap();
    assert_eq!(list(&*db, index).await.unwrap(), ["a", "c", "b"]);
}

#[tokio::test]
async fn a_page_ends_before_what_cannot_be_read() {
    let db = OnFile::new();
    for key in ["a", "b", "c", "d"] {
        put(&*db, key, value("v")).await.unwrap();
    }
    db.outside().execute_batch("UPDATE records SET version = -5 WHERE name = CAST('c' AS BLOB)").unwrap();
    let page = async |listing| match run(&*db, "", Action::List(listing)).await.unwrap() {
        Answer::Page(page) => page,
        other => unreachable!("no page: {other:?}"),
    };
    let first = page(Listing::default()).await;
    assert_eq!(first.records.iter().map(|record| &*record.place.key).collect::<Vec<_>>(), ["a", "b"]);
    let next = Listing { after: first.next, ..Listing::default() };
    let error = run(&*db, "", Action::List(next)).await.unwrap_err();
    assert!(error.message().contains("'c'"), "{error}");
    let last = page(Listing { reverse: true, ..Listing::default() }).await;
    assert_eq!(last.records.iter().map(|record| &*record.place.key).collect::<Vec<_>>(), ["d"]);
}

#[tokio::test]
async fn versions_are_those_of_dynamodb() {
    let db = OnFile::new();
    put(&*db, "k", value("v")).await.unwrap();
    let set = |version: &str| {
        db.outside().execute_batch(&format!("UPDATE records SET version = {version}")).unwrap();
    };
    for wrong in ["-5", "9007199254740992", "9223372036854775807", "'x'", "1.5"] {
        set(wrong);
        for action in [Action::Get { may_be_old: false }, Action::Put(value("w"))] {
            let error = run(&*db, "k", action).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.may_have_applied()),
                (ErrorKind::Store, false),
                "{wrong}: {error}"
            );
        }
    }
    set("9007199254740991");
    let error = put(&*db, "k", value("w")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(error.message().ends_with("its version cannot grow"), "{error}");
    assert_eq!(text(&*db, "k").await.as_deref(), Some("v"));
    set("0");
    assert_eq!(get(&*db, "k").await.unwrap().version, 0);
    let replace = Action::Replace { change: value("w"), version: 0 };
    assert!(matches!(run(&*db, "k", replace).await.unwrap(), Answer::Written(record) if record.version == 1));
}

#[tokio::test]
async fn what_cannot_be_read_and_has_expired_is_replaced() {
    let db = OnFile::new();
    for action in [Action::Put(value("new")), Action::Create(value("new"))] {
        put(&*db, "k", value("v")).await.unwrap();
        db.outside().execute_batch("UPDATE records SET expires = 5, version = -1, fields = 'none'").unwrap();
        assert_eq!(get(&*db, "k").await, None);
        let answer = run(&*db, "k", action).await.unwrap();
        assert!(matches!(answer, Answer::Written(record) if record.version == 1));
        assert_eq!(text(&*db, "k").await.as_deref(), Some("new"));
    }
}

#[tokio::test]
async fn a_write_that_a_trigger_ignores_is_not_acknowledged() {
    let db = OnFile::new();
    db.init().await.unwrap();
    let trigger = "CREATE TRIGGER no BEFORE INSERT ON records BEGIN SELECT RAISE(IGNORE); END";
    db.outside().execute_batch(trigger).unwrap();
    let error = put(&*db, "k", value("v")).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false), "{error}");
    assert_eq!(get(&*db, "k").await, None);
}

#[tokio::test]
async fn an_index_of_numbers_is_refused_as_in_memory() {
    let db = OnFile::new();
    let memory = MemoryRecords::default();
    for name in ["version", "expires"] {
        let shape = TableShape { local: vec![local("numbers", name)], ..TableShape::default() };
        for db in [&*db, &memory] {
            let error = db.create_table(&shape).await.unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("localIndex")));
        }
    }
}
