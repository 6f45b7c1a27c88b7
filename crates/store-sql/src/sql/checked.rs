//! Batches of which a part is refused before anything is sent.

use std::borrow::Cow;

use redkv_core::error::{Error, Result};
use redkv_core::store::Answers;

/// What is left of a batch, and why the rest is not.
pub(super) struct Checked<'a, T: Clone> {
    pub(super) good: Cow<'a, [T]>,
    /// For every item of the batch, why it was refused; empty when none was.
    refused: Vec<Option<Error>>,
}

impl<'a, T: Clone> Checked<'a, T> {
    pub(super) fn new(items: &'a [T], check: impl Fn(&T) -> Result<()>) -> Self {
        let refused: Vec<_> = items.iter().map(|item| check(item).err()).collect();
        if refused.iter().all(Option::is_none) {
            return Self { good: Cow::Borrowed(items), refused: Vec::new() };
        }
        let good = items.iter().zip(&refused).filter(|(_, refused)| refused.is_none());
        Self { good: good.map(|(item, _)| item.clone()).collect(), refused }
    }

    /// The answers to the whole batch, from those to what was good.
    pub(super) fn complete<A>(self, answers: Answers<A>) -> Answers<A> {
        if self.refused.is_empty() {
            return answers;
        }
        let mut answers = answers.into_iter();
        self.refused.into_iter().filter_map(|refused| refused.map(Err).or_else(|| answers.next())).collect()
    }
}
