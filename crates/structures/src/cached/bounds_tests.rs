//! What is evicted, and what a cache takes.

use bytes::Bytes;
use redkv_core::error::Result;
use std::sync::Arc;

use super::{CacheConfig, CachedStructures, Fences};
use crate::memory::MemoryStructures;
use crate::{Action, Answer, Command, Structures, Value};

fn with(max_entries: usize, max_bytes: usize) -> CachedStructures {
    let config = CacheConfig { max_entries, max_bytes, ttl: None };
    CachedStructures::new(Arc::new(MemoryStructures::default()), config, Arc::<Fences>::default())
}

async fn run(cached: &CachedStructures, key: impl Into<Bytes>, action: Action) -> Answer {
    cached.run(&[Command::new(key, action)]).await.into_iter().map(Result::unwrap).next().unwrap()
}

fn knows(cached: &CachedStructures, key: &str) -> bool {
    cached.known(&Command::new(key.to_owned(), Action::Get)).is_some()
}

#[tokio::test]
async fn it_keeps_no_more_keys_than_it_may() {
    let cached = with(3, 1 << 20);
    for n in 0..100 {
        run(&cached, format!("k{n}"), Action::Get).await;
        assert!(cached.cache_usage().entries <= 3);
        assert!(knows(&cached, &format!("k{n}")), "the last one is there");
    }
    assert_eq!(cached.cache_usage().entries, 3);
}

#[tokio::test]
async fn it_keeps_no_more_bytes_than_it_may() {
    let cached = with(1000, 10_000);
    for n in 0..50 {
        run(&cached, format!("k{n}"), Action::Set(Value::Text(vec![0; 1000].into()))).await;
        run(&cached, format!("k{n}"), Action::Get).await;
        assert!(cached.cache_usage().bytes <= 10_000);
        assert!(knows(&cached, &format!("k{n}")));
    }
    run(&cached, "large", Action::Set(Value::Text(vec![0; 10_000].into()))).await;
    run(&cached, "large", Action::Get).await;
    assert!(!knows(&cached, "large") && knows(&cached, "k49"), "what is too large evicts nothing");
}

#[tokio::test]
async fn one_key_with_many_questions_keeps_within_the_bounds() {
    let cached = with(10, 20_000);
    run(&cached, "other", Action::Get).await;
    for n in 0..1000 {
        run(&cached, "h", Action::HGet(format!("f{n}").into())).await;
        assert!(knows(&cached, "other"), "what is used stays");
        assert!(cached.cache_usage().bytes <= 20_000);
    }
}

#[tokio::test]
async fn what_is_used_stays() {
    let cached = with(3, 1 << 20);
    run(&cached, "used", Action::Get).await;
    for n in 0..20 {
        run(&cached, format!("k{n}"), Action::Get).await;
        assert!(knows(&cached, "used"));
    }
}

#[tokio::test]
async fn nothing_is_left_of_what_was_forgotten() {
    let cached = with(100, 1 << 20);
    for round in 0..50 {
        for n in 0..10 {
            run(&cached, format!("k{n}"), Action::Get).await;
            run(&cached, format!("k{n}"), Action::HGet(format!("f{round}").into())).await;
        }
        for n in 0..10 {
            cached.invalidate(format!("k{n}").as_bytes());
        }
    }
    let usage = cached.cache_usage();
    assert_eq!((usage.entries, usage.bytes), (0, 0));
    assert!(cached.queued() < 200, "{} in the queue", cached.queued());
}
