//! The table: its client, its description, and what requests to it consume.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TableStatus,
};
use aws_smithy_types::error::operation::BuildError;

use super::config::DynamoDbStructuresConfig;
use super::items::RANK;
use crate::aws::attempts::{Attempts, OnlyOnce};
use crate::aws::client;
use crate::dynamodb::error;
use redkv_core::backoff::jittered;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::lock::Lock;
use redkv_structures::{RequestReport, Usage};

/// More is no answer of the service: it brings 16 MB of items at a time, or the 100 items of a transaction, in JSON.
const LARGEST_ANSWER: usize = 128 << 20;

/// A table of the format, or the place where one shall be.
#[derive(Debug)]
pub(super) struct Table {
    /// Sends again what failed: reads, and transactions with their token.
    pub(super) client: Client,
    /// Sends nothing again that may have been carried out.
    pub(super) once: Client,
    pub(super) name: String,
    pub(super) strict: bool,
    pub(super) meter: Arc<Meter>,
    /// Whether the service was seen to return the item for which the condition of a write failed. One of before 2023 does so
    /// in transactions only.
    returns_found: AtomicBool,
}

impl Table {
    /// Makes clients. Sends nothing to the service yet.
    pub(super) async fn connect(config: &DynamoDbStructuresConfig, meter: Arc<Meter>) -> Result<Self> {
        let (settings, renewal) = client::settings(&config.client, None, LARGEST_ANSWER).await?;
        let settings = Builder::from(&settings).interceptor(renewal.clone()).retry_classifier(renewal);
        Ok(Self {
            client: Client::from_conf(settings.clone().build()),
            once: Client::from_conf(settings.retry_classifier(OnlyOnce).build()),
            name: config.table.clone(),
            strict: config.strict_kinds,
            meter,
            returns_found: AtomicBool::new(false),
        })
    }

    /// Fails if the table is missing, or not of the format.
    pub(super) async fn check(&self) -> Result<()> {
        match self.described().await? {
            Some(description) => self.check_description(&description),
            None => Err(Error::new(
                ErrorKind::Store,
                format!("the table '{}' does not exist in this region: createTable() makes it", self.name),
            )),
        }
    }

    async fn described(&self) -> Result<Option<TableDescription>> {
        let attempts = Attempts::default();
        let request = self.client.describe_table().table_name(&self.name).customize();
        match self.timed("DescribeTable", request.interceptor(attempts.clone()).send(), |_| None).await {
            Ok(answer) => Ok(answer.table),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            // It changes nothing, so nothing is in doubt.
            Err(error) => Err(self.failed(error, &attempts).outcome(Outcome::NotApplied)),
        }
    }

    fn check_description(&self, table: &TableDescription) -> Result<()> {
        if table.table_status() == Some(&TableStatus::Creating) {
            let message = format!("the table '{}' is still being created", self.name);
            return Err(Error::new(ErrorKind::Store, message).retryable(true));
        }
        let is_key = |keys: &[KeySchemaElement], range: &str| {
            let is = |name: &str, role: &KeyType| {
                keys.iter().any(|key| key.attribute_name == name && key.key_type == *role)
            };
            keys.len() == 2 && is("hk", &KeyType::Hash) && is(range, &KeyType::Range)
        };
        let are_binary = ["hk", "rk", RANK].iter().all(|name| {
            table.attribute_definitions().iter().any(|attribute| {
                attribute.attribute_name == *name && attribute.attribute_type == ScalarAttributeType::B
            })
        });
        let has_index = table
            .local_secondary_indexes()
            .iter()
            .any(|index| index.index_name() == Some(RANK) && is_key(index.key_schema(), RANK));
        if is_key(table.key_schema(), "rk") && are_binary && has_index {
            return Ok(());
        }
        let message = format!(
            "the table '{}' needs the hash key hk, the range key rk and a local index rk2 with the range key rk2, all of \
             type B",
            self.name
        );
        Err(Error::argument("tableName", message))
    }

