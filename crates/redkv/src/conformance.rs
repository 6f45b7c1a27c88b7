//! The suite that every store, layer and chain passes.
//!
//! A store joins by listing itself: [`conformance_suite!`](crate::conformance_suite) makes one test of every case.
//! Which cases apply is read from [`Capabilities`](crate::store::Capabilities), so nobody can opt out.
#![expect(clippy::unwrap_used, reason = "a failed case ends its test")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join3;

use crate::clock::{Clock, ManualClock, SystemClock};
use crate::entry::{Entry, Key};
use crate::error::ErrorKind;
use crate::store::{Expiry, SetMode, Store, Want};

/// A store under test, and the clock that it goes by.
#[derive(Debug)]
pub struct Subject {
    store: Arc<dyn Store>,
    clock: SubjectClock,
    /// Keeps the cases of one run apart on a server that others use too.
    run: String,
}

#[derive(Debug)]
enum SubjectClock {
    Manual(Arc<ManualClock>),
    /// Of a server: time passes by waiting.
    System,
}

impl Subject {
    /// A store whose deadlines go by `clock`.
    pub fn with_clock(store: Arc<dyn Store>, clock: Arc<ManualClock>) -> Self {
        Self { store, clock: SubjectClock::Manual(clock), run: fresh_run() }
    }

    /// A store whose deadlines go by a server's clock; its cases wait for real time to pass.
    pub fn with_server_clock(store: Arc<dyn Store>) -> Self {
        Self { store, clock: SubjectClock::System, run: fresh_run() }
    }

    fn key(&self, name: &str) -> Key {
        format!("{}:{name}", self.run).into()
    }

    fn now(&self) -> u64 {
        match &self.clock {
            SubjectClock::Manual(clock) => clock.now(),
            SubjectClock::System => SystemClock.now(),
        }
    }

    async fn pass(&self, millis: u64) {
        match &self.clock {
            SubjectClock::Manual(clock) => clock.advance(millis),
            SubjectClock::System => tokio::time::sleep(Duration::from_millis(millis)).await,
        }
    }

    fn entry_for(&self, value: &'static str, millis: u64) -> Entry {
        Entry::until(value, crate::entry::Deadline::at(self.now() + millis))
    }

    async fn set(&self, key: &Key, entry: Entry) {
        let answers = self.store.set(&[(key.clone(), entry)], SetMode::Always).await;
        assert!(one(answers).unwrap(), "an unconditional write is stored");
    }

    async fn set_if_absent(&self, key: &Key, value: &'static str) -> bool {
        one(self.store.set(&[(key.clone(), Entry::new(value))], SetMode::IfAbsent).await).unwrap()
    }

    async fn delete(&self, key: &Key) {
        one(self.store.delete(std::slice::from_ref(key)).await).unwrap();
    }

    /// The live entry under `key`, read as the chain reads it: what is past its deadline does not count.
    async fn entry(&self, key: &Key) -> Option<Entry> {
        let answers = self.store.get(std::slice::from_ref(key), Want::ValueAndDeadline).await;
        one(answers).unwrap().filter(|entry| !entry.is_expired(self.now()))
    }

    async fn value(&self, key: &Key) -> Option<Bytes> {
        self.entry(key).await.map(|entry| entry.value)
    }

    async fn has(&self, key: &Key) -> bool {
        one(self.store.has(std::slice::from_ref(key)).await).unwrap()
    }

    fn can_expire(&self) -> bool {
        self.store.capabilities().expiry != Expiry::None
    }
}

fn fresh_run() -> String {
    format!("conformance-{:016x}", fastrand::u64(..))
}

fn one<T>(mut answers: Vec<T>) -> T {
    assert_eq!(answers.len(), 1, "one answer per key");
    answers.remove(0)
}

fn some(text: &str) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(text.as_bytes()))
}

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
                has_tells_what_is_there
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
                a_write_without_deadline_takes_the_old_one_away
                a_store_that_cannot_expire_refuses_a_deadline
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

#[expect(missing_docs, reason = "the name of a case is its documentation")]
mod cases {
    use super::*;

    pub async fn init_may_be_called_again(subject: &Subject) {
        subject.store.init().await.unwrap();
        subject.store.init().await.unwrap();
    }

    pub async fn a_missing_key_reads_as_none(subject: &Subject) {
        assert_eq!(subject.value(&subject.key("missing")).await, None);
    }

