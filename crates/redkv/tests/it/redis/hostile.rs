//! Peers that answer, or cut off, as no server of Redis does.

use std::sync::Arc;
use std::time::Duration;

use redkv::chain::{Chain, Scope, TierConfig};
use redkv::clock::SystemClock;
use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::Want;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::server::Server;
use super::{entry, get, set, store, store_with};

/// Stands before a server, and closes every connection that has brought more than `most` bytes. Answers with its port.
pub(crate) async fn cuts_off_what_is_large(server: u16, most: u64) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = client.into_split();
                let (mut replies, mut requests) =
                    TcpStream::connect(("127.0.0.1", server)).await.unwrap().into_split();
                let back = tokio::spawn(async move { tokio::io::copy(&mut replies, &mut to).await });
                tokio::io::copy(&mut (&mut from).take(most), &mut requests).await.ok();
                back.abort();
            });
        }
    });
    port
}

/// A peer that greets as a server does, and then answers whatever it is asked with `beginning` and `rest` for ever.
async fn floods(beginning: &'static [u8], rest: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let flood: Vec<u8> = rest.iter().copied().cycle().take(rest.len() * 4096).collect();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let flood = flood.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                for answer in [b"+OK\r\n+OK\r\n+PONG\r\n", beginning] {
                    if !matches!(client.read(&mut asked).await, Ok(1..))
                        || client.write_all(answer).await.is_err()
                    {
                        return;
                    }
                }
                while client.write_all(&flood).await.is_ok() {}
            });
        }
    });
    port
}

/// What a read of a few keys comes to.
async fn error_of_a_read(port: u16) -> ErrorKind {
    let store = store(json!({ "port": port, "connect_timeout": 500 }));
    let keys = ["a", "b", "c"].map(Key::from);
    let answers = timeout(Duration::from_secs(30), store.get(&keys, Want::Value)).await.unwrap();
    answers[0].as_ref().unwrap_err().kind()
}

#[tokio::test]
async fn a_list_without_an_end_ends_the_connection_at_once() {
    for rest in [&b"*0\r\n"[..], b":1\r\n", b"$0\r\n\r\n"] {
        let port = floods(b"*4000000000\r\n", rest).await;
        assert_eq!(error_of_a_read(port).await, ErrorKind::Connection);
    }
}

#[tokio::test]
async fn lists_in_lists_end_the_connection_at_once() {
    assert_eq!(error_of_a_read(floods(b"", b"*3\r\n").await).await, ErrorKind::Connection);
}

#[tokio::test]
async fn answers_that_nobody_asked_for_end_the_connection() {
    assert_eq!(
        error_of_a_read(floods(b"*3\r\n:1\r\n:1\r\n:1\r\n", b":1\r\n").await).await,
        ErrorKind::Internal
    );
}

/// A peer that greets as a server does, and then answers what it is asked with what `answer` makes of it.
async fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                while let Ok(count @ 1..) = client.read(&mut asked).await {
                    let asked = String::from_utf8_lossy(&asked[..count]);
                    let is_greeting = asked.contains("SETINFO");
                    let told = if is_greeting { b"+OK\r\n+OK\r\n+PONG\r\n".to_vec() } else { answer(&asked) };
                    if client.write_all(&told).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_scan_without_an_end_is_given_up() {
    for keys in ["*0\r\n", "*1\r\n$1\r\nk\r\n"] {
        let port = answering(move |asked| match asked.contains("SCAN") {
            true => format!("*2\r\n$1\r\n7\r\n{keys}").into_bytes(),
            false => b":1\r\n".to_vec(),
        });
        let chain = Arc::new(Chain::new(Arc::new(SystemClock)));
        chain.add(store(json!({ "port": port.await })), TierConfig::default()).unwrap();
        let error = chain.clear(Scope::Chain).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true), "{error:?}");
    }
}

#[tokio::test]
async fn a_string_without_an_end_keeps_nobody_beyond_his_time() {
    let port = floods(b"$4000000000\r\n", b"x").await;
    let store = store(json!({ "port": port, "connect_timeout": 100 }));
    let key = Key::from("k");
    assert!(timeout(Duration::from_millis(200), get(&*store, &key)).await.is_err());
    let error = timeout(Duration::from_secs(30), get(&*store, &key)).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn a_value_larger_than_is_believed_fails_alone() {
    let server = Server::with(&[]);
    let writes = store(json!({ "port": server.port() }));
    for (key, size) in [("small", 10), ("large", 3_000_000), ("full", 1_000_000)] {
        set(&*writes, &key.into(), Entry::new("x".repeat(size))).await.unwrap();
    }
    let reads = store_with(json!({ "port": server.port() }), |config| config.max_value_bytes = 1_000_000);
    assert_eq!(reads.capabilities().max_value_bytes, 1_000_000);
    let keys = ["small", "large", "missing"].map(Key::from);
    for want in [Want::Value, Want::ValueAndDeadline] {
        let answers = reads.get(&keys, want).await;
        assert_eq!(answers[0].as_ref().unwrap(), &entry("xxxxxxxxxx"));
        assert_eq!(answers[1].as_ref().unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(answers[2].as_ref().unwrap(), &None);
        assert_eq!(reads.get(&keys[1..2], want).await[0].as_ref().unwrap_err().kind(), ErrorKind::Value);
    }
    assert_eq!(get(&*reads, &"full".into()).await.unwrap().unwrap().value.len(), 1_000_000);
}

#[tokio::test]
async fn values_that_are_too_much_together_fail_from_there_on() {
    let server = Server::with(&[]);
    let writes = store(json!({ "port": server.port() }));
    let keys = ["a", "b", "c"].map(Key::from);
    for key in &keys {
        set(&*writes, key, Entry::new("x".repeat(400_000))).await.unwrap();
    }
    let reads = store_with(json!({ "port": server.port() }), |config| config.max_value_bytes = 1_000_000);
    let answers = reads.get(&keys, Want::Value).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    let error = answers[2].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Overload, true));
}
