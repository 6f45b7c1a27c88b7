//! The format of `keyvaluestore` in Redis: the examples of what the original writes, and what it wrote is read.

use redis::Commands;
use redkv::structures::{
    Action, Answer, AtomicAnswer, Change, Deletion, Range, Score, ScoreRange, Structures, Value, Write,
};

use super::{
    Db, by_lex, by_score, bytes, hset, list, many, score, scored, set, value, values, zadd, zhadd, zincr,
};

#[tokio::test]
async fn values_are_strings() {
    let mut db = Db::common();
    db.run("text", set("v")).await;
    db.run("empty", set("")).await;
    db.run("number", Action::Set(Value::from(42))).await;
    db.run("digits", set("42")).await;
    db.run("bytes", Action::Set(Value::Text(b"\x00\xffx".as_slice().into()))).await;
    assert_eq!(db.there("text").unwrap(), b"v");
    assert_eq!(db.there("empty").unwrap(), b"");
    assert_eq!(db.there("number").unwrap(), b"42");
    assert_eq!(db.there("digits").unwrap(), b"42");
    assert_eq!(db.there("bytes").unwrap(), b"\x00\xffx");
    assert_eq!(db.run("text", Action::Delete(Deletion::All)).await, Answer::Is(true));
    assert_eq!(db.there("text"), None);
}

#[tokio::test]
async fn conditional_writes_leave_plain_strings() {
    let mut db = Db::common();
    assert_eq!(db.run("k", Action::SetNx(Value::from("v"))).await, Answer::Is(true));
    assert_eq!(db.there("k").unwrap(), b"v");
    assert_eq!(db.run("k", Action::SetXx(Value::from("w"))).await, Answer::Is(true));
    assert_eq!(db.there("k").unwrap(), b"w");
    let set_eq = Action::SetEq { value: Value::from("x"), expected: Value::from("w") };
    assert_eq!(db.run("k", set_eq.clone()).await, Answer::Is(true));
    assert_eq!(db.run("k", set_eq).await, Answer::Is(false));
    assert_eq!(db.there("k").unwrap(), b"x");
}

#[tokio::test]
async fn a_write_leaves_no_time_to_live() {
    let mut db = Db::common();
    for (key, action) in [
        ("set", set("w")),
        ("xx", Action::SetXx(Value::from("w"))),
        ("eq", Action::SetEq { value: Value::from("w"), expected: Value::from("v") }),
    ] {
        db.ask::<()>("SET", key, &["v", "EX", "1000"]);
        db.run(key, action).await;
        assert_eq!(db.ask::<i64>("TTL", key, &[]), -1, "{key}");
    }
}

#[tokio::test]
async fn a_counter_is_decimal_text() {
    let mut db = Db::common();
    assert_eq!(db.run("n", Action::IncrBy(5)).await, Answer::Integer(5));
    assert_eq!(db.there("n").unwrap(), b"5");
    assert_eq!(db.run("n", Action::IncrBy(-8)).await, Answer::Integer(-3));
    assert_eq!(db.there("n").unwrap(), b"-3");
}

#[tokio::test]
async fn sets_are_sets() {
    let mut db = Db::common();
    db.run("s", Action::SAdd(many(&["b", "a", "3"]))).await;
    let mut members: Vec<String> = db.ask("SMEMBERS", "s", &[]);
    members.sort();
    assert_eq!(members, ["3", "a", "b"]);
    db.run("s", Action::SRem(many(&["b", "a", "3"]))).await;
    assert!(!db.ask::<bool>("EXISTS", "s", &[]));
}

#[tokio::test]
async fn hashes_are_hashes() {
    let mut db = Db::common();
    let fields = vec![
        (bytes("bar"), Value::from("baz")),
        (bytes("f2"), Value::from(7)),
        (bytes("?>"), Value::from("x")),
        (bytes("c"), Value::from("x")),
    ];
    db.run("h", Action::HSet(fields)).await;
    assert_eq!(db.ask::<String>("HGET", "h", &["f2"]), "7");
    db.run("h", Action::HDel(many(&["bar", "f2", "?>"]))).await;
    assert_eq!(db.ask::<Vec<String>>("HGETALL", "h", &[]), ["c", "x"]);
}

