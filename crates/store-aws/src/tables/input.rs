//! What requests ask for, as JSON in the names of the service's interface. Values of expressions and of what is written are not
//! part of it.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use serde_json::{Map, Value as Json, json};

use super::Item;
use super::writes::{Deed, ItemWrite};

/// Returns the attributes of a key. Those of other types than keys have are `null`.
pub(crate) fn key(item: &Item) -> Json {
    let attribute = |value: &AttributeValue| match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(digits) => json!({ "N": digits }),
        AttributeValue::B(bytes) => json!({ "B": base64::encode(bytes) }),
        _ => Json::Null,
    };
    let mut names: Vec<_> = item.iter().collect();
    names.sort_unstable_by_key(|(name, _)| *name);
    names.into_iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<Map<_, _>>().into()
}

/// Returns what a write of one item asks for; of an item that is written whole, the attributes `keys`.
pub(crate) fn write(table: &str, keys: [&str; 2], write: &ItemWrite) -> Json {
    let mut input = Map::from_iter([("TableName".to_owned(), json!(table))]);
    let mut add = |name: &str, value: Json| input.insert(name.to_owned(), value);
    match &write.deed {
        Deed::Put => {
            add("Item", key(&write.key(keys)));
        }
        Deed::Update(expression) => {
            add("Key", key(&write.item));
            add("UpdateExpression", json!(expression));
        }
        Deed::Delete | Deed::Check => {
            add("Key", key(&write.item));
        }
    }
    if let Some(condition) = &write.condition {
        add("ConditionExpression", json!(condition));
    }
    if !write.names.is_empty() {
        add("ExpressionAttributeNames", json!(write.names));
    }
    Json::Object(input)
}
