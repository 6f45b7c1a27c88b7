//! Makes the table, its indexes, and the deletion of what has expired.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, IndexStatus, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ProvisionedThroughput, ScalarAttributeType, TableDescription, TableStatus,
    TimeToLiveDescription, TimeToLiveSpecification, TimeToLiveStatus,
};
use aws_smithy_types::error::operation::BuildError;
use redkv_records::record::{ID, NAME};
use redkv_records::{GlobalIndex, Index, LocalIndex, TableShape};
use serde_json::json;

use super::items::{EXPIRES, VERSION};
use super::table::{Table, is_partial, partial, shape_of};
use crate::aws::attempts::Attempts;
use crate::dynamodb::error::VALIDATION;
use crate::tables::access::unmade;
use redkv_core::backoff::jittered;
use redkv_core::error::{Error, ErrorKind, Result};

type Built<T> = std::result::Result<T, BuildError>;

/// Between looks at a table that is being made.
const PAUSE: Duration = Duration::from_millis(500);

impl Table {
    /// Makes the table unless it is there, adds what is missing of `shape`, and waits until all of it can be used.
    pub(super) async fn create(&self, shape: &TableShape) -> Result<()> {
        if self.described().await?.is_none() {
            self.request_creation(shape).await?;
        }
        loop {
            let table = self.settled().await?;
            self.check_description(&table)?;
            match missing(&self.name, &table, shape)? {
                Some(index) => self.request_index(&table, index).await?,
                None => break,
            }
        }
        if shape.ttl { self.switch_deletion_on().await } else { Ok(()) }
    }

    /// Waits until the table and its indexes can be used.
    async fn settled(&self) -> Result<TableDescription> {
        loop {
            match self.described().await? {
                Some(table) if table.table_status() == Some(&TableStatus::Deleting) => {
                    let message = format!("the table '{}' is being deleted", self.name);
                    return Err(Error::new(ErrorKind::Store, message).retryable(true));
                }
                Some(table) if is_settled(&table) => return Ok(table),
                _ => tokio::time::sleep(jittered(PAUSE)).await,
            }
        }
    }

    async fn request_creation(&self, shape: &TableShape) -> Result<()> {
        let attempts = Attempts::default();
        let mut request =
            self.client.create_table().table_name(&self.name).billing_mode(BillingMode::PayPerRequest);
        request = request.set_key_schema(Some(schema(ID, NAME).map_err(unmade)?));
        request = request.set_attribute_definitions(Some(definitions(shape).map_err(unmade)?));
        for index in &shape.local {
            request = request.local_secondary_indexes(local(index).map_err(unmade)?);
        }
        for index in &shape.global {
            request = request.global_secondary_indexes(global(index).map_err(unmade)?);
        }
        let sent = request.customize().interceptor(attempts.clone()).send();
        match self.reported("CreateTable", self.about_table(), sent, |_| None).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some(IN_USE) => Ok(()),
            Err(error) => Err(self.failed(error, &attempts)),
        }
    }

    /// Asks for an index, unless the table is being changed.
    async fn request_index(&self, table: &TableDescription, index: &GlobalIndex) -> Result<()> {
        let attempts = Attempts::default();
        let own = TableShape { global: vec![index.clone()], ..TableShape::default() };
        let create = added(index, throughput(table).map_err(unmade)?).map_err(unmade)?;
        let request = self
            .client
            .update_table()
            .table_name(&self.name)
            .set_attribute_definitions(Some(definitions(&own).map_err(unmade)?))
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(create).build())
            .customize();
        let sent = request.interceptor(attempts.clone()).send();
        match self.reported("UpdateTable", self.about_table(), sent, |_| None).await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.code(), Some(IN_USE | "LimitExceededException")) => {
                tokio::time::sleep(jittered(PAUSE)).await;
                Ok(())
            }
            Err(error) => Err(self.failed(error, &attempts)),
        }
    }

    /// Has the service delete what has expired.
    async fn switch_deletion_on(&self) -> Result<()> {
        if self.deletes_expired().await? {
            return Ok(());
        }
        let attempts = Attempts::default();
        let specification = TimeToLiveSpecification::builder().enabled(true).attribute_name(EXPIRES).build();
        let request = self.client.update_time_to_live().table_name(&self.name);
        let request = request.time_to_live_specification(specification.map_err(unmade)?).customize();
        let sent = request.interceptor(attempts.clone()).send();
        match self.reported("UpdateTimeToLive", self.about_table(), sent, |_| None).await {
            Ok(_) => Ok(()),
            // Another process may have done so meanwhile.
            Err(error) if error.code() == Some(VALIDATION) && self.deletes_expired().await? => Ok(()),
            Err(error) => Err(self.failed(error, &attempts)),
        }
    }

    /// Returns whether the service deletes what has expired. Fails if it goes by another attribute.
    async fn deletes_expired(&self) -> Result<bool> {
        let attempts = Attempts::default();
        let request = self.client.describe_time_to_live().table_name(&self.name).customize();
        let sent = request.interceptor(attempts.clone()).send();
        match self.reported("DescribeTimeToLive", self.about_table(), sent, |_| None).await {
            Ok(answer) => goes_by_expires(&self.name, answer.time_to_live_description.as_ref()),
            Err(error) => Err(self.failed(error, &attempts)),
        }
    }

    fn about_table(&self) -> Option<Box<str>> {
        self.meter.input(|| json!({ "TableName": self.name }))
    }
}

