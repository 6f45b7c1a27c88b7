//! What DynamoDB Local of January 2020 can do of the suite.

use std::sync::Arc;

use redkv::records::Records;
use redkv_testing::records::{CASES, suite_shape};
use serde_json::json;

use super::table::{LOCAL, Table};

/// What that build lacks, by the name of the case.
const LACKS: &[(&str, &str)] = &[
    ("a_create_where_a_record_is_is_refused_with_it", EMPTY),
    ("a_prefix_takes_what_begins_with_it", PREFIX),
    ("an_empty_field_is_a_field", EMPTY),
    ("an_index_lists_records_whole", EMPTY),
    ("keys_and_values_are_kept_exactly", PREFIX),
    ("random_programs_are_answered_as_by_the_model", EMPTY),
    ("records_are_listed_whole", EMPTY),
];
const EMPTY: &str = "DynamoDB takes empty values since later in 2020";
const PREFIX: &str = "begins_with takes upper and lower case for the same there, and ends at a NUL";

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_but_for_what_it_lacks() {
    let table = Table::create(LOCAL, &suite_shape()).await;
    let db: Arc<dyn Records> = Arc::new(table.backend(json!({})));
    let mut failed = Vec::new();
    for (name, case) in CASES {
        let db = db.clone();
        if LACKS.iter().all(|(lacks, _)| lacks != name)
            && tokio::spawn(async move { case(&*db).await }).await.is_err()
        {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
