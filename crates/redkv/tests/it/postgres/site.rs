//! PostgreSQL servers, and other clients of them.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_postgres::{Client, Config, NoTls};

use crate::postgres::sql::daemon::{Daemon, program};
use crate::postgres::sql::tls::make_certificates;
use crate::support;
use crate::support::port::free_port;

pub(crate) const NAME: &str = "postgres";

/// What makes a column of text tell all keys apart.
pub(crate) const EXACT_TEXT: &str = "";

pub(crate) fn url() -> String {
    support::server("REDKV_TEST_POSTGRES_URL")
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

async fn client_of(url: &str) -> Client {
    let config: Config = url.parse().unwrap();
    let stream = TcpStream::connect(("127.0.0.1", config.get_ports()[0])).await.unwrap();
    let (client, connection) = config.connect_raw(stream, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Runs statements as another client.
pub(crate) async fn exec(sql: &str) {
    exec_at(&url(), sql).await;
}

pub(crate) async fn exec_at(url: &str, sql: &str) {
    client_of(url).await.batch_execute(sql).await.unwrap();
}

/// PgBouncer in transaction mode, before a server that nobody else uses.
pub(crate) fn pooled_url() -> String {
    support::server("REDKV_TEST_PGBOUNCER_URL")
}

/// How many rows a table has.
pub(crate) async fn count(table: &str) -> i64 {
    client_of(&url()).await.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
}

/// Locks a row until the answer is dropped.
pub(crate) async fn lock_row(table: &str, key: &str) -> Client {
    let client = client_of(&url()).await;
    let lock = format!("BEGIN; SELECT 1 FROM {table} WHERE k = '{key}' FOR UPDATE");
    client.batch_execute(&lock).await.unwrap();
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
            "-c".to_owned(),
            "ssl=on".to_owned(),
            "-c".to_owned(),
            format!("ssl_cert_file={}", file("server.pem")),
            "-c".to_owned(),
            format!("ssl_key_file={}", file("server.key")),
            "-c".to_owned(),
            format!("ssl_ca_file={}", file("ca.pem")),
        ];
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        Self::in_folder(folder, &options)
    }

    fn in_folder(folder: TempDir, options: &[&str]) -> Self {
        let (port, path) = (free_port(), folder.path());
        let (data, secret) = (path.join("data"), path.join("password"));
        std::fs::write(&secret, "redkv\n").unwrap();
        let owner = owner();
        if let Some((user, group)) = owner {
            for entry in std::fs::read_dir(path).unwrap() {
                chown(entry.unwrap().path(), Some(user), Some(group)).unwrap();
            }
            chown(path, Some(user), Some(group)).unwrap();
        }
        let run = |name: &str| {
            let mut command = Command::new(program(name, &folders()));
            command.current_dir("/").arg("-D").arg(&data);
            if let Some((user, group)) = owner {
                command.gid(group).uid(user);
            }
            command
        };
        let mut init = run("initdb");
        init.args(["-U", "redkv", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        let made = init.arg(format!("--pwfile={}", secret.display())).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut server = run("postgres");
        server
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "fsync=off", "-k"])
            .arg(path)
            .args(options);
        let daemon = Daemon::start(server, || answers(port));
        Self { daemon, port, folder }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://redkv:redkv@127.0.0.1:{}/postgres", self.port)
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
        // What a killed server leaves behind belongs to nobody any more.
        std::fs::remove_file(self.folder.path().join("data/postmaster.pid")).ok();
        let port = self.port;
        self.daemon.restart(|| answers(port));
    }

    pub(crate) fn pause(&self) {
        self.daemon.pause();
    }

    pub(crate) fn resume(&self) {
        self.daemon.resume();
    }

    /// How many connections of stores there are.
    pub(crate) async fn connections(&self) -> i64 {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'redkv'";
        client_of(&self.url()).await.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Ends the connections of stores.
    pub(crate) async fn end_connections(&self) {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'redkv'";
        client_of(&self.url()).await.batch_execute(sql).await.unwrap();
    }

    /// Whether the server says of a store with these options that it came over TLS.
    pub(crate) async fn is_encrypted(&self, ssl: Value) -> bool {
        let store = crate::postgres::sql::store(json!({
            "url": self.url(), "tableName": "t", "keyColumn": "k", "valueColumn": "v", "ssl": ssl,
            "application_name": "asked for",
        }));
        store.init().await.unwrap();
        let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                   WHERE application_name = 'asked for'";
        client_of(&self.url()).await.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Makes a user `secure` who has to show a certificate.
    pub(crate) async fn require_client_certificates(&self) {
        let access = self.folder.path().join("data/pg_hba.conf");
        let before = std::fs::read_to_string(&access).unwrap();
        let line = "hostssl all secure 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n";
        std::fs::write(&access, format!("{line}{before}")).unwrap();
        let sql = "CREATE ROLE secure SUPERUSER LOGIN PASSWORD 'redkv'; SELECT pg_reload_conf()";
        let client = client_of(&self.url()).await;
        client.batch_execute(sql).await.unwrap();
        // It takes a moment.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}

fn answers(port: u16) -> bool {
    // The programs of a version need not be in PATH, and `pg_isready` is there with them.
    let ready = program("pg_isready", &folders());
    Command::new(ready).args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status().unwrap().success()
}

/// Where Debian keeps the programs of each version.
fn folders() -> Vec<String> {
    let versions = std::fs::read_dir(Path::new("/usr/lib/postgresql")).into_iter().flatten();
    versions.map(|version| version.unwrap().path().join("bin").display().to_string()).collect()
}

/// PostgreSQL refuses to run as root: whom it runs as then.
fn owner() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> u32 {
        let output = Command::new("id").args(arguments).output().unwrap().stdout;
        String::from_utf8(output).unwrap().trim().parse().unwrap()
    };
    (id(&["-u"]) == 0).then(|| (id(&["-u", "postgres"]), id(&["-g", "postgres"])))
}
