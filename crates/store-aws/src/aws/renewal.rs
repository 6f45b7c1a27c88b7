//! Reloads credentials that were found outside of the options, when a service refuses them.
//!
//! The SDK keeps what it found until it ends. Keys that are rotated earlier, in the shared files, by a process or at
//! the machine's service for them, would be refused until then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::identity::IdentityCache;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::{
    IdentityFuture, ResolveCachedIdentity, SharedIdentityCache, SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    FinalizerInterceptorContextRef, InterceptorContext,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::client::loader;
use super::config::AwsConfig;
use redkv_core::lock::{Lock, SharedLock};

/// Those who are refused at the same time have the credentials found anew once.
const PAUSE: Duration = Duration::from_secs(1);

/// What services say about a key that is not good any more, or not known. The longer forms of some begin like these.
const REFUSALS: [&[u8]; 5] =
    [b"ExpiredToken", b"InvalidClientTokenId", b"UnrecognizedClient", b"InvalidAccessKeyId", b"InvalidToken"];

/// Forgets credentials that a service refused, and has the SDK make the request again with what is found then.
#[derive(Clone, Debug)]
pub(crate) struct Renewal(Arc<State>);

#[derive(Debug)]
struct State {
    cache: SharedLock<SharedIdentityCache>,
    renewed: Lock<Option<Instant>>,
    /// Whether there is anything to find: what is in the options stays what it is.
    can_renew: bool,
}

impl Renewal {
    /// For the credentials of `config`, which `loaded` has found. What to go on with is in the answer.
    pub(super) fn of(config: &AwsConfig, loaded: SdkConfig, region: Region) -> (SdkConfig, Self) {
        let can_renew = config.credentials.is_none() && loaded.credentials_provider().is_some();
        let renewal = Self(Arc::new(State {
            cache: SharedLock::new(IdentityCache::lazy().build()),
            renewed: Lock::new(None),
            can_renew,
        }));
        if !can_renew {
            return (loaded, renewal);
        }
        let found = Found { config: config.clone(), loaded: loaded.clone(), region };
        let config = loaded
            .into_builder()
            .identity_cache(renewal.clone())
            .credentials_provider(SharedCredentialsProvider::new(found))
            .build();
        (config, renewal)
    }

    fn cache(&self) -> SharedIdentityCache {
        self.0.cache.read().clone()
    }

    fn renew(&self) {
        let mut renewed = self.0.renewed.lock();
        if renewed.is_none_or(|renewed| renewed.elapsed() >= PAUSE) {
            *self.0.cache.write() = IdentityCache::lazy().build();
            *renewed = Some(Instant::now());
        }
    }

    fn is_for(&self, response: Option<&HttpResponse>) -> bool {
        self.0.can_renew && response.is_some_and(refuses_the_key)
    }
}

fn refuses_the_key(response: &HttpResponse) -> bool {
    let status = response.status().as_u16();
    let body = response.body().bytes().unwrap_or_default();
    match (status, body) {
        // The answer to HEAD has no body, and this status where a token has expired.
        (400, []) => true,
        (400 | 401 | 403, body) => {
            REFUSALS.iter().any(|refusal| body.windows(refusal.len()).any(|part| part == *refusal))
        }
        _ => false,
    }
}

impl ResolveCachedIdentity for Renewal {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        config: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        let cache = self.cache();
        IdentityFuture::new(async move { cache.resolve_cached_identity(resolver, components, config).await })
    }
}

impl Intercept for Renewal {
    fn name(&self) -> &'static str {
        "redkv renewal"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.is_for(context.response()) {
            self.renew();
        }
        Ok(())
    }
}

impl ClassifyRetry for Renewal {
    fn name(&self) -> &'static str {
        "redkv renewal"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        if self.is_for(context.response()) {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }
}

/// Looks for credentials where the SDK does, each time from the beginning: its own providers read a file once.
#[derive(Debug)]
struct Found {
    config: AwsConfig,
    loaded: SdkConfig,
    region: Region,
}

impl ProvideCredentials for Found {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let mut loader = loader(&self.config).region(self.region.clone());
            if let Some(client) = self.loaded.http_client() {
                loader = loader.http_client(client);
            }
            let provider = loader.load().await.credentials_provider();
            let none = || CredentialsError::not_loaded("no provider of credentials");
            provider.ok_or_else(none)?.provide_credentials().await
        })
    }
}
