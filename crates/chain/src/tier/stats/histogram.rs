//! How long things took, counted in buckets of growing width.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Up to here every microsecond has a bucket of its own; from here on each doubling has [`PARTS`] of them, so a bucket
/// is narrower than 1/16 of what it holds.
const EXACT: u64 = 32;
const PARTS: u64 = 16;
/// The longest time that is distinguished: more than an hour.
const MOST: u64 = u32::MAX as u64;
const BUCKETS: usize = bucket(MOST) + 1;

/// How long requests took. Counting costs a few atomic additions and no lock; reading while others count may miss what
/// they are about to add.
#[derive(Debug)]
pub struct Histogram {
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
    max: AtomicU64,
}

/// How long requests took, in microseconds. A percentile is at most 1/16 above the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// How many there were.
    pub count: u64,
    /// All together.
    pub sum: u64,
    /// Half of them took no longer.
    pub p50: u64,
    /// Nine of ten took no longer.
    pub p90: u64,
    /// 99 of a hundred took no longer.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, sum: AtomicU64::new(0), max: AtomicU64::new(0) }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a few hundred")]
const fn bucket(micros: u64) -> usize {
    if micros < EXACT {
        micros as usize
    } else {
        let shift = micros.ilog2() - PARTS.ilog2();
        (PARTS * shift as u64 + (micros >> shift)) as usize
    }
}

/// The longest time in a bucket.
fn end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < EXACT {
        return bucket;
    }
    let shift = bucket / PARTS - 1;
    ((bucket % PARTS + PARTS + 1) << shift) - 1
}

impl Histogram {
    /// Counts a request that took so long.
    pub fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(MOST).min(MOST);
        self.buckets[bucket(micros)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(micros, Ordering::Relaxed);
        self.max.fetch_max(micros, Ordering::Relaxed);
    }

    /// Returns what was counted.
    pub fn latency(&self) -> Latency {
        let counts: Vec<_> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let count = counts.iter().sum::<u64>();
        let max = self.max.load(Ordering::Relaxed);
        let percentile = |percent: u64| {
            let wanted = (count * percent).div_ceil(100);
            let mut so_far = 0;
            let reaches = |count: &u64| {
                so_far += count;
                so_far >= wanted
            };
            counts.iter().position(reaches).map_or(max, end).min(max)
        };
        let [p50, p90, p99] = [50, 90, 99].map(percentile);
        Latency { count, sum: self.sum.load(Ordering::Relaxed), p50, p90, p99, max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_a_bucket_that_ends_at_most_a_sixteenth_later() {
        let mut last = 0;
        for micros in (0..5_000).chain((0..100_000).map(|n| n * 42_949)).chain([MOST - 1, MOST]) {
            let end = end(bucket(micros));
            assert!(end >= micros && end - micros <= micros / 16, "{micros} {end}");
            assert!(end >= last || micros < 5_000, "buckets are in order");
            last = end;
        }
        assert_eq!((bucket(31), bucket(32), bucket(33), bucket(34)), (31, 32, 32, 33));
    }

    #[test]
    fn percentiles_are_those_of_what_was_counted() {
        let histogram = Histogram::default();
        assert_eq!(histogram.latency(), Latency::default());
        (1..=100).for_each(|n| histogram.add(Duration::from_micros(n)));
        let Latency { count, sum, p50, p90, p99, max } = histogram.latency();
        assert_eq!((count, sum, max), (100, 5_050, 100));
        assert!((50..=53).contains(&p50) && (90..=95).contains(&p90) && (99..=100).contains(&p99));
    }

    #[test]
    fn what_takes_for_ever_is_counted_as_an_hour() {
        let histogram = Histogram::default();
        histogram.add(Duration::MAX);
        assert_eq!(histogram.latency().p50, MOST);
    }
}
