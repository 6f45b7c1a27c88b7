//! The suite that every backend passes.

use std::sync::Arc;

use redkv::structures::Structures;
use redkv_testing::structures_suite;
use serde_json::json;

use super::table::{EMULATOR, Table};

async fn as_it_is() -> Arc<dyn Structures> {
    Arc::new(Table::create(EMULATOR).await.backend(json!({})))
}

async fn with_strict_kinds() -> Arc<dyn Structures> {
    Arc::new(Table::create(EMULATOR).await.strict_backend())
}

structures_suite!(suite, super::as_it_is);
structures_suite!(suite_with_strict_kinds, super::with_strict_kinds);