#[tokio::test]
async fn sorted_sets_are_sorted_sets() {
    let mut db = Db::common();
    for (member, number) in [
        ("m", 1.5),
        ("12", -2.0),
        ("zero", 0.0),
        ("negz", -0.0),
        ("pinf", f64::INFINITY),
        ("ninf", f64::NEG_INFINITY),
        ("least", 5e-324),
        ("most", f64::MAX),
    ] {
        db.run("z", zadd(member, number)).await;
    }
    let expected = [
        ("ninf", f64::NEG_INFINITY),
        ("12", -2.0),
        ("negz", 0.0),
        ("zero", 0.0),
        ("least", 5e-324),
        ("m", 1.5),
        ("most", f64::MAX),
        ("pinf", f64::INFINITY),
    ];
    assert_eq!(db.sorted("z"), expected.map(|(member, score)| (member.to_owned(), score)));
    assert_eq!(db.ask::<String>("ZSCORE", "z", &["negz"]), "0");
    assert!(!db.other.exists::<_, bool>(db.companion("z")).unwrap());
    let all = Action::ZRange(Range { with_scores: true, ..by_score(f64::NEG_INFINITY, f64::INFINITY) });
    assert_eq!(db.run("z", all).await, scored(&expected));
}

#[tokio::test]
async fn a_sorted_hash_has_its_values_beside_it() {
    let mut db = Db::common();
    db.run("z", zhadd("f", "member", 2.0)).await;
    assert_eq!(db.sorted("z"), [("f".to_owned(), 2.0)]);
    assert_eq!(db.values("z"), [("f".to_owned(), "member".to_owned())]);
    db.run("z", zhadd("f", "m2", 3.0)).await;
    assert_eq!(db.sorted("z"), [("f".to_owned(), 3.0)]);
    assert_eq!(db.values("z"), [("f".to_owned(), "m2".to_owned())]);
    db.run("z", Action::ZhRem(many(&["f"]))).await;
    assert!(db.sorted("z").is_empty() && db.values("z").is_empty());
}

#[tokio::test]
async fn scores_are_added_to() {
    let mut db = Db::common();
    assert_eq!(db.run("z", zincr("new", 2.5)).await, Answer::Score(Some(score(2.5))));
    db.run("z", zadd("e", 1.0)).await;
    assert_eq!(db.run("z", zincr("e", 1.0)).await, Answer::Score(Some(score(2.0))));
    assert_eq!(db.sorted("z"), [("e".to_owned(), 2.0), ("new".to_owned(), 2.5)]);
}

#[tokio::test]
async fn ranges_of_what_the_original_wrote_are_read() {
    let mut db = Db::common();
    db.ask::<()>("ZADD", "z", &["-2", "a", "0.5", "b", "1", "c", "+Inf", "d"]);
    assert_eq!(db.run("z", Action::ZRange(by_score(-2.0, 0.5))).await, list(&["a", "b"]));
    let last = Range {
        reverse: true,
        limit: Some(2),
        with_scores: true,
        ..by_score(f64::NEG_INFINITY, f64::INFINITY)
    };
    assert_eq!(db.run("z", Action::ZRange(last)).await, scored(&[("d", f64::INFINITY), ("c", 1.0)]));
    let count = Action::ZCount(ScoreRange { min: score(0.0), max: score(1e21) });
    assert_eq!(db.run("z", count).await, Answer::Count(2));
    db.ask::<()>("ZADD", "l", &["0", "a", "0", "b", "0", "c"]);
    assert_eq!(db.run("l", Action::ZRange(by_lex("(a", "[c"))).await, list(&["b", "c"]));
    let last = Range { reverse: true, limit: Some(1), ..by_lex("-", "(c") };
    assert_eq!(db.run("l", Action::ZRange(last)).await, list(&["b"]));
}

#[tokio::test]
async fn a_sorted_hash_that_the_original_wrote_is_read() {
    let mut db = Db::common();
    db.ask::<()>("ZADD", "z", &["0", "a", "0", "b", "0", "plain"]);
    db.other
        .hset_multiple::<_, _, _, ()>(db.companion("z"), &[("a", "A"), ("b", "B"), ("gone", "x")])
        .unwrap();
    let all = Range { reverse: true, ..by_lex("-", "+") };
    assert_eq!(db.run("z", values(all.clone())).await, list(&["plain", "B", "A"]));
    assert_eq!(db.run("z", Action::ZRange(all)).await, list(&["plain", "b", "a"]));
    let with_scores = Range { with_scores: true, limit: Some(2), ..by_score(0.0, 0.0) };
    assert_eq!(db.run("z", values(with_scores)).await, scored(&[("A", 0.0), ("B", 0.0)]));
}

#[tokio::test]
async fn a_batch_keeps_its_order() {
    let mut db = Db::common();
    db.run("k", set("old")).await;
    let answers = db
        .run_all(vec![
            ("k", set("new")),
            ("k", Action::Get),
            ("missing", Action::Get),
            ("z", zadd("m", 1.0)),
            ("z", Action::ZScore(bytes("m"))),
            ("s", Action::SAdd(many(&["a"]))),
            ("s", Action::SMembers),
            ("d", Action::Delete(Deletion::All)),
            ("z", Action::ZRem(many(&["gone"]))),
        ])
        .await;
    let expected = [
        Answer::Done,
        value("new"),
        Answer::Value(None),
        Answer::Done,
        Answer::Score(Some(Score::from(1))),
        Answer::Done,
        list(&["a"]),
        Answer::Is(false),
        Answer::Done,
    ];
    assert_eq!(answers, expected);
    assert_eq!(db.there("k").unwrap(), b"new");
}

