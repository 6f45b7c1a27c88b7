//! The content of a file: a header that describes it, the key, the value.
//!
//! | bytes | |
//! |---|---|
//! | 8 | `redkv` and the number of this layout, `\0\0\x02` |
//! | 8 | the beginning of the SHA-256 digest of all that follows up to the value |
//! | 8 | the deadline in milliseconds since 1970, 0 for none |
//! | 8 | the length of the value |
//! | 4 | the length of the key |
//! | 4 | the checksum of the value |
//!
//! Numbers are little-endian. A file that is shorter or longer than its header says is damaged.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::store::LONGEST_KEY;
use crate::checksum::checksum;
use redkv_core::entry::{Deadline, Entry};

const MAGIC: [u8; 8] = *b"redkv\0\0\x02";
const CHECKED_FROM: usize = 16;
const HEADER: usize = 40;
/// Read at first: enough for the header and nearly every key.
const FIRST: usize = 512;

/// The beginning of a file: everything but the value.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) deadline: Option<Deadline>,
    pub(super) key: String,
    value_bytes: u64,
    value_check: u32,
}

impl Head {
    /// Returns whether the entry is past its deadline.
    pub(super) fn has_ended(&self, now: u64) -> bool {
        self.deadline.is_some_and(|deadline| deadline.has_passed(now))
    }

    fn bytes(&self) -> u64 {
        (HEADER + self.key.len()) as u64
    }
}

/// Why a file cannot be read.
#[derive(Debug)]
pub(super) enum Unread {
    Failed(io::Error),
    Damaged(&'static str),
}

impl From<io::Error> for Unread {
    fn from(cause: io::Error) -> Self {
        Self::Failed(cause)
    }
}

/// What comes before the value in the file of an entry.
pub(super) fn head_of(key: &str, entry: &Entry) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEADER + key.len());
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&[0; 8]);
    head.extend_from_slice(&entry.deadline.map_or(0, Deadline::millis).to_le_bytes());
    head.extend_from_slice(&(entry.value.len() as u64).to_le_bytes());
    // Longer keys are refused before they come here.
    head.extend_from_slice(&u32::try_from(key.len()).unwrap_or(u32::MAX).to_le_bytes());
    head.extend_from_slice(&checksum(&[&entry.value]).to_le_bytes());
    head.extend_from_slice(key.as_bytes());
    let check = check_of(&head[CHECKED_FROM..]);
    head[MAGIC.len()..CHECKED_FROM].copy_from_slice(&check);
    head
}

fn check_of(bytes: &[u8]) -> [u8; 8] {
    let mut check = [0; 8];
    check.copy_from_slice(&Sha256::digest(bytes)[..8]);
    check
}

/// Reads a whole file.
pub(super) fn read(file: &mut File) -> Result<(Head, Entry), Unread> {
    let (head, mut bytes) = begin(file)?;
    // One byte more tells that it is longer, however long it is.
    file.take(head.value_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    let at = HEADER + head.key.len();
    if (bytes.len() - at) as u64 != head.value_bytes {
        return Err(Unread::Damaged("its length is not the one in its header"));
    }
    if checksum(&[&bytes[at..]]) != head.value_check {
        return Err(Unread::Damaged("its value does not match its checksum"));
    }
    let entry = Entry { value: Bytes::from(bytes).slice(at..), deadline: head.deadline };
    Ok((head, entry))
}

/// Reads the beginning of a file, and looks whether the rest is there.
pub(super) fn read_head(file: &mut File) -> Result<Head, Unread> {
    let (head, _) = begin(file)?;
    if file.metadata()?.len() != head.bytes() + head.value_bytes {
        return Err(Unread::Damaged("its length is not the one in its header"));
    }
    Ok(head)
}

/// The head, and all bytes that were read for it.
fn begin(file: &mut File) -> Result<(Head, Vec<u8>), Unread> {
    let mut bytes = Vec::with_capacity(FIRST);
    read_up_to(file, &mut bytes, FIRST)?;
    if bytes.len() < HEADER || bytes[..MAGIC.len()] != MAGIC {
        return Err(Unread::Damaged("it does not begin like a file of this store"));
    }
    let key_bytes = usize::try_from(number(&bytes[32..36])).unwrap_or(usize::MAX);
    if key_bytes > LONGEST_KEY {
        return Err(Unread::Damaged("its key is too long"));
    }
    let missing = (HEADER + key_bytes).saturating_sub(bytes.len());
    read_up_to(file, &mut bytes, missing)?;
    if bytes.len() < HEADER + key_bytes {
        return Err(Unread::Damaged("it ends within its key"));
    }
    if bytes[MAGIC.len()..CHECKED_FROM] != check_of(&bytes[CHECKED_FROM..HEADER + key_bytes]) {
        return Err(Unread::Damaged("its header does not match its checksum"));
    }
    let key = String::from_utf8(bytes[HEADER..HEADER + key_bytes].to_vec());
    let key = key.map_err(|_| Unread::Damaged("its key is not text"))?;
    let deadline = match number(&bytes[16..24]) {
        0 => None,
        millis => Some(Deadline::at(millis)),
    };
    let value_check = u32::from_le_bytes([bytes[36], bytes[37], bytes[38], bytes[39]]);
    Ok((Head { deadline, key, value_bytes: number(&bytes[24..32]), value_check }, bytes))
}

fn read_up_to(file: &mut File, bytes: &mut Vec<u8>, count: usize) -> io::Result<()> {
    file.take(count as u64).read_to_end(bytes).map(|_| ())
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
