//! In the table of 1.x's documents: key columns with the collation that a database gives them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use redkv::clock::{Clock, ManualClock, SystemClock};
use redkv::entry::{Deadline, Entry, Key};
use redkv::error::ErrorKind;
use redkv::notices::Notices;
use redkv::store::{SetMode, Store, Want};
use redkv::stores::Place;
use serde_json::json;

use crate::mysql::site::{NAME, exec};
use crate::mysql::sql::{entry, fresh, get, options, set, some, store, store_with_clock};

/// The table of 1.x, in a database with this character set.
async fn table_of_1_x(charset: &str) -> String {
    let table = fresh();
    exec(&format!(
        "CREATE TABLE {table} (id INTEGER AUTO_INCREMENT PRIMARY KEY, k VARCHAR(256), v MEDIUMTEXT, UNIQUE (k)) \
         DEFAULT CHARSET {charset}"
    ))
    .await;
    table
}

async fn over(charset: &str) -> Arc<dyn Store> {
    store(options(&table_of_1_x(charset).await, json!({})))
}

/// All keys of a prefix, however many pages they are.
async fn keys_of(store: &dyn Store, prefix: &str) -> BTreeSet<Key> {
    let (mut keys, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.keys(prefix, after.as_ref()).await.unwrap();
        keys.extend(page.keys);
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}

fn named(names: &[&str]) -> BTreeSet<Key> {
    names.iter().map(|name| Key::from(*name)).collect()
}

async fn conflict(store: &dyn Store, key: &str, mode: SetMode) -> String {
    let error = store.set(&[entry(key, "new")], mode).await.remove(0).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("key")), "{error:?}");
    assert!(!error.may_have_applied() && !error.is_retryable());
    error.message().to_owned()
}

/// Where spaces at the end do not count, what begins with a lesser character stands before the empty key.
#[tokio::test]
async fn keys_that_stand_before_the_empty_one_are_listed() {
    for charset in ["utf8mb4", "utf8mb3", "latin1"] {
        let store = over(charset).await;
        let names = ["\ttab", "\nline", "\u{1}", "", "plain"];
        for name in names {
            set(&*store, name, "v").await.unwrap();
        }
        assert_eq!(keys_of(&*store, "").await, named(&names), "{charset}");
        assert_eq!(keys_of(&*store, "\t").await, named(&["\ttab"]));
    }
}

#[tokio::test]
async fn keys_are_compared_exactly() {
    for charset in ["utf8mb4", "utf8mb3", "latin1"] {
        let store = over(charset).await;
        set(&*store, "Grüße", "1").await.unwrap();
        for other in ["grüße", "Grusse", "Gruße", "Grüße ", "GRÜSSE"] {
            assert_eq!(get(&*store, other).await.unwrap(), None, "{charset} {other}");
            assert!(!store.has(&[other.into()]).await.remove(0).unwrap());
            store.delete(&[other.into()]).await.remove(0).unwrap();
        }
        let asked = ["grüße".into(), "Grüße".into(), "Grüße ".into()];
        let found = store.get(&asked, Want::Value).await.into_iter().map(Result::unwrap);
        assert_eq!(found.collect::<Vec<_>>(), [None, some("1"), None]);
        store.delete(&asked[..1]).await.remove(0).unwrap();
        assert_eq!(keys_of(&*store, "").await, named(&["Grüße"]));
    }
}

#[tokio::test]
async fn a_key_that_the_column_takes_for_a_stored_one_is_refused_with_the_names_of_both() {
    for charset in ["utf8mb4", "utf8mb3", "latin1"] {
        let store = over(charset).await;
        set(&*store, "user", "1").await.unwrap();
        for other in ["User", "úser", "user "] {
            for mode in [SetMode::Always, SetMode::IfAbsent] {
                let message = conflict(&*store, other, mode).await;
                assert!(message.contains(&format!("'{other}'")) && message.contains("'user'"), "{message}");
            }
        }
        assert_eq!(get(&*store, "user").await.unwrap(), some("1"));
        set(&*store, "user", "2").await.unwrap();
        assert!(!store.set(&[entry("user", "3")], SetMode::IfAbsent).await.remove(0).unwrap());
        store.delete(&["user".into()]).await.remove(0).unwrap();
        set(&*store, "User", "4").await.unwrap();
        assert_eq!(keys_of(&*store, "").await, named(&["User"]));
    }
}

