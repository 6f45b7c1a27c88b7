//! The backend over a table.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{self, BoxFuture, FutureExt};
use redkv_records::{Action, Answer, Command, Records, TableShape};

use super::config::DynamoDbRecordsConfig;
use super::table::Table;
use crate::tables::meter::Meter;
use crate::tables::reads::MOST_KEYS;
use redkv_core::error::Result;
use redkv_core::opening::Opening;
use redkv_core::service::{Batching, RequestObserver, Usage};
use redkv_core::store::{Answers, answer_all};

/// Keeps records in a table of Amazon DynamoDB, which the Go package `dynastore` reads and writes as well.
///
/// A record is an item. Nothing that may have been carried out is sent again, but reads.
pub struct DynamoDbRecords {
    config: DynamoDbRecordsConfig,
    meter: Arc<Meter>,
    table: Opening<Table>,
    checked: Opening<()>,
}

impl DynamoDbRecords {
    /// A backend over the table that `config` names. Looks for it when it is first used.
    pub fn new(config: DynamoDbRecordsConfig) -> Self {
        let meter = Arc::new(Meter::with_input());
        Self { config, meter, table: Opening::default(), checked: Opening::default() }
    }

    /// The table, whether or not it is there.
    async fn place(&self) -> Result<&Arc<Table>> {
        self.table
            .get(|| {
                let (config, meter) = (self.config.clone(), self.meter.clone());
                async move { Table::connect(&config, meter).await }
            })
            .await
    }

    /// The table, which is there and of the format.
    async fn table(&self) -> Result<&Arc<Table>> {
        let table = self.place().await?;
        let place = table.clone();
        self.checked.get(|| async move { place.check().await }).await?;
        Ok(table)
    }
}

impl fmt::Debug for DynamoDbRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbRecords").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Records for DynamoDbRecords {
    fn name(&self) -> &'static str {
        "dynamodb"
    }

    fn batching(&self) -> Batching {
        Batching::Apart(MOST_KEYS)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.table().map(|table| table.map(|_| ())).boxed()
    }

    fn create_table<'a>(&'a self, shape: &'a TableShape) -> BoxFuture<'a, Result<()>> {
        async move { self.place().await?.create(shape).await }.boxed()
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        async move {
            let table = match self.table().await {
                Ok(table) => table,
                Err(error) => return answer_all(commands.len(), &Err(error)),
            };
            if commands.iter().all(Command::goes_together) {
                return table.read_all(commands).await;
            }
            let mut answers = Vec::with_capacity(commands.len());
            for command in commands {
                answers.push(run_one(table, command).await);
            }
            answers
        }
        .boxed()
    }

    fn usage(&self) -> Usage {
        self.meter.usage()
    }

    fn observe(&self, observer: RequestObserver) {
        self.meter.observe(observer);
    }

    /// Nothing to end: requests under way finish, and idle connections are closed with the backend.
    fn close(&self) -> BoxFuture<'_, ()> {
        future::ready(()).boxed()
    }
}

async fn run_one(table: &Table, command: &Command) -> Result<Answer> {
    match &command.action {
        Action::Get { .. } | Action::Exists { .. } => {
            let mut answers = table.read_all(std::slice::from_ref(command)).await;
            answers.swap_remove(0)
        }
        Action::List(listing) => {
            table.list(&command.place.partition, listing, command.now).await.map(Answer::Page)
        }
        _ => table.change(command).await,
    }
}
