//! A service that answers without an end.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use super::proxy::address;

/// What a service answers to a request that begins with this text: a whole answer of HTTP, or one without an end.
pub(crate) enum Reply {
    Whole(String),
    /// These headers, and then a body in chunks for ever.
    Endless(&'static str),
}

/// Starts a service, and answers with its address.
pub(crate) fn service(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = address(&listener);
    let reply = Arc::new(reply);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, reply) = (client.unwrap(), reply.clone());
            std::thread::spawn(move || serve(client, &*reply));
        }
    });
    endpoint
}

fn serve(mut client: TcpStream, reply: &dyn Fn(&str) -> Reply) {
    const CHUNK: usize = 64 << 10;
    let mut bytes = [0; 65536];
    while let Ok(count) = client.read(&mut bytes) {
        if count == 0 {
            return;
        }
        match reply(&String::from_utf8_lossy(&bytes[..count])) {
            Reply::Whole(answer) => {
                if client.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
            Reply::Endless(headers) => {
                let head = format!("HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n");
                let chunk = format!("{CHUNK:x}\r\n{}\r\n", " ".repeat(CHUNK));
                let mut sent = client.write_all(head.as_bytes());
                while sent.is_ok() {
                    sent = client.write_all(chunk.as_bytes());
                }
                return;
            }
        }
    }
}
