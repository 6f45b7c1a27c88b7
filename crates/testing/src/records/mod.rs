//! The suite that every backend of records passes.
//!
//! A backend joins by [`records_suite!`](crate::records_suite), which makes one test of every case. All cases may share a
//! table: every case works in partitions of its own, and those that need indexes call `create_table` with [`suite_shape`].
//! Time is what a case says it is; none waits for it.

pub mod batches;
pub mod conditions;
pub mod expiry;
pub mod indexes;
pub mod keys;
pub mod lists;
pub mod many;
pub mod pages;
pub mod random;
mod subject;
pub mod writes;

use futures_util::future::BoxFuture;
use redkv_records::Records;

pub use subject::suite_shape;

/// A case of the suite.
pub type Case = for<'a> fn(&'a dyn Records) -> BoxFuture<'a, ()>;

/// All cases by name, for who must leave some out.
pub const CASES: &[(&str, Case)] = crate::records_cases!(list);

/// Makes one test of every case of the suite for the backend that `$make` builds: an async function without arguments that
/// returns a pointer to it.
#[macro_export]
macro_rules! records_suite {
    ($name:ident, $make:path) => {
        mod $name {
            $crate::records_cases!(tests $make);
        }
    };
}

/// The list of cases, as tests or as [`CASES`].
#[doc(hidden)]
#[macro_export]
macro_rules! records_cases {
    (tests $make:path) => {
        $crate::records_cases!(@all tests $make);
    };
    (list) => {
        $crate::records_cases!(@all list)
    };
    (@tests $make:path; $($subject:ident { $($case:ident)* })*) => {
        $($(
            #[tokio::test]
            async fn $case() {
                let db = $make().await;
                $crate::records::$subject::$case(&*db).await;
                db.close().await;
            }
        )*)*
    };
    (@list; $($subject:ident { $($case:ident)* })*) => {
        &[$($((stringify!($case), |db| Box::pin($subject::$case(db))),)*)*]
    };
    (@all $then:ident $($make:path)?) => {
        $crate::records_cases! { @$then $($make)?;
            writes {
                init_and_create_table_may_be_called_again
                a_missing_record_reads_as_none
                a_written_record_reads_back
                each_write_makes_the_next_version
                what_is_not_given_stays
                a_record_may_have_no_value
                an_empty_value_is_a_value
                fields_are_added_replaced_and_removed
                a_new_record_may_be_told_to_remove_fields
                an_empty_field_is_a_field
                a_deleted_record_is_gone_and_begins_anew
                deleting_what_is_not_there_is_fine
                partitions_keep_their_own_records
                reads_that_may_be_old_return_what_was_there
                any_name_may_be_that_of_a_field
            }
            expiry {
                a_record_is_absent_once_its_second_has_begun
                what_expires_in_the_past_is_absent_at_once
                a_write_without_expiry_clears_it
                an_expiry_is_kept_when_asked_for
                an_expiry_that_is_kept_where_none_is_is_none
                an_expiry_is_replaced_by_another
                a_put_over_an_expired_record_begins_anew_with_the_next_version
                a_create_over_an_expired_record_begins_anew_with_the_next_version
                an_expired_record_is_neither_replaced_nor_removed
                an_expired_record_is_deleted
                a_handle_from_before_the_expiry_does_not_match_what_came_after
                pages_are_filled_up_over_expired_records
            }
            conditions {
                a_record_is_created_where_none_is
                a_create_where_a_record_is_is_refused_with_it
                a_record_of_the_expected_version_is_replaced
                a_replace_of_another_version_is_refused_with_what_is_there
                a_replace_where_no_record_is_is_refused
                a_record_of_the_expected_version_is_removed
                a_remove_of_another_version_is_refused_with_what_is_there
                a_remove_where_no_record_is_is_refused
                of_eight_writers_each_counts_each_step
                of_many_that_create_a_record_one_does
            }
            batches {
                an_empty_batch_has_no_answers
                reads_of_a_batch_are_answered_in_their_order
                a_record_that_is_asked_for_twice_is_answered_twice
                reads_of_many_partitions_are_answered_together
                each_read_of_a_batch_has_its_own_moment
                operations_on_a_record_take_effect_in_their_order
                a_list_in_a_batch_sees_the_writes_before_it
                one_that_fails_fails_alone
                a_large_batch_is_answered_in_its_order
                a_batch_of_large_values_is_read
            }
            lists {
                an_empty_partition_has_an_empty_page
                records_are_listed_whole
                records_are_listed_in_the_order_of_the_bytes_of_their_keys
                a_prefix_takes_what_begins_with_it
                a_prefix_at_the_end_of_all_characters_has_an_end
                a_list_has_what_is_there_now
                partitions_whose_names_begin_alike_are_apart
                lists_that_may_be_old_have_what_was_there
                a_list_changes_nothing
            }
            pages {
                pages_have_all_records_once
                each_page_but_the_last_is_full
                a_limit_that_is_exactly_met_ends_there_or_with_an_empty_page
                pages_of_a_prefix_stay_within_it
                a_page_begins_after_a_record_that_was_deleted_meanwhile
                a_page_may_begin_after_a_record_that_never_was
                what_is_written_meanwhile_is_in_the_pages_that_follow
                a_page_of_large_records_is_full
            }
            indexes {
                a_local_index_orders_a_partition_by_another_attribute
                a_global_index_lists_records_of_all_partitions
                an_index_lists_records_whole
                records_without_the_attribute_are_not_in_an_index
                a_record_moves_in_an_index_when_the_attribute_changes
                a_record_leaves_an_index_with_its_attribute
                a_write_that_is_refused_moves_nothing_in_an_index
                an_expired_record_is_in_no_index
                records_of_one_index_key_are_all_listed_once
                a_page_of_an_index_begins_after_a_record_that_was_deleted_or_moved
                a_list_without_a_limit_goes_through_an_index
                an_index_that_is_not_there_or_has_other_attributes_is_refused
                an_index_of_the_same_name_with_other_attributes_is_not_made
                an_index_key_that_is_empty_or_too_long_is_refused
            }
            keys {
                keys_and_values_are_kept_exactly
                partitions_may_have_any_name
                keys_that_look_alike_are_apart
                the_longest_names_work
                a_record_may_have_many_fields
                a_record_may_be_large_but_does_not_grow_beyond_the_limit
            }
            many {
                ten_thousand_records_are_listed_in_pages_of_a_hundred_both_ways_and_by_both_kinds_of_index
            }
            random {
                random_programs_are_answered_as_by_the_model
            }
        }
    };
}
