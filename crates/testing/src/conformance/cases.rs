//! The cases. What a store must do is said by their names.
#![expect(missing_docs, reason = "the name of a case is its documentation")]
#![expect(clippy::unwrap_used, reason = "a failed case ends its test")]

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::future::join3;

use super::subject::{Subject, one, some};
use redkv_core::entry::{Entry, Key};
use redkv_core::error::ErrorKind;
use redkv_core::store::{SetMode, Want};

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

pub async fn has_returns_what_is_there(subject: &Subject) {
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
    let there: Vec<_> = subject.store.has(&keys).await.into_iter().map(|answer| answer.unwrap()).collect();
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
    let entries: Vec<_> = names
        .iter()
        .filter(|name| subject.takes(name))
        .map(|name| (subject.key(name), Entry::new(name.as_bytes().to_vec())))
        .collect();
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
    for value in values.into_iter().filter(|value| subject.takes(value)) {
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
    assert!(read + 5_000 >= wanted && read <= wanted + granularity + 5_000, "wanted {wanted}, read {read}");
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

pub async fn a_write_without_deadline_removes_the_old_one(subject: &Subject) {
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

pub async fn keys_of_a_prefix_are_listed(subject: &Subject) {
    if !subject.store.capabilities().enumerable {
        return;
    }
    let odd = if subject.takes("\0") { "a:ü\0" } else { "a:ü" };
    let names = ["a:1", "a:", "a:%_*?[a]\\", odd, "A:1", "a", "b:1"];
    for name in names {
        subject.set(&subject.key(name), Entry::new("value")).await;
    }
    subject.delete(&subject.key("a:1")).await;
    let wanted: HashSet<_> = ["a:", "a:%_*?[a]\\", odd].map(|name| subject.key(name)).into();
    assert_eq!(subject.keys(&subject.key("a:")).await, wanted);
    assert_eq!(subject.keys(&subject.key("c")).await, HashSet::new());
}

pub async fn many_keys_are_listed_in_pages(subject: &Subject) {
    if !subject.store.capabilities().enumerable {
        return;
    }
    let entries: Vec<_> =
        (0..2_500).map(|n| (subject.key(&format!("many:{n}")), Entry::new("value"))).collect();
    for answer in subject.store.set(&entries, SetMode::Always).await {
        answer.unwrap();
    }
    let wanted: HashSet<_> = entries.into_iter().map(|(key, _)| key).collect();
    assert_eq!(subject.keys(&subject.key("many:")).await, wanted);
}

pub async fn keys_past_their_deadline_are_not_listed_for_ever(subject: &Subject) {
    if !subject.store.capabilities().enumerable || !subject.can_expire() {
        return;
    }
    let (short, long) = (subject.key("short"), subject.key("long"));
    subject.set(&short, subject.entry_for("value", 50)).await;
    subject.set(&long, subject.entry_for("value", 1_000_000)).await;
    subject.pass(60 + subject.store.capabilities().expiry_granularity).await;
    // Reading it tells the same, however late the store is with removing it.
    let mut live = HashSet::new();
    for key in subject.keys(&subject.key("")).await {
        if subject.has(&key).await {
            live.insert(key);
        }
    }
    assert_eq!(live, HashSet::from([long]));
}

pub async fn clear_takes_the_keys_of_its_prefix(subject: &Subject) {
    let capabilities = subject.store.capabilities();
    if !capabilities.clearable || !capabilities.enumerable {
        return;
    }
    let (gone, stays) = (subject.key("gone:1"), subject.key("stays"));
    let many: Vec<_> = (0..1_500).map(|n| (subject.key(&format!("gone:{n}")), Entry::new("value"))).collect();
    for answer in subject.store.set(&many, SetMode::Always).await {
        answer.unwrap();
    }
    subject.set(&stays, Entry::new("value")).await;
    subject.clear(&subject.key("gone:")).await;
    assert_eq!(subject.value(&gone).await, None);
    assert_eq!(subject.keys(&subject.key("")).await, HashSet::from([stays.clone()]));
    assert_eq!(subject.value(&stays).await, some("value"));
}

pub async fn a_store_that_cannot_list_keys_or_clear_refuses(subject: &Subject) {
    let capabilities = subject.store.capabilities();
    if !capabilities.enumerable {
        let error = subject.store.keys("", None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    if !capabilities.clearable {
        let error = subject.store.clear("", None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

pub async fn a_store_that_is_not_writable_refuses_writes(subject: &Subject) {
    if subject.store.capabilities().writable {
        return;
    }
    let key = subject.key("k");
    let entry = (key.clone(), Entry::new("value"));
    let error = one(subject.store.set(&[entry], SetMode::Always).await).unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Unsupported, false));
    let error = one(subject.store.delete(std::slice::from_ref(&key)).await).unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Unsupported, false));
    assert_eq!(subject.store.clear("", None).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(subject.value(&key).await, None);
}

pub async fn flush_of_nothing_succeeds(subject: &Subject) {
    subject.store.flush().await.unwrap();
}
