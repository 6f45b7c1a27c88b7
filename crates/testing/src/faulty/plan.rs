//! How one call goes, decided when it comes.

use super::fault::{Fault, Gate};
use redkv_core::error::Error;
use redkv_core::store::Answers;

/// How one call goes.
#[derive(Default)]
pub(super) struct Plan {
    /// One per key, and one for a call without keys.
    fates: Vec<Fate>,
    before: Vec<Gate>,
    after: Vec<Gate>,
    panics: Panics,
    answers_too_few: bool,
    has_no_end: bool,
}

#[derive(Clone)]
enum Fate {
    Reach,
    Fail(Error),
    Lose(Error),
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Panics {
    #[default]
    Never,
    AtOnce,
    Later,
}

impl Plan {
    /// A call of a batch of `len` that goes well so far.
    pub(super) fn for_keys(len: usize) -> Self {
        Self { fates: vec![Fate::Reach; len.max(1)], ..Self::default() }
    }

    pub(super) fn panics_at_once(&self) -> bool {
        self.panics == Panics::AtOnce
    }

    pub(super) fn add(&mut self, fault: &Fault, place: Option<usize>) {
        let fate = match fault {
            Fault::Fail(error) => Fate::Fail(error.clone()),
            Fault::LoseAnswer(error) => Fate::Lose(error.clone()),
            Fault::HoldBefore(gate) => return self.before.push(gate.clone()),
            Fault::HoldAfter(gate) => return self.after.push(gate.clone()),
            Fault::PanicAtOnce => return self.panics = Panics::AtOnce,
            Fault::Panic => return self.panics = Panics::Later,
            Fault::AnswerTooFew => return self.answers_too_few = true,
            Fault::NoEnd => return self.has_no_end = true,
        };
        match place {
            Some(place) => self.fates[place] = fate,
            None => self.fates.fill(fate),
        }
    }

    /// Whether the first page comes again and again.
    pub(super) fn has_no_end(&self) -> bool {
        self.has_no_end
    }

    #[expect(clippy::panic, reason = "that is the fault that was asked for")]
    pub(super) async fn before(&self) {
        // Nothing here is answered in the first poll, as nothing remote is.
        tokio::task::yield_now().await;
        for gate in &self.before {
            gate.pass().await;
        }
        if self.panics == Panics::Later {
            panic!("a store panics, as the test asked");
        }
    }

    /// What of a batch reaches the store.
    pub(super) fn reaching<T: Clone>(&self, batch: &[T]) -> Vec<T> {
        let reaches = |fate: &Fate| !matches!(fate, Fate::Fail(_));
        batch
            .iter()
            .zip(&self.fates)
            .filter(|(_, fate)| reaches(fate))
            .map(|(item, _)| item.clone())
            .collect()
    }

    /// The answers to a batch of `len`, of which `answers` came from the store.
    pub(super) async fn after<T>(self, len: usize, answers: Answers<T>) -> Answers<T> {
        for gate in &self.after {
            gate.pass().await;
        }
        let mut answers = answers.into_iter();
        let mut all: Vec<_> = self
            .fates
            .into_iter()
            .take(len)
            .filter_map(|fate| match fate {
                Fate::Reach => answers.next(),
                Fate::Fail(error) => Some(Err(error)),
                Fate::Lose(error) => answers.next().map(|_| Err(error)),
            })
            .collect();
        if self.answers_too_few {
            all.pop();
        }
        all
    }
}
