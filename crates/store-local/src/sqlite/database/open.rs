//! Opens the database and prepares the table.

use std::fs;

use rusqlite::{Connection, OpenFlags};

use super::location::Place;
use crate::sqlite::config::{Location, SqliteConfig};
use crate::sqlite::error::error_from;
use crate::sqlite::table::layout::{Forms, prepare_table};
use crate::sqlite::table::statements::Statements;
use redkv_core::error::{Error, Result};

/// A connection on which every statement works.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) forms: Forms,
    /// Where it is, unless it is in memory.
    pub(crate) place: Option<Place>,
}

impl Opened {
    pub(crate) fn open(config: &SqliteConfig, statements: &Statements) -> Result<Self> {
        refuse_what_is_no_file(&config.location)?;
        let (connection, mut place) = connect(config).map_err(|cause| error_from(&config.location, cause))?;
        let forms = prepare_table(&connection, config, statements).inspect_err(|_| {
            if let Some(place) = &place {
                place.leave(&connection);
            }
        })?;
        if let Some(place) = &mut place {
            place.has_been_read();
        }
        Ok(Self { connection, forms, place })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            place.leave(&self.connection);
        }
    }
}

/// A pipe or a device is never opened: whoever opens it may wait for good.
fn refuse_what_is_no_file(location: &Location) -> Result<()> {
    let Location::File(path) = location else { return Ok(()) };
    // That of a directory has words of its own.
    match fs::metadata(path) {
        Ok(file) if !file.is_file() && !file.is_dir() => {
            Err(Error::argument("path", format!("path {location} is not a regular file")))
        }
        _ => Ok(()),
    }
}

fn connect(config: &SqliteConfig) -> rusqlite::Result<(Connection, Option<Place>)> {
    let (connection, place) = match &config.location {
        Location::Memory => {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            (Connection::open_in_memory_with_flags(flags | OpenFlags::SQLITE_OPEN_CREATE)?, None)
        }
        Location::File(path) => {
            let (connection, place) = Place::open(path, config)?;
            (connection, Some(place))
        }
    };
    // With NORMAL, a power failure could take back writes that were acknowledged.
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    Ok((connection, place))
}
