//! Writes and deletes items.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use futures_util::future::{BoxFuture, FutureExt};

use super::error;
use super::items::Shape;
use super::table::{Table, side_by_side};
use crate::aws::attempts::Attempts;
use crate::aws::backoff::Backoff;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::store::Answers;

/// The most changes that one request may carry.
pub(super) const MOST_CHANGES: usize = 25;
/// The service takes 16 MB; smaller requests spread a batch of large values over several connections.
const MOST_BYTES: usize = 4 << 20;

/// One change to the table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'a> {
    Put(&'a Key, &'a Entry),
    Delete(&'a Key),
}

impl Change<'_> {
    fn key(&self) -> &Key {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }

    /// Roughly what the change takes in a request.
    fn bytes_on_wire(&self) -> usize {
        const AROUND_IT: usize = 200;
        let value = match self {
            Self::Put(_, entry) => in_json(&entry.value),
            Self::Delete(_) => 0,
        };
        AROUND_IT + in_json(self.key().as_bytes()) + value
    }

    fn request(&self, shape: &Shape) -> WriteRequest {
        let (put, delete) = match self {
            Self::Put(key, entry) => {
                (PutRequest::builder().set_item(Some(shape.item(key, entry))).build().ok(), None)
            }
            Self::Delete(key) => {
                (None, DeleteRequest::builder().set_key(Some(shape.primary_key(key))).build().ok())
            }
        };
        WriteRequest::builder().set_put_request(put).set_delete_request(delete).build()
    }
}

impl Table {
    /// Makes `changes`, which are to different keys.
    pub(super) async fn write(&self, changes: &[Change<'_>]) -> Answers<()> {
        let pieces: Vec<_> = pieces(changes).into_iter().map(|piece| self.write_piece(piece)).collect();
        side_by_side(pieces).await.into_iter().flatten().collect()
    }

    /// Writes `entry` where there is no live entry at `now`, and answers whether it did.
    pub(super) async fn put_if_absent(&self, key: &Key, entry: &Entry, now: u64) -> Result<bool> {
        let attempts = Attempts::default();
        let mut request = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(self.shape.item(key, entry)))
            .condition_expression("attribute_not_exists(#v)")
            .set_expression_attribute_names(Some(self.placeholders(false).into_iter().collect()));
        if self.shape.ttl_attribute.is_some() {
            request = request
                .condition_expression("attribute_not_exists(#v) OR #t <= :now")
                .expression_attribute_values(":now", AttributeValue::N((now / 1000).to_string()));
        }
        match request.customize().interceptor(attempts.clone()).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some(error::CONDITION_FAILED) => {
                // The entry that is there may be the one that an attempt without an answer has written.
                if attempts.in_doubt() { Err(error::unsure()) } else { Ok(false) }
            }
            Err(error) => Err(error::map(error, &attempts, &self.name)),
        }
    }

    fn write_piece<'a>(&'a self, changes: &'a [Change<'a>]) -> BoxFuture<'a, Answers<()>> {
        async move {
            if let [change] = changes {
                return vec![self.write_one(change).await];
            }
            let mut failed = self.write_batch(changes).await;
            changes.iter().map(|change| failed.remove(change.key()).map_or(Ok(()), Err)).collect()
        }
        .boxed()
    }

    async fn write_one(&self, change: &Change<'_>) -> Result<()> {
        let attempts = Attempts::default();
        let failed = match change {
            Change::Put(key, entry) => {
                let item = self.shape.item(key, entry);
                let request = self.client.put_item().table_name(&self.name).set_item(Some(item)).customize();
                let sent = request.interceptor(attempts.clone()).send().await;
                sent.err().map(|error| error::map(error, &attempts, &self.name))
            }
            Change::Delete(key) => {
                let key = self.shape.primary_key(key);
                let request = self.client.delete_item().table_name(&self.name).set_key(Some(key)).customize();
                let sent = request.interceptor(attempts.clone()).send().await;
                sent.err().map(|error| error::map(error, &attempts, &self.name))
            }
        };
        failed.map_or(Ok(()), Err)
    }

    /// The errors of the changes that failed.
    async fn write_batch<'a>(&self, changes: &'a [Change<'a>]) -> HashMap<&'a Key, Error> {
        let mut left: Vec<_> = changes.iter().collect();
        let attempts = Attempts::default();
        let mut backoff = Backoff::default();
        let all = |left: Vec<&'a Change<'a>>, error: Error| {
            left.into_iter().map(|change| (change.key(), error.clone())).collect()
        };
        loop {
            let requests = left.iter().map(|change| change.request(&self.shape)).collect();
            let request = self.client.batch_write_item().request_items(&self.name, requests).customize();
            let answer = match request.interceptor(attempts.clone()).send().await {
                Ok(answer) => answer,
                // One change that cannot work, or is not allowed, refuses the whole batch: made alone, the others succeed.
                Err(error) if error::may_be_of_one_key(&error) => {
                    let single: Vec<_> = left.iter().map(|change| self.write_one(change)).collect();
                    let single = side_by_side(single).await.into_iter();
                    return left
                        .iter()
                        .zip(single)
                        .filter_map(|(change, answer)| Some((change.key(), answer.err()?)))
                        .collect();
                }
                Err(error) => return all(left, error::map(error, &attempts, &self.name)),
            };
            let before = left.len();
            left = still_left(&self.shape, left, answer.unprocessed_items.unwrap_or_default());
            if left.is_empty() {
                return HashMap::new();
            }
            match backoff.after(left.len() < before) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return all(left, error::throttled(&attempts)),
            }
        }
    }
}

