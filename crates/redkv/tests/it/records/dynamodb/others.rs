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
    a_token_with_a_key_of_another_type_is_no_token
    a_prefix_of_an_index_of_numbers_is_refused
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

fn failure(answer: redkv::error::Result<Answer>) -> (ErrorKind, Option<String>) {
    let error = answer.unwrap_err();
    (error.kind(), error.field().map(str::to_owned))
}

async fn a_token_with_a_key_of_another_type_is_no_token(server: &str) {
    let index = LocalIndex { name: "by_field".into(), sort_key: "field".into() };
    let table =
        Table::create(server, &TableShape { local: vec![index.clone()], ..TableShape::default() }).await;
    let db = table.backend(json!({}));
    let index = Some(Index::Local(index));
    for wrong in [KeyValue::Number("1".into()), KeyValue::Binary("AP94".into())] {
        let mut after = Position::of([("id", PARTITION), ("name", "k")]);
        after.0.insert("field".into(), wrong);
        after.check(PARTITION, index.as_ref()).unwrap();
        let listing = Listing { index: index.clone(), after: Some(after), ..Listing::default() };
        let refused = failure(attempt(&db, "", Action::List(listing)).await);
        assert_eq!(refused, (ErrorKind::Argument, Some("after".into())));
    }
}

async fn a_prefix_of_an_index_of_numbers_is_refused(server: &str) {
    let index = LocalIndex { name: "by_version".into(), sort_key: "version".into() };
    let table =
        Table::create(server, &TableShape { local: vec![index.clone()], ..TableShape::default() }).await;
    let db = table.backend(json!({}));
    let listing = Listing { index: Some(Index::Local(index)), prefix: "1".into(), ..Listing::default() };
    let refused = failure(attempt(&db, "", Action::List(listing)).await);
    assert_eq!(refused, (ErrorKind::Argument, Some("prefix".into())));
}
