//! What PostgreSQL has that others do not.

use redkv::error::ErrorKind;
use redkv::store::SetMode;
use serde_json::json;

use crate::postgres::site::{count, exec, quoted};
use crate::postgres::sql::{entry, fresh, get, options, set, some, store};

#[tokio::test]
async fn columns_of_text_refuse_a_nul_key_by_key() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k TEXT PRIMARY KEY, v TEXT)")).await;
    let store = store(options(&table, json!({})));
    let entries = [entry("a\0", "1"), entry("b", "2\0"), entry("c", "3")];
    let answers = store.set(&entries, SetMode::Always).await;
    assert_eq!(answers[0].as_ref().unwrap_err().field(), Some("key"));
    assert_eq!(answers[1].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(answers[2].as_ref().unwrap());
    assert_eq!(get(&*store, "c").await.unwrap(), some("3"));
}

#[tokio::test]
async fn a_key_as_long_as_the_capabilities_say_is_taken() {
    let table = fresh();
    let store = store(options(&table, json!({ "createTable": true })));
    // Of such that nothing compresses it.
    let longest = store.capabilities().max_key_bytes;
    let key: String = (0..longest).map(|_| char::from(fastrand::u8(33..127))).collect();
    set(&*store, &key, "v").await.unwrap();
    assert_eq!(get(&*store, &key).await.unwrap(), some("v"));
}

#[tokio::test]
async fn a_schema_is_an_option_and_no_part_of_the_name() {
    let (schema, table) = (format!("s\"{}", fresh()), fresh());
    exec(&format!("CREATE SCHEMA {}", quoted(&schema))).await;
    let store = store(options(&table, json!({ "schema": schema, "createTable": true })));
    set(&*store, "a", "1").await.unwrap();
    assert_eq!(count(&format!("{}.{table}", quoted(&schema))).await, 1);

    let dotted = crate::postgres::sql::store(options("app.kv", json!({}))).init().await.unwrap_err();
    assert_eq!(
        dotted.message(),
        "there is no table 'app.kv' in the search path of the user; for table 'kv' in schema 'app' set the option schema"
    );
}

#[tokio::test]
async fn names_in_another_case_are_others() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k TEXT PRIMARY KEY, v TEXT)")).await;
    let error = store(options(&table, json!({ "keyColumn": "K" }))).init().await.unwrap_err();
    assert_eq!(
        error.message(),
        format!("keyColumn 'K' is not a column of table '{table}'; did you mean 'k'?")
    );
}

#[tokio::test]
async fn a_column_in_which_different_keys_are_the_same_is_refused() {
    let (table, collation) = (fresh(), fresh());
    exec(&format!(
        "CREATE COLLATION {collation} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    ))
    .await;
    exec(&format!("CREATE TABLE {table} (k TEXT COLLATE {collation} PRIMARY KEY, v TEXT)")).await;
    let error = store(options(&table, json!({}))).init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("keyColumn")));
}

#[tokio::test]
async fn an_entry_that_a_trigger_leaves_out_fails_alone() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k TEXT PRIMARY KEY, v TEXT)")).await;
    exec(&format!(
        "CREATE FUNCTION f_{table}() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN IF NEW.k = ''b'' THEN RETURN NULL; END IF; RETURN NEW; END'"
    ))
    .await;
    exec(&format!("CREATE TRIGGER x BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION f_{table}()"))
        .await;
    let store = store(options(&table, json!({})));
    let answers = store.set(&[entry("a", "1"), entry("b", "2"), entry("c", "3")], SetMode::Always).await;
    assert!(answers[0].as_ref().unwrap() & answers[2].as_ref().unwrap());
    assert_eq!(answers[1].as_ref().unwrap_err().message(), "a trigger of the table dropped the entry");
}

#[tokio::test]
async fn a_constraint_is_reported_by_its_name_and_without_the_value() {
    let table = fresh();
    exec(&format!(
        "CREATE TABLE {table} (k TEXT PRIMARY KEY, v TEXT CONSTRAINT short CHECK (length(v) < 5))"
    ))
    .await;
    let store = store(options(&table, json!({})));
    let error = set(&*store, "a", "s3cret").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.message().contains("constraint short"), "{error}");
    assert!(!format!("{error:?} {error}").contains("s3cret"));
}

#[tokio::test]
async fn names_that_the_server_quotes_are_in_the_error() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k TEXT PRIMARY KEY, v TEXT)")).await;
    let store = store(options(&table, json!({})));
    set(&*store, "a", "1").await.unwrap();
    exec(&format!("DROP TABLE {table}")).await;
    let error = set(&*store, "a", "s3cret").await.unwrap_err();
    assert!(error.message().contains(&format!("relation \"{table}\" does not exist")), "{error}");
    assert!(!format!("{error:?} {error}").contains("s3cret"));
}
