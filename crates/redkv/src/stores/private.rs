//! Files and folders that are for nobody else.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Who may use what is made: the user of this process, and the group where the folder around it is the group's to write.
/// Strangers never may, not even read, as whoever opens a lock can hold it. The `umask` takes from this what it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rights {
    #[cfg(unix)]
    mode: u32,
}

impl Rights {
    /// For the user of this process alone.
    pub(super) fn alone() -> Self {
        Self {
            #[cfg(unix)]
            mode: 0o700,
        }
    }

    /// For those who may write in `folder`, strangers apart.
    #[cfg(unix)]
    pub(super) fn within(folder: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        let is_of_the_group = fs::metadata(folder).is_ok_and(|folder| folder.mode() & 0o020 != 0);
        Self { mode: if is_of_the_group { 0o770 } else { 0o700 } }
    }

    /// Other systems hand the rights of a folder on to what is made in it.
    #[cfg(not(unix))]
    pub(super) fn within(_folder: &Path) -> Self {
        Self {}
    }

    /// Makes a folder, if there is none.
    #[cfg(any(feature = "disk", feature = "file"))]
    pub(super) fn make_folder(self, path: &Path) -> io::Result<()> {
        match self.make_new_folder(path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other,
        }
    }

    /// Makes a folder that was not there.
    #[cfg(any(feature = "disk", feature = "file"))]
    pub(super) fn make_new_folder(self, path: &Path) -> io::Result<()> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, self.mode);
        builder.create(path)
    }

    /// Makes a file that was not there, to write it.
    pub(super) fn make_file(self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, self.mode & 0o666);
        options.open(path)
    }

    /// Opens the file of a lock, and makes it if there is none. A link is not followed: it could lead to a file of others.
    #[cfg(any(feature = "disk", feature = "file"))]
    pub(super) fn lock_file(self, path: &Path) -> io::Result<File> {
        match self.make_file(path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                if !fs::symlink_metadata(path)?.is_file() {
                    let message = "a lock is not a file";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
                OpenOptions::new().read(true).write(true).open(path)
            }
            made => made,
        }
    }
}
