//! The suite that every store, layer and chain passes.
//!
//! A store joins by listing itself: [`conformance_suite!`](crate::conformance_suite) makes one test of every case.
//! Which cases apply is read from [`Capabilities`](redkv_core::store::Capabilities), so nobody can opt out.

mod cases;
mod isolation;
mod subject;

pub use cases::*;
pub use isolation::*;
pub use subject::{Subject, clear};

/// Makes one test of every case of the suite for the [`Subject`] that `$make` (an async function without
/// arguments) builds.
#[macro_export]
macro_rules! conformance_suite {
    ($name:ident, $make:path) => {
        mod $name {
            $crate::conformance_cases!($make;
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
                what_a_store_cannot_have_fails_alone
                keys_are_kept_exactly
                keys_that_look_alike_are_kept_apart
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
                a_store_that_cannot_expire_refuses_a_deadline
                keys_of_a_prefix_are_listed
                many_keys_are_listed_in_pages
                keys_past_their_deadline_are_not_listed_for_ever
                clear_takes_the_keys_of_its_prefix
                a_store_that_cannot_list_keys_or_clear_refuses
                a_store_that_is_not_writable_refuses_writes
                flush_of_nothing_succeeds
            );
        }
    };
}

/// The tests of [`conformance_suite!`](crate::conformance_suite).
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($make:path; $($case:ident)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::conformance::$case(&$make().await).await;
            }
        )*
    };
}