    pub async fn a_written_value_reads_back(subject: &Subject) {
        let key = subject.key("k");
        subject.set(&key, Entry::new("value")).await;
        assert_eq!(subject.entry(&key).await, Some(Entry::new("value")));
    }

    pub async fn an_empty_value_is_a_value(subject: &Subject) {
        let key = subject.key("k");
        subject.set(&key, Entry::new("")).await;
        assert_eq!(subject.value(&key).await, some(""));
        assert!(subject.has(&key).await);
    }

    pub async fn a_second_write_replaces_the_first(subject: &Subject) {
        let key = subject.key("k");
        subject.set(&key, Entry::new("first")).await;
        subject.set(&key, Entry::new("second")).await;
        assert_eq!(subject.value(&key).await, some("second"));
    }

    pub async fn a_deleted_value_is_gone(subject: &Subject) {
        let key = subject.key("k");
        subject.set(&key, Entry::new("value")).await;
        subject.delete(&key).await;
        assert_eq!(subject.value(&key).await, None);
        assert!(!subject.has(&key).await);
    }

    pub async fn deleting_a_missing_key_succeeds(subject: &Subject) {
        subject.delete(&subject.key("missing")).await;
    }

    pub async fn has_tells_what_is_there(subject: &Subject) {
        let (there, missing) = (subject.key("there"), subject.key("missing"));
        subject.set(&there, Entry::new("value")).await;
        assert!(subject.has(&there).await);
        assert!(!subject.has(&missing).await);
    }

    pub async fn an_empty_batch_has_no_answers(subject: &Subject) {
        assert!(subject.store.get(&[], Want::Value).await.is_empty());
        assert!(subject.store.has(&[]).await.is_empty());
        assert!(subject.store.set(&[], SetMode::Always).await.is_empty());
        assert!(subject.store.delete(&[]).await.is_empty());
    }

    pub async fn a_large_batch_is_answered_per_key_in_order(subject: &Subject) {
        let keys: Vec<_> = (0..260).map(|n| subject.key(&format!("batch-{n}"))).collect();
        let entries: Vec<_> =
            keys.iter().step_by(2).map(|key| (key.clone(), Entry::new(key.as_str().to_owned()))).collect();
        for answer in subject.store.set(&entries, SetMode::Always).await {
            assert!(answer.unwrap());
        }
        let read: Vec<_> =
            subject.store.get(&keys, Want::Value).await.into_iter().map(|answer| answer.unwrap()).collect();
        let expected: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(n, key)| (n % 2 == 0).then(|| Entry::new(key.as_str().to_owned())))
            .collect();
        assert_eq!(read, expected);

