//! A backend under test, with the words in which the cases speak of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step ends its test")]

use std::collections::BTreeMap;
use std::result::Result as StdResult;
use std::sync::Arc;

use redkv_core::error::{Error, Result};
use redkv_core::service::Batching;
use redkv_core::store::Answers;
use redkv_records::record::seconds;
use redkv_records::{
    Action, Answer, Change, Command, Expiry, GlobalIndex, Index, Listing, LocalIndex, Page, Place, Record,
    Records, Refusal, Refused, TableShape,
};

/// When the cases begin, in milliseconds: in the middle of a second.
const BEGINNING: u64 = 1_795_000_000_500;

/// The shape of the table on which the suite runs.
pub fn suite_shape() -> TableShape {
    TableShape { local: vec![local_index()], global: vec![global_index()], ttl: false }
}

fn local_index() -> LocalIndex {
    LocalIndex { name: "idx_created".into(), sort_key: "created".into() }
}

fn global_index() -> GlobalIndex {
    GlobalIndex { name: "idx_pk1".into(), hash_key: "pk1".into(), sort_key: "sk1".into() }
}

/// The index of each partition by `created`.
pub(super) fn by_created() -> Option<Index> {
    Some(Index::Local(local_index()))
}

/// The index of the table by `pk1` and `sk1`.
pub(super) fn by_pk1() -> Option<Index> {
    Some(Index::Global(global_index()))
}

/// A partition of a backend under test at a moment. The names of partitions begin with what no other case uses.
#[derive(Clone)]
pub(super) struct Db<'a> {
    pub(super) backend: &'a dyn Records,
    run: String,
    pub(super) partition: Arc<str>,
    pub(super) now: u64,
}

impl<'a> Db<'a> {
    pub(super) fn new(backend: &'a dyn Records) -> Self {
        let run = format!("suite-{:016x}:", fastrand::u64(..));
        let partition = format!("{run}p").into();
        Self { backend, run, partition, now: BEGINNING }
    }

    /// The same, on a table with the indexes of the suite.
    pub(super) async fn with_indexes(backend: &'a dyn Records) -> Self {
        backend.create_table(&suite_shape()).await.unwrap();
        Self::new(backend)
    }

    /// Another partition at the same moment.
    pub(super) fn in_partition(&self, name: &str) -> Self {
        Self { partition: format!("{}{name}", self.run).into(), ..self.clone() }
    }

    /// The same partition some milliseconds later.
    pub(super) fn after(&self, milliseconds: u64) -> Self {
        Self { now: self.now + milliseconds, ..self.clone() }
    }

    /// The second in which what expires in so many seconds expires.
    pub(super) fn second(&self, after: i64) -> i64 {
        seconds(self.now) + after
    }

    pub(super) fn place(&self, key: &str) -> Place {
        Place::new(self.partition.clone(), key)
    }

    pub(super) fn command(&self, key: &str, action: Action) -> Command {
        Command::new(self.place(key), action, self.now)
    }

    pub(super) fn record(&self, key: &str, version: u64, value: Option<&str>) -> Record {
        let value = value.map(Into::into);
        Record { place: self.place(key), version, expires: None, value, fields: BTreeMap::new() }
    }

    pub(super) async fn attempt(&self, key: &str, action: Action) -> Result<Answer> {
        let mut answers = self.backend.run(&[self.command(key, action)]).await;
        assert_eq!(answers.len(), 1, "one answer for each command");
        answers.remove(0)
    }

    pub(super) async fn run(&self, key: &str, action: Action) -> Answer {
        let operation = action.operation();
        self.attempt(key, action).await.unwrap_or_else(|error| panic!("{operation:?}: {error:?}"))
    }

    pub(super) async fn failure(&self, key: &str, action: Action) -> Error {
        let operation = action.operation();
        match self.attempt(key, action).await {
            Ok(answer) => panic!("{operation:?} was to fail: {answer:?}"),
            Err(error) => error,
        }
    }

    /// Makes operations as a caller does, which cuts what came together as the backend asks.
    pub(super) async fn run_all(&self, all: Vec<(&str, Action)>) -> Answers<Answer> {
        let commands: Vec<_> = all.into_iter().map(|(key, action)| self.command(key, action)).collect();
        run_all(self.backend, &commands).await
    }

    pub(super) async fn put(&self, key: &str, change: Change) -> Record {
        written(self.run(key, Action::Put(change)).await).unwrap()
    }

    pub(super) async fn create(&self, key: &str, change: Change) -> StdResult<Record, Refusal> {
        written(self.run(key, Action::Create(change)).await)
    }

    pub(super) async fn replace(
        &self,
        key: &str,
        version: u64,
        change: Change,
    ) -> StdResult<Record, Refusal> {
        written(self.run(key, Action::Replace { change, version }).await)
    }

    pub(super) async fn remove(&self, key: &str, version: u64) -> StdResult<(), Refusal> {
        match self.run(key, Action::Remove { version }).await {
            Answer::Done => Ok(()),
            Answer::Refused(refusal) => Err(refusal),
            other => panic!("neither done nor refused: {other:?}"),
        }
    }

