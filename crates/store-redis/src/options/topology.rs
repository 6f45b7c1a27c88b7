//! How the servers of a store belong together: one alone, a cluster, or one that sentinels know.

use super::config::RedisAddress;
use super::declared::RedisOptions;
use super::servers::{Listed, Servers};
use super::url::agreed;
use redkv_core::error::{Error, Result};
use redkv_core::options::Secret;
use redkv_core::options::{Fields, Given, Kind, Options, Type, Value, kinds, options};
use redkv_net::host::Host;
use redkv_net::tls::Tls as RedisTls;

/// How the servers of a store belong together.
#[derive(Clone, Debug, Default)]
pub enum RedisTopology {
    /// One server, at [`RedisConfig::address`](crate::RedisConfig::address).
    #[default]
    Single,
    /// A Redis Cluster, of which these servers are known from the start.
    Cluster(Vec<RedisAddress>),
    /// A server and its replicas. Sentinels know which of them is the master.
    Sentinel(RedisSentinels),
}

/// The sentinels that watch over a server and its replicas.
#[derive(Clone, Debug)]
pub struct RedisSentinels {
    /// What they call the server.
    pub name: String,
    /// Where they listen; asked in turn.
    pub addresses: Vec<RedisAddress>,
    /// User of their access list; the default user when absent.
    pub username: Option<Secret<String>>,
    /// Their password; no authentication when absent and there is no user either.
    pub password: Option<Secret<String>>,
    /// TLS to them, or `None` for plain connections.
    pub tls: Option<RedisTls>,
}

/// The option `cluster` as it was given.
#[derive(Debug, Default)]
pub(crate) enum Cluster {
    #[default]
    Off,
    /// `true`: the other options say where its first node is.
    Here,
    Nodes(Listed),
}

impl Kind for Cluster {
    type Value = Self;
    const TYPE: Type =
        Type::Other { typescript: "boolean | readonly RedisServer[]", words: "`true`, or a list of servers" };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self>> {
        Ok(match value {
            Value::Bool(false) => Some(Self::Off),
            Value::Bool(true) => Some(Self::Here),
            list => Servers::<6379>::read(list, given)?.map(Self::Nodes),
        })
    }
}

impl RedisSentinels {
    /// Returns the sentinels that the options name, in the names of ioredis.
    fn new(options: &mut RedisOptions) -> Result<Option<Self>> {
        let Some(listed) = options.sentinels.take() else {
            let without = [
                ("name", options.name.is_some()),
                ("sentinelUsername", options.sentinel_username.is_some()),
                ("sentinelPassword", options.sentinel_password.is_some()),
                ("sentinelTLS", options.sentinel_tls.is_some()),
            ];
            return match without.iter().find(|(_, given)| *given) {
                Some((field, _)) => Err(Error::argument(*field, format!("options.{field} needs sentinels"))),
                None => Ok(None),
            };
        };
        let Some(name) = options.name.take() else {
            let message = "options.sentinels needs options.name: what the sentinels call the master";
            return Err(Error::argument("name", message));
        };
        let username = ("sentinelUsername", options.sentinel_username.take());
        let password = ("sentinelPassword", options.sentinel_password.take());
        let (username, password) = listed.login("sentinels", username, password)?;
        Ok(Some(Self {
            name,
            addresses: listed.addresses,
            username,
            password,
            tls: agreed("sentinelTLS", options.sentinel_tls.take(), listed.said)?,
        }))
    }
}

/// Which address to use in the place of another, for servers that tell addresses of a network of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct NatMap(Vec<(String, RedisAddress)>);

impl Kind for NatMap {
    type Value = Self;
    const TYPE: Type = Type::Other {
        typescript: "Readonly<Record<string, { host: string; port: number | `${number}` }>>",
        words: "object",
    };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self>> {
        const EXAMPLE: &str = "options.natMap must be an object such as { '10.0.0.1:6379': { host, port } }";
        let path = given.path();
        let fields = |path: String, value| Fields::new(path, value).map_err(|_| given.refused(EXAMPLE));
        let entries = fields(path.clone(), value)?.rest();
        let mut map = Vec::with_capacity(entries.len());
        for (from, to) in entries {
            let mut fields = fields(format!("{path}[…]"), to)?;
            let server = NatServer::read(&mut fields)?;
            let host = server
                .host
                .ok_or_else(|| Error::argument("host", "options.natMap needs a host for each address"))?;
            let port = server
                .port
                .ok_or_else(|| Error::argument("port", "options.natMap needs a port for each host"))?;
            fields.finish()?;
            map.push((from, RedisAddress::Tcp(host, port)));
        }
        Ok(Some(Self(map)))
    }
}

