//! Notices a listing that never ends.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::store::Cursor;

/// What was seen of a listing so far: enough to notice that a store returns page after page without an end.
///
/// It is of a few bytes, however many pages there were, so it travels in a cursor. That a cursor repeats is noticed
/// as by the algorithm of Brent: each is compared with one that was seen before, which is replaced after 1, 2, 4, 8 …
/// pages. So a circle is found in a few times its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// The hash of a cursor that was seen.
    mark: u64,
    /// How many pages came since, and with how many it is replaced.
    since: u32,
    reach: u32,
    /// Pages in a row without a key, and the milliseconds that they took.
    empty: u32,
    waited: u32,
    /// How often the store has started over.
    restarts: u32,
}

/// No server is so large that an honest one has more pages in a row without a key that was asked for: a billion keys
/// of Redis, a terabyte of DynamoDB.
const MOST_EMPTY: u32 = 1 << 20;
/// The longest that pages in a row without a key may take together, the time between them aside.
const LONGEST_EMPTY: Duration = Duration::from_secs(60 * 60);
/// A listing begins anew when the connection is lost between two pages, or when a slot of a cluster changes hands.
const MOST_RESTARTS: u32 = 16;

/// The bytes of a [`Paging`] in a cursor.
const SIZE: usize = 28;

impl Paging {
    /// Takes note of a page with `keys` keys that came after `took`. Fails if the listing seems to have no end.
    pub fn turn(&mut self, keys: usize, took: Duration, next: Option<&Cursor>) -> Result<()> {
        let Some(next) = next else { return Ok(()) };
        if keys > 0 {
            (self.empty, self.waited) = (0, 0);
        } else {
            self.empty += 1;
            let took = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
            self.waited = self.waited.saturating_add(took);
        }
        if self.empty > MOST_EMPTY || u128::from(self.waited) > LONGEST_EMPTY.as_millis() {
            return Err(endless("it returns page after page without a key"));
        }
        if next.starts_over() { self.begin_anew() } else { self.go_on(next) }
    }

    fn begin_anew(&mut self) -> Result<()> {
        self.restarts += 1;
        (self.mark, self.since, self.reach) = (0, 0, 0);
        if self.restarts > MOST_RESTARTS {
            return Err(endless("it starts over again and again"));
        }
        Ok(())
    }

    fn go_on(&mut self, next: &Cursor) -> Result<()> {
        let mut hasher = DefaultHasher::new();
        next.as_bytes().hash(&mut hasher);
        let hash = hasher.finish();
        if self.reach > 0 && hash == self.mark {
            return Err(endless("its pages go in a circle"));
        }
        self.since += 1;
        if self.since >= self.reach {
            *self = Self { mark: hash, since: 0, reach: self.reach.saturating_mul(2).max(1), ..*self };
        }
        Ok(())
    }

    /// Resumes a listing at `after`, a cursor of [`Paging::after`].
    pub fn resume(after: Option<&Cursor>) -> Result<(Self, Option<Cursor>)> {
        match after {
            Some(after) => Self::read(after).map(|(paging, after)| (paging, Some(after))),
            None => Ok((Self::default(), None)),
        }
    }

    /// Checks a page as [`Paging::turn`] does, and returns `next` with all that was seen.
    pub fn after(mut self, keys: usize, took: Duration, next: Option<Cursor>) -> Result<Option<Cursor>> {
        self.turn(keys, took, next.as_ref())?;
        Ok(next.map(|next| self.cursor(&next)))
    }

    /// `next` with this before it.
    fn cursor(self, next: &Cursor) -> Cursor {
        let numbers = [self.since, self.reach, self.empty, self.waited, self.restarts];
        let mut bytes = Vec::with_capacity(SIZE + next.as_bytes().len());
        bytes.extend_from_slice(&self.mark.to_le_bytes());
        numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        bytes.extend_from_slice(next.as_bytes());
        Cursor::new(bytes)
    }

