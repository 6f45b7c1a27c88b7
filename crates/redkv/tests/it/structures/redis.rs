//! Data structures in real servers of Redis.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step ends its test")]

mod added;
mod atomic;
mod cluster;
mod disturbed;
mod faults;
mod golden;
mod kinds;
mod large;
mod together;

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
use redkv_testing::structures::CASES;
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

fn clustered(prefix: &str) -> RedisStructures {
    let node = crate::support::server("REDKV_TEST_REDIS_CLUSTER_URL");
    backend(json!({ "cluster": [node], "prefix": prefix }))
}

async fn in_one_slot() -> Arc<dyn Structures> {
    Arc::new(clustered("{structures}:"))
}

structures_suite!(suite, super::common);
structures_suite!(suite_in_a_cluster, super::in_one_slot);

/// The cases of several keys in an atomic write, or of a sorted hash in one.
const OF_ONE_SLOT: [&str; 22] = [
    "a_counter_counts_on_from_text_and_is_exact",
    "a_counter_that_does_not_count_refuses_all_of_it",
    "a_failing_condition_leaves_everything_as_it_is",
    "a_hundred_operations_are_one_write",
    "a_key_is_deleted_or_must_be_there_to_be",
    "a_key_of_another_kind_refuses_all_of_it_and_beats_conditions",
    "a_member_is_put_where_it_is_not_there",
    "a_value_is_set_where_a_key_is",
    "a_value_is_set_where_an_equal_one_is",
    "a_value_is_set_where_no_key_is",
    "a_wrong_kind_beats_a_counter_that_does_not_count",
    "an_error_among_many_operations_names_its_own",
    "an_error_names_the_operation_that_it_is_about",
    "fields_of_a_sorted_hash_are_put_together_or_not_at_all",
    "members_of_a_set_are_changed_together_or_not_at_all",
    "members_of_a_sorted_set_are_put_together_or_not_at_all",
    "new_fields_of_a_hash_must_not_be_there",
    "of_many_writers_each_counts_once",
    "operations_on_one_item_are_merged_and_know_their_own_conditions",
    "random_programs_are_answered_as_by_the_model",
    "what_is_empty_is_not_there",
    "writes_without_conditions_are_made",
];

#[tokio::test]
async fn all_other_cases_pass_in_a_cluster_with_keys_all_over_it() {
    let db = clustered("");
    for (name, case) in CASES.iter().filter(|(name, _)| !OF_ONE_SLOT.contains(name)) {
        println!("{name}");
        case(&db).await;
    }
}

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