#[tokio::test]
async fn an_atomic_write_that_is_refused_says_why_and_writes_nothing() {
    let mut db = Db::common();
    db.run("a", set("old")).await;
    let writes = [
        Write::new("a", Change::SetNx(Value::from("x"))),
        Write::new("b", Change::SetXx(Value::from("x"))),
        Write::new("c", Change::Set(Value::from("x"))),
    ];
    let answer = db.backend.write_atomically(&writes, 3).await.unwrap();
    assert_eq!(answer, AtomicAnswer::Refused(vec![vec![true], vec![true], vec![]]));
    assert_eq!(db.there("a").unwrap(), b"old");
    assert_eq!((db.there("b"), db.there("c")), (None, None));
}

#[tokio::test]
async fn an_atomic_write_leaves_what_single_ones_would() {
    let mut db = Db::common();
    db.run("k", set("v")).await;
    let hash =
        Change::Hash { set: Vec::new(), set_new: vec![(bytes("f"), Value::from("1"))], delete: Vec::new() };
    let writes = [
        Write::new("h", hash),
        Write::new("z", Change::ZAddNx { field: bytes("m2"), member: None, score: score(-1.0) }),
        Write::new("k", Change::DeleteXx),
    ];
    assert_eq!(db.backend.write_atomically(&writes, 3).await.unwrap(), AtomicAnswer::Committed);
    assert_eq!(db.ask::<Vec<String>>("HGETALL", "h", &[]), ["f", "1"]);
    assert_eq!(db.sorted("z"), [("m2".to_owned(), -1.0)]);
    assert_eq!(db.there("k"), None);
}

#[tokio::test]
async fn deleting_a_sorted_hash_deletes_its_values() {
    let mut db = Db::common();
    db.run("z", zhadd("f", "member", 2.0)).await;
    assert_eq!(db.run("z", Action::Delete(Deletion::All)).await, Answer::Is(true));
    assert!(!db.other.exists::<_, bool>(db.companion("z")).unwrap());
    assert_eq!(db.run("z", Action::Delete(Deletion::All)).await, Answer::Is(false));
}

#[tokio::test]
async fn a_value_that_is_left_over_never_comes_back() {
    let mut db = Db::common();
    let all = || values(by_score(f64::NEG_INFINITY, f64::INFINITY));
    for (key, action) in [("add", zadd("f", 1.0)), ("incr", zincr("f", 1.0))] {
        // As the original leaves it.
        db.run(key, zhadd("f", "old", 2.0)).await;
        db.ask::<()>("DEL", key, &[]);
        db.run(key, action.clone()).await;
        assert_eq!(db.run(key, all()).await, list(&["f"]), "{key}");
        assert!(db.values(key).is_empty());
        // As a value leaves it.
        db.run(key, zhadd("f", "old", 2.0)).await;
        db.run(key, set("v")).await;
        db.ask::<()>("DEL", key, &[]);
        db.run(key, action).await;
        assert_eq!(db.run(key, all()).await, list(&["f"]), "{key}");
    }
    let put = Change::ZAdd { field: bytes("f"), member: None, score: score(1.0) };
    db.run("atomic", zhadd("f", "old", 2.0)).await;
    db.ask::<()>("DEL", "atomic", &[]);
    db.backend.write_atomically(&[Write::new("atomic", put)], 3).await.unwrap();
    assert_eq!(db.run("atomic", all()).await, list(&["f"]));
}

#[tokio::test]
async fn the_value_of_a_field_goes_with_it_and_stays_with_its_score() {
    let mut db = Db::common();
    let all = || values(by_score(f64::NEG_INFINITY, f64::INFINITY));
    db.run_all(vec![("z", zhadd("a", "A", 1.0)), ("z", zhadd("b", "B", 2.0)), ("z", zhadd("c", "C", 3.0))])
        .await;
    db.run("z", zincr("a", 5.0)).await;
    assert_eq!(db.run("z", all()).await, list(&["B", "C", "A"]));
    db.run("z", zadd("a", 0.0)).await;
    assert_eq!(db.run("z", all()).await, list(&["a", "B", "C"]));
    db.run("z", Action::ZRem(many(&["b", "a", "none"]))).await;
    assert_eq!(db.values("z"), [("c".to_owned(), "C".to_owned())]);
}

#[tokio::test]
async fn a_hash_is_not_taken_for_a_sorted_hash() {
    let db = Db::common();
    db.run("h", hset(&[("f", "v")])).await;
    assert_eq!(db.run("h", Action::HGetAll).await, Answer::Fields(vec![(bytes("f"), bytes("v"))]));
}
