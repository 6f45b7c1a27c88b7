//! Atomic writes and their conditions.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

pub mod atomic_kinds;

use futures_util::future::join_all;
use redkv_core::error::ErrorKind;
use redkv_structures::{Change, Structures, Value};

use crate::structures::subject::{Db, bytes, many, score_of, some, values};

pub(super) fn set(value: &str) -> Change {
    Change::Set(value.into())
}

pub(super) fn set_nx(value: &str) -> Change {
    Change::SetNx(value.into())
}

pub(super) fn hash(set: &[(&str, &str)], set_new: &[(&str, &str)], delete: &[&str]) -> Change {
    let pairs =
        |all: &[(&str, &str)]| all.iter().map(|(field, value)| (bytes(field), Value::from(*value))).collect();
    Change::Hash { set: pairs(set), set_new: pairs(set_new), delete: many(delete) }
}

pub(super) fn put(field: &str, score: f64) -> Change {
    Change::ZAdd { field: bytes(field), member: None, score: score_of(score) }
}

pub(super) fn put_new(field: &str, score: f64) -> Change {
    Change::ZAddNx { field: bytes(field), member: None, score: score_of(score) }
}

fn put_value(field: &str, member: &str, score: f64) -> Change {
    Change::ZAdd { field: bytes(field), member: Some(bytes(member)), score: score_of(score) }
}

fn remove(field: &str, of_hash: bool) -> Change {
    Change::ZRem { field: bytes(field), of_hash }
}

/// Checks that `changes` are made, and returns nothing.
async fn committed(db: &Db<'_>, changes: Vec<(&str, Change)>) {
    let none = vec![false; changes.len()];
    assert_eq!(db.write(changes).await, (true, none));
}

/// Checks that of `changes`, exactly those at `failed` fail their condition.
async fn refused(db: &Db<'_>, changes: Vec<(&str, Change)>, failed: &[usize]) {
    let expected = (0..changes.len()).map(|n| failed.contains(&n)).collect();
    assert_eq!(db.write(changes).await, (false, expected));
}

/// A condition that does not hold.
fn failing() -> (&'static str, Change) {
    ("there", set_nx("x"))
}

pub async fn writes_without_conditions_are_made(db: &dyn Structures) {
    let db = Db::new(db);
    committed(&db, vec![("a", set("1")), ("b", Change::Set(2.into()))]).await;
    assert_eq!((db.get("a").await, db.get("b").await), (some("1"), some("2")));
}

pub async fn an_empty_atomic_write_is_made(db: &dyn Structures) {
    committed(&Db::new(db), vec![]).await;
}

pub async fn a_failing_condition_leaves_everything_as_it_is(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("there", "value").await;
    db.set("old", "old").await;
    db.set("n", 0).await;
    db.sadd("s", &["a"]).await;
    db.hset("h", &[("a", "1")]).await;
    db.zadd("z", &[("a", 1.0)]).await;
    let writes = || {
        vec![
            ("new", set("1")),
            ("old", Change::Delete),
            ("n", Change::IncrBy(1)),
            ("s", Change::SAdd(many(&["b"]))),
            ("h", hash(&[("b", "2")], &[("c", "3")], &["a"])),
            ("z", put("a", 2.0)),
            ("z", put_new("b", 2.0)),
            ("zh", put_value("f", "value", 1.0)),
        ]
    };
    refused(&db, writes().into_iter().chain([failing()]).collect(), &[8]).await;
    refused(&db, [failing()].into_iter().chain(writes()).collect(), &[0]).await;
    assert_eq!(db.get("new").await, None);
    assert_eq!(db.get("old").await, some("old"));
    assert_eq!(db.get("n").await, some("0"));
    assert_eq!(db.members("s").await, ["a"]);
    assert_eq!(db.fields("h").await, [("a".to_owned(), "1".to_owned())]);
    assert_eq!((db.score("z", "a").await, db.score("z", "b").await), (Some(1.0), None));
    assert!(!db.has("zh").await);
    committed(&db, writes()).await;
    assert_eq!(db.get("new").await, some("1"));
    assert_eq!(db.get("old").await, None);
    assert_eq!(db.get("n").await, some("1"));
    assert_eq!(db.members("s").await, ["a", "b"]);
    assert_eq!(db.fields("h").await, [("b", "2"), ("c", "3")].map(|(f, v)| (f.to_owned(), v.to_owned())));
    assert_eq!((db.score("z", "a").await, db.score("z", "b").await), (Some(2.0), Some(2.0)));
    assert_eq!(db.score("zh", "f").await, Some(1.0));
}

