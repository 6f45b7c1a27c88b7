//! Writes that are made only where nothing has changed.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use futures_util::future::join_all;
use redkv_records::{Records, Refused};

use super::subject::{Db, expiring, having, nothing, refused, until, value, with, without};

pub async fn a_record_is_created_where_none_is(db: &dyn Records) {
    let db = Db::new(db);
    let expected = expiring(db.second(9), having(db.record("k", 1, Some("v")), &[("a", "1")]));
    let change = until(db.second(9), with(value("v"), &[("a", "1")]));
    assert_eq!(db.create("k", change).await, Ok(expected.clone()));
    assert_eq!(db.get("k").await, Some(expected));
    assert_eq!(db.create("bare", nothing()).await, Ok(db.record("bare", 1, None)));
}

pub async fn a_create_where_a_record_is_is_refused_with_it(db: &dyn Records) {
    let db = Db::new(db);
    let there = db.put("k", until(db.second(9), with(value(""), &[("a", "1"), ("b", "")]))).await;
    let refusal = refused(Refused::Exists, Some(there.clone()));
    assert_eq!(db.create("k", value("w")).await, Err(refusal.clone()));
    assert_eq!(db.create("k", without(nothing(), &["a"])).await, Err(refusal));
    assert_eq!(db.get("k").await, Some(there));
    db.put("bare", nothing()).await;
    let bare = refused(Refused::Exists, Some(db.record("bare", 1, None)));
    assert_eq!(db.create("bare", value("v")).await, Err(bare));
}

pub async fn a_record_of_the_expected_version_is_replaced(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", with(value("v"), &[("a", "1")])).await;
    let expected = having(db.record("k", 2, Some("w")), &[("a", "1"), ("b", "2")]);
    assert_eq!(db.replace("k", 1, with(value("w"), &[("b", "2")])).await, Ok(expected.clone()));
    assert_eq!(db.get("k").await, Some(expected.clone()));
    let same = having(db.record("k", 3, Some("w")), &[("a", "1"), ("b", "2")]);
    assert_eq!(db.replace("k", 2, nothing()).await, Ok(same));
    let less = having(db.record("k", 4, Some("w")), &[("b", "2")]);
    assert_eq!(db.replace("k", 3, without(nothing(), &["a"])).await, Ok(less));
}

pub async fn a_replace_of_another_version_is_refused_with_what_is_there(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", value("v")).await;
    let there = db.put("k", until(db.second(9), with(value("w"), &[("a", "1")]))).await;
    for version in [0, 1, 3, 1 << 40] {
        let refusal = refused(Refused::Modified, Some(there.clone()));
        assert_eq!(db.replace("k", version, value("x")).await, Err(refusal));
    }
    assert_eq!(db.get("k").await, Some(there));
}

pub async fn a_replace_where_no_record_is_is_refused(db: &dyn Records) {
    let db = Db::new(db);
    for version in [0, 1] {
        assert_eq!(db.replace("k", version, value("v")).await, Err(refused(Refused::Modified, None)));
    }
    assert_eq!(db.get("k").await, None);
    db.put("k", value("v")).await;
    db.delete("k").await;
    assert_eq!(db.replace("k", 1, value("v")).await, Err(refused(Refused::Modified, None)));
}

pub async fn a_record_of_the_expected_version_is_removed(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", value("v")).await;
    db.put("k", value("v")).await;
    assert_eq!(db.remove("k", 2).await, Ok(()));
    assert_eq!(db.get("k").await, None);
}

pub async fn a_remove_of_another_version_is_refused_with_what_is_there(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", value("v")).await;
    let there = db.put("k", with(nothing(), &[("a", "1")])).await;
    for version in [0, 1, 3] {
        let refusal = refused(Refused::Modified, Some(there.clone()));
        assert_eq!(db.remove("k", version).await, Err(refusal));
    }
    assert_eq!(db.get("k").await, Some(there));
}

pub async fn a_remove_where_no_record_is_is_refused(db: &dyn Records) {
    let db = Db::new(db);
    assert_eq!(db.remove("k", 1).await, Err(refused(Refused::NotFound, None)));
    db.put("k", value("v")).await;
    assert_eq!(db.remove("k", 1).await, Ok(()));
    assert_eq!(db.remove("k", 1).await, Err(refused(Refused::NotFound, None)));
}

pub async fn of_eight_writers_each_counts_each_step(db: &dyn Records) {
    let db = &Db::new(db);
    let writer = |_| async move {
        for _ in 0..10 {
            let mut found = db.get("n").await;
            loop {
                let counted = found.as_ref().and_then(|record| record.value.as_deref());
                let next = counted.map_or(0, |count| count.parse::<u64>().unwrap_or_default()) + 1;
                let change = value(&next.to_string());
                let written = match &found {
                    None => db.create("n", change).await,
                    Some(record) => db.replace("n", record.version, change).await,
                };
                match written {
                    Ok(_) => break,
                    Err(_) => found = db.get("n").await,
                }
            }
        }
    };
    join_all((0..8).map(writer)).await;
    assert_eq!(db.get("n").await, Some(db.record("n", 80, Some("80"))));
}

pub async fn of_many_that_create_a_record_one_does(db: &dyn Records) {
    let db = &Db::new(db);
    let creators = (0..8).map(|n| async move { db.create("k", value(&n.to_string())).await });
    let answers = join_all(creators).await;
    let created: Vec<_> = answers.iter().filter_map(|answer| answer.clone().ok()).collect();
    assert_eq!(created, db.get("k").await.into_iter().collect::<Vec<_>>());
    let refusals = answers.iter().filter_map(|answer| answer.as_ref().err().map(|refusal| refusal.why));
    assert_eq!(refusals.collect::<Vec<_>>(), [Refused::Exists; 7]);
}
