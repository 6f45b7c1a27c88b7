//! The clock, injected so that no test waits for a deadline.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Instant, UNIX_EPOCH};

use crate::entry::Deadline;

/// A source of time in milliseconds since the Unix epoch.
///
/// Within a process everything goes by [`Clock::now`], which never goes back: setting the clock of the machine back
/// makes no entry live longer. What other processes read has deadlines by [`Clock::time_of_day`]; the stores that keep
/// those are given a [`TimeOfDay`].
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time by which deadlines pass in this process: the time of day, as long as that was never set back.
    fn now(&self) -> u64;

    /// The time that the machine shows.
    fn time_of_day(&self) -> u64;

    /// The deadline `ttl` milliseconds from now.
    fn deadline_in(&self, ttl: u64) -> Deadline {
        Deadline::at(self.now().saturating_add(ttl))
    }
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        static STEADY: LazyLock<(Instant, Steady)> = LazyLock::new(|| (Instant::now(), Steady::default()));
        let (start, steady) = &*STEADY;
        steady.now(|| nanos(start.elapsed()), time_of_day) / NANOS_PER_MILLI
    }

    fn time_of_day(&self) -> u64 {
        time_of_day() / NANOS_PER_MILLI
    }
}

const NANOS_PER_MILLI: u64 = 1_000_000;

/// Nanoseconds since the Unix epoch.
fn time_of_day() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    let since_epoch = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.map_or(0, nanos)
}

fn nanos(time: std::time::Duration) -> u64 {
    // As `Duration::as_nanos` does it, without the numbers of 128 bits that nobody lives to need.
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(time.subsec_nanos()))
}

/// The time of day as of its latest, carried on by a clock that nobody can set.
///
/// Where the time of day is set forward, or went on while the process was frozen or the machine asleep, this follows:
/// an entry lives no longer by either clock. To see that it looks at the time of day each time that a millisecond has
/// passed, so that reading the time often costs one clock and not two.
#[derive(Debug, Default)]
struct Steady {
    /// How far the time of day was ahead of what has elapsed, at most.
    ahead: AtomicU64,
    /// What had elapsed when it was last looked at.
    looked: AtomicU64,
}

impl Steady {
    /// The time in nanoseconds.
    fn now(&self, elapsed: impl Fn() -> u64, time_of_day: impl Fn() -> u64) -> u64 {
        let mut passed = elapsed();
        let looked = self.looked.load(Ordering::Relaxed);
        if looked == 0 || passed.saturating_sub(looked) >= NANOS_PER_MILLI {
            let time_of_day = time_of_day();
            // Read last: a pause between the two takes from the difference, and the largest one counts.
            passed = elapsed();
            self.ahead.fetch_max(time_of_day.saturating_sub(passed), Ordering::Relaxed);
            self.looked.store(passed.max(1), Ordering::Relaxed);
        }
        self.ahead.load(Ordering::Relaxed).saturating_add(passed)
    }
}

/// The times of day of another clock, for stores that keep deadlines by them.
#[derive(Debug)]
pub struct TimeOfDay(pub Arc<dyn Clock>);

impl Clock for TimeOfDay {
    fn now(&self) -> u64 {
        self.0.time_of_day()
    }

    fn time_of_day(&self) -> u64 {
        self.0.time_of_day()
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicU64,
    /// How far the time of day was set back.
    back: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn starting_at(now: u64) -> Self {
        Self { now: AtomicU64::new(now), back: AtomicU64::new(0) }
    }

    /// Moves the clock `millis` milliseconds ahead.
    pub fn advance(&self, millis: u64) {
        self.now.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the time of day `millis` milliseconds back.
    pub fn set_back(&self, millis: u64) {
        self.back.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    fn time_of_day(&self) -> u64 {
        self.now().saturating_sub(self.back.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A machine on which `elapsed` and the time of day are what a test says, in milliseconds.
    #[derive(Default)]
    struct Machine {
        steady: Steady,
        elapsed: Cell<u64>,
        time_of_day: Cell<u64>,
    }

    impl Machine {
        fn started_at(time_of_day: u64) -> Self {
            let machine = Self::default();
            machine.time_of_day.set(time_of_day);
            assert_eq!(machine.now(), time_of_day);
            machine
        }

        fn now(&self) -> u64 {
            let millis = |cell: &Cell<u64>| cell.get() * NANOS_PER_MILLI;
            self.steady.now(|| millis(&self.elapsed), || millis(&self.time_of_day)) / NANOS_PER_MILLI
        }

        fn pass(&self, millis: u64) {
            self.elapsed.set(self.elapsed.get() + millis);
            self.time_of_day.set(self.time_of_day.get() + millis);
        }
    }

    #[test]
    fn when_the_clock_is_set_back_time_goes_on() {
        let machine = Machine::started_at(1_000_000);
        machine.pass(300);
        machine.time_of_day.set(5);
        assert_eq!(machine.now(), 1_000_300);
        machine.pass(2_000);
        assert_eq!(machine.now(), 1_002_300);
    }

    #[test]
    fn when_the_clock_is_set_forward_or_the_machine_slept_time_follows() {
        let machine = Machine::started_at(1_000_000);
        machine.pass(2);
        machine.time_of_day.set(5_000_000);
        assert_eq!(machine.now(), 5_000_000);
        machine.pass(10);
        assert_eq!(machine.now(), 5_000_010);
    }

    #[test]
    fn when_the_clock_is_set_back_and_put_right_nothing_is_skipped() {
        let machine = Machine::started_at(1_000_000);
        machine.pass(1_000);
        machine.time_of_day.set(machine.time_of_day.get() - 500_000);
        machine.pass(1_000);
        assert_eq!(machine.now(), 1_002_000);
        machine.time_of_day.set(machine.time_of_day.get() + 500_000);
        machine.pass(1_000);
        assert_eq!(machine.now(), 1_003_000);
    }

    #[test]
    fn the_time_of_this_process_is_the_time_of_day() {
        let (before, now, after) = (SystemClock.time_of_day(), SystemClock.now(), SystemClock.time_of_day());
        assert!(before <= now + 1 && now <= after, "{before} {now} {after}");
    }
}
