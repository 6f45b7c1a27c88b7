//! Servers that die, hang and come back.

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use redkv::entry::{Entry, Key};
use redkv::error::{ErrorKind, Result};
use redkv::store::Store;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{entry, get, key, set, store};
use crate::redis::support::server::Server;

/// Far beyond what anything here takes: a test that hangs ends with it.
const FOREVER: Duration = Duration::from_secs(60);

/// Repeats an operation that may fail while a server comes back.
async fn eventually<T, F: Future<Output = Result<T>>>(operation: impl Fn() -> F) -> T {
    let repeated = async {
        loop {
            match operation().await {
                Ok(value) => return value,
                Err(error) if error.is_retryable() => sleep(Duration::from_millis(20)).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    timeout(FOREVER, repeated).await.unwrap()
}

async fn written(store: &dyn Store, key: &Key) -> bool {
    eventually(|| set(store, key, Entry::new("v"))).await
}

#[tokio::test]
async fn the_store_reconnects_after_a_restart() {
    let mut server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    let key = key("k");
    set(&*store, &key, Entry::new("v")).await.unwrap();
    server.kill();
    let error = get(&*store, &key).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    server.start();
    assert_eq!(eventually(|| get(&*store, &key)).await, None);
    assert!(written(&*store, &key).await);
}

#[tokio::test]
async fn a_server_that_starts_late_is_found() {
    let mut server = Server::with(&[]);
    server.kill();
    let store = store(json!({ "port": server.port() }));
    assert_eq!(store.init().await.unwrap_err().kind(), ErrorKind::Connection);
    server.start();
    eventually(|| store.init()).await;
}

#[tokio::test]
async fn the_store_reconnects_after_its_client_was_killed() {
    let server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    let key = key("k");
    assert!(written(&*store, &key).await);
    redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").exec(&mut server.client("", 0)).unwrap();
    assert_eq!(eventually(|| get(&*store, &key)).await, entry("v"));
}

#[tokio::test]
async fn a_write_under_way_when_the_server_dies_has_an_unknown_outcome() {
    let mut server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    store.init().await.unwrap();
    server.pause();
    let key = key("k");
    let mut write = Box::pin(set(&*store, &key, Entry::new("v")));
    assert!(write.as_mut().now_or_never().is_none());
    server.kill();
    let error = timeout(FOREVER, write).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    assert!(error.may_have_applied());
}

#[tokio::test]
async fn a_connection_that_went_silent_is_replaced_once_a_caller_gives_up() {
    let server = Server::with(&[]);
    let store = store(json!({ "port": server.port(), "connect_timeout": 200 }));
    let key = key("k");
    assert!(written(&*store, &key).await);
    server.pause();
    assert!(timeout(Duration::from_millis(50), get(&*store, &key)).await.is_err());
    // Nothing but the store itself ends this one.
    let error = timeout(FOREVER, get(&*store, &key)).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    server.resume();
    assert_eq!(eventually(|| get(&*store, &key)).await, entry("v"));
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_cost_a_live_connection() {
    let server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    let key = key("k");
    assert!(written(&*store, &key).await);
    let id = client_id(&server);
    for _ in 0..20 {
        let mut read = Box::pin(get(&*store, &key));
        assert!(read.as_mut().now_or_never().is_none());
        drop(read);
        assert_eq!(get(&*store, &key).await.unwrap(), entry("v"));
    }
    assert_eq!(client_id(&server), id);
}

#[tokio::test]
async fn a_server_that_became_a_replica_is_looked_up_anew() {
    let server = Server::with(&["--replicaof", "127.0.0.1 1"]);
    let store = store(json!({ "port": server.port() }));
    let key = key("k");
    assert_eq!(get(&*store, &key).await.unwrap(), None);
    let id = client_id(&server);
    let write = || set(&*store, &key, Entry::new("v"));
    assert!(write().await.unwrap_err().is_retryable());
    assert_eq!(get(&*store, &key).await.unwrap(), None);
    assert_eq!(client_id(&server), id, "not at every write");
    sleep(Duration::from_millis(1_050)).await;
    assert!(write().await.unwrap_err().is_retryable());
    assert_eq!(get(&*store, &key).await.unwrap(), None);
    assert_ne!(client_id(&server), id);
}

#[tokio::test]
async fn what_is_under_way_when_a_server_became_a_replica_is_answered() {
    let server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    let (key, large) = (key("k"), Entry::new("v".repeat(32 << 20)));
    set(&*store, &key, large.clone()).await.unwrap();
    redis::cmd("REPLICAOF").arg("127.0.0.1").arg(1).exec(&mut server.client("", 0)).unwrap();
    sleep(Duration::from_millis(1_050)).await;
    let refused = Key::from("refused");
    let (write, read) =
        futures_util::future::join(set(&*store, &refused, Entry::new("v")), get(&*store, &key)).await;
    assert_eq!(write.unwrap_err().kind(), ErrorKind::Store);
    assert!(read.unwrap() == Some(large));
}

/// What the server calls the connection of the store: the client that is not asking.
fn client_id(server: &Server) -> String {
    let clients: String = redis::cmd("CLIENT").arg("LIST").query(&mut server.client("", 0)).unwrap();
    let store = clients.lines().find(|line| !line.contains("cmd=client")).unwrap();
    store.split(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_write_that_was_given_up_with_its_connection_does_not_undo_a_later_one() {
    let server = Server::with(&[]);
    let store = store(json!({ "port": server.port(), "connect_timeout": 200 }));
    let key = key("k");
    assert!(written(&*store, &key).await);
    server.pause();
    let old = set(&*store, &key, Entry::new("old"));
    assert!(timeout(Duration::from_millis(50), old).await.is_err());
    assert!(timeout(FOREVER, get(&*store, &key)).await.unwrap().is_err());
    server.resume();
    eventually(|| set(&*store, &key, Entry::new("new"))).await;
    assert_eq!(eventually(|| get(&*store, &key)).await, entry("new"));
}

#[tokio::test]
async fn closing_ends_what_is_under_way() {
    let server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    store.init().await.unwrap();
    server.pause();
    let key = key("k");
    let mut read = Box::pin(get(&*store, &key));
    assert!(read.as_mut().now_or_never().is_none());
    store.close().await;
    assert!(timeout(FOREVER, read).await.unwrap().is_err());
    server.resume();
}
