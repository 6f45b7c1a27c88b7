//! The outcome of the attempts that the SDK made for a request.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
#[cfg(feature = "dynamodb")]
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, Error, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
#[cfg(feature = "dynamodb")]
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use redkv_core::lock::Lock;

/// Watches the attempts of one request, or of several in a row that carry on the same work.
///
/// The SDK returns only the error of the last attempt. An earlier one may have been carried out without an answer, so
/// that error alone does not say whether a write was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempts(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// The latest attempt got as far as being sent.
    sent: AtomicBool,
    /// An attempt may have been carried out without an answer.
    in_doubt: AtomicBool,
    /// Where the latest attempt was sent to.
    address: Lock<Option<Box<str>>>,
}

impl Attempts {
    /// Returns whether the latest attempt got as far as being sent.
    pub(crate) fn was_sent(&self) -> bool {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Returns the host and port to which the latest attempt was sent, if it got so far.
    pub(crate) fn address(&self) -> Option<Box<str>> {
        if self.was_sent() { self.0.address.lock().clone() } else { None }
    }

    /// Returns whether a write may have been made although no attempt was answered with success.
    pub(crate) fn in_doubt(&self) -> bool {
        self.0.in_doubt.load(Ordering::Relaxed)
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "redkv attempts"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.sent.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let address = address_of(context.request().uri());
        let mut known = self.0.address.lock();
        if known.as_deref() != address {
            *known = address.map(Box::from);
        }
        drop(known);
        self.0.sent.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Err(error)) = context.output_or_error() else { return Ok(()) };
        if self.was_sent() && may_be_made(error, context.response()) {
            self.0.in_doubt.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Returns the host and port in `uri`, without credentials.
fn address_of(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit_once('@').map_or(authority, |(_, address)| address))
}

/// Keeps the SDK from sending a request again that may have been carried out.
#[cfg(feature = "dynamodb")]
#[derive(Debug)]
pub(crate) struct OnlyOnce;

#[cfg(feature = "dynamodb")]
impl ClassifyRetry for OnlyOnce {
    fn name(&self) -> &'static str {
        "redkv only once"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(error)) if may_be_made(error, context.response()) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }
}

/// Returns whether a request that was sent and failed with `error` may have been carried out.
fn may_be_made(error: &OrchestratorError<Error>, response: Option<&HttpResponse>) -> bool {
    let refused = error.is_operation_error() && response.is_some_and(is_certain_no);
    let unreached = error.as_connector_error().is_some_and(|error| could_not_connect(error));
    !refused && !unreached
}

/// A refusal is a certain no; a failure inside the service may have come after the write, unless it is how S3 asks to
/// be asked less often. A timeout is that of something in between, which does not know what became of the request.
fn is_certain_no(response: &HttpResponse) -> bool {
    const SLOW_DOWN: &[u8] = b"<Code>SlowDown</Code>";
    const TIMED_OUT: u16 = 408;
    let (status, body) = (response.status().as_u16(), response.body().bytes().unwrap_or_default());
    (status < 500 && status != TIMED_OUT) || body.windows(SLOW_DOWN.len()).any(|part| part == SLOW_DOWN)
}

/// Returns whether `error` says that no connection was made, so that nothing was sent.
pub(crate) fn could_not_connect(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_host_and_port_and_nothing_else() {
        for (uri, address) in [
            ("http://localhost:8000/", "localhost:8000"),
            ("https://dynamodb.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com"),
            ("http://user:s3cret@[::1]:8000/bucket/key?x=1", "[::1]:8000"),
            ("https://host?list-type=2", "host"),
        ] {
            assert_eq!(address_of(uri), Some(address));
        }
    }
}
