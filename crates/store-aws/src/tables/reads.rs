//! Reads of single items.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use serde_json::{Value as Json, json};

use super::access::{Access, unmade};
use super::meter::Units;
use super::{Item, input};
use crate::aws::attempts::Attempts;
use crate::aws::backoff::Backoff;
use crate::aws::requests::side_by_side;
use crate::dynamodb::error::{may_be_of_one_key, throttled};
use redkv_core::error::{Error, Outcome, Result};

/// The most keys that one request may ask for.
pub(crate) const MOST_KEYS: usize = 100;
/// Requests that are made side by side.
pub(crate) const AT_A_TIME: usize = 8;

/// Where an item is.
pub(crate) trait Place: Clone + Eq + Hash {
    /// Returns the primary key of the item.
    fn key(&self) -> Item;

    /// Returns where `item` is.
    fn of(item: &Item) -> Self;
}

/// Items by their place, those that could not be read included.
pub(crate) type Items<P> = HashMap<P, Result<Option<Item>>>;

/// An expression that names attributes, and what its placeholders stand for.
pub(crate) type Projection = (String, Option<HashMap<String, String>>);

impl Access {
    /// Reads the items at `places`, each once; where they are one, what `projection` names of it.
    pub(crate) async fn read_items<P: Place>(
        &self,
        places: impl IntoIterator<Item = P>,
        projection: Option<Projection>,
        consistent: bool,
    ) -> Items<P> {
        let places: HashSet<_> = places.into_iter().collect();
        let places: Vec<_> = places.into_iter().collect();
        if let [one] = &places[..] {
            let item = self.get_item(one.key(), projection, consistent).await;
            return Items::from([(one.clone(), item)]);
        }
        let pieces = places.chunks(MOST_KEYS).map(|piece| self.read_piece(piece, consistent));
        side_by_side(AT_A_TIME, pieces.collect()).await.into_iter().flatten().collect()
    }

    /// Reads items by one request, and by others for what is left unprocessed.
    async fn read_piece<P: Place>(&self, places: &[P], consistent: bool) -> Items<P> {
        let mut items = Items::new();
        let mut left: Vec<&P> = places.iter().collect();
        let attempts = Attempts::default();
        let mut backoff = Backoff::default();
        let all = |left: Vec<&P>, error: Error| {
            left.into_iter().map(|place| (place.clone(), Err(error.clone()))).collect::<Vec<_>>()
        };
        while !left.is_empty() {
            let wanted = match wanted(&left, consistent) {
                Ok(wanted) => wanted,
                Err(error) => {
                    items.extend(all(left, error));
                    break;
                }
            };
            let input = self.meter.input(|| self.input_of(&left, consistent));
            let request = self
                .client
                .batch_get_item()
                .request_items(&self.name, wanted)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .customize()
                .interceptor(attempts.clone());
            let sent = self.reported("BatchGetItem", input, request.send(), |answer| {
                let consumed = answer.consumed_capacity.iter().flatten();
                Some(Units::Read(consumed.filter_map(|consumed| consumed.capacity_units).sum()))
            });
            let answer = match sent.await {
                Ok(answer) => answer,
                // One key that cannot work, or is not allowed, refuses the whole batch: asked alone, the others are answered.
                Err(error) if may_be_of_one_key(&error) => {
                    let single = left.iter().map(|place| self.get_item(place.key(), None, consistent));
                    let single = side_by_side(AT_A_TIME, single.collect()).await;
                    items.extend(left.into_iter().cloned().zip(single));
                    break;
                }
                Err(error) => {
                    let error = self.failed(error, &attempts).outcome(Outcome::NotApplied);
                    items.extend(all(left, error));
                    break;
                }
            };
            for item in answer.responses.into_iter().flat_map(HashMap::into_values).flatten() {
                items.insert(P::of(&item), Ok(Some(item)));
            }
            let unprocessed: HashSet<_> = answer
                .unprocessed_keys
                .iter()
                .flat_map(HashMap::values)
                .flat_map(|table| &table.keys)
                .map(P::of)
                .collect();
            let before = left.len();
            left.retain(|place| unprocessed.contains(*place));
            if left.is_empty() {
                break;
            }
            match backoff.after(left.len() < before) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    items.extend(all(left, throttled(&attempts).outcome(Outcome::NotApplied)));
                    break;
                }
            }
        }
        items
    }

    fn input_of<P: Place>(&self, places: &[&P], consistent: bool) -> Json {
        let keys: Vec<_> = places.iter().map(|place| input::key(&place.key())).collect();
        let mut items = serde_json::Map::new();
        items.insert(self.name.clone(), json!({ "Keys": keys, "ConsistentRead": consistent }));
        json!({ "RequestItems": items })
    }

    /// Reads an item, or the attributes of it that `projection` names.
    pub(crate) async fn get_item(
        &self,
        key: Item,
        projection: Option<Projection>,
        consistent: bool,
    ) -> Result<Option<Item>> {
        let attempts = Attempts::default();
        let (expression, names) = projection.unzip();
        let input = self.meter.input(|| {
            let mut input =
                json!({ "TableName": self.name, "Key": input::key(&key), "ConsistentRead": consistent });
            if let Some(expression) = &expression {
                input["ProjectionExpression"] = json!(expression);
            }
            input
        });
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(consistent)
            .set_projection_expression(expression)
            .set_expression_attribute_names(names.flatten())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone());
        let sent = self.reported("GetItem", input, request.send(), |answer| {
            Units::read(answer.consumed_capacity.as_ref())
        });
        match sent.await {
            Ok(answer) => Ok(answer.item),
            Err(error) => Err(self.failed(error, &attempts).outcome(Outcome::NotApplied)),
        }
    }
}

fn wanted<P: Place>(places: &[&P], consistent: bool) -> Result<KeysAndAttributes> {
    let keys = places.iter().map(|place| place.key()).collect();
    KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build().map_err(unmade)
}
