//! Faults between the store and a server.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

pub(crate) fn address(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().unwrap())
}

/// An address where nobody listens any more.
pub(crate) fn dead_endpoint() -> String {
    address(&TcpListener::bind("127.0.0.1:0").unwrap())
}

/// Passes everything on to a server, until it is told to lose an answer: then it drops the connection after the
/// server has carried out the next request.
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    lose: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    listening: JoinHandle<()>,
}

impl Proxy {
    pub(crate) fn start(server: &str) -> Self {
        let server = server.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = address(&listener);
        let lose = Arc::new(AtomicBool::new(false));
        let stop = Arc::new(AtomicBool::new(false));
        let (told, stopped) = (lose.clone(), stop.clone());
        let listening = std::thread::spawn(move || {
            for client in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                let told = told.clone();
                std::thread::spawn(move || answer(server, client, &told));
            }
        });
        Self { endpoint, lose, stop, listening }
    }

    pub(crate) fn lose_the_next_answer(&self) {
        self.lose.store(true, Ordering::SeqCst);
    }

    /// Takes no new connections from now on.
    pub(crate) fn stop_listening(self) {
        self.stop.store(true, Ordering::SeqCst);
        TcpStream::connect(self.endpoint.trim_start_matches("http://")).unwrap();
        self.listening.join().unwrap();
    }
}

fn answer(mut server: TcpStream, mut client: TcpStream, lose: &AtomicBool) {
    let mut bytes = [0; 65536];
    while let Ok(count) = server.read(&mut bytes) {
        if count == 0 || lose.swap(false, Ordering::SeqCst) || client.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    client.shutdown(std::net::Shutdown::Both).ok();
}
