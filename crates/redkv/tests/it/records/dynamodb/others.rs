//! What other programs put into the table.

use redkv::error::ErrorKind;
use redkv::records::{
    Action, Answer, Change, Command, Expiry, Index, Listing, LocalIndex, Place, Position, Records, Refused,
    TableShape,
};
use redkv_records::KeyValue;
use serde_json::{Value as Json, json};

use super::table::{EXISTS, GET, NOW, PARTITION, Table, attempt, run, value};

on_both! {
    reads_and_conditions_agree_on_whether_a_record_has_expired
    values_of_other_types_are_read_as_text_or_not_at_all
    a_record_without_a_version_is_named
    a_put_gives_a_version_to_what_has_none
    a_version_that_is_a_text_fails_the_write
    pages_of_an_index_of_numbers_go_on_where_they_ended
}

async fn table(server: &str) -> (Table, impl Records) {
    let table = Table::create(server, &TableShape::default()).await;
    let db = table.backend(json!({}));
    (table, db)
}

async fn list(db: &dyn Records) -> redkv::error::Result<Vec<String>> {
    let command = Command::new(Place::new(PARTITION, ""), Action::List(Listing::default()), NOW);
    match db.run(&[command]).await.remove(0)? {
        Answer::Page(page) => Ok(page.records.iter().map(|record| record.place.key.to_string()).collect()),
        other => unreachable!("no page: {other:?}"),
    }
}

/// What may be in `expires`, and whether it has expired at [`NOW`].
fn expiries() -> Vec<(Json, bool)> {
    vec![
        (json!({ "N": "1795810041" }), true),
        (json!({ "N": "1795810042" }), false),
        (json!({ "N": "1795810041.999999999999999999999" }), true),
        (json!({ "N": "1795810042.5" }), false),
        (json!({ "N": "0" }), true),
        (json!({ "N": "-0.5" }), true),
        (json!({ "N": "-99999999999999999999999999" }), true),
        (json!({ "N": "99999999999999999999999999" }), false),
        (json!({ "N": "1e100" }), false),
        (json!({ "N": "-1e100" }), true),
        (json!({ "N": "1e-100" }), true),
        (json!({ "S": "1" }), false),
        (json!({ "S": "soon" }), false),
        (json!({ "NULL": true }), false),
        (json!({ "BOOL": true }), false),
        (json!({ "B": [1] }), false),
    ]
}

/// Makes an operation on a record with this expiry, in four requests at most: none goes round in circles.
async fn on_record(table: &Table, db: &dyn Records, expires: &Json, action: Action) -> Answer {
    let item = json!({ "version": { "N": "1" }, "payload": { "S": "old" }, "expires": expires });
    table.put("k", item).await;
    let before = db.usage().requests;
    let answer = run(db, "k", action).await;
    assert!(db.usage().requests - before <= 4, "{expires}");
    answer
}

fn keeping() -> Change {
    Change { expiry: Expiry::Keep, ..Change::default() }
}

async fn reads_and_conditions_agree_on_whether_a_record_has_expired(server: &str) {
    let (table, db) = table(server).await;
    db.init().await.unwrap();
    for (expires, is_expired) in expiries() {
        let on = async |action| on_record(&table, &db, &expires, action).await;
        assert_eq!(on(EXISTS).await, Answer::Is(!is_expired), "{expires}");
        assert_eq!(on(GET).await == Answer::Record(None), is_expired, "{expires}");
        assert_eq!(list(&db).await.unwrap().is_empty(), is_expired, "{expires}");
        let Answer::Written(put) = on(Action::Put(keeping())).await else { unreachable!("{expires}") };
        assert_eq!((put.version, put.value.is_none()), (2, is_expired), "{expires}");
        let created = on(Action::Create(value("new"))).await;
        let replaced = on(Action::Replace { change: value("new"), version: 1 }).await;
        let removed = on(Action::Remove { version: 1 }).await;
        match is_expired {
            true => {
                assert!(matches!(created, Answer::Written(record) if record.version == 2), "{expires}");
                assert!(matches!(replaced, Answer::Refused(refusal) if refusal.found.is_none()), "{expires}");
                assert!(
                    matches!(removed, Answer::Refused(refusal) if refusal.why == Refused::NotFound),
                    "{expires}"
                );
            }
            false => {
                assert!(
                    matches!(created, Answer::Refused(refusal) if refusal.why == Refused::Exists),
                    "{expires}"
                );
                assert!(matches!(replaced, Answer::Written(record) if record.version == 2), "{expires}");
                assert_eq!(removed, Answer::Done, "{expires}");
            }
        }
    }
}

