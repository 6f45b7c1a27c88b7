//! The table of the format.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ProvisionedThroughput, ScalarAttributeType, TimeToLiveSpecification,
};
use redkv::error::ErrorKind;
use redkv::records::{Action, Answer, GlobalIndex, Index, Listing, LocalIndex, Records, TableShape};
use serde_json::json;

use super::table::{GET, LOCAL, Table, attempt, run};

on_both! {
    a_table_is_made_with_its_indexes_and_once
    what_has_expired_is_deleted_by_the_service
    a_global_index_is_added_to_a_table
    a_local_index_is_only_made_with_its_table
    a_table_that_deletes_by_another_attribute_is_refused
    a_missing_table_is_named_and_found_once_it_is_there
    a_table_of_another_format_is_refused
    an_index_that_was_made_meanwhile_is_found
    an_index_without_all_attributes_is_refused
}

fn local() -> LocalIndex {
    LocalIndex { name: "idx_created".into(), sort_key: "created".into() }
}

fn global(name: &str) -> GlobalIndex {
    GlobalIndex { name: name.into(), hash_key: "pk1".into(), sort_key: "sk1".into() }
}

fn shape(local: &[LocalIndex], global: &[GlobalIndex]) -> TableShape {
    TableShape { local: local.to_vec(), global: global.to_vec(), ttl: false }
}

fn keys(keys: &[KeySchemaElement]) -> Vec<(&str, &KeyType)> {
    keys.iter().map(|key| (&*key.attribute_name, &key.key_type)).collect()
}

async fn a_table_is_made_with_its_indexes_and_once(server: &str) {
    let table = Table::named(server);
    let db = table.backend(json!({}));
    let shape = shape(&[local()], &[global("idx_pk1")]);
    db.create_table(&shape).await.unwrap();
    db.create_table(&shape).await.unwrap();
    db.create_table(&TableShape::default()).await.unwrap();
    let made = table.client().describe_table().table_name(&table.name).send().await.unwrap().table.unwrap();
    let expected = |hash, range| vec![(hash, &KeyType::Hash), (range, &KeyType::Range)];
    assert_eq!(keys(made.key_schema()), expected("id", "name"));
    let [local] = made.local_secondary_indexes() else { unreachable!("one local index") };
    assert_eq!(
        (local.index_name(), keys(local.key_schema())),
        (Some("idx_created"), expected("id", "created"))
    );
    let [global] = made.global_secondary_indexes() else { unreachable!("one global index") };
    assert_eq!((global.index_name(), keys(global.key_schema())), (Some("idx_pk1"), expected("pk1", "sk1")));
    for projection in [local.projection(), global.projection()] {
        assert_eq!(projection.unwrap().projection_type(), Some(&ProjectionType::All));
    }
    let is_text = |attribute: &AttributeDefinition| attribute.attribute_type == ScalarAttributeType::S;
    assert!(made.attribute_definitions().iter().all(is_text));
    assert_eq!(made.billing_mode_summary().unwrap().billing_mode(), Some(&BillingMode::PayPerRequest));
}

async fn what_has_expired_is_deleted_by_the_service(server: &str) {
    let table = Table::create(server, &TableShape::default()).await;
    let db = table.backend(json!({}));
    let shape = TableShape { ttl: true, ..TableShape::default() };
    db.create_table(&shape).await.unwrap();
    db.create_table(&shape).await.unwrap();
    let described = table.client().describe_time_to_live().table_name(&table.name).send().await.unwrap();
    let described = described.time_to_live_description.unwrap();
    assert_eq!(described.attribute_name(), Some("expires"));
}

async fn a_global_index_is_added_to_a_table(server: &str) {
    let table = Table::create(server, &shape(&[local()], &[global("one")])).await;
    let item = json!({
        "version": { "N": "1" }, "pk1": { "S": "agent" }, "sk1": { "S": "s" }, "payload": { "S": "v" },
    });
    table.put("k", item).await;
    let db = table.backend(json!({}));
    db.init().await.unwrap();
    let two = GlobalIndex { hash_key: "other".into(), ..global("two") };
    db.create_table(&shape(&[], &[global("one"), two, global("three")])).await.unwrap();
    let listing = Listing { index: Some(Index::Global(global("three"))), ..Listing::default() };
    let Answer::Page(page) = run(&db, "", Action::List(listing)).await else { unreachable!("a page") };
    assert_eq!(page.records.len(), 1);
    let other = GlobalIndex { sort_key: "another".into(), ..global("one") };
    let error = db.create_table(&shape(&[], &[other])).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("globalIndex")));
}

async fn a_local_index_is_only_made_with_its_table(server: &str) {
    let table = Table::create(server, &TableShape::default()).await;
    let error = table.backend(json!({})).create_table(&shape(&[local()], &[])).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("localIndex")));
    assert!(error.message().contains("idx_created"), "{error}");
}