        let first_half = &keys[..130];
        for answer in subject.store.delete(first_half).await {
            answer.unwrap();
        }
        let there: Vec<_> =
            subject.store.has(&keys).await.into_iter().map(|answer| answer.unwrap()).collect();
        let expected: Vec<_> = (0..260).map(|n| n >= 130 && n % 2 == 0).collect();
        assert_eq!(there, expected);
    }

    pub async fn keys_are_kept_exactly(subject: &Subject) {
        let names = [
            "plain",
            "PLAIN",
            "with space",
            " leading",
            "trailing ",
            "tab\there",
            "line\nbreak",
            "nul\0inside",
            "'quoted'",
            "\"double\"",
            "back\\slash",
            "per%cent_",
            "../up",
            "a/b",
            "grüße",
            "日本語",
            "🦀",
            "e\u{301}",
            "é",
            "{slot}",
            "*",
            "?",
            "[a]",
            "0",
            "-1",
            "null",
        ];
        let entries: Vec<_> =
            names.iter().map(|name| (subject.key(name), Entry::new(name.as_bytes().to_vec()))).collect();
        for answer in subject.store.set(&entries, SetMode::Always).await {
            answer.unwrap();
        }
        for (key, entry) in &entries {
            assert_eq!(subject.value(key).await.as_ref(), Some(&entry.value), "{key:?}");
        }
        if subject.store.capabilities().empty_keys {
            let empty = Key::from("");
            subject.set(&empty, Entry::new("under the empty key")).await;
            assert_eq!(subject.value(&empty).await, some("under the empty key"));
            subject.delete(&empty).await;
        }
    }

    pub async fn values_are_kept_exactly(subject: &Subject) {
        let values = [
            "123",
            "00123",
            "1e5",
            "-0",
            "true",
            "null",
            "{\"a\":1}",
            " padded ",
            "line\r\nbreak",
            "nul\0inside",
            "'",
            "\"",
            "grüße",
            "日本語",
            "🦀",
            "e\u{301}",
            "\u{feff}bom",
        ];
        for value in values {
            let key = subject.key(value);
            subject.set(&key, Entry::new(value)).await;
            assert_eq!(subject.value(&key).await, some(value));
        }
    }

    pub async fn a_large_value_reads_back(subject: &Subject) {
        let key = subject.key("large");
        let value = Bytes::from("0123456789abcdef".repeat(20_000));
        subject.set(&key, Entry::new(value.clone())).await;
        assert_eq!(subject.value(&key).await, Some(value));
    }

    pub async fn bytes_that_are_not_text_read_back(subject: &Subject) {
        if !subject.store.capabilities().binary_values {
            return;
        }
        let key = subject.key("binary");
        let value = Bytes::from((0..=255).collect::<Vec<u8>>());
        subject.set(&key, Entry::new(value.clone())).await;
        assert_eq!(subject.value(&key).await, Some(value));
    }

    pub async fn if_absent_stores_where_there_is_nothing(subject: &Subject) {
        let key = subject.key("k");
        assert!(subject.set_if_absent(&key, "value").await);
        assert_eq!(subject.value(&key).await, some("value"));
    }

    pub async fn if_absent_keeps_what_is_there(subject: &Subject) {
        let key = subject.key("k");
        subject.set(&key, Entry::new("first")).await;
        assert!(!subject.set_if_absent(&key, "second").await);
        assert_eq!(subject.value(&key).await, some("first"));
    }

    pub async fn of_concurrent_if_absent_writes_one_wins(subject: &Subject) {
        let key = subject.key("k");
        let (a, b, c) = join3(
            subject.set_if_absent(&key, "a"),
            subject.set_if_absent(&key, "b"),
            subject.set_if_absent(&key, "c"),
        )
        .await;
        assert_eq!([a, b, c].into_iter().filter(|stored| *stored).count(), 1);
    }

    pub async fn if_absent_replaces_an_entry_past_its_deadline(subject: &Subject) {
        if !subject.can_expire() {
            return;
        }
        let key = subject.key("k");
        subject.set(&key, subject.entry_for("old", 50)).await;
        subject.pass(60 + subject.store.capabilities().expiry_granularity).await;
        assert!(subject.set_if_absent(&key, "new").await);
        assert_eq!(subject.value(&key).await, some("new"));
    }

    pub async fn a_deadline_reads_back(subject: &Subject) {
        if !subject.can_expire() {
            return;
        }
        let key = subject.key("k");
        let entry = subject.entry_for("value", 100_000);
        let wanted = entry.deadline.unwrap().millis();
        subject.set(&key, entry).await;
        let read = subject.entry(&key).await.unwrap().deadline.unwrap().millis();
        let granularity = subject.store.capabilities().expiry_granularity;
        // A relative ttl on the wire is off by the time of the two journeys.
        assert!(
            read + 5_000 >= wanted && read <= wanted + granularity + 5_000,
            "wanted {wanted}, read {read}"
        );
    }

    pub async fn an_entry_past_its_deadline_is_gone(subject: &Subject) {
        if !subject.can_expire() {
            return;
        }
        let key = subject.key("k");
        subject.set(&key, subject.entry_for("value", 50)).await;
        subject.pass(60 + subject.store.capabilities().expiry_granularity).await;
        assert_eq!(subject.value(&key).await, None);
        assert!(!subject.has(&key).await);
    }

    pub async fn a_write_without_deadline_takes_the_old_one_away(subject: &Subject) {
        if !subject.can_expire() {
            return;
        }
        let key = subject.key("k");
        subject.set(&key, subject.entry_for("mortal", 200)).await;
        subject.set(&key, Entry::new("immortal")).await;
        subject.pass(210 + subject.store.capabilities().expiry_granularity).await;
        assert_eq!(subject.entry(&key).await, Some(Entry::new("immortal")));
    }

    pub async fn a_store_that_cannot_expire_refuses_a_deadline(subject: &Subject) {
        if subject.can_expire() {
            return;
        }
        let key = subject.key("k");
        let entry = subject.entry_for("value", 100_000);
        let error = one(subject.store.set(&[(key.clone(), entry)], SetMode::Always).await).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(subject.value(&key).await, None);
    }
}

pub use cases::*;
