//! Notices: what a user should know of a store and no operation returns.

use std::fmt;
use std::sync::Arc;

/// The destination of notices of stores, in words for a person; none by default.
#[derive(Clone, Default)]
pub struct Notices(Option<Arc<Listener>>);

type Listener = dyn Fn(&str) + Send + Sync;

impl Notices {
    /// Calls `listener` with each notice from now on, from any thread. It must not block.
    pub fn to(listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Calls the listener, if there is one.
    pub fn tell(&self, notice: &str) {
        if let Some(listener) = &self.0 {
            listener(notice);
        }
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").field("heard", &self.0.is_some()).finish()
    }
}
