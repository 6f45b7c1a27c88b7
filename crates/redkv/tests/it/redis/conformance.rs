//! The suite, over every way to reach Redis.

use std::path::Path;

use redkv_testing::conformance::Subject;
use redkv_testing::conformance_suite;
use serde_json::json;

use super::{store, url};
use crate::support;

async fn server() -> Subject {
    Subject::with_server_clock(store(json!({ "url": url() })))
}

async fn server_with_a_prefix() -> Subject {
    Subject::with_server_clock(store(json!({ "url": url(), "prefix": "redis-test-prefix:" })))
}

async fn cluster() -> Subject {
    let node = support::server("REDKV_TEST_REDIS_CLUSTER_URL");
    Subject::with_server_clock(store(json!({ "cluster": [node] })))
}

/// All keys are in one slot.
async fn cluster_with_a_hash_tag() -> Subject {
    let node = support::server("REDKV_TEST_REDIS_CLUSTER_URL");
    Subject::with_server_clock(store(json!({ "url": node, "cluster": true, "prefix": "{redis-test}:" })))
}

async fn sentinel() -> Subject {
    let sentinel = support::server("REDKV_TEST_REDIS_SENTINEL_URL");
    Subject::with_server_clock(store(json!({ "sentinels": [sentinel], "name": "main" })))
}

async fn tls() -> Subject {
    let address = support::server("REDKV_TEST_REDIS_TLS_URL");
    let (url, folder) = address.split_once('#').unwrap();
    let file = |name| std::fs::read_to_string(Path::new(folder).join(name)).unwrap();
    let tls = json!({ "ca": file("ca.pem"), "cert": file("client.pem"), "key": file("client.key") });
    Subject::with_server_clock(store(json!({ "url": url, "tls": tls })))
}

conformance_suite!(of_a_server, super::server);
conformance_suite!(of_a_server_with_a_prefix, super::server_with_a_prefix);
conformance_suite!(of_a_cluster, super::cluster);
conformance_suite!(of_a_cluster_with_a_hash_tag, super::cluster_with_a_hash_tag);
conformance_suite!(behind_a_sentinel, super::sentinel);
conformance_suite!(over_tls, super::tls);