    /// Makes the table unless it is there, and waits until it can be used.
    pub(super) async fn create(&self) -> Result<()> {
        const PAUSE: Duration = Duration::from_millis(500);
        if self.described().await?.is_none() {
            self.request_creation().await?;
        }
        loop {
            let status = self.described().await?;
            match status {
                Some(table) if table.table_status() != Some(&TableStatus::Creating) => {
                    return self.check_description(&table);
                }
                _ => tokio::time::sleep(jittered(PAUSE)).await,
            }
        }
    }

    async fn request_creation(&self) -> Result<()> {
        let attempts = Attempts::default();
        let request = self.client.create_table().table_name(&self.name);
        let request = shaped(request).map_err(unmade)?.billing_mode(BillingMode::PayPerRequest).customize();
        match self.timed("CreateTable", request.interceptor(attempts.clone()).send(), |_| None).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
            Err(error) => Err(self.failed(error, &attempts)),
        }
    }

    /// The error of a request that failed.
    pub(super) fn failed<E>(&self, error: SdkError<E>, attempts: &Attempts) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        error::map(error, attempts, &self.name)
    }

    /// Waits for a request and counts what it consumed: `units` of its answer.
    pub(super) async fn timed<T, E>(
        &self,
        operation: &'static str,
        request: impl Future<Output = std::result::Result<T, E>>,
        units: impl FnOnce(&T) -> Option<Units>,
    ) -> std::result::Result<T, E> {
        let start = Instant::now();
        let answer = request.await;
        let units = answer.as_ref().ok().and_then(units);
        self.meter.count(operation, start.elapsed(), units);
        answer
    }

    /// Returns whether the service returns the item for which the condition of a write failed, as far as was seen.
    pub(super) fn returns_found(&self) -> bool {
        self.returns_found.load(Ordering::Relaxed)
    }

    pub(super) fn saw_found(&self) {
        self.returns_found.store(true, Ordering::Relaxed);
    }
}

fn shaped(request: CreateTableFluentBuilder) -> std::result::Result<CreateTableFluentBuilder, BuildError> {
    let binary = |name: &str| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::B).build()
    };
    let key =
        |name: &str, role: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(role).build();
    let index = LocalSecondaryIndex::builder()
        .index_name(RANK)
        .key_schema(key("hk", KeyType::Hash)?)
        .key_schema(key(RANK, KeyType::Range)?)
        .projection(Projection::builder().projection_type(ProjectionType::All).build());
    Ok(request
        .attribute_definitions(binary("hk")?)
        .attribute_definitions(binary("rk")?)
        .attribute_definitions(binary(RANK)?)
        .key_schema(key("hk", KeyType::Hash)?)
        .key_schema(key("rk", KeyType::Range)?)
        .local_secondary_indexes(index.build()?))
}

/// A request without a field that it needs: a defect.
pub(super) fn unmade(error: BuildError) -> Error {
    Error::new(ErrorKind::Internal, "a defect of RedKV: a request lacks a field").caused_by(error)
}

/// Capacity units that a request consumed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Units {
    Read(f64),
    Write(f64),
}

/// Told of each request.
type Observer = Arc<dyn Fn(&RequestReport) + Send + Sync>;

/// Counts what requests consume, and reports them.
#[derive(Default)]
pub(super) struct Meter {
    usage: Lock<Usage>,
    observer: OnceLock<Observer>,
}

impl Meter {
    pub(super) fn usage(&self) -> Usage {
        *self.usage.lock()
    }

    pub(super) fn observe(&self, observer: Observer) {
        // Only the first counts.
        let _ = self.observer.set(observer);
    }

    fn count(&self, operation: &'static str, duration: Duration, units: Option<Units>) {
        {
            let mut usage = self.usage.lock();
            usage.requests += 1;
            match units {
                Some(Units::Read(units)) => usage.read_units += units,
                Some(Units::Write(units)) => usage.write_units += units,
                None => {}
            }
        }
        if let Some(observer) = self.observer.get() {
            let units = units.map(|(Units::Read(units) | Units::Write(units))| units);
            observer(&RequestReport { operation, duration, units, input: None });
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("usage", &self.usage()).finish_non_exhaustive()
    }
}
