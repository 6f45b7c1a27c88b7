//! Connections that something in between forgot while nobody used them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::mysql::site::url;
use crate::mysql::sql::{FOREVER, fresh, get, options, set, some, store};

/// Passes bytes on, and can forget the connections that there are: they stay open, and nothing passes any more.
struct Gateway {
    port: u16,
    age: Arc<AtomicUsize>,
}

impl Gateway {
    async fn start() -> Self {
        let server = url().rsplit_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, age) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let now = age.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (from, to) = client.into_split();
                let (back, on) = TcpStream::connect(&server).await.unwrap().into_split();
                let born = now.load(Ordering::SeqCst);
                tokio::spawn(pass(from, on, born, now.clone()));
                tokio::spawn(pass(back, to, born, now.clone()));
            }
        });
        Self { port, age }
    }

    fn forget(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    born: usize,
    now: Arc<AtomicUsize>,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if now.load(Ordering::SeqCst) == born {
            to.write_all(&buffer[..length]).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_connection_that_was_forgotten_in_between_is_found_out_and_replaced() {
    let gateway = Gateway::start().await;
    let through = url().replacen(&format!(":{}/", port_of(&url())), &format!(":{}/", gateway.port), 1);
    let store = store(options(&fresh(), json!({ "url": through, "createTable": true, "max": 3 })));
    let names: Vec<_> = (0..9).map(|n| n.to_string()).collect();
    join_all(names.iter().map(|name| set(&*store, name, "v"))).await;
    gateway.forget();
    // Longer than a connection is taken for good without a look.
    sleep(Duration::from_millis(1_100)).await;
    let reads = join_all(names.iter().map(|name| get(&*store, name)));
    for read in timeout(FOREVER, reads).await.unwrap() {
        assert_eq!(read.unwrap(), some("v"));
    }
    assert!(set(&*store, "a", "w").await.unwrap());
}

fn port_of(url: &str) -> u16 {
    url.rsplit_once(':').unwrap().1.split_once('/').unwrap().0.parse().unwrap()
}
