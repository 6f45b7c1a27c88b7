//! What a write changes and what stays.
#![expect(missing_docs, reason = "the name of a case is its documentation")]
#![expect(clippy::expect_used, reason = "a failed step ends its test")]

use redkv_records::{Action, Answer, Change, Records};

use super::subject::{Db, all, get, having, nothing, suite_shape, value, with, without};

pub async fn init_and_create_table_may_be_called_again(db: &dyn Records) {
    for _ in 0..2 {
        db.init().await.expect("init works again");
        db.create_table(&suite_shape()).await.expect("create_table works again");
    }
    let db = Db::new(db);
    db.put("k", value("v")).await;
    db.backend.create_table(&suite_shape()).await.expect("create_table keeps what is there");
    assert_eq!(db.get("k").await, Some(db.record("k", 1, Some("v"))));
}

pub async fn a_missing_record_reads_as_none(db: &dyn Records) {
    let db = Db::new(db);
    assert_eq!(db.get("k").await, None);
    assert!(!db.exists("k").await);
    db.put("kk", value("v")).await;
    assert_eq!(db.get("k").await, None);
    assert_eq!(db.in_partition("q").get("kk").await, None);
}

pub async fn a_written_record_reads_back(db: &dyn Records) {
    let db = Db::new(db);
    let expected = having(db.record("k", 1, Some("v")), &[("a", "1"), ("b", "2")]);
    assert_eq!(db.put("k", with(value("v"), &[("a", "1"), ("b", "2")])).await, expected);
    assert_eq!(db.get("k").await, Some(expected));
    assert!(db.exists("k").await);
}

pub async fn each_write_makes_the_next_version(db: &dyn Records) {
    let db = Db::new(db);
    for version in 1..=5 {
        assert_eq!(db.put("k", value("v")).await.version, version);
    }
    assert_eq!(db.get("k").await.map(|record| record.version), Some(5));
    assert_eq!(db.put("other", value("v")).await.version, 1);
}

pub async fn what_is_not_given_stays(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", with(value("v"), &[("a", "1")])).await;
    let with_value = having(db.record("k", 2, Some("w")), &[("a", "1")]);
    assert_eq!(db.put("k", value("w")).await, with_value);
    let with_field = having(db.record("k", 3, Some("w")), &[("a", "1"), ("b", "2")]);
    assert_eq!(db.put("k", with(nothing(), &[("b", "2")])).await, with_field);
    let with_nothing = having(db.record("k", 4, Some("w")), &[("a", "1"), ("b", "2")]);
    assert_eq!(db.put("k", nothing()).await, with_nothing);
    assert_eq!(db.get("k").await, Some(with_nothing));
}

pub async fn a_record_may_have_no_value(db: &dyn Records) {
    let db = Db::new(db);
    assert_eq!(db.put("k", nothing()).await, db.record("k", 1, None));
    assert_eq!(db.get("k").await, Some(db.record("k", 1, None)));
    assert!(db.exists("k").await);
    assert_eq!(db.list(all()).await, [db.record("k", 1, None)]);
    assert_eq!(db.put("k", value("v")).await, db.record("k", 2, Some("v")));
}

pub async fn an_empty_value_is_a_value(db: &dyn Records) {
    let db = Db::new(db);
    assert_eq!(db.put("k", value("")).await, db.record("k", 1, Some("")));
    assert_eq!(db.get("k").await, Some(db.record("k", 1, Some(""))));
    assert_eq!(db.put("k", nothing()).await, db.record("k", 2, Some("")));
    assert_eq!(db.list(all()).await, [db.record("k", 2, Some(""))]);
    db.put("k", value("v")).await;
    assert_eq!(db.put("k", value("")).await, db.record("k", 4, Some("")));
}

