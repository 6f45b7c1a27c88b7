//! What the cache answers, and what it forgets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use redkv_core::error::{ErrorKind, Result};
use tokio::sync::Semaphore;

use super::fences::{DOUBT, LAG};
use super::slow::Slow;
use super::{CacheConfig, CachedStructures, FencedStructures, Fences};
use crate::memory::MemoryStructures;
use crate::{Action, Answer, By, Change, Command, Range, Score, ScoreRange, Shown, Structures, Value, Write};

struct Subject {
    slow: Arc<Slow>,
    fences: Arc<Fences>,
    cached: Arc<CachedStructures>,
}

fn subject() -> Subject {
    with(CacheConfig::default())
}

fn with(config: CacheConfig) -> Subject {
    let slow = Arc::new(Slow {
        inner: MemoryStructures::default(),
        asked: AtomicU64::new(0),
        is_held: AtomicBool::new(false),
        gate: Semaphore::new(0),
        fails: AtomicBool::new(false),
    });
    let fences = Arc::new(Fences::default());
    let cached = Arc::new(CachedStructures::new(slow.clone(), config, fences.clone()));
    Subject { slow, fences, cached }
}

impl Subject {
    async fn run(&self, key: &'static str, action: Action) -> Answer {
        self.cached.run(&[Command::new(key, action)]).await.remove(0).unwrap()
    }

    async fn run_old(&self, key: &'static str, action: Action) -> Answer {
        let command = Command { may_be_old: true, ..Command::new(key, action) };
        self.cached.run(&[command]).await.remove(0).unwrap()
    }

    /// How many commands the backend is asked while `work` runs.
    async fn asks<T>(&self, work: impl Future<Output = T>) -> u64 {
        let before = self.slow.asked();
        work.await;
        self.slow.asked() - before
    }

    /// Begins a read, which the backend has made, and does not answer before it is let go.
    async fn begin(&self, key: &'static str, action: Action) -> tokio::task::JoinHandle<Answer> {
        self.slow.hold();
        let cached = self.cached.clone();
        let task = tokio::spawn(async move {
            cached.run(&[Command::new(key, action)]).await.remove(0).unwrap_or(Answer::Done)
        });
        tokio::task::yield_now().await;
        task
    }
}

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn value(text: &'static str) -> Answer {
    Answer::Value(Some(bytes(text)))
}

