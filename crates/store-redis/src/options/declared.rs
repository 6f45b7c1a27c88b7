//! The options of a Redis store, in the names of node_redis 2 and 3 and of ioredis.

use redkv_core::options::{kinds, options};
use redkv_net::host::Host;
use redkv_net::tls::Tls;

use super::servers::Servers;
use super::topology::{Cluster, NatMap};
use super::url::UrlParts;

options! {
    /// Options of the store `'redis'`, in the names of node_redis 2 and 3; those of clusters and sentinels in the names of
    /// ioredis. It keeps entries in Redis or Valkey, as plain string values under the key (and its prefix).
    ///
    /// A connection that breaks is made again by itself, and a fail-over is followed.
    ///
    /// @example
    /// ```js
    /// kv.addStore('redis', { url: 'rediss://:password@cache.example.com:6380/2' }, { timeout: 250 })
    /// kv.addStore('redis', { cluster: [{ host: 'node1.example.com', port: 6379 }] })
    /// kv.addStore('redis', { sentinels: [{ host: 'sentinel1.example.com' }], name: 'mymaster' })
    /// ```
    pub(crate) struct RedisOptions is "RedisOptions" {
        /// `redis://[[username]:password@]host[:port][/db]`, `rediss://…` for TLS, or `unix:/path`. Takes precedence over the
        /// options below, which fill its gaps.
        url as "url": UrlParts,
        /// The name or address of the server; a name is looked up for every connection.
        host as "host": Host = "`'127.0.0.1'`",
        /// The port of the server.
        port as "port": kinds::Port = "`6379`",
        /// A socket file, instead of `host` and `port`; excludes `tls`; not on Windows.
        path as "path": kinds::Text,
        /// The number of the database.
        db as "db": kinds::Digits<0, { u32::MAX as u64 }> = "`0`",
        /// The name of the user, for servers with access control lists.
        ///
        /// An empty string is none.
        username as "username" or ["user"]: kinds::Credential = "the server's default user",
        /// The password of the user.
        ///
        /// An empty string is none. It appears in no error, log or `inspect()`.
        password as "password" or ["auth_pass", "authPass"]: kinds::Credential = "none",
        /// `true` trusts the certificate authorities of the system; an object [says more](#tls), such as `ca`.
        tls as "tls": Tls = "`false`; `true` for `rediss:`",
        /// The nodes that are asked first, each `{ host, port }`, `{ url }` or a url; the others are found through them.
        /// `true` if `url`, or `host` and `port`, name a node.
        ///
        /// A cluster has no `db` but 0 and no `path`. Credentials and TLS are the same for all nodes.
        cluster as "cluster": Cluster = "`false`",
        /// The sentinels that know where the master is, each `{ host, port }`, `{ url }` or a url; their default port is
        /// 26379.
        ///
        /// They are asked in turn for every connection. Needs `name`, and excludes `url`, `host`, `port`, `path` and
        /// `cluster`.
        sentinels as "sentinels": Servers<26_379>,
        /// The name of the master at the sentinels; required with `sentinels`.
        name as "name": kinds::Text,
        /// The user at the sentinels; `username` is the one at the server.
        ///
        /// An empty string is none.
        sentinel_username as "sentinelUsername": kinds::Credential = "the default user of the sentinels",
        /// The password at the sentinels; `password` is the one at the server.
        ///
        /// An empty string is none.
        sentinel_password as "sentinelPassword": kinds::Credential = "none",
        /// TLS to the sentinels, as `tls`, which is for the server.
        sentinel_tls as "sentinelTLS": Tls = "`false`",
        /// Which address to use instead of one that a node or a sentinel reports: `{ '10.0.0.1:6379': { host, port } }`.
        ///
        /// For servers that report addresses which this machine cannot reach.
        nat_map as "natMap": NatMap = "none",
        /// Put before every key.
        prefix as "prefix": kinds::AnyText = "none",
        /// How long one attempt to connect may take, including sentinels, the lookup of the name, TLS and authentication.
        connect_timeout as "connectTimeout" or ["connect_timeout"]: kinds::Timeout<5000> = "`5000`",
    }
    /// Options of node_redis that redkv 1.x handed on, for code that migrates: `RedisOptions & LegacyRedisOptions`. Each
    /// gives a warning.
    legacy "LegacyRedisOptions" ignores [
        "auto_resubscribe",
        "command_queue_high_water_mark",
        "command_queue_low_water_mark",
        "detectBuffers",
        "detect_buffers",
        "disableResubscribing",
        "disable_resubscribing",
        "enableOfflineQueue",
        "enable_offline_queue",
        "family",
        "maxAttempts",
        "max_attempts",
        "monitor",
        "noReadyCheck",
        "no_ready_check",
        "parser",
        "renameCommands",
        "rename_commands",
        "retryMaxDelay",
        "retryStrategy",
        "retryUnfulfilledCommands",
        "retry_max_delay",
        "retry_strategy",
        "retry_unfulfilled_commands",
        "returnBuffers",
        "return_buffers",
        "socketInitialDelay",
        "socketKeepalive",
        "socket_initial_delay",
        "socket_initialdelay",
        "socket_keepalive",
        "socket_nodelay",
        "stringNumbers",
        "string_numbers",
        "useBlueBird",
        "useBluebird",
        "use_bluebird",
    ]
}
