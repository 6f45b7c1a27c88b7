//! What DynamoDB Local of January 2020 can do of the suite.

use std::sync::Arc;

use redkv::structures::Structures;
use redkv_testing::structures::CASES;
use serde_json::json;

use super::table::{LOCAL, Table};

/// What that build lacks, by the name of the case.
const LACKS: &[(&str, &str)] = &[
    ("a_hundred_operations_are_one_write", TEN),
    ("a_text_that_is_no_integer_is_refused_and_stays", EMPTY),
    ("a_value_of_a_sorted_hash_may_be_anything", EMPTY),
    ("an_error_among_many_operations_names_its_own", TEN),
    ("an_empty_field_and_an_empty_value_are_there", EMPTY),
    ("an_empty_member_is_a_member", EMPTY),
    ("an_empty_value_is_a_value", EMPTY),
    ("random_programs_are_answered_as_by_the_model", EMPTY),
    ("set_eq_finds_text_and_numbers_equal_when_they_read_the_same", EMPTY),
    ("set_eq_replaces_what_is_expected", EMPTY),
];
const EMPTY: &str = "DynamoDB takes empty values since later in 2020";
const TEN: &str = "a transaction has at most 10 writes there, and 100 today";

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_but_for_what_it_lacks() {
    let table = Table::create(LOCAL).await;
    let db: Arc<dyn Structures> = Arc::new(table.backend(json!({})));
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
