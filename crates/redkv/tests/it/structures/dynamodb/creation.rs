//! The table of the format.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ProjectionType, ScalarAttributeType,
};
use redkv::error::ErrorKind;
use redkv::structures::{Action, Answer, Structures};
use serde_json::json;

use super::calls::{attempt, run};
use super::table::{EMULATOR, Table};

#[tokio::test]
async fn a_table_is_made_in_the_format_and_once() {
    let table = Table::named(EMULATOR);
    let db = table.backend(json!({}));
    db.create_table().await.unwrap();
    db.create_table().await.unwrap();
    let made = table.client().describe_table().table_name(&table.name).send().await.unwrap().table.unwrap();
    let keys = |keys: &[KeySchemaElement]| {
        keys.iter().map(|key| (key.attribute_name.clone(), key.key_type.clone())).collect::<Vec<_>>()
    };
    let expected = |range: &str| vec![("hk".to_owned(), KeyType::Hash), (range.to_owned(), KeyType::Range)];
    assert_eq!(keys(made.key_schema()), expected("rk"));
    let [index] = made.local_secondary_indexes() else { unreachable!("one index") };
    assert_eq!(index.index_name(), Some("rk2"));
    assert_eq!(keys(index.key_schema()), expected("rk2"));
    assert_eq!(index.projection().unwrap().projection_type(), Some(&ProjectionType::All));
    let is_binary = |attribute: &AttributeDefinition| attribute.attribute_type == ScalarAttributeType::B;
    assert!(made.attribute_definitions().iter().all(is_binary));
    assert_eq!(made.billing_mode_summary().unwrap().billing_mode(), Some(&BillingMode::PayPerRequest));
}

#[tokio::test]
async fn a_missing_table_is_named_and_found_once_it_is_there() {
    let table = Table::named(EMULATOR);
    let db = table.backend(json!({}));
    let error = db.init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.message().contains(&table.name), "{error}");
    assert!(!attempt(&db, "k", Action::Get).await.unwrap_err().may_have_applied());
    db.create_table().await.unwrap();
    assert_eq!(run(&db, "k", Action::Get).await, Answer::Value(None));
}

#[tokio::test]
async fn a_table_of_another_format_is_refused() {
    let table = Table::named(EMULATOR);
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("id");
    let attribute = attribute.attribute_type(ScalarAttributeType::S).build().unwrap();
    let request = table.client().create_table().table_name(&table.name).key_schema(key);
    let request = request.attribute_definitions(attribute).billing_mode(BillingMode::PayPerRequest);
    request.send().await.unwrap();
    let db = table.backend(json!({}));
    assert_eq!(db.init().await.unwrap_err().field(), Some("tableName"));
    assert_eq!(db.create_table().await.unwrap_err().field(), Some("tableName"));
}
