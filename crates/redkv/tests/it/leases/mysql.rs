//! The table of leases in MySQL and MariaDB.

use std::sync::Arc;

use futures_util::future::join_all;
use redkv::error::ErrorKind;
use redkv::store::Store;
use redkv_testing::leases::{LONG, Pair, assert_held, of, taken};
use redkv_testing::leases_suite;
use serde_json::json;

use crate::mysql::site::{Server, count, exec, url};
use crate::mysql::sql::{fresh, options, store};

async fn of_mysql() -> Pair {
    let table = fresh();
    [0, 1].map(|_| store(options(&table, json!({ "createTable": true }))))
}

leases_suite!(of_mysql, super::of_mysql);

/// A database of a test's own, without a table of leases.
async fn database() -> String {
    let database = fresh();
    exec(&format!("CREATE DATABASE {database}")).await;
    database
}

/// A store in that database.
fn in_database(database: &str) -> Arc<dyn Store> {
    let url = url();
    let (server, _) = url.rsplit_once('/').unwrap();
    store(options(&fresh(), json!({ "url": format!("{server}/{database}") })))
}

#[tokio::test]
async fn the_first_lease_makes_the_table_however_many_ask_at_once() {
    let database = database().await;
    let stores: Vec<_> = (0..8).map(|_| in_database(&database)).collect();
    let asked = stores.iter().flat_map(|store| [of(store).acquire("a", LONG), of(store).acquire("b", LONG)]);
    let taken = join_all(asked).await.into_iter().filter_map(|answer| answer.unwrap());
    assert_eq!(taken.count(), 2);
    assert_eq!(count(&format!("{database}.redkv_leases")).await, 2);
}

#[tokio::test]
async fn a_lease_needs_no_table_of_entries_and_a_lost_one_is_nobodys() {
    let database = database().await;
    let stores = [0, 1].map(|_| in_database(&database));
    assert!(!of(&stores[0]).renew("a", 1, LONG).await.unwrap());
    assert!(!of(&stores[0]).release("a", 1).await.unwrap());
    let first = taken(&stores[0], "a", LONG).await;
    for lose in ["DELETE FROM", "DROP TABLE"] {
        let token = taken(&stores[0], lose, LONG).await;
        exec(&format!("{lose} {database}.redkv_leases")).await;
        assert!(!of(&stores[0]).renew(lose, token, LONG).await.unwrap());
        assert!(!of(&stores[0]).release(lose, token).await.unwrap());
        let next = taken(&stores[1], lose, LONG).await;
        assert!(next > token && token > first);
        assert_held(&stores, lose, next).await;
    }
}

#[tokio::test]
async fn a_table_that_may_not_be_made_is_an_error_that_says_how_and_one_that_is_there_serves() {
    let server = Server::start(&[]);
    for guest in ["reader", "writer"] {
        server.exec(&format!("CREATE USER {guest}@'%' IDENTIFIED BY 'guest'")).await;
    }
    server.exec("GRANT SELECT ON redkv_test.* TO reader@'%'").await;
    server.exec("GRANT SELECT, INSERT, UPDATE ON redkv_test.* TO writer@'%'").await;
    let of_guest = |guest: &str| {
        let url = server.url().replace("redkv:redkv", &format!("{guest}:guest"));
        store(options(&fresh(), json!({ "url": url })))
    };
    let (reader, writer) = (of_guest("reader"), of_guest("writer"));
    for (store, what) in [(&reader, "INSERT"), (&writer, "CREATE")] {
        let error = of(store).acquire("a", LONG).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false));
        assert!(!error.may_have_applied());
        let (said, make) = error.message().split_once("UPDATE: ").unwrap();
        assert!(said.contains(what) && said.contains("command denied to user"), "{said}");
        if what == "CREATE" {
            server.exec(make).await;
        }
    }
    let token = taken(&writer, "a", LONG).await;
    assert!(of(&writer).release("a", token).await.unwrap());
}