async fn a_table_that_deletes_by_another_attribute_is_refused(server: &str) {
    let table = Table::create(server, &TableShape::default()).await;
    let other = TimeToLiveSpecification::builder().enabled(true).attribute_name("ttl").build().unwrap();
    let request = table.client().update_time_to_live().table_name(&table.name);
    request.time_to_live_specification(other).send().await.unwrap();
    let shape = TableShape { ttl: true, ..TableShape::default() };
    let error = table.backend(json!({})).create_table(&shape).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("ttl")));
}

async fn a_missing_table_is_named_and_found_once_it_is_there(server: &str) {
    let table = Table::named(server);
    let db = table.backend(json!({}));
    let error = db.init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.message().contains(&table.name), "{error}");
    assert!(error.message().contains("createTable()"), "{error}");
    assert!(!attempt(&db, "k", GET).await.unwrap_err().may_have_applied());
    db.create_table(&TableShape::default()).await.unwrap();
    assert_eq!(run(&db, "k", GET).await, Answer::Record(None));
}

async fn a_table_of_another_format_is_refused(server: &str) {
    for (range, kind) in [("name", ScalarAttributeType::B), ("key", ScalarAttributeType::S)] {
        let table = Table::named(server);
        let key = |name: &str, role| {
            KeySchemaElement::builder().attribute_name(name).key_type(role).build().unwrap()
        };
        let attribute = |name: &str, kind| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
        };
        let request = table.client().create_table().table_name(&table.name);
        let request = request.key_schema(key("id", KeyType::Hash)).key_schema(key(range, KeyType::Range));
        let request = request.attribute_definitions(attribute("id", ScalarAttributeType::S));
        let request = request.attribute_definitions(attribute(range, kind));
        request.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
        let db = table.backend(json!({}));
        assert_eq!(db.init().await.unwrap_err().field(), Some("tableName"));
        let error = db.create_table(&TableShape::default()).await.unwrap_err();
        assert_eq!(error.field(), Some("tableName"));
    }
}

async fn an_index_that_was_made_meanwhile_is_found(server: &str) {
    let table = Table::create(server, &TableShape::default()).await;
    let db = table.backend(json!({}));
    db.init().await.unwrap();
    let listing = Listing { index: Some(Index::Global(global("new"))), ..Listing::default() };
    let error = attempt(&db, "", Action::List(listing.clone())).await.unwrap_err();
    assert_eq!(error.field(), Some("globalIndex"));
    table.backend(json!({})).create_table(&shape(&[], &[global("new")])).await.unwrap();
    assert!(matches!(run(&db, "", Action::List(listing)).await, Answer::Page(_)));
}

/// A table that another program made, with what it is provisioned with and an index of keys only.
async fn foreign(server: &str) -> Table {
    let table = Table::named(server);
    let key =
        |name: &str, role| KeySchemaElement::builder().attribute_name(name).key_type(role).build().unwrap();
    let text = |name: &str| {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        attribute.attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    let units = ProvisionedThroughput::builder().read_capacity_units(3).write_capacity_units(2);
    let partial = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    let partial = LocalSecondaryIndex::builder()
        .index_name("idx_created")
        .key_schema(key("id", KeyType::Hash))
        .key_schema(key("created", KeyType::Range))
        .projection(partial);
    let request = table.client().create_table().table_name(&table.name);
    let request = request.key_schema(key("id", KeyType::Hash)).key_schema(key("name", KeyType::Range));
    let request = request.set_attribute_definitions(Some(["id", "name", "created"].map(text).into()));
    let request = request.local_secondary_indexes(partial.build().unwrap());
    request.provisioned_throughput(units.build().unwrap()).send().await.unwrap();
    table
}

/// The emulator does not say what an index is provisioned with.
#[tokio::test]
async fn an_index_of_a_provisioned_table_has_what_the_table_has() {
    let table = foreign(LOCAL).await;
    table.backend(json!({})).create_table(&shape(&[], &[global("idx_pk1")])).await.unwrap();
    let made = table.client().describe_table().table_name(&table.name).send().await.unwrap().table.unwrap();
    let [index] = made.global_secondary_indexes() else { unreachable!("one global index") };
    let units = index.provisioned_throughput().unwrap();
    assert_eq!((units.read_capacity_units(), units.write_capacity_units()), (Some(3), Some(2)));
}

async fn an_index_without_all_attributes_is_refused(server: &str) {
    let table = foreign(server).await;
    let db = table.backend(json!({}));
    let listing = Listing { index: Some(Index::Local(local())), ..Listing::default() };
    for error in [
        db.create_table(&shape(&[local()], &[])).await.unwrap_err(),
        attempt(&db, "", Action::List(listing)).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("localIndex")));
        assert!(error.message().contains("idx_created"), "{error}");
    }
}
