//! The suite that every backend passes.

use std::sync::Arc;

use redkv::records::Records;
use redkv_testing::records::suite_shape;
use redkv_testing::records_suite;
use serde_json::json;

use super::table::{EMULATOR, Table};

async fn with_a_table_each() -> Arc<dyn Records> {
    Arc::new(Table::create(EMULATOR, &suite_shape()).await.backend(json!({})))
}

records_suite!(suite, super::with_a_table_each);
