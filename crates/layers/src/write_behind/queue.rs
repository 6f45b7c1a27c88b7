//! The queued and in-flight writes of each key. Pure bookkeeping: it never waits and never calls a store.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use tokio::time::Instant;

use super::host::Host;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Error;
use redkv_core::store::Pieces;

/// The new entry of a write; `None` deletes.
pub(super) type Change = Option<Entry>;

/// A write that was acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) change: Change,
    /// When it was acknowledged.
    pub(super) since: Instant,
    /// The first of the writes that it stands for: itself, and those that it took the place of.
    number: u64,
    bytes: usize,
}

/// The state of a key.
#[derive(Debug, Default)]
struct Slot {
    /// The newest write, while it waits.
    queued: Option<Write>,
    /// The write on its way. The next one waits for its answer.
    sending: Option<Write>,
    /// Calls past the queue that are on their way; the next write waits for them.
    direct: u32,
    /// Attempts in a row that failed.
    failures: u32,
    /// Whether one of them may have been made all the same.
    is_doubtful: bool,
    turn: Turn,
}

/// When the queued write of a key is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Turn {
    /// When what the key waits for is done.
    #[default]
    None,
    /// When there is room for it on the way.
    Next,
    /// Not before then.
    Later(Instant),
}

/// The bounds of the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) writes: usize,
    pub(super) bytes: usize,
}

/// The writes of all keys.
#[derive(Debug, Default)]
pub(super) struct Queue {
    slots: HashMap<Key, Slot, RandomState>,
    /// Keys with [`Turn::Next`], in order; others among them have been served otherwise.
    next: VecDeque<Key>,
    /// Keys with [`Turn::Later`].
    later: BinaryHeap<Reverse<(Instant, Key)>>,
    /// The [`Write::number`] of each write here.
    numbers: BTreeSet<u64>,
    last_number: u64,
    writes: usize,
    bytes: usize,
    /// The first loss that no flush has reported, and how many flushes are about to.
    pub(super) failure: Option<Error>,
    pub(super) flushes: usize,
    /// Whether somebody sends.
    pub(super) is_served: bool,
    pub(super) is_closed: bool,
    /// Whether the host knows that writes wait.
    is_held: bool,
}