fn list(members: &[&'static str]) -> Answer {
    Answer::List(members.iter().map(|member| bytes(member)).collect())
}

fn set(text: &str) -> Action {
    Action::Set(Value::from(text))
}

fn first(limit: Option<u64>) -> Action {
    let by = By::Score(ScoreRange { min: Score::MIN, max: Score::MAX });
    let (shown, reverse, with_scores, is_page, after) = (Shown::Field, false, false, false, None);
    Action::ZRange(Range { by, shown, reverse, limit, with_scores, is_page, after })
}

#[tokio::test]
async fn what_was_read_is_read_once() {
    let db = subject();
    db.run("k", set("a")).await;
    assert_eq!(db.asks(db.run("k", Action::Get)).await, 1);
    assert_eq!(db.asks(db.run("k", Action::Get)).await, 0);
    assert_eq!(db.run("k", Action::Get).await, value("a"));
    db.run("none", Action::Get).await;
    assert_eq!(db.asks(db.run("none", Action::Get)).await, 0, "also that there is nothing");
    let usage = db.cached.cache_usage();
    assert_eq!((usage.hits, usage.misses, usage.entries), (3, 2, 2));
}

#[tokio::test]
async fn errors_are_not_kept() {
    let db = subject();
    db.run("k", set("a")).await;
    let read = async || db.cached.run(&[Command::new("k", Action::SMembers)]).await.remove(0);
    assert_eq!(read().await.unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(db.asks(read()).await, 1);
}

#[tokio::test]
async fn a_write_is_read_whatever_it_is() {
    let db = subject();
    db.run("k", set("a")).await;
    db.run("k", Action::Get).await;
    db.run("k", set("b")).await;
    assert_eq!(db.run("k", Action::Get).await, value("b"));
    let write = [Write::new("k", Change::Set(Value::from("c")))];
    db.cached.write_atomically(&write, 0).await.unwrap();
    assert_eq!(db.run("k", Action::Get).await, value("c"));
}

#[tokio::test]
async fn a_read_after_a_write_in_one_batch_sees_it() {
    let db = subject();
    db.run("k", set("a")).await;
    db.run("other", Action::Get).await;
    db.run("k", Action::Get).await;
    let batch = [("k", Action::Get), ("other", Action::Get), ("k", set("b")), ("k", Action::Get)];
    let batch = batch.map(|(key, action)| Command::new(key, action));
    let answers: Vec<_> = db.cached.run(&batch).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [value("a"), Answer::Value(None), Answer::Done, value("b")]);
}

#[tokio::test]
async fn a_read_that_began_before_a_write_is_not_kept() {
    let db = subject();
    db.run("k", set("old")).await;
    let read = db.begin("k", Action::Get).await;
    db.slow.let_go();
    db.run("k", set("new")).await;
    assert_eq!(read.await.unwrap(), value("old"));
    assert_eq!(db.run("k", Action::Get).await, value("new"));
}

#[tokio::test]
async fn a_read_during_a_write_is_not_kept() {
    let db = subject();
    db.run("k", set("old")).await;
    let write = db.begin("k", set("new")).await;
    db.slow.is_held.store(false, Ordering::Relaxed);
    db.run("k", Action::Get).await;
    assert_eq!(db.asks(db.run("k", Action::Get)).await, 1);
    db.slow.let_go();
    write.await.unwrap();
    db.run("k", Action::Get).await;
    assert_eq!(db.asks(db.run("k", Action::Get)).await, 0);
}

#[tokio::test]
async fn a_read_that_began_before_an_invalidation_is_not_kept() {
    for invalidates_all in [false, true] {
        let db = subject();
        let read = db.begin("k", Action::Get).await;
        if invalidates_all {
            db.cached.clear()
        } else {
            db.cached.invalidate(b"k")
        }
        db.slow.let_go();
        read.await.unwrap();
        assert_eq!(db.asks(db.run("k", Action::Get)).await, 1);
        assert_eq!(db.asks(db.run("k", Action::Get)).await, 0);
    }
}

#[tokio::test]
async fn invalidate_forgets_a_key_and_clear_all() {
    let db = subject();
    for key in ["a", "b"] {
        db.run(key, Action::Get).await;
    }
    db.cached.invalidate(b"a");
    assert_eq!(db.asks(db.run("a", Action::Get)).await, 1);
    assert_eq!(db.asks(db.run("b", Action::Get)).await, 0);
    db.cached.clear();
    assert_eq!(db.asks(db.run("b", Action::Get)).await, 1);
}

#[tokio::test]
async fn writes_beside_it_are_seen() {
    let db = subject();
    let other = FencedStructures::new(db.slow.clone(), db.fences.clone());
    let view = CachedStructures::new(db.slow.clone(), CacheConfig::default(), db.fences.clone());
    db.run("k", Action::Get).await;
    view.run(&[Command::new("k", Action::Get)]).await;
    other.run(&[Command::new("k", set("a"))]).await;
    assert_eq!(db.run("k", Action::Get).await, value("a"));
    let read = view.run(&[Command::new("k", Action::Get)]).await.remove(0);
    assert_eq!(read.unwrap(), value("a"));
    other.write_atomically(&[Write::new("k", Change::Delete)], 0).await.unwrap();
    assert_eq!(db.run("k", Action::Get).await, Answer::Value(None));
    let each = ["k", "other"].map(|key| vec![Write::new(key, Change::Set("b".into()))]);
    assert!(other.write_each_atomically(&each, 0).await.iter().all(Result::is_ok));
    assert_eq!(db.run("k", Action::Get).await, value("b"));
    let each = ["other", "k"].map(|key| vec![Write::new(key, Change::Set("c".into()))]);
    assert!(view.write_each_atomically(&each, 0).await.iter().all(Result::is_ok));
    assert_eq!(db.run("k", Action::Get).await, value("c"));
}

#[tokio::test]
async fn what_may_be_old_answers_no_consistent_read() {
    let db = subject();
    db.run_old("k", Action::Get).await;
    assert_eq!(db.asks(db.run_old("k", Action::Get)).await, 0);
    assert_eq!(db.asks(db.run("k", Action::Get)).await, 1);
    db.run("other", Action::Get).await;
    assert_eq!(db.asks(db.run_old("other", Action::Get)).await, 0, "the other way round it does");
}

#[tokio::test(start_paused = true)]
async fn what_may_be_old_is_not_kept_right_after_a_write() {
    let db = subject();
    db.run_old("k", Action::Get).await;
    db.run("k", set("a")).await;
    for _ in 0..2 {
        assert_eq!(db.asks(db.run_old("k", Action::Get)).await, 1);
    }
    tokio::time::advance(LAG + Duration::from_millis(2)).await;
    db.run_old("k", Action::Get).await;
    assert_eq!(db.asks(db.run_old("k", Action::Get)).await, 0);
    db.cached.clear();
    for _ in 0..2 {
        assert_eq!(db.asks(db.run_old("k", Action::Get)).await, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_write_without_an_answer_nothing_is_kept_until_it_cannot_take_effect() {
    for is_given_up in [false, true] {
        let db = subject();
        if is_given_up {
            let write = db.begin("k", set("a")).await;
            write.abort();
            write.await.unwrap_err();
        } else {
            db.slow.fails.store(true, Ordering::Relaxed);
            db.cached.run(&[Command::new("k", set("a"))]).await.remove(0).unwrap_err();
            db.slow.fails.store(false, Ordering::Relaxed);
        }
        db.slow.is_held.store(false, Ordering::Relaxed);
        for _ in 0..2 {
            assert_eq!(db.asks(db.run("k", Action::Get)).await, 1);
        }
        tokio::time::advance(DOUBT + Duration::from_millis(2)).await;
        db.run("k", Action::Get).await;
        assert_eq!(db.asks(db.run("k", Action::Get)).await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_asked_anew_after_its_ttl() {
    let db = with(CacheConfig { ttl: Some(Duration::from_secs(5)), ..CacheConfig::default() });
    tokio::time::advance(Duration::from_secs(60)).await;
    db.run("k", Action::Get).await;
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(db.asks(db.run("k", Action::Get)).await, 0);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(db.asks(db.run("k", Action::Get)).await, 1);
}

#[tokio::test]
async fn a_limit_cuts() {
    let db = subject();
    for (member, score) in [("a", 1), ("b", 2), ("c", 3)] {
        db.run("z", Action::ZAdd { member: bytes(member), score: Score::from(score) }).await;
    }
    db.run("z", first(Some(2))).await;
    assert_eq!(db.asks(db.run("z", first(Some(1)))).await, 0);
    assert_eq!(db.run("z", first(Some(1))).await, list(&["a"]));
    assert_eq!(db.asks(db.run("z", first(Some(5)))).await, 1, "more than it has");
    assert_eq!(db.asks(db.run("z", first(Some(9)))).await, 0, "that was all there is");
    assert_eq!(db.run("z", first(None)).await, list(&["a", "b", "c"]));
    assert_eq!(db.run("z", first(Some(2))).await, list(&["a", "b"]));
}

#[tokio::test]
async fn what_a_whole_has_answers_for_its_parts() {
    let db = subject();
    db.run("h", Action::HSet(vec![(bytes("f"), Value::from(1))])).await;
    db.run("h", Action::HGetAll).await;
    let part = async {
        assert_eq!(db.run("h", Action::HGet(bytes("f"))).await, value("1"));
        assert_eq!(db.run("h", Action::HGet(bytes("g"))).await, Answer::Value(None));
    };
    assert_eq!(db.asks(part).await, 0);
    db.run("s", Action::SAdd(vec![bytes("a"), bytes("b")])).await;
    db.run("s", Action::SMembers).await;
    let part = async {
        assert_eq!(db.run("s", Action::SIsMember(bytes("a"))).await, Answer::Is(true));
        assert_eq!(db.run("s", Action::SIsMember(bytes("c"))).await, Answer::Is(false));
        assert_eq!(db.run("s", Action::SCard).await, Answer::Count(2));
    };
    assert_eq!(db.asks(part).await, 0);
}

#[tokio::test]
async fn pages_are_not_kept() {
    let db = subject();
    let page = || match first(Some(2)) {
        Action::ZRange(range) => Action::ZRange(Range { is_page: true, ..range }),
        other => other,
    };
    db.run("z", page()).await;
    assert_eq!(db.asks(db.run("z", page())).await, 1);
}
