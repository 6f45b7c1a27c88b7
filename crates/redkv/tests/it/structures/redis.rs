//! Data structures in real servers of Redis.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step ends its test")]

mod atomic;
mod cluster;
mod faults;
mod golden;
mod kinds;
mod large;

use std::sync::Arc;

use bytes::Bytes;
use redis::Commands;
use redkv::error::{Error, Result};
use redkv::options::Fields;
use redkv::structures::{
    Action, Answer, By, Command, Entry, LexBound, LexRange, Range, Score, ScoreRange, Shown, Structures,
    Value,
};
use redkv_store_redis::{RedisStructures, RedisStructuresConfig};
use redkv_testing::structures_suite;
use serde_json::{Value as Json, json};

/// A backend as a user gets it, with a client of another kind to look at what it does.
struct Db {
    backend: RedisStructures,
    other: redis::Connection,
    prefix: String,
}

fn backend(options: Json) -> RedisStructures {
    let mut fields = Fields::new("redis options", options).unwrap();
    let config = RedisStructuresConfig::from_fields(&mut fields).unwrap();
    fields.finish().unwrap();
    RedisStructures::new(config)
}

fn url() -> String {
    crate::support::server("REDKV_TEST_REDIS_URL")
}

async fn common() -> Arc<dyn Structures> {
    Arc::new(backend(json!({ "url": url() })))
}

async fn clustered() -> Arc<dyn Structures> {
    Arc::new(backend(json!({ "cluster": [crate::support::server("REDKV_TEST_REDIS_CLUSTER_URL")] })))
}

structures_suite!(suite, super::common);
structures_suite!(suite_in_a_cluster, super::clustered);

impl Db {
    /// One on the common server, under keys of its own.
    fn common() -> Self {
        Self::at(&url())
    }

    fn at(url: &str) -> Self {
        Self::with(url, &format!("structures-{:016x}:", fastrand::u64(..)))
    }

    /// One more on the common server, with the same keys as another.
    fn with_prefix(prefix: &str) -> Self {
        Self::with(&url(), prefix)
    }

    fn with(url: &str, prefix: &str) -> Self {
        let other = redis::Client::open(url).unwrap().get_connection().unwrap();
        Self { backend: backend(json!({ "url": url, "prefix": prefix })), other, prefix: prefix.to_owned() }
    }

    async fn attempt(&self, key: &str, action: Action) -> Result<Answer> {
        self.backend.run(&[Command::new(bytes(key), action)]).await.remove(0)
    }

    async fn run(&self, key: &str, action: Action) -> Answer {
        self.attempt(key, action).await.unwrap()
    }

    async fn failure(&self, key: &str, action: Action) -> Error {
        self.attempt(key, action).await.unwrap_err()
    }

    async fn run_all(&self, all: Vec<(&str, Action)>) -> Vec<Answer> {
        let commands: Vec<_> =
            all.into_iter().map(|(key, action)| Command::new(bytes(key), action)).collect();
        self.backend.run(&commands).await.into_iter().map(Result::unwrap).collect()
    }

    /// The name of a key at the server.
    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn companion(&self, key: &str) -> String {
        format!("__kvs_zh:{}{key}", self.prefix)
    }

    /// The value at the server.
    fn there(&mut self, key: &str) -> Option<Vec<u8>> {
        let key = self.key(key);
        self.other.get(key).unwrap()
    }

    /// Members and scores at the server.
    fn sorted(&mut self, key: &str) -> Vec<(String, f64)> {
        let key = self.key(key);
        self.other.zrange_withscores(key, 0, -1).unwrap()
    }

    /// The companion at the server, by its fields.
    fn values(&mut self, key: &str) -> Vec<(String, String)> {
        let key = self.companion(key);
        let values: std::collections::BTreeMap<_, _> = self.other.hgetall(key).unwrap();
        values.into_iter().collect()
    }

    /// What the server answers to a command of another client about `key`.
    fn ask<T: redis::FromRedisValue>(&mut self, name: &str, key: &str, words: &[&str]) -> T {
        redis::cmd(name).arg(self.key(key)).arg(words).query(&mut self.other).unwrap()
    }
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn many(texts: &[&str]) -> Vec<Bytes> {
    texts.iter().map(|text| bytes(text)).collect()
}

fn score(number: f64) -> Score {
    Score::new(number).unwrap()
}

fn value(text: &str) -> Answer {
    Answer::Value(Some(bytes(text)))
}

fn list(texts: &[&str]) -> Answer {
    Answer::List(many(texts))
}

fn scored(entries: &[(&str, f64)]) -> Answer {
    Answer::Scored(entries.iter().map(|(value, number)| entry(value, *number)).collect())
}

fn entry(value: &str, number: f64) -> Entry {
    Entry { value: bytes(value), score: score(number) }
}

fn set(text: &str) -> Action {
    Action::Set(Value::from(text))
}

fn hset(fields: &[(&str, &str)]) -> Action {
    Action::HSet(fields.iter().map(|(field, value)| (bytes(field), Value::from(*value))).collect())
}

fn zadd(member: &str, number: f64) -> Action {
    Action::ZAdd { member: bytes(member), score: score(number) }
}

fn zhadd(field: &str, member: &str, number: f64) -> Action {
    Action::ZhAdd { field: bytes(field), member: bytes(member), score: score(number) }
}

fn zincr(member: &str, by: f64) -> Action {
    Action::ZIncrBy { member: bytes(member), by: score(by) }
}

fn by_score(min: f64, max: f64) -> Range {
    range(By::Score(ScoreRange { min: score(min), max: score(max) }))
}

fn by_lex(min: &str, max: &str) -> Range {
    let bound = |text: &str| LexBound::parse("bound", text.as_bytes()).unwrap();
    range(By::Lex(LexRange { min: bound(min), max: bound(max) }))
}

fn range(by: By) -> Range {
    Range {
        by,
        shown: Shown::Field,
        reverse: false,
        limit: None,
        with_scores: false,
        is_page: false,
        after: None,
    }
}

fn values(range: Range) -> Action {
    Action::ZRange(Range { shown: Shown::Value, ..range })
}
