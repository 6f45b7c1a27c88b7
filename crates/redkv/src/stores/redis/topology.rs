//! How the servers of a store belong together: one alone, a cluster, or one that sentinels know.

use std::fmt;

use serde_json::Value;

use super::config::RedisAddress;
use super::tls::RedisTls;
use super::url::UrlParts;
use crate::config::Fields;
use crate::error::{Error, Result};

/// How the servers of a store belong together.
#[derive(Clone, Debug, Default)]
pub enum RedisTopology {
    /// One server, at [`RedisConfig::address`](super::RedisConfig::address).
    #[default]
    Single,
    /// A Redis Cluster, of which these servers are known from the start.
    Cluster(Vec<RedisAddress>),
    /// A server and its replicas. Sentinels know which of them is the master.
    Sentinel(RedisSentinels),
}

/// The sentinels that watch over a server and its replicas.
#[derive(Clone)]
pub struct RedisSentinels {
    /// What they call the server.
    pub name: String,
    /// Where they listen; asked in turn.
    pub addresses: Vec<RedisAddress>,
    /// User of their access list; the default user when absent.
    pub username: Option<String>,
    /// Their password; no authentication when absent and there is no user either.
    pub password: Option<String>,
    /// TLS to them, or `None` for plain connections.
    pub tls: Option<RedisTls>,
}

/// Says whether there are credentials, not what they are.
impl fmt::Debug for RedisSentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSentinels")
            .field("name", &self.name)
            .field("addresses", &self.addresses)
            .field("username", &self.username.is_some())
            .field("password", &self.password.is_some())
            .field("tls", &self.tls)
            .finish()
    }
}

/// Servers that were listed, with what their urls say beside their addresses.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) addresses: Vec<RedisAddress>,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) tls: bool,
}

/// The option `cluster` as it was given.
pub(super) enum Cluster {
    Off,
    /// `true`: the other options say where its first node is.
    Here,
    Nodes(Listed),
}

impl Cluster {
    /// Reads `cluster`: `true`, or a list of nodes.
    pub(super) fn from_fields(fields: &mut Fields) -> Result<Self> {
        match fields.any("cluster") {
            None | Some(Value::Bool(false)) => Ok(Self::Off),
            Some(Value::Bool(true)) => Ok(Self::Here),
            Some(list) => Listed::read("cluster", list, 6379).map(Self::Nodes),
        }
    }
}

impl Listed {
    /// Reads a list of servers, each `{ host, port }`, `{ url }`, or a url alone.
    fn read(name: &'static str, list: Value, default_port: u16) -> Result<Self> {
        let entries = match list {
            Value::Array(entries) if !entries.is_empty() => entries,
            _ => {
                let message = format!("options.{name} must be a list of servers, such as [{{ host, port }}]");
                return Err(Error::argument(name, message));
            }
        };
        let mut listed = Self::default();
        for (n, entry) in entries.into_iter().enumerate() {
            let path = format!("{name}[{n}]");
            let url = match entry {
                Value::String(url) => Fields::new(path.as_str(), serde_json::json!({ "url": url })),
                other => Fields::new(path.as_str(), other),
            };
            listed.add(name, &path, url.map_err(|error| error.about(name))?, default_port)?;
        }
        Ok(listed)
    }

    fn add(&mut self, name: &'static str, path: &str, mut fields: Fields, default_port: u16) -> Result<()> {
        let url = UrlParts::from_field(&mut fields)?;
        let host = fields.string("host")?;
        let port = fields.integer("port", 1, u64::from(u16::MAX))?;
        fields.finish()?;
        if url.path.is_some() || url.db.is_some_and(|db| db != 0) {
            let message = format!("{path} must be a host and a port, without a path or a database");
            return Err(Error::argument(name, message));
        }
        let host = url.host.or(host);
        let host = host.ok_or_else(|| Error::argument(name, format!("{path} needs a host")))?;
        let port = url.port.or(port.and_then(|port| u16::try_from(port).ok())).unwrap_or(default_port);
        self.addresses.push(RedisAddress::Tcp(host, port));
        self.username = self.username.take().or(url.username);
        self.password = self.password.take().or(url.password);
        self.tls |= url.tls;
        Ok(())
    }
}

impl RedisSentinels {
    /// Reads `sentinels`, `name`, `sentinelUsername`, `sentinelPassword` and `sentinelTLS`, in the names of ioredis.
    pub(super) fn from_fields(fields: &mut Fields) -> Result<Option<Self>> {
        let list = fields.any("sentinels");
        let name = fields.string("name")?;
        let username = fields.text("sentinelUsername")?.filter(|text| !text.is_empty());
        let password = fields.text("sentinelPassword")?.filter(|text| !text.is_empty());
        let tls = RedisTls::from_field(fields, "sentinelTLS")?;
        let Some(list) = list else {
            let without = [
                ("name", name.is_some()),
                ("sentinelUsername", username.is_some()),
                ("sentinelPassword", password.is_some()),
                ("sentinelTLS", tls.is_some()),
            ];
            return match without.iter().find(|(_, given)| *given) {
                Some((field, _)) => Err(Error::argument(*field, format!("options.{field} needs sentinels"))),
                None => Ok(None),
            };
        };
        let listed = Listed::read("sentinels", list, 26379)?;
        let Some(name) = name else {
            let message = "options.sentinels needs options.name: what the sentinels call the master";
            return Err(Error::argument("name", message));
        };
        Ok(Some(Self {
            name,
            addresses: listed.addresses,
            username: username.or(listed.username),
            password: password.or(listed.password),
            tls: if listed.tls { Some(tls.unwrap_or_default()) } else { tls },
        }))
    }
}

/// Which address to use in the place of another, for servers that tell addresses of a network of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct NatMap(Vec<(String, RedisAddress)>);

impl NatMap {
    /// Reads `natMap`, as ioredis calls it: `{ '10.0.0.1:6379': { host, port } }`.
    pub(super) fn from_fields(fields: &mut Fields) -> Result<Self> {
        const EXAMPLE: &str = "options.natMap must be an object such as { '10.0.0.1:6379': { host, port } }";
        let entries = match fields.any("natMap") {
            None => return Ok(Self::default()),
            Some(Value::Object(entries)) => entries,
            Some(_) => return Err(Error::argument("natMap", EXAMPLE)),
        };
        let mut map = Vec::with_capacity(entries.len());
        for (from, to) in entries {
            let mut fields = Fields::new("natMap", to).map_err(|_| Error::argument("natMap", EXAMPLE))?;
            let host = fields.required_string("host")?;
            let port = fields.integer("port", 1, u64::from(u16::MAX))?;
            let port = port.and_then(|port| u16::try_from(port).ok());
            let port = port.ok_or_else(|| Error::argument("port", "natMap needs a port for each host"))?;
            fields.finish()?;
            map.push((from, RedisAddress::Tcp(host, port)));
        }
        Ok(Self(map))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a server is that says it is at `host` and `port`.
    pub(super) fn address(&self, host: String, port: u16) -> RedisAddress {
        let told = RedisAddress::Tcp(host, port);
        if self.is_empty() {
            return told;
        }
        let text = told.to_string();
        let found = self.0.iter().find(|(from, _)| *from == text);
        found.map_or(told, |(_, to)| to.clone())
    }
}
