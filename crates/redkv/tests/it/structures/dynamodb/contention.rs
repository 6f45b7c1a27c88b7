//! Several who write the same items at the same time.

use std::sync::Arc;

use futures_util::future::{join_all, join3};
use redkv::error::ErrorKind;
use redkv::structures::{Action, Answer, AtomicAnswer, Change, Structures, Value, Write};
use serde_json::json;

use super::calls::{all, attempt, bytes, run, score};
use super::table::{EMULATOR, Table, binary};

/// Ten backends of their own, as processes have them.
fn writers(table: &Table) -> Vec<Arc<dyn Structures>> {
    (0..10).map(|_| Arc::new(table.backend(json!({}))) as Arc<dyn Structures>).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_writers_each_step_of_a_counter_counts_once() {
    let table = Table::create(EMULATOR).await;
    let writers = writers(&table);
    // Text: the first of them makes it a number.
    table.put(b"n", b"_", &[("v", binary(b"5"))]).await;
    join_all(writers.iter().map(|db| async {
        for _ in 0..10 {
            run(&**db, "n", Action::IncrBy(1)).await;
        }
    }))
    .await;
    assert_eq!(run(&*writers[0], "n", Action::Get).await, Answer::Value(Some(bytes("105"))));
}

/// Returns how often the atomic write was made: once or never.
async fn made(db: &dyn Structures, place: usize) -> u64 {
    let member = bytes(&place.to_string());
    let writes = [
        Write::new("n", Change::IncrBy(1)),
        Write::new("s", Change::SAdd(vec![member.clone()])),
        Write::new("z", Change::ZAdd { field: member, member: None, score: score(1.0) }),
    ];
    match db.write_atomically(&writes, 20).await {
        Ok(answer) => {
            assert_eq!(answer, AtomicAnswer::Committed);
            1
        }
        Err(error) => {
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Conflict, true), "{error}");
            0
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_atomic_writes_each_that_says_so_is_made() {
    let table = Table::create(EMULATOR).await;
    let writers = writers(&table);
    let made = writers.iter().enumerate().map(|(place, db)| made(&**db, place));
    let made: u64 = join_all(made).await.into_iter().sum();
    assert!(made > 0);
    let db = &*writers[0];
    assert_eq!(run(db, "n", Action::IncrBy(0)).await, Answer::Integer(made.try_into().unwrap()));
    assert_eq!(run(db, "s", Action::SCard).await, Answer::Count(made));
    assert_eq!(run(db, "z", Action::ZCard).await, Answer::Count(made));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_was_left_empty_becomes_of_one_kind_and_loses_nothing() {
    let table = Table::create(EMULATOR).await;
    let writers = writers(&table);
    for _ in 0..30 {
        table.put(b"k", b"_", &[]).await;
        let (value, hash, set) = join3(
            attempt(&*writers[0], "k", Action::SetNx(Value::from("v"))),
            attempt(&*writers[1], "k", Action::HSet(vec![(bytes("f"), 1.into())])),
            attempt(&*writers[2], "k", Action::SAdd(all(&["m"]))),
        )
        .await;
        let made = [matches!(value, Ok(Answer::Is(true))), hash.is_ok(), set.is_ok()];
        let made = made.into_iter().filter(|made| *made).count();
        let item = table.item(b"k", b"_").await.unwrap();
        // All of them may have met what another took back; what says that it was made is there.
        assert!(made <= 1, "{value:?} {hash:?} {set:?}");
        assert_eq!(item.len(), made, "{item:?}: {value:?} {hash:?} {set:?}");
        assert!(hash.is_err() || item.contains_key("~Zg"), "{item:?}");
    }
}
