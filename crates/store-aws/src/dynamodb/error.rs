//! Maps failures of the SDK and of the service to errors.

use std::error::Error as StdError;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::aws::attempts::Attempts;
use crate::aws::error::{self, Refusal, outcome};
use redkv_core::error::{Error, ErrorKind};

pub(crate) use crate::aws::error::unsure;

/// The error code of a write whose condition did not hold.
pub(crate) const CONDITION_FAILED: &str = "ConditionalCheckFailedException";
/// The error code of a request that was not started, because part of it can never work.
pub(crate) const VALIDATION: &str = "ValidationException";

/// The error code of a request that is not allowed.
const ACCESS_DENIED: &str = "AccessDeniedException";

/// Returns whether the service refused a batch for what may be the fault of one of its keys: it carried out none of it.
/// Rights can be for some keys only (`dynamodb:LeadingKeys`).
pub(crate) fn may_be_of_one_key<E>(error: &SdkError<E>) -> bool
where
    E: ProvideErrorMetadata,
{
    matches!(error.code(), Some(VALIDATION | ACCESS_DENIED))
}

const THROTTLED: [&str; 4] =
    ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "Throttling", "ThrottlingException"];

/// The error of a request about `table` that failed with `error` after `attempts`.
pub(crate) fn map<E>(error: SdkError<E>, attempts: &Attempts, table: &str) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    error::map(error, attempts, |refusal| refused(refusal, table))
}

/// The keys that the service kept leaving undone.
pub(crate) fn throttled(attempts: &Attempts) -> Error {
    Error::new(ErrorKind::Store, "throttled: the service repeatedly left this key of the batch unprocessed")
        .retryable(true)
        .outcome(outcome(attempts))
}

fn refused(refusal: Refusal<'_>, table: &str) -> Error {
    let told = refusal.told();
    match refusal.code() {
        "ResourceNotFoundException" => Error::new(
            ErrorKind::Store,
            format!("the table '{table}' does not exist in this region, or is not ready ({told})"),
        ),
        code if THROTTLED.contains(&code) => {
            Error::new(ErrorKind::Store, format!("throttled: {told}")).retryable(true)
        }
        _ => Error::new(ErrorKind::Store, told).retryable(refusal.status >= 500),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_with(code: &str, text: Option<&str>, status: u16) -> Error {
        refused(Refusal { code: Some(code), text, status }, "t")
    }

    #[test]
    fn throttling_can_be_tried_again_and_a_missing_right_cannot() {
        let throttled = refused_with("ThrottlingException", Some("Rate exceeded"), 400);
        assert!(throttled.is_retryable());
        assert_eq!(throttled.message(), "throttled: ThrottlingException: Rate exceeded");

        let denied = refused_with("AccessDeniedException", Some("not authorized"), 400);
        assert!(!denied.is_retryable());
        assert_eq!(denied.message(), "AccessDeniedException: not authorized");
    }

    #[test]
    fn a_failure_inside_the_service_can_be_tried_again() {
        let failed = refused_with("InternalServerError", None, 500);
        assert!(failed.is_retryable());
        assert_eq!(failed.message(), "InternalServerError (HTTP status 500)");
    }
}
