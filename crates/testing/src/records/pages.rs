//! Lists in pages.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use redkv_records::{Listing, Position, Records};

use super::subject::{Db, all, limited, prefixed, reversed, value};

/// A partition with records from "00" on.
async fn with_records(db: &dyn Records, count: usize) -> Db<'_> {
    let db = Db::new(db);
    for n in 0..count {
        db.put(&format!("{n:02}"), value("v")).await;
    }
    db
}

fn numbers(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("{n:02}")).collect()
}

fn after(db: &Db<'_>, key: &str, listing: Listing) -> Listing {
    Listing { after: Some(Position::of([("id", &*db.partition), ("name", key)])), ..listing }
}

pub async fn pages_have_all_records_once(db: &dyn Records) {
    let db = with_records(db, 23).await;
    for limit in [1, 2, 7, 22, 23, 24, 1_000] {
        assert_eq!(db.keys(limited(limit, all())).await, numbers(0..23), "pages of {limit}");
        let reverse = limited(limit, reversed(all()));
        assert_eq!(db.keys(reverse).await, numbers((0..23).rev()), "pages of {limit}");
    }
}

pub async fn each_page_but_the_last_is_full(db: &dyn Records) {
    let db = with_records(db, 10).await;
    let lengths = |pages: Vec<Vec<_>>| pages.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(lengths(db.pages(limited(4, all())).await), [4, 4, 2]);
    assert_eq!(lengths(db.pages(limited(100, all())).await), [10]);
}

/// Whether a page that ends with the last record is the last one, is the backend's.
pub async fn a_limit_that_is_exactly_met_ends_there_or_with_an_empty_page(db: &dyn Records) {
    let db = with_records(db, 6).await;
    for listing in [limited(3, all()), limited(6, all()), limited(2, reversed(all()))] {
        let pages = db.pages(listing.clone()).await;
        let mut full = pages.len();
        if pages.last().is_some_and(Vec::is_empty) {
            full -= 1;
        }
        assert_eq!(full, 6 / listing.limit.map_or(1, |limit| limit as usize));
        assert_eq!(pages.concat().len(), 6);
    }
}

pub async fn pages_of_a_prefix_stay_within_it(db: &dyn Records) {
    let db = with_records(db, 35).await;
    assert_eq!(db.keys(limited(3, prefixed("1", all()))).await, numbers(10..20));
    assert_eq!(db.keys(limited(3, reversed(prefixed("1", all())))).await, numbers((10..20).rev()));
    assert_eq!(db.keys(limited(5, prefixed("3", all()))).await, numbers(30..35));
    assert_eq!(db.keys(after(&db, "14", limited(3, prefixed("1", all())))).await, numbers(15..20));
}

pub async fn a_page_begins_after_a_record_that_was_deleted_meanwhile(db: &dyn Records) {
    let db = with_records(db, 10).await;
    let first = db.page(limited(4, all())).await;
    db.delete("03").await;
    db.delete("04").await;
    let next = Listing { after: first.next, ..limited(4, all()) };
    assert_eq!(db.keys(next).await, numbers(5..10));
    let last = db.page(limited(4, reversed(all()))).await;
    db.delete("06").await;
    let before = Listing { after: last.next, ..limited(4, reversed(all())) };
    assert_eq!(db.keys(before).await, numbers([5, 2, 1, 0]));
}

pub async fn a_page_may_begin_after_a_record_that_never_was(db: &dyn Records) {
    let db = with_records(db, 5).await;
    assert_eq!(db.keys(after(&db, "02x", all())).await, numbers([3, 4]));
    assert_eq!(db.keys(after(&db, "02x", reversed(all()))).await, numbers([2, 1, 0]));
    assert_eq!(db.keys(after(&db, "9", all())).await, [""; 0]);
    assert_eq!(db.keys(after(&db, "\0", reversed(all()))).await, [""; 0]);
}

pub async fn what_is_written_meanwhile_is_in_the_pages_that_follow(db: &dyn Records) {
    let db = with_records(db, 6).await;
    let first = db.page(limited(3, all())).await;
    db.put("01x", value("v")).await;
    db.put("04x", value("v")).await;
    let next = Listing { after: first.next, ..limited(3, all()) };
    assert_eq!(db.keys(next).await, ["03", "04", "04x", "05"]);
}

pub async fn a_page_of_large_records_is_full(db: &dyn Records) {
    let db = Db::new(db);
    let large = "x".repeat(200 << 10);
    for n in 0..20 {
        db.put(&format!("{n:02}"), value(&large)).await;
    }
    assert_eq!(db.keys(limited(15, all())).await, numbers(0..20));
    assert_eq!(db.keys(limited(15, reversed(all()))).await, numbers((0..20).rev()));
    assert_eq!(db.keys(all()).await, numbers(0..20));
}