/// Most writes of one piece, whatever the store says.
const MOST_TOGETHER: usize = 1_000;

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.writes == 0
    }

    /// Returns the entry that the newest queued write leaves under a key; `None` if no write is queued.
    pub(super) fn newest(&self, key: &str) -> Option<&Change> {
        let slot = self.slots.get(key)?;
        slot.queued.as_ref().or(slot.sending.as_ref()).map(|write| &write.change)
    }

    /// The keys that begin with `prefix`, with what the newest writes make of them.
    pub(super) fn all<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a Key, &'a Change)> {
        let keys = self.slots.keys().filter(move |key| key.starts_with(prefix));
        keys.filter_map(|key| Some((key, self.newest(key)?)))
    }

    /// Queues a write in the place of the one of its key that waits, if there is room for it.
    pub(super) fn push(&mut self, key: &Key, change: Change, room: Room) -> bool {
        let bytes = key.len() + change.as_ref().map_or(0, |entry| entry.value.len());
        let before = self.slots.get(key).and_then(|slot| slot.queued.as_ref());
        let (freed_writes, freed_bytes) = before.map_or((0, 0), |write| (1, write.bytes));
        let (writes, held) = (self.writes - freed_writes, self.bytes - freed_bytes);
        // What exceeds the bound by itself goes alone.
        let fits = writes == 0 || (writes < room.writes && held.saturating_add(bytes) <= room.bytes);
        if !fits {
            return false;
        }
        self.last_number += 1;
        let number = before.map_or(self.last_number, |write| write.number);
        self.numbers.insert(number);
        (self.writes, self.bytes) = (writes + 1, held + bytes);
        let slot = self.slots.entry_ref(key).or_default();
        slot.queued = Some(Write { change, since: Instant::now(), number, bytes });
        self.schedule(key);
        true
    }

    /// Sees to it that a queued write has its turn.
    fn schedule(&mut self, key: &Key) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let waits = slot.sending.is_some() || slot.direct > 0;
        if slot.queued.is_some() && !waits && slot.turn == Turn::None {
            slot.turn = Turn::Next;
            self.next.push_back(key.clone());
        }
    }

    /// The next writes to be sent together, of which there may be none.
    pub(super) fn take_piece(&mut self, pieces: Pieces) -> Vec<(Key, Change)> {
        self.wake();
        let typical = self.bytes / self.writes.max(1);
        let most = pieces.size(self.next.len(), typical).min(MOST_TOGETHER);
        let mut piece = Vec::new();
        while piece.len() < most
            && let Some(key) = self.next.pop_front()
        {
            let Some(slot) = self.slots.get_mut(&key) else { continue };
            if slot.turn != Turn::Next || slot.sending.is_some() {
                continue;
            }
            slot.turn = Turn::None;
            if slot.direct == 0
                && let Some(write) = slot.queued.take()
            {
                piece.push((key, write.change.clone()));
                slot.sending = Some(write);
            }
        }
        piece
    }

    /// Moves those whose pause is over to the others.
    fn wake(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((time, _))) = self.later.peek()
            && *time <= now
            && let Some(Reverse((time, key))) = self.later.pop()
        {
            if let Some(slot) = self.slots.get_mut(&key)
                && slot.turn == Turn::Later(time)
            {
                slot.turn = Turn::None;
                self.schedule(&key);
            }
        }
    }

    /// When the next pause is over.
    pub(super) fn next_time(&self) -> Option<Instant> {
        self.later.peek().map(|Reverse((time, _))| *time)
    }

    /// Returns how often in a row the write of a key failed.
    pub(super) fn failures(&self, key: &Key) -> u32 {
        self.slots.get(key).map_or(0, |slot| slot.failures)
    }

    /// The write of a key on its way was made.
    pub(super) fn sent(&mut self, key: &Key) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        (slot.failures, slot.is_doubtful) = (0, false);
        let write = slot.sending.take();
        self.forget(write);
        self.proceed(key);
    }

    /// The write of a key on its way failed. If there is no newer one it goes back into the queue, until `time` in any
    /// case.
    pub(super) fn put_back(&mut self, key: &Key, time: Instant, is_doubtful: bool) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.failures += 1;
        slot.is_doubtful |= is_doubtful;
        slot.turn = Turn::Later(time);
        self.later.push(Reverse((time, key.clone())));
        let Some(failed) = slot.sending.take() else { return };
        match &mut slot.queued {
            None => slot.queued = Some(failed),
            Some(newer) => {
                // It stands for the failed one from now on.
                let number = std::mem::replace(&mut newer.number, failed.number);
                self.numbers.remove(&number);
                (self.writes, self.bytes) = (self.writes - 1, self.bytes - failed.bytes);
            }
        }
    }

    /// The write of a key on its way, if it has not been overtaken.
    pub(super) fn sending(&self, key: &Key) -> Option<&Write> {
        let slot = self.slots.get(key)?;
        slot.sending.as_ref().filter(|_| slot.queued.is_none())
    }

    /// The in-flight write of a key is cancelled.
    pub(super) fn give_up(&mut self, key: &Key, error: &Error) {
        self.failure.get_or_insert_with(|| error.clone());
        self.sent(key);
    }

    /// The keys of all writes, and whether they may have been made.
    pub(super) fn left(&self) -> Vec<(Key, bool)> {
        let has_write = |slot: &Slot| slot.queued.is_some() || slot.sending.is_some();
        let left = self.slots.iter().filter(|(_, slot)| has_write(slot));
        left.map(|(key, slot)| (key.clone(), slot.is_doubtful || slot.sending.is_some())).collect()
    }

    /// Gives up all writes of a key.
    pub(super) fn remove(&mut self, key: &Key, error: &Error) {
        self.failure.get_or_insert_with(|| error.clone());
        let Some(slot) = self.slots.get_mut(key) else { return };
        let writes = [slot.queued.take(), slot.sending.take()];
        writes.into_iter().for_each(|write| self.forget(write));
        self.proceed(key);
    }

    /// A call past the queue begins, unless a write of the key is here. If it does, [`Queue::end_direct`] must follow.
    pub(super) fn begin_direct(&mut self, key: &Key) -> bool {
        if self.newest(key).is_some() {
            return false;
        }
        self.slots.entry_ref(key).or_default().direct += 1;
        true
    }

    /// A call past the queue is over, or nobody waits for it any more.
    pub(super) fn end_direct(&mut self, key: &Key) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.direct = slot.direct.saturating_sub(1);
            self.proceed(key);
        }
    }

    fn forget(&mut self, write: Option<Write>) {
        if let Some(write) = write {
            self.numbers.remove(&write.number);
            (self.writes, self.bytes) = (self.writes - 1, self.bytes - write.bytes);
        }
    }

    /// Goes on with a key of which something is over.
    fn proceed(&mut self, key: &Key) {
        self.schedule(key);
        let is_over = |slot: &Slot| slot.queued.is_none() && slot.sending.is_none() && slot.direct == 0;
        if self.slots.get(key).is_some_and(is_over) {
            self.slots.remove(key);
        }
    }

    /// Tells `host` that writes wait.
    pub(super) fn hold(&mut self, host: &dyn Host) {
        if !std::mem::replace(&mut self.is_held, true) {
            host.hold(true);
        }
    }

    /// Tells `host` that none waits any more.
    pub(super) fn release(&mut self, host: &dyn Host) {
        if std::mem::take(&mut self.is_held) {
            host.hold(false);
        }
    }

    /// The newest write so far.
    pub(super) fn last_number(&self) -> u64 {
        self.last_number
    }

    /// Returns whether a write up to `number` is still here.
    pub(super) fn has_up_to(&self, number: u64) -> bool {
        self.numbers.first().is_some_and(|first| *first <= number)
    }
}
