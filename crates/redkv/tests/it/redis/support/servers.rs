//! Servers that belong together.

use std::process::{Command, Stdio};
use std::time::Duration;

use redkv::store::Store;
use serde_json::json;

use crate::redis::store;
use crate::redis::support::server::Server;

/// Waits until `condition` holds; what hangs ends with a panic.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what} did not happen");
}

/// A cluster of masters, each with as many replicas.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Server>,
    masters: usize,
}

impl Cluster {
    pub(crate) fn start(masters: usize, replicas: usize, options: &[&str]) -> Self {
        let timeout = ["--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0"];
        let options = [&timeout, options].concat();
        let nodes: Vec<_> = (0..masters * (1 + replicas)).map(|_| Server::node(&options)).collect();
        let addresses: Vec<_> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        let replicas = replicas.to_string();
        let created = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&addresses)
            .args(["--cluster-replicas", &replicas, "--cluster-yes"])
            .stdout(Stdio::null())
            .status();
        assert!(created.unwrap().success(), "redis-cli --cluster create");
        let cluster = Self { nodes, masters };
        until("the cluster", || cluster.is_whole());
        cluster
    }

    /// Whether all nodes know all nodes, and the replicas have what their masters have.
    fn is_whole(&self) -> bool {
        let size = format!("cluster_known_nodes:{}", self.nodes.len());
        let mut all = self.nodes.iter().map(|node| {
            let info: String = node.ask(&["CLUSTER", "INFO"]);
            let replica = node.info("role") == "slave";
            info.contains(&size)
                && info.contains("cluster_state:ok")
                && (!replica || node.info("master_link_status") == "up")
        });
        let masters = self.nodes.iter().filter(|node| node.info("role") == "master").count();
        masters == self.masters && all.all(|is_ready| is_ready)
    }

    /// A store that knows the first two nodes.
    pub(crate) fn store(&self) -> std::sync::Arc<dyn Store> {
        let node = |n: usize| json!({ "host": "127.0.0.1", "port": self.nodes[n].port() });
        store(json!({ "cluster": [node(0), node(1)] }))
    }

    pub(crate) fn slot(&self, key: &str) -> u16 {
        self.nodes.last().unwrap().ask(&["CLUSTER", "KEYSLOT", key])
    }

    /// The port of the master of a slot, as the node numbered `asked` says.
    fn port_of(&self, slot: u16, asked: usize) -> u16 {
        let stretches: Vec<Vec<redis::Value>> = self.nodes[asked].ask(&["CLUSTER", "SLOTS"]);
        let found = stretches.into_iter().find_map(|stretch| {
            let [first, last, node, ..] = &stretch[..] else { return None };
            let number = |value: &redis::Value| redis::from_redis_value_ref::<u16>(value).unwrap();
            if !(number(first)..=number(last)).contains(&slot) {
                return None;
            }
            let (_, port, _, _): (String, u16, String, redis::Value) =
                redis::from_redis_value_ref(node).unwrap();
            Some(port)
        });
        found.unwrap()
    }

    /// The number of the master of the slot of `key`.
    pub(crate) fn master_of(&self, key: &str, asked: usize) -> usize {
        let port = self.port_of(self.slot(key), asked);
        self.nodes.iter().position(|node| node.port() == port).unwrap()
    }

    /// The number of the replica of a master.
    pub(crate) fn replica_of(&self, master: usize) -> usize {
        let port = self.nodes[master].port().to_string();
        self.nodes.iter().position(|node| node.info("master_port") == port).unwrap()
    }

    fn id(&self, node: usize) -> String {
        self.nodes[node].ask(&["CLUSTER", "MYID"])
    }

    /// Begins to move a slot: from now on new keys are made at `to`.
    pub(crate) fn begin_to_move(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        let (source, target) = (self.id(from), self.id(to));
        let _: () = self.nodes[to].ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]);
        let _: () = self.nodes[from].ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]);
    }

    /// Moves some keys of a slot. Whether there were any.
    pub(crate) fn move_keys(&self, slot: u16, from: usize, to: usize, count: usize) -> bool {
        let keys: Vec<String> =
            self.nodes[from].ask(&["CLUSTER", "GETKEYSINSLOT", &slot.to_string(), &count.to_string()]);
        let port = self.nodes[to].port().to_string();
        let head = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        let words: Vec<_> = head.into_iter().chain(keys.iter().map(String::as_str)).collect();
        if !keys.is_empty() {
            let _: redis::Value = self.nodes[from].ask(&words);
        }
        !keys.is_empty()
    }

    pub(crate) fn end_move(&self, slot: u16, from: usize, to: usize) {
        let (slot, target) = (slot.to_string(), self.id(to));
        for node in [to, from] {
            let _: () = self.nodes[node].ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &target]);
        }
    }

    /// How often the nodes have answered with this error.
    pub(crate) fn errors(&self, code: &str) -> u64 {
        let count = |node: &Server| {
            let line = node.info(&format!("errorstat_{code}"));
            line.strip_prefix("count=").map_or(0, |count| count.parse().unwrap())
        };
        self.nodes.iter().map(count).sum()
    }

    /// How often the nodes were asked for the map.
    pub(crate) fn map_requests(&self) -> u64 {
        let count = |node: &Server| {
            let line = node.info("cmdstat_cluster|slots");
            let calls =
                line.strip_prefix("calls=").and_then(|line| line.split(',').next()).map(str::to_owned);
            calls.map_or(0, |calls| calls.parse().unwrap())
        };
        self.nodes.iter().map(count).sum()
    }
}

/// A master with replicas, and sentinels that watch over them.
pub(crate) struct Watched {
    pub(crate) servers: Vec<Server>,
    pub(crate) sentinels: Vec<Server>,
}

impl Watched {
    pub(crate) fn start(replicas: usize, sentinels: usize) -> Self {
        let fast = ["--repl-diskless-sync-delay", "0"];
        let master = Server::with(&fast);
        let port = master.port().to_string();
        let of_master = [&fast[..], &["--replicaof", "127.0.0.1", &port]].concat();
        let mut servers = vec![master];
        servers.extend((0..replicas).map(|_| Server::with(&of_master)));
        let quorum = sentinels / 2 + 1;
        let sentinels = (0..sentinels).map(|_| Server::sentinel(servers[0].port(), quorum)).collect();
        let watched = Self { servers, sentinels };
        until("replication", || {
            watched.servers[1..].iter().all(|replica| replica.info("master_link_status") == "up")
        });
        until("the sentinels", || {
            watched.sentinels.iter().all(|sentinel| {
                let state: Vec<String> = sentinel.ask(&["SENTINEL", "MASTER", "main"]);
                let number = |name: &str| {
                    let place = state.iter().position(|field| field == name).unwrap();
                    state[place + 1].parse::<usize>().unwrap()
                };
                number("num-slaves") == replicas
                    && number("num-other-sentinels") == watched.sentinels.len() - 1
            })
        });
        watched
    }

    pub(crate) fn store(&self) -> std::sync::Arc<dyn Store> {
        let sentinel = |server: &Server| json!({ "host": "127.0.0.1", "port": server.port() });
        let sentinels: Vec<_> = self.sentinels.iter().map(sentinel).collect();
        store(json!({ "sentinels": sentinels, "name": "main" }))
    }

    /// The number of the server that the first sentinel takes for the master.
    pub(crate) fn master(&self) -> usize {
        let (_, port): (String, u16) =
            self.sentinels[0].ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"]);
        self.servers.iter().position(|server| server.port() == port).unwrap()
    }
}