pub async fn fields_are_added_replaced_and_removed(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", with(value("v"), &[("a", "1"), ("b", "2"), ("c", "3")])).await;
    let change = without(with(nothing(), &[("b", "new"), ("d", "4")]), &["a", "missing"]);
    let expected = having(db.record("k", 2, Some("v")), &[("b", "new"), ("c", "3"), ("d", "4")]);
    assert_eq!(db.put("k", change).await, expected);
    assert_eq!(db.get("k").await, Some(expected));
    let bare = db.record("k", 3, Some("v"));
    assert_eq!(db.put("k", without(nothing(), &["b", "c", "d"])).await, bare);
    assert_eq!(db.get("k").await, Some(bare));
}

pub async fn a_new_record_may_be_told_to_remove_fields(db: &dyn Records) {
    let db = Db::new(db);
    let change = without(with(value("v"), &[("b", "2")]), &["a"]);
    let expected = having(db.record("k", 1, Some("v")), &[("b", "2")]);
    assert_eq!(db.put("k", change.clone()).await, expected);
    assert_eq!(db.get("k").await, Some(expected));
    let created = having(db.record("l", 1, Some("v")), &[("b", "2")]);
    assert_eq!(db.create("l", change).await, Ok(created));
    assert_eq!(db.put("m", without(nothing(), &["a"])).await, db.record("m", 1, None));
}

pub async fn an_empty_field_is_a_field(db: &dyn Records) {
    let db = Db::new(db);
    let expected = having(db.record("k", 1, None), &[("a", "")]);
    assert_eq!(db.put("k", with(nothing(), &[("a", "")])).await, expected);
    assert_eq!(db.get("k").await, Some(expected));
}

pub async fn a_deleted_record_is_gone_and_begins_anew(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", with(value("v"), &[("a", "1")])).await;
    db.put("k", value("w")).await;
    db.delete("k").await;
    assert_eq!(db.get("k").await, None);
    assert!(!db.exists("k").await);
    assert_eq!(db.list(all()).await, []);
    assert_eq!(db.put("k", nothing()).await, db.record("k", 1, None));
}

pub async fn deleting_what_is_not_there_is_fine(db: &dyn Records) {
    let db = Db::new(db);
    db.delete("k").await;
    db.put("k", value("v")).await;
    db.delete("k").await;
    db.delete("k").await;
    assert!(!db.exists("k").await);
}

pub async fn partitions_keep_their_own_records(db: &dyn Records) {
    let db = Db::new(db);
    let other = db.in_partition("q");
    db.put("k", value("v")).await;
    db.put("k", value("v")).await;
    assert_eq!(other.put("k", value("w")).await, other.record("k", 1, Some("w")));
    other.delete("k").await;
    assert_eq!(db.get("k").await, Some(db.record("k", 2, Some("v"))));
    assert_eq!(other.list(all()).await, []);
}

pub async fn reads_that_may_be_old_return_what_was_there(db: &dyn Records) {
    let db = Db::new(db);
    db.put("k", value("v")).await;
    let read = db.run("k", Action::Get { may_be_old: true }).await;
    assert_eq!(read, Answer::Record(Some(db.record("k", 1, Some("v")))));
    assert_eq!(db.run("k", Action::Exists { may_be_old: true }).await, Answer::Is(true));
    assert_eq!(db.run("l", Action::Exists { may_be_old: true }).await, Answer::Is(false));
    assert_eq!(db.run("k", get()).await, read);
}

pub async fn any_name_may_be_that_of_a_field(db: &dyn Records) {
    let db = Db::new(db);
    let names = ["a b", "a.b", "#a", ":a", "Id", "order", "size", "ключ", "$", "[0]", "\"", "'", "ttl", "_"];
    let fields: Vec<_> = names.iter().map(|name| (*name, *name)).collect();
    let expected = having(db.record("k", 1, None), &fields);
    assert_eq!(db.put("k", with(nothing(), &fields)).await, expected);
    assert_eq!(db.get("k").await, Some(expected));
    let change: Change = without(nothing(), &names);
    assert_eq!(db.replace("k", 1, change).await, Ok(db.record("k", 2, None)));
}