/// The error code of a request about a table that is being changed, or is there already.
const IN_USE: &str = "ResourceInUseException";

fn goes_by_expires(table: &str, described: Option<&TimeToLiveDescription>) -> Result<bool> {
    let Some(described) = described else { return Ok(false) };
    match described.time_to_live_status() {
        Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling) => {}
        _ => return Ok(false),
    }
    if described.attribute_name() == Some(EXPIRES) {
        return Ok(true);
    }
    let message = format!("the table '{table}' deletes items by another attribute than '{EXPIRES}'");
    Err(Error::argument("ttl", message))
}

fn is_settled(table: &TableDescription) -> bool {
    let is_changing = matches!(table.table_status(), Some(TableStatus::Creating | TableStatus::Updating));
    let mut indexes = table.global_secondary_indexes().iter();
    !is_changing && indexes.all(|index| index.index_status() != Some(&IndexStatus::Creating))
}

/// Returns a global index of `shape` that is missing. Fails if a local one is, or what is there is another.
fn missing<'a>(
    name: &str,
    table: &TableDescription,
    shape: &'a TableShape,
) -> Result<Option<&'a GlobalIndex>> {
    let own = shape_of(table);
    own.clone().and(shape)?;
    let is_there = |index: &LocalIndex| own.local.contains(index);
    if let Some(index) = shape.local.iter().find(|index| !is_there(index)) {
        let message = format!(
            "the table '{name}' has no local index '{}', and one can only be made together with the table",
            index.name
        );
        return Err(Error::argument("localIndex", message));
    }
    if let Some(index) = shape.indexes().find(|index| is_partial(table, index.name())) {
        return Err(partial(&index));
    }
    Ok(shape.global.iter().find(|index| !own.global.contains(index)))
}

fn schema(hash_key: &str, sort_key: &str) -> Built<Vec<KeySchemaElement>> {
    let key =
        |name: &str, role: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(role).build();
    Ok(vec![key(hash_key, KeyType::Hash)?, key(sort_key, KeyType::Range)?])
}

/// The types of all key attributes.
fn definitions(shape: &TableShape) -> Built<Vec<AttributeDefinition>> {
    let indexes: Vec<_> = shape.indexes().collect();
    let keys = indexes.iter().flat_map(|index: &Index| [index.hash_key(), index.sort_key()]);
    let keys: BTreeSet<_> = keys.chain([ID, NAME]).collect();
    let definition = |name: &str| {
        let is_number = name == VERSION || name == EXPIRES;
        let kind = if is_number { ScalarAttributeType::N } else { ScalarAttributeType::S };
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
    };
    keys.into_iter().map(definition).collect()
}

fn everything() -> Projection {
    Projection::builder().projection_type(ProjectionType::All).build()
}

fn local(index: &LocalIndex) -> Built<LocalSecondaryIndex> {
    let schema = schema(ID, &index.sort_key)?;
    LocalSecondaryIndex::builder()
        .index_name(&index.name)
        .set_key_schema(Some(schema))
        .projection(everything())
        .build()
}

fn global(index: &GlobalIndex) -> Built<GlobalSecondaryIndex> {
    let schema = schema(&index.hash_key, &index.sort_key)?;
    GlobalSecondaryIndex::builder()
        .index_name(&index.name)
        .set_key_schema(Some(schema))
        .projection(everything())
        .build()
}

fn added(
    index: &GlobalIndex,
    throughput: Option<ProvisionedThroughput>,
) -> Built<CreateGlobalSecondaryIndexAction> {
    let schema = schema(&index.hash_key, &index.sort_key)?;
    CreateGlobalSecondaryIndexAction::builder()
        .index_name(&index.name)
        .set_key_schema(Some(schema))
        .projection(everything())
        .set_provisioned_throughput(throughput)
        .build()
}

/// What an index of the table is provisioned with: as much as the table, unless that is paid per request.
fn throughput(table: &TableDescription) -> Built<Option<ProvisionedThroughput>> {
    let units = table.provisioned_throughput();
    let read = units.and_then(|units| units.read_capacity_units()).filter(|units| *units > 0);
    let write = units.and_then(|units| units.write_capacity_units()).filter(|units| *units > 0);
    let (Some(read), Some(write)) = (read, write) else { return Ok(None) };
    let units = ProvisionedThroughput::builder().read_capacity_units(read).write_capacity_units(write);
    units.build().map(Some)
}
