//! Files that are not what was written.

use std::fs;
use std::path::PathBuf;

use redkv::entry::{Entry, Key};
use redkv::error::{Error, ErrorKind};
use redkv::store::{SetMode, Store, Want};
use redkv::stores::DiskStore;
use serde_json::json;

use crate::disk::support::{Place, get, has, set};
use crate::support::again::again;

/// The first and the last of the seeds, such as `0..40`: for each the file is damaged in other places.
const SEEDS: &str = "REDKV_TEST_DAMAGES";

fn file_of(place: &Place) -> PathBuf {
    place.path.join("entries.redb")
}

/// Every third one is kept in pieces, and every seventh one is long.
fn value_of(n: usize) -> String {
    let long = if n.is_multiple_of(7) { 9_000 } else { 900 };
    format!("value {n} ").repeat(if n.is_multiple_of(3) { long / 9 } else { 2 })
}

fn keys() -> Vec<Key> {
    (0..120).map(|n| format!("key {n}").into()).collect()
}

async fn written() -> Place {
    let place = Place::new();
    let store = place.store(json!({ "durable": true }));
    let entries: Vec<_> =
        keys().into_iter().enumerate().map(|(n, key)| (key, Entry::new(value_of(n)))).collect();
    for some in entries.chunks(7) {
        store.set(some, SetMode::Always).await.into_iter().for_each(|answer| assert!(answer.unwrap()));
    }
    store.close().await;
    place
}

/// Uses a store in every way, and looks at all that it says.
async fn use_it(store: &DiskStore) {
    let read = store.get(&keys(), Want::Value).await;
    for (n, answer) in read.into_iter().enumerate() {
        let wrong = allowed(answer).flatten().is_some_and(|entry| entry.value != value_of(n));
        assert!(!wrong, "value {n} is not what was written");
    }
    allowed(store.keys("", None).await);
    let entries: Vec<_> = keys().into_iter().take(30).map(|key| (key, Entry::new("new"))).collect();
    for entry in &entries {
        allowed(store.set(std::slice::from_ref(entry), SetMode::Always).await.remove(0));
    }
    allowed(store.set(&entries, SetMode::IfAbsent).await.remove(0));
    allowed(store.delete(&keys()[40..50]).await.remove(0));
    let mut after = None;
    for _ in 0..3 {
        after = allowed(store.clear("", after.as_ref()).await).flatten();
    }
    allowed(store.flush().await);
    store.close().await;
}

fn allowed<T>(answer: Result<T, Error>) -> Option<T> {
    let kind = answer.as_ref().err().map(Error::kind);
    assert!(matches!(kind, None | Some(ErrorKind::Store | ErrorKind::Value)), "{:?}", answer.err());
    answer.ok()
}

#[tokio::test]
async fn damage_in_any_place_serves_nothing_wrong_and_does_not_end_the_process() {
    if !again("disk::damage::damage_in_any_place_serves_nothing_wrong_and_does_not_end_the_process", &[]) {
        return;
    }
    let place = written().await;
    let file = file_of(&place);
    let whole = fs::read(&file).unwrap();
    let seeds = std::env::var(SEEDS).unwrap_or("0..40".to_owned());
    let (first, end) = seeds.split_once("..").unwrap();
    for seed in first.parse::<u64>().unwrap()..end.parse().unwrap() {
        eprintln!("damage {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = whole.clone();
        for _ in 0..random.usize(1..31) {
            let at = random.usize(4_096..bytes.len() - 40);
            random.fill(&mut bytes[at..at + 40]);
        }
        fs::remove_file(&file).unwrap();
        fs::write(&file, bytes).unwrap();
        use_it(&place.store(json!({ "cacheBytes": 1 << 20 }))).await;
    }
}

#[tokio::test]
async fn a_damaged_file_stays_refused_until_another_one_takes_its_place() {
    let place = written().await;
    let mut bytes = fs::read(file_of(&place)).unwrap();
    bytes[4_096..].fill(0xFF);
    fs::write(file_of(&place), bytes).unwrap();
    let store = place.store(json!({}));
    let refused = store.init().await.unwrap_err();
    assert_eq!((refused.kind(), refused.is_retryable()), (ErrorKind::Store, false));
    assert!(refused.message().contains("remove the folder"), "{refused}");
    let written = store.set(&[("k".into(), Entry::new("v"))], SetMode::Always).await.remove(0);
    assert_eq!(written.unwrap_err().message(), refused.message());
    let read = store.get(&["k".into()], Want::Value).await.remove(0);
    assert_eq!(read.unwrap_err().message(), refused.message());
    fs::remove_dir_all(&place.path).unwrap();
    set(&store, "k", "v").await;
    assert_eq!(get(&store, "k").await.unwrap(), "v");
}

#[tokio::test]
async fn a_damaged_file_is_let_go_of() {
    let place = written().await;
    let whole = fs::read(file_of(&place)).unwrap();
    let mut bytes = whole.clone();
    bytes[4_096..].fill(0xFF);
    fs::write(file_of(&place), bytes).unwrap();
    let store = place.store(json!({}));
    store.init().await.unwrap_err();
    fs::write(file_of(&place), whole).unwrap();
    assert_eq!(get(&place.store(json!({})), "key 1").await.unwrap(), value_of(1));
}

/// A store whose whole file is `bytes`.
async fn with_file(bytes: impl AsRef<[u8]>) -> (Place, DiskStore) {
    let place = written().await;
    fs::write(file_of(&place), bytes).unwrap();
    let store = place.store(json!({}));
    (place, store)
}

async fn is_refused(bytes: impl AsRef<[u8]>) {
    let (place, store) = with_file(bytes).await;
    let error = store.init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false), "{error}");
    let said = format!("the data in '{}' is damaged", place.path.display());
    assert!(error.message().starts_with(&said), "{error}");
    use_it(&store).await;
}

