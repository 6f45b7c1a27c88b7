//! The store that misbehaves.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::fault::Operation;
use super::faults::Faults;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want};

/// A store inside another one that fails, waits, hangs and panics when its [`Faults`] say so.
///
/// It never is immediate, so that even round a store in memory it takes the way of a remote one.
#[derive(Debug)]
pub struct Faulty {
    name: &'static str,
    inner: Arc<dyn Store>,
    capabilities: Capabilities,
    faults: Faults,
}

impl Faulty {
    /// `inner`, without a fault to begin with.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        let capabilities = Capabilities { immediate: false, ..inner.capabilities() };
        Self { name: inner.name(), inner, capabilities, faults: Faults::default() }
    }

    /// Goes by another name than the inner store.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Claims other capabilities than the inner store has.
    #[must_use]
    pub fn with_capabilities(mut self, change: impl FnOnce(&mut Capabilities)) -> Self {
        change(&mut self.capabilities);
        self
    }

    /// What commands this store.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }
}

/// Where a store goes on that tells the first page again and again.
fn first_page() -> Cursor {
    Cursor::new(*b"the first page")
}

#[deny(clippy::missing_trait_methods)]
impl Store for Faulty {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        let plan = self.faults.plan(Operation::Init, &[], Vec::new());
        Box::pin(async move {
            plan.before().await;
            let answers =
                if plan.reaching(&[()]).is_empty() { Vec::new() } else { vec![self.inner.init().await] };
            plan.after(1, answers).await.pop().unwrap_or(Ok(()))
        })
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        let plan = self.faults.plan(Operation::Get, keys, Vec::new());
        Box::pin(async move {
            plan.before().await;
            let answers = self.inner.get(&plan.reaching(keys), want).await;
            plan.after(keys.len(), answers).await
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        let plan = self.faults.plan(Operation::Has, keys, Vec::new());
        Box::pin(async move {
            plan.before().await;
            let answers = self.inner.has(&plan.reaching(keys)).await;
            plan.after(keys.len(), answers).await
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let operation = match mode {
            SetMode::Always => Operation::Set,
            SetMode::IfAbsent => Operation::SetIfAbsent,
        };
        let (keys, values): (Vec<_>, _) =
            entries.iter().map(|(key, entry)| (key.clone(), entry.value.clone())).unzip();
        let plan = self.faults.plan(operation, &keys, values);
        Box::pin(async move {
            plan.before().await;
            let answers = self.inner.set(&plan.reaching(entries), mode).await;
            plan.after(entries.len(), answers).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        let plan = self.faults.plan(Operation::Delete, keys, Vec::new());
        Box::pin(async move {
            plan.before().await;
            let answers = self.inner.delete(&plan.reaching(keys)).await;
            plan.after(keys.len(), answers).await
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        let plan = self.faults.plan(Operation::Keys, &[], Vec::new());
        Box::pin(async move {
            plan.before().await;
            let has_no_end = plan.has_no_end();
            let after = after.filter(|_| !has_no_end);
            let answers = match plan.reaching(&[()])[..] {
                [] => Vec::new(),
                _ => vec![self.inner.keys(prefix, after).await],
            };
            let mut page = plan.after(1, answers).await.pop().unwrap_or_else(|| Ok(Page::default()))?;
            page.next = if has_no_end { Some(first_page()) } else { page.next };
            Ok(page)
        })
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        let plan = self.faults.plan(Operation::Clear, &[], Vec::new());
        Box::pin(async move {
            plan.before().await;
            let has_no_end = plan.has_no_end();
            let after = after.filter(|_| !has_no_end);
            let answers = match plan.reaching(&[()])[..] {
                [] => Vec::new(),
                _ => vec![self.inner.clear(prefix, after).await],
            };
            let next = plan.after(1, answers).await.pop().unwrap_or(Ok(None))?;
            Ok(if has_no_end { Some(first_page()) } else { next })
        })
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.inner.leases()
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.flush()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let plan = self.faults.plan(Operation::Close, &[], Vec::new());
        Box::pin(async move {
            plan.before().await;
            self.inner.close().await;
            plan.after::<()>(1, Vec::new()).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::Fault;
    use super::*;
    use crate::conformance::Subject;
    use redkv_core::clock::ManualClock;
    use redkv_core::error::{Error, ErrorKind};
    use redkv_store_memory::{MemoryConfig, MemoryStore};

    fn faulty(clock: &Arc<ManualClock>) -> Faulty {
        Faulty::new(Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone())))
    }

    async fn subject() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        Subject::with_clock(Arc::new(faulty(&clock)), clock)
    }

    crate::conformance_suite!(conformance, super::subject);

    #[tokio::test]
    async fn a_fault_of_one_key_leaves_the_others_of_its_batch_alone() {
        let store = faulty(&Arc::new(ManualClock::starting_at(1_000)));
        let error = Error::new(ErrorKind::Store, "no");
        store.faults().inject_for("b", Operation::Set, Fault::Fail(error.clone()));
        store.faults().inject_for("c", Operation::Set, Fault::LoseAnswer(error));
        let entries = ["a", "b", "c", "d"].map(|key| (Key::from(key), Entry::new(key)));
        let written = store.set(&entries, SetMode::Always).await;
        assert_eq!(written.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false, true]);
        let keys = ["a", "b", "c", "d"].map(Key::from);
        let there: Vec<_> = store.has(&keys).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(there, [true, false, true, true]);
    }
}
