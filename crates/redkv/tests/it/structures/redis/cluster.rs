//! Data structures in a cluster.

use redkv::error::ErrorKind;
use redkv::structures::{
    Action, Answer, AtomicAnswer, Change, Command, Deletion, Range, Structures, Value, Write,
};
use serde_json::json;

use super::{
    backend, by_lex, by_score, bytes, hset, list, many, score, scored, set, value, values, zadd, zhadd, zincr,
};
use crate::redis::support::servers::Cluster;

/// A backend on a cluster, and the cluster.
struct Db {
    cluster: Cluster,
    backend: redkv_store_redis::RedisStructures,
}

impl Db {
    fn new() -> Self {
        let cluster = Cluster::start(3, 0, &[]);
        let node = |n: usize| json!({ "host": "127.0.0.1", "port": cluster.nodes[n].port() });
        let backend = backend(json!({ "cluster": [node(0), node(1)] }));
        Self { cluster, backend }
    }

    async fn run_all(&self, all: Vec<(&str, Action)>) -> Vec<Answer> {
        let commands: Vec<_> =
            all.into_iter().map(|(key, action)| Command::new(bytes(key), action)).collect();
        self.backend.run(&commands).await.into_iter().map(Result::unwrap).collect()
    }

    async fn run(&self, key: &str, action: Action) -> Answer {
        self.run_all(vec![(key, action)]).await.remove(0)
    }

    /// What the node of `key` answers about it.
    fn ask<T: redis::FromRedisValue>(&self, name: &str, key: &str, words: &[&str]) -> T {
        let node = &self.cluster.nodes[self.cluster.master_of(key, 0)];
        node.ask(&[&[name, key], words].concat())
    }
}

