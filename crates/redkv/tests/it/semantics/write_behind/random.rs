//! Random calls of chains with a queued tier that fails again and again: what a caller reads is what was written last.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use redkv::chain::{Action, Event, Observer, Scope, TierConfig};
use redkv::entry::{Entry, Key};
use redkv::error::{Error, ErrorKind, Outcome};
use redkv::layers::{BehindConfig, LayerConfig};
use redkv_testing::Fault;

use crate::semantics::harness::*;

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

fn queued(rng: &mut Rng) -> TierConfig {
    let retry = rng.bool().then(|| Duration::from_millis(rng.u64(1..500)));
    let behind = BehindConfig { retry, ..BehindConfig::default() };
    let layers = LayerConfig { behind: Some(behind), ..LayerConfig::default() };
    TierConfig { layers, circuit_breaker: rng.bool().then_some(3), ..TierConfig::default() }
}

/// Has calls of `tier` fail at random, before or after they have reached the store.
fn fail_at_random(tier: &TestTier, rng: &mut Rng) {
    let (mut rng, bad) = (rng.fork(), rng.u8(5..80));
    tier.faults.script(move |_| {
        if rng.u8(..100) >= bad {
            return Vec::new();
        }
        let kinds = [ErrorKind::Connection, ErrorKind::Timeout, ErrorKind::Store];
        let error = Error::new(kinds[rng.usize(..3)], "on purpose");
        vec![if rng.bool() { Fault::Fail(error) } else { Fault::LoseAnswer(error.outcome(Outcome::Unknown)) }]
    });
}

/// The keys whose last write was lost.
#[derive(Default)]
struct Lost(Mutex<HashSet<Key>>);

impl Observer for Lost {
    fn observe(&self, event: Event) {
        if let Event::WriteError { key, .. } = event {
            self.0.lock().unwrap().insert(key);
        }
    }
}

/// A read that was called, and what it may answer.
struct Read {
    key: &'static str,
    allowed: Vec<Option<String>>,
    /// Whether a write of the key was lost before or meanwhile, so that nothing is known.
    met_loss: bool,
    waiting: Waiting,
}

/// What was called, by key.
struct Model {
    values: HashMap<&'static str, Option<String>>,
    reads: Vec<Read>,
    lost: Arc<Lost>,
    seed: u64,
}

impl Model {
    fn new(world: &World, seed: u64) -> Self {
        let lost = Arc::new(Lost::default());
        world.chain.observe(lost.clone());
        Self { values: KEYS.map(|key| (key, None)).into(), reads: Vec::new(), lost, seed }
    }

    /// A write was called: reads on their way may see it.
    fn write(&mut self, key: &'static str, value: Option<String>) {
        let was_lost = self.lost.0.lock().unwrap().remove(key);
        for read in self.reads.iter_mut().filter(|read| read.key == key) {
            read.allowed.push(value.clone());
            read.met_loss |= was_lost;
        }
        self.values.insert(key, value);
    }

    fn read(&mut self, key: &'static str, waiting: Waiting) {
        let allowed = vec![self.values[key].clone()];
        let met_loss = self.has_lost(key);
        self.reads.push(Read { key, allowed, met_loss, waiting });
    }

    fn has_lost(&self, key: &str) -> bool {
        self.lost.0.lock().unwrap().contains(key)
    }

    /// Looks at the reads so far. Of a key whose write the authority may have lost, nothing is known.
    async fn check(&mut self, authority_loses: bool) {
        for Read { key, allowed, met_loss, waiting } in std::mem::take(&mut self.reads) {
            let value = waiting.answer().await;
            if authority_loses && (value.is_err() || met_loss || self.has_lost(key)) {
                continue;
            }
            let redkv::chain::Answer::Entry(entry) = value.unwrap() else { panic!("an answer to get") };
            let value = entry.as_ref().map(text);
            assert!(allowed.contains(&value), "seed {}: {key} is {value:?}, not {allowed:?}", self.seed);
        }
    }

    async fn run(&mut self, world: &World, rng: &mut Rng, authority_loses: bool) {
        for step in 0..rng.u32(10..120) {
            let key = KEYS[rng.usize(..KEYS.len())];
            match rng.u8(..12) {
                0..3 => {
                    let value = step.to_string();
                    let write = world.call(key, Action::Set(Entry::new(value.clone())));
                    self.write(key, Some(value));
                    self.finish(write, rng).await;
                }
                3..5 => {
                    let write = world.delete(key);
                    self.write(key, None);
                    self.finish(write, rng).await;
                }
                5 => pass(Duration::from_millis(rng.u64(..700))).await,
                6 => tokio::task::yield_now().await,
                7 => self.check(authority_loses).await,
                _ => self.read(key, world.get(key)),
            }
        }
        self.check(authority_loses).await;
    }

    /// A queue takes every write, so it is always made.
    async fn finish(&self, write: Waiting, rng: &mut Rng) {
        if rng.bool() {
            assert!(write.written().await, "seed {}", self.seed);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn in_front_of_an_authority_that_works_every_read_brings_what_was_written_last() {
    for seed in 0..100 {
        let mut rng = Rng::with_seed(seed);
        let world = World::empty();
        let cache = world.add(queued(&mut rng), |_| {});
        let authority = world.add(TierConfig::default(), |_| {});
        let mut model = Model::new(&world, seed);
        fail_at_random(&cache, &mut rng);
        model.run(&world, &mut rng, false).await;
        cache.faults.heal();
        pass(Duration::from_secs(60)).await;
        for key in KEYS {
            let value = world.get(key).value().await;
            assert_eq!(value, model.values[key], "seed {seed}, {key}");
            assert_eq!(authority.holds(key), value, "seed {seed}, {key}");
            assert!(cache.holds(key).is_none_or(|cached| Some(cached) == value), "seed {seed}, {key}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_caches_that_work_every_read_returns_the_last_write_or_its_loss_is_reported() {
    for seed in 0..400 {
        let mut rng = Rng::with_seed(seed);
        let world = World::empty();
        let memory = rng.bool().then(|| world.add_memory());
        let cache = world.add(TierConfig::default(), |_| {});
        let authority = world.add(queued(&mut rng), |_| {});
        let mut model = Model::new(&world, seed);
        fail_at_random(&authority, &mut rng);
        model.run(&world, &mut rng, true).await;
        authority.faults.heal();
        let _ = world.chain.flush(Scope::Chain).await;
        pass(Duration::from_secs(60)).await;
        for key in KEYS {
            let value = world.get(key).value().await;
            assert_eq!(value, authority.holds(key), "seed {seed}, {key}");
            if !model.has_lost(key) {
                assert_eq!(value, model.values[key], "seed {seed}, {key}");
            }
            for cached in [Some(&cache), memory.as_ref()].into_iter().flatten() {
                assert!(cached.holds(key).is_none_or(|held| Some(held) == value), "seed {seed}, {key}");
            }
        }
    }
}
