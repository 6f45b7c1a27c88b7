//! Lists in the order of an index.
#![expect(missing_docs, reason = "the name of a case is its documentation")]
#![expect(clippy::expect_used, reason = "a failed step ends its test")]

use redkv_core::error::ErrorKind;
use redkv_records::{Action, GlobalIndex, Index, LocalIndex, Records, TableShape};

use super::subject::{
    Db, all, by_created, by_pk1, having, limited, nothing, of, prefixed, reversed, until, value, with,
    without,
};

async fn put(db: &Db<'_>, key: &str, fields: &[(&str, &str)]) {
    db.put(key, with(value("v"), fields)).await;
}

pub async fn a_local_index_orders_a_partition_by_another_attribute(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    for (key, created) in [("a", "2020c"), ("b", "2020a"), ("c", "2019"), ("d", "2020\0"), ("e", "é")] {
        put(&db, key, &[("created", created)]).await;
    }
    put(&db.in_partition("q"), "f", &[("created", "2020b")]).await;
    assert_eq!(db.keys(of(by_created())).await, ["c", "d", "b", "a", "e"]);
    assert_eq!(db.keys(reversed(of(by_created()))).await, ["e", "a", "b", "d", "c"]);
    assert_eq!(db.keys(prefixed("2020", of(by_created()))).await, ["d", "b", "a"]);
    assert_eq!(db.keys(limited(2, prefixed("20", of(by_created())))).await, ["c", "d", "b", "a"]);
    assert_eq!(db.keys(prefixed("a", of(by_created()))).await, [""; 0], "the key is no matter");
}

pub async fn a_global_index_lists_records_of_all_partitions(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    let (u, w) = (db.in_partition("u"), db.in_partition("w"));
    put(&db, "a", &[("pk1", &u.partition), ("sk1", "3")]).await;
    put(&db, "b", &[("pk1", &w.partition), ("sk1", "2")]).await;
    put(&db.in_partition("q"), "c", &[("pk1", &u.partition), ("sk1", "1")]).await;
    put(&u, "d", &[("pk1", &u.partition), ("sk1", "2")]).await;
    put(&u, "e", &[]).await;
    assert_eq!(u.keys(of(by_pk1())).await, ["c", "d", "a"]);
    assert_eq!(u.keys(reversed(of(by_pk1()))).await, ["a", "d", "c"]);
    assert_eq!(u.keys(limited(1, of(by_pk1()))).await, ["c", "d", "a"]);
    assert_eq!(w.keys(of(by_pk1())).await, ["b"]);
    assert_eq!(w.keys(prefixed("3", of(by_pk1()))).await, [""; 0]);
    assert_eq!(u.keys(prefixed("3", of(by_pk1()))).await, ["a"]);
    assert_eq!(db.keys(of(by_pk1())).await, [""; 0], "none is of a group of that name");
    assert_eq!(u.keys(all()).await, ["d", "e"], "a partition is no group");
}

pub async fn an_index_lists_records_whole(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    let fields = [("created", "1"), ("pk1", &*db.partition), ("sk1", "1"), ("more", "")];
    db.put("k", with(value(""), &fields)).await;
    let expected = [having(db.record("k", 1, Some("")), &fields)];
    assert_eq!(db.list(of(by_created())).await, expected);
    assert_eq!(db.list(of(by_pk1())).await, expected);
}

pub async fn records_without_the_attribute_are_not_in_an_index(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    put(&db, "a", &[]).await;
    put(&db, "b", &[("created", "1")]).await;
    put(&db, "c", &[("pk1", &db.partition)]).await;
    put(&db, "d", &[("sk1", "1")]).await;
    put(&db, "e", &[("pk1", &db.partition), ("sk1", "1")]).await;
    assert_eq!(db.keys(of(by_created())).await, ["b"]);
    assert_eq!(db.keys(of(by_pk1())).await, ["e"]);
    assert_eq!(db.keys(all()).await, ["a", "b", "c", "d", "e"]);
}

