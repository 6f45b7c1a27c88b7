//! Buckets on the servers under test, with stores over them and a client beside them.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use redkv::clock::{Clock, ManualClock, SystemClock};
use redkv::options::Fields;
use redkv::stores::{S3Config, S3Store};
use redkv_testing::conformance::Subject;
use serde_json::{Value, json};

use crate::support;
use crate::support::proxy::Proxy;

pub(crate) const EMULATOR: &str = "REDKV_TEST_S3_ENDPOINT";
pub(crate) const FILES: &str = "REDKV_TEST_S3_FILES_ENDPOINT";

/// A bucket on a server under test.
pub(crate) struct Bucket {
    pub(crate) endpoint: String,
    pub(crate) name: String,
}

impl Bucket {
    pub(crate) fn named(server: &str) -> Self {
        Self { endpoint: support::server(server), name: format!("redkv-{:016x}", fastrand::u64(..)) }
    }

    pub(crate) async fn create(server: &str) -> Self {
        let bucket = Self::named(server);
        bucket.make().await;
        bucket
    }

    pub(crate) async fn make(&self) {
        self.client().create_bucket().bucket(&self.name).send().await.unwrap();
    }

    pub(crate) async fn behind_proxy() -> (Self, Proxy) {
        let bucket = Self::create(EMULATOR).await;
        let proxy = Proxy::start(&bucket.endpoint);
        (Self { endpoint: proxy.endpoint.clone(), ..bucket }, proxy)
    }

    pub(crate) fn store(&self, options: Value) -> S3Store {
        self.store_with_clock(options, Arc::new(SystemClock))
    }

    pub(crate) fn store_with_clock(&self, mut options: Value, clock: Arc<dyn Clock>) -> S3Store {
        options["bucket"] = json!(self.name);
        options["endpoint"] = json!(self.endpoint);
        options["forcePathStyle"] = json!(true);
        if options.get("credentials").is_none() {
            options["credentials"] = json!({ "accessKeyId": "test", "secretAccessKey": "test" });
        }
        store(options, clock)
    }

    pub(crate) fn subject(&self, options: Value) -> Subject {
        let clock = Arc::new(ManualClock::starting_at(SystemClock.now()));
        Subject::with_clock(Arc::new(self.store_with_clock(options, clock.clone())), clock)
    }

    pub(crate) fn client(&self) -> Client {
        use aws_smithy_http_client::{Builder, tls};
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(Builder::new().tls_provider(provider).build_https())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .force_path_style(true)
            .endpoint_url(&self.endpoint);
        Client::from_conf(config.build())
    }

    pub(crate) async fn put(&self, name: &str, body: &'static str) {
        let body = ByteStream::from_static(body.as_bytes());
        self.client().put_object().bucket(&self.name).key(name).body(body).send().await.unwrap();
    }

    pub(crate) async fn head(&self, name: &str) -> HeadObjectOutput {
        self.client().head_object().bucket(&self.name).key(name).send().await.unwrap()
    }

    pub(crate) async fn names(&self) -> BTreeSet<String> {
        let answer = self.client().list_objects_v2().bucket(&self.name).send().await.unwrap();
        answer.contents.unwrap_or_default().into_iter().filter_map(|object| object.key).collect()
    }
}

pub(crate) fn store(options: Value, clock: Arc<dyn Clock>) -> S3Store {
    let mut fields = Fields::new("s3 options", options).unwrap();
    let config = S3Config::from_fields(&mut fields).unwrap();
    fields.finish().unwrap();
    S3Store::new(config, clock)
}
