//! Members of sorted sets and their scores. What is listed is in [`ranges`] and [`lex`].
#![expect(missing_docs, reason = "the name of a case is its documentation")]

pub mod lex;
pub mod pages;
pub mod ranges;
pub mod sorted_hashes;

use bytes::Bytes;
use futures_util::future::join_all;
use redkv_core::error::ErrorKind;
use redkv_structures::{Action, Answer, Structures};

use crate::structures::counters::until_it_is_written;
use crate::structures::subject::{Db, by_score, bytes, many, score_of, zadd};

const INFINITY: f64 = f64::INFINITY;

fn zincr(member: &str, by: f64) -> Action {
    Action::ZIncrBy { member: bytes(member), by: score_of(by) }
}

async fn incremented(db: &Db<'_>, member: &str, by: f64) -> f64 {
    let Answer::Score(Some(score)) = db.run("z", zincr(member, by)).await else {
        unreachable!("a member has a score")
    };
    score.get()
}

pub async fn a_missing_sorted_set_has_no_members(db: &dyn Structures) {
    let db = Db::new(db);
    assert_eq!(db.count("z", Action::ZCard).await, 0);
    assert_eq!(db.score("z", "a").await, None);
    assert_eq!(db.list("z", Action::ZRange(by_score(-INFINITY, INFINITY))).await, [""; 0]);
    db.zadd("z", &[("a", 1.0)]).await;
    assert_eq!(db.score("z", "b").await, None);
}

pub async fn scores_read_back(db: &dyn Structures) {
    let db = Db::new(db);
    let exact = [
        0.0,
        1.0,
        1.5,
        -2.0,
        0.1,
        1e21,
        1e-7,
        123_456_789.123_456_79,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        9_007_199_254_740_993.0,
        INFINITY,
        -INFINITY,
    ];
    for score in exact {
        db.zadd("z", &[("m", score)]).await;
        assert_eq!(db.score("z", "m").await, Some(score));
        assert_eq!(db.scored("z", by_score(score, score)).await, [("m".to_owned(), score)]);
    }
    assert_eq!(db.count("z", Action::ZCard).await, 1);
}

pub async fn minus_zero_is_zero(db: &dyn Structures) {
    let db = Db::new(db);
    db.zadd("z", &[("m", -0.0)]).await;
    assert!(db.score("z", "m").await.is_some_and(|score| score == 0.0 && score.is_sign_positive()));
    assert_eq!(db.list("z", Action::ZRange(by_score(0.0, 0.0))).await, ["m"]);
    assert_eq!(db.list("z", Action::ZRange(by_score(-0.0, -0.0))).await, ["m"]);
    assert!(incremented(&db, "m", -0.0).await.is_sign_positive());
}

pub async fn a_member_moves_when_it_is_added_again(db: &dyn Structures) {
    let db = Db::new(db);
    let all = by_score(-INFINITY, INFINITY);
    db.zadd("z", &[("a", 1.0), ("b", 2.0), ("c", 3.0)]).await;
    db.zadd("z", &[("a", 2.5)]).await;
    assert_eq!(db.list("z", Action::ZRange(all.clone())).await, ["b", "a", "c"]);
    assert_eq!(db.list("z", Action::ZRange(by_score(0.0, 2.0))).await, ["b"]);
    assert_eq!(db.count("z", Action::ZCard).await, 3);
    db.zadd("z", &[("a", 9.0), ("a", 4.0)]).await;
    assert_eq!(db.list("z", Action::ZRange(all)).await, ["b", "c", "a"]);
}

pub async fn members_of_a_sorted_set_are_removed(db: &dyn Structures) {
    let db = Db::new(db);
    db.done("z", Action::ZRem(many(&["a"]))).await;
    db.zadd("z", &[("a", 1.0), ("b", 2.0), ("c", 3.0)]).await;
    db.done("z", Action::ZRem(many(&["a", "c", "c", "x"]))).await;
    assert_eq!(db.scored("z", by_score(-INFINITY, INFINITY)).await, [("b".to_owned(), 2.0)]);
    assert_eq!(db.score("z", "a").await, None);
}

pub async fn a_sorted_set_without_members_is_no_key(db: &dyn Structures) {
    let db = Db::new(db);
    db.zadd("z", &[("a", 1.0)]).await;
    assert!(db.has("z").await);
    db.done("z", Action::ZRem(many(&["a"]))).await;
    assert!(!db.has("z").await);
    assert!(!db.delete("z").await);
    assert!(db.is("z", Action::SetNx("x".into())).await);
}

