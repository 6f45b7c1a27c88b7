//! Peers that answer, or cut off, as no server of Redis does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use redkv::chain::{Chain, ChainStore, Scope, TierConfig};
use redkv::clock::SystemClock;
use redkv::entry::{Entry, Key};
use redkv::error::{ErrorKind, Result};
use redkv::store::{Store, Want};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::{entry, get, get_with_deadline, key, set, store, store_with};
use crate::redis::support::server::Server;

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
        ErrorKind::Connection
    );
}

/// A peer that greets as a server does, and then answers what it is asked with what `answer` makes of it.
async fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> u16 {
    watched(answer).await.0
}

/// The same, with word of every connection that has ended.
async fn watched(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> (u16, UnboundedReceiver<()>) {
    let (ended, ends) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (answer, ended) = (answer.clone(), ended.clone());
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                while let Ok(count @ 1..) = client.read(&mut asked).await {
                    let asked = String::from_utf8_lossy(&asked[..count]);
                    let told = match (asked.contains("SETINFO"), asked.contains("PING")) {
                        (true, _) => b"+OK\r\n+OK\r\n+PONG\r\n".to_vec(),
                        (_, true) => b"+PONG\r\n".to_vec(),
                        _ => answer(&asked),
                    };
                    if client.write_all(&told).await.is_err() {
                        break;
                    }
                }
                ended.send(()).ok();
            });
        }
    });
    (port, ends)
}

type Call = fn(Arc<dyn Store>) -> BoxFuture<'static, Result<()>>;

/// One of each kind.
const CALLS: [Call; 6] = [
    |store| Box::pin(async move { get(&*store, &key("k")).await.map(drop) }),
    |store| Box::pin(async move { get_with_deadline(&*store, &key("k")).await.map(drop) }),
    |store| Box::pin(async move { store.has(&[key("k")]).await.remove(0).map(drop) }),
    |store| Box::pin(async move { set(&*store, &key("k"), Entry::new("v")).await.map(drop) }),
    |store| Box::pin(async move { store.delete(&[key("k")]).await.remove(0) }),
    |store| Box::pin(async move { store.keys("", None).await.map(drop) }),
];

#[tokio::test]
async fn an_answer_of_another_kind_ends_the_connection() {
    let strange =
        [("*0\r\n", 6), ("*2\r\n$1\r\n0\r\n:1\r\n", 6), (":1\r\n", 5), ("$1\r\nv\r\n", 5), ("$-1\r\n", 4)];
    for (told, failing) in strange {
        let mut failed = 0;
        for call in CALLS {
            let (port, mut ends) = watched(move |_| told.into()).await;
            if let Err(error) = call(store(json!({ "port": port }))).await {
                assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error:?}");
                ends.recv().await.unwrap();
                failed += 1;
            }
        }
        assert_eq!(failed, failing, "{told:?}");
    }
}

#[tokio::test]
async fn what_is_under_way_when_an_answer_of_another_kind_comes_fails_too() {
    let port = answering(|_| b":1\r\n$1\r\nv\r\n".to_vec()).await;
    let store = store(json!({ "port": port }));
    let (one, other) = (key("one"), key("other"));
    let (one, other) = tokio::join!(get(&*store, &one), get(&*store, &other));
    assert_eq!([one, other].map(|answer| answer.unwrap_err().kind()), [ErrorKind::Connection; 2]);
}

#[tokio::test]
async fn a_server_with_answers_of_another_kind_counts_as_down() {
    let chain = Arc::new(Chain::new(Arc::new(SystemClock)));
    let server = store(json!({ "port": answering(|_| b":1\r\n".to_vec()).await }));
    chain.add(server, TierConfig::default()).unwrap();
    let chain = ChainStore::new(chain);
    for _ in 0..3 {
        get(&chain, &key("k")).await.unwrap_err();
    }
    let error = get(&chain, &key("k")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.message().contains("down"), "{error}");
}

#[tokio::test]
async fn an_answer_too_many_is_nobodys() {
    let (port, mut ends) = watched(|_| b"$3\r\none\r\n$3\r\ntwo\r\n".to_vec()).await;
    for _ in 0..10 {
        let store = store(json!({ "port": port }));
        assert_eq!(get(&*store, &key("k")).await.unwrap(), entry("one"));
        ends.recv().await.unwrap();
        assert_ne!(get(&*store, &key("k")).await.ok(), Some(entry("two")));
    }
}

#[tokio::test]
async fn an_answer_to_nothing_ends_an_idle_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store(json!({ "port": listener.local_addr().unwrap().port() }));
    let greeting = async {
        let (mut client, _) = listener.accept().await.unwrap();
        assert!(client.read(&mut [0; 4096]).await.unwrap() > 0);
        client.write_all(b"+OK\r\n+OK\r\n+PONG\r\n").await.unwrap();
        assert!(client.read(&mut [0; 4096]).await.unwrap() > 0);
        client.write_all(b"+PONG\r\n").await.unwrap();
        client
    };
    let (init, mut client) = tokio::join!(store.init(), greeting);
    init.unwrap();
    client.write_all(b"$1\r\nv\r\n").await.unwrap();
    assert_eq!(client.read(&mut [0; 4096]).await.unwrap_or(0), 0, "it is not closed");
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

/// A peer that greets as a server does, and then answers whatever it is asked byte by byte, for ever. Answers with its
/// port, and tells of every request.
async fn drips() -> (u16, UnboundedReceiver<String>) {
    let (sender, requests) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                for answer in [&b"+OK\r\n+OK\r\n+PONG\r\n"[..], b"+PONG\r\n", b"$1000000\r\n"] {
                    let Ok(count @ 1..) = client.read(&mut asked).await else { return };
                    sender.send(String::from_utf8_lossy(&asked[..count]).into_owned()).ok();
                    client.write_all(answer).await.ok();
                }
                while client.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
        }
    });
    (port, requests)
}

#[tokio::test]
async fn a_value_that_drips_in_is_asked_for_once_and_waited_for_until_the_time_is_over() {
    let (port, mut requests) = drips().await;
    let chain = Arc::new(Chain::new(Arc::new(SystemClock)));
    let timeout = Some(Duration::from_millis(500));
    let redis = store(json!({ "port": port, "connect_timeout": 100 }));
    chain.add(redis, TierConfig { timeout, ..TierConfig::default() }).unwrap();
    let error = get(&ChainStore::new(chain), &key("k")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let mut gets = 0;
    while let Ok(request) = requests.try_recv() {
        gets += usize::from(request.contains("GET"));
    }
    assert_eq!(gets, 1);
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
