//! The suite that every store passes.

use redkv_testing::conformance::Subject;
use serde_json::json;

use crate::dynamodb::table::{EMULATOR, LOCAL, Table};

mod emulator {
    use super::*;

    async fn with_ttl() -> Subject {
        Table::create(EMULATOR).await.subject(json!({ "ttlAttribute": "ttl" }))
    }

    async fn without_ttl() -> Subject {
        Table::create(EMULATOR).await.subject(json!({}))
    }

    async fn with_consistent_reads() -> Subject {
        Table::create(EMULATOR).await.subject(json!({ "ttlAttribute": "ttl", "consistentRead": true }))
    }

    redkv_testing::conformance_suite!(conformance_with_ttl, super::with_ttl);
    redkv_testing::conformance_suite!(conformance_without_ttl, super::without_ttl);
    redkv_testing::conformance_suite!(conformance_with_consistent_reads, super::with_consistent_reads);
}

/// All cases but `an_empty_value_is_a_value`: this DynamoDB Local is older than the day in 2020 when DynamoDB
/// began to take empty strings, and refuses them.
mod dynamodb_local {
    use super::*;

    async fn with_ttl() -> Subject {
        Table::create(LOCAL).await.subject(json!({ "ttlAttribute": "ttl" }))
    }

    redkv_testing::conformance_cases!(with_ttl;
        init_may_be_called_again
        a_missing_key_reads_as_none
        a_written_value_reads_back
        a_second_write_replaces_the_first
        a_deleted_value_is_gone
        deleting_a_missing_key_succeeds
        has_returns_what_is_there
        an_empty_batch_has_no_answers
        a_large_batch_is_answered_per_key_in_order
        keys_are_kept_exactly
        values_are_kept_exactly
        a_large_value_reads_back
        bytes_that_are_not_text_read_back
        if_absent_stores_where_there_is_nothing
        if_absent_keeps_what_is_there
        of_concurrent_if_absent_writes_one_wins
        if_absent_replaces_an_entry_past_its_deadline
        a_deadline_reads_back
        an_entry_past_its_deadline_is_gone
        a_write_without_deadline_removes_the_old_one
    );
}
