//! Requests that write one item, alone or in a transaction.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValue,
    ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
};

use super::access::{Access, unmade};
use super::meter::Units;
use super::{Item, input};
use crate::aws::attempts::Attempts;
use crate::dynamodb::error::CONDITION_FAILED;
use redkv_core::backoff::Backoff;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};

/// The error code of a write that met a transaction on its item.
const MET_TRANSACTION: &str = "TransactionConflictException";
/// So often is a write tried that others of the same item get in the way of.
pub(crate) const MOST_TRIES: u32 = 20;

/// Returns the pauses between tries of a write that others got in the way of.
pub(crate) fn pauses() -> Backoff {
    Backoff::new(Duration::from_millis(10), Duration::from_millis(300))
}

/// A write of one item.
#[derive(Clone, Debug)]
pub(crate) struct ItemWrite {
    pub(crate) item: Item,
    pub(crate) deed: Deed,
    pub(crate) condition: Option<String>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
    pub(crate) returns: Returns,
}

/// What is done with an item.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// Writes the item in place of the one that is there.
    Put,
    /// Changes attributes of the item with this primary key.
    Update(String),
    /// Deletes the item with this primary key.
    Delete,
    /// Only checks the condition: for transactions.
    Check,
}

/// What a write returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returns {
    Nothing,
    /// The attributes that were changed, as they are now.
    New,
    /// The whole item, as it was.
    Old,
    /// The whole item, as it is now.
    Whole,
}

/// How a write ended.
#[derive(Debug)]
pub(crate) enum Written {
    /// It was made, and returned this.
    Made(Item),
    /// Its condition did not hold for this item, if there is one.
    Refused(Option<Item>),
}

impl ItemWrite {
    fn new(item: Item, deed: Deed) -> Self {
        let (names, values) = (HashMap::new(), HashMap::new());
        Self { item, deed, condition: None, names, values, returns: Returns::Nothing }
    }

    pub(crate) fn put(item: Item) -> Self {
        Self::new(item, Deed::Put)
    }

    pub(crate) fn update(key: Item, expression: impl Into<String>) -> Self {
        Self::new(key, Deed::Update(expression.into()))
    }

    pub(crate) fn delete(key: Item) -> Self {
        Self::new(key, Deed::Delete)
    }

    pub(crate) fn check(key: Item, condition: impl Into<String>) -> Self {
        Self::new(key, Deed::Check).when(condition)
    }

    pub(crate) fn when(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    pub(crate) fn value(mut self, name: impl Into<String>, value: AttributeValue) -> Self {
        self.values.insert(name.into(), value);
        self
    }

    pub(crate) fn name(mut self, name: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.names.insert(name.into(), attribute.into());
        self
    }

    pub(crate) fn returning(mut self, returns: Returns) -> Self {
        self.returns = returns;
        self
    }

    fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }

    fn on_failure(&self) -> Option<OnFailure> {
        self.condition.is_some().then_some(OnFailure::AllOld)
    }

    /// Returns the primary key of the item: its attributes `names`.
    pub(crate) fn key(&self, names: [&str; 2]) -> Item {
        let part = |name: &str| Some((name.to_owned(), self.item.get(name)?.clone()));
        names.into_iter().filter_map(part).collect()
    }

    /// Returns it as a part of a transaction on `table`.
    pub(crate) fn in_transaction(&self, table: &str) -> Result<TransactWriteItem> {
        let item = TransactWriteItem::builder();
        macro_rules! part {
            ($builder:expr) => {
                $builder
                    .table_name(table)
                    .set_condition_expression(self.condition.clone())
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .set_return_values_on_condition_check_failure(self.on_failure())
                    .build()
                    .map_err(unmade)?
            };
        }
        let item = match &self.deed {
            Deed::Put => item.put(part!(Put::builder().set_item(Some(self.item.clone())))),
            Deed::Update(expression) => {
                let update = Update::builder().set_key(Some(self.item.clone()));
                item.update(part!(update.update_expression(expression)))
            }
            Deed::Delete => item.delete(part!(Delete::builder().set_key(Some(self.item.clone())))),
            Deed::Check => {
                item.condition_check(part!(ConditionCheck::builder().set_key(Some(self.item.clone()))))
            }
        };
        Ok(item.build())
    }
}

