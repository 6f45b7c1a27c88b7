//! The options that clients of all services of Amazon have.

use std::env;
use std::time::Duration;

use super::credentials::{AccessKey, AwsCredentials};
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, kinds, options};
use redkv_net::extra_roots::extra_roots;

options! {
    /// Options that all clients of services of Amazon have, in the names of the AWS SDK for JavaScript.
    ///
    /// Region and credentials that are left out come from where the AWS SDK finds them: the environment, the shared
    /// configuration files, the role of the machine.
    pub(crate) struct AwsOptions is "AwsOptions" {
        /// The AWS region.
        region as "region": kinds::Text = "`AWS_REGION`, or the shared configuration files, or the region of the machine",
        /// The address of the service, such as `http://localhost:8000`; without a scheme `https`, or `http` with
        /// `sslEnabled: false`.
        endpoint as "endpoint": kinds::Url = "from the environment or the shared configuration files, or the region's own",
        /// The access key: `{ accessKeyId, secretAccessKey, sessionToken }`.
        ///
        /// With one half of it the other must be there too. It appears in no error, log or `inspect()`.
        credentials as "credentials": kinds::Object<AccessKey> = "the environment, the shared configuration files, the role of the machine",
        /// A part of the access key, which takes precedence over `credentials`.
        access_key_id as "accessKeyId": kinds::Text,
        /// As in `credentials`, over which it takes precedence.
        secret_access_key as "secretAccessKey": kinds::Text,
        /// As in `credentials`, over which it takes precedence.
        session_token as "sessionToken": kinds::Text,
        /// The profile in the shared configuration files.
        ///
        /// Region and credentials are taken from it.
        profile as "profile": kinds::Text = "`AWS_PROFILE`, or `'default'`",
        /// How long the client waits: `{ timeout, connectTimeout }`.
        http_options as "httpOptions": kinds::Object<HttpOptions>,
        /// Whether an `endpoint` without a scheme is spoken to over `https`. An `endpoint` that contradicts it is refused.
        ///
        /// Without an endpoint requests are always encrypted.
        ssl_enabled as "sslEnabled": kinds::Boolean = "`true`",
        /// How often a failed request is sent again; excludes `maxAttempts`.
        max_retries as "maxRetries": kinds::Digits<0, MOST_RETRIES> = "as `maxAttempts`",
        /// How often a request is sent in all; excludes `maxRetries`.
        max_attempts as "maxAttempts": kinds::Digits<1, { MOST_RETRIES + 1 }> = "`AWS_MAX_ATTEMPTS`, or the shared configuration files, or `3`",
        /// Whether to use the endpoints that are validated for FIPS 140.
        use_fips_endpoint as "useFipsEndpoint": kinds::Boolean = "from the environment or the shared configuration files, or `false`",
        /// Whether to use the endpoints that are also reachable over IPv6.
        use_dualstack_endpoint as "useDualstackEndpoint": kinds::Boolean = "from the environment or the shared configuration files, or `false`",
    }
    /// Options of the AWS SDK 2 for all services that have no effect any more. Each gives a warning.
    legacy "LegacyAwsOptions" ignores [
        "apiVersion",
        "apiVersions",
        "clientSideMonitoring",
        "computeChecksums",
        "correctClockSkew",
        "credentialProvider",
        "customUserAgent",
        "endpointCacheSize",
        "endpointDiscoveryEnabled",
        "hostPrefixEnabled",
        "logger",
        "maxRedirects",
        "paramValidation",
        "params",
        "retryDelayOptions",
        "service",
        "signatureCache",
        "signatureVersion",
        "stsRegionalEndpoints",
        "systemClockOffset",
    ]
}

options! {
    /// How long a client of a service of Amazon waits. The tier option `timeout` bounds the whole operation.
    pub(crate) struct HttpOptions is "AwsHttpOptions" {
        /// How long one attempt of a request may take; the tier option `timeout` limits all attempts together.
        timeout as "timeout": kinds::Timeout<0> = "no limit of its own",
        /// How long making a connection may take.
        connect_timeout as "connectTimeout": kinds::Timeout<1000> = "`1000`",
    }
    /// Options of the AWS SDK 2 that redkv 1.x handed on and that have no effect any more. Each gives a warning.
    legacy "LegacyAwsHttpOptions" ignores ["agent", "proxy", "xhrAsync", "xhrWithCredentials"]
}

