//! Random programs on a server whose connections are cut.

use std::sync::{Arc, Mutex};

use fastrand::Rng;
use redkv_testing::structures::random::answers_say_what_happened;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::redis::support::server::Server;

/// What becomes of the next bytes that a client sends.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// They arrive late.
    Delay(u64),
    /// Of a thousand so many arrive, and the connection is cut. With or without the answers to them.
    Cut { permille: usize, is_answered: bool },
}

impl Fault {
    fn random(rng: &mut Rng) -> Option<Self> {
        let is_answered = rng.bool();
        match rng.u8(..10) {
            0 => Some(Self::Delay(rng.u64(1..5))),
            1 => Some(Self::Cut { permille: 0, is_answered }),
            2 => Some(Self::Cut { permille: 1000, is_answered: false }),
            3 => Some(Self::Cut { permille: rng.usize(..1000), is_answered }),
            _ => None,
        }
    }
}

type Next = Arc<Mutex<Option<Fault>>>;

/// Passes everything on to the server at `port`, but for what `next` says. Returns the port to connect to.
async fn disturbed(port: u16, next: Next) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            tokio::spawn(pass(client, server, next.clone()));
        }
    });
    here
}

/// The client hears of a cut when the server has done with what arrived: it will not happen later.
async fn pass(client: TcpStream, server: TcpStream, next: Next) {
    let (mut asked, mut told) = client.into_split();
    let (mut answers, mut server) = server.into_split();
    let is_silent = Arc::new(Mutex::new(false));
    let is_cut = is_silent.clone();
    let answering = tokio::spawn(async move {
        let mut bytes = vec![0; 65536];
        while let Ok(count @ 1..) = answers.read(&mut bytes).await {
            if !*is_cut.lock().unwrap() && told.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
        told
    });
    ask(&mut asked, &mut server, &is_silent, &next).await;
    server.shutdown().await.ok();
    end(answering.await.unwrap()).await;
}

async fn ask(asked: &mut OwnedReadHalf, server: &mut OwnedWriteHalf, is_silent: &Mutex<bool>, next: &Next) {
    let mut bytes = vec![0; 65536];
    while let Ok(count @ 1..) = asked.read(&mut bytes).await {
        let fault = next.lock().unwrap().take();
        match fault {
            Some(Fault::Cut { permille, is_answered }) => {
                *is_silent.lock().unwrap() = !is_answered;
                server.write_all(&bytes[..count * permille / 1000]).await.ok();
                return;
            }
            Some(Fault::Delay(millis)) => tokio::time::sleep(std::time::Duration::from_millis(millis)).await,
            None => {}
        }
        if server.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

async fn end(mut told: OwnedWriteHalf) {
    told.shutdown().await.ok();
}

/// Runs the program of `seed` on `server`.
async fn run(server: &Server, seed: u64) {
    let next = Next::default();
    let port = disturbed(server.port(), next.clone()).await;
    let backend = super::backend(json!({ "host": "127.0.0.1", "port": port }));
    answers_say_what_happened(&backend, seed, |rng| *next.lock().unwrap() = Fault::random(rng)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_programs_are_answered_with_what_happened_while_connections_are_cut() {
    let server = Server::with(&[]);
    if let Some(seed) = std::env::var("REDKV_TEST_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return run(&server, seed).await;
    }
    for _ in 0..20 {
        run(&server, fastrand::u64(..)).await;
    }
}
