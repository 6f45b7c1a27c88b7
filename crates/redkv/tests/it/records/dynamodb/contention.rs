//! Several who write the same record at the same time.

use std::sync::Arc;

use futures_util::future::{join, join_all};
use redkv::records::{Action, Answer, Expiry, Record, Records, TableShape};
use serde_json::json;

use super::table::{GET, Table, run, value};

on_both! {
    of_eight_writers_that_read_and_replace_each_step_counts
    of_two_puts_over_an_expired_record_both_count
    of_many_that_create_over_an_expired_record_one_does
}

/// Eight backends of their own, as processes have them.
fn writers(table: &Table) -> Vec<Arc<dyn Records>> {
    (0..8).map(|_| Arc::new(table.backend(json!({}))) as Arc<dyn Records>).collect()
}

async fn read(db: &dyn Records) -> Option<Record> {
    match run(db, "n", GET).await {
        Answer::Record(record) => record,
        other => unreachable!("no record: {other:?}"),
    }
}

/// Counts one on, as often as another one got in between.
async fn count(db: &dyn Records) {
    let mut found = read(db).await;
    loop {
        let counted: u64 = found.as_ref().map_or(0, |found| found.value.as_deref().unwrap().parse().unwrap());
        let change = value(&(counted + 1).to_string());
        let action = match &found {
            Some(found) => Action::Replace { change, version: found.version },
            None => Action::Create(change),
        };
        match run(db, "n", action).await {
            Answer::Written(_) => return,
            // What is there now comes with the refusal.
            Answer::Refused(refusal) => found = refusal.found,
            other => unreachable!("neither written nor refused: {other:?}"),
        }
    }
}

async fn of_eight_writers_that_read_and_replace_each_step_counts(server: &str) {
    let table = Table::create(server, &TableShape::default()).await;
    let writers = writers(&table);
    join_all(writers.iter().map(|db| async {
        for _ in 0..10 {
            count(&**db).await;
        }
    }))
    .await;
    let record = read(&*writers[0]).await.unwrap();
    assert_eq!((record.value.as_deref(), record.version), (Some("80"), 80));
}

async fn put_expired(table: &Table) {
    let old = json!({
        "version": { "N": "7" }, "expires": { "N": "1" }, "payload": { "S": "old" }, "field": { "S": "old" },
    });
    table.put("n", old).await;
}

async fn of_two_puts_over_an_expired_record_both_count(server: &str) {
    let table = Table::create(server, &TableShape::default()).await;
    let writers = writers(&table);
    for _ in 0..10 {
        put_expired(&table).await;
        let keeping = redkv::records::Change { expiry: Expiry::Keep, ..value("b") };
        let (one, two) = join(
            run(&*writers[0], "n", Action::Put(value("a"))),
            run(&*writers[1], "n", Action::Put(keeping)),
        )
        .await;
        let mut versions = [one, two].map(|answer| match answer {
            Answer::Written(record) => record.version,
            other => unreachable!("not written: {other:?}"),
        });
        versions.sort_unstable();
        assert_eq!(versions, [8, 9]);
        let record = read(&*writers[0]).await.unwrap();
        assert_eq!((record.version, record.expires, record.fields.len()), (9, None, 0));
    }
}

async fn of_many_that_create_over_an_expired_record_one_does(server: &str) {
    let table = Table::create(server, &TableShape::default()).await;
    let writers = writers(&table);
    put_expired(&table).await;
    let answers = join_all(writers.iter().map(|db| run(&**db, "n", Action::Create(value("new"))))).await;
    let made = answers.iter().filter(|answer| matches!(answer, Answer::Written(_))).count();
    assert_eq!(made, 1, "{answers:?}");
    assert_eq!(read(&*writers[0]).await.unwrap().version, 8);
}
