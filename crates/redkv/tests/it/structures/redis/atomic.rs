//! Atomic writes.

use redkv::error::ErrorKind;
use redkv::structures::{Action, Answer, AtomicAnswer, Change, Structures, Value, Write};

use super::{Db, bytes, hset, list, many, score, set, values, zhadd};

/// Writes that change nothing, and are too many for a script of their own.
pub(super) fn company() -> impl Iterator<Item = Write> {
    (0..17).map(|n| Write::new(format!("company{n}"), Change::Delete))
}

#[tokio::test]
async fn all_kinds_of_changes_are_made_together() {
    make_all_kinds([].into_iter()).await;
}

#[tokio::test]
async fn all_kinds_of_changes_are_made_together_among_many() {
    make_all_kinds(company()).await;
}

async fn make_all_kinds(others: impl Iterator<Item = Write>) {
    let mut db = Db::common();
    db.run("eq", set("old")).await;
    db.run("gone", zhadd("f", "m", 1.0)).await;
    db.run("h", hset(&[("gone", "x"), ("kept", "y")])).await;
    db.run("zr", zhadd("f", "m", 1.0)).await;
    db.run("sr", Action::SAdd(many(&["a", "b"]))).await;
    let hash = Change::Hash {
        set: vec![(bytes("a"), Value::from(1)), (bytes("b"), Value::from("2"))],
        set_new: vec![(bytes("c"), Value::from("3"))],
        delete: many(&["gone", "none"]),
    };
    let writes = [
        Write::new("nx", Change::SetNx(Value::from("1"))),
        Write::new("eq", Change::SetEq { value: Value::from("new"), expected: Value::from("old") }),
        Write::new("gone", Change::Delete),
        Write::new("n", Change::IncrBy(-7)),
        Write::new("sa", Change::SAdd(many(&["a", "b", "a"]))),
        Write::new("sr", Change::SRem(many(&["a", "none"]))),
        Write::new("h", hash),
        Write::new("z", Change::ZAdd { field: bytes("a"), member: None, score: score(1.5) }),
        Write::new("z", Change::ZAdd { field: bytes("b"), member: Some(bytes("B")), score: score(2.0) }),
        Write::new("z", Change::ZAddNx { field: bytes("c"), member: Some(bytes("C")), score: score(3.0) }),
        Write::new("zr", Change::ZRem { field: bytes("f"), of_hash: true }),
    ];
    let writes: Vec<_> = others.chain(writes).collect();
    assert_eq!(db.backend.write_atomically(&writes, 3).await.unwrap(), AtomicAnswer::Committed);
    assert_eq!((db.there("nx").unwrap(), db.there("eq").unwrap()), (b"1".to_vec(), b"new".to_vec()));
    assert_eq!(db.there("n").unwrap(), b"-7");
    assert!(db.sorted("gone").is_empty() && db.values("gone").is_empty());
    assert!(db.sorted("zr").is_empty() && db.values("zr").is_empty());
    assert_eq!(db.ask::<i64>("SCARD", "sa", &[]), 2);
    assert_eq!(db.ask::<Vec<String>>("SMEMBERS", "sr", &[]), ["b"]);
    assert_eq!(db.ask::<Vec<String>>("HMGET", "h", &["a", "b", "c", "kept"]), ["1", "2", "3", "y"]);
    assert_eq!(db.ask::<i64>("HLEN", "h", &[]), 4);
    assert_eq!(db.run("z", values(super::by_score(0.0, 9.0))).await, list(&["a", "B", "C"]));
}

#[tokio::test]
async fn each_condition_says_whether_it_failed() {
    let mut db = Db::common();
    db.run("there", set("v")).await;
    db.run("h", hset(&[("f", "v")])).await;
    db.run("z", super::zadd("f", 1.0)).await;
    let hash = Change::Hash {
        set: vec![(bytes("x"), Value::from(1))],
        set_new: vec![(bytes("f"), Value::from(1)), (bytes("new"), Value::from(1))],
        delete: Vec::new(),
    };
    let set_eq = |expected: &str| Change::SetEq { value: Value::from("w"), expected: Value::from(expected) };
    let put = |field: &str| Change::ZAddNx { field: bytes(field), member: None, score: score(1.0) };
    let writes = [
        Write::new("first", Change::SAdd(many(&["m"]))),
        Write::new("h", hash),
        Write::new("z", put("f")),
        Write::new("z", put("new")),
        Write::new("there", set_eq("other")),
        Write::new("none", set_eq("v")),
        Write::new("nobody", Change::DeleteXx),
        Write::new("free", Change::SetNx(Value::from(1))),
        Write::new("last", Change::Set(Value::from(1))),
    ];
    let expected = vec![
        vec![],
        vec![true, false],
        vec![true],
        vec![false],
        vec![true],
        vec![true],
        vec![true],
        vec![false],
        vec![],
    ];
    let answer = db.backend.write_atomically(&writes, 3).await.unwrap();
    assert_eq!(answer, AtomicAnswer::Refused(expected.clone()));
    let among_many: Vec<_> = writes.into_iter().chain(company()).collect();
    let answer = db.backend.write_atomically(&among_many, 3).await.unwrap();
    let of_others = vec![Vec::new(); 17];
    assert_eq!(answer, AtomicAnswer::Refused([expected, of_others].concat()));
    assert!(!db.ask::<bool>("EXISTS", "first", &[]) && !db.ask::<bool>("EXISTS", "last", &[]));
    assert_eq!(db.ask::<i64>("HLEN", "h", &[]), 1);
}

