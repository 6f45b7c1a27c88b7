//! Writes objects.

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::bucket::Bucket;
use super::deadline::DEADLINE;
use super::error;
use crate::aws::attempts::Attempts;
use crate::aws::backoff::Backoff;
use crate::aws::error::unsure;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::Answers;

/// The condition for writing an object.
#[derive(Clone, Copy, Debug)]
enum Condition<'a> {
    None,
    /// There is none of this name.
    Absent,
    /// The one of this name is the one with this tag.
    Unchanged(&'a str),
}

impl Bucket {
    /// Writes entries.
    pub(super) async fn put(&self, entries: &[(Key, Entry)]) -> Answers<bool> {
        let put =
            |key, entry| async move { self.put_if(&self.names.name_of(key)?, entry, Condition::None).await };
        self.all(entries.iter().map(|(key, entry)| put(key, entry))).await
    }

    /// Writes entries where there is no live one at `now`, and answers where it did.
    pub(super) async fn put_where_absent(&self, entries: &[(Key, Entry)], now: u64) -> Answers<bool> {
        self.all(entries.iter().map(|(key, entry)| self.put_one_where_absent(key, entry, now))).await
    }

    /// An object past its deadline is replaced if it is still the same. By its tag, which is made of its value: one
    /// that somebody wrote meanwhile with the same value and a new deadline is taken for the old one.
    async fn put_one_where_absent(&self, key: &Key, entry: &Entry, now: u64) -> Result<bool> {
        let name = self.names.name_of(key)?;
        let mut backoff = Backoff::default();
        loop {
            if self.put_if(&name, entry, Condition::Absent).await? {
                return Ok(true);
            }
            match self.head(&name).await? {
                Some(head) if head.is_live(now) => return Ok(false),
                Some(head) => {
                    let tag = head.tag.as_deref().ok_or_else(no_tags)?;
                    if self.put_if(&name, entry, Condition::Unchanged(tag)).await? {
                        return Ok(true);
                    }
                }
                // It was deleted meanwhile, or two writes at once were refused.
                None => {}
            }
            match backoff.after(false) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(contended()),
            }
        }
    }

    /// Writes an object, and answers whether the condition held.
    async fn put_if(&self, name: &str, entry: &Entry, condition: Condition<'_>) -> Result<bool> {
        let attempts = Attempts::default();
        let mut request =
            self.client.put_object().bucket(&self.name).key(name).body(ByteStream::from(entry.value.clone()));
        if let Some(deadline) = entry.deadline {
            request = request.metadata(DEADLINE, deadline.millis().to_string());
        }
        request = match condition {
            Condition::None => request,
            Condition::Absent => request.if_none_match("*"),
            Condition::Unchanged(tag) => request.if_match(tag),
        };
        let error = match request.customize().interceptor(attempts.clone()).send().await {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        let refused = match (condition, error::status(&error)) {
            (Condition::None, _) => false,
            // The other one is gone, or another write is on its way.
            (Condition::Unchanged(_), Some(404)) => error.code() == Some("NoSuchKey"),
            (_, status) => matches!(status, Some(409 | 412)),
        };
        match refused {
            // What it met may be what an attempt without an answer has written.
            true if attempts.in_doubt() => Err(unsure()),
            true => Ok(false),
            false if !matches!(condition, Condition::None) && error.code() == Some("NotImplemented") => {
                Err(Error::unsupported(
                    "the service does not support conditional writes, which back-fills of a shared store need",
                ))
            }
            false => Err(error::map(error, &attempts, &self.name)),
        }
    }
}

fn no_tags() -> Error {
    Error::unsupported("the service returns no ETag of an object, which replacing an expired one needs")
}

fn contended() -> Error {
    Error::new(ErrorKind::Store, "other clients keep writing the object at the same time").retryable(true)
}
