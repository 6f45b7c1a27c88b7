//! Maps failures of the SDK to errors.

use std::error::Error as StdError;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::attempts::{Attempts, could_not_connect};
use redkv_core::error::{Error, ErrorKind, Outcome};

/// The refusal of a request by a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal<'a> {
    pub(crate) code: Option<&'a str>,
    pub(crate) text: Option<&'a str>,
    /// The HTTP status.
    pub(crate) status: u16,
}

impl Refusal<'_> {
    /// The code, or words for none.
    pub(crate) fn code(&self) -> &str {
        self.code.unwrap_or("unknown error")
    }

    /// The refusal in a line.
    pub(crate) fn told(&self) -> String {
        match self.text.and_then(|text| text.lines().next()).unwrap_or_default() {
            "" => format!("{} (HTTP status {})", self.code(), self.status),
            text => format!("{}: {text}", self.code()),
        }
    }
}

/// The error of a request that failed with `error` after `attempts`; what the service refused is an error by `refused`.
pub(crate) fn map<E>(
    error: SdkError<E, HttpResponse>,
    attempts: &Attempts,
    refused: impl FnOnce(Refusal<'_>) -> Error,
) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let mapped = match &error {
        SdkError::ServiceError(refusal) => {
            // Without a cause: the text of a refused signature goes on to repeat the signed headers, and a
            // session token is one of them.
            let status = refusal.raw().status().as_u16();
            if refusal.raw().status().is_success() {
                let message = format!(
                    "no usable response{}: an answer of success that cannot be read",
                    near("from", attempts)
                );
                return Error::new(ErrorKind::Connection, message).outcome(Outcome::Unknown);
            }
            let (code, text) = (refusal.err().code(), refusal.err().message());
            return refused(Refusal { code, text, status }).outcome(outcome(attempts));
        }
        _ if could_not_connect(&error) => Error::new(
            ErrorKind::Connection,
            format!("cannot connect{}: {}", near("to", attempts), story(&error)),
        ),
        SdkError::TimeoutError(_) => timed_out(&error, attempts),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => timed_out(&error, attempts),
        SdkError::ConstructionFailure(_) => unmade(&error),
        SdkError::DispatchFailure(_) if !attempts.was_sent() => unmade(&error),
        _ => Error::new(
            ErrorKind::Connection,
            format!("no usable response{}: {}", near("from", attempts), story(&error)),
        ),
    };
    mapped.outcome(outcome(attempts)).caused_by(error)
}

/// A conditional write that was refused after an earlier attempt of it got no answer.
pub(crate) fn unsure() -> Error {
    let message = "an earlier attempt of this write got no response, so the existing value may be its own";
    Error::new(ErrorKind::Connection, message).outcome(Outcome::Unknown)
}

/// Returns whether a write may have been made although none of `attempts` was answered with success.
pub(crate) fn outcome(attempts: &Attempts) -> Outcome {
    if attempts.in_doubt() { Outcome::Unknown } else { Outcome::NotApplied }
}

fn timed_out(error: &(dyn StdError + 'static), attempts: &Attempts) -> Error {
    let message = format!("the service{} did not answer in time: {}", near("at", attempts), story(error));
    Error::new(ErrorKind::Timeout, message)
}

/// Returns the address that was asked, with a word before it; nothing if none was.
fn near(word: &str, attempts: &Attempts) -> String {
    attempts.address().map(|address| format!(" {word} {address}")).unwrap_or_default()
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

/// Returns the messages of all causes of `error`, outermost first.
pub(crate) fn story(error: &(dyn StdError + 'static)) -> String {
    let causes: Vec<_> =
        std::iter::successors(error.source(), |&error| error.source()).map(ToString::to_string).collect();
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_in_the_text_about_a_bad_signature_are_left_out() {
        let text = "The request signature does not match.\n\nThe Canonical String for this request should have \
                    been 'POST\nx-amz-security-token:s3cret'";
        let refusal = Refusal { code: Some("InvalidSignatureException"), text: Some(text), status: 400 };
        assert_eq!(refusal.told(), "InvalidSignatureException: The request signature does not match.");
    }

    #[test]
    fn a_refusal_without_words_tells_its_status() {
        assert_eq!(Refusal { code: None, text: None, status: 503 }.told(), "unknown error (HTTP status 503)");
    }
}
