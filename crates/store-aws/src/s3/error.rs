//! Maps refusals of the service to errors.

use std::error::Error as StdError;

use aws_sdk_s3::error::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::attempts::Attempts;
use crate::aws::error::{self, Refusal};
use redkv_core::error::{Error, ErrorKind, Outcome};

const THROTTLED: [&str; 6] = [
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
];

/// The error of a request about `bucket` that failed with `error` after `attempts`.
pub(crate) fn map<E>(error: SdkError<E>, attempts: &Attempts, bucket: &str) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    error::map(error, attempts, |refusal| refused(refusal, bucket))
}

/// The same of a request that changes nothing, so that nothing is in doubt.
pub(crate) fn map_read<E>(error: SdkError<E>, attempts: &Attempts, bucket: &str) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    map(error, attempts, bucket).outcome(Outcome::NotApplied)
}

/// The status of a refusal; `None` of other failures.
pub(crate) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    match error {
        SdkError::ServiceError(refusal) => Some(refusal.raw().status().as_u16()),
        _ => None,
    }
}

/// The error for what the service said about a request, or about one key of it.
pub(crate) fn refused(refusal: Refusal<'_>, bucket: &str) -> Error {
    let told = without_names(&refusal.told());
    let store = |message: String| Error::new(ErrorKind::Store, message);
    match (refusal.code(), refusal.status) {
        ("NoSuchBucket", _) => store(format!("the bucket '{bucket}' does not exist ({told})")),
        ("AccessDenied" | "AllAccessDisabled" | "AccountProblem", _) => store(format!(
            "no access to the bucket '{bucket}': s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket are \
             needed ({told})"
        )),
        (
            "ExpiredToken" | "InvalidAccessKeyId" | "InvalidToken" | "NotSignedUp" | "SignatureDoesNotMatch",
            _,
        ) => store(format!(
            "the credentials were refused: see the options 'accessKeyId' and 'secretAccessKey', or 'profile' ({told})"
        )),
        ("AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" | "PermanentRedirect", _)
        | (_, 301) => {
            store(format!("the bucket '{bucket}' is in another region: see the option 'region' ({told})"))
        }
        (code, status) if THROTTLED.contains(&code) || matches!(status, 429 | 503) => {
            store(format!("throttled: {told}")).retryable(true)
        }
        // It waited for the rest of the request.
        ("RequestTimeout", _) => store(told).retryable(true),
        (_, 403) => store(format!("no access to the bucket '{bucket}' ({told})")),
        (_, status) => store(told).retryable(status >= 500),
    }
}

/// What a service says about rights goes on to name the object, which has the name of a key.
fn without_names(told: &str) -> String {
    told.split(" on resource").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_with(code: &str, text: &str, status: u16) -> Error {
        refused(Refusal { code: Some(code), text: Some(text), status }, "b")
    }

    #[test]
    fn throttling_can_be_tried_again_and_a_missing_right_cannot() {
        let throttled = refused_with("SlowDown", "Please reduce your request rate.", 503);
        assert!(throttled.is_retryable());
        assert_eq!(throttled.message(), "throttled: SlowDown: Please reduce your request rate.");

        let denied = refused_with("AccessDenied", "Access Denied", 403);
        assert!(!denied.is_retryable());
        assert!(denied.message().starts_with("no access to the bucket 'b': s3:GetObject"), "{denied}");
    }

    #[test]
    fn the_name_of_an_object_is_not_repeated() {
        let text = "User: arn:aws:iam::1:user/me is not authorized to perform: s3:GetObject on resource: \
                    \"arn:aws:s3:::b/s3cret\" because";
        let denied = refused_with("AccessDenied", text, 403);
        assert!(!denied.message().contains("s3cret"), "{denied}");
        assert!(denied.message().contains("perform: s3:GetObject"), "{denied}");
    }

    #[test]
    fn what_has_to_be_set_is_named() {
        let message = |code, status| refused_with(code, "text", status).message().to_owned();
        assert!(message("NoSuchBucket", 404).starts_with("the bucket 'b' does not exist"));
        assert!(message("SignatureDoesNotMatch", 403).contains("'secretAccessKey'"));
        assert!(message("PermanentRedirect", 301).contains("'region'"));
    }

    #[test]
    fn a_failure_inside_the_service_can_be_tried_again() {
        assert!(refused_with("InternalError", "We encountered an internal error.", 500).is_retryable());
        assert!(!refused_with("EntityTooLarge", "too large", 400).is_retryable());
    }
}
