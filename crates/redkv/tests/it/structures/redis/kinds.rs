//! Keys of another kind, and what is no number.

use redkv::error::ErrorKind;
use redkv::structures::{Action, Answer, Change, Deletion, Structures, Value, Write};

use super::atomic::company;
use super::{Db, by_lex, by_score, bytes, hset, many, set, value, values, zadd, zhadd, zincr};

/// One operation of each that reads or changes a value.
fn of_values() -> Vec<Action> {
    let set_eq = Action::SetEq { value: Value::from("w"), expected: Value::from("v") };
    vec![Action::Get, set_eq, Action::IncrBy(1)]
}

fn of_sets() -> Vec<Action> {
    vec![
        Action::SAdd(many(&["m"])),
        Action::SRem(many(&["m"])),
        Action::SMembers,
        Action::SIsMember(bytes("m")),
        Action::SCard,
    ]
}

fn of_hashes() -> Vec<Action> {
    vec![hset(&[("f", "v")]), Action::HGet(bytes("f")), Action::HGetAll, Action::HDel(many(&["f"]))]
}

fn of_sorted() -> Vec<Action> {
    let page = |range| redkv::structures::Range { is_page: true, limit: Some(1), ..range };
    vec![
        zadd("m", 1.0),
        zhadd("f", "m", 1.0),
        Action::ZRem(many(&["m"])),
        Action::ZhRem(many(&["m"])),
        Action::ZCard,
        Action::ZScore(bytes("m")),
        zincr("m", 1.0),
        Action::ZCount(redkv::structures::ScoreRange::ALL),
        Action::ZLexCount(redkv::structures::LexRange::ALL),
        Action::ZRange(by_score(0.0, -1.0)),
        Action::ZRange(by_lex("-", "+")),
        values(by_score(0.0, 1.0)),
        values(by_lex("-", "+")),
        Action::ZRange(page(by_score(0.0, 1.0))),
        values(page(by_lex("-", "+"))),
    ]
}

async fn all_fail(db: &mut Db, key: &str, actions: Vec<Action>) {
    let before: Vec<u8> = db.ask("DUMP", key, &[]);
    for action in actions {
        let name = action.operation().as_str();
        let error = db.failure(key, action).await;
        assert_eq!(error.kind(), ErrorKind::Type, "{name} of a {key}: {error:?}");
        assert!(!error.may_have_applied() && !error.is_retryable());
    }
    assert_eq!(db.ask::<Vec<u8>>("DUMP", key, &[]), before, "{key}");
    assert!(db.values(key).is_empty());
}

#[tokio::test]
async fn an_operation_on_a_key_of_another_kind_fails_and_changes_nothing() {
    let mut db = Db::common();
    db.run("value", set("v")).await;
    db.run("set", Action::SAdd(many(&["m"]))).await;
    db.run("hash", hset(&[("f", "v")])).await;
    db.run("sorted", zadd("m", 1.0)).await;
    all_fail(&mut db, "value", [of_sets(), of_hashes(), of_sorted()].concat()).await;
    all_fail(&mut db, "set", [of_values(), of_hashes(), of_sorted()].concat()).await;
    all_fail(&mut db, "hash", [of_values(), of_sets(), of_sorted()].concat()).await;
    all_fail(&mut db, "sorted", [of_values(), of_sets(), of_hashes()].concat()).await;
}

#[tokio::test]
async fn a_key_of_another_kind_fails_alone() {
    let db = Db::common();
    db.run("value", set("v")).await;
    let commands = [("a", 1.0), ("value", 2.0), ("b", 3.0), ("value", 4.0)]
        .map(|(key, score)| redkv::structures::Command::new(key, zadd("m", score)));
    let answers = db.backend.run(&commands).await;
    let kinds: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|error| error.kind())).collect();
    assert_eq!(kinds, [Ok(Answer::Done), Err(ErrorKind::Type), Ok(Answer::Done), Err(ErrorKind::Type)]);
}

#[tokio::test]
async fn any_kind_is_replaced_deleted_and_there() {
    let db = Db::common();
    for (key, action) in [
        ("set", Action::SAdd(many(&["m"]))),
        ("hash", hset(&[("f", "v")])),
        ("sorted", zadd("m", 1.0)),
        ("sorted hash", zhadd("f", "m", 1.0)),
    ] {
        db.run(key, action.clone()).await;
        assert_eq!(db.run(key, Action::Has).await, Answer::Is(true), "{key}");
        assert_eq!(db.run(key, Action::SetNx(Value::from("v"))).await, Answer::Is(false), "{key}");
        assert_eq!(db.run(key, Action::SetXx(Value::from("w"))).await, Answer::Is(true), "{key}");
        assert_eq!(db.run(key, Action::Get).await, value("w"));
        assert_eq!(db.run(key, Action::Delete(Deletion::Value)).await, Answer::Is(true), "{key}");
        db.run(key, action).await;
        db.run(key, set("v")).await;
        assert_eq!(db.run(key, Action::Get).await, value("v"));
    }
}

