//! The backend over a table.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{self, BoxFuture, FutureExt};
use redkv_structures::{
    Action, Answer, AtomicAnswer, Batching, Command, Kinds, Limits, RequestReport, Structures, Usage, Write,
};

use super::config::DynamoDbStructuresConfig;
use super::reads::is_of_one_item;
use super::table::Table;
use crate::tables::meter::Meter;
use crate::tables::reads::MOST_KEYS;
use redkv_core::error::Result;
use redkv_core::opening::Opening;
use redkv_core::store::{Answers, answer_all};

/// Keeps data structures in a table of Amazon DynamoDB, which the Go package `keyvaluestore` reads and writes as well.
///
/// A value, a set and a hash share an item and are told apart by conditions; sorted members are items of their own. Nothing
/// that may have been carried out is sent again, but reads, and transactions with their token.
pub struct DynamoDbStructures {
    config: DynamoDbStructuresConfig,
    meter: Arc<Meter>,
    table: Opening<Table>,
    checked: Opening<()>,
}

impl DynamoDbStructures {
    /// A backend over the table that `config` names. Looks for it when it is first used.
    pub fn new(config: DynamoDbStructuresConfig) -> Self {
        Self { config, meter: Arc::default(), table: Opening::default(), checked: Opening::default() }
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

impl fmt::Debug for DynamoDbStructures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbStructures").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Structures for DynamoDbStructures {
    fn name(&self) -> &'static str {
        "dynamodb"
    }

    fn batching(&self) -> Batching {
        Batching::Apart(MOST_KEYS)
    }

    fn limits(&self) -> Limits {
        Limits::DYNAMODB
    }

    fn kinds(&self) -> Kinds {
        if self.config.strict_kinds { Kinds::ApartInCommands } else { Kinds::SortedBeside }
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

    fn create_table(&self) -> BoxFuture<'_, Result<()>> {
        async move { self.place().await?.create().await }.boxed()
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        async move {
            let table = match self.table().await {
                Ok(table) => table,
                Err(error) => return answer_all(commands.len(), &Err(error)),
            };
            if commands.iter().all(|command| is_of_one_item(&command.action)) {
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

    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        async move { self.table().await?.write_atomically(writes, retries).await }.boxed()
    }

    fn usage(&self) -> Usage {
        self.meter.usage()
    }

    fn observe(&self, observer: Arc<dyn Fn(&RequestReport) + Send + Sync>) {
        self.meter.observe(observer);
    }

    /// Nothing to end: requests under way finish, and idle connections are closed with the backend.
    fn close(&self) -> BoxFuture<'_, ()> {
        future::ready(()).boxed()
    }
}

async fn run_one(table: &Table, command: &Command) -> Result<Answer> {
    match &command.action {
        action if is_of_one_item(action) => {
            let mut answers = table.read_all(std::slice::from_ref(command)).await;
            answers.swap_remove(0)
        }
        Action::ZCard | Action::ZCount(_) | Action::ZLexCount(_) | Action::ZRange(_) => {
            table.read_sorted(command).await
        }
        _ => table.write_command(command).await,
    }
}
