//! The state of the file: unknown, open or damaged.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::open::Open;
use crate::identity::Watched;
use crate::private::open_regular;
use redkv_core::error::{Error, Result};
use redkv_core::lock::Lock;

/// A file over which redb has panicked. It is not opened again in this store, unless another one takes its place.
#[derive(Clone)]
pub(crate) struct Damaged {
    path: PathBuf,
    watched: Option<Arc<Watched>>,
    /// Keeps its number from being that of the file that takes its place.
    _file: Option<Arc<File>>,
    error: Error,
}

impl Damaged {
    pub(crate) fn at(path: &Path, error: Error) -> Self {
        Self {
            path: path.to_owned(),
            watched: Watched::opened(path).ok().map(Arc::new),
            // Elsewhere it has no number, and one that is open keeps its name.
            _file: cfg!(unix).then(|| open_regular(path, false).ok().map(Arc::new)).flatten(),
            error,
        }
    }

    fn is_there(&self) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.is_at(&self.path))
    }
}

/// The open file, if it is open. Whoever finds it failing takes it out, and the next one opens it again.
#[derive(Default)]
pub(crate) struct Slot(Lock<Known>);

#[derive(Default)]
enum Known {
    #[default]
    Nothing,
    Open(Arc<Open>),
    Damaged(Damaged),
}

impl Slot {
    pub(crate) fn get(&self) -> Option<Arc<Open>> {
        match &*self.0.lock() {
            Known::Open(open) => Some(open.clone()),
            Known::Nothing | Known::Damaged(_) => None,
        }
    }

    pub(crate) fn put(&self, open: Option<Arc<Open>>) {
        self.know(open.map_or(Known::Nothing, Known::Open));
    }

    pub(crate) fn put_damaged(&self, damaged: Damaged) {
        self.know(Known::Damaged(damaged));
    }

    fn know(&self, known: Known) {
        let before = std::mem::replace(&mut *self.0.lock(), known);
        drop(before);
    }

    /// Fails where the file is one that is known to be damaged.
    pub(crate) fn check(&self) -> Result<()> {
        match &*self.0.lock() {
            Known::Damaged(damaged) if damaged.is_there() => Err(damaged.error.clone()),
            Known::Nothing | Known::Open(_) | Known::Damaged(_) => Ok(()),
        }
    }

    /// Takes `open` out if it has failed.
    pub(crate) fn look_after(&self, open: Arc<Open>) {
        if !open.has_failed() {
            return;
        }
        let known = open.damaged().map_or(Known::Nothing, Known::Damaged);
        let mut kept = self.0.lock();
        if matches!(&*kept, Known::Open(kept) if Arc::ptr_eq(kept, &open)) {
            *kept = known;
        }
    }
}
