//! Maps failures of the file system to errors.

use std::io::{self, ErrorKind as Io};
use std::path::Path;

use redkv_core::error::{Error, ErrorKind};

/// The one place where errors of the file system become ours. They are about entries, so no file is named: its name is
/// that of a key.
pub(super) fn error_from(root: &Path, cause: io::Error) -> Error {
    if cause.kind() == Io::ResourceBusy {
        return locked(root);
    }
    let root = root.display();
    let error = |message: String| Error::new(ErrorKind::Store, message);
    let error = match cause.kind() {
        Io::StorageFull | Io::QuotaExceeded => error(format!("no space is left for '{root}'")),
        Io::ReadOnlyFilesystem => error(format!("'{root}' is read-only")),
        Io::PermissionDenied => {
            error(format!("'{root}' cannot be used: may this process read and write it?"))
        }
        // Somebody has removed the folder; it is made again with the next operation.
        Io::NotFound => error(format!("'{root}' was removed")).retryable(true),
        _ => error(format!("'{root}' failed: {cause}")),
    };
    error.caused_by(cause)
}

/// The folder cannot be made or entered.
pub(super) fn error_of_opening(root: &Path, cause: io::Error) -> Error {
    let shown = root.display();
    let error = match cause.kind() {
        Io::NotFound => {
            let parent = root.parent().unwrap_or(root).display();
            Error::argument(
                "path",
                format!("path '{shown}' cannot be created: there is no folder '{parent}'"),
            )
        }
        Io::NotADirectory | Io::AlreadyExists => {
            Error::argument("path", format!("path '{shown}' is not a folder"))
        }
        _ => return error_from(root, cause),
    };
    error.caused_by(cause)
}

/// A file holds something else than what this store writes.
pub(super) fn damaged(root: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Value, format!("the file of an entry in '{}' is damaged: {what}", root.display()))
}

/// Another process holds the lock for longer than is waited for.
pub(super) fn locked(root: &Path) -> Error {
    let message = format!("'{}' is locked by another process", root.display());
    Error::new(ErrorKind::Store, message).retryable(true)
}