#[tokio::test]
async fn of_a_batch_only_the_keys_that_cannot_be_kept_apart_fail() {
    let store = over("latin1").await;
    set(&*store, "stored", "old").await.unwrap();
    let entries =
        [entry("a", "1"), entry("STORED", "2"), entry("A", "3"), entry("\u{1f600}", "4"), entry("b ", "5")];
    for mode in [SetMode::Always, SetMode::IfAbsent] {
        let answers = store.set(&entries, mode).await;
        let is_stored = mode == SetMode::Always;
        let kinds: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|error| error.kind())).collect();
        let no = Err(ErrorKind::Unsupported);
        if is_stored {
            assert_eq!(kinds, [Ok(true), no, no, no, Ok(true)]);
        } else {
            assert_eq!(kinds, [Ok(false), no, no, no, Ok(false)]);
        }
    }
    assert_eq!(get(&*store, "stored").await.unwrap(), some("old"));
    assert_eq!(keys_of(&*store, "").await, named(&["stored", "a", "b "]));
    let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
    let found: Vec<_> = store.has(&keys).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(found, [true, false, false, false, true]);
    assert!(store.delete(&keys).await.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(keys_of(&*store, "").await, named(&["stored"]));
}

#[tokio::test]
async fn a_key_that_the_character_set_has_not_is_no_other_key() {
    for charset in ["utf8mb3", "latin1"] {
        let store = over(charset).await;
        set(&*store, "?", "question").await.unwrap();
        assert_eq!(get(&*store, "\u{1f600}").await.unwrap(), None);
        store.delete(&["\u{1f600}".into()]).await.remove(0).unwrap();
        let error = set(&*store, "\u{1f600}", "smile").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(get(&*store, "?").await.unwrap(), some("question"));
    }
}

#[tokio::test]
async fn of_writers_of_keys_that_are_the_same_to_the_column_none_overwrites_another() {
    let table = table_of_1_x("utf8mb4").await;
    let stores: Vec<_> = (0..4).map(|_| store(options(&table, json!({})))).collect();
    let spellings = ["key", "KEY", "Key", "kéy"];
    for _ in 0..10 {
        let writes = stores.iter().zip(spellings).map(|(store, key)| set(&**store, key, key));
        let written: Vec<_> = join_all(writes).await.into_iter().map(|answer| answer.is_ok()).collect();
        assert_eq!(written.iter().filter(|is_written| **is_written).count(), 1, "{written:?}");
        for (key, is_written) in spellings.iter().zip(written) {
            assert_eq!(get(&*stores[0], key).await.unwrap(), if is_written { some(key) } else { None });
        }
        assert!(stores[0].delete(&spellings.map(Key::from)).await.into_iter().all(|answer| answer.is_ok()));
    }
}

#[tokio::test]
async fn an_entry_that_has_ended_is_in_nobodys_way() {
    let table = fresh();
    exec(&format!(
        "CREATE TABLE {table} (k VARCHAR(99) PRIMARY KEY, v TEXT, e BIGINT) DEFAULT CHARSET latin1"
    ))
    .await;
    let clock = Arc::new(ManualClock::starting_at(1_000));
    let store = store_with_clock(options(&table, json!({ "expiresColumn": "e" })), clock.clone());
    for (mode, spellings) in [(SetMode::Always, ["a", "A"]), (SetMode::IfAbsent, ["b", "B"])] {
        let mortal = (Key::from(spellings[0]), Entry::until("v", Deadline::at(clock.now() + 10)));
        store.set(&[mortal], SetMode::Always).await.remove(0).unwrap();
        conflict(&*store, spellings[1], mode).await;
        clock.advance(100);
        assert!(store.set(&[entry(spellings[1], "w")], mode).await.remove(0).unwrap());
        assert_eq!(get(&*store, spellings[1]).await.unwrap(), some("w"));
    }
}

