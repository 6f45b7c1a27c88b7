//! A Redis server of a test's own, which it may stop, kill and start again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::port::free_port;

/// A server that ends with the test.
pub(crate) struct Server {
    process: Option<Child>,
    port: u16,
    options: Vec<String>,
    folder: TempDir,
}

impl Server {
    /// A server on a free port, with more options of `redis-server`; `{dir}` in them is its folder.
    pub(crate) fn with(options: &[&str]) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), options)
    }

    pub(crate) fn in_folder(folder: TempDir, options: &[&str]) -> Self {
        let path = folder.path().to_str().unwrap();
        let options = options.iter().map(|option| option.replace("{dir}", path)).collect();
        let mut server = Self { process: None, port: free_port(), options, folder };
        server.start();
        server
    }

    /// A node of a cluster, which it has not joined yet.
    pub(crate) fn node(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = free_port().to_string();
        let cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--repl-diskless-sync-delay", "0"];
        let options = [&cluster, options].concat().into_iter().map(str::to_owned).collect();
        let mut server = Self { process: None, port: free_port(), options, folder };
        server.start();
        server
    }

    /// A sentinel that watches over `master`, which it calls `main`.
    pub(crate) fn sentinel(master: u16, quorum: usize) -> Self {
        Self::sentinel_with(master, quorum, "")
    }

    /// The same, with more lines of configuration.
    pub(crate) fn sentinel_with(master: u16, quorum: usize, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("sentinel.conf");
        let text = format!(
            "sentinel monitor main 127.0.0.1 {master} {quorum}\n\
             sentinel down-after-milliseconds main 700\nsentinel failover-timeout main 3000\n{more}\n"
        );
        std::fs::write(&config, text).unwrap();
        let options = vec![config.to_str().unwrap().to_owned(), "--sentinel".to_owned()];
        let mut server = Self { process: None, port: free_port(), options, folder };
        server.start();
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn start(&mut self) {
        let program = std::env::var("REDKV_TEST_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let mut options = self.options.iter();
        // A file comes first.
        let file = options.as_slice().first().filter(|first| !first.starts_with("--"));
        let is_sentinel = file.is_some();
        let mut command = Command::new(&program);
        command.args(options.by_ref().take(usize::from(is_sentinel)));
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--dir", self.folder.path().to_str().unwrap()]);
        if !is_sentinel {
            command.args(["--save", "", "--appendonly", "no"]);
        }
        let process = command
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        self.process = Some(process);
        for _ in 0..3000 {
            if let Some(status) = self.process.as_mut().and_then(|process| process.try_wait().unwrap()) {
                panic!("{program} ended: {status}");
            }
            if self.answers() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{program} does not answer on port {}", self.port);
    }

    /// Whether the server says anything, be it that it wants a password: then all its sockets are open.
    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        stream.write_all(b"PING\r\n").is_ok() && stream.read(&mut [0]).is_ok_and(|count| count == 1)
    }

    /// Ends the server as a crash does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Makes the server silent without closing its connections.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// What the server answers to a command of another client.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        self.try_ask(words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    pub(crate) fn try_ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port))?;
        redis::cmd(words[0]).arg(&words[1..]).query(&mut client.get_connection()?)
    }

    /// The line of `INFO` about `name`, behind its colon; empty where there is none.
    pub(crate) fn info(&self, name: &str) -> String {
        let info: String = self.ask(&["INFO", "everything"]);
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().to_owned()
    }

    /// Whether the server is a `master` or a `slave`, as far as it says so: one that changes that closes connections.
    pub(crate) fn has_role(&self, role: &str) -> bool {
        let line = format!("role:{role}");
        self.try_ask::<String>(&["INFO", "replication"]).is_ok_and(|info| info.lines().any(|it| it == line))
    }

    /// A connection of another client.
    pub(crate) fn client(&self, credentials: &str, db: u32) -> redis::Connection {
        let url = format!("redis://{credentials}127.0.0.1:{}/{db}", self.port);
        redis::Client::open(url).unwrap().get_connection().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