async fn values_of_other_types_are_read_as_text_or_not_at_all(server: &str) {
    let (table, db) = table(server).await;
    for (payload, expected) in [
        (json!({ "N": "1.5" }), Some("1.5")),
        (json!({ "B": [0, 255, 120] }), Some("AP94")),
        (json!({ "BOOL": true }), None),
    ] {
        let item = json!({
            "version": { "N": "1" }, "payload": payload, "n": { "N": "7" }, "other": { "BOOL": true },
        });
        table.put("k", item).await;
        let Answer::Record(Some(record)) = run(&db, "k", GET).await else { unreachable!("no record") };
        assert_eq!(record.value.as_deref(), expected);
        assert_eq!(record.fields, [("n".to_owned(), "7".to_owned())].into());
    }
}

async fn a_record_without_a_version_is_named(server: &str) {
    let (table, db) = table(server).await;
    for item in [
        json!({ "payload": { "S": "v" } }),
        json!({ "version": { "S": "1" } }),
        json!({ "version": { "N": "0" } }),
        json!({ "version": { "N": "1.5" } }),
        json!({ "version": { "N": "9007199254740993" } }),
    ] {
        table.put("wrong", item).await;
        let replace = Action::Replace { change: value("v"), version: 1 };
        for action in [GET, Action::Create(value("v")), replace, Action::Remove { version: 1 }] {
            let error = attempt(&db, "wrong", action).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Value, "{error}");
            assert!(error.message().contains("'wrong'"), "{error}");
            assert!(!error.may_have_applied());
        }
        let error = list(&db).await.unwrap_err();
        assert!(error.message().contains("'wrong'"), "{error}");
        assert_eq!(run(&db, "wrong", EXISTS).await, Answer::Is(true));
    }
    assert_eq!(run(&db, "wrong", Action::Delete).await, Answer::Done);
    assert_eq!(run(&db, "wrong", GET).await, Answer::Record(None));
}

async fn a_put_gives_a_version_to_what_has_none(server: &str) {
    let (table, db) = table(server).await;
    table.put("k", json!({ "payload": { "S": "v" } })).await;
    let Answer::Written(record) = run(&db, "k", Action::Put(Change::default())).await else {
        unreachable!("not written")
    };
    assert_eq!((record.version, record.value.as_deref()), (1, Some("v")));
}

async fn a_version_that_is_a_text_fails_the_write(server: &str) {
    let (table, db) = table(server).await;
    table.put("k", json!({ "version": { "S": "1" } })).await;
    let error = attempt(&db, "k", Action::Put(value("v"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert!(!error.may_have_applied());
}

async fn pages_of_an_index_of_numbers_go_on_where_they_ended(server: &str) {
    let index = LocalIndex { name: "by_version".into(), sort_key: "version".into() };
    let table =
        Table::create(server, &TableShape { local: vec![index.clone()], ..TableShape::default() }).await;
    let db = table.backend(json!({}));
    let index = Index::Local(index);
    for version in 1..=12 {
        // Every third has expired, so that more comes than a page has room for.
        let expires = if version % 3 == 0 { "1" } else { "9999999999" };
        let item = json!({ "version": { "N": version.to_string() }, "expires": { "N": expires } });
        table.put(&format!("k{version}"), item).await;
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let listing = Listing { index: Some(index.clone()), limit: Some(3), after, ..Listing::default() };
        let Answer::Page(page) = run(&db, "", Action::List(listing)).await else { unreachable!("a page") };
        listed.extend(page.records.iter().map(|record| record.version));
        let Some(next) = page.next else { break };
        assert!(matches!(next.0["version"], KeyValue::Number(_)), "{next:?}");
        next.check(PARTITION, Some(&index)).unwrap();
        after = Some(Position::from_token(&next.to_token().unwrap()).unwrap());
    }
    assert_eq!(listed, [1, 2, 4, 5, 7, 8, 10, 11]);
}
