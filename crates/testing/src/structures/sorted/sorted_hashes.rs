//! Sorted hashes: fields with scores and values.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use redkv_structures::{Action, Range, Structures};

use crate::structures::subject::{Db, by_lex, by_score, bytes, limited, many, reversed, score_of, values};

fn all() -> Range {
    by_score(f64::NEG_INFINITY, f64::INFINITY)
}

async fn listed(db: &Db<'_>, range: Range) -> Vec<String> {
    let forward = db.list("z", Action::ZRange(values(range.clone()))).await;
    let mut backward = db.list("z", Action::ZRange(values(reversed(range)))).await;
    backward.reverse();
    assert_eq!(forward, backward, "backward is exactly the other order");
    forward
}

pub async fn values_are_listed_in_place_of_fields(db: &dyn Structures) {
    let db = Db::new(db);
    for (field, member, score) in
        [("a", "four", 4.0), ("b", "one", 1.0), ("c", "two", 2.0), ("d", "two", 2.0)]
    {
        db.zhadd("z", field, member, score).await;
    }
    assert_eq!(listed(&db, all()).await, ["one", "two", "two", "four"]);
    assert_eq!(listed(&db, by_score(2.0, 3.0)).await, ["two", "two"]);
    assert_eq!(db.list("z", Action::ZRange(all())).await, ["b", "c", "d", "a"], "z operations list fields");
    assert_eq!(db.count("z", Action::ZCard).await, 4);
    assert_eq!(db.score("z", "a").await, Some(4.0), "a score is found by its field");
    assert_eq!(db.score("z", "four").await, None);
    let found = db.scored("z", limited(values(reversed(all())), 2)).await;
    assert_eq!(found, [("four".to_owned(), 4.0), ("two".to_owned(), 2.0)]);
    assert_eq!(db.list("z", Action::ZRange(limited(values(all()), 1))).await, ["one"]);
}

pub async fn a_field_that_is_put_again_has_the_new_value_and_score(db: &dyn Structures) {
    let db = Db::new(db);
    db.zhadd("z", "a", "first", 1.0).await;
    db.zhadd("z", "b", "other", 2.0).await;
    db.zhadd("z", "a", "second", 3.0).await;
    assert_eq!(listed(&db, all()).await, ["other", "second"]);
    assert_eq!(db.count("z", Action::ZCard).await, 2);
}

pub async fn fields_and_members_mix(db: &dyn Structures) {
    let db = Db::new(db);
    db.zadd("z", &[("a", 1.0), ("c", 3.0)]).await;
    db.zhadd("z", "b", "value of b", 2.0).await;
    assert_eq!(listed(&db, all()).await, ["a", "value of b", "c"]);
    assert_eq!(db.list("z", Action::ZRange(all())).await, ["a", "b", "c"]);
    db.zhadd("z", "a", "value of a", 4.0).await;
    assert_eq!(listed(&db, all()).await, ["value of b", "c", "value of a"]);
}

pub async fn a_field_that_becomes_a_member_is_its_own_value(db: &dyn Structures) {
    let db = Db::new(db);
    db.zhadd("z", "a", "value", 1.0).await;
    db.zadd("z", &[("a", 2.0)]).await;
    assert_eq!(db.scored("z", values(all())).await, [("a".to_owned(), 2.0)]);
}

pub async fn a_score_that_is_added_to_leaves_the_value(db: &dyn Structures) {
    let db = Db::new(db);
    db.zhadd("z", "a", "value", 1.0).await;
    db.run("z", Action::ZIncrBy { member: bytes("a"), by: score_of(2.0) }).await;
    assert_eq!(db.scored("z", values(all())).await, [("value".to_owned(), 3.0)]);
}

pub async fn fields_of_a_sorted_hash_are_removed_with_their_values(db: &dyn Structures) {
    let db = Db::new(db);
    for remove in [Action::ZhRem(many(&["a", "x"])), Action::ZRem(many(&["a", "x"]))] {
        db.zhadd("z", "a", "value of a", 1.0).await;
        db.zhadd("z", "b", "value of b", 2.0).await;
        db.done("z", remove).await;
        assert_eq!(listed(&db, all()).await, ["value of b"]);
        db.zadd("z", &[("a", 1.0)]).await;
        assert_eq!(listed(&db, all()).await, ["a", "value of b"], "the value does not come back");
        assert!(db.delete("z").await);
    }
}

pub async fn a_sorted_hash_that_is_gone_leaves_no_values(db: &dyn Structures) {
    let db = Db::new(db);
    let ends = [
        vec![Action::Delete(redkv_structures::Deletion::All)],
        vec![Action::ZhRem(many(&["a"]))],
        vec![Action::ZRem(many(&["a"]))],
        vec![Action::Set("x".into()), Action::Delete(redkv_structures::Deletion::All)],
    ];
    for end in ends {
        db.zhadd("z", "a", "value", 1.0).await;
        for action in end {
            db.run("z", action).await;
        }
        assert!(!db.has("z").await);
        assert_eq!(db.count("z", Action::ZCard).await, 0);
        db.zadd("z", &[("a", 1.0)]).await;
        assert_eq!(listed(&db, all()).await, ["a"]);
        assert!(db.delete("z").await);
    }
}

pub async fn values_are_listed_by_the_bytes_of_their_fields(db: &dyn Structures) {
    let db = Db::new(db);
    for (field, member) in [("a", "3"), ("b", "2"), ("c", "1")] {
        db.zhadd("z", field, member, 0.0).await;
    }
    db.zadd("z", &[("bb", 0.0)]).await;
    assert_eq!(listed(&db, by_lex("-", "+")).await, ["3", "2", "bb", "1"]);
    assert_eq!(listed(&db, by_lex("(a", "(c")).await, ["2", "bb"]);
    assert_eq!(listed(&db, by_lex("[c", "[a")).await, [""; 0]);
    assert_eq!(listed(&db, by_lex("[b", "[b")).await, ["2"]);
    assert_eq!(listed(&db, by_lex("[ba", "[bc")).await, ["bb"]);
    assert_eq!(db.list("z", Action::ZRange(limited(values(reversed(by_lex("-", "(c"))), 1))).await, ["bb"]);
    assert_eq!(db.list("z", Action::ZRange(limited(values(by_lex("[x", "+")), 1))).await, [""; 0]);
}

pub async fn a_value_of_a_sorted_hash_may_be_anything(db: &dyn Structures) {
    let db = Db::new(db);
    let long = "x".repeat(5_000);
    db.zhadd("z", "a", "", 1.0).await;
    db.zhadd("z", "b", &long, 2.0).await;
    db.zhadd("z", "c", "_", 3.0).await;
    db.zhadd("z", "d", "a", 4.0).await;
    assert_eq!(listed(&db, all()).await, ["", &long, "_", "a"]);
}

pub async fn infinite_scores_are_listed(db: &dyn Structures) {
    let db = Db::new(db);
    for (field, score) in [("top", f64::INFINITY), ("bottom", f64::NEG_INFINITY), ("middle", 0.0)] {
        db.zhadd("z", field, &format!("value of {field}"), score).await;
    }
    assert_eq!(listed(&db, all()).await, ["value of bottom", "value of middle", "value of top"]);
    assert_eq!(listed(&db, by_score(f64::INFINITY, f64::INFINITY)).await, ["value of top"]);
    assert_eq!(listed(&db, by_score(f64::NEG_INFINITY, 0.0)).await, ["value of bottom", "value of middle"]);
}
