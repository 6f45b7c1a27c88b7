//! Telling the keys of a chain, and clearing it.

use std::collections::BTreeSet;
use std::time::Duration;

use redkv::chain::{Scope, TierConfig};
use redkv::error::ErrorKind;
use redkv::layers::LayerConfig;
use redkv_testing::{Fault, Gate, Operation};

use crate::semantics::harness::*;

impl Caller {
    async fn keys(&self, prefix: &str) -> Vec<String> {
        let (mut keys, mut after) = (BTreeSet::new(), None);
        loop {
            let page = self.chain.keys(self.scope, prefix, after.as_ref()).await.unwrap();
            keys.extend(page.keys.iter().map(|key| key.as_str().to_owned()));
            after = page.next;
            if after.is_none() {
                return keys.into_iter().collect();
            }
        }
    }

    async fn clear(&self) -> redkv::error::Result<()> {
        self.chain.clear(self.scope).await
    }
}

#[tokio::test(start_paused = true)]
async fn the_authority_lists_the_keys_and_a_store_lists_its_own() {
    let (world, [cache, authority]) = chain::<2>();
    authority.put("a:1", "v");
    authority.put("a:2", "v");
    authority.put("b", "v");
    cache.put("a:old", "v");
    assert_eq!(world.keys("a:").await, ["a:1", "a:2"]);
    assert_eq!(cache.keys("").await, ["a:old"]);
}

#[tokio::test(start_paused = true)]
async fn a_chain_without_stores_has_no_keys_to_list_and_nothing_to_clear() {
    let world = World::empty();
    let error = world.chain.keys(Scope::Chain, "", None).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NoStores, Some(Called::Keys)));
    world.clear().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_prefix_of_a_tier_is_not_part_of_its_keys_and_bounds_what_is_cleared() {
    let world = World::empty();
    let layers = LayerConfig { prefix: Some("p:".to_owned()), ..LayerConfig::default() };
    let tier = world.add(TierConfig { layers, ..TierConfig::default() }, |_| {});
    tier.put("p:a", "v");
    tier.put("q:a", "v");
    assert_eq!(world.keys("").await, ["a"]);
    world.clear().await.unwrap();
    assert_eq!((tier.holds("p:a"), tier.holds("q:a")), (None, some("v")));
}

