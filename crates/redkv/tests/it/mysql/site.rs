//! MariaDB servers, and other clients of them.

use std::io::Read;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::mysql::sql::daemon::{Daemon, program};
use crate::mysql::sql::tls::make_certificates;
use crate::support;
use crate::support::port::free_port;

pub(crate) const NAME: &str = "mysql";

/// What makes a column of text tell all keys apart.
pub(crate) const EXACT_TEXT: &str = "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin";

pub(crate) fn url() -> String {
    support::server("REDKV_TEST_MYSQL_URL")
}

pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

async fn client_of(url: &str) -> Conn {
    Conn::new(Opts::from_url(url).unwrap()).await.unwrap()
}

/// Runs a statement as another client.
pub(crate) async fn exec(sql: &str) {
    client_of(&url()).await.query_drop(sql).await.unwrap();
}

/// How many rows a table has.
pub(crate) async fn count(table: &str) -> i64 {
    count_at(&url(), table).await
}

async fn count_at(url: &str, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    client_of(url).await.query_first(sql).await.unwrap().unwrap()
}

/// Locks a row until the answer is dropped.
pub(crate) async fn lock_row(table: &str, key: &str) -> Conn {
    let mut client = client_of(&url()).await;
    client.query_drop("START TRANSACTION").await.unwrap();
    client.query_drop(format!("SELECT 1 FROM {table} WHERE k = '{key}' FOR UPDATE")).await.unwrap();
    client
}

/// A server of a test's own.
pub(crate) struct Server {
    daemon: Daemon,
    port: u16,
    folder: TempDir,
}

impl Server {
    /// A server on a free port, with more options.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), options)
    }

    pub(crate) fn with_tls() -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_certificates(folder.path());
        let file = |name: &str| folder.path().join(name).display().to_string();
        let options = [
            format!("--ssl-ca={}", file("ca.pem")),
            format!("--ssl-cert={}", file("server.pem")),
            format!("--ssl-key={}", file("server.key")),
        ];
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        Self::in_folder(folder, &options)
    }

    fn in_folder(folder: TempDir, options: &[&str]) -> Self {
        let (port, path) = (free_port(), folder.path());
        let folders = ["/usr/sbin".to_owned()];
        let data = format!("--datadir={}", path.join("data").display());
        // Servers that are made at the same time take each other's temporary tables away in a common folder.
        std::fs::create_dir(path.join("tmp")).unwrap();
        let temporary = format!("--tmpdir={}", path.join("tmp").display());
        let common = ["--no-defaults", &data, &temporary, "--user=root", "--skip-name-resolve"];
        let mut install = Command::new(program("mariadb-install-db", &folders));
        let quick = ["--skip-test-db", "--auth-root-authentication-method=normal"];
        let made = install.args(common).args(quick).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let setup = path.join("setup.sql");
        let sql = "CREATE USER IF NOT EXISTS 'redkv'@'%' IDENTIFIED BY 'redkv';\n\
                   GRANT ALL ON *.* TO 'redkv'@'%' WITH GRANT OPTION;\n\
                   CREATE DATABASE IF NOT EXISTS redkv_test;\n";
        std::fs::write(&setup, sql).unwrap();
        let mut server = Command::new(program("mariadbd", &folders));
        server.args(common).args(["--bind-address=127.0.0.1", &format!("--port={port}")]).args([
            format!("--socket={}", path.join("socket").display()),
            format!("--init-file={}", setup.display()),
        ]);
        server.args(options);
        let daemon = Daemon::start(server, || answers(port));
        Self { daemon, port, folder }
    }

    pub(crate) fn url(&self) -> String {
        format!("mysql://redkv:redkv@127.0.0.1:{}/redkv_test", self.port)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) fn kill(&mut self) {
        self.daemon.kill();
    }

    pub(crate) fn restart(&mut self) {
        let port = self.port;
        self.daemon.restart(|| answers(port));
    }

    pub(crate) fn pause(&self) {
        self.daemon.pause();
    }

    pub(crate) fn resume(&self) {
        self.daemon.resume();
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        count_at(&self.url(), table).await
    }

    /// Runs a statement as another client.
    pub(crate) async fn exec(&self, sql: &str) {
        client_of(&self.url()).await.query_drop(sql).await.unwrap();
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many connections of stores there are.
    pub(crate) async fn connections(&self) -> i64 {
        let sql = "SELECT COUNT(*) FROM information_schema.PROCESSLIST \
                   WHERE USER = 'redkv' AND ID <> CONNECTION_ID()";
        client_of(&self.url()).await.query_first(sql).await.unwrap().unwrap()
    }

    /// Ends the connections of stores.
    pub(crate) async fn end_connections(&self) {
        let mut client = client_of(&self.url()).await;
        let sql =
            "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'redkv' AND ID <> CONNECTION_ID()";
        let connections: Vec<u64> = client.query(sql).await.unwrap();
        for id in connections {
            // It may have ended by itself.
            client.query_drop(format!("KILL {id}")).await.ok();
        }
    }

    /// Whether the server says of a store with these options that it came over TLS.
    pub(crate) async fn is_encrypted(&self, ssl: Value) -> bool {
        let accepted = || async {
            let sql = "SHOW GLOBAL STATUS LIKE 'Ssl_finished_accepts'";
            let (_, count): (String, String) =
                client_of(&self.url()).await.query_first(sql).await.unwrap().unwrap();
            count.parse::<u64>().unwrap()
        };
        let before = accepted().await;
        let store = crate::mysql::sql::store(json!({
            "url": self.url(), "tableName": "t", "keyColumn": "k", "valueColumn": "v", "ssl": ssl,
        }));
        store.init().await.unwrap();
        accepted().await > before
    }

    /// Makes a user `secure` who has to show a certificate.
    pub(crate) async fn require_client_certificates(&self) {
        let mut client = client_of(&self.url()).await;
        client.query_drop("CREATE USER 'secure'@'%' IDENTIFIED BY 'redkv' REQUIRE X509").await.unwrap();
        client.query_drop("GRANT ALL ON *.* TO 'secure'@'%'").await.unwrap();
    }
}

/// Whether a server greets.
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut packet = [0; 5];
    stream.read_exact(&mut packet).is_ok() && packet[4] == 10
}
