//! Servers with certificates that are not of an authority, or old: what Node.js accepts is accepted.

use std::path::Path;

use redkv::error::ErrorKind;
use serde_json::json;

use super::{TlsServer, openssl};

const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/// A certificate that says of itself that it is an authority, as `openssl req -x509` makes it.
fn self_signed(folder: &Path, subject: &str, more: &[&str]) {
    let files =
        ["req", "-x509", "-days", "2", "-subj", subject, "-keyout", "server.key", "-out", "server.pem"];
    openssl(folder, &[&files[..], &KEY, more].concat());
    std::fs::copy(folder.join("server.pem"), folder.join("ca.pem")).unwrap();
}

/// A certificate of X.509 version 1, as `openssl x509 -req` makes it without extensions.
fn version_1(folder: &Path) {
    let ca = ["req", "-x509", "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(folder, &[&ca[..], &KEY].concat());
    let request = ["req", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"];
    openssl(folder, &[&request[..], &KEY].concat());
    let signed =
        ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(folder, &[&signed[..], &["-days", "2", "-out", "server.pem"]].concat());
}

#[tokio::test]
async fn a_self_signed_certificate_is_its_own_authority() {
    let names = ["-addext", "subjectAltName=DNS:localhost"];
    let server = TlsServer::showing(|folder| self_signed(folder, "/CN=x", &names), "no", &[]);
    let ca = server.file("ca.pem");
    server.store("localhost", json!({ "ca": ca })).init().await.unwrap();
    let error = server.store("127.0.0.1", json!({ "ca": ca })).init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false), "{error:?}");
    server.store("localhost", json!({})).init().await.unwrap_err();
}

#[tokio::test]
async fn a_certificate_with_nothing_but_a_common_name_is_for_that_host() {
    let server = TlsServer::showing(|folder| self_signed(folder, "/CN=localhost", &[]), "no", &[]);
    let ca = server.file("ca.pem");
    server.store("localhost", json!({ "ca": ca })).init().await.unwrap();
    server.store("127.0.0.1", json!({ "ca": ca })).init().await.unwrap_err();
    server.store("127.0.0.1", json!({ "ca": ca, "servername": "localhost" })).init().await.unwrap();
}

#[tokio::test]
async fn a_certificate_of_version_1_is_read() {
    let server = TlsServer::showing(version_1, "no", &[]);
    for tls in [json!({ "rejectUnauthorized": false }), json!({ "ca": server.file("ca.pem") })] {
        server.store("localhost", tls).init().await.unwrap();
    }
    server.store("localhost", json!({})).init().await.unwrap_err();
}

#[tokio::test]
async fn a_certificate_of_version_1_is_read_in_a_handshake_of_tls_1_2() {
    let server = TlsServer::showing(version_1, "no", &["--tls-protocols", "TLSv1.2"]);
    server.store("localhost", json!({ "rejectUnauthorized": false })).init().await.unwrap();
}
