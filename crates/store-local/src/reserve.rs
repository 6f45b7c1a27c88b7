//! Reserved disk space, released when the disk is full: a delete takes space before it frees any.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::private::Rights;

/// Less than this is of no use.
const LEAST: u64 = 256 << 10;

/// A file without a name, whose room is free when this is dropped, and when the process ends.
#[derive(Debug)]
pub(crate) struct Reserve {
    _file: File,
    #[cfg_attr(
        not(feature = "sqlite"),
        expect(dead_code, reason = "only a log is as long as there is room")
    )]
    pub(crate) bytes: u64,
}

impl Reserve {
    /// Takes `bytes` on the disk of `folder`, or half of it, or half of that … `None` where files must have names, or
    /// none can be made. Fails when the disk is full.
    pub(crate) fn take(folder: &Path, bytes: u64) -> io::Result<Option<Self>> {
        let mut bytes = bytes;
        while cfg!(unix) {
            match Self::take_all(folder, bytes) {
                Ok(reserve) => return Ok(Some(reserve)),
                Err(cause) if is_full(&cause) && bytes > LEAST => bytes /= 2,
                Err(cause) if is_full(&cause) => return Err(cause),
                Err(_) => break,
            }
        }
        Ok(None)
    }

    fn take_all(folder: &Path, bytes: u64) -> io::Result<Self> {
        let path = folder.join(format!(".redkv-reserve-{:016x}", fastrand::u64(..)));
        let mut file = Rights::alone().make_file(&path)?;
        fs::remove_file(&path)?;
        // Not zeroes, for which some file systems take no room.
        let mut noise = vec![0; 64 << 10];
        fastrand::fill(&mut noise);
        // A quarter more must be there, for what is written before the reserve is needed.
        let mut left = bytes + bytes / 4;
        while left > 0 {
            let part = noise.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            file.write_all(&noise[..part])?;
            left -= part as u64;
        }
        file.set_len(bytes)?;
        Ok(Self { _file: file, bytes })
    }
}

/// Returns whether a disk says that it, or the part of it for this user, is full.
pub(crate) fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
