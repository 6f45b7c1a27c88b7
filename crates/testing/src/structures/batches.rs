//! Operations that come together.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use redkv_core::error::ErrorKind;
use redkv_structures::{Action, Answer, Deletion, Structures, Value};

use super::subject::{Db, bytes, many, score_of, some, zadd};

fn value(text: &str) -> Answer {
    Answer::Value(Some(bytes(text)))
}

async fn all(db: &Db<'_>, all: Vec<(&str, Action)>) -> Vec<Result<Answer, ErrorKind>> {
    let answers = db.attempt_all(all).await;
    answers.into_iter().map(|answer| answer.map_err(|error| error.kind())).collect()
}

pub async fn an_empty_batch_has_no_answers(db: &dyn Structures) {
    assert!(db.run(&[]).await.is_empty());
}

pub async fn reads_of_a_batch_are_answered_in_their_order(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("a", "1").await;
    db.sadd("s", &["m"]).await;
    db.zadd("z", &[("m", 2.0)]).await;
    db.hset("h", &[("f", "v")]).await;
    let answers = all(
        &db,
        vec![
            ("a", Action::Get),
            ("missing", Action::Get),
            ("s", Action::SMembers),
            ("a", Action::Get),
            ("z", Action::ZScore(bytes("m"))),
            ("z", Action::ZScore(bytes("x"))),
            ("h", Action::HGetAll),
            ("h", Action::HGet(bytes("f"))),
            ("s", Action::SCard),
            ("s", Action::SIsMember(bytes("x"))),
        ],
    );
    let expected = [
        value("1"),
        Answer::Value(None),
        Answer::List(many(&["m"])),
        value("1"),
        Answer::Score(Some(score_of(2.0))),
        Answer::Score(None),
        Answer::Fields(vec![(bytes("f"), bytes("v"))]),
        value("v"),
        Answer::Count(1),
        Answer::Is(false),
    ];
    assert_eq!(answers.await, expected.map(Ok));
}

pub async fn operations_on_a_key_take_effect_in_their_order(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("k", "old").await;
    db.set("d", "there").await;
    let delete = || Action::Delete(Deletion::All);
    let answers = all(
        &db,
        vec![
            ("k", Action::Get),
            ("k", Action::Set("new".into())),
            ("k", Action::Get),
            ("z", Action::ZRem(many(&["m"]))),
            ("z", zadd("m", 1.0)),
            ("z", zadd("m", 2.0)),
            ("z", Action::ZScore(bytes("m"))),
            ("s", Action::SAdd(many(&["m"]))),
            ("s", Action::SMembers),
            ("s", delete()),
            ("s", Action::SMembers),
            ("d", delete()),
            ("d", delete()),
            ("n", Action::IncrBy(1)),
            ("n", Action::IncrBy(1)),
        ],
    );
    let expected = [
        value("old"),
        Answer::Done,
        value("new"),
        Answer::Done,
        Answer::Done,
        Answer::Done,
        Answer::Score(Some(score_of(2.0))),
        Answer::Done,
        Answer::List(many(&["m"])),
        Answer::Is(true),
        Answer::List(Vec::new()),
        Answer::Is(true),
        Answer::Is(false),
        Answer::Integer(1),
        Answer::Integer(2),
    ];
    assert_eq!(answers.await, expected.map(Ok));
}

pub async fn of_writes_of_one_key_the_last_stays(db: &dyn Structures) {
    let db = Db::new(db);
    let answers = all(
        &db,
        vec![
            ("k", Action::Set("1".into())),
            ("k", Action::Set("2".into())),
            ("d", Action::Set("1".into())),
            ("d", Action::Delete(Deletion::All)),
            ("z", zadd("a", 1.0)),
            ("z", zadd("b", 2.0)),
            ("z", zadd("a", 9.0)),
            ("z", zadd("a", 3.0)),
        ],
    )
    .await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(db.get("k").await, some("2"));
    assert_eq!(db.get("d").await, None);
    assert_eq!(db.score("z", "a").await, Some(3.0));
}

