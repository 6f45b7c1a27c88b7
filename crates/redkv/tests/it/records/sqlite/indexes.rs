//! Indexes that are declared later, and records that are removed after they have expired.
#![expect(clippy::unwrap_used, reason = "a failed helper ends its test")]

use redkv::error::ErrorKind;
use redkv_records::record::{KEPT_EXPIRED, seconds};
use redkv_records::{Action, Index, KeyValue, Listing, MemoryRecords, Position, Records, TableShape};

use super::support::{NOW, OnFile, at, field, global, list, local, put, run, run_at, until, value};

fn by_created() -> TableShape {
    TableShape { local: vec![local("l", "created")], ..TableShape::default() }
}

#[tokio::test]
async fn an_index_that_is_declared_later_has_what_is_there() {
    let db = OnFile::new();
    put(&*db, "a", field("created", "2")).await.unwrap();
    put(&*db, "b", field("created", "1")).await.unwrap();
    put(&*db, "c", value("v")).await.unwrap();
    let index = || Some(Index::Local(local("l", "created")));
    let error = list(&*db, index()).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("localIndex")));
    db.create_table(&by_created()).await.unwrap();
    assert_eq!(list(&*db, index()).await.unwrap(), ["b", "a"]);
    let more = TableShape { global: vec![global("g", "id", "created")], ..TableShape::default() };
    db.create_table(&more).await.unwrap();
    db.create_table(&by_created()).await.unwrap();
    let by_id = Some(Index::Global(global("g", "id", "created")));
    assert_eq!(list(&*db, by_id).await.unwrap(), ["b", "a"]);
    assert_eq!(list(&*db, index()).await.unwrap(), ["b", "a"]);
}

#[tokio::test]
async fn what_was_declared_is_there_when_the_file_is_opened_again() {
    let db = OnFile::new();
    db.create_table(&by_created()).await.unwrap();
    put(&*db, "a", field("created", "2")).await.unwrap();
    db.close().await;
    let again = at(&db.path());
    put(&again, "b", field("created", "1")).await.unwrap();
    let index = Some(Index::Local(local("l", "created")));
    assert_eq!(list(&again, index).await.unwrap(), ["b", "a"]);
}

#[tokio::test]
async fn a_declaration_that_is_refused_declares_nothing() {
    let db = OnFile::new();
    db.create_table(&by_created()).await.unwrap();
    let shape =
        TableShape { local: vec![local("new", "other"), local("l", "other")], global: vec![], ttl: true };
    let error = db.create_table(&shape).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("localIndex")));
    list(&*db, Some(Index::Local(local("new", "other")))).await.unwrap_err();
    assert_eq!(list(&*db, Some(Index::Local(local("l", "created")))).await.unwrap(), [""; 0]);
}

fn rows(db: &OnFile, table: &str) -> u32 {
    db.outside().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn with_ttl_a_write_removes_a_few_records_that_expired_long_ago() {
    let db = OnFile::new();
    db.create_table(&TableShape { ttl: true, ..by_created() }).await.unwrap();
    for n in 0..6 {
        let change =
            redkv_records::Change { fields: field("created", "1").fields, ..until(seconds(NOW) + n) };
        put(&*db, &n.to_string(), change).await.unwrap();
    }
    let put_after = |seconds: i64| {
        let now = NOW + seconds.unsigned_abs() * 1_000;
        run_at(&*db, "new", Action::Put(value("v")), now)
    };
    put_after(KEPT_EXPIRED).await.unwrap();
    assert_eq!(rows(&db, "records"), 7, "none has expired for so long");
    put_after(KEPT_EXPIRED + 1).await.unwrap();
    assert_eq!((rows(&db, "records"), rows(&db, "records_entries")), (6, 5));
    put_after(KEPT_EXPIRED + 100).await.unwrap();
    assert_eq!(rows(&db, "records"), 2, "four at a time");
    put_after(KEPT_EXPIRED + 100).await.unwrap();
    assert_eq!((rows(&db, "records"), rows(&db, "records_entries")), (1, 0));
}

#[tokio::test]
async fn a_token_of_a_table_with_numbers_as_keys_is_refused() {
    let db = OnFile::new();
    db.create_table(&by_created()).await.unwrap();
    put(&*db, "a", field("created", "1")).await.unwrap();
    let mut after = Position::of([("id", "p"), ("name", "a")]);
    after.0.insert("created".into(), KeyValue::Number("1".into()));
    let index = Some(Index::Local(local("l", "created")));
    let listing = Listing { after: Some(after), index, ..Listing::default() };
    let memory = MemoryRecords::default();
    memory.create_table(&by_created()).await.unwrap();
    for db in [&*db, &memory as &dyn Records] {
        let error = run(db, "", Action::List(listing.clone())).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("after")));
    }
}

#[tokio::test]
async fn without_ttl_what_has_expired_stays_until_it_is_written() {
    let db = OnFile::new();
    put(&*db, "a", until(seconds(NOW) - KEPT_EXPIRED - 10)).await.unwrap();
    put(&*db, "b", value("v")).await.unwrap();
    assert_eq!(rows(&db, "records"), 2);
    assert_eq!(list(&*db, None).await.unwrap(), ["b"]);
}