options! {
    /// Where a server really is.
    struct NatServer is "RedisNatServer" {
        host as "host": Host,
        port as "port": kinds::Port,
    }
}

impl NatMap {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a server is that says it is at `host` and `port`.
    pub(crate) fn address(&self, host: String, port: u16) -> RedisAddress {
        let told = RedisAddress::Tcp(host, port);
        if self.is_empty() {
            return told;
        }
        let text = told.to_string();
        let found = self.0.iter().find(|(from, _)| *from == text);
        found.map_or(told, |(_, to)| to.clone())
    }
}

/// More than one server, as the options say.
pub(crate) struct Several {
    cluster: Cluster,
    sentinels: Option<RedisSentinels>,
    nat: NatMap,
}

impl Several {
    pub(crate) fn new(options: &mut RedisOptions) -> Result<Self> {
        let several = Self {
            cluster: options.cluster.take().unwrap_or_default(),
            sentinels: RedisSentinels::new(options)?,
            nat: options.nat_map.take().unwrap_or_default(),
        };
        match (&several.cluster, &several.sentinels) {
            (Cluster::Here | Cluster::Nodes(_), Some(_)) => {
                Err(Error::argument("sentinels", "options.sentinels cannot be combined with options.cluster"))
            }
            (Cluster::Off, None) if !several.nat.is_empty() => {
                Err(Error::argument("natMap", "options.natMap needs options.cluster or options.sentinels"))
            }
            _ => Ok(several),
        }
    }

    pub(crate) fn brings_addresses(&self) -> bool {
        matches!(self.cluster, Cluster::Nodes(_)) || self.sentinels.is_some()
    }

