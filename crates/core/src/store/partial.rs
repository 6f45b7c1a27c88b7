//! Batches of which a part is refused before a store is asked.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::store::Answers;

/// The part of a batch that a store can be asked for, and why it is not asked for the rest.
#[derive(Debug)]
pub struct Partial<'a, T: Clone> {
    /// The items to ask for, in the order of the batch.
    pub good: Cow<'a, [T]>,
    /// For each item of the batch, why it is refused; empty when none is.
    refused: Vec<Option<Error>>,
}

impl<'a, T: Clone> Partial<'a, T> {
    /// Sorts out the items that `check` refuses. Copies nothing when it refuses none.
    pub fn new(items: &'a [T], check: impl Fn(&T) -> Result<()>) -> Self {
        if items.iter().all(|item| check(item).is_ok()) {
            return Self { good: Cow::Borrowed(items), refused: Vec::new() };
        }
        let refused: Vec<_> = items.iter().map(|item| check(item).err()).collect();
        let good = items.iter().zip(&refused).filter(|(_, refused)| refused.is_none());
        Self { good: good.map(|(item, _)| item.clone()).collect(), refused }
    }

    /// Returns the answers to the whole batch, given those to the good items.
    pub fn complete<A>(self, answers: Answers<A>) -> Answers<A> {
        if self.refused.is_empty() {
            return answers;
        }
        let mut answers = answers.into_iter();
        self.refused.into_iter().filter_map(|refused| refused.map(Err).or_else(|| answers.next())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(number: &u32) -> Result<()> {
        if number.is_multiple_of(2) { Ok(()) } else { Err(Error::argument("number", "it is odd")) }
    }

    #[test]
    fn each_item_gets_its_own_answer() {
        let partial = Partial::new(&[1, 2, 3, 4], even);
        assert_eq!(*partial.good, [2, 4]);
        let answers = partial.complete(vec![Ok("two"), Ok("four")]);
        let answers: Vec<_> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [None, Some("two"), None, Some("four")]);
    }

    #[test]
    fn a_batch_that_is_good_is_not_copied() {
        assert!(matches!(Partial::new(&[2, 4], even).good, Cow::Borrowed(_)));
    }
}
