//! The suite that every backend of data structures passes.
//!
//! A backend joins by [`structures_suite!`](crate::structures_suite), which makes one test of every case. What may differ
//! between backends is read from the trait, so nobody can opt out. All cases may share a server: every case works under
//! keys of its own.

pub mod atomic;
pub mod batches;
pub mod counters;
pub mod hashes;
pub mod kinds;
pub mod limits;
pub mod random;
pub mod sets;
pub mod sorted;
mod subject;
pub mod values;

pub use atomic::atomic_kinds;
pub use sorted::{lex, pages, ranges, sorted_hashes};

use futures_util::future::BoxFuture;
use redkv_structures::Structures;

/// A case of the suite.
pub type Case = for<'a> fn(&'a dyn Structures) -> BoxFuture<'a, ()>;

/// All cases by name, for who must leave some out.
pub const CASES: &[(&str, Case)] = crate::structures_cases!(list);

/// Makes one test of every case of the suite for the backend that `$make` builds: an async function without arguments that
/// returns a pointer to it.
#[macro_export]
macro_rules! structures_suite {
    ($name:ident, $make:path) => {
        mod $name {
            $crate::structures_cases!(tests $make);
        }
    };
}

/// The list of cases, as tests or as [`CASES`].
#[doc(hidden)]
#[macro_export]
macro_rules! structures_cases {
    (tests $make:path) => {
        $crate::structures_cases!(@all tests $make);
    };
    (list) => {
        $crate::structures_cases!(@all list)
    };
    (@tests $make:path; $($subject:ident { $($case:ident)* })*) => {
        $($(
            #[tokio::test]
            async fn $case() {
                let db = $make().await;
                $crate::structures::$subject::$case(&*db).await;
                db.close().await;
            }
        )*)*
    };
    (@list; $($subject:ident { $($case:ident)* })*) => {
        &[$($((stringify!($case), |db| Box::pin($subject::$case(db))),)*)*]
    };
    (@all $then:ident $($make:path)?) => {
        $crate::structures_cases! { @$then $($make)?;
            values {
                init_and_create_table_may_be_called_again
                a_missing_value_reads_as_none
                a_written_value_reads_back
                an_integer_reads_back_as_decimal_text
                an_empty_value_is_a_value
                keys_and_values_are_kept_exactly
                a_large_value_reads_back
                set_nx_writes_only_where_no_key_is
                set_xx_writes_only_where_a_key_is
                set_eq_replaces_what_is_expected
                set_eq_finds_text_and_numbers_equal_when_they_read_the_same
                delete_says_whether_a_key_was_there
                an_old_read_returns_what_was_there
            }
            counters {
                a_counter_begins_at_zero
                adding_nothing_makes_a_counter
                a_counter_that_was_set_counts_on
                a_text_that_is_no_integer_is_refused_and_stays
                no_counter_leaves_64_bits
                counters_are_exact_up_to_their_ends
                many_writers_count_each_of_their_steps
            }
            sets {
                a_missing_set_has_no_members
                members_are_added_once
                members_are_removed
                a_set_without_members_is_no_key
                a_removal_from_a_key_that_never_was_makes_none
                members_are_kept_exactly
                a_number_may_be_a_member
                an_empty_member_is_a_member
                a_set_may_have_many_members
            }
            hashes {
                a_missing_hash_has_no_fields
                fields_are_merged
                a_number_reads_back_from_a_field_as_text
                fields_are_deleted
                a_hash_without_fields_is_no_key
                fields_and_their_values_are_kept_exactly
                an_empty_field_and_an_empty_value_are_there
                a_hash_may_have_many_fields
            }
            sorted {
                a_missing_sorted_set_has_no_members
                scores_read_back
                minus_zero_is_zero
                a_member_moves_when_it_is_added_again
                members_of_a_sorted_set_are_removed
                a_sorted_set_without_members_is_no_key
                delete_takes_all_members
                members_of_a_sorted_set_are_kept_exactly
                scores_are_added_to
                a_score_that_would_be_no_number_is_refused_and_stays
                many_writers_add_each_of_their_steps_to_a_score
                a_sorted_set_may_have_many_members_of_one_score
            }
            ranges {
                members_are_listed_by_score
                a_range_of_scores_the_wrong_way_round_is_empty
                each_pair_of_scores_bounds_a_range
                ties_are_in_the_order_of_their_bytes
                a_limit_takes_the_first_ones
                scores_come_with_the_members
            }
            lex {
                members_are_listed_by_their_bytes
                a_range_of_bytes_the_wrong_way_round_is_empty
                each_pair_of_bounds_bounds_a_range
                a_bound_may_be_empty
                a_limit_takes_the_first_members
                members_are_counted_by_their_bytes
                what_else_is_under_a_key_is_no_member
            }
            sorted_hashes {
                values_are_listed_in_place_of_fields
                a_field_that_is_put_again_has_the_new_value_and_score
                fields_and_members_mix
                a_field_that_becomes_a_member_is_its_own_value
                a_score_that_is_added_to_leaves_the_value
                fields_of_a_sorted_hash_are_removed_with_their_values
                a_sorted_hash_that_is_gone_leaves_no_values
                values_are_listed_by_the_bytes_of_their_fields
                a_value_of_a_sorted_hash_may_be_anything
                infinite_scores_are_listed
            }
            pages {
                an_iteration_returns_all_members_by_score
                an_iteration_returns_all_members_by_their_bytes
                an_iteration_returns_the_values_of_a_sorted_hash
                a_page_begins_after_a_member_that_is_gone
                a_page_begins_after_a_member_that_has_moved
                a_page_of_nothing_is_the_last
            }
            batches {
                an_empty_batch_has_no_answers
                reads_of_a_batch_are_answered_in_their_order
                operations_on_a_key_take_effect_in_their_order
                of_writes_of_one_key_the_last_stays
                members_are_put_and_removed_in_the_order_of_each_key
                many_members_are_put_into_many_keys
                one_that_fails_fails_alone
                a_large_batch_is_answered_in_its_order
                a_batch_of_large_values_is_read
            }
            kinds {
                an_operation_on_a_key_of_another_kind_is_refused_and_changes_nothing
                has_and_delete_know_every_kind
                a_deletion_of_values_takes_sorted_members_with_it_or_leaves_them
                set_replaces_every_kind
                set_nx_sees_every_kind
                a_key_that_was_deleted_may_have_any_kind
                sorted_members_may_be_beside_another_kind_where_they_are_not_kept_apart
            }
            atomic {
                writes_without_conditions_are_made
                an_empty_atomic_write_is_made
                a_failing_condition_leaves_everything_as_it_is
                a_value_is_set_where_no_key_is
                a_value_is_set_where_a_key_is
                a_value_is_set_where_an_equal_one_is
                a_key_is_deleted_or_must_be_there_to_be
                members_of_a_sorted_set_are_put_together_or_not_at_all
                fields_of_a_sorted_hash_are_put_together_or_not_at_all
                a_member_is_put_where_it_is_not_there
                members_of_a_set_are_changed_together_or_not_at_all
                new_fields_of_a_hash_must_not_be_there
                operations_on_one_item_are_merged_and_know_their_own_conditions
                a_hundred_operations_are_one_write
                of_many_writers_each_counts_once
            }
            atomic_kinds {
                a_key_of_another_kind_refuses_all_of_it_and_beats_conditions
                an_error_names_the_operation_that_it_is_about
                an_error_among_many_operations_names_its_own
                a_wrong_kind_beats_a_counter_that_does_not_count
                plain_writes_replace_and_delete_every_kind
                a_counter_that_does_not_count_refuses_all_of_it
                a_counter_counts_on_from_text_and_is_exact
                what_is_empty_is_not_there
            }
            random {
                random_programs_are_answered_as_by_the_model
            }
            limits {
                an_empty_key_works_or_is_refused_by_name
                an_empty_sorted_member_works_or_is_refused_by_name
                an_underscore_works_or_is_refused_by_name
                members_and_fields_that_look_like_the_format_work
                what_is_as_large_as_allowed_works_and_what_is_larger_is_refused_by_name
            }
        }
    };
}