/// What a try of a write came to.
enum Try {
    Ended(Written),
    /// It met a transaction, which had not ended.
    MetTransaction,
}

impl Access {
    /// Makes a write. One that meets a transaction is tried again.
    pub(crate) async fn write(&self, write: &ItemWrite) -> Result<Written> {
        let mut pauses = pauses();
        for _ in 0..MOST_TRIES {
            match self.try_write(write).await? {
                Try::Ended(Written::Refused(Some(found))) => {
                    self.saw_found();
                    return Ok(Written::Refused(Some(found)));
                }
                Try::Ended(written) => return Ok(written),
                Try::MetTransaction => tokio::time::sleep(pauses.next_pause()).await,
            }
        }
        Err(contention())
    }

    async fn try_write(&self, write: &ItemWrite) -> Result<Try> {
        let attempts = Attempts::default();
        macro_rules! sent {
            ($operation:literal, $request:expr, $error:ident, $returns:expr) => {{
                let request = $request
                    .table_name(&self.name)
                    .set_condition_expression(write.condition.clone())
                    .set_expression_attribute_names(write.names())
                    .set_expression_attribute_values(write.values())
                    .set_return_values_on_condition_check_failure(write.on_failure())
                    .set_return_values($returns)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .customize()
                    .interceptor(attempts.clone());
                let input = self.meter.input(|| input::write(&self.name, self.keys, write));
                let sent = self.reported($operation, input, request.send(), |answer| {
                    Units::written(answer.consumed_capacity.as_ref())
                });
                match sent.await {
                    // Also one that does not say what was consumed, though it was asked to: the service always does, other
                    // implementations of it need not, and the answer of a put has nothing else in it.
                    Ok(answer) => Ok(Try::Ended(Written::Made(answer.attributes.unwrap_or_default()))),
                    Err(SdkError::ServiceError(refusal))
                        if refusal.err().code() == Some(CONDITION_FAILED) =>
                    {
                        let found = match refusal.into_err() {
                            $error::ConditionalCheckFailedException(failed) => failed.item,
                            _ => None,
                        };
                        Ok(Try::Ended(Written::Refused(found.filter(|item| !item.is_empty()))))
                    }
                    Err(error) if error.code() == Some(MET_TRANSACTION) => Ok(Try::MetTransaction),
                    Err(error) => Err(self.failed(error, &attempts)),
                }
            }};
        }
        let item = Some(write.item.clone());
        match &write.deed {
            Deed::Put => {
                let request = self.once.put_item().set_item(item);
                sent!("PutItem", request, PutItemError, None::<ReturnValue>)
            }
            Deed::Update(expression) => {
                let request = self.once.update_item().set_key(item).update_expression(expression);
                let returns = match write.returns {
                    Returns::Nothing => None,
                    Returns::New => Some(ReturnValue::UpdatedNew),
                    Returns::Old => Some(ReturnValue::AllOld),
                    Returns::Whole => Some(ReturnValue::AllNew),
                };
                sent!("UpdateItem", request, UpdateItemError, returns)
            }
            Deed::Delete => {
                let returns = (write.returns == Returns::Old).then_some(ReturnValue::AllOld);
                sent!("DeleteItem", self.once.delete_item().set_key(item), DeleteItemError, returns)
            }
            Deed::Check => {
                Err(Error::new(ErrorKind::Internal, "a defect of RedKV: a check outside of a transaction"))
            }
        }
    }
}

/// The error of a write that others got in the way of, again and again.
pub(crate) fn contention() -> Error {
    Error::new(ErrorKind::Conflict, "others wrote the same key at the same time, again and again")
        .retryable(true)
        .outcome(Outcome::NotApplied)
}
