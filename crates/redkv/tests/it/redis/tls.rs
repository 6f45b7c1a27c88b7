//! TLS, with a certificate authority made for the test.

mod certificates;

use std::path::Path;
use std::process::{Command, Stdio};

use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv::store::Store;
use serde_json::{Value, json};

use super::{entry, get, key, set, store};
use crate::redis::support::server::Server;
use crate::redis::support::servers::until;
use crate::support::port::free_port;

/// A server that speaks TLS on a port of its own.
pub(super) struct TlsServer {
    server: Server,
    port: u16,
}

impl TlsServer {
    fn start(auth_clients: &str) -> Self {
        Self::with(auth_clients, &[])
    }

    fn with(auth_clients: &str, more: &[&str]) -> Self {
        Self::showing(make_certificates, auth_clients, more)
    }

    /// A server with the certificates that `make` makes.
    pub(super) fn showing(make: impl Fn(&Path), auth_clients: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path());
        let port = free_port();
        let options = [
            "--tls-port",
            &port.to_string(),
            "--tls-ca-cert-file",
            "{dir}/ca.pem",
            "--tls-cert-file",
            "{dir}/server.pem",
            "--tls-key-file",
            "{dir}/server.key",
            "--tls-auth-clients",
            auth_clients,
        ];
        Self { server: Server::in_folder(folder, &[&options, more].concat()), port }
    }

    pub(super) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.server.folder().join(name)).unwrap()
    }

    /// A store that waits as long as a busy machine takes to connect.
    pub(super) fn store(&self, host: &str, tls: Value) -> std::sync::Arc<dyn Store> {
        let url = format!("rediss://{host}:{}", self.port);
        store(json!({ "url": url, "tls": tls, "connect_timeout": 60_000 }))
    }
}

fn make_certificates(folder: &Path) {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let names = "subjectAltName=DNS:localhost,DNS:cache.example,IP:127.0.0.1";
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

pub(super) fn openssl(folder: &Path, arguments: &[&str]) {
    let status = Command::new("openssl").args(arguments).current_dir(folder).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "openssl {arguments:?}");
}

#[tokio::test]
async fn a_server_with_a_certificate_of_the_given_authority_is_trusted() {
    let server = TlsServer::start("no");
    let key = key("k");
    for host in ["localhost", "127.0.0.1"] {
        let store = server.store(host, json!({ "ca": server.file("ca.pem") }));
        set(&*store, &key, Entry::new("v")).await.unwrap();
        assert_eq!(get(&*store, &key).await.unwrap(), entry("v"));
    }
}

#[tokio::test]
async fn a_server_with_a_certificate_of_an_unknown_authority_is_refused_for_good() {
    let server = TlsServer::start("no");
    let store = server.store("localhost", json!({ "ca": server.file("client.pem") }));
    let error = store.init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false));
    assert!(!error.may_have_applied());
}

#[tokio::test]
async fn without_an_authority_the_system_decides() {
    let server = TlsServer::start("no");
    let error = server.store("localhost", json!(true)).init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false));
}

#[tokio::test]
async fn reject_unauthorized_false_takes_any_certificate() {
    let server = TlsServer::start("no");
    server.store("localhost", json!({ "rejectUnauthorized": false })).init().await.unwrap();
}

#[tokio::test]
async fn the_certificate_must_have_the_name_of_the_server() {
    let server = TlsServer::start("no");
    let ca = server.file("ca.pem");
    let named = |name: &str| server.store("127.0.0.1", json!({ "ca": ca, "servername": name }));
    named("cache.example").init().await.unwrap();
    let error = named("other.example").init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false));
}

#[tokio::test]
async fn a_server_that_asks_for_a_client_certificate_gets_it() {
    let server = TlsServer::start("yes");
    let ca = server.file("ca.pem");
    let tls = json!({ "ca": ca, "cert": server.file("client.pem"), "key": server.file("client.key") });
    server.store("localhost", tls).init().await.unwrap();
    let error = server.store("localhost", json!({ "ca": ca })).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn the_url_alone_asks_for_tls() {
    let server = TlsServer::start("no");
    let plain = store(json!({ "url": format!("rediss://localhost:{}", server.server.port()) }));
    assert_eq!(plain.init().await.unwrap_err().kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn the_version_of_tls_can_be_bounded() {
    let server = TlsServer::with("no", &["--tls-protocols", "TLSv1.2"]);
    let ca = server.file("ca.pem");
    let with = |bound: &str, version: &str| server.store("localhost", json!({ "ca": ca, bound: version }));
    with("maxVersion", "TLSv1.2").init().await.unwrap();
    let error = with("minVersion", "TLSv1.3").init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false), "{error:?}");
}

#[tokio::test]
async fn the_url_may_say_that_the_certificate_is_not_checked() {
    let server = TlsServer::start("no");
    let url = |more: &str| format!("rediss://localhost:{}{more}", server.port);
    store(json!({ "url": url("/0?family=0#insecure") })).init().await.unwrap();
    store(json!({ "url": url("?ssl_cert_reqs=none") })).init().await.unwrap();
    store(json!({ "url": url("?ssl_cert_reqs=required") })).init().await.unwrap_err();
}

#[tokio::test]
async fn the_nodes_of_a_cluster_are_spoken_to_over_tls() {
    let bus = free_port().to_string();
    let server =
        TlsServer::with("yes", &["--cluster-enabled", "yes", "--tls-cluster", "yes", "--cluster-port", &bus]);
    let _: () = server.server.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    until("the cluster", || server.server.ask::<String>(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    let tls = json!({
        "ca": server.file("ca.pem"), "cert": server.file("client.pem"), "key": server.file("client.key"),
    });
    let store = store(json!({ "cluster": [format!("rediss://localhost:{}", server.port)], "tls": tls }));
    let key = key("k");
    set(&*store, &key, Entry::new("v")).await.unwrap();
    assert_eq!(get(&*store, &key).await.unwrap(), entry("v"));
}
