//! Ten thousand records.
#![expect(missing_docs, reason = "the name of a case is its documentation")]
#![expect(clippy::expect_used, reason = "a failed step ends its test")]

use futures_util::future::join_all;
use redkv_records::{Action, Index, Records};

use super::subject::{Db, by_created, by_pk1, limited, of, reversed, run_all, value, with};

const RECORDS: usize = 10_000;
const PAGE: u32 = 100;

/// How many are written at a time.
const TOGETHER: usize = 500;

pub async fn ten_thousand_records_are_listed_in_pages_of_a_hundred_both_ways_and_by_both_kinds_of_index(
    db: &dyn Records,
) {
    let db = Db::with_indexes(db).await;
    write_all(&db).await;
    let keys: Vec<_> = (0..RECORDS).map(key).collect();
    for index in [None, by_created(), by_pk1()] {
        // By the table in the order of the keys, by an index in the opposite one.
        let mut expected = keys.clone();
        if index.is_some() {
            expected.reverse();
        }
        assert!(listed(&db, index.clone(), false).await == expected, "forward by {index:?}");
        expected.reverse();
        assert!(listed(&db, index.clone(), true).await == expected, "in reverse by {index:?}");
    }
}

fn key(n: usize) -> String {
    format!("k{n:05}")
}

async fn write_all(db: &Db<'_>) {
    let commands: Vec<_> = (0..RECORDS)
        .map(|n| {
            let opposite = key(RECORDS - n);
            let fields = [("created", &*opposite), ("pk1", &*db.partition), ("sk1", &*opposite)];
            db.command(&key(n), Action::Put(with(value("v"), &fields)))
        })
        .collect();
    for together in commands.chunks(TOGETHER) {
        let written = together.chunks(20).map(|commands| run_all(db.backend, commands));
        for answers in join_all(written).await {
            answers.into_iter().for_each(|answer| drop(answer.expect("it is written")));
        }
    }
}

async fn listed(db: &Db<'_>, index: Option<Index>, reverse: bool) -> Vec<String> {
    let listing = limited(PAGE, of(index));
    let pages = db.pages(if reverse { reversed(listing) } else { listing }).await;
    let full = pages.iter().filter(|page| page.len() == PAGE as usize).count();
    assert_eq!(full, RECORDS / PAGE as usize);
    pages.concat().iter().map(|record| record.place.key.to_string()).collect()
}
