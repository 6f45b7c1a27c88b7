//! Many operations at once.
#![expect(missing_docs, reason = "the name of a case is its documentation")]
#![expect(clippy::expect_used, reason = "a failed step ends its test")]

use redkv_core::store::Answers;
use redkv_records::{Action, Answer, Change, Records, Refused};

use super::subject::{Db, all, get, nothing, refused, run_all, value, with};

fn all_of(answers: Answers<Answer>) -> Vec<Answer> {
    answers.into_iter().map(|answer| answer.expect("it works")).collect()
}

pub async fn an_empty_batch_has_no_answers(db: &dyn Records) {
    assert_eq!(db.run(&[]).await.len(), 0);
}

pub async fn reads_of_a_batch_are_answered_in_their_order(db: &dyn Records) {
    let db = Db::new(db);
    for n in 0..250 {
        if n % 3 > 0 {
            db.put(&format!("{n}"), value(&n.to_string())).await;
        }
    }
    let keys: Vec<_> = (0..250).rev().map(|n| n.to_string()).collect();
    let reads = keys
        .iter()
        .flat_map(|key| [(key.as_str(), get()), (key.as_str(), Action::Exists { may_be_old: false })]);
    let answers = all_of(db.run_all(reads.collect()).await);
    for (key, answer) in keys.iter().zip(answers.chunks(2)) {
        let there = key.parse::<u32>().is_ok_and(|n| n % 3 > 0).then(|| db.record(key, 1, Some(key)));
        assert_eq!(answer, [Answer::Record(there.clone()), Answer::Is(there.is_some())]);
    }
}

pub async fn a_record_that_is_asked_for_twice_is_answered_twice(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", value("v")).await;
    let old = Action::Get { may_be_old: true };
    let answers = db.run_all(vec![("k", get()), ("l", get()), ("k", get()), ("k", old)]).await;
    let there = Answer::Record(Some(db.record("k", 1, Some("v"))));
    assert_eq!(all_of(answers), [there.clone(), Answer::Record(None), there.clone(), there]);
}

pub async fn reads_of_many_partitions_are_answered_together(db: &dyn Records) {
    let db = Db::new(db);
    let partitions: Vec<_> = (0..10).map(|n| db.in_partition(&n.to_string())).collect();
    for partition in &partitions {
        partition.put("k", value(&partition.partition)).await;
    }
    let reads: Vec<_> = partitions.iter().map(|partition| partition.command("k", get())).collect();
    let answers = all_of(run_all(db.backend, &reads).await);
    for (partition, answer) in partitions.iter().zip(answers) {
        let expected = partition.record("k", 1, Some(&partition.partition));
        assert_eq!(answer, Answer::Record(Some(expected)));
    }
}

pub async fn each_read_of_a_batch_has_its_own_moment(db: &dyn Records) {
    let db = Db::new(db);
    let expiring = super::subject::until(db.second(2), value("v"));
    let there = db.put("k", expiring).await;
    let reads = [db.command("k", get()), db.after(10_000).command("k", get()), db.command("k", get())];
    let there = Answer::Record(Some(there));
    let answers = all_of(run_all(db.backend, &reads).await);
    assert_eq!(answers, [there.clone(), Answer::Record(None), there]);
}

pub async fn operations_on_a_record_take_effect_in_their_order(db: &dyn Records) {
    let db = Db::new(db);
    let answers = db
        .run_all(vec![
            ("k", get()),
            ("k", Action::Create(value("1"))),
            ("k", get()),
            ("k", Action::Create(value("2"))),
            ("k", Action::Replace { change: value("3"), version: 1 }),
            ("k", Action::Replace { change: value("4"), version: 1 }),
            ("other", Action::Put(nothing())),
            ("k", Action::Remove { version: 2 }),
            ("k", Action::Put(value("5"))),
            ("k", Action::Delete),
            ("k", get()),
            ("k", Action::Put(value("6"))),
        ])
        .await;
    let k = |version, text| db.record("k", version, Some(text));
    let expected = [
        Answer::Record(None),
        Answer::Written(k(1, "1")),
        Answer::Record(Some(k(1, "1"))),
        Answer::Refused(refused(Refused::Exists, Some(k(1, "1")))),
        Answer::Written(k(2, "3")),
        Answer::Refused(refused(Refused::Modified, Some(k(2, "3")))),
        Answer::Written(db.record("other", 1, None)),
        Answer::Done,
        Answer::Written(k(1, "5")),
        Answer::Done,
        Answer::Record(None),
        Answer::Written(k(1, "6")),
    ];
    assert_eq!(all_of(answers), expected);
    assert_eq!(db.get("k").await, Some(k(1, "6")));
}

pub async fn a_list_in_a_batch_sees_the_writes_before_it(db: &dyn Records) {
    let db = Db::new(db);
    let list = || ("", Action::List(all()));
    let steps = vec![
        ("a", Action::Put(value("1"))),
        list(),
        ("b", Action::Put(value("2"))),
        list(),
        ("a", Action::Delete),
        list(),
    ];
    let listed: Vec<_> = all_of(db.run_all(steps).await)
        .into_iter()
        .filter_map(|answer| match answer {
            Answer::Page(page) => Some(page.records),
            _ => None,
        })
        .collect();
    let (a, b) = (db.record("a", 1, Some("1")), db.record("b", 1, Some("2")));
    assert_eq!(listed, [vec![a.clone()], vec![a, b.clone()], vec![b]]);
}

/// The index key of the one in the middle is too long for any backend.
pub async fn one_that_fails_fails_alone(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    let too_long = with(value("2"), &[("created", &"x".repeat(1_025))]);
    let put = |change: Change| ("k", Action::Put(change));
    let steps = vec![put(value("1")), put(too_long), put(nothing()), ("l", Action::Put(value("3")))];
    let answers = db.run_all(steps).await;
    assert!(answers[1].is_err(), "{:?}", answers[1]);
    let written = answers.into_iter().filter_map(Result::ok).collect::<Vec<_>>();
    let records = [db.record("k", 1, Some("1")), db.record("k", 2, Some("1")), db.record("l", 1, Some("3"))];
    assert_eq!(written, records.map(Answer::Written));
}

pub async fn a_large_batch_is_answered_in_its_order(db: &dyn Records) {
    let db = Db::new(db);
    let keys: Vec<_> = (0..300).map(|n| format!("{:03}", n * 7 % 300)).collect();
    let writes = keys.iter().map(|key| (key.as_str(), Action::Put(value(key))));
    for (key, answer) in keys.iter().zip(all_of(db.run_all(writes.collect()).await)) {
        assert_eq!(answer, Answer::Written(db.record(key, 1, Some(key))));
    }
    assert_eq!(db.list(all()).await.len(), 300);
}

/// More than one answer of DynamoDB has.
pub async fn a_batch_of_large_values_is_read(db: &dyn Records) {
    let db = Db::new(db);
    let large = "x".repeat(300 << 10);
    let keys: Vec<_> = (0..60).map(|n| format!("{n:02}")).collect();
    for key in &keys {
        db.put(key, value(&large)).await;
    }
    let reads = keys.iter().map(|key| (key.as_str(), get()));
    for (key, answer) in keys.iter().zip(all_of(db.run_all(reads.collect()).await)) {
        let is_there =
            matches!(answer, Answer::Record(Some(record)) if record == db.record(key, 1, Some(&large)));
        assert!(is_there, "{key}");
    }
    let page = super::subject::limited(60, all());
    assert_eq!(db.pages(page).await[0].len(), 60, "a page is full, however large it is");
}
