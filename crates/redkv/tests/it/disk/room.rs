//! What the folder takes on the disk. `cargo test -p redkv --test it disk::room -- --nocapture` prints the figures, as shares of
//! `maxBytes`: the most that the folder took at any moment, and the keys and values in it in the end.

use fastrand::Rng;
use redkv::entry::{Entry, Key};
use redkv::store::{SetMode, Store, Want};
use redkv::stores::DiskStore;
use serde_json::json;

use crate::disk::support::{Place, get, keys_in_order_of_use, set};

const MAX: u64 = 8_000_000;

const MIX: [usize; 8] = [100, 100, 100, 1_000, 1_000, 2_500, 10_000, 300_000];

/// A store that is written to until several times its bound was written.
struct Filled {
    place: Place,
    store: DiskStore,
    random: Rng,
    options: serde_json::Value,
    /// The most that the folder took.
    most: u64,
}

impl Filled {
    fn begin(options: serde_json::Value) -> Self {
        let place = Place::new();
        let store = place.store(options.clone());
        Self { place, store, random: Rng::with_seed(7), options, most: 0 }
    }

    /// Writes values of some of `sizes` under some of as many keys as fit several times, until `bytes` were written.
    async fn write(&mut self, sizes: &[usize], keys: u64, bytes: u64) {
        let mut written = 0;
        while written < bytes {
            let (mut some, mut len) = (Vec::new(), 0);
            while some.len() < 200 && len < 400_000 {
                let size = *self.random.choice(sizes).unwrap();
                some.push((key(self.random.u64(..keys)), Entry::new(vec![7; size])));
                len += size;
            }
            let answers = self.store.set(&some, SetMode::Always).await;
            answers.into_iter().for_each(|answer| assert!(answer.unwrap()));
            written += len as u64;
            self.look();
        }
    }

    async fn reopen(&mut self) {
        self.store.close().await;
        self.look();
        self.store = self.place.store(self.options.clone());
        self.store.init().await.unwrap();
        self.look();
    }

    fn look(&mut self) {
        let taken = self.place.bytes();
        self.most = self.most.max(taken);
        assert!(taken <= self.options["maxBytes"].as_u64().unwrap(), "{taken}");
    }

    /// The share of the bound that is keys and values.
    async fn kept(&self) -> f64 {
        let mut bytes = 0;
        for keys in keys_in_order_of_use(&self.store).await.chunks(500) {
            let keys: Vec<Key> = keys.iter().map(|key| key.as_str().into()).collect();
            let found = self.store.get(&keys, Want::Value).await;
            let lens = found.into_iter().map(|entry| entry.unwrap().unwrap().value.len());
            bytes += keys.iter().map(|key| key.len()).sum::<usize>() + lens.sum::<usize>();
        }
        bytes as f64 / self.options["maxBytes"].as_f64().unwrap()
    }

    async fn figures(&self, what: &str) -> f64 {
        let kept = self.kept().await;
        let most = self.most as f64 / self.options["maxBytes"].as_f64().unwrap();
        println!("{what}: the folder took {most:.2}, {kept:.2} are keys and values");
        kept
    }
}

fn key(n: u64) -> Key {
    format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into()
}

/// Writes `bytes` and half as many under ever new keys, and opens the store again after each.
async fn kept_of(sizes: &[usize], bytes: u64, durable: bool) -> f64 {
    let mut filled = Filled::begin(json!({ "maxBytes": MAX, "durable": durable }));
    filled.write(sizes, u64::MAX, bytes).await;
    filled.reopen().await;
    filled.write(sizes, u64::MAX, bytes / 2).await;
    filled.reopen().await;
    let durable = if durable { ", durable" } else { "" };
    filled.figures(&format!("values of {sizes:?} bytes{durable}")).await
}

#[tokio::test]
async fn values_of_100_bytes_stay_within_the_bound() {
    assert!(kept_of(&[100], MAX, false).await > 0.35);
}

#[tokio::test]
async fn values_of_1_000_bytes_stay_within_the_bound() {
    assert!(kept_of(&[1_000], 2 * MAX, false).await > 0.65);
}

#[tokio::test]
async fn values_of_10_000_bytes_stay_within_the_bound() {
    assert!(kept_of(&[10_000], 2 * MAX, false).await > 0.6);
}

#[tokio::test]
async fn values_of_300_000_bytes_stay_within_the_bound() {
    assert!(kept_of(&[300_000], 2 * MAX, false).await > 0.75);
}

#[tokio::test]
async fn values_of_all_sizes_stay_within_the_bound() {
    assert!(kept_of(&MIX, 2 * MAX, false).await > 0.7);
}

#[tokio::test]
async fn durable_values_of_1_000_bytes_stay_within_the_bound() {
    assert!(kept_of(&[1_000], 2 * MAX, true).await > 0.65);
}

