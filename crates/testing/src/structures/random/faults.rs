//! Random programs on a backend whose server cannot always be reached: each answer says what has happened.

use fastrand::Rng;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_structures::atomic::merged;
use redkv_structures::{
    Action, Answer, AtomicAnswer, By, Command, MemoryStructures, Range, ScoreRange, Shown, Structures, Write,
};

use super::generate::Generator;
use super::{OPERATIONS, Step, comparable, iterate};
use crate::structures::subject::{Db, range, run_all};

/// What the backend may hold: of a write with an unknown outcome, with it and without it. The last steps are kept for who reads of
/// a failure.
struct Worlds {
    all: Vec<MemoryStructures>,
    steps: Vec<String>,
    seed: u64,
}

/// Runs the program of `seed`, and calls `disturb` before each of its steps. What fails with an unknown outcome may have
/// been done, what fails as not applied was not, and all else is answered as by the model.
///
/// What was asked of a server must have taken effect, or never will, when the backend says that it failed.
pub async fn answers_say_what_happened(
    backend: &dyn Structures,
    seed: u64,
    mut disturb: impl FnMut(&mut Rng),
) {
    let db = Db::new(backend);
    let mut rng = Rng::with_seed(seed);
    let mut generator = Generator::new(rng.fork(), backend, |name| db.key(name));
    let keys: Vec<_> = (0..6).map(|n| db.key(format!("k{n}"))).collect();
    let mut worlds = Worlds { all: vec![MemoryStructures::new(backend.limits())], steps: Vec::new(), seed };
    let mut made = 0;
    while made < OPERATIONS {
        let step = generator.step();
        made += step.operations();
        disturb(&mut rng);
        worlds.follow(&step, backend).await;
        if worlds.all.len() > 16 || rng.u8(..8) == 0 {
            worlds.look(backend, &keys).await;
        }
    }
    worlds.look(backend, &keys).await;
}

/// Whether an error says that the server could not be asked, or did not answer.
fn is_of_connection(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout)
}

impl Worlds {
    async fn follow(&mut self, step: &Step, backend: &dyn Structures) {
        match step {
            Step::Batch(commands) => {
                let answers = run_all(backend, commands).await;
                self.steps.push(format!("{commands:?}: {answers:?}"));
                self.batch(commands, answers).await;
            }
            Step::Atomic(writes) => {
                let Ok(merged) = merged(writes.clone()) else { return };
                let answer = backend.write_atomically(&merged.writes, 3).await;
                self.steps.push(format!("{writes:?}: {answer:?}"));
                self.atomic_write(&merged.writes, answer).await;
            }
            Step::Iteration(key, range) => match iterate(backend, key, range).await {
                Err(error) if is_of_connection(&error) => self.steps.push(format!("{step:?}: {error:?}")),
                found => {
                    self.steps.push(format!("{step:?}: {found:?}"));
                    let found = found.map_err(|error| error.kind());
                    let mut kept = Vec::new();
                    for world in std::mem::take(&mut self.all) {
                        let expected = iterate(&world, key, range).await.map_err(|error| error.kind());
                        kept.extend((expected == found).then_some(world));
                    }
                    self.go_on_with(kept);
                }
            },
        }
    }

    async fn batch(&mut self, commands: &[Command], answers: Vec<Result<Answer>>) {
        for (command, answer) in commands.iter().zip(answers) {
            match answer {
                Err(error) if is_of_connection(&error) => {
                    if command.action.is_write() && error.may_have_applied() {
                        let before = self.all.clone();
                        for world in &self.all {
                            drop(world.run(std::slice::from_ref(command)).await);
                        }
                        self.all.extend(before);
                    }
                }
                answer => self.answered(command, answer).await,
            }
        }
    }

    async fn answered(&mut self, command: &Command, answer: Result<Answer>) {
        let found = comparable(command, answer);
        let mut kept = Vec::new();
        for world in std::mem::take(&mut self.all) {
            let expected = world.run(std::slice::from_ref(command)).await.remove(0);
            kept.extend((comparable(command, expected) == found).then_some(world));
        }
        self.go_on_with(kept);
    }

    async fn atomic_write(&mut self, writes: &[Write], answer: Result<AtomicAnswer>) {
        let made = |answer: Result<AtomicAnswer>| answer.map_err(|_| ());
        match answer {
            Err(error) if is_of_connection(&error) => {
                if error.may_have_applied() {
                    let before = self.all.clone();
                    for world in &self.all {
                        drop(world.write_atomically(writes, 0).await);
                    }
                    self.all.extend(before);
                }
            }
            answer => {
                let (mut kept, found) = (Vec::new(), made(answer));
                for world in std::mem::take(&mut self.all) {
                    let expected = made(world.write_atomically(writes, 0).await);
                    kept.extend((expected == found).then_some(world));
                }
                self.go_on_with(kept);
            }
        }
    }

    /// Reads all that is there, so that one world is left.
    async fn look(&mut self, backend: &dyn Structures, keys: &[bytes::Bytes]) {
        let all = |shown| Range { shown, with_scores: true, ..range(By::Score(ScoreRange::ALL)) };
        let reads = [
            Action::Has,
            Action::Get,
            Action::SMembers,
            Action::HGetAll,
            Action::ZRange(all(Shown::Field)),
            Action::ZRange(all(Shown::Value)),
        ];
        for key in keys {
            for action in &reads {
                let command = Command::new(key.clone(), action.clone());
                let answer = loop {
                    match backend.run(std::slice::from_ref(&command)).await.remove(0) {
                        Err(error) if is_of_connection(&error) => {
                            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                        }
                        answer => break answer,
                    }
                };
                self.steps.push(format!("{command:?}: {answer:?}"));
                self.answered(&command, answer).await;
            }
        }
        self.all.truncate(1);
        self.steps.clear();
    }

    fn go_on_with(&mut self, kept: Vec<MemoryStructures>) {
        let Self { steps, seed, .. } = self;
        assert!(
            !kept.is_empty(),
            "REDKV_TEST_SEED={seed}: the last of these was not to be answered so: {steps:#?}"
        );
        self.all = kept;
    }
}