pub async fn members_are_put_and_removed_in_the_order_of_each_key(db: &dyn Structures) {
    let db = Db::new(db);
    let rem = |members: &[&str]| Action::ZRem(many(members));
    let answers = all(
        &db,
        vec![
            ("z", zadd("kept", 1.0)),
            ("other", zadd("m", 1.0)),
            ("z", zadd("m", 2.0)),
            ("z", zadd("gone", 2.0)),
            ("other", zadd("m", 2.0)),
            ("z", rem(&["m", "gone"])),
            ("other", zadd("n", 3.0)),
            ("z", zadd("m", 4.0)),
            ("z", zadd("m", 3.0)),
            ("other", rem(&["n"])),
        ],
    )
    .await;
    assert_eq!(answers, vec![Ok(Answer::Done); 10]);
    assert_eq!(db.score("z", "kept").await, Some(1.0));
    assert_eq!(db.score("z", "m").await, Some(3.0));
    assert_eq!(db.score("z", "gone").await, None);
    assert_eq!(db.score("other", "m").await, Some(2.0));
    assert_eq!(db.score("other", "n").await, None);
}

pub async fn many_members_are_put_into_many_keys(db: &dyn Structures) {
    let db = Db::new(db);
    let keys: Vec<_> = (0..70).map(|n| format!("z{n}")).collect();
    let puts = (0..420).map(|n: u16| (&*keys[usize::from(n) % 70], zadd(&format!("m{}", n / 70), n.into())));
    assert_eq!(all(&db, puts.collect()).await, vec![Ok(Answer::Done); 420]);
    for (n, key) in (0_u16..).zip(&keys) {
        for m in 0..6 {
            assert_eq!(db.score(key, &format!("m{m}")).await, Some((m * 70 + n).into()), "{key} {m}");
        }
    }
}

pub async fn one_that_fails_fails_alone(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("text", "text").await;
    let answers = all(
        &db,
        vec![
            ("a", Action::Set("1".into())),
            ("text", Action::SAdd(many(&["m"]))),
            ("text", Action::IncrBy(1)),
            ("b", Action::Set("2".into())),
            ("text", Action::HGetAll),
            ("a", Action::Get),
            ("text", Action::Get),
            ("text", Action::SMembers),
        ],
    );
    let expected = [
        Ok(Answer::Done),
        Err(ErrorKind::Type),
        Err(ErrorKind::Value),
        Ok(Answer::Done),
        Err(ErrorKind::Type),
        Ok(value("1")),
        Ok(value("text")),
        Err(ErrorKind::Type),
    ];
    assert_eq!(answers.await, expected);
    assert_eq!(db.get("b").await, some("2"));
}

pub async fn a_large_batch_is_answered_in_its_order(db: &dyn Structures) {
    let db = Db::new(db);
    let names: Vec<_> = (0..260).map(|n| format!("k{n}")).collect();
    let writes = names
        .iter()
        .step_by(2)
        .map(|name| (name.as_str(), Action::Set(Value::from(name.as_str()))))
        .collect();
    assert!(all(&db, writes).await.iter().all(|answer| *answer == Ok(Answer::Done)));
    let read = all(&db, names.iter().map(|name| (name.as_str(), Action::Get)).collect()).await;
    let expected: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(n, name)| Ok(Answer::Value((n % 2 == 0).then(|| bytes(name)))))
        .collect();
    assert_eq!(read, expected);
}

pub async fn a_batch_of_large_values_is_read(db: &dyn Structures) {
    let db = Db::new(db);
    let names: Vec<_> = (0..60).map(|n| format!("k{n}")).collect();
    let large = |name: &str| name.repeat(300_000 / name.len());
    for name in &names {
        db.set(name, large(name).as_str()).await;
    }
    let read = all(&db, names.iter().map(|name| (name.as_str(), Action::Get)).collect()).await;
    for (name, answer) in names.iter().zip(read) {
        assert_eq!(answer, Ok(value(&large(name))), "{name}");
    }
}