#[tokio::test]
async fn durable_values_of_all_sizes_stay_within_the_bound() {
    assert!(kept_of(&MIX, 2 * MAX, true).await > 0.7);
}

#[tokio::test]
async fn values_that_are_written_over_stay_within_the_bound() {
    let mut filled = Filled::begin(json!({ "maxBytes": MAX }));
    filled.write(&[1_000, 2_500], 2 * MAX / 1_750, 5 * MAX).await;
    assert!(filled.figures("values of 1,000 and 2,500 bytes, written over").await > 0.5);
}

#[tokio::test]
async fn values_of_another_size_take_the_place_of_those_before() {
    let mut filled = Filled::begin(json!({ "maxBytes": MAX }));
    for size in [10_000, 300_000, 1_000, 100] {
        filled.write(&[size], u64::MAX, MAX).await;
    }
    filled.write(&[1_000], u64::MAX, 2 * MAX).await;
    assert!(filled.figures("values of 1,000 bytes after others").await > 0.65);
}

#[tokio::test]
async fn reading_all_of_it_stays_within_the_bound() {
    let mut filled = Filled::begin(json!({ "maxBytes": MAX }));
    filled.write(&[100], u64::MAX, MAX / 2).await;
    for _ in 0..3 {
        filled.kept().await;
        filled.store.flush().await.unwrap();
        filled.look();
    }
    assert!(filled.figures("values of 100 bytes, read").await > 0.3);
}

#[tokio::test]
async fn writing_one_at_a_time_while_others_read_stays_within_the_bound() {
    let mut filled = Filled::begin(json!({ "maxBytes": MAX }));
    filled.write(&[1_000], 20_000, MAX).await;
    let keys: Vec<Key> = (0..2_000).map(key).collect();
    let reads = async {
        loop {
            let found = filled.store.get(&keys, Want::Value).await;
            assert!(found.into_iter().all(|found| found.is_ok()));
        }
    };
    let writes = async {
        for n in 0..3_000 {
            set(&filled.store, &format!("new {n}"), vec![7; 1_000]).await;
            let taken = filled.place.bytes();
            assert!(taken <= MAX, "{taken}");
        }
    };
    tokio::select! {
        () = reads => {}
        () = writes => {}
    }
    assert!(filled.figures("values of 1,000 bytes, one at a time beside reads").await > 0.5);
}

#[tokio::test]
async fn one_call_with_more_than_the_bound_stays_within_it() {
    let mut filled = Filled::begin(json!({ "maxBytes": MAX }));
    let entries: Vec<_> = (0..2 * MAX / 10_000).map(|n| (key(n), Entry::new(vec![7; 10_000]))).collect();
    let answers = filled.store.set(&entries, SetMode::Always).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap()));
    filled.look();
    assert!(filled.kept().await > 0.6);
}

#[tokio::test]
async fn a_value_of_half_the_bound_is_kept_and_makes_room_first() {
    let mut filled = Filled::begin(json!({ "maxBytes": MAX }));
    filled.write(&[1_000], u64::MAX, 2 * MAX).await;
    let half = vec![7; usize::try_from(MAX).unwrap() / 2];
    for key in ["a", "b", "a"] {
        set(&filled.store, key, half.clone()).await;
        filled.look();
        assert_eq!(get(&filled.store, key).await.unwrap(), half);
    }
}

#[tokio::test]
async fn a_smaller_bound_makes_the_folder_smaller_and_keeps_what_fits() {
    let mut filled = Filled::begin(json!({ "maxBytes": 2 * MAX }));
    filled.write(&[100, 10_000], u64::MAX, 4 * MAX).await;
    let before = keys_in_order_of_use(&filled.store).await;
    filled.options["maxBytes"] = json!(MAX);
    filled.store.close().await;
    filled.store = filled.place.store(filled.options.clone());
    filled.store.init().await.unwrap();
    filled.look();
    let kept = keys_in_order_of_use(&filled.store).await;
    assert!(before.ends_with(&kept), "those that were used last");
    assert!(filled.kept().await > 0.6);
    filled.write(&[100, 10_000], u64::MAX, 2 * MAX).await;
}

#[tokio::test]
async fn a_store_that_is_opened_again_has_forgotten_nothing() {
    let mut filled = Filled::begin(json!({ "maxBytes": MAX }));
    filled.write(&[1_000, 2_500], 2 * MAX / 1_750, 2 * MAX).await;
    for _ in 0..3 {
        let before = keys_in_order_of_use(&filled.store).await;
        filled.reopen().await;
        assert_eq!(keys_in_order_of_use(&filled.store).await, before);
    }
}

#[tokio::test]
async fn the_least_bound_holds_too() {
    let mut filled = Filled::begin(json!({ "maxBytes": 1_000_000 }));
    for size in [100, 1_000, 10_000] {
        filled.write(&[size], u64::MAX, 3_000_000).await;
    }
    assert!(filled.figures("values of 10,000 bytes in 1 MB").await > 0.3);
}
