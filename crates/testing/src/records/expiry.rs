//! Records that expire.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use redkv_records::{Records, Refused};

use super::subject::{
    Db, all, expiring, having, keeping_expiry, limited, nothing, refused, reversed, until, value, with,
};

/// More milliseconds than records of these cases live.
const LATER: u64 = 10_000;

pub async fn a_record_is_absent_once_its_second_has_begun(db: &dyn Records) {
    let db = Db::new(db);
    let expected = expiring(db.second(2), db.record("k", 1, Some("v")));
    assert_eq!(db.put("k", until(db.second(2), value("v"))).await, expected);
    assert_eq!(db.get("k").await, Some(expected.clone()));
    let before = db.after(1_499);
    assert_eq!(before.get("k").await, Some(expected));
    assert!(before.exists("k").await);
    let after = db.after(1_500);
    assert_eq!(after.get("k").await, None);
    assert!(!after.exists("k").await);
    assert_eq!(after.list(all()).await, []);
}

pub async fn what_expires_in_the_past_is_absent_at_once(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", until(db.second(-10), value("v"))).await;
    assert_eq!(db.get("k").await, None);
    assert_eq!(db.list(all()).await, []);
    db.put("now", until(db.second(0), value("v"))).await;
    assert!(!db.exists("now").await);
}

pub async fn a_write_without_expiry_clears_it(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", until(db.second(2), with(value("v"), &[("a", "1")]))).await;
    let expected = having(db.record("k", 2, Some("v")), &[("a", "1")]);
    assert_eq!(db.put("k", nothing()).await, expected);
    assert_eq!(db.after(LATER).get("k").await, Some(expected));
    db.put("l", until(db.second(2), value("v"))).await;
    assert_eq!(db.replace("l", 1, value("w")).await, Ok(db.record("l", 2, Some("w"))));
    assert!(db.after(LATER).exists("l").await);
}

pub async fn an_expiry_is_kept_when_asked_for(db: &dyn Records) {
    let db = Db::new(db);
    let second = db.second(2);
    db.put("k", until(second, value("v"))).await;
    let put = expiring(second, db.record("k", 2, Some("w")));
    assert_eq!(db.put("k", keeping_expiry(value("w"))).await, put);
    let replaced = expiring(second, db.record("k", 3, Some("x")));
    assert_eq!(db.replace("k", 2, keeping_expiry(value("x"))).await, Ok(replaced.clone()));
    assert_eq!(db.get("k").await, Some(replaced));
    assert_eq!(db.after(LATER).get("k").await, None);
}

pub async fn an_expiry_that_is_kept_where_none_is_is_none(db: &dyn Records) {
    let db = Db::new(db);
    assert_eq!(db.put("k", keeping_expiry(value("v"))).await, db.record("k", 1, Some("v")));
    assert_eq!(db.put("k", keeping_expiry(value("w"))).await, db.record("k", 2, Some("w")));
    assert_eq!(db.create("l", keeping_expiry(value("v"))).await, Ok(db.record("l", 1, Some("v"))));
    assert!(db.after(LATER).exists("k").await);
}

pub async fn an_expiry_is_replaced_by_another(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", until(db.second(2), value("v"))).await;
    let expected = expiring(db.second(100), db.record("k", 2, Some("v")));
    assert_eq!(db.put("k", until(db.second(100), nothing())).await, expected);
    assert_eq!(db.after(LATER).get("k").await, Some(expected));
}

pub async fn a_put_over_an_expired_record_begins_anew_with_the_next_version(db: &dyn Records) {
    let db = Db::new(db);
    for key in ["nothing", "value", "field", "kept", "new"] {
        db.put(key, until(db.second(2), with(value("old"), &[("a", "1"), ("b", "2")]))).await;
    }
    let later = db.after(LATER);
    assert_eq!(later.put("nothing", nothing()).await, db.record("nothing", 2, None));
    assert_eq!(later.put("value", value("v")).await, db.record("value", 2, Some("v")));
    let field = having(db.record("field", 2, None), &[("b", "new")]);
    assert_eq!(later.put("field", with(nothing(), &[("b", "new")])).await, field);
    assert_eq!(later.put("kept", keeping_expiry(nothing())).await, db.record("kept", 2, None));
    let new = expiring(later.second(5), db.record("new", 2, Some("")));
    assert_eq!(later.put("new", until(later.second(5), value(""))).await, new);
    assert_eq!(later.get("nothing").await, Some(db.record("nothing", 2, None)));
    assert_eq!(later.get("field").await, Some(field));
    assert_eq!(later.get("new").await, Some(new));
}

pub async fn a_create_over_an_expired_record_begins_anew_with_the_next_version(db: &dyn Records) {
    let db = Db::new(db);
    let old = || until(db.second(2), with(value("old"), &[("a", "1")]));
    db.put("k", old()).await;
    db.put("k", old()).await;
    db.put("kept", old()).await;
    let later = db.after(LATER);
    let expected = having(db.record("k", 3, None), &[("b", "2")]);
    assert_eq!(later.create("k", with(nothing(), &[("b", "2")])).await, Ok(expected.clone()));
    assert_eq!(later.get("k").await, Some(expected));
    assert_eq!(later.create("kept", keeping_expiry(nothing())).await, Ok(db.record("kept", 2, None)));
    assert!(later.create("k", nothing()).await.is_err(), "it is there again");
}

pub async fn an_expired_record_is_neither_replaced_nor_removed(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", until(db.second(2), value("v"))).await;
    let later = db.after(LATER);
    assert_eq!(later.replace("k", 1, value("w")).await, Err(refused(Refused::Modified, None)));
    assert_eq!(later.replace("k", 7, value("w")).await, Err(refused(Refused::Modified, None)));
    assert_eq!(later.remove("k", 1).await, Err(refused(Refused::NotFound, None)));
    assert_eq!(later.remove("k", 7).await, Err(refused(Refused::NotFound, None)));
    assert_eq!(later.get("k").await, None);
}

pub async fn an_expired_record_is_deleted(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", until(db.second(2), value("v"))).await;
    let later = db.after(LATER);
    later.delete("k").await;
    assert_eq!(later.put("k", nothing()).await.version, 1, "nothing was left of it");
}

pub async fn a_handle_from_before_the_expiry_does_not_match_what_came_after(db: &dyn Records) {
    let db = Db::new(db);
    let old = db.put("k", until(db.second(2), value("v"))).await;
    let later = db.after(LATER);
    let new = later.put("k", value("w")).await;
    let refusal = || refused(Refused::Modified, Some(new.clone()));
    assert_eq!(later.replace("k", old.version, value("x")).await, Err(refusal()));
    assert_eq!(later.remove("k", old.version).await, Err(refusal()));
}

pub async fn pages_are_filled_up_over_expired_records(db: &dyn Records) {
    let db = Db::new(db);
    for n in 0..20 {
        let change = if n % 5 == 4 { value("v") } else { until(db.second(2), value("v")) };
        db.put(&format!("{n:02}"), change).await;
    }
    let later = db.after(LATER);
    let pages = later.pages(limited(3, all())).await;
    assert_eq!(pages[0].len(), 3);
    assert_eq!(later.keys(limited(3, all())).await, ["04", "09", "14", "19"]);
    assert_eq!(later.keys(limited(1, reversed(all()))).await, ["19", "14", "09", "04"]);
    assert_eq!(later.keys(all()).await, ["04", "09", "14", "19"]);
    assert_eq!(db.keys(all()).await.len(), 20);
}
