//! Maps failures of redb and of the file system to errors.

use std::io;
use std::path::Path;

use redb::StorageError;

use crate::reserve;
use redkv_core::error::{Error, ErrorKind};

/// The one place where errors of redb become ours. A transaction that failed has changed nothing, unless it failed in
/// its last step.
pub(super) fn error_from(path: &Path, cause: impl Into<redb::Error>) -> Error {
    let path = path.display();
    let error = |message: String| Error::new(ErrorKind::Store, message);
    let cause = cause.into();
    let error = match &cause {
        redb::Error::DatabaseAlreadyOpen => {
            error(format!("'{path}' is in use by another process, or by another store of this one"))
                .retryable(true)
        }
        redb::Error::Io(cause) => of_io(&path.to_string(), cause),
        redb::Error::PreviousIo | redb::Error::DatabaseClosed => {
            error(format!("reopening '{path}' after a failure, retry")).retryable(true)
        }
        redb::Error::Corrupted(_) | redb::Error::TableTypeMismatch { .. } => {
            error(format!("the data in '{path}' is damaged: {cause}"))
        }
        redb::Error::UpgradeRequired(_) => error(format!("'{path}' was written by another version: {cause}")),
        _ => error(format!("'{path}' failed: {cause}")),
    };
    error.caused_by(cause)
}

/// redb has panicked over what is in the file.
pub(super) fn broken(path: &Path, panic: &Error) -> Error {
    let path = path.display();
    let message = format!(
        "the data in '{path}' is damaged and no longer used: remove the folder, or restore it from a backup"
    );
    Error::new(ErrorKind::Store, message).caused_by(panic.clone())
}

/// Returns whether `error` is that redb has panicked.
pub(super) fn is_broken(error: &Error) -> bool {
    use std::error::Error as _;
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Error>());
    cause.is_some_and(|cause| cause.kind() == ErrorKind::Internal)
}

/// An entry is not what was written.
pub(super) fn damaged_entry(path: &Path) -> Error {
    Error::new(ErrorKind::Value, format!("an entry in '{}' is damaged", path.display()))
}

/// The file was written by a version whose rows this one would misread.
pub(super) fn of_another_layout(path: &Path) -> Error {
    let message = format!(
        "'{}' was written by another version of RedKV, in a layout that this one does not read: remove it",
        path.display()
    );
    Error::new(ErrorKind::Store, message)
}

/// Returns whether `error` is that there is no room.
pub(super) fn is_full(error: &Error) -> bool {
    use std::error::Error as _;
    let cause = error.source().and_then(|cause| cause.downcast_ref::<redb::Error>());
    matches!(cause, Some(redb::Error::Io(cause)) if reserve::is_full(cause))
}

/// A failure of the file system beside the database.
pub(super) fn error_of_io(path: &Path, cause: io::Error) -> Error {
    error_from(path, StorageError::Io(cause))
}

fn of_io(path: &str, cause: &io::Error) -> Error {
    let error = |message: String| Error::new(ErrorKind::Store, message);
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            error(format!("no space is left for '{path}'"))
        }
        io::ErrorKind::ReadOnlyFilesystem => error(format!("'{path}' is read-only")),
        io::ErrorKind::PermissionDenied => {
            error(format!("'{path}' cannot be used: may this process read and write it?"))
        }
        io::ErrorKind::InvalidData => error(format!("the data in '{path}' is damaged: {cause}")),
        io::ErrorKind::NotADirectory => Error::argument("path", format!("path '{path}' is not a folder")),
        _ => error(format!("'{path}' failed: {cause}")),
    }
}
