//! Values and their conditions.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use bytes::Bytes;
use redkv_structures::{Action, Answer, Deletion, Structures, Value};

use super::subject::{Db, some};

pub async fn init_and_create_table_may_be_called_again(db: &dyn Structures) {
    for _ in 0..2 {
        assert!(db.create_table().await.is_ok());
        assert!(db.init().await.is_ok());
    }
}

pub async fn a_missing_value_reads_as_none(db: &dyn Structures) {
    let db = Db::new(db);
    assert_eq!(db.get("k").await, None);
    assert!(!db.has("k").await);
}

pub async fn a_written_value_reads_back(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("k", "value").await;
    assert_eq!(db.get("k").await, some("value"));
    assert!(db.has("k").await);
    db.set("k", "another").await;
    assert_eq!(db.get("k").await, some("another"));
}

pub async fn an_integer_reads_back_as_decimal_text(db: &dyn Structures) {
    let db = Db::new(db);
    for number in [0, 42, -7, i64::MAX, i64::MIN, (1 << 53) + 1] {
        db.set("k", number).await;
        assert_eq!(db.get("k").await, some(&number.to_string()));
    }
}

pub async fn an_empty_value_is_a_value(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("k", "").await;
    assert_eq!(db.get("k").await, some(""));
    assert!(db.has("k").await);
    assert!(!db.is("k", Action::SetNx("x".into())).await);
    assert!(db.is("k", Action::SetEq { value: "y".into(), expected: "".into() }).await);
}

pub async fn keys_and_values_are_kept_exactly(db: &dyn Structures) {
    let db = Db::new(db);
    let every_byte: Vec<u8> = (0..=255).collect();
    let names: [&[u8]; 9] =
        [b"k", b"K", b"k ", b"k\0", b"\xff\0\xfe", "é".as_bytes(), b"e\xcc\x81", b"%", &every_byte];
    for name in names {
        db.done(name, Action::Set(Value::Text(Bytes::copy_from_slice(name)))).await;
    }
    for name in names {
        assert_eq!(db.run(name, Action::Get).await, Answer::Value(Some(Bytes::copy_from_slice(name))));
    }
}

pub async fn a_large_value_reads_back(db: &dyn Structures) {
    let db = Db::new(db);
    let value = Bytes::from(vec![7; 300_000]);
    db.done("k", Action::Set(Value::Text(value.clone()))).await;
    assert_eq!(db.run("k", Action::Get).await, Answer::Value(Some(value)));
}

pub async fn set_nx_writes_only_where_no_key_is(db: &dyn Structures) {
    let db = Db::new(db);
    assert!(db.is("k", Action::SetNx("first".into())).await);
    assert!(!db.is("k", Action::SetNx("second".into())).await);
    assert_eq!(db.get("k").await, some("first"));
    assert!(db.delete("k").await);
    assert!(db.is("k", Action::SetNx(5.into())).await);
    assert_eq!(db.get("k").await, some("5"));
}

pub async fn set_xx_writes_only_where_a_key_is(db: &dyn Structures) {
    let db = Db::new(db);
    assert!(!db.is("k", Action::SetXx("value".into())).await);
    assert_eq!(db.get("k").await, None);
    db.set("k", "value").await;
    assert!(db.is("k", Action::SetXx("another".into())).await);
    assert_eq!(db.get("k").await, some("another"));
}

pub async fn set_eq_replaces_what_is_expected(db: &dyn Structures) {
    let db = Db::new(db);
    let set_eq =
        |value: &str, expected: &str| Action::SetEq { value: value.into(), expected: expected.into() };
    assert!(!db.is("k", set_eq("new", "old")).await, "a missing key equals nothing");
    assert!(!db.is("k", set_eq("new", "")).await, "a missing key is no empty value");
    assert!(!db.has("k").await);
    db.set("k", "old").await;
    assert!(!db.is("k", set_eq("new", "other")).await);
    assert_eq!(db.get("k").await, some("old"));
    assert!(db.is("k", set_eq("new", "old")).await);
    assert_eq!(db.get("k").await, some("new"));
}

pub async fn set_eq_finds_text_and_numbers_equal_when_they_read_the_same(db: &dyn Structures) {
    let db = Db::new(db);
    let text = |text: &str| Value::from(text);
    let number = |number: i64| Value::from(number);
    let largest = i64::MAX.to_string();
    for (stored, expected, is_equal) in [
        (number(1), text("1"), true),
        (text("1"), number(1), true),
        (number(1), number(1), true),
        (number(i64::MAX), text(&largest), true),
        (text(&largest), number(i64::MAX), true),
        (text("01"), number(1), false),
        (number(1), text("01"), false),
        (number(1), text("1.0"), false),
        (number(1), text("+1"), false),
        (number(0), text("-0"), false),
        (number(1000), text("1e3"), false),
        (number(1), number(2), false),
        (text(""), number(0), false),
    ] {
        db.done("k", Action::Set(stored.clone())).await;
        let answer = db.is("k", Action::SetEq { value: "new".into(), expected }).await;
        assert_eq!(answer, is_equal, "{:?}", stored.to_bytes());
    }
}

pub async fn delete_says_whether_a_key_was_there(db: &dyn Structures) {
    let db = Db::new(db);
    assert!(!db.delete("k").await);
    db.set("k", "value").await;
    assert!(db.delete("k").await);
    assert_eq!(db.get("k").await, None);
    assert!(!db.delete("k").await);
    db.set("k", 1).await;
    assert!(db.is("k", Action::Delete(Deletion::Value)).await);
    assert!(!db.is("k", Action::Delete(Deletion::Value)).await);
    assert!(!db.has("k").await);
}

pub async fn an_old_read_returns_what_was_there(db: &dyn Structures) {
    let subject = Db::new(db);
    subject.set("k", "value").await;
    let command = redkv_structures::Command { key: subject.key("k"), action: Action::Get, may_be_old: true };
    // A moment ago there was nothing.
    let answer = db.run(&[command]).await.remove(0);
    let value = Answer::Value(Some(Bytes::from_static(b"value")));
    assert!(
        matches!(&answer, Ok(answer) if *answer == value || *answer == Answer::Value(None)),
        "{answer:?}"
    );
}
