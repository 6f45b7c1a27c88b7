//! Makes up the steps of a program.

use std::collections::HashMap;
use std::sync::Arc;

use fastrand::Rng;
use redkv_records::record::seconds;
use redkv_records::{Action, Answer, Change, Command, Expiry, Listing, Place, Position, Record};

use super::super::subject::{Db, by_created, by_pk1};
use super::{Outcome, Step};

const KEYS: [&str; 6] = ["a", "a/1", "a/2", "b", "é", "\0"];
const PREFIXES: [&str; 5] = ["", "a", "a/", "é", "x"];
const VALUES: [&str; 4] = ["", "v", "AP94", "\0"];
/// An empty one is refused where it is the key of an index.
const INDEX_KEYS: [&str; 6] = ["1", "2", "2a", "é", "a/1", ""];

/// Makes up steps.
pub(super) struct Generator {
    rng: Rng,
    now: u64,
    partitions: Vec<Arc<str>>,
    /// The versions that were written last.
    versions: HashMap<Place, u64>,
}

impl Generator {
    pub(super) fn new(rng: Rng, db: &Db<'_>) -> Self {
        let partitions = ["p", "q"].map(|name| db.in_partition(name).partition).into();
        Self { rng, now: db.now, partitions, versions: HashMap::new() }
    }

    pub(super) fn step(&mut self) -> Step {
        self.now += self.pick(&[0, 0, 0, 1, 400, 1_000, 2_500]);
        if self.rng.u8(..4) > 0 {
            let len = self.rng.usize(1..=6);
            return Step::Batch((0..len).map(|_| self.command()).collect());
        }
        let index = self.pick(&[None, by_created(), by_pk1()]);
        let partition = self.partition();
        let after = (index.is_none() && self.rng.bool()).then(|| self.position(&partition));
        let listing = Listing { index, after, ..self.listing() };
        Step::Iteration(partition, listing, self.now)
    }

    /// Notes which versions there are.
    pub(super) fn learn(&mut self, outcome: &Outcome) {
        let Outcome::Batch(answers) = outcome else { return };
        for answer in answers {
            let record = match answer {
                Ok(Answer::Written(record) | Answer::Record(Some(record))) => record,
                Ok(Answer::Refused(refusal)) if let Some(record) = &refusal.found => record,
                _ => continue,
            };
            let Record { place, version, .. } = record.clone();
            self.versions.insert(place, version);
        }
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())].clone()
    }

    fn partition(&mut self) -> Arc<str> {
        let partitions = self.partitions.clone();
        self.pick(&partitions)
    }

    fn command(&mut self) -> Command {
        let place = Place::new(self.partition(), self.pick(&KEYS));
        let may_be_old = self.rng.bool();
        let action = match self.rng.u8(..12) {
            0 | 1 => Action::Get { may_be_old },
            2 => Action::Exists { may_be_old },
            3 | 4 => Action::Put(self.change()),
            5 | 6 => Action::Create(self.change()),
            7 | 8 => Action::Replace { change: self.change(), version: self.version(&place) },
            9 => Action::Remove { version: self.version(&place) },
            10 => Action::Delete,
            _ => {
                let list = Action::List(self.listing());
                return Command::new(Place::new(place.partition, ""), list, self.now);
            }
        };
        Command::new(place, action, self.now)
    }

    /// Mostly one that is there.
    fn version(&mut self, place: &Place) -> u64 {
        let last = self.versions.get(place).copied().unwrap_or(1);
        if self.rng.u8(..4) > 0 { last } else { self.rng.u64(..=last + 1) }
    }

    fn change(&mut self) -> Change {
        let value = self.rng.bool().then(|| self.pick(&VALUES).into());
        let mut fields = std::collections::BTreeMap::new();
        for _ in 0..self.rng.u8(..4) {
            let name = self.pick(&["created", "pk1", "sk1", "other"]);
            let given = match name {
                _ if self.rng.u8(..4) == 0 => None,
                "pk1" => Some(self.partition().to_string()),
                "other" => Some(self.pick(&VALUES).to_owned()),
                _ => Some(self.pick(&INDEX_KEYS).to_owned()),
            };
            fields.insert(name.to_owned(), given);
        }
        let second = seconds(self.now) + self.rng.i64(-1..=6);
        let expiry = self.pick(&[Expiry::Never, Expiry::Keep, Expiry::At(second), Expiry::At(second)]);
        Change { value, fields, expiry }
    }

    /// A list in the order of keys.
    fn listing(&mut self) -> Listing {
        Listing {
            prefix: self.pick(&PREFIXES).to_owned(),
            limit: self.pick(&[None, Some(1), Some(2), Some(3), Some(100)]),
            after: None,
            reverse: self.rng.bool(),
            index: None,
            may_be_old: self.rng.bool(),
        }
    }

    /// The position after a record, be it there or not.
    fn position(&mut self, partition: &str) -> Position {
        let key = self.pick(&KEYS);
        Position::of([("id", partition), ("name", key)])
    }
}
