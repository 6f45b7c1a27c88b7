//! Behind PgBouncer in transaction mode, which gives each statement to another server.

use std::sync::Arc;

use futures_util::future::join_all;
use redkv::error::Result;
use redkv::store::{SetMode, Store, Want};
use redkv_testing::conformance::Subject;
use redkv_testing::conformance_suite;
use serde_json::json;

use crate::postgres::site::{exec, pooled_url};
use crate::postgres::sql::{entry, fresh, get, options, set, some, store, subject};

async fn behind_pgbouncer() -> Subject {
    subject(&fresh(), json!({ "url": pooled_url(), "createTable": true, "expiresColumn": "e", "max": 4 }))
}

conformance_suite!(conformance, super::behind_pgbouncer);

#[tokio::test]
async fn many_clients_who_share_few_servers_never_run_each_others_statements() {
    let table = fresh();
    let more = || json!({ "url": pooled_url(), "createTable": true, "max": 5 });
    let stores: Vec<Arc<dyn Store>> = (0..4).map(|_| store(options(&table, more()))).collect();
    join_all(stores.iter().map(|store| store.init())).await.into_iter().collect::<Result<()>>().unwrap();
    for round in 0..15 {
        let each = stores.iter().enumerate().map(|(n, store)| async move {
            let (mine, other) = (format!("{n}.{round}"), format!("absent {n}"));
            let keys = [mine.as_str().into(), other.as_str().into()];
            let entries = [entry(&mine, &mine)];
            let (set, absent, has, read, deleted) = tokio::join!(
                store.set(&entries, SetMode::Always),
                store.set(&entries, SetMode::IfAbsent),
                store.has(&keys[1..]),
                store.get(&keys[1..], Want::Value),
                store.delete(&keys[1..]),
            );
            assert!(set[0].is_ok() && absent[0].is_ok() && deleted[0].is_ok());
            assert!(matches!((&has[..], &read[..]), ([Ok(false)], [Ok(None)])), "{has:?} {read:?}");
            assert_eq!(get(&**store, &mine).await.unwrap(), some(&mine));
        });
        join_all(each).await;
    }
}

/// As when somebody else cleans up a server that is shared.
#[tokio::test]
async fn statements_that_the_server_has_forgotten_are_run_all_the_same() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k TEXT PRIMARY KEY, v TEXT)")).await;
    exec(&format!(
        "CREATE FUNCTION f_{table}() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN EXECUTE ''DEALLOCATE ALL''; RETURN NEW; END'"
    ))
    .await;
    exec(&format!("CREATE TRIGGER x BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION f_{table}()"))
        .await;
    let store = store(options(&table, json!({ "max": 1 })));
    for value in ["1", "2", "3"] {
        set(&*store, "a", value).await.unwrap();
        assert_eq!(get(&*store, "a").await.unwrap(), some(value));
    }
}
