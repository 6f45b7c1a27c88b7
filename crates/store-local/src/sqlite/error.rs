//! Maps failures of SQLite to errors.

use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use super::config::Location;
use redkv_core::error::{Error, ErrorKind, Outcome};

/// The one place where errors of SQLite become ours.
///
/// SQLite undoes what it reports as failed; only a failing disk leaves open what a commit has left on it.
pub(super) fn error_from(location: &Location, cause: rusqlite::Error) -> Error {
    let store = |message: String| Error::new(ErrorKind::Store, message);
    let error = match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            store(format!("{location} is locked by another connection")).retryable(true)
        }
        Some(ErrorCode::NotADatabase) => {
            Error::argument("path", format!("path {location} is not a SQLite database"))
        }
        Some(ErrorCode::CannotOpen) => cannot_open(location),
        Some(ErrorCode::ReadOnly) => store(format!("{location} or its directory is read-only")),
        Some(ErrorCode::DiskFull) => store(format!("no space is left for {location}")),
        Some(ErrorCode::TooBig) => {
            store(format!("a row of {location} would be larger than SQLite allows (1,000,000,000 bytes)"))
        }
        Some(ErrorCode::SystemIoFailure) => {
            store(format!("{location} failed: {cause}")).outcome(Outcome::Unknown)
        }
        _ => store(format!("{location} failed: {cause}")),
    };
    error.caused_by(cause)
}

/// What was a database when it was opened is none any more: that is no mistake in the options.
pub(super) fn while_in_use(error: Error) -> Error {
    if error.kind() != ErrorKind::Argument {
        return error;
    }
    let message = format!("{}, while it was in use", error.message());
    Error::new(ErrorKind::Store, message).caused_by(error)
}

/// Returns whether `error` is that the table is not there.
pub(super) fn is_without_table(cause: &rusqlite::Error, table: &str) -> bool {
    let said = cause.to_string();
    let missing =
        said.split_once("no such table: ").map(|(_, name)| name.strip_prefix("main.").unwrap_or(name));
    missing.is_some_and(|name| name.eq_ignore_ascii_case(table))
}

/// Somebody has removed the table of an open database.
pub(super) fn table_removed(location: &Location, table: &str, cause: rusqlite::Error) -> Error {
    let message = format!("table '{table}' of {location} was removed while it was in use");
    Error::new(ErrorKind::Store, message).retryable(true).caused_by(cause)
}

/// SQLite itself only says that it was unable to.
fn cannot_open(location: &Location) -> Error {
    let Location::File(path) = location else {
        return Error::new(ErrorKind::Store, format!("{location} cannot be opened"));
    };
    if path.is_dir() {
        return Error::argument("path", format!("path {location} is a directory"));
    }
    match path.parent() {
        Some(directory) if !directory.is_dir() => Error::argument("path", missing(location, directory)),
        _ if let Some(cause) = refusal_of_the_system(path) => {
            Error::new(ErrorKind::Store, format!("{location} cannot be opened: {cause}")).retryable(true)
        }
        _ => Error::new(ErrorKind::Store, format!("{location} cannot be opened: may this process write it?")),
    }
}

/// Why the system opens nothing, as when a process has no descriptors left.
fn refusal_of_the_system(path: &Path) -> Option<io::Error> {
    let of_this_file = [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied];
    File::open(path).err().filter(|cause| !of_this_file.contains(&cause.kind()))
}

fn missing(location: &Location, directory: &Path) -> String {
    format!("path {location} cannot be opened: there is no directory '{}'", directory.display())
}