pub async fn a_record_moves_in_an_index_when_the_attribute_changes(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    let other = db.in_partition("u");
    put(&db, "a", &[("created", "1"), ("pk1", &db.partition), ("sk1", "1")]).await;
    put(&db, "b", &[("created", "2"), ("pk1", &db.partition), ("sk1", "2")]).await;
    put(&db, "a", &[("created", "3"), ("sk1", "3")]).await;
    assert_eq!(db.keys(of(by_created())).await, ["b", "a"]);
    assert_eq!(db.keys(of(by_pk1())).await, ["b", "a"]);
    put(&db, "b", &[("pk1", &other.partition)]).await;
    assert_eq!(db.keys(of(by_pk1())).await, ["a"]);
    assert_eq!(other.keys(of(by_pk1())).await, ["b"]);
    assert_eq!(db.list(of(by_created())).await[0].version, 2);
}

pub async fn a_record_leaves_an_index_with_its_attribute(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    for key in ["a", "b", "c", "d"] {
        put(&db, key, &[("created", key), ("pk1", &db.partition), ("sk1", key)]).await;
    }
    db.put("a", without(nothing(), &["created", "sk1"])).await;
    db.delete("b").await;
    db.remove("c", 1).await.expect("it has this version");
    assert_eq!(db.keys(of(by_created())).await, ["d"]);
    assert_eq!(db.keys(of(by_pk1())).await, ["d"]);
    put(&db, "a", &[("created", "e"), ("sk1", "e")]).await;
    assert_eq!(db.keys(of(by_created())).await, ["d", "a"]);
    assert_eq!(db.keys(of(by_pk1())).await, ["d", "a"]);
}

pub async fn a_write_that_is_refused_moves_nothing_in_an_index(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    put(&db, "a", &[("created", "1")]).await;
    let change = || with(nothing(), &[("created", "2")]);
    db.create("a", change()).await.expect_err("it is there");
    db.replace("a", 9, change()).await.expect_err("it has another version");
    db.remove("a", 9).await.expect_err("it has another version");
    assert_eq!(db.keys(prefixed("1", of(by_created()))).await, ["a"]);
    assert_eq!(db.keys(prefixed("2", of(by_created()))).await, [""; 0]);
}

pub async fn an_expired_record_is_in_no_index(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    let fields = |n: &str| [("created".to_owned(), n.to_owned()), ("sk1".to_owned(), n.to_owned())];
    for n in 0..12 {
        let n = format!("{n:02}");
        let [created, sk] = fields(&n);
        let given = [(&*created.0, &*created.1), (&*sk.0, &*sk.1), ("pk1", &*db.partition)];
        let change = with(value("v"), &given);
        let change = if n.ends_with(['3', '7']) { change } else { until(db.second(2), change) };
        db.put(&n, change).await;
    }
    let later = db.after(10_000);
    for index in [by_created(), by_pk1()] {
        assert_eq!(db.keys(limited(5, of(index.clone()))).await.len(), 12);
        assert_eq!(later.page(limited(2, of(index.clone()))).await.records.len(), 2);
        assert_eq!(later.keys(limited(2, of(index.clone()))).await, ["03", "07"]);
        assert_eq!(later.keys(reversed(of(index.clone()))).await, ["07", "03"]);
    }
    later.put("00", nothing()).await;
    assert_eq!(later.keys(of(by_created())).await, ["03", "07"], "nothing is left of its fields");
}

pub async fn records_of_one_index_key_are_all_listed_once(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    let keys: Vec<_> = (0..17).map(|n| format!("{n:02}")).collect();
    for key in &keys {
        put(&db, key, &[("created", "same"), ("pk1", &db.partition), ("sk1", "same")]).await;
    }
    for index in [by_created(), by_pk1()] {
        for limit in [1, 4, 17] {
            let mut found = db.keys(limited(limit, of(index.clone()))).await;
            found.sort();
            assert_eq!(found, keys);
            let mut found = db.keys(limited(limit, reversed(of(index.clone())))).await;
            found.sort();
            assert_eq!(found, keys);
        }
    }
}