/// The most retries, which leave operations an end.
const MOST_RETRIES: u64 = 100;

/// How a service is reached, and as whom.
#[derive(Clone, Debug)]
pub struct AwsConfig {
    /// The region; from the environment or the shared configuration files when absent.
    pub region: Option<String>,
    /// The address of the service, with its scheme; the region's own when absent.
    pub endpoint: Option<String>,
    /// Whether to use the endpoints validated for FIPS 140.
    pub fips_endpoint: Option<bool>,
    /// Whether to use the endpoints that answer over IPv6 too.
    pub dual_stack_endpoint: Option<bool>,
    /// Who asks; from the environment, the shared configuration files or the machine's role when absent.
    pub credentials: Option<AwsCredentials>,
    /// The profile in the shared configuration files.
    pub profile: Option<String>,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long one attempt of a request may take; no bound of its own when absent.
    pub attempt_timeout: Option<Duration>,
    /// How often a request is sent at most; as the environment says, or 3 times, when absent.
    pub max_attempts: Option<u32>,
}

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

impl AwsConfig {
    /// Reads the options of a client. `service` is what variables of the environment call the service.
    pub fn from_fields(fields: &mut Fields, service: &str) -> Result<Self> {
        let options = AwsOptions::read(fields)?;
        let max_attempts = max_attempts(&options)?;
        let endpoint = endpoint_of(fields, service, &options)?;
        let is_plain = endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http:"));
        if let Some(warning) = extra_roots().warning.as_ref().filter(|_| !is_plain) {
            fields.warn(warning.clone());
        }
        let (connect_timeout, attempt_timeout) = match options.http_options {
            Some(http) => (http.connect_timeout, http.timeout),
            None => (None, None),
        };
        let direct = AccessKey {
            access_key_id: options.access_key_id,
            secret_access_key: options.secret_access_key,
            session_token: options.session_token,
        };
        let nested = match options.credentials.map(AwsCredentials::new).transpose()? {
            Some(None) => {
                let message = "options.credentials has neither accessKeyId nor secretAccessKey";
                return Err(Error::argument("credentials", message));
            }
            key => key.flatten(),
        };
        Ok(Self {
            region: options.region,
            endpoint,
            fips_endpoint: options.use_fips_endpoint,
            dual_stack_endpoint: options.use_dualstack_endpoint,
            credentials: AwsCredentials::new(direct)?.or(nested),
            profile: options.profile,
            connect_timeout: connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
            attempt_timeout,
            max_attempts,
        })
    }
}

fn max_attempts(options: &AwsOptions) -> Result<Option<u32>> {
    let (retries, attempts) = (options.max_retries, options.max_attempts);
    if retries.is_some() && attempts.is_some() {
        return Err(Error::argument("maxRetries", "maxRetries and maxAttempts cannot be combined"));
    }
    Ok(attempts.or(retries.map(|retries| retries + 1)).and_then(|attempts| u32::try_from(attempts).ok()))
}

/// The endpoint that was given. The environment may move requests elsewhere as well: over plain http, that is worth a word.
fn endpoint_of(fields: &mut Fields, service: &str, options: &AwsOptions) -> Result<Option<String>> {
    // A switch of the old client, which chose the scheme of an endpoint that had none.
    let secure = options.ssl_enabled;
    let Some(text) = &options.endpoint else {
        if secure == Some(false) {
            fields.warn(
                "options.sslEnabled has no effect without an endpoint: requests are encrypted".to_owned(),
            );
        }
        let found = environment_endpoint(service, |name| env::var(name).ok());
        let Some((name, url)) = found else { return Ok(None) };
        if endpoint(&format!("{name} in the environment"), &url, true)?.starts_with("http:") {
            fields.warn(format!(
                "{name} in the environment sends requests over plain http, which anybody in between can read"
            ));
        }
        return Ok(None);
    };
    let endpoint = endpoint("options.endpoint", text.expose(), secure.unwrap_or(true))?;
    match secure {
        Some(secure) if secure != endpoint.starts_with("https:") => {
            let (asked, scheme) = if secure { ("true", "http") } else { ("false", "https") };
            let message =
                format!("options.sslEnabled is {asked}, and options.endpoint begins with {scheme}:");
            Err(Error::argument("sslEnabled", message))
        }
        _ => Ok(Some(endpoint)),
    }
}

