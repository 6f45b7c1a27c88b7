//! What MySQL and MariaDB have that others do not.

use std::collections::HashSet;

use redkv::entry::Key;
use redkv::error::ErrorKind;
use redkv::store::SetMode;
use serde_json::json;

use crate::mysql::site::exec;
use crate::mysql::sql::{entry, fresh, get, options, set, some, store};

/// Nothing else tells `a` from `A`, `á` and `a `.
#[tokio::test]
async fn a_column_in_which_different_keys_are_the_same_is_refused() {
    for collation in ["utf8mb4_general_ci", "utf8mb4_unicode_ci", "latin1_swedish_ci"] {
        let table = fresh();
        let charset = collation.split('_').next().unwrap();
        exec(&format!(
            "CREATE TABLE {table} (k VARCHAR(99) CHARACTER SET {charset} COLLATE {collation} PRIMARY KEY, v TEXT)"
        ))
        .await;
        let error = store(options(&table, json!({}))).init().await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("keyColumn")));
        let cure = format!("ALTER TABLE `{table}` MODIFY `k` VARBINARY(3072) NOT NULL");
        assert!(error.message().ends_with(&cure), "{error}");
        exec(&cure).await;
        let store = store(options(&table, json!({})));
        let keys = ["a", "A", "á", "a ", "a\0"];
        for key in keys {
            set(&*store, key, key).await.unwrap();
        }
        for key in keys {
            assert_eq!(get(&*store, key).await.unwrap(), some(key));
        }
    }
}

#[tokio::test]
async fn where_spaces_at_the_end_do_not_count_keys_with_them_are_refused() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARCHAR(99) COLLATE utf8mb4_bin PRIMARY KEY, v TEXT)")).await;
    let store = store(options(&table, json!({})));
    let answers = store.set(&[entry("a", "1"), entry("a ", "2"), entry("A", "3")], SetMode::Always).await;
    assert!(answers[0].as_ref().unwrap() & answers[2].as_ref().unwrap());
    assert_eq!(answers[1].as_ref().unwrap_err().field(), Some("key"));
    assert_eq!(
        store.get(&["a ".into()], redkv::store::Want::Value).await.remove(0).unwrap_err().field(),
        Some("key")
    );
    assert_eq!(get(&*store, "a").await.unwrap(), some("1"));
    // In the order of the column a tab comes before nothing.
    set(&*store, "a\t", "4").await.unwrap();
    let told: HashSet<Key> = store.keys("a", None).await.unwrap().keys.into_iter().collect();
    assert_eq!(told, HashSet::from(["a".into(), "a\t".into()]));
}

#[tokio::test]
async fn another_unique_index_is_refused() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARBINARY(99) PRIMARY KEY, v VARCHAR(9) UNIQUE)")).await;
    let error = store(options(&table, json!({}))).init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("tableName")));
}

#[tokio::test]
async fn an_index_over_a_part_of_the_key_is_refused() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARBINARY(99), v TEXT, UNIQUE (k(10)))")).await;
    let error = store(options(&table, json!({}))).init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("keyColumn")));
}

#[tokio::test]
async fn a_key_as_long_as_is_told_is_taken() {
    for column_type in ["binary", "text"] {
        let more = json!({ "createTable": true, "columnType": column_type });
        let store = store(options(&fresh(), more));
        let key = "k".repeat(store.capabilities().max_key_bytes);
        set(&*store, &key, "v").await.unwrap();
        assert_eq!(get(&*store, &key).await.unwrap(), some("v"));
    }
}

#[tokio::test]
async fn text_that_the_character_set_has_not_is_refused_and_not_replaced() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARBINARY(99) PRIMARY KEY, v TEXT CHARACTER SET latin1)")).await;
    let store = store(options(&table, json!({})));
    let answers = store.set(&[entry("a", "日本語"), entry("b", "grün")], SetMode::Always).await;
    assert_eq!(answers[0].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(answers[1].as_ref().unwrap());
    assert_eq!(get(&*store, "b").await.unwrap(), some("grün"));
}

#[tokio::test]
async fn a_value_larger_than_the_server_takes_fails_alone() {
    let store = store(options(&fresh(), json!({ "createTable": true })));
    // The limit of MariaDB, as it comes, is 16 MiB.
    let entries = [entry("a", &"x".repeat(17 << 20)), entry("b", "2")];
    let answers = store.set(&entries, SetMode::Always).await;
    assert_eq!(answers[0].as_ref().unwrap_err().field(), Some("value"));
    assert!(answers[1].as_ref().unwrap());
}
