//! Keeps operations on a key in order, where a backend does not.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::lock::Lock;
use bytes::Bytes;
use tokio::sync::oneshot;

/// The operations in flight, by key.
///
/// Reads of a key wait for the writes before them; writes wait for everything before them. An operation waits only for
/// those that began earlier, so that none waits for itself.
#[derive(Clone, Default)]
pub struct KeyOrder(Arc<Lock<Flights>>);

#[derive(Default)]
struct Flights {
    next: u64,
    lines: HashMap<Bytes, Line>,
    flights: HashMap<u64, Flight>,
}

/// What a later operation on a key has to wait for.
#[derive(Default)]
struct Line {
    /// The last write.
    write: Option<u64>,
    /// The reads after it.
    reads: Vec<u64>,
}

/// An operation in flight.
struct Flight {
    keys: Vec<Bytes>,
    is_write: bool,
    /// How many operations it still waits for.
    waits_for: usize,
    /// The operations that wait for it.
    followers: Vec<u64>,
    /// Opens when it is due.
    gate: Option<oneshot::Sender<()>>,
    /// Its ticket was dropped before it was due. It still holds up its followers, until what it waits for has ended.
    is_given_up: bool,
}

impl KeyOrder {
    /// Enters an operation on `keys` after all that were entered before.
    pub fn begin(&self, keys: &[Bytes], is_write: bool) -> Ticket {
        let (id, gate) = self.0.lock().begin(keys, is_write);
        Ticket { order: self.clone(), id, gate }
    }

    /// Returns whether nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.0.lock().flights.is_empty()
    }
}

impl fmt::Debug for KeyOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyOrder").field("in_flight", &self.0.lock().flights.len()).finish()
    }
}

impl Flights {
    fn begin(&mut self, keys: &[Bytes], is_write: bool) -> (u64, Option<oneshot::Receiver<()>>) {
        let id = self.next;
        self.next += 1;
        let mut waits_for = 0;
        for key in keys {
            let line = self.lines.entry(key.clone()).or_default();
            for before in line.enter(id, is_write) {
                if let Some(flight) = self.flights.get_mut(&before) {
                    flight.followers.push(id);
                    waits_for += 1;
                }
            }
        }
        let (gate, opened) = if waits_for > 0 { Some(oneshot::channel()).unzip() } else { (None, None) };
        let keys = keys.to_vec();
        let flight = Flight { keys, is_write, waits_for, followers: Vec::new(), gate, is_given_up: false };
        self.flights.insert(id, flight);
        (id, opened)
    }

    /// Ends an operation, and returns the gates of those that are due now, as they waited for nothing else.
    fn end(&mut self, id: u64) -> Vec<oneshot::Sender<()>> {
        let mut due = Vec::new();
        if let Some(flight) = self.flights.get_mut(&id).filter(|flight| flight.waits_for > 0) {
            flight.is_given_up = true;
            return due;
        }
        let mut ended = vec![id];
        while let Some(id) = ended.pop() {
            let Some(flight) = self.flights.remove(&id) else { continue };
            self.leave(id, &flight);
            for follower in flight.followers {
                let Some(next) = self.flights.get_mut(&follower) else { continue };
                next.waits_for -= 1;
                if next.waits_for > 0 {
                    continue;
                }
                if next.is_given_up {
                    ended.push(follower);
                } else {
                    due.extend(next.gate.take());
                }
            }
        }
        due
    }

    fn leave(&mut self, id: u64, flight: &Flight) {
        for key in &flight.keys {
            let Some(line) = self.lines.get_mut(key) else { continue };
            if flight.is_write {
                line.write = line.write.filter(|&write| write != id);
            } else if let Some(place) = line.reads.iter().position(|&read| read == id) {
                line.reads.swap_remove(place);
            }
            if line.write.is_none() && line.reads.is_empty() {
                self.lines.remove(key);
            }
        }
    }
}

impl Line {
    /// Adds an operation, and returns those that it waits for. The same key may come twice.
    fn enter(&mut self, id: u64, is_write: bool) -> Vec<u64> {
        if self.write == Some(id) || self.reads.last() == Some(&id) {
            return Vec::new();
        }
        if !is_write {
            self.reads.push(id);
            return self.write.into_iter().collect();
        }
        let mut before = std::mem::take(&mut self.reads);
        // The reads after the last write wait for it themselves; without any, only the write itself is left to wait for.
        if before.is_empty() {
            before.extend(self.write);
        }
        self.write = Some(id);
        before
    }
}

