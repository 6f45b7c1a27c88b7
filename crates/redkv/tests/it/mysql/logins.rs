//! Ways to log in.

use std::io::{Read, Write};
use std::net::TcpListener;

use redkv::error::ErrorKind;
use serde_json::json;

use crate::mysql::site::Server;
use crate::mysql::sql::{get, set, some, store};

#[tokio::test]
async fn a_user_who_logs_in_by_ed25519_is_let_in() {
    let server = Server::start(&["--plugin-load-add=auth_ed25519"]);
    server.exec("CREATE USER modern@'%' IDENTIFIED VIA ed25519 USING PASSWORD('s3cret')").await;
    server.exec("GRANT ALL ON *.* TO modern@'%'").await;
    let as_modern = |password: &str| {
        store(json!({
            "host": "127.0.0.1", "port": server.port(), "user": "modern", "password": password,
            "database": "redkv_test", "tableName": "t", "keyColumn": "k", "valueColumn": "v", "createTable": true,
        }))
    };
    let store = as_modern("s3cret");
    set(&*store, "a", "1").await.unwrap();
    assert_eq!(get(&*store, "a").await.unwrap(), some("1"));
    let error = as_modern("wrong").init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false), "{error:?}");
}

/// A server that greets, takes a login and asks for another one by `plugin`.
fn asking_for(plugin: &'static str) -> u16 {
    let packet = |number: u8, parts: &[&[u8]]| {
        let body = parts.concat();
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        [&length[..3], &[number], &body].concat()
    };
    let hello = packet(
        0,
        &[
            &[10],
            b"10.11.0-MariaDB\0",
            &[1, 0, 0, 0],
            b"abcdefgh",
            &[0, 0xff, 0xf7, 0x21, 2, 0, 0xff, 0x81, 21],
            &[0; 10],
            b"abcdefghijkl\0mysql_native_password\0",
        ],
    );
    let other = packet(2, &[&[0xfe], plugin.as_bytes(), b"\0", &[b'x'; 32]]);
    let salt = packet(4, &[b"P\x01", &[b's'; 18]]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut answer = [0; 4096];
            socket.write_all(&hello).unwrap();
            socket.read(&mut answer).unwrap_or_default();
            socket.write_all(&other).unwrap();
            socket.read(&mut answer).unwrap_or_default();
            socket.write_all(&salt).ok();
        }
    });
    port
}

#[tokio::test]
async fn another_way_to_log_in_is_named_by_the_error() {
    for plugin in [
        "dialog",
        "auth_gssapi_client",
        "sha256_password",
        "mysql_clear_password",
        "mysql_old_password",
        "parsec",
    ] {
        let store = store(json!({
            "host": "127.0.0.1", "port": asking_for(plugin), "user": "u", "password": "s3cret", "database": "d",
            "tableName": "t", "keyColumn": "k", "valueColumn": "v",
        }));
        let error = store.init().await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false), "{plugin}: {error:?}");
        assert!(error.message().contains(&format!("'{plugin}'")), "{error}");
        assert!(!error.may_have_applied());
    }
}
