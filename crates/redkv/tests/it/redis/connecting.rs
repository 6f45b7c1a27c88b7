//! Addresses, users, databases, and servers that refuse.

use std::net::TcpListener;

use futures_util::FutureExt;
use redkv::clock::{Clock, SystemClock};
use redkv::entry::{Deadline, Entry};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Want};
use serde_json::json;

use super::{all_texts, entry, get, get_with_deadline, key, set, store};
use crate::redis::support::server::Server;
use crate::support::port::free_port;

#[tokio::test]
async fn host_and_port_lead_to_the_server() {
    let server = Server::with(&[]);
    let store = store(json!({ "host": "localhost", "port": server.port() }));
    store.init().await.unwrap();
}

#[tokio::test]
async fn a_unix_socket_leads_to_the_server() {
    let server = Server::with(&["--unixsocket", "{dir}/redis.sock"]);
    let path = server.folder().join("redis.sock");
    for options in [json!({ "path": path }), json!({ "url": format!("unix:{}?db=1", path.display()) })] {
        let store = store(options);
        let key = key("k");
        set(&*store, &key, Entry::new("v")).await.unwrap();
        assert_eq!(get(&*store, &key).await.unwrap(), entry("v"));
    }
}

#[tokio::test]
async fn the_database_is_selected() {
    let server = Server::with(&[]);
    let key = key("k");
    let store = store(json!({ "url": format!("redis://127.0.0.1:{}/3", server.port()) }));
    set(&*store, &key, Entry::new("v")).await.unwrap();
    let value: String = redis::cmd("GET").arg(key.as_str()).query(&mut server.client("", 3)).unwrap();
    assert_eq!(value, "v");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_a_final_error() {
    let server = Server::with(&["--databases", "2"]);
    let error = store(json!({ "port": server.port(), "db": 7 })).init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false));
    assert_eq!(error.message(), "the redis server has no database 7");
}

#[tokio::test]
async fn the_right_password_opens_the_server() {
    let server = Server::with(&["--requirepass", "right:pass/word"]);
    let url = format!("redis://:right%3Apass%2Fword@127.0.0.1:{}", server.port());
    store(json!({ "url": url })).init().await.unwrap();
    store(json!({ "port": server.port(), "auth_pass": "right:pass/word" })).init().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_a_final_error_that_does_not_hold_it() {
    let server = Server::with(&["--requirepass", "right"]);
    let store = store(json!({ "port": server.port(), "password": "s3cret" }));
    let error = store.init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false));
    assert!(!all_texts(&error).contains("s3cret"), "{}", all_texts(&error));
    assert!(!format!("{store:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_missing_password_is_a_final_error() {
    let server = Server::with(&["--requirepass", "right"]);
    let error = store(json!({ "port": server.port() })).init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false));
    assert!(error.message().contains("NOAUTH"), "{error}");
}

#[tokio::test]
async fn a_password_that_the_server_does_not_ask_for_does_no_harm() {
    let server = Server::with(&[]);
    store(json!({ "port": server.port(), "password": "unneeded" })).init().await.unwrap();
}

#[tokio::test]
async fn a_user_may_do_what_the_access_list_allows() {
    let server = Server::with(&[]);
    let rules = ["SETUSER", "reader", "on", ">pass", "~*", "+get"];
    redis::cmd("ACL").arg(&rules).exec(&mut server.client("", 0)).unwrap();
    let store = store(json!({ "port": server.port(), "username": "reader", "password": "pass" }));
    store.init().await.unwrap();
    assert_eq!(get(&*store, &key("k")).await.unwrap(), None);
    let error = set(&*store, &key("k"), Entry::new("v")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false));
    assert!(!error.may_have_applied());
}

#[tokio::test]
async fn a_replica_refuses_writes_until_a_fail_over_is_done() {
    let server = Server::with(&["--replicaof", "127.0.0.1 1"]);
    let store = store(json!({ "port": server.port() }));
    let error = set(&*store, &key("k"), Entry::new("v")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true));
    assert!(!error.may_have_applied());
    assert_eq!(get(&*store, &key("k")).await.unwrap(), None);
}

