//! A server and its replicas behind sentinels.

use std::time::Duration;

use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{entry, get, set, store};
use crate::redis::support::load::{FOREVER, Load, eventually_read};
use crate::redis::support::server::Server;
use crate::redis::support::servers::{Watched, until};
use crate::support::port::free_port;

fn keys(count: usize) -> Vec<Key> {
    (0..count).map(|n| Key::from(format!("load:{n}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_dies_under_load_and_what_its_replica_had_is_there() {
    let mut watched = Watched::start(1, 3);
    let load = Load::on(watched.store(), keys(20), true);
    load.progress(20).await;
    let (stopped, going) = load.counters.split_at(10);
    stopped.iter().for_each(|counter| counter.stop());
    for counter in stopped {
        until("replication", || {
            let found: u64 = watched.servers[1].ask(&["GET", &counter.key]);
            found >= counter.acknowledged()
        });
    }
    watched.servers[0].kill();
    load.progress(20).await;
    assert_eq!(watched.master(), 1);
    assert!(going.iter().all(|counter| counter.failures() > 0));
    for counter in stopped {
        assert!(eventually_read(&*load.store, &counter.key).await >= counter.acknowledged());
    }
    load.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fail_over_that_was_asked_for_is_followed() {
    let watched = Watched::start(1, 1);
    let store = watched.store();
    let key = Key::from("k");
    set(&*store, &key, Entry::new("v")).await.unwrap();
    until("replication", || watched.servers[1].ask::<Option<String>>(&["GET", "k"]).is_some());
    until("a fail-over", || watched.sentinels[0].try_ask::<()>(&["SENTINEL", "FAILOVER", "main"]).is_ok());
    until("the fail-over", || watched.servers[1].has_role("master"));
    until("the old master to follow", || watched.servers[0].has_role("slave"));
    let written = async {
        while set(&*store, &key, Entry::new("w")).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(FOREVER, written).await.unwrap();
    assert_eq!(watched.servers[1].ask::<String>(&["GET", "k"]), "w");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentinel_that_is_gone_or_silent_is_passed_over() {
    let watched = Watched::start(1, 1);
    let hung = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = |port: u16| json!({ "host": "127.0.0.1", "port": port });
    let sentinels = [at(free_port()), at(hung.local_addr().unwrap().port()), at(watched.sentinels[0].port())];
    let store = store(json!({ "sentinels": sentinels, "name": "main", "connect_timeout": 2000 }));
    let key = Key::from("k");
    set(&*store, &key, Entry::new("v")).await.unwrap();
    assert_eq!(get(&*store, &key).await.unwrap(), entry("v"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_the_master_is_not_used() {
    let replica = Server::with(&["--replicaof", "127.0.0.1", "1"]);
    let sentinel = Server::sentinel(replica.port(), 1);
    let options = json!({ "sentinels": [{ "host": "127.0.0.1", "port": sentinel.port() }], "name": "main" });
    let error = store(options).init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    assert!(error.message().ends_with("is not the master"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_sentinel_knows_is_reported() {
    let watched = Watched::start(0, 1);
    let at = json!({ "host": "127.0.0.1", "port": watched.sentinels[0].port() });
    let store = store(json!({ "sentinels": [at], "name": "other" }));
    let error = set(&*store, &Key::from("k"), Entry::new("v")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    assert!(!error.may_have_applied());
    assert!(error.message().contains("it knows no master called 'other'"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_and_servers_have_passwords_of_their_own() {
    let master = Server::with(&["--requirepass", "of-server"]);
    let passwords = "sentinel auth-pass main of-server\nrequirepass of-sentinel";
    let sentinel = Server::sentinel_with(master.port(), 1, passwords);
    let options = |password: &str| {
        let at = json!({ "host": "127.0.0.1", "port": sentinel.port() });
        store(json!({
            "sentinels": [at], "name": "main", "password": "of-server", "sentinelPassword": password, "db": 3,
        }))
    };
    let key = Key::from("k");
    set(&*options("of-sentinel"), &key, Entry::new("v")).await.unwrap();
    let value: String = redis::cmd("GET").arg("k").query(&mut master.client(":of-server@", 3)).unwrap();
    assert_eq!(value, "v");
    let error = options("s3cret").init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false));
    assert!(!super::all_texts(&error).contains("s3cret"), "{}", super::all_texts(&error));
}
