//! The table of leases in PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use redkv::error::ErrorKind;
use redkv::store::Store;
use redkv_testing::leases::{LONG, Pair, assert_held, of, taken};
use redkv_testing::leases_suite;
use serde_json::{Value, json};

use crate::postgres::site::{Server, count, exec, pooled_url, url};
use crate::postgres::sql::{fresh, options, set, store};

/// Two stores over a table of entries that nobody else has.
fn pair(more: Value) -> Pair {
    let table = fresh();
    let mut options = options(&table, json!({ "createTable": true }));
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    [store(options.clone()), store(options)]
}

async fn of_postgres() -> Pair {
    pair(json!({}))
}

async fn behind_pgbouncer() -> Pair {
    pair(json!({ "url": pooled_url(), "max": 4 }))
}

leases_suite!(of_postgres, super::of_postgres);
leases_suite!(behind_pgbouncer, super::behind_pgbouncer);

/// A schema of a test's own, without a table of leases.
async fn schema() -> String {
    let schema = fresh();
    exec(&format!("CREATE SCHEMA {schema}")).await;
    schema
}

/// A store for a user of its own, who may use the schema but make nothing in it.
async fn of_guest(schema: &str) -> Arc<dyn Store> {
    let sql =
        format!("CREATE ROLE {schema} LOGIN PASSWORD 'guest'; GRANT USAGE ON SCHEMA {schema} TO {schema}");
    exec(&sql).await;
    let (_, server) = url().split_once('@').map(|(_, server)| ((), server.to_owned())).unwrap();
    let url = format!("postgres://{schema}:guest@{server}");
    store(options(&fresh(), json!({ "url": url, "schema": schema })))
}

#[tokio::test]
async fn the_first_lease_makes_the_table_however_many_ask_at_once() {
    let schema = schema().await;
    let stores: Vec<_> = (0..8).map(|_| store(options(&fresh(), json!({ "schema": schema })))).collect();
    let asked = stores.iter().flat_map(|store| [of(store).acquire("a", LONG), of(store).acquire("b", LONG)]);
    let taken = join_all(asked).await.into_iter().filter_map(|answer| answer.unwrap());
    assert_eq!(taken.count(), 2);
    assert_eq!(count(&format!("{schema}.redkv_leases")).await, 2);
}

#[tokio::test]
async fn a_lease_needs_no_table_of_entries_and_a_lost_one_is_nobodys() {
    let schema = schema().await;
    let stores = [0, 1].map(|_| store(options(&fresh(), json!({ "schema": schema }))));
    assert!(!of(&stores[0]).renew("a", 1, LONG).await.unwrap());
    assert!(!of(&stores[0]).release("a", 1).await.unwrap());
    let first = taken(&stores[0], "a", LONG).await;
    for lose in ["DELETE FROM", "DROP TABLE"] {
        let token = taken(&stores[0], lose, LONG).await;
        exec(&format!("{lose} {schema}.redkv_leases")).await;
        assert!(!of(&stores[0]).renew(lose, token, LONG).await.unwrap());
        assert!(!of(&stores[0]).release(lose, token).await.unwrap());
        let next = taken(&stores[1], lose, LONG).await;
        assert!(next > token && token > first);
        assert_held(&stores, lose, next).await;
    }
}

#[tokio::test]
async fn a_table_that_may_not_be_made_is_an_error_that_says_how_and_one_that_is_there_serves() {
    let schema = schema().await;
    let store = of_guest(&schema).await;
    let error = of(&store).acquire("a", LONG).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable(), error.may_have_applied()),
        (ErrorKind::Store, false, false)
    );
    let (said, make) = error.message().split_once("UPDATE: ").unwrap();
    assert!(said.contains(&format!("permission denied for schema {schema} (42501)")), "{said}");
    exec(make).await;
    let error = of(&store).acquire("a", LONG).await.unwrap_err();
    assert!(error.message().ends_with(make), "{error:?}");
    exec(&format!("GRANT SELECT, INSERT, UPDATE ON {schema}.redkv_leases TO {schema}")).await;
    let token = taken(&store, "a", LONG).await;
    assert!(of(&store).release("a", token).await.unwrap());
}

#[tokio::test]
async fn strict_transactions_of_a_session_elect_one_as_well() {
    let level = "-c default_transaction_isolation=serializable";
    let stores = pair(json!({ "options": level }));
    for round in 0..10 {
        let name = format!("{}{round}", fresh());
        let asked = (0..8).map(|n| of(&stores[n % 2]).acquire(&name, LONG));
        let tokens: Vec<u64> =
            join_all(asked).await.into_iter().filter_map(|answer| answer.unwrap()).collect();
        assert_eq!(tokens.len(), 1);
        assert_held(&stores, &name, tokens[0]).await;
    }
}

#[tokio::test]
async fn a_database_of_another_encoding_keeps_names_apart() {
    let database = fresh();
    exec(&format!(
        "CREATE DATABASE {database} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    ))
    .await;
    let (server, _) = url().rsplit_once('/').map(|(server, path)| (server.to_owned(), path.len())).unwrap();
    let more = json!({ "url": format!("{server}/{database}") });
    let stores = [0, 1].map(|_| store(options(&fresh(), more.clone())));
    for name in ["é", "日本", "🙂"] {
        let token = taken(&stores[0], name, LONG).await;
        assert_held(&stores, name, token).await;
    }
}

#[tokio::test]
async fn a_lease_that_was_asked_for_when_the_server_died_is_not_asked_for_again() {
    let mut server = Server::start(&[]);
    let on = || store(options(&fresh(), json!({ "url": server.url(), "createTable": true })));
    let stores = [on(), on()];
    set(&*stores[0], "k", "v").await.unwrap();
    let first = taken(&stores[0], "a", LONG).await;
    server.kill();
    let error = of(&stores[0]).acquire("b", LONG).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error:?}");
    server.restart();
    let held = async {
        while of(&stores[1]).renew("a", first, LONG).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), held).await.unwrap();
    assert_held(&stores, "a", first).await;
    taken(&stores[1], "b", LONG).await;
}