pub async fn a_page_of_an_index_begins_after_a_record_that_was_deleted_or_moved(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    for key in ["a", "b", "c", "d", "e", "f"] {
        put(&db, key, &[("created", key), ("pk1", &db.partition), ("sk1", key)]).await;
    }
    let local = db.page(limited(2, of(by_created()))).await;
    let global = db.page(limited(3, of(by_pk1()))).await;
    db.delete("b").await;
    put(&db, "c", &[("created", "z"), ("sk1", "0")]).await;
    let next = redkv_records::Listing { after: local.next, ..limited(2, of(by_created())) };
    assert_eq!(db.keys(next).await, ["d", "e", "f", "c"]);
    let next = redkv_records::Listing { after: global.next, ..limited(3, of(by_pk1())) };
    assert_eq!(db.keys(next).await, ["d", "e", "f"]);
}

pub async fn a_list_without_a_limit_goes_through_an_index(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    for n in 0..30 {
        let n = format!("{n:02}");
        put(&db, &n, &[("created", &n), ("pk1", &db.partition), ("sk1", &n)]).await;
    }
    assert_eq!(db.keys(of(by_created())).await.len(), 30);
    assert_eq!(db.keys(of(by_pk1())).await.len(), 30);
}

async fn refusal(db: &Db<'_>, index: Index) -> (ErrorKind, Option<String>) {
    let error = db.failure("", Action::List(of(Some(index)))).await;
    (error.kind(), error.field().map(str::to_owned))
}

pub async fn an_index_that_is_not_there_or_has_other_attributes_is_refused(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    let local = |name: &str, sort_key: &str| {
        Index::Local(LocalIndex { name: name.into(), sort_key: sort_key.into() })
    };
    let global = |name: &str, hash_key: &str, sort_key: &str| {
        Index::Global(GlobalIndex { name: name.into(), hash_key: hash_key.into(), sort_key: sort_key.into() })
    };
    let refused = |field: &str| (ErrorKind::Argument, Some(field.to_owned()));
    for index in [local("missing", "created"), local("idx_created", "sk1"), local("idx_pk1", "sk1")] {
        assert_eq!(refusal(&db, index).await, refused("localIndex"));
    }
    for index in [
        global("missing", "pk1", "sk1"),
        global("idx_pk1", "pk1", "created"),
        global("idx_pk1", "created", "sk1"),
        global("idx_created", "id", "created"),
    ] {
        assert_eq!(refusal(&db, index).await, refused("globalIndex"));
    }
}

pub async fn an_index_of_the_same_name_with_other_attributes_is_not_made(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    put(&db, "a", &[("created", "1"), ("other", "2")]).await;
    let other = LocalIndex { name: "idx_created".into(), sort_key: "other".into() };
    let shape = TableShape { local: vec![other], ..TableShape::default() };
    let error = db.backend.create_table(&shape).await.expect_err("the index has other attributes");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("localIndex")), "{error}");
    assert_eq!(db.keys(of(by_created())).await, ["a"]);
}

pub async fn an_index_key_that_is_empty_or_too_long_is_refused(db: &dyn Records) {
    let db = Db::with_indexes(db).await;
    put(&db, "k", &[("created", "1")]).await;
    let long = "x".repeat(1_025);
    let longer = "x".repeat(2_049);
    for (name, value) in [("created", ""), ("created", &*long), ("pk1", ""), ("pk1", &*longer), ("sk1", "")] {
        let error = db.failure("k", Action::Put(with(nothing(), &[(name, value)]))).await;
        assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("fields")), "{name}: {error}");
    }
    let expected = having(db.record("k", 1, Some("v")), &[("created", "1")]);
    assert_eq!(db.get("k").await, Some(expected));
    assert_eq!(db.keys(of(by_created())).await, ["k"]);
}
