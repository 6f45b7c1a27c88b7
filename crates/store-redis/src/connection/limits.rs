//! The longest string that a server accepts, learnt from its refusals.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redkv_core::lock::Lock;

/// The limits of a server that closes the connection when a string is too long.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    is_wary: AtomicBool,
    known: Lock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The longest string that it takes, and until when that is believed: somebody may raise it.
    most: Option<(usize, Instant)>,
    /// The longest string of the request over which a connection was closed without a word.
    suspect: usize,
}

/// For how long a limit is believed. A string that is too long costs a connection each time that it is not.
const BELIEVED: Duration = Duration::from_secs(60);

/// From so many bytes on, a request may be why its connection was closed without a word.
pub(crate) const SUSPECT_FROM: usize = 64 * 1024;

impl Limits {
    /// Returns whether anything is known, or suspected.
    pub(crate) fn is_wary(&self) -> bool {
        self.is_wary.load(Ordering::Relaxed)
    }

    /// Returns whether a string of so many bytes would be refused.
    pub(crate) fn refuses(&self, bytes: usize) -> bool {
        self.is_wary()
            && self.known.lock().most.is_some_and(|(most, until)| bytes > most && Instant::now() < until)
    }

    /// Notes that strings of more bytes are refused.
    pub(crate) fn learn(&self, most: usize) {
        let mut known = self.known.lock();
        known.most = Some((most, Instant::now() + BELIEVED));
        known.suspect = 0;
        self.is_wary.store(true, Ordering::Relaxed);
    }

    /// A connection was closed without a word over a request whose longest string has so many bytes. When that has
    /// happened twice in a row, it is learnt that such strings are refused. Whether it is now.
    pub(crate) fn strike(&self, bytes: usize) -> bool {
        if bytes < SUSPECT_FROM {
            return false;
        }
        let before = std::mem::replace(&mut self.known.lock().suspect, bytes);
        self.is_wary.store(true, Ordering::Relaxed);
        if before == 0 {
            return false;
        }
        self.learn(before.max(bytes) - 1);
        true
    }

    /// A request was answered whose longest string has so many bytes.
    pub(crate) fn clear(&self, bytes: usize) {
        let mut known = self.known.lock();
        let now = Instant::now();
        known.most = known.most.filter(|(most, until)| bytes <= *most && now < *until);
        if bytes >= known.suspect {
            known.suspect = 0;
        }
        self.is_wary.store(known.most.is_some() || known.suspect > 0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_refused_until_something_is_learnt() {
        let limits = Limits::default();
        assert!(!limits.is_wary() && !limits.refuses(usize::MAX));
        limits.learn(10);
        assert!(limits.is_wary() && limits.refuses(11) && !limits.refuses(10));
        limits.clear(11);
        assert!(!limits.is_wary() && !limits.refuses(11));
    }

    #[test]
    fn two_connections_closed_in_a_row_over_large_requests_are_no_accident() {
        let limits = Limits::default();
        assert!(!limits.strike(SUSPECT_FROM - 1) && !limits.strike(SUSPECT_FROM - 1));
        assert!(!limits.strike(100_000));
        limits.clear(100_000);
        assert!(!limits.strike(100_000) && !limits.refuses(100_000));
        assert!(limits.strike(200_000));
        assert!(limits.refuses(200_000) && !limits.refuses(199_999));
    }
}
