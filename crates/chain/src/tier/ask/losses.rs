//! What a store with a queue in front of it has lost: no read may answer with what a lost write left there.

use super::guard::Subject;
use crate::tier::tier::Tier;
use redkv_core::entry::Key;
use redkv_core::error::Result;
use redkv_core::operation::Operation;
use redkv_core::store::{Answers, Store};

/// Times that a read is made again because a write was lost meanwhile.
const MOST_ROUNDS: usize = 8;

impl Tier {
    /// Waits until the writes that were acknowledged are made or lost, here and in what the store consists of.
    pub(crate) async fn flush(&self) -> Result<()> {
        let flush = async { self.store().flush().await };
        self.guard(Operation::Flush, Subject::STORE).within(None).call_once(flush).await
    }

    /// The store itself, under the queue of its writes.
    pub(crate) fn below(&self) -> &dyn Store {
        self.behind.as_ref().map_or(self.store(), |behind| &*behind.store)
    }

    /// Counts up before and after each loss of a write that was acknowledged.
    pub(crate) fn losses(&self) -> u64 {
        self.behind.as_ref().map_or(0, |behind| behind.queue.losses())
    }

    /// The answers of `ask` about `keys`, but for old values that the store has because it lost a write meanwhile.
    pub(crate) async fn past_losses<T, F>(
        &self,
        operation: Operation,
        keys: &[Key],
        ask: impl Fn() -> F,
    ) -> Answers<T>
    where
        F: Future<Output = Answers<T>>,
    {
        if self.behind.is_none() {
            return ask().await;
        }
        for _ in 0..MOST_ROUNDS {
            let losses = self.losses();
            let stale: Vec<_> = keys.iter().map(|key| self.is_stale(key)).collect();
            let mut answers = ask().await;
            if self.losses() == losses {
                for (answer, _) in answers.iter_mut().zip(stale).filter(|(_, is_stale)| *is_stale) {
                    *answer = Err(self.holds_old_value(operation));
                }
                return answers;
            }
        }
        keys.iter().map(|_| Err(self.holds_old_value(operation))).collect()
    }
}