fn all() -> Range {
    by_score(f64::NEG_INFINITY, f64::INFINITY)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_kinds_work_on_keys_of_all_nodes() {
    let db = Db::new();
    for n in 0..30 {
        let key = format!("k{n}");
        let names = [format!("v{key}"), format!("s{key}"), format!("h{key}"), format!("z{key}")];
        let [v, s, h, z] = names.each_ref().map(String::as_str);
        let answers = db
            .run_all(vec![
                (v, set("1")),
                (v, Action::IncrBy(2)),
                (s, Action::SAdd(many(&["m"]))),
                (h, hset(&[("f", "v")])),
                (z, zhadd("f", "F", 1.0)),
                (z, zadd("g", 2.0)),
                (v, Action::SetEq { value: Value::from("4"), expected: Value::from(3) }),
                (v, Action::Get),
                (s, Action::SMembers),
                (h, Action::HGet(bytes("f"))),
                (z, values(all())),
                (z, values(Range { is_page: true, limit: Some(1), ..all() })),
            ])
            .await;
        assert_eq!(answers[1], Answer::Integer(3));
        assert_eq!(
            answers[6..11],
            [Answer::Is(true), value("4"), list(&["m"]), value("v"), list(&["F", "g"])]
        );
        let Answer::Page(page) = &answers[11] else { panic!("no page") };
        assert_eq!((&page.entries[0].value[..], &page.next), (&b"F"[..], &Some((score(1.0), bytes("f")))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_a_sorted_hash_follows_it() {
    let db = Db::new();
    // Whose companion is elsewhere, and whose is not.
    for key in ["plain", "{tag}tagged"] {
        let companion = format!("__kvs_zh:{key}");
        let is_together = db.cluster.slot(key) == db.cluster.slot(&companion);
        assert_eq!(is_together, key == "{tag}tagged");
        db.run_all(vec![
            (key, zhadd("a", "A", 1.0)),
            (key, zhadd("b", "B", 2.0)),
            (key, zhadd("c", "C", 3.0)),
        ])
        .await;
        assert_eq!(db.ask::<i64>("HLEN", &companion, &[]), 3);
        assert_eq!(db.run(key, values(by_lex("-", "[b"))).await, list(&["A", "B"]));
        let with_scores = Range { with_scores: true, reverse: true, limit: Some(2), ..all() };
        assert_eq!(db.run(key, values(with_scores)).await, scored(&[("C", 3.0), ("B", 2.0)]));
        db.run_all(vec![
            (key, zadd("a", 5.0)),
            (key, zincr("b", 10.0)),
            (key, Action::ZRem(many(&["c"]))),
            (key, zincr("d", 20.0)),
        ])
        .await;
        assert_eq!(db.run(key, values(all())).await, list(&["a", "B", "d"]));
        assert_eq!(db.ask::<Vec<String>>("HKEYS", &companion, &[]), ["b"]);
        assert_eq!(db.run(key, Action::Delete(Deletion::All)).await, Answer::Is(true));
        assert!(!db.ask::<bool>("EXISTS", &companion, &[]));
        // What others left does not come back.
        db.ask::<()>("HSET", &companion, &["f", "old"]);
        db.run(key, zincr("f", 1.0)).await;
        assert_eq!(db.run(key, values(all())).await, list(&["f"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_kind_fails_and_leaves_nothing_elsewhere() {
    let db = Db::new();
    db.run("plain", set("v")).await;
    for action in [zhadd("f", "F", 1.0), zadd("f", 1.0), zincr("f", 1.0), values(all())] {
        let error = db.backend.run(&[Command::new("plain", action)]).await.remove(0).unwrap_err();
        assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Type, false), "{error:?}");
    }
    assert!(!db.ask::<bool>("EXISTS", "__kvs_zh:plain", &[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atomic_write_has_one_slot() {
    let db = Db::new();
    let put = |key: &'static str| {
        Write::new(key, Change::ZAdd { field: bytes("f"), member: Some(bytes("F")), score: score(1.0) })
    };
    let count = |key: &'static str| Write::new(key, Change::IncrBy(1));
    for writes in [vec![count("a"), count("b")], vec![put("plain")]] {
        let error = db.backend.write_atomically(&writes, 3).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("operations")));
        assert!(error.message().contains("{tag}"), "{error}");
    }
    let together = [put("{tag}z"), count("{tag}n"), Write::new("{tag}d", Change::Delete)];
    assert_eq!(db.backend.write_atomically(&together, 3).await.unwrap(), AtomicAnswer::Committed);
    assert_eq!(db.run("{tag}z", values(all())).await, list(&["F"]));
    let alone = [Write::new("plain", Change::SetNx(Value::from("v")))];
    assert_eq!(db.backend.write_atomically(&alone, 3).await.unwrap(), AtomicAnswer::Committed);
    let again = db.backend.write_atomically(&alone, 3).await.unwrap();
    assert_eq!(again, AtomicAnswer::Refused(vec![vec![true]]));
    let gone = [Write::new("plain", Change::DeleteXx)];
    assert_eq!(db.backend.write_atomically(&gone, 3).await.unwrap(), AtomicAnswer::Committed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_moves_is_followed() {
    let db = Db::new();
    let slot = db.cluster.slot("{tag}");
    let from = db.cluster.master_of("{tag}", 0);
    let to = (from + 1) % 3;
    for n in 0..10 {
        db.run(&format!("{{tag}}{n}"), zhadd("f", "F", 1.0)).await;
        db.run(&format!("{{tag}}n{n}"), Action::IncrBy(1)).await;
    }
    db.cluster.begin_to_move(slot, from, to);
    while db.cluster.move_keys(slot, from, to, 3) {
        for n in 0..10 {
            // Of a sorted hash, one key may be here and the other there: then it waits for the rest of the move.
            db.run(&format!("{{tag}}n{n}"), Action::IncrBy(1)).await;
        }
    }
    db.cluster.end_move(slot, from, to);
    for n in 0..10 {
        let key = format!("{{tag}}{n}");
        db.run(&key, zhadd("g", "G", 2.0)).await;
        assert_eq!(db.run(&key, values(all())).await, list(&["F", "G"]));
    }
    assert!(db.cluster.errors("MOVED") > 0);
}
