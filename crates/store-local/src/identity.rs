//! Detects that an open file was removed or replaced.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use redkv_core::error::{Error, ErrorKind};

/// How long readers may see what was there before.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a file is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    number: u64,
}

impl Identity {
    #[cfg(unix)]
    fn of(file: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: file.dev(), number: file.ino() }
    }

    /// Other systems let nobody remove a file that is open, so there is nothing to tell apart.
    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self { device: 0, number: 0 }
    }

    /// Of what is at `path`.
    #[cfg(feature = "sqlite")]
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|file| Self::of(&file))
    }
}

/// An open file, of which others may take the name.
#[derive(Debug)]
pub(crate) struct Watched {
    identity: Identity,
    /// Whether there was anything in it: somebody may cut it off.
    has_content: bool,
    looked: Instant,
}

impl Watched {
    /// The file at `path`, which was just opened.
    pub(crate) fn opened(path: &Path) -> io::Result<Self> {
        let file = fs::metadata(path)?;
        Ok(Self { identity: Identity::of(&file), has_content: file.len() > 0, looked: Instant::now() })
    }

    /// Returns whether it is still at `path`, with something in it.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        fs::metadata(path)
            .is_ok_and(|file| Identity::of(&file) == self.identity && (file.len() > 0 || !self.has_content))
    }

    /// The same for those who read, and need not be told at once.
    pub(crate) fn seems_at(&mut self, path: &Path) -> bool {
        if self.looked.elapsed() < LOOK_EVERY {
            return true;
        }
        self.looked = Instant::now();
        self.is_at(path)
    }
}

/// Somebody has removed an open file, emptied it, or put another one in its place. What was written since is in
/// neither.
pub(crate) fn removed(path: &Path) -> Error {
    let message = format!("'{}' was removed, replaced or emptied while it was open", path.display());
    Error::new(ErrorKind::Store, message).retryable(true)
}