#[tokio::test]
async fn an_atomic_write_of_another_kind_fails_before_anything_is_written() {
    let mut db = Db::common();
    db.run("value", set("v")).await;
    db.run("set", Action::SAdd(many(&["m"]))).await;
    let hash = |set_new: &[&str]| Change::Hash {
        set: vec![(bytes("f"), Value::from(1))],
        set_new: set_new.iter().map(|field| (bytes(field), Value::from(1))).collect(),
        delete: Vec::new(),
    };
    let sorted = |member: Option<&str>| Change::ZAdd {
        field: bytes("f"),
        member: member.map(bytes),
        score: super::score(1.0),
    };
    let new = Change::ZAddNx { field: bytes("f"), member: None, score: super::score(1.0) };
    let set_eq = Change::SetEq { value: Value::from("w"), expected: Value::from("v") };
    for (key, change) in [
        ("set", set_eq),
        ("set", Change::IncrBy(1)),
        ("value", Change::SAdd(many(&["m"]))),
        ("value", Change::SRem(many(&["m"]))),
        ("value", hash(&[])),
        ("value", hash(&["new"])),
        ("value", sorted(None)),
        ("value", sorted(Some("m"))),
        ("value", new),
        ("value", Change::ZRem { field: bytes("f"), of_hash: false }),
    ] {
        // Alone, in company, and beside a condition that fails, which it beats.
        for company in [
            vec![],
            vec![Write::new("other", Change::IncrBy(1))],
            vec![Write::new("other", Change::SAdd(many(&["m"])))],
            vec![Write::new("other", Change::Set(Value::from(1)))],
            vec![Write::new("other", Change::SetXx(Value::from(1)))],
            company().collect(),
            company().chain([Write::new("other", Change::SetXx(Value::from(1)))]).collect(),
        ] {
            let name = change.operation().as_str();
            let writes = [company, vec![Write::new(key, change.clone())]].concat();
            let error = db.backend.write_atomically(&writes, 3).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Type, "{name}: {error:?}");
            assert!(!db.ask::<bool>("EXISTS", "other", &[]), "{name}");
        }
    }
    assert_eq!(db.there("value").unwrap(), b"v");
    assert_eq!(db.ask::<Vec<String>>("SMEMBERS", "set", &[]), ["m"]);
    assert!(db.values("value").is_empty());
}

#[tokio::test]
async fn a_counter_stays_within_64_bits() {
    let mut db = Db::common();
    for (before, by, after) in [
        ("9223372036854775806", 1, Some(i64::MAX)),
        ("9223372036854775807", 1, None),
        ("-9223372036854775807", -1, Some(i64::MIN)),
        ("-9223372036854775808", -1, None),
        ("-9223372036854775808", i64::MAX, Some(-1)),
        ("9007199254740993", 2, Some(9_007_199_254_740_995)),
        ("0", i64::MIN, Some(i64::MIN)),
        ("-1", i64::MIN, None),
        ("1", i64::MAX, None),
        ("1", i64::MIN, Some(i64::MIN + 1)),
        ("99999999999999999999", -1, None),
        ("9223372036854775808", -1, None),
        ("-9223372036854775809", 1, None),
        ("text", 1, None),
        ("01", 1, None),
        ("-0", 1, None),
        ("1.5", 1, None),
        ("", 1, None),
    ] {
        db.ask::<()>("SET", "n", &[before]);
        match (db.attempt("n", Action::IncrBy(by)).await, after) {
            (answer, Some(after)) => assert_eq!(answer.unwrap(), Answer::Integer(after), "{before} {by}"),
            (answer, None) => assert_eq!(answer.unwrap_err().kind(), ErrorKind::Value, "{before} {by}"),
        }
        // The same in an atomic write, whose second counter is looked at before the first is changed.
        for others in [Vec::new(), company().collect()] {
            db.ask::<()>("SET", "n", &[before]);
            db.ask::<()>("SET", "m", &["1"]);
            let writes = [Write::new("m", Change::IncrBy(1)), Write::new("n", Change::IncrBy(by))];
            let answer = db.backend.write_atomically(&[&writes[..], &others].concat(), 3).await;
            let (m, n) = (db.there("m").unwrap(), String::from_utf8(db.there("n").unwrap()).unwrap());
            match after {
                Some(after) => assert_eq!((n, &m[..]), (after.to_string(), &b"2"[..]), "{before} {by}"),
                None => {
                    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Value, "{before} {by}");
                    assert_eq!((&n[..], &m[..]), (before, &b"1"[..]));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_sum_that_is_no_number_is_refused() {
    let mut db = Db::common();
    db.run("z", zadd("m", f64::INFINITY)).await;
    assert_eq!(db.failure("z", zincr("m", f64::NEG_INFINITY)).await.kind(), ErrorKind::Value);
    assert_eq!(db.sorted("z"), [("m".to_owned(), f64::INFINITY)]);
}

#[tokio::test]
async fn text_and_numbers_are_equal_when_they_read_the_same() {
    let db = Db::common();
    db.run("k", Action::Set(Value::from(1))).await;
    let set_eq = |expected| Action::SetEq { value: Value::from(1), expected };
    assert_eq!(db.run("k", set_eq(Value::from("1"))).await, Answer::Is(true));
    assert_eq!(db.run("k", set_eq(Value::from(1))).await, Answer::Is(true));
    assert_eq!(db.run("k", set_eq(Value::from("01"))).await, Answer::Is(false));
    assert_eq!(db.run("none", set_eq(Value::from(""))).await, Answer::Is(false));
}
