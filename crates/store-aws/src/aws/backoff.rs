//! Pauses before unprocessed parts of a batch are requested again.

use std::time::Duration;

/// Waits of random length, growing with every request that made no progress.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    fruitless: u32,
}

impl Backoff {
    /// So many rounds in a row may get nothing done.
    const MOST: u32 = 10;
    const FIRST: Duration = Duration::from_millis(25);
    const LONGEST: Duration = Duration::from_secs(2);

    /// Returns the pause before the next request, or `None` to stop.
    ///
    /// Rounds that get something done never end it: a read of more than 16 MB takes several, throttled or not.
    pub(crate) fn after(&mut self, progress: bool) -> Option<Duration> {
        self.fruitless = if progress { 0 } else { self.fruitless + 1 };
        if self.fruitless >= Self::MOST {
            return None;
        }
        let longest = (Self::FIRST * (1 << self.fruitless)).min(Self::LONGEST);
        Some(longest.mul_f64(fastrand::f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_rounds_in_a_row_without_progress_are_the_end() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..10).map(|_| backoff.after(false)).collect();
        assert!(waits[..9].iter().all(|wait| wait.is_some_and(|wait| wait <= Backoff::LONGEST)));
        assert_eq!(waits[9], None);
    }

    #[test]
    fn progress_starts_the_count_again() {
        let mut backoff = Backoff::default();
        assert!((0..9).all(|_| backoff.after(false).is_some()));
        assert!(backoff.after(true).is_some());
        assert!((0..9).all(|_| backoff.after(false).is_some()));
        assert_eq!(backoff.after(false), None);
    }
}