/// The changes among `asked` that the service left unprocessed.
fn still_left<'a>(
    shape: &Shape,
    asked: Vec<&'a Change<'a>>,
    unprocessed: HashMap<String, Vec<WriteRequest>>,
) -> Vec<&'a Change<'a>> {
    let unprocessed: HashSet<_> = unprocessed
        .values()
        .flatten()
        .filter_map(|request| {
            let item = request.put_request.as_ref().map(|put| &put.item);
            shape.key_of(item.or(request.delete_request.as_ref().map(|delete| &delete.key))?)
        })
        .collect();
    asked.into_iter().filter(|change| unprocessed.contains(change.key().as_str())).collect()
}

/// Cuts `changes` into what one request may carry.
fn pieces<'a, 'b>(changes: &'a [Change<'b>]) -> Vec<&'a [Change<'b>]> {
    let mut pieces = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, change) in changes.iter().enumerate() {
        let more = change.bytes_on_wire();
        if at > start && (at - start == MOST_CHANGES || bytes + more > MOST_BYTES) {
            pieces.push(&changes[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += more;
    }
    pieces.extend((start < changes.len()).then(|| &changes[start..]));
    pieces
}

/// What `bytes` take in JSON: escaped as text, or in base64 where they are not text.
fn in_json(bytes: &[u8]) -> usize {
    if std::str::from_utf8(bytes).is_err() {
        return bytes.len().div_ceil(3) * 4;
    }
    bytes
        .iter()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
            0..=0x1f => 6,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape { hash_key: "id".into(), attribute: "v".into(), ttl_attribute: None }
    }

    fn entries(count: usize, value: &'static str) -> Vec<(Key, Entry)> {
        (0..count).map(|n| (n.to_string().into(), Entry::new(value))).collect()
    }

    fn puts(entries: &[(Key, Entry)]) -> Vec<Change<'_>> {
        entries.iter().map(|(key, entry)| Change::Put(key, entry)).collect()
    }

    fn sizes(changes: &[Change<'_>]) -> Vec<usize> {
        pieces(changes).into_iter().map(<[_]>::len).collect()
    }

    #[test]
    fn the_unprocessed_items_of_a_write_are_left() {
        let entries = entries(3, "value");
        let gone = Key::from("gone");
        let mut changes = puts(&entries);
        changes.push(Change::Delete(&gone));
        let unprocessed = vec![changes[3].request(&shape()), changes[1].request(&shape())];
        let unprocessed = HashMap::from([("table".into(), unprocessed)]);
        let left = still_left(&shape(), changes.iter().collect(), unprocessed);
        let left: Vec<_> = left.into_iter().map(|change| change.key().as_str()).collect();
        assert_eq!(left, ["1", "gone"]);

        assert!(still_left(&shape(), changes.iter().collect(), HashMap::new()).is_empty());
    }

    #[test]
    fn a_request_carries_at_most_25_changes() {
        assert_eq!(sizes(&puts(&entries(60, "v"))), [25, 25, 10]);
        assert_eq!(sizes(&puts(&entries(25, "v"))), [25]);
        assert_eq!(sizes(&[]), [0; 0]);
    }

    #[test]
    fn large_values_are_spread_over_more_requests() {
        let value: &'static str = "x".repeat(1 << 20).leak();
        assert_eq!(sizes(&puts(&entries(7, value))), [3, 3, 1]);
        let value: &'static str = "x".repeat(MOST_BYTES * 2).leak();
        assert_eq!(sizes(&puts(&entries(2, value))), [1, 1]);
    }

    #[test]
    fn the_size_in_a_request_counts_what_json_adds() {
        assert_eq!(in_json("grüße".as_bytes()), 7);
        assert_eq!(in_json(b"\"\n\0"), 10);
        assert_eq!(in_json(&[0xff; 4]), 8);
    }
}
