//! Access to a table: its clients, its description, and what requests to it consume.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{TableDescription, TableStatus};
use aws_smithy_types::error::operation::BuildError;
use serde_json::json;

use super::meter::{Meter, Units};
use crate::aws::AwsConfig;
use crate::aws::attempts::{Attempts, OnlyOnce};
use crate::aws::client;
use crate::dynamodb::error;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};

/// More is no answer of the service: it brings 16 MB of items at a time, or the 100 items of a transaction, in JSON.
const LARGEST_ANSWER: usize = 128 << 20;

/// A table, or the place where one shall be.
#[derive(Debug)]
pub(crate) struct Access {
    /// Sends again what failed: reads, and transactions with their token.
    pub(crate) client: Client,
    /// Sends nothing again that may have been carried out.
    pub(crate) once: Client,
    pub(crate) name: String,
    /// The attributes of the primary key.
    pub(crate) keys: [&'static str; 2],
    pub(crate) meter: Arc<Meter>,
    /// Whether the service was seen to return the item for which the condition of a write failed. One of before 2023 does so
    /// in transactions only.
    returns_found: AtomicBool,
}

impl Access {
    /// Makes clients. Sends nothing to the service yet.
    pub(crate) async fn connect(
        config: &AwsConfig,
        name: &str,
        keys: [&'static str; 2],
        meter: Arc<Meter>,
    ) -> Result<Self> {
        let (settings, renewal) = client::settings(config, None, LARGEST_ANSWER).await?;
        let settings = Builder::from(&settings).interceptor(renewal.clone()).retry_classifier(renewal);
        Ok(Self {
            client: Client::from_conf(settings.clone().build()),
            once: Client::from_conf(settings.retry_classifier(OnlyOnce).build()),
            name: name.to_owned(),
            keys,
            meter,
            returns_found: AtomicBool::new(false),
        })
    }

    /// Returns the description of the table, unless it is missing.
    pub(crate) async fn described(&self) -> Result<Option<TableDescription>> {
        let attempts = Attempts::default();
        let input = self.meter.input(|| json!({ "TableName": self.name }));
        let request = self.client.describe_table().table_name(&self.name).customize();
        let sent = request.interceptor(attempts.clone()).send();
        match self.reported("DescribeTable", input, sent, |_| None).await {
            Ok(answer) => Ok(answer.table),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            // It changes nothing, so nothing is in doubt.
            Err(error) => Err(self.failed(error, &attempts).outcome(Outcome::NotApplied)),
        }
    }

    /// Returns the description of the table. Fails if it is missing or still being created.
    pub(crate) async fn found(&self) -> Result<TableDescription> {
        let Some(table) = self.described().await? else {
            let message =
                format!("the table '{}' does not exist in this region: createTable() makes it", self.name);
            return Err(Error::new(ErrorKind::Store, message));
        };
        if table.table_status() == Some(&TableStatus::Creating) {
            let message = format!("the table '{}' is still being created", self.name);
            return Err(Error::new(ErrorKind::Store, message).retryable(true));
        }
        Ok(table)
    }

    /// The error of a request that failed.
    pub(crate) fn failed<E>(&self, error: SdkError<E>, attempts: &Attempts) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        error::map(error, attempts, &self.name)
    }

    /// Waits for a request and counts what it consumed: `units` of its answer.
    pub(crate) async fn timed<T, E>(
        &self,
        operation: &'static str,
        request: impl Future<Output = std::result::Result<T, E>>,
        units: impl FnOnce(&T) -> Option<Units>,
    ) -> std::result::Result<T, E> {
        self.reported(operation, None, request, units).await
    }

    /// Waits for a request that asks for `input`, and counts what it consumed: `units` of its answer.
    pub(crate) async fn reported<T, E>(
        &self,
        operation: &'static str,
        input: Option<Box<str>>,
        request: impl Future<Output = std::result::Result<T, E>>,
        units: impl FnOnce(&T) -> Option<Units>,
    ) -> std::result::Result<T, E> {
        let start = Instant::now();
        let answer = request.await;
        let units = answer.as_ref().ok().and_then(units);
        self.meter.count(operation, input, start.elapsed(), units);
        answer
    }

    /// Returns whether the service returns the item for which the condition of a write failed, as far as was seen.
    pub(crate) fn returns_found(&self) -> bool {
        self.returns_found.load(Ordering::Relaxed)
    }

    pub(crate) fn saw_found(&self) {
        self.returns_found.store(true, Ordering::Relaxed);
    }
}

/// A request without a field that it needs: a defect.
pub(crate) fn unmade(error: BuildError) -> Error {
    Error::new(ErrorKind::Internal, "a defect of RedKV: a request lacks a field").caused_by(error)
}
