//! What atomic writes refuse: keys of another kind, and counters that do not count.
#![expect(missing_docs, reason = "the name of a case is its documentation")]
#![expect(clippy::unwrap_used, reason = "a failed step ends its test")]

use redkv_core::error::ErrorKind;
use redkv_structures::{Change, Kinds, Structures};

use crate::structures::atomic::{hash, put, put_new, set, set_nx};
use crate::structures::kinds::{KINDS, Kind};
use crate::structures::subject::{Db, bytes, many, some};

/// Changes that need a kind of data, and whether data of `kind` suits them.
fn of_another_kind(kind: Kind, keeps_sorted_apart: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    let sees_kind = keeps_sorted_apart || !kind.is_sorted();
    if !kind.is_value() && sees_kind {
        changes.push(Change::SetEq { value: "x".into(), expected: "text".into() });
        changes.push(Change::IncrBy(1));
    }
    if kind != Kind::Set && sees_kind {
        changes.push(Change::SAdd(many(&["x"])));
        changes.push(Change::SRem(many(&["m"])));
    }
    if kind != Kind::Hash && sees_kind {
        changes.push(hash(&[("x", "1")], &[], &[]));
        changes.push(hash(&[], &[("x", "1")], &[]));
        changes.push(hash(&[], &[], &["f"]));
    }
    if !kind.is_sorted() && keeps_sorted_apart {
        changes.push(put("x", 1.0));
        changes.push(put_new("x", 1.0));
        changes.push(Change::ZRem { field: bytes("m"), of_hash: false });
        changes.push(Change::ZRem { field: bytes("m"), of_hash: true });
    }
    changes
}

pub async fn a_key_of_another_kind_refuses_all_of_it_and_beats_conditions(db: &dyn Structures) {
    let db = Db::new(db);
    let keeps_apart = db.backend.kinds() == Kinds::Apart;
    db.set("there", "value").await;
    for kind in KINDS {
        kind.put(&db, "k").await;
        for change in of_another_kind(kind, keeps_apart) {
            let operation = change.operation().as_str();
            let with = [
                vec![("new", set("x")), ("k", change.clone())],
                vec![("k", change.clone()), ("new", set("x"))],
                vec![("there", set_nx("x")), ("k", change.clone())],
                vec![("k", change), ("there", set_nx("x"))],
            ];
            for writes in with {
                let answer = db.attempt_write(writes).await.map_err(|error| error.kind());
                assert_eq!(answer, Err(ErrorKind::Type), "{operation} of {kind:?}");
                assert!(!db.has("new").await, "{operation} of {kind:?}");
            }
            kind.is_unchanged(&db, "k").await;
        }
    }
}

pub async fn an_error_names_the_operation_that_it_is_about(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("text", "text").await;
    db.set("there", "value").await;
    let (count, add) = (|| ("text", Change::IncrBy(1)), || ("text", Change::SAdd(many(&["x"]))));
    let (new, there) = (|| ("new", set("x")), || ("there", set_nx("x")));
    let cases = [
        (vec![count()], "(operation 0 of the atomic write, incrBy)"),
        (vec![new(), count(), there()], "(operation 1 of the atomic write, incrBy)"),
        (vec![("n", Change::IncrBy(1)), count(), new()], "(operation 1 of the atomic write, incrBy)"),
        (vec![add()], "(operation 0 of the atomic write, sAdd)"),
        (vec![there(), new(), add()], "(operation 2 of the atomic write, sAdd)"),
        (vec![there(), add(), add()], "(operation 1 of the atomic write, sAdd)"),
    ];
    for (writes, named) in cases {
        let error = db.attempt_write(writes).await.unwrap_err();
        assert!(error.message().ends_with(named), "{named}: {error}");
    }
}

pub async fn an_error_among_many_operations_names_its_own(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("text", "text").await;
    for wrong in [Change::SAdd(many(&["x"])), Change::IncrBy(1)] {
        let named = format!("(operation 30 of the atomic write, {})", wrong.operation().as_str());
        let error = db.attempt_write(with_many_others(("text", wrong))).await.unwrap_err();
        assert!(error.message().ends_with(&named), "{named}: {error}");
    }
}

/// 30 writes without conditions before `wrong`, and more after it.
fn with_many_others(wrong: (&'static str, Change)) -> Vec<(&'static str, Change)> {
    const FIELDS: [&str; 40] = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t",
        "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T",
    ];
    let mut writes: Vec<_> = FIELDS.iter().map(|field| ("sorted", put(field, 1.0))).collect();
    writes.insert(30, wrong);
    writes
}

