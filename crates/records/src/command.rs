//! Operations on records.

use std::collections::BTreeMap;

use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::operation::RecordOperation;

use crate::index::Index;
use crate::record::{LARGEST_VERSION, Place, Record};
use crate::token::Position;

/// One operation.
#[derive(Clone, Debug)]
pub struct Command {
    /// Where the record is; of [`Action::List`] the key is empty.
    pub place: Place,
    /// What is done with it.
    pub action: Action,
    /// The time, in milliseconds since the Unix epoch: what has expired by then is absent.
    pub now: u64,
}

/// What is done.
///
/// A record that has expired is absent for each of them. It stays where it is until it is written or the backend removes it;
/// a record that is written in its place has the next version, and nothing else of it.
#[derive(Clone, Debug)]
pub enum Action {
    /// Reads a record: [`Answer::Record`].
    Get {
        /// Whether it may be what was there a moment ago.
        may_be_old: bool,
    },
    /// Looks whether there is a record: [`Answer::Is`].
    Exists {
        /// Whether it may be what was there a moment ago.
        may_be_old: bool,
    },
    /// Writes a record, or changes what is there: [`Answer::Written`], its version grown by one.
    Put(Change),
    /// Writes a record where none is: `Written`, or [`Refused::Exists`] with the record that is there.
    Create(Change),
    /// Changes the record that has this version: `Written`; or [`Refused::Modified`] with the record that is there, if any.
    Replace {
        /// What is changed.
        change: Change,
        /// The version that it must have.
        version: u64,
    },
    /// Deletes a record, if there is one, whether or not it has expired: [`Answer::Done`].
    Delete,
    /// Deletes the record that has this version: `Done`; [`Refused::NotFound`] if there is none; or [`Refused::Modified`] with the
    /// record that is there.
    Remove {
        /// The version that it must have.
        version: u64,
    },
    /// Lists records of a partition, or of an index: [`Answer::Page`].
    List(Listing),
}

/// What is changed of a record. What is not given stays, but for the expiry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The value.
    pub value: Option<Box<str>>,
    /// Fields with their values, none of them in [`NAMES`](crate::NAMES). Without a value the field is removed.
    pub fields: BTreeMap<String, Option<String>>,
    /// What becomes of its expiry.
    pub expiry: Expiry,
}

/// What becomes of the expiry of a record that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// It does not expire any more.
    #[default]
    Never,
    /// It stays as it is. A new record does not expire.
    Keep,
    /// It expires in this second since the Unix epoch.
    At(i64),
}

/// Which records are listed, and how.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// What their keys begin with; with an index, the values of its sort key.
    pub prefix: String,
    /// How many at most: so many, unless the end is reached. Never 0. When absent, as many as the backend brings at a time.
    pub limit: Option<u32>,
    /// Where the page before ended; checked by [`Position::check`].
    pub after: Option<Position>,
    /// From the last to the first.
    pub reverse: bool,
    /// The order; that of their keys when absent.
    pub index: Option<Index>,
    /// Whether it may be what was there a moment ago. Always so with a global index.
    pub may_be_old: bool,
}

/// The answer to a [`Command`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is done.
    Done,
    /// Whether there is a record.
    Is(bool),
    /// A record; `None` where there is none.
    Record(Option<Record>),
    /// The record as it was written.
    Written(Record),
    /// Nothing was written.
    Refused(Refusal),
    /// Some of the records that are listed.
    Page(Page),
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The reason.
    pub why: Refused,
    /// The record that is there; `None` where there is none.
    pub found: Option<Record>,
}

/// Why nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is a record already.
    Exists,
    /// The record has another version, or is gone.
    Modified,
    /// There is no record.
    NotFound,
}

/// Some of the records that are listed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The records, in their order.
    pub records: Vec<Record>,
    /// Where to continue; `None` after the last page. The page after it may be empty.
    pub next: Option<Position>,
}

impl Action {
    /// Returns the operation that callers know it by.
    pub fn operation(&self) -> RecordOperation {
        use RecordOperation as Op;
        match self {
            Self::Get { .. } => Op::Get,
            Self::Exists { .. } => Op::Exists,
            Self::Put(_) => Op::Put,
            Self::Create(_) | Self::Replace { .. } => Op::AtomicPut,
            Self::Delete => Op::Delete,
            Self::Remove { .. } => Op::AtomicDelete,
            Self::List(_) => Op::ListPage,
        }
    }

    /// Returns whether it can change what is stored.
    pub fn is_write(&self) -> bool {
        self.operation().is_write()
    }

    /// Returns what it changes of a record.
    pub fn change(&self) -> Option<&Change> {
        match self {
            Self::Put(change) | Self::Create(change) | Self::Replace { change, .. } => Some(change),
            _ => None,
        }
    }
}

impl Change {
    /// Returns how many bytes it has.
    pub fn bytes(&self) -> usize {
        let fields =
            self.fields.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, String::len));
        self.value.as_ref().map_or(0, |value| value.len()) + fields.sum::<usize>()
    }

    /// Returns the record that it makes at `place`: of the record that is there, if it has not expired by `now`; else a new
    /// one, with the next version all the same. Fails where there is no next version.
    pub fn applied(&self, place: &Place, found: Option<&Record>, now: u64) -> Result<Record> {
        let version = found.map_or(0, |found| found.version);
        if version >= LARGEST_VERSION {
            return Err(cannot_grow(place));
        }
        let live = found.filter(|found| !found.has_expired(now));
        let mut fields = live.map(|live| live.fields.clone()).unwrap_or_default();
        for (name, value) in &self.fields {
            match value {
                Some(value) => fields.insert(name.clone(), value.clone()),
                None => fields.remove(name),
            };
        }
        let expires = match self.expiry {
            Expiry::Never => None,
            Expiry::Keep => live.and_then(|live| live.expires),
            Expiry::At(second) => Some(second),
        };
        let value = self.value.clone().or_else(|| live.and_then(|live| live.value.clone()));
        Ok(Record { place: place.clone(), version: version + 1, expires, value, fields })
    }
}

fn cannot_grow(place: &Place) -> Error {
    let Place { partition, key } = place;
    let message =
        format!("the record '{key}' of the partition '{partition}' is not written: its version cannot grow");
    Error::new(ErrorKind::Value, message)
}

impl Command {
    /// Creates an operation on the record at `place`.
    pub fn new(place: Place, action: Action, now: u64) -> Self {
        Self { place, action, now }
    }

    /// Returns how many bytes were given for it.
    pub fn bytes(&self) -> usize {
        let change = self.action.change().map_or(0, Change::bytes);
        self.place.partition.len() + self.place.key.len() + change
    }
}

impl Answer {
    /// Returns how many bytes it has.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Record(Some(record)) | Self::Written(record) => record.bytes(),
            Self::Refused(Refusal { found: Some(record), .. }) => record.bytes(),
            Self::Page(page) => page.records.iter().map(Record::bytes).sum(),
            _ => 0,
        }
    }
}
