//! The table of leases in a file of SQLite.

use std::sync::Arc;
use std::time::Duration;

use redkv::error::ErrorKind;
use redkv::store::Store;
use redkv_testing::leases::{LONG, Pair, assert_held, of, taken, taken_soon};
use redkv_testing::leases_suite;
use serde_json::json;

use crate::sqlite::support::{Place, entries, get, open, some, unwrapped};
use redkv::store::SetMode;

/// Two stores over a file that is removed with the folder of all.
async fn of_sqlite() -> Pair {
    // The folder must outlive the test, of which nobody tells.
    let path = Box::leak(Box::new(Place::new())).path.clone();
    [0, 1].map(|_| Arc::new(open(json!({ "path": path }))) as Arc<dyn Store>)
}

leases_suite!(of_sqlite, super::of_sqlite);

fn stores(place: &Place) -> Pair {
    [0, 1].map(|_| Arc::new(place.store()) as Arc<dyn Store>)
}

#[tokio::test]
async fn who_has_not_seen_a_lease_before_waits_for_its_whole_life() {
    let place = Place::new();
    let life = Duration::from_millis(500);
    let [holder, other] = stores(&place);
    let first = taken(&holder, "a", life).await;
    tokio::time::sleep(2 * life).await;
    // By its own clock it is over, whatever others think.
    assert!(!of(&holder).renew("a", first, LONG).await.unwrap());
    assert_eq!(of(&other).acquire("a", LONG).await.unwrap(), None);
    assert!(taken_soon(&other, "a", LONG).await > first);
}

#[tokio::test]
async fn a_file_that_was_removed_has_lost_its_leases_and_tokens_grow_all_the_same() {
    let place = Place::new();
    let stores = stores(&place);
    let first = taken(&stores[0], "a", LONG).await;
    for store in &stores {
        store.init().await.unwrap();
    }
    place.outside().execute_batch("DROP TABLE redkv_leases").unwrap();
    assert!(!of(&stores[0]).renew("a", first, LONG).await.unwrap());
    assert!(!of(&stores[0]).release("a", first).await.unwrap());
    let second = taken(&stores[1], "a", LONG).await;
    assert!(second > first);
    assert_held(&stores, "a", second).await;
}

#[tokio::test]
async fn a_lease_waits_for_another_connection_that_writes_and_reads_go_on() {
    let place = Place::new();
    let store = place.store();
    unwrapped(store.set(&entries(["k"]), SetMode::Always).await);
    let writer = place.outside();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let asked = tokio::spawn({
        let store = store.clone();
        async move { of(&store).acquire("a", LONG).await }
    });
    for _ in 0..20 {
        let read = store.get(&["k".into()], redkv::store::Want::Value).await.remove(0).unwrap();
        assert!(read.is_some());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!asked.is_finished());
    writer.execute_batch("COMMIT").unwrap();
    assert!(asked.await.unwrap().unwrap().is_some());
}

#[tokio::test]
async fn a_lease_that_another_connection_keeps_out_too_long_was_not_taken() {
    let place = Place::new();
    let store: Arc<dyn Store> = Arc::new(place.store());
    store.init().await.unwrap();
    let writer = place.outside();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = of(&store).acquire("a", LONG).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable(), error.may_have_applied()),
        (ErrorKind::Store, true, false)
    );
    writer.execute_batch("COMMIT").unwrap();
    taken(&store, "a", LONG).await;
}

#[tokio::test]
async fn a_table_of_that_name_that_is_another_programs_is_an_error_and_stays_as_it_is() {
    let place = Place::made_by("CREATE TABLE redkv_leases (x); INSERT INTO redkv_leases VALUES ('theirs')");
    let store = place.store();
    unwrapped(store.set(&entries(["k"]), SetMode::Always).await);
    let leases = store.leases().unwrap();
    assert_eq!(leases.acquire("a", LONG).await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(leases.renew("a", 1, LONG).await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(get(&store, "k").await, some("k"));
    assert_eq!(place.ask("SELECT count(*) FROM redkv_leases"), 1.into());
}
