//! What processes have said that they wrote, and what may therefore be found.

use crate::kind::{Kind, Promise};
use crate::work::{KEYS, TOGETHER, is_delete, key_of};

/// The writes of one key since its value was last looked at.
#[derive(Clone, Default)]
struct Writes {
    /// What was found then: the number of a write, 0 for nothing.
    before: u64,
    /// Those that were begun since, in order.
    begun: Vec<u64>,
    /// The last one that was acknowledged.
    acknowledged: Option<u64>,
}

pub(crate) struct History {
    keys: Vec<Writes>,
    next: u64,
}

impl History {
    pub(crate) fn new() -> Self {
        Self { keys: vec![Writes::default(); usize::try_from(KEYS).unwrap()], next: KEYS }
    }

    /// The number of the next write.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Takes down what a process has said. A line goes into the pipe as a whole.
    pub(crate) fn hear(&mut self, lines: &[String]) {
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["begin", first, end] => {
                    let (first, end): (u64, u64) = (first.parse().unwrap(), end.parse().unwrap());
                    (first..end).for_each(|n| self.writes_of(n).begun.push(n));
                    self.next = end;
                }
                ["done", n] => {
                    let n = n.parse().unwrap();
                    self.writes_of(n).acknowledged = Some(n);
                }
                _ => panic!("a process said {line}"),
            }
        }
    }

    fn writes_of(&mut self, n: u64) -> &mut Writes {
        &mut self.keys[usize::try_from(key_of(n)).unwrap()]
    }

    /// Checks what was found under each key, and takes it for what is there from now on. Tells how many keys have an
    /// acknowledged write, and how many were found with a newer one and with an older one.
    pub(crate) fn check(&mut self, kind: Kind, found: &[u64]) -> [usize; 3] {
        let mut counts = [0; 3];
        // The newest write that is there: what was acknowledged long before it must be there too.
        let newest = found.iter().copied().max().unwrap_or(0);
        for (key, (writes, found)) in self.keys.iter_mut().zip(found).enumerate() {
            counts[0] += usize::from(writes.acknowledged.is_some());
            let is_found = |n: u64| if is_delete(n) { *found == 0 } else { *found == n };
            let must = match kind.promise() {
                Promise::All => writes.acknowledged,
                // Those on their way together may be in two transactions, those before them are in earlier ones.
                Promise::Beginning => writes.begun.iter().copied().rfind(|n| n + TOGETHER <= newest),
                Promise::Some => None,
            };
            let may: Vec<_> =
                writes.begun.iter().copied().filter(|n| must.is_none_or(|must| *n >= must)).collect();
            let is_as_before = must.is_none() && *found == writes.before;
            let has_made_room = kind.promise() == Promise::Some && *found == 0;
            assert!(
                is_as_before || has_made_room || may.iter().any(|n| is_found(*n)),
                "{}: under key {key} is write {found}, of {:?}, acknowledged {:?}, before {}",
                kind.name(),
                writes.begun,
                writes.acknowledged,
                writes.before,
            );
            if let Some(acknowledged) = writes.acknowledged
                && !is_found(acknowledged)
            {
                let is_newer = writes.begun.iter().any(|n| *n > acknowledged && is_found(*n));
                counts[if is_newer { 1 } else { 2 }] += 1;
            }
            *writes = Writes { before: *found, ..Writes::default() };
        }
        // Numbers of writes that nobody spoke of may have been used.
        self.next = (self.next / KEYS + 2) * KEYS;
        counts
    }
}
