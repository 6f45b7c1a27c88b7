//! Settings that the clients of all services share.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::bodies::BoundedClient;
use super::config::AwsConfig;
use super::renewal::Renewal;
use redkv_core::error::{Error, Result};
use redkv_core::options::Secret;
use redkv_net::extra_roots::extra_roots;

/// The wait before the first retry grows from here; the SDK's own second is longer than most tiers wait at all.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// What a client goes by: `config`, and for what that leaves open the environment, the shared configuration files and
/// the machine's role. `region` is taken where none of them names one. No answer has more than `largest_answer` bytes.
/// Sends nothing to the service yet.
///
/// The renewal is an interceptor and a classifier of retries for the client.
pub(crate) async fn settings(
    config: &AwsConfig,
    region: Option<&'static str>,
    largest_answer: usize,
) -> Result<(SdkConfig, Renewal)> {
    let loaded = loader(config).http_client(http_client(largest_answer)).load().await;
    let Some(region) = loaded.region().cloned().or(region.map(Region::from_static)) else {
        return Err(Error::argument(
            "region",
            "no AWS region: set the option 'region', or AWS_REGION in the environment",
        ));
    };
    let retry = retries(config, loaded.retry_config());
    let settings = loaded.into_builder().region(region.clone()).retry_config(retry).build();
    Ok(Renewal::of(config, settings, region))
}

/// Reads what `config` leaves open.
pub(super) fn loader(config: &AwsConfig) -> ConfigLoader {
    // Pinned, so that new defaults of the SDK arrive when somebody reads what they are.
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts(config));
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &config.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(fips) = config.fips_endpoint {
        loader = loader.use_fips(fips);
    }
    if let Some(dual_stack) = config.dual_stack_endpoint {
        loader = loader.use_dual_stack(dual_stack);
    }
    if let Some(key) = &config.credentials {
        let token = key.session_token.clone().map(Secret::into_exposed);
        let key = Credentials::new(
            key.access_key_id.expose(),
            key.secret_access_key.expose(),
            token,
            None,
            "redkv options",
        );
        loader = loader.credentials_provider(key);
    }
    loader
}

/// One connection pool per store, shared between the service and the providers of credentials.
///
/// Not one per process: a pool's connections live on the runtime that made them, and a runtime that ends (of a
/// worker thread, say) would break requests of the others. The system's root certificates are read once per
/// process all the same.
fn http_client(largest_answer: usize) -> SharedHttpClient {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let builder = aws_smithy_http_client::Builder::new().tls_provider(provider);
    let roots = extra_roots().certificates.iter();
    let roots =
        roots.fold(tls::TrustStore::default(), |roots, (pem, _)| roots.with_pem_certificate(pem.as_str()));
    // Without roots of its own, nothing of this can fail.
    let client = match tls::TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        Err(_) => builder.build_https(),
    };
    SharedHttpClient::new(BoundedClient { client, most: largest_answer })
}

fn timeouts(config: &AwsConfig) -> TimeoutConfig {
    let mut timeouts = TimeoutConfig::builder().connect_timeout(config.connect_timeout);
    timeouts.set_operation_attempt_timeout(config.attempt_timeout);
    timeouts.build()
}

fn retries(config: &AwsConfig, environment: Option<&RetryConfig>) -> RetryConfig {
    let retry = environment.cloned().unwrap_or_else(RetryConfig::standard);
    let retry = match config.max_attempts {
        Some(attempts) => retry.with_max_attempts(attempts),
        None => retry,
    };
    retry.with_initial_backoff(FIRST_BACKOFF).with_max_backoff(LONGEST_BACKOFF)
}