    pub(crate) fn field(&self) -> &'static str {
        if self.sentinels.is_some() { "options.sentinels" } else { "the nodes in options.cluster" }
    }

    pub(crate) fn listed(&self) -> Option<&Listed> {
        match &self.cluster {
            Cluster::Nodes(listed) => Some(listed),
            _ => None,
        }
    }

    /// Refuses what a cluster has not: `path` and `db` are the options that say the address and the database.
    pub(crate) fn check(
        &self,
        address: &RedisAddress,
        path: &'static str,
        db: Option<u32>,
        db_field: &'static str,
    ) -> Result<()> {
        if matches!(self.cluster, Cluster::Off) || self.sentinels.is_some() {
            return Ok(());
        }
        if matches!(self.cluster, Cluster::Here) && matches!(address, RedisAddress::Unix(_)) {
            let message = format!("options.{path} is a Unix socket, by which no cluster can be reached");
            return Err(Error::argument(path, message));
        }
        if db.is_some_and(|db| db != 0) {
            let message = format!("options.{db_field} names a database: a cluster has none but 0");
            return Err(Error::argument(db_field, message));
        }
        Ok(())
    }

    pub(crate) fn finish(self, address: &RedisAddress) -> (RedisTopology, NatMap) {
        let topology = match (self.cluster, self.sentinels) {
            (_, Some(sentinels)) => RedisTopology::Sentinel(sentinels),
            (Cluster::Off, None) => RedisTopology::Single,
            (Cluster::Nodes(listed), None) => RedisTopology::Cluster(listed.addresses),
            (Cluster::Here, None) => RedisTopology::Cluster(vec![address.clone()]),
        };
        (topology, self.nat)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::options::config::RedisConfig;

    fn read(options: Value) -> Result<RedisConfig> {
        let mut fields = Fields::new("redis options", options)?;
        let config = RedisConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    fn tcp(host: &str, port: u16) -> RedisAddress {
        RedisAddress::Tcp(host.to_owned(), port)
    }

    fn seeds(options: Value) -> Vec<RedisAddress> {
        match read(options).unwrap().topology {
            RedisTopology::Cluster(seeds) => seeds,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_cluster_begins_with_its_nodes_or_with_the_one_address() {
        let nodes = json!([{ "host": "a", "port": 7000 }, "redis://b:7001", { "url": "redis://c" }]);
        assert_eq!(seeds(json!({ "cluster": nodes })), [tcp("a", 7000), tcp("b", 7001), tcp("c", 6379)]);
        assert_eq!(seeds(json!({ "cluster": true, "url": "redis://a:7000" })), [tcp("a", 7000)]);
        assert!(matches!(read(json!({ "cluster": false })).unwrap().topology, RedisTopology::Single));
    }

    #[test]
    fn nodes_of_a_cluster_bring_credentials_and_tls_with_their_urls() {
        let config = read(json!({ "cluster": ["rediss://u:p@a"] })).unwrap();
        assert_eq!(
            (
                config.username.as_ref().map(Secret::expose_str),
                config.password.as_ref().map(Secret::expose_str)
            ),
            (Some("u"), Some("p"))
        );
        assert!(config.tls.is_some());
    }

    #[test]
    fn sentinels_have_a_name_for_the_master_and_credentials_of_their_own() {
        let config = read(json!({
            "sentinels": [{ "host": "a" }, { "host": "b", "port": 7000 }], "name": "main", "db": 2, "password": "p",
            "sentinelUsername": "u", "sentinelPassword": "s", "sentinelTLS": true,
        }))
        .unwrap();
        assert_eq!((config.db, config.password.as_ref().map(Secret::expose_str)), (2, Some("p")));
        let RedisTopology::Sentinel(sentinels) = config.topology else { panic!() };
        assert_eq!(sentinels.addresses, [tcp("a", 26379), tcp("b", 7000)]);
        assert_eq!((sentinels.name.as_str(), sentinels.tls.is_some()), ("main", true));
        assert_eq!(
            (
                sentinels.username.as_ref().map(Secret::expose_str),
                sentinels.password.as_ref().map(Secret::expose_str)
            ),
            (Some("u"), Some("s"))
        );
    }

    #[test]
    fn what_has_no_meaning_together_is_refused() {
        let nodes = json!([{ "host": "h" }]);
        for (field, options) in [
            ("db", json!({ "cluster": true, "db": 1 })),
            ("url", json!({ "cluster": true, "url": "redis://h/1" })),
            ("url", json!({ "cluster": true, "url": "unix:/tmp/redis.sock" })),
            ("path", json!({ "cluster": true, "path": "/tmp/redis.sock" })),
            ("host", json!({ "cluster": nodes, "host": "h" })),
            ("url", json!({ "cluster": nodes, "url": "redis://h" })),
            ("cluster", json!({ "cluster": [] })),
            ("cluster", json!({ "cluster": "s3cret" })),
            ("cluster", json!({ "cluster": ["redis://:s3cret@h/1"] })),
            ("cluster", json!({ "cluster": [{ "port": 1 }] })),
            ("cluster", json!({ "cluster": ["s3cret"] })),
            ("url", json!({ "cluster": [{ "url": "s3cret" }] })),
            ("hots", json!({ "cluster": [{ "hots": "h" }] })),
            ("sentinels", json!({ "cluster": true, "sentinels": nodes, "name": "main" })),
            ("name", json!({ "sentinels": nodes })),
            ("name", json!({ "name": "main" })),
            ("sentinelPassword", json!({ "sentinelPassword": "s3cret" })),
            ("port", json!({ "sentinels": nodes, "name": "main", "port": 1 })),
            ("natMap", json!({ "natMap": { "a:1": { "host": "b", "port": 2 } } })),
            ("natMap", json!({ "cluster": true, "natMap": [] })),
            ("port", json!({ "cluster": true, "natMap": { "a:1": { "host": "b" } } })),
        ] {
            let error = read(options.clone()).unwrap_err();
            assert_eq!(error.field(), Some(field), "{options}");
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }

    #[test]
    fn addresses_of_another_network_are_replaced() {
        let map = json!({ "10.0.0.1:1": { "host": "near", "port": 2 } });
        let nat = read(json!({ "cluster": true, "natMap": map })).unwrap().nat;
        assert_eq!(nat.address("10.0.0.1".to_owned(), 1), tcp("near", 2));
        assert_eq!(nat.address("10.0.0.1".to_owned(), 3), tcp("10.0.0.1", 3));
    }
}