pub async fn a_wrong_kind_beats_a_counter_that_does_not_count(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("text", "text").await;
    let count = || ("text", Change::IncrBy(1));
    db.set("other", "text").await;
    let add = || ("other", Change::SAdd(many(&["x"])));
    for writes in [vec![count(), add()], vec![add(), count()]] {
        let error = db.attempt_write(writes).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Type, "{error}");
        assert!(error.message().ends_with("sAdd)"), "{error}");
    }
}

pub async fn plain_writes_replace_and_delete_every_kind(db: &dyn Structures) {
    let db = Db::new(db);
    let sees_sorted = db.backend.kinds() == Kinds::Apart;
    for kind in KINDS.into_iter().filter(|kind| sees_sorted || !kind.is_sorted()) {
        for change in [set("new"), Change::SetXx("new".into())] {
            kind.put(&db, "k").await;
            assert_eq!(db.write(vec![("k", change)]).await, (true, vec![false]), "{kind:?}");
            assert_eq!(db.get("k").await, some("new"));
        }
        for change in [Change::Delete, Change::DeleteXx] {
            kind.put(&db, "k").await;
            assert_eq!(db.write(vec![("k", change)]).await, (true, vec![false]), "{kind:?}");
            assert!(!db.has("k").await);
        }
        kind.put(&db, "k").await;
        assert_eq!(db.write(vec![("k", set_nx("new"))]).await, (false, vec![true]), "{kind:?}");
        kind.is_unchanged(&db, "k").await;
    }
}

pub async fn a_counter_that_does_not_count_refuses_all_of_it(db: &dyn Structures) {
    let db = Db::new(db);
    for (text, by) in
        [("text", 1), ("1.5", 1), ("9223372036854775807", 1), ("-9223372036854775808", -1), ("01", 1)]
    {
        db.set("n", text).await;
        for writes in [
            vec![("new", set("x")), ("n", Change::IncrBy(by))],
            vec![("n", Change::IncrBy(by)), ("new", set("x"))],
        ] {
            let answer = db.attempt_write(writes).await.map_err(|error| error.kind());
            assert_eq!(answer, Err(ErrorKind::Value), "{text}");
            assert_eq!(db.get("n").await, some(text));
            assert!(!db.has("new").await);
        }
    }
    db.set("n", i64::MAX).await;
    let answer = db.attempt_write(vec![("new", set("x")), ("n", Change::IncrBy(1))]).await;
    assert_eq!(answer.map_err(|error| error.kind()), Err(ErrorKind::Value));
    assert_eq!(db.get("n").await, some(&i64::MAX.to_string()));
    assert!(!db.has("new").await);
}

pub async fn a_counter_counts_on_from_text_and_is_exact(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("text", "10").await;
    db.set("large", (1_i64 << 53) + 1).await;
    let writes = vec![
        ("text", Change::IncrBy(5)),
        ("large", Change::IncrBy(2)),
        ("least", Change::IncrBy(i64::MIN)),
        ("none", Change::IncrBy(0)),
    ];
    assert!(db.write(writes).await.0);
    assert_eq!(db.get("text").await, some("15"));
    assert_eq!(db.get("large").await, some(&((1_i64 << 53) + 3).to_string()));
    assert_eq!(db.get("least").await, some(&i64::MIN.to_string()));
    assert_eq!(db.get("none").await, some("0"));
}

pub async fn what_is_empty_is_not_there(db: &dyn Structures) {
    let db = Db::new(db);
    let emptied = async |name: &str| {
        db.sadd(name, &["m"]).await;
        db.write(vec![(name, Change::SRem(many(&["m"])))]).await;
    };
    emptied("a").await;
    emptied("b").await;
    emptied("c").await;
    let writes = vec![("a", Change::SetXx("x".into())), ("b", Change::DeleteXx), ("c", set_nx("x"))];
    assert_eq!(db.write(writes).await, (false, vec![true, true, false]));
    let writes = vec![("a", set_nx("x")), ("b", hash(&[], &[("f", "v")], &[])), ("c", put("m", 1.0))];
    assert_eq!(db.write(writes).await, (true, vec![false; 3]));
    assert_eq!(db.get("a").await, some("x"));
    assert_eq!(db.hget("b", "f").await, some("v"));
    assert_eq!(db.score("c", "m").await, Some(1.0));
}
