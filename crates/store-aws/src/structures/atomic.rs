//! Writes that are made together or not at all.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, ReturnConsumedCapacity};
use redkv_structures::{AtomicAnswer, Write};

use super::changes::planned;
use super::items::{Found, Item};
use super::table::Table;
use super::verdicts::{Verdict, judged};
use crate::aws::attempts::Attempts;
use crate::tables::meter::Units;
use crate::tables::writes::{ItemWrite, contention, pauses};
use redkv_core::error::{Error, ErrorKind, Result};

/// How a transaction ended.
pub(super) enum Transacted {
    /// All of it was written.
    Committed,
    /// Nothing was written, as others wrote the same items.
    Contended,
    /// Nothing was written, as these conditions did not hold, by their places, for these items.
    Refused(HashMap<usize, Option<Item>>),
}

/// So often is a transaction made in another way, as it turned out what is there. Each write has two ways at most, if nobody
/// else writes.
const MOST_WAYS: u32 = 10;

impl Table {
    /// Makes all `writes` or none. Contention is retried `retries` times.
    pub(super) async fn write_atomically(&self, writes: &[Write], retries: u32) -> Result<AtomicAnswer> {
        let mut requests = writes.iter().enumerate().map(planned_at).collect::<Result<Vec<_>>>()?;
        if requests.is_empty() {
            return Ok(AtomicAnswer::Committed);
        }
        let (mut contended, mut ways, mut pauses) = (0, 0, pauses());
        let mut token = new_token();
        loop {
            match self.transact(&requests, &token).await? {
                Transacted::Committed => return Ok(AtomicAnswer::Committed),
                Transacted::Refused(refused) if ways < MOST_WAYS => {
                    ways += 1;
                    if let Some(failed) = judge(writes, &mut requests, refused)? {
                        return Ok(AtomicAnswer::Refused(failed));
                    }
                    token = new_token();
                }
                _ if contended < retries => {
                    contended += 1;
                    tokio::time::sleep(pauses.next_pause()).await;
                }
                _ => return Err(contention()),
            }
        }
    }

    /// Makes a transaction. With one token it is made once, however often it is sent.
    pub(super) async fn transact(&self, requests: &[ItemWrite], token: &str) -> Result<Transacted> {
        let attempts = Attempts::default();
        let items =
            requests.iter().map(|request| request.in_transaction(&self.name)).collect::<Result<_>>()?;
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone());
        let sent = self.timed("TransactWriteItems", request.send(), |answer| {
            let consumed = answer.consumed_capacity.iter().flatten();
            Some(Units::Write(consumed.filter_map(|consumed| consumed.capacity_units).sum()))
        });
        match sent.await {
            Ok(_) => Ok(Transacted::Committed),
            Err(SdkError::ServiceError(refusal))
                if matches!(refusal.err(), TransactWriteItemsError::TransactionCanceledException(_)) =>
            {
                let TransactWriteItemsError::TransactionCanceledException(cancelled) = refusal.into_err()
                else {
                    return Ok(Transacted::Contended);
                };
                cancelled_for(cancelled.cancellation_reasons.unwrap_or_default())
            }
            Err(error) => Err(self.failed(error, &attempts)),
        }
    }
}

fn planned_at((place, write): (usize, &Write)) -> Result<ItemWrite> {
    planned(write).map_err(|error| error.at_place(place))
}

/// Returns which conditions failed; if none did, the requests are those to make instead.
fn judge(
    writes: &[Write],
    requests: &mut [ItemWrite],
    refused: HashMap<usize, Option<Item>>,
) -> Result<Option<Vec<Vec<bool>>>> {
    let mut failed: Vec<_> = writes.iter().map(|write| vec![false; write.change.conditions()]).collect();
    let mut has_failed = false;
    let mut refused: Vec<_> = refused.into_iter().collect();
    refused.sort_unstable_by_key(|(place, _)| *place);
    let mut uncounted = None;
    for (place, found) in refused {
        let (Some(write), Some(request)) = (writes.get(place), requests.get_mut(place)) else { continue };
        match judged(write, &Found::of(found.as_ref())).map_err(|error| error.at_place(place)) {
            Ok(Verdict::Failed(conditions)) => {
                has_failed = true;
                failed[place] = conditions;
            }
            Ok(Verdict::Nothing(instead) | Verdict::Again(instead)) => *request = instead,
            Err(error) if error.kind() == ErrorKind::Value => uncounted = uncounted.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = uncounted {
        return Err(error);
    }
    Ok(has_failed.then_some(failed))
}

fn cancelled_for(reasons: Vec<CancellationReason>) -> Result<Transacted> {
    let (mut refused, mut is_contended) = (HashMap::new(), false);
    for (place, reason) in reasons.into_iter().enumerate() {
        match reason.code.as_deref().unwrap_or("None") {
            "None" => {}
            "ConditionalCheckFailed" => {
                refused.insert(place, reason.item.filter(|item| !item.is_empty()));
            }
            "TransactionConflict" => is_contended = true,
            code @ ("ThrottlingError" | "ProvisionedThroughputExceeded" | "RequestLimitExceeded") => {
                let message = format!("throttled: {code}, in a transaction");
                return Err(Error::new(ErrorKind::Store, message).retryable(true));
            }
            code => {
                let told = reason.message.as_deref().unwrap_or_default();
                let message = format!("the transaction was cancelled: {code}: {told}");
                return Err(Error::new(ErrorKind::Store, message));
            }
        }
    }
    Ok(if is_contended || refused.is_empty() { Transacted::Contended } else { Transacted::Refused(refused) })
}

/// Returns a name for a transaction that no other has.
pub(super) fn new_token() -> String {
    format!("{:032x}", fastrand::u128(..))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_token_is_as_long_as_the_service_allows() {
        let token = super::new_token();
        assert!((1..=36).contains(&token.len()));
        assert_ne!(token, super::new_token());
    }
}