    /// What [`Paging::cursor`] put together.
    fn read(cursor: &Cursor) -> Result<(Self, Cursor)> {
        let foreign = || Error::new(ErrorKind::Internal, "a defect of RedKV: a cursor of another store");
        let (mark, rest) = cursor.as_bytes().split_first_chunk::<8>().ok_or_else(foreign)?;
        let (numbers, next) = rest.split_at_checked(SIZE - 8).ok_or_else(foreign)?;
        let mut numbers = numbers.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let mut number = || numbers.next().unwrap_or_default();
        let paging = Self {
            mark: u64::from_le_bytes(*mark),
            since: number(),
            reach: number(),
            empty: number(),
            waited: number(),
            restarts: number(),
        };
        Ok((paging, Cursor::new(next)))
    }
}

/// A later listing may come to an end.
fn endless(how: &str) -> Error {
    Error::new(ErrorKind::Store, format!("the list of keys does not end: {how}")).retryable(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    fn at(place: u64) -> Cursor {
        Cursor::new(place.to_le_bytes())
    }

    /// How many pages with these cursors are taken before it is noticed that they do not end.
    fn taken(keys: usize, took: Duration, cursors: impl Iterator<Item = Cursor>) -> usize {
        let mut paging = Paging::default();
        cursors.take_while(|next| paging.turn(keys, took, Some(next)).is_ok()).count()
    }

    #[test]
    fn a_cursor_that_does_not_move_is_noticed_at_once() {
        assert_eq!(taken(0, AT_ONCE, std::iter::repeat_with(|| at(7))), 1);
        assert_eq!(taken(1, AT_ONCE, std::iter::repeat_with(|| at(7))), 1);
    }

    #[test]
    fn a_circle_is_noticed_wherever_it_begins_and_however_long_it_is() {
        for length in 1..50 {
            for tail in 0..50 {
                let cursors = (0..).map(|n| at(if n < tail { 1_000 + n } else { (n - tail) % length }));
                let pages = taken(1, AT_ONCE, cursors);
                assert!(pages as u64 <= 4 * (tail + length), "{length} behind {tail}: {pages}");
            }
        }
    }

    #[test]
    fn any_number_of_pages_with_keys_is_taken() {
        assert_eq!(taken(1, Duration::from_secs(5), (0..3_000_000).map(at)), 3_000_000);
    }

    #[test]
    fn a_rare_prefix_of_a_large_store_is_found() {
        let mut paging = Paging::default();
        for place in 0..3_000_000 {
            let keys = usize::from(place % 1_000_000 == 0);
            paging.turn(keys, Duration::from_millis(3), Some(&at(place))).unwrap();
        }
    }

    #[test]
    fn ever_new_pages_without_a_key_come_to_an_end() {
        assert_eq!(taken(0, AT_ONCE, (0..).map(at)), MOST_EMPTY as usize);
        assert_eq!(taken(0, Duration::from_secs(4), (0..).map(at)), 900);
        let error = Paging { empty: MOST_EMPTY, ..Paging::default() }.turn(0, AT_ONCE, Some(&at(1)));
        let error = error.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true));
    }

    #[test]
    fn a_listing_may_begin_anew_a_few_times_but_not_for_ever() {
        let cursors = (0..).map(|n| if n % 3 == 2 { Cursor::starting_over(&[][..]) } else { at(n % 3) });
        assert_eq!(taken(1, AT_ONCE, cursors), 3 * MOST_RESTARTS as usize + 2);
    }

    #[test]
    fn it_is_read_back_from_a_cursor() {
        let mut paging = Paging::default();
        for place in 0..10 {
            paging.turn(0, Duration::from_millis(1), Some(&at(place))).unwrap();
        }
        for next in [at(3), Cursor::new(&[][..])] {
            assert_eq!(Paging::read(&paging.cursor(&next)).unwrap(), (paging, next));
        }
        assert_eq!(Paging::read(&at(3)).unwrap_err().kind(), ErrorKind::Internal);
    }
}