#[tokio::test]
async fn a_replica_without_its_master_may_be_tried_again() {
    let server = Server::with(&["--replicaof", "127.0.0.1 1", "--replica-serve-stale-data", "no"]);
    let error = get(&*store(json!({ "port": server.port() })), &key("k")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true));
}

#[tokio::test]
async fn a_full_server_refuses_every_write_of_a_batch_for_now() {
    let server = Server::with(&["--maxmemory", "1kb"]);
    let store = store(json!({ "port": server.port() }));
    let entries = [(key("a"), Entry::new("v")), (key("b"), Entry::new("v"))];
    let answers = store.set(&entries, SetMode::Always).await;
    assert_eq!(answers.len(), 2);
    for error in answers.into_iter().map(Result::unwrap_err) {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true));
        assert!(!error.may_have_applied());
    }
    assert_eq!(get(&*store, &entries[0].0).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_server_answers_reads_and_tells_the_time_that_entries_have_left() {
    let server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    let keys: Vec<_> = (0..60).map(|n| key(&format!("k{n}"))).collect();
    let in_seconds = |seconds: u64| Deadline::at(SystemClock.now() + 1000 * seconds);
    let deadline = in_seconds(60);
    for (n, key) in keys.iter().enumerate() {
        let entry = if n % 2 == 0 { Entry::until("v", deadline) } else { Entry::new("v") };
        set(&*store, key, entry).await.unwrap();
    }
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1").exec(&mut server.client("", 0)).unwrap();
    assert!(set(&*store, &key("refused"), Entry::new("v")).await.is_err());
    for asked in [&keys[..1], &keys[..2], &keys[..]] {
        let answers = store.get(asked, Want::ValueAndDeadline).await;
        for (n, answer) in answers.into_iter().enumerate() {
            let entry = answer.unwrap().unwrap();
            assert_eq!(entry.value, "v");
            assert_eq!(entry.deadline.is_some(), n % 2 == 0);
            assert!(entry.deadline.is_none_or(|found| found > in_seconds(20) && found < in_seconds(61)));
        }
    }
    assert_eq!(get_with_deadline(&*store, &key("refused")).await.unwrap(), None);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_retryable_error_and_nothing_was_done() {
    let store = store(json!({ "port": free_port() }));
    let first = set(&*store, &key("k"), Entry::new("v")).await.unwrap_err();
    let second = set(&*store, &key("k"), Entry::new("v")).await.unwrap_err();
    for error in [first, second] {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
        assert!(!error.may_have_applied());
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let store = store(json!({ "port": port, "connect_timeout": 100, "password": "p", "db": 1 }));
    let error = store.init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    assert!(!error.may_have_applied());
}

#[tokio::test]
async fn concurrent_first_calls_share_one_connection() {
    let server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    let key = key("k");
    let reads: Vec<_> = (0..50).map(|_| get(&*store, &key)).collect();
    assert!(futures_util::future::join_all(reads).await.into_iter().all(|answer| answer.is_ok()));
    let clients: String = redis::cmd("CLIENT").arg("LIST").query(&mut server.client("", 0)).unwrap();
    // The server may not have noticed yet that whoever asked whether it is up has left.
    let staying = clients.lines().filter(|client| !client.contains("cmd=ping")).count();
    assert_eq!(staying, 2, "{clients}");
}

#[tokio::test]
async fn a_first_caller_who_leaves_is_not_served_and_does_not_disturb_the_others() {
    let server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    let key = key("k");
    {
        let mut leaver = Box::pin(set(&*store, &key, Entry::new("never sent")));
        assert!(leaver.as_mut().now_or_never().is_none());
    }
    assert_eq!(get(&*store, &key).await.unwrap(), None);
}
