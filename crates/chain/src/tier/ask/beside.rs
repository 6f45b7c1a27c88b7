//! Calls of what is under a store, by those who have it too.

use std::time::Duration;

use super::guard::Subject;
use crate::tier::tier::Tier;
use redkv_core::entry::Key;
use redkv_core::error::Result;
use redkv_core::operation::Operation;
use redkv_core::store::Answers;

impl Tier {
    /// Makes a call with `len` answers, for which has been waited so long; the store is probed with `key`, should it fail.
    pub(crate) async fn call_beside<T: Clone>(
        &self,
        operation: Operation,
        key: &Key,
        len: usize,
        waited: Duration,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        self.guard(operation, Subject::new(key, len)).after(waited).call(answers).await
    }

    /// Makes a call with one answer, whether the store is down or not, within the time to connect.
    pub(crate) async fn call_anyway<T: Clone>(
        &self,
        operation: Operation,
        answer: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let timeout = self.connect_timeout.or(self.timeout);
        self.guard(operation, Subject::STORE).within(timeout).call_once(answer).await
    }
}
