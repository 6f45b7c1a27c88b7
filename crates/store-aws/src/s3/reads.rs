//! Reads objects.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;

use super::bucket::Bucket;
use super::deadline::deadline_in;
use super::error;
use crate::aws::attempts::Attempts;
use crate::aws::error::story;
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::store::Answers;

/// The metadata of an object.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) deadline: Option<Deadline>,
    pub(super) tag: Option<String>,
}

impl Head {
    fn of(metadata: Option<&HashMap<String, String>>, tag: Option<String>) -> Self {
        Self { deadline: deadline_in(metadata), tag }
    }

    pub(super) fn is_live(&self, now: u64) -> bool {
        self.deadline.is_none_or(|deadline| !deadline.has_passed(now))
    }
}

impl Bucket {
    /// Reads entries, those past their deadline included.
    pub(super) async fn get(&self, keys: &[Key]) -> Answers<Option<Entry>> {
        let room = Room { left: AtomicUsize::new(self.longest), longest: self.longest };
        self.all(keys.iter().map(|key| self.get_one(key, &room))).await
    }

    /// Asks whether there are entries that live at `now`.
    pub(super) async fn has(&self, keys: &[Key], now: u64) -> Answers<bool> {
        let has = |key| async move {
            let head = self.head(&self.names.name_of(key)?).await?;
            Ok(head.is_some_and(|head| head.is_live(now)))
        };
        self.all(keys.iter().map(|key| has(key))).await
    }

    async fn get_one(&self, key: &Key, room: &Room) -> Result<Option<Entry>> {
        let name = self.names.name_of(key)?;
        let mut tries = self.tries;
        loop {
            let Some(answer) = self.request(&name).await? else { return Ok(None) };
            match entry(answer, room).await {
                // The SDK tries again until there is an answer; of one that breaks off it knows nothing.
                Err(error) if error.is_retryable() && tries > 1 => tries -= 1,
                read => return read.map(Some),
            }
        }
    }

    async fn request(&self, name: &str) -> Result<Option<GetObjectOutput>> {
        let attempts = Attempts::default();
        let request = self.client.get_object().bucket(&self.name).key(name).customize();
        match request.interceptor(attempts.clone()).send().await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(None),
            Err(error) => Err(error::map_read(error, &attempts, &self.name)),
        }
    }

    /// Reads the object `name`.
    pub(super) async fn head(&self, name: &str) -> Result<Option<Head>> {
        let attempts = Attempts::default();
        let request = self.client.head_object().bucket(&self.name).key(name).customize();
        match request.interceptor(attempts.clone()).send().await {
            Ok(answer) => Ok(Some(Head::of(answer.metadata.as_ref(), answer.e_tag))),
            // The answer has no body, so this is all that it says, also of a bucket that is gone.
            Err(error) if error::status(&error) == Some(404) => Ok(None),
            Err(error) => Err(error::map_read(error, &attempts, &self.name)),
        }
    }
}

/// The bytes that the values of a batch may still take together.
struct Room {
    left: AtomicUsize,
    longest: usize,
}

impl Room {
    /// Takes bytes, or says why there is no room for a value that has `length` with them.
    fn take(&self, bytes: usize, length: usize) -> Result<()> {
        if length > self.longest {
            let message = format!("the object is larger than {} bytes (maxValueBytes)", self.longest);
            return Err(Error::new(ErrorKind::Value, message));
        }
        let taken = self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes));
        taken.map(drop).map_err(|_| {
            let most = self.longest;
            let message = format!(
                "the objects of this batch have more than {most} bytes together (maxValueBytes): read fewer at a time"
            );
            Error::new(ErrorKind::Overload, message)
        })
    }

    fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Relaxed);
    }
}

async fn entry(answer: GetObjectOutput, room: &Room) -> Result<Entry> {
    let deadline = deadline_in(answer.metadata.as_ref());
    let told = answer.content_length.and_then(|length| usize::try_from(length).ok());
    if let Some(length) = told.filter(|length| *length > room.longest) {
        room.take(0, length)?;
    }
    let (mut body, mut pieces, mut length) = (answer.body, Vec::new(), 0);
    loop {
        let piece = match body.next().await {
            None => return Ok(Entry { value: joined(pieces, length), deadline }),
            Some(Ok(piece)) => room.take(piece.len(), length + piece.len()).map(|()| piece),
            Some(Err(error)) => {
                let message = format!("the object arrived incomplete: {}", story(&error));
                Err(Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied).caused_by(error))
            }
        };
        match piece {
            Ok(piece) => {
                length += piece.len();
                pieces.push(piece);
            }
            Err(error) => {
                room.give_back(length);
                return Err(error);
            }
        }
    }
}

/// The pieces as one. What has come as one stays where it is.
fn joined(mut pieces: Vec<Bytes>, length: usize) -> Bytes {
    if pieces.len() == 1
        && let Some(piece) = pieces.pop()
    {
        return on_its_own(piece);
    }
    let mut whole = Vec::with_capacity(length);
    for piece in pieces {
        whole.extend_from_slice(&piece);
    }
    whole.into()
}

/// A small value is part of the buffer of its connection, all of which it would keep in memory.
fn on_its_own(value: Bytes) -> Bytes {
    const SMALL: usize = 64 << 10;
    if value.len() < SMALL { Bytes::copy_from_slice(&value) } else { value }
}
