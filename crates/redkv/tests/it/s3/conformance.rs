//! The suite that every store passes.

use redkv_testing::conformance::Subject;
use serde_json::json;

use crate::s3::bucket::{Bucket, EMULATOR, FILES};

mod emulator {
    use super::*;

    async fn whole_bucket() -> Subject {
        Bucket::create(EMULATOR).await.subject(json!({}))
    }

    async fn folder() -> Subject {
        Bucket::create(EMULATOR)
            .await
            .subject(json!({ "prefix": "a folder/ü+&=%2F/", "region": "us-east-1", "maxSockets": 3 }))
    }

    redkv_testing::conformance_suite!(conformance_of_a_whole_bucket, super::whole_bucket);
    redkv_testing::conformance_suite!(conformance_of_a_folder, super::folder);
}

/// All cases but `of_concurrent_if_absent_writes_one_wins`: this server looks and writes in two steps.
mod files {
    use super::*;

    async fn folder() -> Subject {
        Bucket::create(FILES).await.subject(json!({ "prefix": "folder/" }))
    }

    redkv_testing::conformance_cases!(folder;
        init_may_be_called_again
        a_missing_key_reads_as_none
        a_written_value_reads_back
        an_empty_value_is_a_value
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
        if_absent_replaces_an_entry_past_its_deadline
        a_deadline_reads_back
        an_entry_past_its_deadline_is_gone
        a_write_without_deadline_removes_the_old_one
        keys_of_a_prefix_are_listed
        many_keys_are_listed_in_pages
        keys_past_their_deadline_are_not_listed_for_ever
        clear_takes_the_keys_of_its_prefix
        flush_of_nothing_succeeds
    );
}
