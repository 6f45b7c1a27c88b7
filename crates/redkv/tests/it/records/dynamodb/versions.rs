//! Versions of items that other programs wrote.

use redkv::error::ErrorKind;
use redkv::records::{Action, Answer, Change, Listing, Position, Record, Records, Refused, TableShape};
use redkv_records::record::LARGEST_VERSION;
use serde_json::{Value as Json, json};

use super::table::{EXISTS, GET, Table, attempt, run, value};

on_both! {
    an_item_without_a_version_is_a_record_of_version_0
    what_has_version_0_is_changed_and_removed_as_that
    where_nothing_is_there_is_nothing_of_version_0
    a_version_that_is_none_refuses_each_write_but_a_delete
    no_version_grows_beyond_the_largest
    what_expired_with_a_version_that_is_none_is_replaced
    what_expired_without_a_version_is_replaced
    a_page_ends_before_what_cannot_be_read
}

async fn table(server: &str) -> (Table, impl Records) {
    let table = Table::create(server, &TableShape::default()).await;
    let db = table.backend(json!({}));
    (table, db)
}

async fn get(db: &dyn Records, key: &str) -> Option<Record> {
    match run(db, key, GET).await {
        Answer::Record(record) => record,
        other => unreachable!("no record: {other:?}"),
    }
}

fn written(answer: Answer) -> Record {
    match answer {
        Answer::Written(record) => record,
        other => unreachable!("not written: {other:?}"),
    }
}

fn why(answer: Answer) -> (Refused, Option<u64>) {
    match answer {
        Answer::Refused(refusal) => (refusal.why, refusal.found.map(|found| found.version)),
        other => unreachable!("not refused: {other:?}"),
    }
}

fn replace(version: u64) -> Action {
    Action::Replace { change: value("new"), version }
}

/// What is at version 0: without the attribute, or with it.
fn at_0() -> [Json; 2] {
    [json!({ "payload": { "S": "v" } }), json!({ "payload": { "S": "v" }, "version": { "N": "0" } })]
}

/// Versions that are none.
fn no_versions() -> [Json; 4] {
    ["-1", "-9007199254740993", "9007199254740992"]
        .map(|digits| json!({ "N": digits }))
        .into_iter()
        .chain([json!({ "S": "1" })])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

async fn an_item_without_a_version_is_a_record_of_version_0(server: &str) {
    let (table, db) = table(server).await;
    for item in at_0() {
        table.put("k", item).await;
        let record = get(&db, "k").await.unwrap();
        assert_eq!((record.version, record.value.as_deref()), (0, Some("v")));
        let Answer::Page(page) = run(&db, "", Action::List(Listing::default())).await else {
            unreachable!("a page")
        };
        assert_eq!(page.records, [record]);
        assert_eq!(why(run(&db, "k", Action::Create(value("new"))).await), (Refused::Exists, Some(0)));
        let put = written(run(&db, "k", Action::Put(Change::default())).await);
        assert_eq!((put.version, put.value.as_deref()), (1, Some("v")));
    }
}

async fn what_has_version_0_is_changed_and_removed_as_that(server: &str) {
    let (table, db) = table(server).await;
    for item in at_0() {
        table.put("k", item.clone()).await;
        assert_eq!(why(run(&db, "k", replace(1)).await), (Refused::Modified, Some(0)));
        assert_eq!(written(run(&db, "k", replace(0)).await).version, 1);
        assert_eq!(why(run(&db, "k", replace(0)).await), (Refused::Modified, Some(1)));
        assert_eq!(why(run(&db, "k", Action::Remove { version: 0 }).await), (Refused::Modified, Some(1)));
        table.put("k", item).await;
        assert_eq!(run(&db, "k", Action::Remove { version: 0 }).await, Answer::Done);
        assert_eq!(get(&db, "k").await, None);
    }
}

async fn where_nothing_is_there_is_nothing_of_version_0(server: &str) {
    let (table, db) = table(server).await;
    assert_eq!(why(run(&db, "k", replace(0)).await), (Refused::Modified, None));
    assert_eq!(why(run(&db, "k", Action::Remove { version: 0 }).await), (Refused::NotFound, None));
    table.put("k", json!({ "expires": { "N": "5" } })).await;
    assert_eq!(why(run(&db, "k", replace(0)).await), (Refused::Modified, None));
    assert_eq!(why(run(&db, "k", Action::Remove { version: 0 }).await), (Refused::NotFound, None));
}

async fn a_version_that_is_none_refuses_each_write_but_a_delete(server: &str) {
    let (table, db) = table(server).await;
    for version in no_versions() {
        let item = json!({ "version": version, "payload": { "S": "v" } });
        table.put("wrong", item).await;
        let before = table.item("wrong").await;
        let (put, create) = (Action::Put(value("new")), Action::Create(value("new")));
        for action in [GET, put, create, replace(1), Action::Remove { version: 1 }] {
            let error = attempt(&db, "wrong", action).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Value, "{error}");
            assert!(error.message().contains("'wrong'"), "{error}");
            assert!(!error.may_have_applied());
        }
        let error = attempt(&db, "", Action::List(Listing::default())).await.unwrap_err();
        assert!(error.message().contains("'wrong'"), "{error}");
        assert_eq!(run(&db, "wrong", EXISTS).await, Answer::Is(true));
        assert_eq!(table.item("wrong").await, before);
    }
    assert_eq!(run(&db, "wrong", Action::Delete).await, Answer::Done);
    assert_eq!(get(&db, "wrong").await, None);
}

