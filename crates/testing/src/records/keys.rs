//! Keys and values of any kind, and how large things may be.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use redkv_core::error::ErrorKind;
use redkv_records::limits::{FIELD, FIELDS, KEY, PARTITION, RECORD};
use redkv_records::{Action, Records};

use super::subject::{Db, all, having, nothing, prefixed, value, with};

const TEXTS: [&str; 16] = [
    "\0",
    "a\0b",
    "\0\0",
    "'",
    "\"",
    "`",
    "\\",
    "%",
    "_",
    "a'); DROP TABLE records; --",
    "\r\n",
    "é&<>",
    "😀",
    "\u{feff}",
    "\u{200b}",
    " a ",
];

pub async fn keys_and_values_are_kept_exactly(db: &dyn Records) {
    let db = Db::new(db);
    for text in TEXTS {
        let fields = [("field", text)];
        let expected = having(db.record(text, 1, Some(text)), &fields);
        assert_eq!(db.put(text, with(value(text), &fields)).await, expected);
    }
    for text in TEXTS {
        let found = db.get(text).await;
        assert_eq!(found, Some(having(db.record(text, 1, Some(text)), &[("field", text)])));
        assert_eq!(db.keys(prefixed(text, all())).await[0], text);
    }
    let mut sorted = TEXTS;
    sorted.sort_unstable();
    assert_eq!(db.keys(all()).await, sorted);
}

pub async fn partitions_may_have_any_name(db: &dyn Records) {
    let db = Db::new(db);
    for text in TEXTS {
        db.in_partition(text).put("k", value(text)).await;
    }
    for text in TEXTS {
        let partition = db.in_partition(text);
        assert_eq!(partition.list(all()).await, [partition.record("k", 1, Some(text))]);
        partition.delete("k").await;
        assert_eq!(partition.list(all()).await, []);
    }
}

pub async fn keys_that_look_alike_are_apart(db: &dyn Records) {
    let db = Db::new(db);
    let keys = ["a", "A", "a ", "á", "a\u{301}", "1", "01", "1.0", "1e0"];
    for key in keys {
        assert_eq!(db.put(key, value(key)).await.version, 1, "{key}");
    }
    for key in keys {
        assert_eq!(db.get(key).await, Some(db.record(key, 1, Some(key))));
    }
}

pub async fn the_longest_names_work(db: &dyn Records) {
    let db = Db::new(db);
    let name = "p".repeat(PARTITION - db.in_partition("").partition.len());
    let db = db.in_partition(&name);
    let (key, field) = ("k".repeat(KEY), "f".repeat(FIELD));
    let expected = having(db.record(&key, 1, Some("v")), &[(&field, "x")]);
    assert_eq!(db.put(&key, with(value("v"), &[(&field, "x")])).await, expected);
    assert_eq!(db.get(&key).await, Some(expected.clone()));
    assert_eq!(db.list(prefixed(&key, all())).await, [expected]);
}

pub async fn a_record_may_have_many_fields(db: &dyn Records) {
    let db = Db::new(db);
    let names: Vec<_> = (0..FIELDS * 2).map(|n| format!("f{n}")).collect();
    let fields: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let (first, second) = fields.split_at(FIELDS);
    db.put("k", with(nothing(), first)).await;
    let expected = having(db.record("k", 2, None), &fields);
    assert_eq!(db.put("k", with(nothing(), second)).await, expected);
    assert_eq!(db.get("k").await, Some(expected));
}

pub async fn a_record_may_be_large_but_does_not_grow_beyond_the_limit(db: &dyn Records) {
    let db = Db::new(db);
    let large = "é".repeat((RECORD - 1_000) / 2);
    let there = db.put("k", value(&large)).await;
    assert_eq!(db.get("k").await.as_ref(), Some(&there));
    let more = with(nothing(), &[("f", &*"x".repeat(2_000))]);
    let error = db.failure("k", Action::Put(more)).await;
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("value")), "{error}");
    assert!(db.get("k").await == Some(there), "it stays as it was");
}