pub async fn a_value_is_set_where_no_key_is(db: &dyn Structures) {
    let db = Db::new(db);
    committed(&db, vec![("a", set_nx("1")), ("b", set_nx("2"))]).await;
    refused(&db, vec![("a", set_nx("x")), ("c", set_nx("x")), ("b", set_nx("x"))], &[0, 2]).await;
    assert_eq!((db.get("a").await, db.get("c").await), (some("1"), None));
}

pub async fn a_value_is_set_where_a_key_is(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("a", "1").await;
    refused(&db, vec![("b", Change::SetXx("x".into()))], &[0]).await;
    refused(&db, vec![("a", Change::SetXx("x".into())), ("b", Change::SetXx("x".into()))], &[1]).await;
    assert_eq!(db.get("a").await, some("1"));
    committed(&db, vec![("a", Change::SetXx("2".into()))]).await;
    assert_eq!(db.get("a").await, some("2"));
}

pub async fn a_value_is_set_where_an_equal_one_is(db: &dyn Structures) {
    let db = Db::new(db);
    let set_eq = |value: &str, expected: Value| Change::SetEq { value: value.into(), expected };
    db.set("n", 1).await;
    db.set("t", "1").await;
    refused(&db, vec![("n", set_eq("x", 2.into())), ("new", set_nx("x"))], &[0]).await;
    refused(&db, vec![("missing", set_eq("x", 1.into()))], &[0]).await;
    committed(&db, vec![("n", set_eq("2", "1".into())), ("t", set_eq("2", 1.into())), ("new", set_nx("x"))])
        .await;
    assert_eq!(
        (db.get("n").await, db.get("t").await, db.get("new").await),
        (some("2"), some("2"), some("x"))
    );
}

pub async fn a_key_is_deleted_or_must_be_there_to_be(db: &dyn Structures) {
    let db = Db::new(db);
    committed(&db, vec![("missing", Change::Delete)]).await;
    refused(&db, vec![("missing", Change::DeleteXx)], &[0]).await;
    db.set("a", "1").await;
    db.set("b", "2").await;
    refused(&db, vec![("a", Change::DeleteXx), ("missing", Change::DeleteXx), ("b", Change::Delete)], &[1])
        .await;
    assert!(db.has("a").await && db.has("b").await);
    committed(&db, vec![("a", Change::DeleteXx), ("b", Change::Delete)]).await;
    assert!(!db.has("a").await && !db.has("b").await);
}

pub async fn members_of_a_sorted_set_are_put_together_or_not_at_all(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("there", "value").await;
    refused(&db, vec![("z", put("a", 1.0)), ("z", put("b", 2.0)), failing()], &[2]).await;
    assert!(!db.has("z").await);
    committed(&db, vec![("z", put("a", 1.0)), ("z", put("b", 2.0))]).await;
    refused(&db, vec![("z", remove("a", false)), failing()], &[1]).await;
    assert_eq!(db.score("z", "a").await, Some(1.0));
    committed(&db, vec![("z", remove("a", false)), ("z", remove("x", false)), ("z", put("b", 3.0))]).await;
    assert_eq!((db.score("z", "a").await, db.score("z", "b").await), (None, Some(3.0)));
}

pub async fn fields_of_a_sorted_hash_are_put_together_or_not_at_all(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("there", "value").await;
    let writes = || vec![("z", put_value("a", "value of a", 1.0)), ("z", put_value("b", "value of b", 2.0))];
    refused(&db, writes().into_iter().chain([failing()]).collect(), &[2]).await;
    assert!(!db.has("z").await);
    committed(&db, writes()).await;
    let all = || values(crate::structures::subject::by_score(0.0, 9.0));
    let listed = db.scored("z", all()).await;
    assert_eq!(listed, [("value of a", 1.0), ("value of b", 2.0)].map(|(v, score)| (v.to_owned(), score)));
    committed(&db, vec![("z", remove("a", true)), ("z", put("b", 3.0))]).await;
    assert_eq!(db.scored("z", all()).await, [("b".to_owned(), 3.0)], "a member is its own value");
    committed(&db, vec![("z", put("a", 4.0))]).await;
    assert_eq!(
        db.list("z", redkv_structures::Action::ZRange(all())).await,
        ["b", "a"],
        "no value comes back"
    );
}