/// A place in the order. Dropping it ends the operation.
#[derive(Debug)]
pub struct Ticket {
    order: KeyOrder,
    id: u64,
    gate: Option<oneshot::Receiver<()>>,
}

impl Ticket {
    /// Waits until the operations before it have ended.
    pub async fn due(&mut self) {
        if let Some(gate) = &mut self.gate {
            // An error would mean that the table is gone, and it is not: the ticket holds it.
            let _ = gate.await;
            self.gate = None;
        }
    }

    /// Returns whether it has nothing to wait for.
    pub fn is_due(&mut self) -> bool {
        let is_due = self.gate.as_mut().is_none_or(|gate| gate.try_recv().is_ok());
        if is_due {
            self.gate = None;
        }
        is_due
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Without the lock: a task may run where it is woken, and begin or end operations.
        let due = self.order.0.lock().end(self.id);
        for gate in due {
            // One that stopped waiting drops its ticket soon.
            let _ = gate.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<Bytes> {
        names.iter().map(|name| Bytes::copy_from_slice(name.as_bytes())).collect()
    }

    #[test]
    fn reads_wait_for_writes_only() {
        let order = KeyOrder::default();
        let mut one = order.begin(&keys(&["a"]), false);
        let mut two = order.begin(&keys(&["a"]), false);
        assert!(one.is_due() && two.is_due());
        let mut write = order.begin(&keys(&["a"]), true);
        let mut after = order.begin(&keys(&["a"]), false);
        drop(one);
        assert!(!write.is_due() && !after.is_due());
        drop(two);
        assert!(write.is_due() && !after.is_due());
        drop(write);
        assert!(after.is_due());
    }

    #[test]
    fn writes_wait_for_the_write_before() {
        let order = KeyOrder::default();
        let one = order.begin(&keys(&["a"]), true);
        let mut two = order.begin(&keys(&["a"]), true);
        let mut other = order.begin(&keys(&["b"]), true);
        assert!(!two.is_due() && other.is_due());
        drop(one);
        assert!(two.is_due());
    }

    #[test]
    fn several_keys_are_entered_at_once() {
        let order = KeyOrder::default();
        let one = order.begin(&keys(&["a", "b", "a"]), true);
        let mut two = order.begin(&keys(&["b", "a", "c"]), true);
        let mut three = order.begin(&keys(&["c", "c"]), false);
        assert!(!two.is_due() && !three.is_due());
        drop(one);
        assert!(two.is_due() && !three.is_due());
        drop(two);
        assert!(three.is_due());
    }

    #[test]
    fn one_that_is_given_up_lets_nobody_pass_what_it_waited_for() {
        let order = KeyOrder::default();
        let one = order.begin(&keys(&["a"]), true);
        let two = order.begin(&keys(&["a"]), true);
        let mut three = order.begin(&keys(&["a"]), true);
        drop(two);
        assert!(!three.is_due());
        drop(one);
        assert!(three.is_due());
    }

    #[test]
    fn a_read_that_is_given_up_lets_no_write_pass_the_write_before() {
        let order = KeyOrder::default();
        let one = order.begin(&keys(&["a"]), true);
        drop(order.begin(&keys(&["a"]), false));
        let mut two = order.begin(&keys(&["a"]), true);
        assert!(!two.is_due());
        drop(one);
        assert!(two.is_due());
    }

    #[test]
    fn nothing_is_left_of_what_has_ended() {
        let order = KeyOrder::default();
        let tickets: Vec<_> = (0..100).map(|n| order.begin(&keys(&["a", "b"]), n % 3 == 0)).collect();
        assert!(!order.is_empty());
        tickets.into_iter().rev().for_each(drop);
        assert!(order.is_empty() && order.0.lock().lines.is_empty());
    }

    #[test]
    fn a_long_row_that_was_given_up_ends_at_once() {
        let order = KeyOrder::default();
        let first = order.begin(&keys(&["a"]), true);
        for _ in 0..100_000 {
            drop(order.begin(&keys(&["a"]), true));
        }
        drop(first);
        assert!(order.is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn operations_run_in_the_order_of_their_calls() {
        let order = KeyOrder::default();
        let seen = Arc::new(Lock::new(Vec::new()));
        let tasks: Vec<_> = (0..200)
            .map(|n| {
                let mut ticket = order.begin(&keys(&["a", "b"]), true);
                let seen = seen.clone();
                tokio::spawn(async move {
                    ticket.due().await;
                    tokio::task::yield_now().await;
                    seen.lock().push(n);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*seen.lock(), (0..200).collect::<Vec<_>>());
        assert!(order.is_empty());
    }
}
