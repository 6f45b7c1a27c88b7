//! The backend in SQLite, looked at from outside with a connection of the test's own.

mod indexes;
mod life;
mod sharing;
mod support;
mod tables;

use std::sync::Arc;

use redkv_records::Records;
use redkv_testing::records_suite;
use serde_json::json;
use support::{OnFile, open};

async fn on_file() -> OnFile {
    OnFile::new()
}

async fn in_memory() -> Arc<dyn Records> {
    Arc::new(open(json!({ "path": ":memory:" })))
}

records_suite!(suite_on_a_file, super::on_file);
records_suite!(suite_in_memory, super::in_memory);
