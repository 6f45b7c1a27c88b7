//! What data structures and records in tables of Amazon DynamoDB have in common.

pub(crate) mod access;
pub(crate) mod input;
pub(crate) mod meter;
pub(crate) mod reads;
pub(crate) mod writes;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// An item as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;
