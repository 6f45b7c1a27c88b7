//! The PostgreSQL store against real servers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step ends its test")]

mod columns;
mod encodings;
mod hosted;
mod pooled;
pub(crate) mod site;
#[path = "support/sql/mod.rs"]
pub(crate) mod sql;

use redkv_testing::conformance::Subject;
use redkv_testing::conformance_suite;
use serde_json::json;

use sql::{fresh, subject};

async fn created() -> Subject {
    subject(&fresh(), json!({ "createTable": true, "expiresColumn": "e" }))
}

async fn created_without_deadlines() -> Subject {
    subject(&fresh(), json!({ "createTable": true }))
}

async fn created_of_text() -> Subject {
    subject(&fresh(), json!({ "createTable": true, "expiresColumn": "e", "columnType": "text" }))
}

/// As in the documents of 1.x.
async fn table_of_1_x() -> Subject {
    let table = fresh();
    site::exec(&format!("CREATE TABLE {table} (k VARCHAR(256), v TEXT, UNIQUE (k))")).await;
    subject(&table, json!({ "columnType": "text" }))
}

/// Keys in the order of a dictionary.
async fn table_in_another_order() -> Subject {
    let table = fresh();
    site::exec(&format!("CREATE TABLE {table} (k TEXT COLLATE \"en-x-icu\" PRIMARY KEY, v BYTEA, e BIGINT)"))
        .await;
    subject(&table, json!({ "columnType": "text", "expiresColumn": "e" }))
}

conformance_suite!(conformance, super::created);
conformance_suite!(conformance_without_deadlines, super::created_without_deadlines);
conformance_suite!(conformance_of_text, super::created_of_text);
conformance_suite!(conformance_of_1_x, super::table_of_1_x);
conformance_suite!(conformance_in_another_order, super::table_in_another_order);
