//! The MySQL store against real MariaDB servers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step ends its test")]

mod columns;
mod hosted;
mod idle;
mod inexact;
mod logins;
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

/// As in the documents of 1.x, with keys that are told apart.
async fn table_of_1_x() -> Subject {
    let table = fresh();
    site::exec(&format!(
        "CREATE TABLE {table} (id INTEGER AUTO_INCREMENT PRIMARY KEY, \
         k VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, \
         v MEDIUMTEXT CHARACTER SET utf8mb4, UNIQUE (k))"
    ))
    .await;
    subject(&table, json!({ "columnType": "text" }))
}

conformance_suite!(conformance, super::created);
conformance_suite!(conformance_without_deadlines, super::created_without_deadlines);
conformance_suite!(conformance_of_text, super::created_of_text);
conformance_suite!(conformance_of_1_x, super::table_of_1_x);
