//! Lost writes (write-behind): no read may return what a lost write left in the store.

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

    /// Returns a number that grows before and after each loss of an acknowledged write.
    pub(crate) fn losses(&self) -> u64 {
        self.behind.as_ref().map_or(0, |behind| behind.queue.losses())
    }

    /// Returns the answers of `ask` for `keys`, without old values that the store has because it lost a write
    /// meanwhile.
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
