//! Several stores in one folder, as several processes have.

use std::sync::Arc;

use redkv::clock::ManualClock;
use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store};

use crate::file::support::{Place, START, get, set, set_if_absent, set_until};

#[tokio::test]
async fn what_one_writes_the_other_reads() {
    let place = Place::new();
    let (one, other) = (place.store(), place.store());
    set(&one, "k", "value").await.unwrap();
    assert_eq!(get(&other, "k").await.unwrap(), "value");
    other.delete(&["k".into()]).await.remove(0).unwrap();
    assert_eq!(get(&one, "k").await, None);
}

#[tokio::test]
async fn of_all_who_fill_an_empty_place_one_wins() {
    let place = Place::new();
    let stores: Vec<_> = (0..4).map(|_| place.store()).collect();
    for round in 0..50 {
        let key = format!("k{round}");
        let fills = stores.iter().map(|store| set_if_absent(store, &key, "value"));
        let filled = futures_util::future::join_all(fills).await;
        assert_eq!(filled.into_iter().filter(|filled| *filled.as_ref().unwrap()).count(), 1);
    }
}

#[tokio::test]
async fn of_all_who_replace_an_entry_past_its_deadline_one_wins() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let stores: Vec<_> = (0..4).map(|_| place.store_with(clock.clone())).collect();
    for round in 0..50 {
        let key = format!("k{round}");
        set_until(&stores[0], &key, "old", START + 10).await;
    }
    clock.advance(10);
    for round in 0..50 {
        let key = format!("k{round}");
        let fills = stores.iter().map(|store| set_if_absent(store, &key, "new"));
        let filled = futures_util::future::join_all(fills).await;
        assert_eq!(filled.into_iter().filter(|filled| *filled.as_ref().unwrap()).count(), 1);
        assert_eq!(get(&stores[1], &key).await.unwrap(), "new");
    }
}

#[tokio::test]
async fn after_close_everything_is_refused_and_the_other_goes_on() {
    let place = Place::new();
    let (one, other) = (place.store(), place.store());
    set(&one, "k", "value").await.unwrap();
    other.init().await.unwrap();
    one.close().await;
    one.close().await;
    let written = one.set(&[("k".into(), Entry::new("v"))], SetMode::Always).await.remove(0);
    assert_eq!(written.unwrap_err().kind(), ErrorKind::Closed);
    set(&other, "k", "new").await.unwrap();
}
