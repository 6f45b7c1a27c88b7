//! The access key with which requests are signed.

use redkv_core::error::{Error, Result};
use redkv_core::options::{Secret, kinds, options};

options! {
    /// An AWS access key.
    pub(super) struct AccessKey is "AwsCredentials" {
        /// The public half.
        access_key_id as "accessKeyId": kinds::Expected<kinds::Text>,
        /// The secret half.
        secret_access_key as "secretAccessKey": kinds::Expected<kinds::Text>,
        /// Belongs to a temporary key.
        session_token as "sessionToken": kinds::Text,
    }
    /// Properties of the AWS SDK's credentials that have no effect here. Each gives a warning.
    legacy "LegacyAwsCredentials" ignores ["accountId", "expireTime", "expiration", "expired", "refreshCallbacks"]
}

/// An access key.
#[derive(Clone, Debug)]
pub struct AwsCredentials {
    /// The public part.
    pub access_key_id: Secret<String>,
    /// The secret part.
    pub secret_access_key: Secret<String>,
    /// Belongs to temporary keys.
    pub session_token: Option<Secret<String>>,
}

impl AwsCredentials {
    /// Returns a whole key, or an error about the half that is missing.
    pub(super) fn new(key: AccessKey) -> Result<Option<Self>> {
        let missing = |field, given| {
            Err(Error::argument(
                field,
                format!("{field} is missing: it belongs to the {given} that was given"),
            ))
        };
        let session_token = key.session_token.map(Secret::new);
        match (key.access_key_id, key.secret_access_key) {
            (Some(id), Some(secret)) => {
                Ok(Some(Self { access_key_id: id.into(), secret_access_key: secret.into(), session_token }))
            }
            (Some(_), None) => missing("secretAccessKey", "accessKeyId"),
            (None, Some(_)) => missing("accessKeyId", "secretAccessKey"),
            (None, None) if session_token.is_some() => missing("accessKeyId", "sessionToken"),
            (None, None) => Ok(None),
        }
    }
}