pub async fn delete_takes_all_members(db: &dyn Structures) {
    let db = Db::new(db);
    for n in 0..60 {
        db.zadd("z", &[(&format!("m{n}"), f64::from(n))]).await;
    }
    assert!(db.delete("z").await);
    assert!(!db.has("z").await);
    assert_eq!(db.count("z", Action::ZCard).await, 0);
    assert_eq!(db.score("z", "m1").await, None);
    assert!(!db.delete("z").await);
}

pub async fn members_of_a_sorted_set_are_kept_exactly(db: &dyn Structures) {
    let db = Db::new(db);
    let members =
        [&b"\0"[..], b"A", b"a", b"a ", b"a\0", "é".as_bytes(), b"\xff\xfe"].map(Bytes::from_static);
    for member in &members {
        db.done("z", Action::ZAdd { member: member.clone(), score: score_of(1.0) }).await;
    }
    let in_order = {
        let mut members = members.to_vec();
        members.sort();
        members
    };
    let listed = db.run("z", Action::ZRange(by_score(1.0, 1.0))).await;
    assert_eq!(listed, Answer::List(in_order));
    for member in members {
        assert_eq!(db.run("z", Action::ZScore(member)).await, Answer::Score(Some(score_of(1.0))));
    }
}

pub async fn scores_are_added_to(db: &dyn Structures) {
    let db = Db::new(db);
    assert_eq!(incremented(&db, "m", 2.5).await, 2.5);
    assert_eq!(incremented(&db, "m", 1.0).await, 3.5);
    assert_eq!(incremented(&db, "m", -10.0).await, -6.5);
    assert_eq!(incremented(&db, "m", 0.0).await, -6.5);
    assert_eq!(incremented(&db, "zero", 0.0).await, 0.0);
    assert_eq!(db.list("z", Action::ZRange(by_score(-INFINITY, INFINITY))).await, ["m", "zero"]);
    assert_eq!(incremented(&db, "m", 0.1 + 0.2).await, -6.5 + (0.1 + 0.2));
    db.zadd("z", &[("third", 0.1)]).await;
    assert_eq!(incremented(&db, "third", 0.2).await, 0.1 + 0.2);
}

pub async fn a_score_that_would_be_no_number_is_refused_and_stays(db: &dyn Structures) {
    let db = Db::new(db);
    assert_eq!(incremented(&db, "m", INFINITY).await, INFINITY);
    assert_eq!(incremented(&db, "m", -1.0).await, INFINITY);
    assert_eq!(db.failure("z", zincr("m", -INFINITY)).await, ErrorKind::Value);
    assert_eq!(db.score("z", "m").await, Some(INFINITY));
    db.zadd("z", &[("n", f64::MAX)]).await;
    assert_eq!(incremented(&db, "n", f64::MAX).await, INFINITY);
}

pub async fn many_writers_add_each_of_their_steps_to_a_score(db: &dyn Structures) {
    let db = &Db::new(db);
    let writer = || async move {
        for _ in 0..10 {
            until_it_is_written(db, "z", zincr("m", 1.0)).await;
        }
    };
    join_all((0..10).map(|_| writer())).await;
    assert_eq!(db.score("z", "m").await, Some(100.0));
}

pub async fn a_sorted_set_may_have_many_members_of_one_score(db: &dyn Structures) {
    let db = Db::new(db);
    let members: Vec<_> = (0..1_100).map(|n| format!("{n:01000}")).collect();
    let all = members.iter().map(|member| ("z", zadd(member, 1.0))).collect();
    for answer in db.attempt_all(all).await {
        assert!(matches!(answer, Ok(Answer::Done)), "{answer:?}");
    }
    let one = crate::structures::subject::scores(1.0, 1.0);
    assert_eq!(db.count("z", Action::ZCount(one)).await, 1_100);
    assert_eq!(db.count("z", Action::ZCard).await, 1_100);
    assert_eq!(db.count("z", Action::ZLexCount(crate::structures::subject::members("-", "+"))).await, 1_100);
    assert_eq!(db.list("z", Action::ZRange(by_score(1.0, 1.0))).await, members);
    assert!(db.delete("z").await);
    assert_eq!(db.count("z", Action::ZCard).await, 0);
}
