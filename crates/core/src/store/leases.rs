//! Leases: at most one holder of a name at a time, as far as time goes, and a token that grows with every holder.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, ready};

use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::lock::Lock;

/// The store of leases, beside the entries of a [`Store`](super::Store).
///
/// A lease is held from when it was acquired until it is released, or its life is over without that it was renewed. Its token
/// is larger than that of every holder before, also after what the store has lost: it is never below the time of day of
/// the store in microseconds. A holder is known by its token alone.
///
/// Whose clock decides when a life is over is said by each store. Deadlines are kept by the caller. Nothing is sent again after
/// an unknown outcome.
pub trait Leases: Send + Sync {
    /// Takes the lease called `name` for `life`. Returns its token, or `None` while another one holds it.
    fn acquire<'a>(&'a self, name: &'a str, life: Duration) -> BoxFuture<'a, Result<Option<u64>>>;

    /// Prolongs the lease to `life` from now. Returns whether it was still held by who has `token`.
    fn renew<'a>(&'a self, name: &'a str, token: u64, life: Duration) -> BoxFuture<'a, Result<bool>>;

    /// Gives the lease back. Returns whether it was still held by who has `token`.
    fn release<'a>(&'a self, name: &'a str, token: u64) -> BoxFuture<'a, Result<bool>>;
}

/// What keys of leases begin with, where they are among the keys of entries. Listings leave them out.
pub const LEASE_KEY: &str = "\u{1}redkv:lease:";

/// The longest name of a lease, in bytes of UTF-8.
pub const LONGEST_NAME: usize = 256;

/// Returns the error of a store without leases.
pub fn no_leases() -> Error {
    Error::unsupported("this store has no leases")
}

/// Returns the token after `last` at the time of day `now`, both in microseconds.
pub fn next_token(last: u64, now: u64) -> u64 {
    last.saturating_add(1).max(now)
}

/// Leases in the memory of this process. Lives end by a clock that nobody can set.
#[derive(Debug, Default)]
pub struct LocalLeases(Lock<HashMap<Box<str>, Held>>);

#[derive(Clone, Copy, Debug)]
struct Held {
    token: u64,
    ends: Option<Instant>,
}

impl LocalLeases {
    /// Changes the lease that is held by who has `token` now; `None` if nobody has.
    fn change(&self, name: &str, token: u64, ends: impl FnOnce(Instant) -> Option<Instant>) -> bool {
        let now = Instant::now();
        let mut leases = self.0.lock();
        match leases.get_mut(name) {
            Some(held) if held.token == token && held.ends.is_some_and(|end| end > now) => {
                held.ends = ends(now);
                true
            }
            _ => false,
        }
    }

    fn take(&self, name: &str, life: Duration) -> Option<u64> {
        let now = Instant::now();
        let mut leases = self.0.lock();
        let last = leases.get(name).copied();
        if last.is_some_and(|held| held.ends.is_some_and(|end| end > now)) {
            return None;
        }
        let micros = SystemClock.time_of_day().saturating_mul(1000);
        let token = next_token(last.map_or(0, |held| held.token), micros);
        leases.insert(name.into(), Held { token, ends: now.checked_add(life) });
        Some(token)
    }
}

impl Leases for LocalLeases {
    fn acquire<'a>(&'a self, name: &'a str, life: Duration) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(ready(Ok(self.take(name, life))))
    }

    fn renew<'a>(&'a self, name: &'a str, token: u64, life: Duration) -> BoxFuture<'a, Result<bool>> {
        Box::pin(ready(Ok(self.change(name, token, |now| now.checked_add(life)))))
    }

    fn release<'a>(&'a self, name: &'a str, token: u64) -> BoxFuture<'a, Result<bool>> {
        Box::pin(ready(Ok(self.change(name, token, |_| None))))
    }
}

/// What was last seen of leases in a store whose clock decides nothing: a lease is over when it did not change for its life, by
/// the monotonic clock of who waits.
#[derive(Debug, Default)]
pub struct SeenLeases(Lock<HashMap<Box<str>, Seen>>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// What is different after each change.
    mark: (u64, u64),
    since: Instant,
}

impl SeenLeases {
    /// Compares the lease called `name` with what was seen of it before: `mark` is its token and its number of renewals. Returns
    /// whether it has not changed for `life`.
    pub fn is_over(&self, name: &str, mark: (u64, u64), life: Duration) -> bool {
        let now = Instant::now();
        let mut seen = self.0.lock();
        match seen.get(name) {
            Some(last) if last.mark == mark => now.duration_since(last.since) >= life,
            _ => {
                seen.insert(name.into(), Seen { mark, since: now });
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_lease_has_one_holder_whose_token_grows() {
        let leases = LocalLeases::default();
        let first = leases.acquire("a", LONG).await.unwrap().unwrap();
        assert_eq!(leases.acquire("a", LONG).await.unwrap(), None);
        assert!(leases.acquire("b", LONG).await.unwrap().is_some());
        assert!(!leases.release("a", first + 1).await.unwrap());
        assert!(leases.renew("a", first, LONG).await.unwrap());
        assert!(leases.release("a", first).await.unwrap());
        assert!(!leases.renew("a", first, LONG).await.unwrap());
        assert!(leases.acquire("a", LONG).await.unwrap().unwrap() > first);
    }

    #[tokio::test]
    async fn a_lease_whose_life_is_over_is_nobodys() {
        let leases = LocalLeases::default();
        let first = leases.acquire("a", Duration::ZERO).await.unwrap().unwrap();
        assert!(!leases.renew("a", first, LONG).await.unwrap());
        assert!(!leases.release("a", first).await.unwrap());
        assert!(leases.acquire("a", LONG).await.unwrap().unwrap() > first);
    }

    #[test]
    fn a_lease_that_does_not_change_for_its_life_is_over() {
        let seen = SeenLeases::default();
        assert!(!seen.is_over("a", (1, 0), Duration::ZERO));
        assert!(seen.is_over("a", (1, 0), Duration::ZERO));
        assert!(!seen.is_over("a", (1, 0), LONG));
        assert!(!seen.is_over("a", (1, 1), Duration::ZERO));
        assert!(!seen.is_over("b", (1, 1), Duration::ZERO));
    }

    #[test]
    fn a_token_is_beyond_the_last_one_and_the_time_of_day() {
        assert_eq!(next_token(0, 1_000), 1_000);
        assert_eq!(next_token(5_000, 1_000), 5_001);
    }
}
