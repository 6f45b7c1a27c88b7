//! Faults between the store and a server.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::port::free_port;

pub(crate) fn address(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().unwrap())
}

/// An address where nobody listens any more.
pub(crate) fn dead_endpoint() -> String {
    format!("http://127.0.0.1:{}", free_port())
}

/// Passes everything on to a server, until it is told to do otherwise.
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    faults: Arc<Faults>,
    stop: Arc<AtomicBool>,
    listening: JoinHandle<()>,
}

#[derive(Default)]
struct Faults {
    /// Drop the connection after the server has carried out the next request.
    lose: AtomicBool,
    /// Let requests wait for ever.
    hold: AtomicBool,
    /// Answers for the next requests, which the server does not get to see.
    refusals: Mutex<VecDeque<String>>,
    /// A key of AWS with which requests are not let through, and the answer to them.
    refused_key: Mutex<Option<(String, String)>>,
    refused: AtomicUsize,
    connections: AtomicUsize,
}

impl Proxy {
    pub(crate) fn start(server: &str) -> Self {
        let server = server.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = address(&listener);
        let faults = Arc::new(Faults::default());
        let stop = Arc::new(AtomicBool::new(false));
        let (told, stopped) = (faults.clone(), stop.clone());
        let listening = std::thread::spawn(move || {
            for client in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                told.connections.fetch_add(1, Ordering::SeqCst);
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let asked = told.clone();
                std::thread::spawn(move || ask(from, to, &asked));
                let told = told.clone();
                std::thread::spawn(move || answer(server, client, &told));
            }
        });
        Self { endpoint, faults, stop, listening }
    }

    pub(crate) fn lose_the_next_answer(&self) {
        self.faults.lose.store(true, Ordering::SeqCst);
    }

    /// Requests get no answer while this is so.
    pub(crate) fn hold(&self, hold: bool) {
        self.faults.hold.store(hold, Ordering::SeqCst);
    }

    /// Answers the next request with `refusal`, a whole answer of HTTP, in the place of the server.
    pub(crate) fn refuse_next(&self, refusal: impl Into<String>) {
        self.faults.refusals.lock().unwrap().push_back(refusal.into());
    }

    /// Answers requests that are signed with `key` with `refusal`, in the place of the server.
    pub(crate) fn refuse_key(&self, key: &str, refusal: String) {
        *self.faults.refused_key.lock().unwrap() = Some((format!("Credential={key}/"), refusal));
    }

    /// How many requests were refused for their key.
    pub(crate) fn refused(&self) -> usize {
        self.faults.refused.load(Ordering::SeqCst)
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.faults.connections.load(Ordering::SeqCst)
    }

    /// Takes no new connections from now on.
    pub(crate) fn stop_listening(self) {
        self.stop.store(true, Ordering::SeqCst);
        TcpStream::connect(self.endpoint.trim_start_matches("http://")).unwrap();
        self.listening.join().unwrap();
    }
}

fn ask(mut client: TcpStream, mut server: TcpStream, faults: &Faults) {
    let mut bytes = [0; 65536];
    while let Ok(count) = client.read(&mut bytes) {
        if count == 0 {
            break;
        }
        if faults.hold.load(Ordering::SeqCst) {
            continue;
        }
        let refusal = faults.refusals.lock().unwrap().pop_front();
        if let Some(refusal) = refusal {
            client.write_all(refusal.as_bytes()).ok();
            break;
        }
        if let Some((key, refusal)) = &*faults.refused_key.lock().unwrap()
            && bytes[..count].windows(key.len()).any(|part| part == key.as_bytes())
        {
            faults.refused.fetch_add(1, Ordering::SeqCst);
            client.write_all(refusal.as_bytes()).ok();
            break;
        }
        if server.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    server.shutdown(Shutdown::Both).ok();
}

fn answer(mut server: TcpStream, mut client: TcpStream, faults: &Faults) {
    let mut bytes = [0; 65536];
    while let Ok(count) = server.read(&mut bytes) {
        let lost = count > 0 && faults.lose.swap(false, Ordering::SeqCst);
        if count == 0 || lost || client.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    client.shutdown(Shutdown::Both).ok();
}
