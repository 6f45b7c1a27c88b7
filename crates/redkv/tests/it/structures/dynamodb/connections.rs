//! How many connections there are, whatever is asked for at a time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use redkv::chain::{Chain, TierConfig};
use redkv::clock::SystemClock;
use redkv::entry::{Entry, Key};
use redkv::store::SetMode;
use redkv::structures::{
    AtomicOutcome, AtomicWrite, Change, Database, Layered, StructuresConfig, Write, layered,
};
use serde_json::json;

use super::table::Table;

/// As many calls as are made at a time.
const CALLS: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn plain_values_in_a_chain_share_the_connections_of_the_other_operations() {
    let (table, proxy) = Table::behind_proxy().await;
    let patient = TierConfig { timeout: Some(Duration::from_secs(60)), ..TierConfig::default() };
    let Layered { backend, values, fences, calls, policy } =
        layered(Arc::new(table.backend(json!({}))), patient);
    let chain = Arc::new(Chain::new(Arc::new(SystemClock)));
    chain.add(values.clone(), policy).unwrap();
    let config = StructuresConfig { has_strict_kinds: false, limits_of_dynamodb: false, retries: 3 };
    let database = Arc::new(Database::new(chain, backend, fences, calls, config));
    database.backend().init().await.unwrap();

    let entries: Vec<(Key, Entry)> =
        (0..400).map(|n| (format!("value-{n}").into(), Entry::new("v"))).collect();
    let sets = join_all(entries.iter().map(|entry| values.set(std::slice::from_ref(entry), SetMode::Always)));
    let many = values.set(&entries, SetMode::Always);
    let write = |n| AtomicWrite {
        operations: vec![Write::new(format!("other-{n}"), Change::Set("v".into()))],
        retries: None,
    };
    let writes = join_all((0..400).map(|n| database.write_atomically(write(n))));
    let ((sets, many), writes) = join(join(sets, many), writes).await;

    assert!(sets.iter().flatten().chain(&many).all(|set| matches!(set, Ok(true))));
    assert!(writes.iter().all(|write| matches!(write, Ok(AtomicOutcome::Committed))));
    // A request may begin to connect while another connection becomes free.
    assert!(proxy.connections() <= 2 * CALLS, "{}", proxy.connections());
}
