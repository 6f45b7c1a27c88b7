//! Sets.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use std::collections::BTreeSet;

use bytes::Bytes;
use redkv_structures::{Action, Answer, Structures};

use super::subject::{Db, bytes, many};

pub async fn a_missing_set_has_no_members(db: &dyn Structures) {
    let db = Db::new(db);
    assert_eq!(db.members("s").await, [""; 0]);
    assert_eq!(db.count("s", Action::SCard).await, 0);
    assert!(!db.is("s", Action::SIsMember(bytes("a"))).await);
}

pub async fn members_are_added_once(db: &dyn Structures) {
    let db = Db::new(db);
    db.sadd("s", &["foo"]).await;
    db.sadd("s", &["foo"]).await;
    assert_eq!(db.members("s").await, ["foo"]);
    db.sadd("s", &["bar", "foo", "baz", "bar"]).await;
    assert_eq!(db.members("s").await, ["bar", "baz", "foo"]);
    assert_eq!(db.count("s", Action::SCard).await, 3);
    assert!(db.is("s", Action::SIsMember(bytes("bar"))).await);
    assert!(!db.is("s", Action::SIsMember(bytes("b"))).await);
}

pub async fn members_are_removed(db: &dyn Structures) {
    let db = Db::new(db);
    db.done("s", Action::SRem(many(&["a"]))).await;
    assert!(!db.has("s").await);
    db.sadd("s", &["a", "b", "c", "d"]).await;
    db.done("s", Action::SRem(many(&["a", "c", "c", "x"]))).await;
    assert_eq!(db.members("s").await, ["b", "d"]);
}

pub async fn a_set_without_members_is_no_key(db: &dyn Structures) {
    let db = Db::new(db);
    db.sadd("s", &["a"]).await;
    db.done("s", Action::SRem(many(&["a"]))).await;
    assert!(!db.has("s").await);
    assert!(!db.delete("s").await);
    assert!(!db.is("s", Action::SetXx("x".into())).await);
    assert!(db.is("s", Action::SetNx("x".into())).await);
    assert!(db.delete("s").await);
    db.sadd("s", &["a"]).await;
    db.done("s", Action::SRem(many(&["a"]))).await;
    db.hset("s", &[("f", "v")]).await;
    assert_eq!(db.fields("s").await, [("f".to_owned(), "v".to_owned())]);
}

pub async fn a_removal_from_a_key_that_never_was_makes_none(db: &dyn Structures) {
    let db = Db::new(db);
    db.done("s", Action::SRem(many(&["a"]))).await;
    assert!(!db.has("s").await);
    assert!(!db.is("s", Action::SetXx("x".into())).await);
    assert!(!db.delete("s").await);
    assert_eq!(db.incr("s", 1).await, 1);
}

pub async fn members_are_kept_exactly(db: &dyn Structures) {
    let db = Db::new(db);
    let members: BTreeSet<Bytes> = [&b"a"[..], b"A", b"a ", b"\0", b"\xff\xfe", "é".as_bytes(), b"_", b"~a"]
        .map(Bytes::from_static)
        .into();
    db.done("s", Action::SAdd(members.iter().cloned().collect())).await;
    let Answer::List(read) = db.run("s", Action::SMembers).await else { unreachable!("a list is a list") };
    assert_eq!(read.len(), members.len());
    assert_eq!(read.into_iter().collect::<BTreeSet<_>>(), members);
    for member in members {
        assert!(db.is("s", Action::SIsMember(member)).await);
    }
}

pub async fn a_number_may_be_a_member(db: &dyn Structures) {
    let db = Db::new(db);
    db.sadd("s", &["b", "a", "3"]).await;
    assert_eq!(db.members("s").await, ["3", "a", "b"]);
}

pub async fn an_empty_member_is_a_member(db: &dyn Structures) {
    let db = Db::new(db);
    db.sadd("s", &["", "a"]).await;
    assert_eq!(db.members("s").await, ["", "a"]);
    assert!(db.is("s", Action::SIsMember(Bytes::new())).await);
    db.done("s", Action::SRem(many(&["a"]))).await;
    assert!(db.has("s").await);
    db.done("s", Action::SRem(many(&[""]))).await;
    assert!(!db.has("s").await);
}

pub async fn a_set_may_have_many_members(db: &dyn Structures) {
    let db = Db::new(db);
    let members: Vec<_> = (0..2_000).map(|n| format!("member-{n:04}")).collect();
    db.done("s", Action::SAdd(members.iter().cloned().map(Bytes::from).collect())).await;
    assert_eq!(db.members("s").await, members);
    assert_eq!(db.count("s", Action::SCard).await, 2_000);
}
