//! Random programs, on a backend and on the model in memory at once.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

mod faults;
mod generate;

use bytes::Bytes;
use fastrand::Rng;
use redkv_core::error::{ErrorKind, Result};
use redkv_structures::atomic::merged;
use redkv_structures::{
    Action, Answer, AtomicAnswer, Command, Entry, MemoryStructures, Range, Structures, Write,
};

use super::subject::{Db, run_all};
pub use faults::answers_say_what_happened;
use generate::Generator;

/// How many operations a program has.
const OPERATIONS: usize = 200;

pub async fn random_programs_are_answered_as_by_the_model(db: &dyn Structures) {
    for _ in 0..5 {
        give_the_same_answers(db, fastrand::u64(..)).await;
    }
}

/// Runs the program of `seed`, and ends the test at the first answer that the model does not give.
pub async fn give_the_same_answers(backend: &dyn Structures, seed: u64) {
    let db = Db::new(backend);
    let model = MemoryStructures::new(backend.limits());
    let mut generator = Generator::new(Rng::with_seed(seed), backend, |name| db.key(name));
    let (mut made, mut steps) = (0, Vec::new());
    while made < OPERATIONS {
        let step = generator.step();
        made += step.operations();
        let expected = step.run(&model).await;
        let found = step.run(backend).await;
        if found != expected {
            eprintln!("The steps before, with those that were refused: {steps:#?}");
        }
        assert_eq!(found, expected, "seed {seed:#x}, after {made} operations: {step:?}");
        steps.push((step, expected));
    }
}

/// What a program does at once.
#[derive(Debug)]
enum Step {
    Batch(Vec<Command>),
    Atomic(Vec<Write>),
    /// Reads a range to its end, page by page.
    Iteration(Bytes, Range),
}

/// What a caller would act on.
type Answered<T> = std::result::Result<T, ErrorKind>;

/// What a step returns, in a form that is the same on all backends.
#[derive(Debug, PartialEq)]
enum Outcome {
    Batch(Vec<Answered<Answer>>),
    Refused(Vec<bool>),
    Committed,
    NotWritten(ErrorKind),
    Iteration(Answered<Vec<Entry>>),
}

impl Step {
    fn operations(&self) -> usize {
        match self {
            Self::Batch(commands) => commands.len(),
            Self::Atomic(writes) => writes.len(),
            Self::Iteration(..) => 1,
        }
    }

    async fn run(&self, backend: &dyn Structures) -> Outcome {
        match self {
            Self::Batch(commands) => {
                let answers = run_all(backend, commands).await;
                let answers = commands.iter().zip(answers);
                Outcome::Batch(answers.map(|(command, answer)| comparable(command, answer)).collect())
            }
            Self::Atomic(writes) => write(backend, writes).await,
            Self::Iteration(key, range) => {
                Outcome::Iteration(iterate(backend, key, range).await.map_err(|error| error.kind()))
            }
        }
    }
}

async fn write(backend: &dyn Structures, writes: &[Write]) -> Outcome {
    let merged = match merged(writes.to_vec()) {
        Ok(merged) => merged,
        Err(error) => return Outcome::NotWritten(error.kind()),
    };
    match backend.write_atomically(&merged.writes, 3).await {
        Ok(AtomicAnswer::Committed) => Outcome::Committed,
        Ok(answer) => Outcome::Refused(merged.failures(&answer)),
        // Which of two reasons is told is nobody's concern.
        Err(error) if error.kind() == ErrorKind::Value => Outcome::NotWritten(ErrorKind::Type),
        Err(error) => Outcome::NotWritten(error.kind()),
    }
}

async fn iterate(backend: &dyn Structures, key: &Bytes, range: &Range) -> Result<Vec<Entry>> {
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let action = Action::ZRange(Range { after, ..range.clone() });
        let answer = backend.run(&[Command::new(key.clone(), action)]).await.remove(0)?;
        let Answer::Page(page) = answer else {
            unreachable!("an iteration is answered by a page: {answer:?}")
        };
        entries.extend(page.entries);
        after = page.next;
        if after.is_none() {
            return Ok(entries);
        }
        assert!(entries.len() < 1_000, "an iteration ends");
    }
}

/// Sorts what comes in no order.
fn comparable(command: &Command, answer: Result<Answer>) -> Answered<Answer> {
    match answer {
        Ok(Answer::List(mut members)) if matches!(command.action, Action::SMembers) => {
            members.sort();
            Ok(Answer::List(members))
        }
        Ok(Answer::Fields(mut fields)) => {
            fields.sort();
            Ok(Answer::Fields(fields))
        }
        other => other.map_err(|error| error.kind()),
    }
}
