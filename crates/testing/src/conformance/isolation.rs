//! The cases about batches in which something cannot be, and about keys that are taken for each other.
#![expect(missing_docs, reason = "the name of a case is its documentation")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed case ends its test")]

use super::subject::Subject;
use redkv_core::entry::{Entry, Key};
use redkv_core::store::{Answers, Expiry, SetMode, Want};

/// Longer than this is no key or value for a test.
const MOST: usize = 1 << 20;

/// What the store cannot have, as its capabilities say. A chain does not ask it for that, but whatever a store is asked
/// for it answers for each key.
fn impossible(subject: &Subject) -> Vec<(Key, Entry)> {
    let can = subject.store.capabilities();
    let mut impossible = Vec::new();
    if can.max_key_bytes < MOST {
        impossible.push((Key::from("k".repeat(can.max_key_bytes + 1)), Entry::new("v")));
    }
    if !can.empty_keys {
        impossible.push((Key::from(""), Entry::new("v")));
    }
    if !can.nul_characters {
        impossible.push((subject.key("nul\0inside"), Entry::new("v")));
        impossible.push((subject.key("nul"), Entry::new("nul\0inside")));
    }
    if !can.binary_values {
        impossible.push((subject.key("binary"), Entry::new(&[0xff, 0xfe][..])));
    }
    if can.max_value_bytes < MOST {
        impossible.push((subject.key("long"), Entry::new("v".repeat(can.max_value_bytes + MOST / 2))));
    }
    if can.expiry == Expiry::None {
        impossible.push((subject.key("mortal"), subject.entry_for("v", 100_000)));
    }
    impossible
}

/// The answers to those of `keys` that are good.
fn good<T: Clone>(keys: &[Key], answers: &Answers<T>, good: &[Key]) -> Vec<T> {
    assert_eq!(keys.len(), answers.len(), "one answer per key");
    let answers = keys.iter().zip(answers).filter(|(key, _)| good.contains(key));
    answers
        .map(|(key, answer)| answer.clone().map_err(|error| format!("{key:?}: {error}")).unwrap())
        .collect()
}

pub async fn what_a_store_cannot_have_fails_alone(subject: &Subject) {
    let good_keys: Vec<_> = ["a", "b", "c"].map(|name| subject.key(name)).to_vec();
    for bad in impossible(subject) {
        let mut entries: Vec<_> = good_keys.iter().map(|key| (key.clone(), Entry::new("v"))).collect();
        entries.insert(1, bad.clone());
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
        let written = subject.store.set(&entries, SetMode::Always).await;
        assert_eq!(good(&keys, &written, &good_keys), [true; 3], "beside {:?}", bad.0);
        let added = subject.store.set(&entries, SetMode::IfAbsent).await;
        assert_eq!(good(&keys, &added, &good_keys), [false; 3], "beside {:?}", bad.0);
        let read = subject.store.get(&keys, Want::Value).await;
        let values = good(&keys, &read, &good_keys);
        assert!(values.into_iter().all(|entry| entry.is_some_and(|entry| entry.value == "v")));
        // It is refused, or what was written is read: a store may take more than it promises.
        match (&written[1], &read[1]) {
            (Ok(_), Ok(read)) => assert!(read.as_ref().is_some_and(|read| read.value == bad.1.value)),
            (Ok(_), Err(error)) => panic!("what was written is refused: {error}"),
            (Err(_), read) => assert!(!matches!(read, Ok(Some(_))), "what was refused is there"),
        }
        let there = subject.store.has(&keys).await;
        assert_eq!(good(&keys, &there, &good_keys), [true; 3], "beside {:?}", bad.0);
        let deleted = subject.store.delete(&keys).await;
        assert_eq!(good(&keys, &deleted, &good_keys), [(); 3], "beside {:?}", bad.0);
    }
}

pub async fn keys_that_look_alike_are_kept_apart(subject: &Subject) {
    let names = [
        "straße",
        "strasse",
        "STRASSE",
        "é",
        "e\u{301}",
        "É",
        "ﬁ",
        "fi",
        "a",
        "A",
        "ａ",
        "a ",
        "a  ",
        " a",
        "a\t",
        "1",
        "01",
        "1.0",
        "1e0",
        "+1",
        "ı",
        "i",
        "I",
        "İ",
        "ß",
        "ss",
        "\u{feff}a",
        "a\u{200b}",
    ];
    let entries: Vec<_> = names.iter().map(|name| (subject.key(name), Entry::new(*name))).collect();
    for answer in subject.store.set(&entries, SetMode::Always).await {
        answer.unwrap();
    }
    let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
    let read = subject.store.get(&keys, Want::Value).await;
    for ((key, entry), answer) in entries.iter().zip(read) {
        assert_eq!(answer.unwrap().map(|read| read.value).as_ref(), Some(&entry.value), "{key:?}");
    }
    for answer in subject.store.delete(&keys[..1]).await {
        answer.unwrap();
    }
    let there = subject.store.has(&keys).await.into_iter().filter(|answer| *answer.as_ref().unwrap());
    assert_eq!(there.count(), keys.len() - 1, "only the one that was deleted is gone");
}
