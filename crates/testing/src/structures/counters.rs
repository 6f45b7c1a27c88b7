//! Counters.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use futures_util::future::join_all;
use redkv_core::error::ErrorKind;
use redkv_structures::{Action, Structures};

use super::subject::{Db, some};

pub async fn a_counter_begins_at_zero(db: &dyn Structures) {
    let db = Db::new(db);
    assert_eq!(db.incr("n", 2).await, 2);
    assert_eq!(db.incr("n", 0).await, 2);
    assert_eq!(db.incr("n", -3).await, -1);
    assert_eq!(db.get("n").await, some("-1"));
}

pub async fn adding_nothing_makes_a_counter(db: &dyn Structures) {
    let db = Db::new(db);
    assert_eq!(db.incr("n", 0).await, 0);
    assert_eq!(db.get("n").await, some("0"));
    assert!(db.has("n").await);
}

pub async fn a_counter_that_was_set_counts_on(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("n", 10).await;
    assert_eq!(db.incr("n", 5).await, 15);
    db.set("n", "10").await;
    assert_eq!(db.incr("n", 5).await, 15, "a text that is a number");
    assert_eq!(db.incr("n", 5).await, 20);
    db.set("n", "-10").await;
    assert_eq!(db.incr("n", 0).await, -10);
    assert!(db.is("n", Action::SetEq { value: "x".into(), expected: "-10".into() }).await);
}

pub async fn a_text_that_is_no_integer_is_refused_and_stays(db: &dyn Structures) {
    let db = Db::new(db);
    for text in
        ["", "a", " 1", "1 ", "+1", "01", "-0", "1.5", "1e3", "9223372036854775808", "-9223372036854775809"]
    {
        db.set("n", text).await;
        assert_eq!(db.failure("n", Action::IncrBy(1)).await, ErrorKind::Value, "{text:?}");
        assert_eq!(db.get("n").await, some(text));
    }
}

pub async fn no_counter_leaves_64_bits(db: &dyn Structures) {
    let db = Db::new(db);
    for (start, by) in [(i64::MAX, 1), (i64::MIN, -1), (1, i64::MAX), (-2, i64::MIN), (i64::MAX, i64::MAX)] {
        db.set("n", start).await;
        assert_eq!(db.failure("n", Action::IncrBy(by)).await, ErrorKind::Value, "{start} {by}");
        assert_eq!(db.get("n").await, some(&start.to_string()));
        db.set("n", start.to_string().as_str()).await;
        assert_eq!(db.failure("n", Action::IncrBy(by)).await, ErrorKind::Value, "text {start} {by}");
        assert_eq!(db.get("n").await, some(&start.to_string()));
    }
}

pub async fn counters_are_exact_up_to_their_ends(db: &dyn Structures) {
    let db = Db::new(db);
    let odd = (1 << 53) + 1;
    assert_eq!(db.incr("n", odd).await, odd);
    assert_eq!(db.incr("n", 2).await, odd + 2);
    db.set("n", i64::MAX - 1).await;
    assert_eq!(db.incr("n", 1).await, i64::MAX);
    assert_eq!(db.incr("n", i64::MIN).await, -1);
    assert_eq!(db.incr("n", -i64::MAX).await, i64::MIN);
    assert_eq!(db.incr("n", 0).await, i64::MIN);
    db.delete("n").await;
    assert_eq!(db.incr("n", i64::MIN).await, i64::MIN);
}

pub async fn many_writers_count_each_of_their_steps(db: &dyn Structures) {
    let db = &Db::new(db);
    let writer = || async move {
        for _ in 0..10 {
            until_it_is_written(db, "n", Action::IncrBy(1)).await;
        }
    };
    join_all((0..10).map(|_| writer())).await;
    assert_eq!(db.get("n").await, some("100"));
}

/// Makes an operation again as long as it meets others, which change nothing then.
pub(super) async fn until_it_is_written(db: &Db<'_>, name: &str, action: Action) {
    for _ in 0..1_000 {
        match db.attempt(name, action.clone()).await {
            Ok(_) => return,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
        }
    }
    unreachable!("an operation met others a thousand times");
}
