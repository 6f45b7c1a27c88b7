//! The bucket, and the objects in it that are entries.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation};
use tokio::sync::Semaphore;

use super::config::S3Config;
use super::names::Names;
use crate::aws::client;
use crate::aws::requests::side_by_side;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};

/// A bucket that was looked at: it is there, and it may be listed.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) names: Names,
    /// How often a request is made at most.
    pub(super) tries: u32,
    /// The most bytes of a value.
    pub(super) longest: usize,
    max_requests: usize,
    /// For requests, over all batches.
    permits: Semaphore,
}

impl Bucket {
    /// Finding credentials and the bucket may take this long, all attempts together.
    const DEADLINE: Duration = Duration::from_secs(15);
    /// More is no answer of the service, but for a value.
    const LARGEST_LISTING: usize = 64 << 20;

    /// Makes a client and asks the service for the bucket.
    pub(super) async fn open(config: &S3Config) -> Result<Self> {
        tokio::time::timeout(Self::DEADLINE, Self::look_up(config)).await.unwrap_or_else(|_| {
            let (bucket, seconds) = (&config.bucket, Self::DEADLINE.as_secs());
            let message = format!("checking the bucket '{bucket}' timed out after {seconds} seconds");
            Err(Error::new(ErrorKind::Timeout, message).outcome(Outcome::NotApplied))
        })
    }

    async fn look_up(config: &S3Config) -> Result<Self> {
        const ANY: i32 = 1;
        let bucket = Self::of(config).await?;
        // Who may not list a bucket is not told that an object is missing, but that there is no access to it.
        bucket.list(&config.prefix, None, ANY).await?;
        Ok(bucket)
    }

    /// A bucket that was not looked at yet.
    async fn of(config: &S3Config) -> Result<Self> {
        // Services other than Amazon's take any region, and this is the one that most of them expect.
        let region = config.client.endpoint.as_ref().map(|_| "us-east-1");
        let mut shared = config.client.clone();
        // The SDK puts the name of the bucket behind the path of an endpoint as it is.
        shared.endpoint = shared.endpoint.map(|endpoint| format!("{}/", endpoint.trim_end_matches('/')));
        let largest = config.max_value_bytes.max(Self::LARGEST_LISTING);
        let (settings, renewal) = client::settings(&shared, region, largest).await?;
        // A request is signed over its body. Checksums beside that are what other services stumble over.
        let settings = Builder::from(&settings)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .force_path_style(config.path_style)
            .interceptor(renewal.clone())
            .retry_classifier(renewal)
            .build();
        let tries = settings.retry_config().map_or(1, |retry| retry.max_attempts());
        Ok(Self {
            client: Client::from_conf(settings),
            name: config.bucket.clone(),
            names: Names::new(config.prefix.clone()),
            tries,
            longest: config.max_value_bytes,
            max_requests: config.max_requests,
            permits: Semaphore::new(config.max_requests),
        })
    }

    /// Makes `requests` side by side, as many at a time as there may be.
    pub(super) async fn all<F: Future>(&self, requests: impl Iterator<Item = F>) -> Vec<F::Output> {
        let permitted = requests.map(|request| async {
            // It is never closed.
            let _permit = self.permits.acquire().await;
            request.await
        });
        side_by_side(self.max_requests, permitted.collect()).await
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::presigning::PresigningConfig;
    use serde_json::{Value, json};

    use super::*;
    use redkv_core::options::Fields;

    /// Where the object for `key` is, without the signature.
    async fn address(key: &str, mut options: Value) -> String {
        options["bucket"] = json!("mine");
        options["credentials"] = json!({ "accessKeyId": "id", "secretAccessKey": "secret" });
        let mut fields = Fields::new("options", options).unwrap();
        let bucket = Bucket::of(&S3Config::from_fields(&mut fields).unwrap()).await.unwrap();
        let name = bucket.names.name_of(key).unwrap();
        let request = bucket.client.get_object().bucket(&bucket.name).key(name);
        let presigned =
            request.presigned(PresigningConfig::expires_in(Bucket::DEADLINE).unwrap()).await.unwrap();
        presigned.uri().split('?').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn the_bucket_is_in_the_name_of_the_host_or_in_the_path() {
        let region = json!({ "region": "eu-west-1" });
        assert_eq!(address("a b/ü", region).await, "https://mine.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC");
        let path = json!({ "region": "eu-west-1", "forcePathStyle": true });
        assert_eq!(address("k", path).await, "https://s3.eu-west-1.amazonaws.com/mine/k");
        let elsewhere = json!({ "endpoint": "https://objects.example.com:9000" });
        assert_eq!(address("k", elsewhere).await, "https://mine.objects.example.com:9000/k");
        let path = json!({ "endpoint": "https://objects.example.com/s3", "forcePathStyle": true });
        assert_eq!(address("k", path).await, "https://objects.example.com/s3/mine/k");
    }

    #[tokio::test]
    async fn what_others_would_change_is_in_the_address_as_the_name_says() {
        let options = json!({ "region": "eu-west-1", "prefix": "p/" });
        let address = address("../a//b", options).await;
        assert_eq!(address, "https://mine.s3.eu-west-1.amazonaws.com/p/%252E./a/%252Fb");
    }
}