#[tokio::test]
async fn a_set_takes_more_members_than_a_script_has_words() {
    let mut db = Db::common();
    let members: Vec<_> = (0..20_000).map(|n| bytes(&n.to_string())).collect();
    let fields = members.iter().map(|member| (member.clone(), Value::from(1))).collect();
    let hash = Change::Hash { set: fields, set_new: Vec::new(), delete: Vec::new() };
    let writes = [Write::new("s", Change::SAdd(members.clone())), Write::new("h", hash)];
    assert_eq!(db.backend.write_atomically(&writes, 3).await.unwrap(), AtomicAnswer::Committed);
    assert_eq!((db.ask::<i64>("SCARD", "s", &[]), db.ask::<i64>("HLEN", "h", &[])), (20_000, 20_000));
    let hash = Change::Hash { set: Vec::new(), set_new: Vec::new(), delete: members.clone() };
    let writes = [Write::new("s", Change::SRem(members)), Write::new("h", hash)];
    assert_eq!(db.backend.write_atomically(&writes, 3).await.unwrap(), AtomicAnswer::Committed);
    assert!(!db.ask::<bool>("EXISTS", "s", &[]) && !db.ask::<bool>("EXISTS", "h", &[]));
}

#[tokio::test]
async fn a_server_without_memory_writes_nothing_of_it() {
    let server = crate::redis::support::server::Server::with(&["--maxmemory-policy", "noeviction"]);
    let mut db = Db::at(&format!("redis://127.0.0.1:{}", server.port()));
    db.run("old", set("v")).await;
    db.backend.write_atomically(&[Write::new("n", Change::IncrBy(1))], 3).await.unwrap();
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    let writes = [Write::new("n", Change::IncrBy(1)), Write::new("m", Change::SAdd(many(&["a"])))];
    let error = db.backend.write_atomically(&writes, 3).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true), "{error:?}");
    assert!(!error.may_have_applied());
    let error = db.failure("z", zhadd("f", "m", 1.0)).await;
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false), "{error:?}");
    assert_eq!(db.run("old", Action::Get).await, super::value("v"));
    assert_eq!(db.there("n").unwrap(), b"1");
    assert!(db.values("z").is_empty());
}

#[tokio::test]
async fn a_write_that_a_user_may_not_finish_is_not_called_undone() {
    let server = crate::redis::support::server::Server::with(&[]);
    server.ask::<()>(&["ACL", "SETUSER", "some", "on", ">pw", "~*", "+@all", "-hset"]);
    let db = Db::at(&format!("redis://some:pw@127.0.0.1:{}", server.port()));
    let hash =
        Change::Hash { set: vec![(bytes("f"), Value::from(1))], set_new: Vec::new(), delete: Vec::new() };
    let alone = [Write::new("h", hash.clone())];
    let error = db.backend.write_atomically(&alone, 3).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false), "{error:?}");
    let writes = [Write::new("n", Change::IncrBy(1)), Write::new("h", hash)];
    let error = db.backend.write_atomically(&writes, 3).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, true), "{error:?}");
}

#[tokio::test]
async fn ten_writers_of_one_atomic_write_lose_nothing() {
    let db = Db::common();
    let writers: Vec<Db> = (0..10).map(|_| Db::with_prefix(&db.prefix)).collect();
    let count = |writer: Db| async move {
        for _ in 0..100 {
            let writes = [Write::new("n", Change::IncrBy(1)), Write::new("m", Change::IncrBy(-1))];
            writer.backend.write_atomically(&writes, 3).await.unwrap();
        }
    };
    futures_util::future::join_all(writers.into_iter().map(count)).await;
    assert_eq!(db.run("n", Action::IncrBy(0)).await, Answer::Integer(1000));
    assert_eq!(db.run("m", Action::IncrBy(0)).await, Answer::Integer(-1000));
}