async fn no_version_grows_beyond_the_largest(server: &str) {
    let (table, db) = table(server).await;
    table.put("k", json!({ "version": { "N": LARGEST_VERSION.to_string() } })).await;
    assert_eq!(get(&db, "k").await.unwrap().version, LARGEST_VERSION);
    for action in [Action::Put(value("new")), replace(LARGEST_VERSION)] {
        let error = attempt(&db, "k", action).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Value, false), "{error}");
        assert!(error.message().ends_with("its version cannot grow"), "{error}");
    }
    assert_eq!(get(&db, "k").await.unwrap().value, None);
    assert_eq!(run(&db, "k", Action::Remove { version: LARGEST_VERSION }).await, Answer::Done);
    table.put("k", json!({ "version": { "N": (LARGEST_VERSION - 1).to_string() } })).await;
    assert_eq!(why(run(&db, "k", replace(LARGEST_VERSION)).await).0, Refused::Modified);
    assert_eq!(written(run(&db, "k", Action::Put(value("v"))).await).version, LARGEST_VERSION);
}

async fn what_expired_with_a_version_that_is_none_is_replaced(server: &str) {
    let (table, db) = table(server).await;
    for version in no_versions().into_iter().chain([json!({ "N": "1.5" })]) {
        for action in [Action::Put(value("new")), Action::Create(value("new"))] {
            let item = json!({ "version": version, "expires": { "N": "5" }, "old": { "S": "v" } });
            table.put("k", item).await;
            assert_eq!(get(&db, "k").await, None);
            assert_eq!(why(run(&db, "k", replace(1)).await), (Refused::Modified, None));
            let record = written(run(&db, "k", action).await);
            assert_eq!((record.version, record.fields.len(), record.expires), (1, 0, None));
            assert_eq!(get(&db, "k").await, Some(record));
        }
    }
}

async fn what_expired_without_a_version_is_replaced(server: &str) {
    let (table, db) = table(server).await;
    for action in [Action::Put(value("new")), Action::Create(value("new"))] {
        table.put("k", json!({ "expires": { "N": "5" }, "old": { "S": "v" } })).await;
        let record = written(run(&db, "k", action).await);
        assert_eq!((record.version, record.fields.len()), (1, 0));
        assert_eq!(get(&db, "k").await, Some(record));
    }
}

/// The keys of a page, and where it ends.
async fn page(db: &dyn Records, listing: Listing) -> (Vec<String>, Option<Position>) {
    match run(db, "", Action::List(listing)).await {
        Answer::Page(page) => {
            let keys = page.records.iter().map(|record| record.place.key.to_string());
            (keys.collect(), page.next)
        }
        other => unreachable!("no page: {other:?}"),
    }
}

async fn a_page_ends_before_what_cannot_be_read(server: &str) {
    let (table, db) = table(server).await;
    for key in ["a", "b", "d"] {
        run(&db, key, Action::Put(value("v"))).await;
    }
    // What has expired is absent, and ends nothing.
    table.put("a2", json!({ "version": { "S": "x" }, "expires": { "N": "5" } })).await;
    table.put("c", json!({ "version": { "S": "x" } })).await;
    for limit in [None, Some(1), Some(2), Some(3)] {
        let (mut keys, mut after) = (Vec::new(), None);
        let error = loop {
            let listing = Listing { limit, after: after.clone(), ..Listing::default() };
            if let Err(error) = attempt(&db, "", Action::List(listing.clone())).await {
                break error;
            }
            let (more, next) = page(&db, listing).await;
            keys.extend(more);
            after = Some(next.unwrap());
        };
        assert_eq!(keys, ["a", "b"], "{limit:?}");
        assert!(error.message().contains("'c'"), "{error}");
    }
    let reverse = Listing { reverse: true, ..Listing::default() };
    assert_eq!(page(&db, reverse).await.0, ["d"]);
    let beyond =
        Listing { after: Some(Position::of([("id", "agent"), ("name", "c")])), ..Listing::default() };
    assert_eq!(page(&db, beyond).await.0, ["d"]);
    run(&db, "c", Action::Delete).await;
    assert_eq!(page(&db, Listing::default()).await.0, ["a", "b", "d"]);
}
