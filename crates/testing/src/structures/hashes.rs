//! Hashes.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use std::collections::BTreeSet;

use bytes::Bytes;
use redkv_structures::{Action, Answer, Structures, Value};

use super::subject::{Db, bytes, many, some};

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect()
}

pub async fn a_missing_hash_has_no_fields(db: &dyn Structures) {
    let db = Db::new(db);
    assert_eq!(db.hget("h", "f").await, None);
    assert_eq!(db.fields("h").await, []);
    db.hset("h", &[("f", "v")]).await;
    assert_eq!(db.hget("h", "other").await, None);
}

pub async fn fields_are_merged(db: &dyn Structures) {
    let db = Db::new(db);
    db.hset("h", &[("foo", "bar")]).await;
    db.hset("h", &[("baz", "qux"), ("foo", "new")]).await;
    assert_eq!(db.hget("h", "foo").await, some("new"));
    assert_eq!(db.fields("h").await, pairs(&[("baz", "qux"), ("foo", "new")]));
}

pub async fn a_number_reads_back_from_a_field_as_text(db: &dyn Structures) {
    let db = Db::new(db);
    db.done("h", Action::HSet(vec![(bytes("n"), Value::from(7)), (bytes("min"), i64::MIN.into())])).await;
    assert_eq!(db.hget("h", "n").await, some("7"));
    assert_eq!(db.hget("h", "min").await, some(&i64::MIN.to_string()));
}

pub async fn fields_are_deleted(db: &dyn Structures) {
    let db = Db::new(db);
    db.done("h", Action::HDel(many(&["foo"]))).await;
    assert!(!db.has("h").await);
    db.hset("h", &[("a", "1"), ("b", "2"), ("c", "3")]).await;
    db.done("h", Action::HDel(many(&["a", "c", "c", "x"]))).await;
    assert_eq!(db.fields("h").await, pairs(&[("b", "2")]));
}

pub async fn a_hash_without_fields_is_no_key(db: &dyn Structures) {
    let db = Db::new(db);
    db.hset("h", &[("a", "1")]).await;
    db.done("h", Action::HDel(many(&["a"]))).await;
    assert!(!db.has("h").await);
    assert!(!db.delete("h").await);
    assert!(!db.is("h", Action::SetXx("x".into())).await);
    assert!(db.is("h", Action::SetNx("x".into())).await);
    assert_eq!(db.get("h").await, some("x"));
    assert!(db.delete("h").await);
    db.hset("h", &[("a", "1")]).await;
    db.done("h", Action::HDel(many(&["a"]))).await;
    db.sadd("h", &["m"]).await;
    assert_eq!(db.members("h").await, ["m"]);
}

pub async fn fields_and_their_values_are_kept_exactly(db: &dyn Structures) {
    let db = Db::new(db);
    let names = [
        &b"a"[..],
        b"A",
        b"a ",
        b"\0",
        b"\xff\xfe",
        "é".as_bytes(),
        b"?>",
        b"_",
        b"v",
        b"hk",
        b"~YQ",
        b"#n",
        b":v",
    ];
    let fields = names.map(|name| (Bytes::from_static(name), Bytes::from_static(name)));
    let written = fields.iter().map(|(field, value)| (field.clone(), Value::Text(value.clone()))).collect();
    db.done("h", Action::HSet(written)).await;
    let Answer::Fields(read) = db.run("h", Action::HGetAll).await else { unreachable!("fields are fields") };
    assert_eq!(BTreeSet::from_iter(read), BTreeSet::from(fields.clone()));
    for (field, value) in fields {
        assert_eq!(db.run("h", Action::HGet(field)).await, Answer::Value(Some(value)));
    }
}

pub async fn an_empty_field_and_an_empty_value_are_there(db: &dyn Structures) {
    let db = Db::new(db);
    db.hset("h", &[("", "nothing"), ("f", "")]).await;
    assert_eq!(db.hget("h", "").await, some("nothing"));
    assert_eq!(db.hget("h", "f").await, some(""));
    assert_eq!(db.fields("h").await, pairs(&[("", "nothing"), ("f", "")]));
    db.done("h", Action::HDel(many(&["f"]))).await;
    assert!(db.has("h").await);
    db.done("h", Action::HDel(many(&[""]))).await;
    assert!(!db.has("h").await);
}

pub async fn a_hash_may_have_many_fields(db: &dyn Structures) {
    let db = Db::new(db);
    let fields: Vec<_> = (0..600).map(|n| (format!("field-{n:04}"), format!("value-{n}"))).collect();
    let written = fields.iter().map(|(field, value)| (bytes(field), Value::from(value.as_str()))).collect();
    db.done("h", Action::HSet(written)).await;
    assert_eq!(db.fields("h").await, fields);
    let deleted = fields.iter().skip(1).map(|(field, _)| bytes(field)).collect();
    db.done("h", Action::HDel(deleted)).await;
    assert_eq!(db.fields("h").await, fields[..1]);
}