#[tokio::test]
async fn a_key_or_value_that_is_too_long_by_its_spaces_is_refused_and_not_cut() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARCHAR(5) PRIMARY KEY, v VARCHAR(5)) DEFAULT CHARSET latin1"))
        .await;
    let store = store(options(&table, json!({})));
    set(&*store, "grüße", "grüße").await.unwrap();
    assert_eq!(set(&*store, "grüße ", "v").await.unwrap_err().field(), Some("key"));
    assert_eq!(set(&*store, "a", "grüße ").await.unwrap_err().field(), Some("value"));
    assert_eq!(get(&*store, "grüße ").await.unwrap(), None);
    assert_eq!(get(&*store, "grüße").await.unwrap(), some("grüße"));
}

#[tokio::test]
async fn pages_of_keys_and_clear_are_of_all_keys() {
    for charset in ["utf8mb4", "latin1"] {
        let store = over(charset).await;
        let entries: Vec<_> = (0..2_500).map(|n| entry(&format!("key{n}\u{fc}"), "v")).collect();
        for piece in entries.chunks(500) {
            assert!(store.set(piece, SetMode::Always).await.into_iter().all(|answer| answer.unwrap()));
        }
        let told = keys_of(&*store, "key1").await;
        assert_eq!(told.len(), 1 + 10 + 100 + 1_000);
        redkv_testing::conformance::clear(&*store, "key2").await;
        assert_eq!(keys_of(&*store, "").await.len(), 2_500 - (1 + 10 + 100 + 500));
    }
}

/// The statement that is told to change the column, once the store has looked at it.
async fn advice(table: &str) -> Vec<String> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let notices = Notices::to({
        let told = told.clone();
        move |text: &str| told.lock().unwrap().push(text.to_owned())
    });
    let place = Place { clock: Arc::new(SystemClock), max_value_bytes: None, timeout: None, notices };
    let built = redkv::stores::build_for(place, NAME, options(table, json!({})), &[]);
    let store = built.unwrap().store;
    store.init().await.unwrap();
    get(&*store, "a").await.unwrap();
    told.lock().unwrap().clone()
}

#[tokio::test]
async fn the_statement_that_an_error_gives_to_change_the_column_loses_nothing() {
    for (charset, more) in [("latin1", "Ä?"), ("utf8mb3", "日本"), ("utf8mb4", "\u{1f600}")] {
        let table = table_of_1_x(charset).await;
        let before = store(options(&table, json!({})));
        let names = ["grüße", "trailing  ", "  leading", "MiXeD", "", more];
        for name in names {
            set(&*before, name, name).await.unwrap();
        }
        let told = advice(&table).await;
        assert_eq!(told.len(), 1);
        let cure = told[0].split_once("ALTER TABLE").unwrap().1;
        exec(&format!("ALTER TABLE{cure}")).await;
        let after = store(options(&table, json!({})));
        assert_eq!(keys_of(&*after, "").await, named(&names), "{charset}");
        for name in names {
            assert_eq!(get(&*after, name).await.unwrap(), some(name));
        }
        let apart = ["Grüße", "gruße", "trailing", "trailing ", "mixed", " ", "\u{1f642}"];
        for name in apart {
            set(&*after, name, "new").await.unwrap();
        }
        assert_eq!(keys_of(&*after, "").await.len(), names.len() + apart.len());
        assert!(advice(&table).await.is_empty());
    }
}
