//! Reads items.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures_util::future::{BoxFuture, FutureExt};

use super::error;
use super::items::{Item, Shape};
use super::table::{Table, side_by_side};
use crate::aws::attempts::Attempts;
use crate::aws::backoff::Backoff;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::Answers;

/// The most keys that one request may ask for.
pub(super) const MOST_KEYS: usize = 100;

/// How a read interprets the items that it finds.
pub(super) trait Decode: Sync {
    type Answer: Clone + Send;

    fn absent(&self) -> Self::Answer;
    fn found(&self, shape: &Shape, item: Item) -> Result<Self::Answer>;
}

/// Reads entries, those past their deadline included.
pub(super) struct Entries;

impl Decode for Entries {
    type Answer = Option<Entry>;

    fn absent(&self) -> Option<Entry> {
        None
    }

    fn found(&self, shape: &Shape, item: Item) -> Result<Option<Entry>> {
        shape.entry(item)
    }
}

/// Asks only whether there is a live entry.
///
/// The values travel all the same: an item without the value's attribute is not there, and no batch request can
/// tell that without bringing the attribute.
pub(super) struct Presence {
    pub(super) now: u64,
}

impl Decode for Presence {
    type Answer = bool;

    fn absent(&self) -> bool {
        false
    }

    fn found(&self, shape: &Shape, item: Item) -> Result<bool> {
        Ok(shape.is_live(&item, self.now))
    }
}

impl Table {
    /// Reads `keys` as `decode` says.
    pub(super) async fn read<D: Decode>(&self, keys: &[Key], decode: &D) -> Answers<D::Answer> {
        let pieces: Vec<_> = keys.chunks(MOST_KEYS).map(|piece| self.read_piece(piece, decode)).collect();
        side_by_side(pieces).await.into_iter().flatten().collect()
    }

    fn read_piece<'a, D: Decode>(
        &'a self,
        keys: &'a [Key],
        decode: &'a D,
    ) -> BoxFuture<'a, Answers<D::Answer>> {
        async move {
            if let [key] = keys {
                return vec![self.read_one(key, decode).await];
            }
            let mut answers = self.read_batch(keys, decode).await;
            keys.iter()
                .map(|key| answers.remove(key.as_str()).unwrap_or_else(|| Ok(decode.absent())))
                .collect()
        }
        .boxed()
    }

    async fn read_one<D: Decode>(&self, key: &Key, decode: &D) -> Result<D::Answer> {
        let attempts = Attempts::default();
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(self.shape.primary_key(key)))
            .consistent_read(self.consistent_reads)
            .projection_expression(if self.shape.ttl_attribute.is_some() { "#v, #t" } else { "#v" })
            .set_expression_attribute_names(Some(self.placeholders(false).into_iter().collect()))
            .customize()
            .interceptor(attempts.clone());
        let answer = request.send().await.map_err(|error| error::map(error, &attempts, &self.name))?;
        answer.item.map_or_else(|| Ok(decode.absent()), |item| decode.found(&self.shape, item))
    }

    /// The answers of the keys that were found or failed; the rest are not there.
    async fn read_batch<D: Decode>(&self, keys: &[Key], decode: &D) -> HashMap<String, Result<D::Answer>> {
        let mut answers = HashMap::new();
        let mut left: Vec<&Key> = keys.iter().collect();
        let attempts = Attempts::default();
        let mut backoff = Backoff::default();
        loop {
            let request = self
                .client
                .batch_get_item()
                .request_items(&self.name, self.wanted(&left))
                .customize()
                .interceptor(attempts.clone());
            let answer = match request.send().await {
                Ok(answer) => answer,
                // One key that cannot work, or is not allowed, refuses the whole batch: asked alone, the others are answered.
                Err(error) if error::may_be_of_one_key(&error) => {
                    let single: Vec<_> = left.iter().map(|key| self.read_one(key, decode)).collect();
                    let single = side_by_side(single).await;
                    answers.extend(left.iter().map(|key| key.to_string()).zip(single));
                    return answers;
                }
                Err(error) => {
                    let error = error::map(error, &attempts, &self.name);
                    answers.extend(left.iter().map(|key| (key.to_string(), Err(error.clone()))));
                    return answers;
                }
            };
            for item in answer.responses.into_iter().flat_map(HashMap::into_values).flatten() {
                if let Some(key) = self.shape.key_of(&item).map(str::to_owned) {
                    answers.insert(key, decode.found(&self.shape, item));
                }
            }
            let before = left.len();
            left = still_left(&self.shape, left, answer.unprocessed_keys.unwrap_or_default());
            if left.is_empty() {
                return answers;
            }
            let Some(wait) = backoff.after(left.len() < before) else {
                let error = error::throttled(&attempts);
                answers.extend(left.iter().map(|key| (key.to_string(), Err(error.clone()))));
                return answers;
            };
            tokio::time::sleep(wait).await;
        }
    }

    fn wanted(&self, keys: &[&Key]) -> KeysAndAttributes {
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(|key| self.shape.primary_key(key)).collect()))
            .consistent_read(self.consistent_reads)
            .projection_expression(if self.shape.ttl_attribute.is_some() { "#h, #v, #t" } else { "#h, #v" })
            .set_expression_attribute_names(Some(self.placeholders(true).into_iter().collect()));
        #[expect(clippy::expect_used, reason = "the keys, the one required field, are set four lines above")]
        request.build().expect("keys")
    }
}

/// The keys among `asked` that the service left unprocessed.
fn still_left<'a>(
    shape: &Shape,
    asked: Vec<&'a Key>,
    unprocessed: HashMap<String, KeysAndAttributes>,
) -> Vec<&'a Key> {
    let unprocessed: HashSet<_> = unprocessed
        .values()
        .flat_map(|table| &table.keys)
        .filter_map(|primary_key| shape.key_of(primary_key))
        .collect();
    asked.into_iter().filter(|key| unprocessed.contains(key.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unprocessed_keys_of_a_read_are_left() {
        let shape = Shape { hash_key: "id".into(), attribute: "v".into(), ttl_attribute: None };
        let keys: Vec<Key> = ["a", "b", "c"].map(Key::from).to_vec();
        let unprocessed = KeysAndAttributes::builder()
            .keys(shape.primary_key(&"c".into()))
            .keys(shape.primary_key(&"a".into()))
            .keys(shape.primary_key(&"never asked for".into()))
            .build()
            .unwrap();
        let left = still_left(&shape, keys.iter().collect(), HashMap::from([("table".into(), unprocessed)]));
        assert_eq!(left, [&keys[0], &keys[2]]);

        assert!(still_left(&shape, keys.iter().collect(), HashMap::new()).is_empty());
    }
}