/// Where the environment moves requests to, and the variable that does.
fn environment_endpoint(
    service: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<(String, String)> {
    if variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value == "true") {
        return None;
    }
    let names = [format!("AWS_ENDPOINT_URL_{service}"), "AWS_ENDPOINT_URL".to_owned()];
    let mut set = names.into_iter().filter_map(|name| variable(&name).map(|url| (name, url)));
    set.find(|(_, url)| !url.is_empty())
}

/// The endpoint with its scheme; `https` where none was given, or `http` where it is not to be secure. Messages call it
/// `named`.
fn endpoint(named: &str, text: &str, secure: bool) -> Result<String> {
    let wrong = |why| Err(Error::argument("endpoint", format!("{named} {why}")));
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or((if secure { "https" } else { "http" }, text));
    let scheme = scheme.to_ascii_lowercase();
    let host = rest.split('/').next().unwrap_or_default();
    if scheme != "http" && scheme != "https" {
        return wrong("must begin with http:// or https://");
    }
    if host.contains('@') {
        return wrong("must not hold credentials: use accessKeyId and secretAccessKey");
    }
    // Errors of the SDK repeat it.
    let is_strange = |c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    if host.is_empty()
        || host.starts_with(':')
        || host.contains(is_strange)
        || text.contains(['?', '#'])
        || text.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return wrong("must be a URL such as http://localhost:8000");
    }
    Ok(format!("{scheme}://{rest}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<AwsConfig> {
        let mut fields = Fields::new("options", options)?;
        let config = AwsConfig::from_fields(&mut fields, "NONE")?;
        fields.finish()?;
        Ok(config)
    }

    fn with(name: &str, value: Value) -> Result<AwsConfig> {
        let mut options = json!({});
        options[name] = value;
        read(options)
    }

    fn wrong_field(result: Result<AwsConfig>) -> String {
        result.unwrap_err().field().unwrap().to_owned()
    }

    #[test]
    fn an_endpoint_without_a_scheme_gets_https() {
        let endpoint = |text: &str| with("endpoint", json!(text)).map(|config| config.endpoint.unwrap());
        assert_eq!(endpoint("localhost:8000").unwrap(), "https://localhost:8000");
        assert_eq!(endpoint("HTTP://localhost:8000").unwrap(), "http://localhost:8000");
        assert_eq!(endpoint("https://[::1]:8000/path").unwrap(), "https://[::1]:8000/path");
    }

    #[test]
    fn options_that_contradict_each_other_about_encryption_are_refused() {
        let both = |endpoint: &str, secure: bool| read(json!({ "endpoint": endpoint, "sslEnabled": secure }));
        assert_eq!(wrong_field(both("http://h", true)), "sslEnabled");
        assert_eq!(wrong_field(both("https://h", false)), "sslEnabled");
        assert_eq!(both("h:8000", false).unwrap().endpoint.unwrap(), "http://h:8000");
        assert_eq!(both("https://h", true).unwrap().endpoint.unwrap(), "https://h");
        assert_eq!(with("sslEnabled", json!(true)).unwrap().endpoint, None);
    }

    #[test]
    fn the_environment_moves_requests_by_the_variable_of_the_service_or_of_all() {
        let moved = |variables: &'static [(&str, &str)]| {
            let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
            environment_endpoint("S3", |name| find(name).map(|(_, value)| (*value).to_owned()))
                .map(|(name, _)| name)
        };
        assert_eq!(moved(&[("AWS_ENDPOINT_URL_S3", "http://h")]).unwrap(), "AWS_ENDPOINT_URL_S3");
        let both = &[("AWS_ENDPOINT_URL_S3", "http://h"), ("AWS_ENDPOINT_URL", "http://i")];
        assert_eq!(moved(both).unwrap(), "AWS_ENDPOINT_URL_S3");
        assert_eq!(moved(&[("AWS_ENDPOINT_URL", "http://h")]).unwrap(), "AWS_ENDPOINT_URL");
        assert_eq!(moved(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://h")]), None);
        let ignored = &[("AWS_ENDPOINT_URL", "http://h"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")];
        assert_eq!(moved(ignored), None);
    }

    #[test]
    fn an_endpoint_that_is_not_a_web_address_is_refused() {
        let refused = |text: &str| wrong_field(with("endpoint", json!(text))) == "endpoint";
        assert!(refused("ftp://localhost"));
        assert!(refused("http://"));
        assert!(refused(":8000"));
        assert!(refused("local host"));
        assert!(refused("http://user:s3cret@localhost"));
        assert!(refused("user%3As3cret%40localhost"));
        assert!(refused("http://localhost/?key=s3cret"));
        assert!(refused(""));
    }

    #[test]
    fn retries_count_the_first_attempt_too() {
        assert_eq!(with("maxRetries", json!(0)).unwrap().max_attempts, Some(1));
        assert_eq!(with("maxRetries", json!(10)).unwrap().max_attempts, Some(11));
        assert_eq!(with("maxAttempts", json!(2)).unwrap().max_attempts, Some(2));
        assert_eq!(wrong_field(with("maxAttempts", json!(0))), "maxAttempts");
        let both = json!({ "maxRetries": 1, "maxAttempts": 2 });
        assert_eq!(wrong_field(read(both)), "maxRetries");
    }

    #[test]
    fn credentials_are_read_from_the_object_or_beside_it() {
        let beside = json!({ "accessKeyId": "id", "secretAccessKey": "secret" });
        assert_eq!(read(beside).unwrap().credentials.unwrap().access_key_id.expose(), "id");
        let object = json!({ "accessKeyId": "id", "secretAccessKey": "secret", "sessionToken": "token" });
        let object = with("credentials", object).unwrap().credentials.unwrap();
        assert_eq!(object.secret_access_key.expose(), "secret");
        assert_eq!(object.session_token.unwrap().expose(), "token");
    }

    #[test]
    fn half_of_a_key_names_the_other_half() {
        assert_eq!(wrong_field(with("accessKeyId", json!("id"))), "secretAccessKey");
        assert_eq!(wrong_field(with("secretAccessKey", json!("secret"))), "accessKeyId");
        assert_eq!(wrong_field(with("credentials", json!({ "accessKeyId": "id" }))), "secretAccessKey");
        assert_eq!(wrong_field(with("sessionToken", json!("token"))), "accessKeyId");
    }

    #[test]
    fn times_are_read_from_the_http_options() {
        let config = with("httpOptions", json!({ "timeout": 250, "connectTimeout": "2s" })).unwrap();
        assert_eq!(config.attempt_timeout, Some(Duration::from_millis(250)));
        assert_eq!(config.connect_timeout, Duration::from_secs(2));
    }

    #[test]
    fn zero_is_no_limit_of_its_own_as_in_other_clients() {
        let config = with("httpOptions", json!({ "timeout": 0, "connectTimeout": 0 })).unwrap();
        assert_eq!((config.attempt_timeout, config.connect_timeout), (None, Duration::from_secs(1)));
    }

    #[test]
    fn credentials_without_a_key_are_refused_and_not_taken_from_elsewhere() {
        let error = with("credentials", json!({})).unwrap_err();
        assert_eq!(error.field(), Some("credentials"));
        assert_eq!(error.message(), "options.credentials has neither accessKeyId nor secretAccessKey");
    }

    #[test]
    fn debug_output_does_not_hold_credentials() {
        let key = json!({ "accessKeyId": "AKIAID", "secretAccessKey": "s3cret", "sessionToken": "t0ken" });
        let printed = format!("{:?}", with("credentials", key).unwrap());
        assert!(!printed.contains("AKIAID"), "{printed}");
        assert!(!printed.contains("s3cret"), "{printed}");
        assert!(!printed.contains("t0ken"), "{printed}");
    }

    #[test]
    fn options_of_a_wrong_type_are_refused() {
        assert_eq!(wrong_field(with("region", json!(1))), "region");
        assert!(wrong_field(with("httpOptions", json!("fast"))).ends_with("httpOptions"));
        assert_eq!(wrong_field(with("httpOptions", json!({ "timeout": -1 }))), "timeout");
    }
}
