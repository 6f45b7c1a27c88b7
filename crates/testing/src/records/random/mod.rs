//! Random programs, on a backend and on the model in memory at once.
#![expect(missing_docs, reason = "the name of a case is its documentation")]
#![expect(clippy::panic, reason = "a failed step ends its test")]

mod generate;

use std::sync::Arc;

use fastrand::Rng;
use redkv_core::error::{ErrorKind, Result};
use redkv_records::{Action, Answer, Command, Index, Listing, MemoryRecords, Record, Records};

use super::subject::{Db, run_all, suite_shape};
use generate::Generator;

/// How many operations a program has.
const OPERATIONS: usize = 300;

pub async fn random_programs_are_answered_as_by_the_model(db: &dyn Records) {
    for _ in 0..5 {
        give_the_same_answers(db, fastrand::u64(..)).await;
    }
}

/// Runs the program of `seed`, and ends the test at the first answer that the model does not give.
pub async fn give_the_same_answers(backend: &dyn Records, seed: u64) {
    let db = Db::with_indexes(backend).await;
    let model = MemoryRecords::default();
    model.create_table(&suite_shape()).await.unwrap_or_else(|error| panic!("the model: {error:?}"));
    let mut generator = Generator::new(Rng::with_seed(seed), &db);
    let (mut made, mut steps) = (0, Vec::new());
    while made < OPERATIONS {
        let step = generator.step();
        made += step.operations();
        let expected = step.run(&model).await;
        let found = step.run(backend).await;
        if found != expected {
            eprintln!("The steps before, with their answers: {steps:#?}");
        }
        assert_eq!(found, expected, "seed {seed:#x}, after {made} operations: {step:?}");
        generator.learn(&expected);
        steps.push((step, expected));
    }
}

/// What a program does at once.
#[derive(Debug)]
enum Step {
    Batch(Vec<Command>),
    /// Lists to the end, page by page, at a moment.
    Iteration(Arc<str>, Listing, u64),
}

/// What a caller would act on.
type Answered<T> = std::result::Result<T, ErrorKind>;

/// What a step returns, in a form that is the same on all backends.
#[derive(Debug, PartialEq)]
enum Outcome {
    Batch(Vec<Answered<Answer>>),
    Iteration(Answered<Vec<Record>>),
}

impl Step {
    fn operations(&self) -> usize {
        match self {
            Self::Batch(commands) => commands.len(),
            Self::Iteration(..) => 1,
        }
    }

    async fn run(&self, backend: &dyn Records) -> Outcome {
        match self {
            Self::Batch(commands) => {
                let answers = run_all(backend, commands).await.into_iter();
                Outcome::Batch(answers.map(comparable).collect())
            }
            Self::Iteration(partition, listing, now) => {
                let listed = iterate(backend, partition, listing, *now).await;
                let listed = listed.map(|records| in_order(records, listing.index.as_ref()));
                Outcome::Iteration(listed.map_err(|error| error.kind()))
            }
        }
    }
}

async fn iterate(
    backend: &dyn Records,
    partition: &Arc<str>,
    listing: &Listing,
    now: u64,
) -> Result<Vec<Record>> {
    let (mut records, mut after) = (Vec::new(), listing.after.clone());
    loop {
        let action = Action::List(Listing { after, ..listing.clone() });
        let command = Command::new(redkv_records::Place::new(partition.clone(), ""), action, now);
        let Answer::Page(page) = backend.run(&[command]).await.remove(0)? else {
            panic!("a list is answered by a page")
        };
        after = page.next;
        let is_full = listing.limit.is_none_or(|limit| page.records.len() == limit as usize);
        records.extend(page.records);
        if after.is_none() {
            return Ok(records);
        }
        assert!(is_full, "a page before the end is full");
        assert!(records.len() < 1_000, "a list ends");
    }
}

/// Sorts what an index may list in any order: records with the same sort key.
fn in_order(mut records: Vec<Record>, index: Option<&Index>) -> Vec<Record> {
    let Some(index) = index else { return records };
    let key = |record: &Record| record.attribute(index.sort_key()).unwrap_or_default().to_owned();
    let pieces = records.chunk_by_mut(|one, other| key(one) == key(other));
    pieces.for_each(|piece| piece.sort_by(|one, other| one.place.cmp(&other.place)));
    records
}

/// Leaves out whether another page follows: one that is empty may.
fn comparable(answer: Result<Answer>) -> Answered<Answer> {
    match answer {
        Ok(Answer::Page(mut page)) => {
            page.next = None;
            Ok(Answer::Page(page))
        }
        other => other.map_err(|error| error.kind()),
    }
}
