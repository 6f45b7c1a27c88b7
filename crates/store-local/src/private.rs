//! Files and folders that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Who may use what is made: the user of this process, and the group where the folder around it is the group's to
/// write. Nobody else may, not even read, because whoever can open a lock can hold it. The `umask` may forbid
/// more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    #[cfg(unix)]
    mode: u32,
}

impl Rights {
    /// For the user of this process alone.
    pub(crate) fn alone() -> Self {
        Self {
            #[cfg(unix)]
            mode: 0o700,
        }
    }

    /// For those who may write in `folder`, strangers apart.
    #[cfg(unix)]
    pub(crate) fn within(folder: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        let is_of_the_group = fs::metadata(folder).is_ok_and(|folder| folder.mode() & 0o020 != 0);
        Self { mode: if is_of_the_group { 0o770 } else { 0o700 } }
    }

    /// Other systems hand the rights of a folder on to what is made in it.
    #[cfg(not(unix))]
    pub(crate) fn within(_folder: &Path) -> Self {
        Self {}
    }

    /// Makes a folder, if there is none.
    #[cfg(any(feature = "disk", feature = "file"))]
    pub(crate) fn make_folder(self, path: &Path) -> io::Result<()> {
        match self.make_new_folder(path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other,
        }
    }

    /// Makes a folder that was not there.
    #[cfg(any(feature = "disk", feature = "file"))]
    pub(crate) fn make_new_folder(self, path: &Path) -> io::Result<()> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, self.mode);
        builder.create(path)
    }

    /// Makes a file that was not there, to write it.
    pub(crate) fn make_file(self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, self.mode & 0o666);
        options.open(path)
    }

    /// Opens the file of a lock, and makes it if there is none. A link is not followed: it could lead to a file of
    /// others.
    #[cfg(any(feature = "disk", feature = "file"))]
    pub(crate) fn lock_file(self, path: &Path) -> io::Result<File> {
        match self.make_file(path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                if !fs::symlink_metadata(path)?.is_file() {
                    return Err(no_file());
                }
                open_regular(path, true)
            }
            made => made,
        }
    }
}

/// Opens a file that is there, to read it and, if `to_write`, to write it. What is no file (a pipe, a device, a socket,
/// a folder) is refused, and never waited for.
#[cfg(any(feature = "disk", feature = "file"))]
pub(crate) fn open_regular(path: &Path, to_write: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(to_write);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = options.open(path).map_err(|cause| if is_of_no_file(&cause) { no_file() } else { cause })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) }
}

#[cfg(any(feature = "disk", feature = "file"))]
fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "something other than a regular file is in its place")
}

/// Returns whether the system did not open what is no file.
#[cfg(all(unix, any(feature = "disk", feature = "file")))]
fn is_of_no_file(cause: &io::Error) -> bool {
    let code = cause.raw_os_error();
    [libc::ENXIO, libc::ENODEV, libc::EISDIR, libc::ELOOP, libc::EOPNOTSUPP].map(Some).contains(&code)
}

/// Other systems have no such things, or do not tell.
#[cfg(all(not(unix), any(feature = "disk", feature = "file")))]
fn is_of_no_file(_cause: &io::Error) -> bool {
    false
}