#[tokio::test]
async fn an_empty_file_is_damaged() {
    is_refused([]).await;
}

#[tokio::test]
async fn a_file_of_zeroes_is_damaged() {
    is_refused([0; 100_000]).await;
}

#[tokio::test]
async fn a_file_of_anything_is_damaged() {
    let mut bytes = vec![0; 100_000];
    fastrand::fill(&mut bytes);
    is_refused(bytes).await;
}

#[tokio::test]
async fn the_file_of_another_program_is_damaged() {
    is_refused(b"SQLite format 3\0".repeat(1_000)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_pipe_in_the_place_of_the_file_or_of_its_lock_is_not_waited_for() {
    for name in ["entries.redb", "lock"] {
        let place = written().await;
        let path = place.path.join(name);
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let error = place.store(json!({})).init().await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false), "{error}");
        assert!(error.message().contains("is damaged"), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_was_cut_off_anywhere_serves_nothing_wrong() {
    if !again("disk::damage::a_file_that_was_cut_off_anywhere_serves_nothing_wrong", &[]) {
        return;
    }
    let place = written().await;
    let file = file_of(&place);
    let whole = fs::read(&file).unwrap();
    for eighths in 1..8 {
        fs::write(&file, &whole[..whole.len() * eighths / 8 - 100]).unwrap();
        use_it(&place.store(json!({}))).await;
    }
}

/// Changes what is in the file in place of `text`, which is of the same length.
fn replace_in_file(place: &Place, text: &str, other: &str) {
    let mut bytes = fs::read(file_of(place)).unwrap();
    let found: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(text.as_bytes())).collect();
    assert!(!found.is_empty(), "'{text}' is not in the file");
    found.into_iter().for_each(|at| bytes[at..at + other.len()].copy_from_slice(other.as_bytes()));
    fs::write(file_of(place), bytes).unwrap();
}

async fn with_a_damaged_value(value: String) -> (Place, DiskStore) {
    let place = Place::new();
    let store = place.store(json!({}));
    set(&store, "k", value).await;
    set(&store, "other", "intact").await;
    store.close().await;
    replace_in_file(&place, "s3cret", "S3cret");
    let store = place.store(json!({}));
    (place, store)
}

async fn is_told(store: &DiskStore) {
    let error = store.get(&["k".into()], Want::Value).await.remove(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(!error.message().contains("3cret"), "{error}");
    assert_eq!(get(store, "other").await.unwrap(), "intact");
}

#[tokio::test]
async fn a_short_value_that_was_changed_is_not_served() {
    let (_place, store) = with_a_damaged_value("s3cret".to_owned()).await;
    is_told(&store).await;
}

#[tokio::test]
async fn a_value_in_a_piece_that_was_changed_is_not_served() {
    let (_place, store) = with_a_damaged_value(format!("{}s3cret", "x".repeat(1_000))).await;
    is_told(&store).await;
}

#[tokio::test]
async fn a_value_in_pieces_that_was_changed_is_not_served() {
    let (_place, store) = with_a_damaged_value(format!("{}s3cret", "x".repeat(20_000))).await;
    is_told(&store).await;
}

#[tokio::test]
async fn a_damaged_entry_is_not_filled_but_may_be_written() {
    let (_place, store) = with_a_damaged_value("s3cret".to_owned()).await;
    let entry = ("k".into(), Entry::new("new"));
    let filled = store.set(std::slice::from_ref(&entry), SetMode::IfAbsent).await.remove(0);
    assert_eq!(filled.unwrap_err().kind(), ErrorKind::Value);
    set(&store, "k", "new").await;
    assert_eq!(get(&store, "k").await.unwrap(), "new");
}

#[tokio::test]
async fn a_damaged_entry_costs_the_others_of_its_batch_nothing() {
    let (_place, store) = with_a_damaged_value("s3cret".to_owned()).await;
    let entries = [("k".into(), Entry::new("new")), ("new".into(), Entry::new("new"))];
    let answers = store.set(&entries, SetMode::IfAbsent).await;
    assert!(answers[0].is_err());
    assert!(*answers[1].as_ref().unwrap());
    assert_eq!(get(&store, "new").await.unwrap(), "new");
}

#[tokio::test]
async fn a_damaged_entry_is_listed_and_may_be_deleted() {
    let (_place, store) = with_a_damaged_value("s3cret".to_owned()).await;
    assert_eq!(store.keys("", None).await.unwrap().keys, ["k".into(), "other".into()]);
    store.delete(&["k".into()]).await.remove(0).unwrap();
    assert!(!has(&store, "k").await);
    assert_eq!(store.keys("", None).await.unwrap().keys, ["other".into()]);
}

#[tokio::test]
async fn a_damaged_entry_makes_room() {
    let (place, store) = with_a_damaged_value("s3cret".to_owned()).await;
    store.close().await;
    let store = place.store(json!({ "maxEntries": 2 }));
    set(&store, "third", "v").await;
    set(&store, "fourth", "v").await;
    assert_eq!(store.keys("", None).await.unwrap().keys, ["fourth".into(), "third".into()]);
}
