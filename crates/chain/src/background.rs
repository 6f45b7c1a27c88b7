//! Background tasks, which must not outlive the chain.

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use redkv_core::lock::Lock;

/// Tasks that end with the chain: when it is closed, or dropped without that.
#[derive(Debug)]
pub(crate) struct Background(Lock<Option<JoinSet<()>>>);

impl Default for Background {
    fn default() -> Self {
        Self(Lock::new(Some(JoinSet::new())))
    }
}

impl Background {
    /// Starts a task; after [`Background::stop`], or outside of a runtime, nothing is started any more.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock();
        // A write that is cancelled with its runtime has no reader left to repair anything for.
        if let (Some(tasks), Ok(runtime)) = (&mut *tasks, Handle::try_current()) {
            while tasks.try_join_next().is_some() {}
            tasks.spawn_on(task, &runtime);
        }
    }

    /// Cancels the tasks and waits until they are gone.
    pub(crate) async fn stop(&self) {
        let tasks = self.0.lock().take();
        if let Some(mut tasks) = tasks {
            tasks.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_of_a_runtime_nothing_is_started() {
        Background::default().spawn(async { panic!("it runs") });
    }
}
