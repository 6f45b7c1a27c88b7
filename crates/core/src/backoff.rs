//! Growing pauses between attempts at something that fails.

use std::time::Duration;

/// Pauses that double with every failure in a row, up to a longest one.
///
/// Each is shortened at random, by up to a half: processes that lost the same server do not return to it together.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Creates pauses from `first` to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// Counts a failure and returns the pause before the next attempt.
    pub fn next_pause(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.after(self.failures)
    }

    /// Returns the pause after so many failures in a row, the first of which is number 1.
    pub fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        jittered(self.first.saturating_mul(1 << doublings).min(self.longest))
    }

    /// Begins again with the first pause: an attempt succeeded.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Returns between a half and the whole of `pause`, at random.
pub fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(1);

    fn is_about(pause: Duration, full: Duration) -> bool {
        pause >= full / 2 && pause <= full
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        for full in [FIRST, FIRST * 2, FIRST * 4, FIRST * 8, FIRST * 16, LONGEST, LONGEST] {
            assert!(is_about(backoff.next_pause(), full));
        }
    }

    #[test]
    fn a_success_begins_again_with_the_first() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        let pauses = (0..9).map(|_| backoff.next_pause());
        assert!(is_about(pauses.last().unwrap(), LONGEST));
        backoff.reset();
        assert!(is_about(backoff.next_pause(), FIRST));
    }

    #[test]
    fn any_number_of_failures_has_a_pause() {
        let backoff = Backoff::new(FIRST, LONGEST);
        assert!(is_about(backoff.after(0), FIRST));
        assert!(is_about(backoff.after(u32::MAX), LONGEST));
    }
}
