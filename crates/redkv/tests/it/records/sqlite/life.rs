//! Opening, closing, and what becomes of the file meanwhile.

use redkv::error::ErrorKind;
use redkv_records::{Action, Answer, Index, Records, TableShape};

use super::support::{OnFile, at, field, get, list, local, put, run, text, value};
#[cfg(target_os = "linux")]
use crate::support::mount::{file_system, make_read_only};

#[tokio::test]
async fn what_was_written_is_there_when_it_is_opened_again() {
    let db = OnFile::new();
    let written = put(&*db, "k", field("f", "é\0")).await.unwrap();
    db.close().await;
    let error = run(&*db, "k", Action::Delete).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let files = std::fs::read_dir(db.path().parent().unwrap()).unwrap().count();
    assert_eq!(files, 1, "close lets go of the file");
    let again = at(&db.path());
    assert_eq!(get(&again, "k").await, Some(written));
    assert_eq!(put(&again, "k", value("w")).await.unwrap().version, 2);
}

#[tokio::test]
async fn a_table_that_was_removed_is_made_again() {
    for table in ["records", "records_shape", "records_entries"] {
        let db = OnFile::new();
        let shape = TableShape { local: vec![local("l", "f")], ..TableShape::default() };
        db.create_table(&shape).await.unwrap();
        put(&*db, "k", field("f", "1")).await.unwrap();
        db.outside().execute_batch(&format!("DROP TABLE {table}")).unwrap();
        let error = put(&*db, "k", field("f", "2")).await.unwrap_err();
        assert!(error.is_retryable() && !error.may_have_applied(), "{table}: {error:?}");
        put(&*db, "l", field("f", "3")).await.unwrap();
        db.outside().execute_batch(&format!("DROP TABLE {table}")).unwrap();
        db.create_table(&shape).await.unwrap();
        put(&*db, "m", field("f", "4")).await.unwrap();
        assert!(list(&*db, Some(Index::Local(local("l", "f")))).await.unwrap().contains(&"m".to_owned()));
    }
}

#[tokio::test]
async fn a_file_that_was_removed_takes_no_writes() {
    let db = OnFile::new();
    put(&*db, "k", value("v")).await.unwrap();
    std::fs::remove_file(db.path()).unwrap();
    let error = put(&*db, "k", value("lost")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    put(&*db, "k", value("new")).await.unwrap();
    assert_eq!(text(&at(&db.path()), "k").await.as_deref(), Some("new"));
}

#[tokio::test]
async fn what_is_no_database_is_refused_by_name() {
    let db = OnFile::new();
    std::fs::write(db.path(), "this is no database, but it is long enough to look like one".repeat(20))
        .unwrap();
    let error = db.init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("path")), "{error}");
}

#[tokio::test]
async fn a_file_that_is_damaged_while_it_is_used_fails_and_nothing_panics() {
    let db = OnFile::new();
    for n in 0..200 {
        put(&*db, &format!("{n:03}"), value(&"x".repeat(1_000))).await.unwrap();
    }
    db.close().await;
    let mut bytes = std::fs::read(db.path()).unwrap();
    let length = bytes.len();
    bytes[4_096..length / 2].fill(0xa5);
    std::fs::write(db.path(), bytes).unwrap();
    let again = at(&db.path());
    let error = list(&again, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    again.close().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_read_only_file_is_read() {
    let Some(folder) = file_system("records::sqlite::life::a_read_only_file_is_read", 4_096) else { return };
    let path = folder.join("kv.db");
    let db = at(&path);
    let shape = TableShape { local: vec![local("l", "f")], ..TableShape::default() };
    db.create_table(&shape).await.unwrap();
    put(&db, "k", value("v")).await.unwrap();
    db.close().await;
    make_read_only(&folder);
    let db = at(&path);
    db.create_table(&shape).await.unwrap();
    assert_eq!(text(&db, "k").await.as_deref(), Some("v"));
    assert_eq!(list(&db, None).await.unwrap(), ["k"]);
    let error = put(&db, "k", value("new")).await.unwrap_err();
    let said = format!("'{}' or its directory is read-only", path.display());
    assert_eq!((error.kind(), error.message()), (ErrorKind::Store, &*said));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn on_a_full_disk_writes_are_refused_whole_and_deletes_go_on() {
    let name = "records::sqlite::life::on_a_full_disk_writes_are_refused_whole_and_deletes_go_on";
    let Some(folder) = file_system(name, 4_096) else { return };
    let db = at(&folder.join("kv.db"));
    db.create_table(&TableShape { local: vec![local("l", "f")], ..TableShape::default() }).await.unwrap();
    let large = || redkv_records::Change { value: Some("x".repeat(5_000).into()), ..field("f", "1") };
    let mut made = 0;
    let error = loop {
        match put(&db, &made.to_string(), large()).await {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    assert!(error.message().starts_with("no space is left"), "{error}");
    assert!(made > 50, "{made}");
    assert_eq!(get(&db, &made.to_string()).await, None);
    for n in 1..made {
        let action = if n % 2 == 0 { Action::Delete } else { Action::Remove { version: 1 } };
        assert_eq!(run(&db, &n.to_string(), action).await.unwrap(), Answer::Done);
    }
    for _ in 0..20 {
        put(&db, "new", large()).await.unwrap();
    }
    assert_eq!(list(&db, Some(Index::Local(local("l", "f")))).await.unwrap(), ["0", "new"]);
}