#[tokio::test(start_paused = true)]
async fn clear_empties_every_store_also_of_keys_that_only_a_cache_has() {
    let (world, front, [cache, authority]) = chain_behind_memory::<2>();
    for n in 0..5_000 {
        authority.put(&n.to_string(), "v");
    }
    cache.put("only there", "v");
    front.put("only here", "v");
    world.clear().await.unwrap();
    assert_eq!(world.get("only there").value().await, None);
    for tier in [&front, &cache, &authority] {
        assert_eq!(tier.keys("").await, [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn clear_of_one_store_leaves_the_others_alone() {
    let (_world, [cache, authority]) = chain::<2>();
    cache.put("k", "v");
    authority.put("k", "v");
    cache.clear().await.unwrap();
    assert_eq!((cache.holds("k"), authority.holds("k")), (None, some("v")));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_called_before_is_cleared_too() {
    let (world, [cache, authority]) = chain::<2>();
    let gate = Gate::new();
    authority.faults.inject(Operation::Set, Fault::HoldBefore(gate.clone()));
    let write = world.set("k", "v");
    gate.arrival().await;
    let chain = world.chain.clone();
    let clear = tokio::spawn(async move { chain.clear(Scope::Chain).await });
    quiet().await;
    gate.open();
    assert!(write.written().await);
    clear.await.unwrap().unwrap();
    assert_eq!((cache.holds("k"), authority.holds("k")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_back_fill_on_its_way_brings_nothing_back() {
    for tells_keys in [true, false] {
        let world = World::empty();
        let cache = world.add(TierConfig::default(), |_| {});
        let authority = world.add(TierConfig::default(), |can| can.enumerable = tells_keys);
        authority.put("k", "old");
        let gate = Gate::new();
        authority.faults.inject(Operation::Get, Fault::HoldAfter(gate.clone()));
        let read = world.get("k");
        gate.arrival().await;
        world.clear().await.unwrap();
        gate.open();
        read.answer().await.unwrap();
        quiet().await;
        assert_eq!((cache.holds("k"), world.get("k").value().await), (None, None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_back_fill_that_has_begun_is_undone() {
    for tells_keys in [true, false] {
        let world = World::empty();
        let cache = world.add(TierConfig::default(), |_| {});
        let authority = world.add(TierConfig::default(), |can| can.enumerable = tells_keys);
        authority.put("k", "old");
        let gate = Gate::new();
        cache.faults.inject(Operation::SetIfAbsent, Fault::HoldBefore(gate.clone()));
        let read = world.get("k");
        gate.arrival().await;
        let chain = world.chain.clone();
        let clear = tokio::spawn(async move { chain.clear(Scope::Chain).await });
        quiet().await;
        gate.open();
        read.answer().await.unwrap();
        clear.await.unwrap().unwrap();
        assert_eq!((cache.holds("k"), world.get("k").value().await), (None, None));
    }
}

#[tokio::test(start_paused = true)]
async fn where_a_store_cannot_clear_nothing_is_deleted() {
    let world = World::empty();
    let cache = world.add(TierConfig::default(), |can| can.clearable = false);
    let authority = world.add(TierConfig::default(), |_| {});
    authority.put("k", "v");
    let error = world.clear().await.unwrap_err();
    assert_eq!((error.kind(), error.store()), (ErrorKind::Unsupported, Some("first")));
    assert_eq!(authority.holds("k"), some("v"));
    drop(cache);
}

#[tokio::test(start_paused = true)]
async fn listing_is_refused_where_the_authority_cannot_list_its_keys() {
    let world = World::empty();
    world.add(TierConfig::default(), |can| can.enumerable = false);
    let error = world.chain.keys(Scope::Chain, "", None).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, Some(Called::Keys)));
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_fails_clear() {
    let (world, [cache, authority]) = chain::<2>();
    authority.put("k", "v");
    cache.faults.inject(Operation::Keys, Fault::Fail(lost()));
    let error = world.clear().await.unwrap_err();
    let (kind, store, operation) = (error.kind(), error.store(), error.operation());
    assert_eq!((kind, store, operation), (ErrorKind::Connection, Some("first"), Some(Called::Clear)));
}

#[tokio::test(start_paused = true)]
async fn reads_skip_an_optional_cache_that_could_not_be_cleared() {
    let world = World::empty();
    let cache = world.add(optional(), |_| {});
    let authority = world.add(TierConfig::default(), |_| {});
    cache.put("only there", "old");
    authority.put("k", "v");
    cache.faults.inject(Operation::Keys, Fault::Fail(lost()));
    world.clear().await.unwrap();
    assert_eq!(cache.holds("only there"), some("old"));
    assert_eq!(world.get("only there").value().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_ends_clear_and_keys_at_its_timeout() {
    let (world, [_cache, authority]) = chain::<2>();
    for operation in [Operation::Keys, Operation::Delete] {
        authority.put("k", "v");
        authority.faults.inject(operation, Fault::HoldBefore(Gate::new()));
        let clear = tokio::time::timeout(Duration::from_secs(6), world.clear());
        assert_eq!(clear.await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
        authority.faults.heal();
    }
}

#[tokio::test(start_paused = true)]
async fn a_chain_in_a_chain_is_cleared_with_its_caches() {
    let (inner, [inner_cache, inner_authority]) = chain::<2>();
    inner_cache.put("only there", "v");
    inner_authority.put("k", "v");
    let outer = World::empty();
    let cache = outer.add(TierConfig::default(), |_| {});
    outer.chain.add_chain(&inner.chain, TierConfig::default()).unwrap();
    cache.put("only here", "v");
    assert_eq!(outer.keys("").await, ["k"]);
    assert_eq!(outer.get("only there").value().await, some("v"));
    outer.clear().await.unwrap();
    for key in ["k", "only there", "only here"] {
        assert_eq!(outer.get(key).value().await, None, "{key}");
    }
    assert_eq!(inner_cache.keys("").await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_closed_chain_lists_no_keys_and_clears_nothing() {
    let (world, [authority]) = chain::<1>();
    authority.put("k", "v");
    world.chain.close().await;
    let error = world.chain.keys(Scope::Chain, "", None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(world.clear().await.unwrap_err().kind(), ErrorKind::Closed);
}

/// What is answered to a listing of the keys of one store, and to clearing it, which come to no end.
async fn without_an_end(tier: &TestTier) -> [redkv::error::Error; 2] {
    let error = loop_of_pages(tier).await;
    [error, tier.clear().await.unwrap_err()]
}

async fn loop_of_pages(tier: &TestTier) -> redkv::error::Error {
    let mut after = None;
    loop {
        match tier.chain.keys(tier.scope, "", after.as_ref()).await {
            Ok(page) => after = Some(page.next.unwrap()),
            Err(error) => return error,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn listing_keys_without_end_fails() {
    let (_world, [tier]) = chain::<1>();
    for keys in [0, 10] {
        (0..keys).for_each(|n| tier.put(&n.to_string(), "v"));
        tier.faults.inject(Operation::Keys, Fault::NoEnd);
        for (error, operation) in without_an_end(&tier).await.into_iter().zip([Called::Keys, Called::Clear]) {
            assert_eq!((error.kind(), error.operation()), (ErrorKind::Store, Some(operation)));
            assert!(error.is_retryable() && error.store() == Some("first"), "{error:?}");
        }
        tier.faults.heal();
        tier.clear().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn clearing_a_store_that_cannot_list_its_keys_fails_when_it_has_no_end() {
    let world = World::empty();
    let tier = world.add(TierConfig::default(), |can| can.enumerable = false);
    tier.faults.inject(Operation::Clear, Fault::NoEnd);
    let error = tier.clear().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true));
}

#[tokio::test(start_paused = true)]
async fn a_cache_whose_keys_have_no_end_holds_no_clearing_up_if_it_is_optional() {
    let world = World::empty();
    let cache = world.add(TierConfig { optional: true, ..TierConfig::default() }, |_| {});
    let authority = world.add(TierConfig::default(), |_| {});
    cache.put("k", "v");
    authority.put("k", "v");
    cache.faults.inject(Operation::Keys, Fault::NoEnd);
    world.clear().await.unwrap();
    assert_eq!((authority.holds("k"), world.get("k").value().await), (None, None));
}
