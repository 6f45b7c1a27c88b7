//! TLS, with a certificate authority made for the test.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use redkv::error::ErrorKind;
use redkv::store::Store;
use serde_json::{Value, json};

use super::super::site::Server;
use super::{get, set, some, store};

/// Makes `ca.pem`, and `server` and `client` with their keys.
pub(crate) fn make_certificates(folder: &Path) {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let names = "subjectAltName=DNS:localhost,DNS:db.example,IP:127.0.0.1";
    let ca = ["req", "-x509", "-subj", "/CN=redkv test", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(folder, &[&ca[..], &curve].concat());
    for (name, names) in [("server", names), ("client", "subjectAltName=DNS:client")] {
        let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
        let leaf = ["req", "-x509", "-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/CN=leaf"];
        let files = ["-keyout", &key, "-out", &pem, "-addext", names];
        let kind = ["-addext", "basicConstraints=critical,CA:FALSE"];
        openssl(folder, &[&leaf[..], &files, &kind, &curve].concat());
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let status = Command::new("openssl").args(arguments).current_dir(folder).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "openssl {arguments:?}");
}

fn secure(server: &Server, host: &str, ssl: Value) -> Arc<dyn Store> {
    store(json!({
        "url": server.url().replacen("127.0.0.1", host, 1), "tableName": "t", "keyColumn": "k", "valueColumn": "v",
        "createTable": true, "ssl": ssl,
    }))
}

#[tokio::test]
async fn a_server_is_trusted_by_its_authority_and_its_name() {
    let server = Server::with_tls();
    let ca = server.file("ca.pem");
    for host in ["localhost", "127.0.0.1"] {
        let store = secure(&server, host, json!({ "ca": ca }));
        set(&*store, "a", host).await.unwrap();
        assert_eq!(get(&*store, "a").await.unwrap(), some(host));
    }
    let named = |name: &str| secure(&server, "localhost", json!({ "ca": ca, "servername": name }));
    named("db.example").init().await.unwrap();
    let refused = [
        named("other.example"),
        secure(&server, "localhost", json!({ "ca": server.file("client.pem") })),
        secure(&server, "localhost", json!(true)),
    ];
    for store in refused {
        let error = store.init().await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false), "{error:?}");
        assert!(!error.may_have_applied());
    }
    secure(&server, "localhost", json!({ "rejectUnauthorized": false })).init().await.unwrap();
    assert!(server.is_encrypted(json!({ "ca": ca })).await);
}

#[tokio::test]
async fn a_server_that_asks_for_a_client_certificate_gets_it() {
    let server = Server::with_tls();
    server.require_client_certificates().await;
    let ca = server.file("ca.pem");
    let tls = json!({ "ca": ca, "cert": server.file("client.pem"), "key": server.file("client.key") });
    let user = server.url().replacen("redkv:", "secure:", 1);
    let with = |ssl: Value| {
        store(json!({
            "url": user, "tableName": "t", "keyColumn": "k", "valueColumn": "v", "createTable": true, "ssl": ssl,
        }))
    };
    with(tls).init().await.unwrap();
    with(json!({ "ca": ca })).init().await.unwrap_err();
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let server = Server::start(&[]);
    let error =
        secure(&server, "localhost", json!({ "rejectUnauthorized": false })).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
}

/// A store of a server by the name `localhost`, with parameters in its url.
fn by_url(server: &Server, parameters: &str) -> Arc<dyn Store> {
    let url = format!("{}?{parameters}", server.url().replacen("127.0.0.1", "localhost", 1));
    store(json!({ "url": url, "tableName": "t", "keyColumn": "k", "valueColumn": "v", "createTable": true }))
}

#[tokio::test]
async fn a_url_that_prefers_tls_takes_what_the_server_has() {
    let (with, without) = (Server::with_tls(), Server::start(&[]));
    for server in [&with, &without] {
        let store = by_url(server, "sslmode=prefer");
        set(&*store, "a", "b").await.unwrap();
        assert_eq!(get(&*store, "a").await.unwrap(), some("b"));
    }
    by_url(&without, "sslmode=require").init().await.unwrap_err();
    by_url(&without, "sslmode=no-verify").init().await.unwrap_err();
}

#[tokio::test]
async fn a_url_names_the_authority_in_a_file() {
    let server = Server::with_tls();
    let ca = server.path("ca.pem");
    by_url(&server, &format!("sslmode=require&sslrootcert={ca}")).init().await.unwrap();
    by_url(&server, &format!("sslrootcert={ca}")).init().await.unwrap();
    let error = by_url(&server, "sslmode=require").init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false), "{error:?}");
}
