//! Failures of the SDK and of the service as errors of the engine.

use std::error::Error as StdError;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::attempts::{Attempts, could_not_connect};
use crate::error::{Error, ErrorKind, Outcome};

/// What the service calls a write whose condition did not hold.
pub(super) const CONDITION_FAILED: &str = "ConditionalCheckFailedException";
/// What the service calls a request that it did not begin to carry out, because part of it can never work.
pub(super) const VALIDATION: &str = "ValidationException";

const THROTTLED: [&str; 4] =
    ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "Throttling", "ThrottlingException"];

/// The error of a request about `table` that failed with `error` after `attempts`.
pub(super) fn map<E>(error: SdkError<E>, attempts: &Attempts, table: &str) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let mapped = match &error {
        SdkError::ServiceError(refusal) => {
            // Without a cause: the text of a refused signature goes on to repeat the signed headers, and a
            // session token is one of them.
            let status = refusal.raw().status().as_u16();
            return refused(refusal.err().code(), refusal.err().message(), status, table)
                .outcome(outcome(attempts));
        }
        _ if could_not_connect(&error) => {
            Error::new(ErrorKind::Connection, format!("cannot connect: {}", story(&error)))
        }
        SdkError::TimeoutError(_) => timed_out(&error),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => timed_out(&error),
        SdkError::ConstructionFailure(_) => unmade(&error),
        SdkError::DispatchFailure(_) if !attempts.was_sent() => unmade(&error),
        _ => Error::new(ErrorKind::Connection, format!("no usable answer arrived: {}", story(&error))),
    };
    mapped.outcome(outcome(attempts)).caused_by(error)
}

/// The keys that the service kept leaving undone.
pub(super) fn throttled(attempts: &Attempts) -> Error {
    Error::new(ErrorKind::Store, "throttled: the service kept leaving this key of the batch unprocessed")
        .retryable(true)
        .outcome(outcome(attempts))
}

/// A conditional write that was refused after an earlier attempt of it got no answer.
pub(super) fn unsure() -> Error {
    let message = "an earlier attempt of this write got no answer, so what it found there may be itself";
    Error::new(ErrorKind::Connection, message).outcome(Outcome::Unknown)
}

fn outcome(attempts: &Attempts) -> Outcome {
    if attempts.in_doubt() { Outcome::Unknown } else { Outcome::NotApplied }
}

fn refused(code: Option<&str>, text: Option<&str>, status: u16, table: &str) -> Error {
    let code = code.unwrap_or("unknown error");
    let text = text.and_then(|text| text.lines().next()).unwrap_or_default();
    let told = match text {
        "" => format!("{code} (HTTP status {status})"),
        text => format!("{code}: {text}"),
    };
    match code {
        "ResourceNotFoundException" => Error::new(
            ErrorKind::Store,
            format!("the table '{table}' does not exist in this region, or is not ready ({told})"),
        ),
        code if THROTTLED.contains(&code) => {
            Error::new(ErrorKind::Store, format!("throttled: {told}")).retryable(true)
        }
        _ => Error::new(ErrorKind::Store, told).retryable(status >= 500),
    }
}

fn timed_out(error: &(dyn StdError + 'static)) -> Error {
    Error::new(ErrorKind::Timeout, format!("the service did not answer in time: {}", story(error)))
}

/// Nothing was sent: the SDK had no credentials to sign with, or no address to send to.
fn unmade(error: &(dyn StdError + 'static)) -> Error {
    let story = story(error);
    let message = if story.contains("credential") {
        format!(
            "no usable AWS credentials: set the options 'accessKeyId' and 'secretAccessKey' or 'profile', or \
             AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment ({story})"
        )
    } else {
        format!("the request could not be made: {story}")
    };
    Error::new(ErrorKind::Store, message)
}

/// What every error underneath `error` says, outermost first.
fn story(error: &(dyn StdError + 'static)) -> String {
    let causes: Vec<_> =
        std::iter::successors(error.source(), |&error| error.source()).map(ToString::to_string).collect();
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_can_be_tried_again_and_a_missing_right_cannot() {
        let throttled = refused(Some("ThrottlingException"), Some("Rate exceeded"), 400, "t");
        assert!(throttled.is_retryable());
        assert_eq!(throttled.message(), "throttled: ThrottlingException: Rate exceeded");

        let denied = refused(Some("AccessDeniedException"), Some("not authorized"), 400, "t");
        assert!(!denied.is_retryable());
        assert_eq!(denied.message(), "AccessDeniedException: not authorized");
    }

    #[test]
    fn a_failure_inside_the_service_can_be_tried_again() {
        let failed = refused(Some("InternalServerError"), None, 500, "t");
        assert!(failed.is_retryable());
        assert_eq!(failed.message(), "InternalServerError (HTTP status 500)");
    }

    #[test]
    fn the_headers_in_the_text_about_a_bad_signature_are_left_out() {
        let text = "The request signature does not match.\n\nThe Canonical String for this request should have \
                    been 'POST\nx-amz-security-token:s3cret'";
        let refused = refused(Some("InvalidSignatureException"), Some(text), 400, "t");
        assert_eq!(refused.message(), "InvalidSignatureException: The request signature does not match.");
    }
}