    pub(super) async fn delete(&self, key: &str) {
        assert_eq!(self.run(key, Action::Delete).await, Answer::Done);
    }

    pub(super) async fn get(&self, key: &str) -> Option<Record> {
        let Answer::Record(record) = self.run(key, get()).await else { panic!("not a record") };
        record
    }

    pub(super) async fn exists(&self, key: &str) -> bool {
        let action = Action::Exists { may_be_old: false };
        let Answer::Is(answer) = self.run(key, action).await else { panic!("not yes or no") };
        answer
    }

    pub(super) async fn page(&self, listing: Listing) -> Page {
        let Answer::Page(page) = self.run("", Action::List(listing)).await else { panic!("not a page") };
        page
    }

    /// Lists from page to page until the end. Each page but the last has as many records as it may have.
    pub(super) async fn pages(&self, listing: Listing) -> Vec<Vec<Record>> {
        let (mut pages, mut after) = (Vec::new(), listing.after.clone());
        loop {
            let page = self.page(Listing { after, ..listing.clone() }).await;
            check_page(&page, &listing, &self.partition);
            pages.push(page.records);
            after = page.next;
            if after.is_none() {
                return pages;
            }
            assert!(pages.len() < 10_000, "a list ends");
        }
    }

    pub(super) async fn list(&self, listing: Listing) -> Vec<Record> {
        self.pages(listing).await.concat()
    }

    pub(super) async fn keys(&self, listing: Listing) -> Vec<String> {
        self.list(listing).await.iter().map(|record| record.place.key.to_string()).collect()
    }
}

fn check_page(page: &Page, listing: &Listing, partition: &str) {
    let limit = listing.limit.map_or(usize::MAX, |limit| limit as usize);
    assert!(page.records.len() <= limit, "{} records in a page of {limit}", page.records.len());
    let Some(next) = &page.next else { return };
    next.check(partition, listing.index.as_ref()).unwrap();
    if listing.limit.is_some() {
        assert_eq!(page.records.len(), limit, "a page before the end is full");
    }
}

fn written(answer: Answer) -> StdResult<Record, Refusal> {
    match answer {
        Answer::Written(record) => Ok(record),
        Answer::Refused(refusal) => Err(refusal),
        other => panic!("neither written nor refused: {other:?}"),
    }
}

/// Makes `commands` as a caller does, which cuts what came together as the backend asks.
pub(super) async fn run_all(backend: &dyn Records, commands: &[Command]) -> Answers<Answer> {
    let mut answers = Vec::with_capacity(commands.len());
    match backend.batching() {
        Batching::Together(most) => {
            for piece in commands.chunks(most) {
                answers.extend(backend.run(piece).await);
            }
        }
        Batching::Apart(most) => {
            let together = |one: &Command, other: &Command| one.goes_together() && other.goes_together();
            for piece in commands.chunk_by(together).flat_map(|piece| piece.chunks(most)) {
                answers.extend(backend.run(piece).await);
            }
        }
    }
    assert_eq!(answers.len(), commands.len(), "one answer for each command");
    answers
}

pub(super) fn get() -> Action {
    Action::Get { may_be_old: false }
}

/// A change that gives nothing.
pub(super) fn nothing() -> Change {
    Change::default()
}

/// A change of the value.
pub(super) fn value(text: &str) -> Change {
    Change { value: Some(text.into()), ..Change::default() }
}

/// The change with these fields besides.
pub(super) fn with(mut change: Change, fields: &[(&str, &str)]) -> Change {
    let given = fields.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
    change.fields.extend(given);
    change
}

/// The change that removes these fields besides.
pub(super) fn without(mut change: Change, fields: &[&str]) -> Change {
    change.fields.extend(fields.iter().map(|name| ((*name).to_owned(), None)));
    change
}

/// The change after which the record expires in this second.
pub(super) fn until(second: i64, change: Change) -> Change {
    Change { expiry: Expiry::At(second), ..change }
}

/// The change that leaves the expiry as it is.
pub(super) fn keeping_expiry(change: Change) -> Change {
    Change { expiry: Expiry::Keep, ..change }
}

/// The record with these fields.
pub(super) fn having(record: Record, fields: &[(&str, &str)]) -> Record {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Record { fields, ..record }
}

/// The record that expires in this second.
pub(super) fn expiring(second: i64, record: Record) -> Record {
    Record { expires: Some(second), ..record }
}

pub(super) fn refused(why: Refused, found: Option<Record>) -> Refusal {
    Refusal { why, found }
}

/// All of a partition.
pub(super) fn all() -> Listing {
    Listing::default()
}

/// All of an index.
pub(super) fn of(index: Option<Index>) -> Listing {
    Listing { index, ..Listing::default() }
}

pub(super) fn prefixed(prefix: &str, listing: Listing) -> Listing {
    Listing { prefix: prefix.to_owned(), ..listing }
}

pub(super) fn limited(limit: u32, listing: Listing) -> Listing {
    Listing { limit: Some(limit), ..listing }
}

pub(super) fn reversed(listing: Listing) -> Listing {
    Listing { reverse: true, ..listing }
}
