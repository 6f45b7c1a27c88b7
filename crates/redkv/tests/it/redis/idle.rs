//! Connections that die while nobody looks: the process was frozen, or idle.

use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{Store, Want};
use serde_json::json;

use super::{entry, get, set, store};
use crate::redis::support::server::Server;

/// A store with an entry, whose connection the server has closed while this thread, which is all that runs, did
/// something else.
async fn frozen(server: &Server) -> (std::sync::Arc<dyn Store>, Key) {
    let (store, key) = (store(json!({ "port": server.port() })), Key::from("k"));
    set(&*store, &key, Entry::new("v")).await.unwrap();
    redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").exec(&mut server.client("", 0)).unwrap();
    (store, key)
}

#[tokio::test]
async fn a_read_after_the_process_was_frozen_is_answered() {
    let server = Server::with(&[]);
    let (store, key) = frozen(&server).await;
    assert_eq!(get(&*store, &key).await.unwrap(), entry("v"));
}

#[tokio::test]
async fn reads_of_all_kinds_after_the_process_was_frozen_are_answered() {
    let server = Server::with(&[]);
    let (store, key) = frozen(&server).await;
    let keys = [key.clone(), "other".into()];
    let (values, there, more) = futures_util::future::join3(
        store.get(&keys, Want::ValueAndDeadline),
        store.has(&keys),
        get(&*store, &key),
    )
    .await;
    assert_eq!(values.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [entry("v"), None]);
    assert_eq!(there.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [true, false]);
    assert_eq!(more.unwrap(), entry("v"));
}

#[tokio::test]
async fn a_write_after_the_process_was_frozen_is_made_or_says_that_it_may_be() {
    let server = Server::with(&[]);
    let (store, key) = frozen(&server).await;
    match set(&*store, &key, Entry::new("new")).await {
        Ok(_) => assert_eq!(get(&*store, &key).await.unwrap(), entry("new")),
        Err(error) => {
            assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Connection, true));
            assert!(set(&*store, &key, Entry::new("new")).await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_write_on_a_connection_that_is_known_to_be_closed_is_made_on_a_fresh_one() {
    let server = Server::with(&[]);
    let (store, key) = frozen(&server).await;
    // The runtime hears of the end before the write is begun.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(set(&*store, &key, Entry::new("new")).await.unwrap());
}
