//! What is listed, and in which order.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use redkv_records::{Action, Answer, Listing, Records};

use super::subject::{Db, all, having, limited, nothing, prefixed, reversed, value, with};

async fn put_all(db: &Db<'_>, keys: &[&str]) {
    for key in keys {
        db.put(key, value("v")).await;
    }
}

fn backwards<'a>(keys: &[&'a str]) -> Vec<&'a str> {
    keys.iter().rev().copied().collect()
}

pub async fn an_empty_partition_has_an_empty_page(db: &dyn Records) {
    let db = Db::new(db);
    db.in_partition("q").put("k", value("v")).await;
    for listing in [all(), limited(1, all()), reversed(all()), prefixed("a", all())] {
        let page = db.page(listing).await;
        assert_eq!((page.records, page.next), (vec![], None));
    }
}

pub async fn records_are_listed_whole(db: &dyn Records) {
    let db = Db::new(db);
    db.put("a", with(value("v"), &[("f", "1"), ("g", "")])).await;
    db.put("b", nothing()).await;
    db.put("b", value("")).await;
    let a = having(db.record("a", 1, Some("v")), &[("f", "1"), ("g", "")]);
    assert_eq!(db.list(all()).await, [a, db.record("b", 2, Some(""))]);
}

pub async fn records_are_listed_in_the_order_of_the_bytes_of_their_keys(db: &dyn Records) {
    let db = Db::new(db);
    let keys = [
        "\0",
        " ",
        "0",
        "10",
        "9",
        "B",
        "a",
        "a\0",
        "a/1",
        "a/10",
        "a/2",
        "aa",
        "b",
        "é",
        "\u{ffff}",
        "\u{10000}",
    ];
    put_all(&db, &backwards(&keys)).await;
    assert_eq!(db.keys(all()).await, keys);
    assert_eq!(db.keys(reversed(all())).await, backwards(&keys));
}

pub async fn a_prefix_takes_what_begins_with_it(db: &dyn Records) {
    let db = Db::new(db);
    put_all(&db, &["a", "a/1", "a/2", "a0", "b", "A/3", "a%", "a_", "a\u{10ffff}", "é1", "é"]).await;
    assert_eq!(db.keys(prefixed("a/", all())).await, ["a/1", "a/2"]);
    assert_eq!(db.keys(prefixed("a", all())).await, ["a", "a%", "a/1", "a/2", "a0", "a_", "a\u{10ffff}"]);
    assert_eq!(db.keys(reversed(prefixed("a/", all()))).await, ["a/2", "a/1"]);
    assert_eq!(db.keys(prefixed("a%", all())).await, ["a%"]);
    assert_eq!(db.keys(prefixed("a_", all())).await, ["a_"]);
    assert_eq!(db.keys(prefixed("é", all())).await, ["é", "é1"]);
    assert_eq!(db.keys(prefixed("a/1", all())).await, ["a/1"]);
    assert_eq!(db.keys(prefixed("a/11", all())).await, [""; 0]);
    assert_eq!(db.keys(prefixed("\u{10ffff}", all())).await, [""; 0]);
}

pub async fn a_prefix_at_the_end_of_all_characters_has_an_end(db: &dyn Records) {
    let db = Db::new(db);
    put_all(
        &db,
        &["\u{10ffff}", "\u{10ffff}\u{10ffff}", "\u{10ffff}a", "\u{d7ff}", "\u{e000}", "z\u{7f}", "z\u{80}"],
    )
    .await;
    let last = ["\u{10ffff}", "\u{10ffff}a", "\u{10ffff}\u{10ffff}"];
    assert_eq!(db.keys(prefixed("\u{10ffff}", all())).await, last);
    assert_eq!(db.keys(prefixed("\u{d7ff}", all())).await, ["\u{d7ff}"]);
    assert_eq!(db.keys(prefixed("z\u{7f}", all())).await, ["z\u{7f}"]);
}

pub async fn a_list_has_what_is_there_now(db: &dyn Records) {
    let db = Db::new(db);
    put_all(&db, &["a", "b", "c"]).await;
    db.delete("b").await;
    db.put("d", value("v")).await;
    db.put("a", value("w")).await;
    let v = |key, version, text| db.record(key, version, Some(text));
    assert_eq!(db.list(all()).await, [v("a", 2, "w"), v("c", 1, "v"), v("d", 1, "v")]);
}

pub async fn partitions_whose_names_begin_alike_are_apart(db: &dyn Records) {
    let db = Db::new(db);
    for name in ["a", "aa", "a\0", "", "A"] {
        db.in_partition(name).put(&format!("of {name}"), value("v")).await;
    }
    for name in ["a", "aa", "a\0", "", "A"] {
        assert_eq!(db.in_partition(name).keys(all()).await, [format!("of {name}")]);
    }
}

pub async fn lists_that_may_be_old_have_what_was_there(db: &dyn Records) {
    let db = Db::new(db);
    put_all(&db, &["a", "b"]).await;
    assert_eq!(db.keys(Listing { may_be_old: true, ..all() }).await, ["a", "b"]);
}

pub async fn a_list_changes_nothing(db: &dyn Records) {
    let db = Db::new(db);
    put_all(&db, &["a"]).await;
    db.list(all()).await;
    let page = db.run("", Action::List(all())).await;
    assert!(matches!(page, Answer::Page(_)));
    assert_eq!(db.get("a").await, Some(db.record("a", 1, Some("v"))));
}