pub async fn a_member_is_put_where_it_is_not_there(db: &dyn Structures) {
    let db = Db::new(db);
    committed(&db, vec![("z", put_new("a", 1.0)), ("z", put_new("b", 1.0))]).await;
    refused(&db, vec![("z", put_new("c", 5.0)), ("z", put_new("a", 5.0)), ("y", put_new("a", 5.0))], &[1])
        .await;
    assert_eq!((db.score("z", "a").await, db.score("z", "c").await), (Some(1.0), None));
    committed(&db, vec![("z", put_new("c", 1.0)), ("y", put_new("a", 1.0))]).await;
    assert_eq!(db.score("y", "a").await, Some(1.0));
}

pub async fn members_of_a_set_are_changed_together_or_not_at_all(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("there", "value").await;
    let add = || ("s", Change::SAdd(many(&["a", "b", "a"])));
    refused(&db, vec![add(), failing()], &[1]).await;
    assert!(!db.has("s").await);
    committed(&db, vec![add()]).await;
    refused(&db, vec![("s", Change::SRem(many(&["a"]))), failing()], &[1]).await;
    assert_eq!(db.members("s").await, ["a", "b"]);
    committed(&db, vec![("s", Change::SRem(many(&["a", "a", "x"])))]).await;
    assert_eq!(db.members("s").await, ["b"]);
    committed(&db, vec![("s", Change::SRem(many(&["b"]))), ("never", Change::SRem(many(&["b"])))]).await;
    assert!(!db.has("s").await && !db.has("never").await);
}

pub async fn new_fields_of_a_hash_must_not_be_there(db: &dyn Structures) {
    let db = Db::new(db);
    committed(&db, vec![("h", hash(&[], &[("f", "1")], &[]))]).await;
    assert_eq!(db.hget("h", "f").await, some("1"));
    refused(&db, vec![("h", hash(&[], &[("f", "2")], &[])), ("new", set("x"))], &[0]).await;
    assert_eq!((db.hget("h", "f").await, db.get("new").await), (some("1"), None));
    committed(&db, vec![("h", hash(&[], &[], &["f"])), ("never", hash(&[], &[], &["f"]))]).await;
    assert!(!db.has("h").await && !db.has("never").await);
}

pub async fn operations_on_one_item_are_merged_and_know_their_own_conditions(db: &dyn Structures) {
    let db = Db::new(db);
    db.hset("h", &[("b", "old"), ("d", "old")]).await;
    let changes = |new: &'static str| {
        vec![
            ("h", hash(&[("a", "1")], &[], &[])),
            ("n", Change::IncrBy(5)),
            ("h", hash(&[], &[(new, "2")], &[])),
            ("s", Change::SAdd(many(&["a"]))),
            ("h", hash(&[], &[("c", "3")], &[])),
            ("h", hash(&[], &[], &["d"])),
            ("s", Change::SAdd(many(&["b"]))),
            ("n", Change::IncrBy(-2)),
        ]
    };
    refused(&db, changes("b"), &[2]).await;
    assert!(!db.has("n").await && !db.has("s").await);
    committed(&db, changes("e")).await;
    let expected = [("a", "1"), ("b", "old"), ("c", "3"), ("e", "2")];
    assert_eq!(db.fields("h").await, expected.map(|(f, v)| (f.to_owned(), v.to_owned())));
    assert_eq!(db.get("n").await, some("3"));
    assert_eq!(db.members("s").await, ["a", "b"]);
}

pub async fn a_hundred_operations_are_one_write(db: &dyn Structures) {
    let db = Db::new(db);
    let names: Vec<_> = (0..100).map(|n| format!("k{n}")).collect();
    committed(&db, names.iter().map(|name| (name.as_str(), set_nx(name))).collect()).await;
    let all: Vec<_> = (0..100).collect();
    refused(&db, names.iter().map(|name| (name.as_str(), set_nx("x"))).collect(), &all).await;
    for name in &names {
        assert_eq!(db.get(name).await, some(name));
    }
    let more = (0..101).map(|_| ("k", Change::IncrBy(1))).collect();
    let error = db.attempt_write(more).await.map_err(|error| error.kind());
    assert_eq!(error, Err(ErrorKind::Argument));
}

pub async fn of_many_writers_each_counts_once(db: &dyn Structures) {
    let db = &Db::new(db);
    let writer = |writer: usize| async move {
        for step in 0..5 {
            let name = format!("{writer}-{step}");
            loop {
                let write = vec![("n", Change::IncrBy(1)), (name.as_str(), set_nx("x"))];
                match db.attempt_write(write).await {
                    Ok((is_committed, _)) => break assert!(is_committed, "{name} was not there"),
                    Err(error) => {
                        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Conflict, true))
                    }
                }
            }
        }
    };
    join_all((0..10).map(writer)).await;
    assert_eq!(db.get("n").await, some("50"));
}
