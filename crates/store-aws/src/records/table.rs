//! The table, as the format has it.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{
    KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType, TableDescription,
};
use redkv_records::index::argument;
use redkv_records::limits::check_record;
use redkv_records::record::{ID, NAME};
use redkv_records::{Change, GlobalIndex, Index, LocalIndex, Place, Record, TableShape};

use super::config::DynamoDbRecordsConfig;
use super::items::PAYLOAD;
use crate::tables::access::Access;
use crate::tables::meter::Meter;
use redkv_core::error::{Error, Result};
use redkv_core::lock::Lock;

/// A table of the format, or the place where one shall be.
#[derive(Debug)]
pub(super) struct Table {
    access: Access,
    /// What it had when it was looked at.
    shape: Lock<Arc<TableShape>>,
    /// The names of indexes that cannot be read, for they have some attributes only.
    partial: Lock<BTreeSet<String>>,
}

impl Deref for Table {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.access
    }
}

impl Table {
    /// Makes clients. Sends nothing to the service yet.
    pub(super) async fn connect(config: &DynamoDbRecordsConfig, meter: Arc<Meter>) -> Result<Self> {
        let access = Access::connect(&config.client, &config.table, [ID, NAME], meter).await?;
        Ok(Self { access, shape: Lock::default(), partial: Lock::default() })
    }

    /// Fails if the table is missing, or not of the format.
    pub(super) async fn check(&self) -> Result<()> {
        self.check_description(&self.found().await?)
    }

    pub(super) fn check_description(&self, table: &TableDescription) -> Result<()> {
        let is_text = |name: &str| {
            table.attribute_definitions().iter().any(|attribute| {
                attribute.attribute_name == name && attribute.attribute_type == ScalarAttributeType::S
            })
        };
        if keys(table.key_schema()) == (Some(ID), Some(NAME)) && is_text(ID) && is_text(NAME) {
            let shape = shape_of(table);
            let partial = shape.indexes().filter(|index| is_partial(table, index.name()));
            *self.partial.lock() = partial.map(|index| index.name().to_owned()).collect();
            *self.shape.lock() = Arc::new(shape);
            return Ok(());
        }
        let message =
            format!("the table '{}' needs the hash key id and the range key name, both of type S", self.name);
        Err(Error::argument("tableName", message))
    }

    /// Fails if the table does not have this index, or not all attributes in it. One that is not known may have been made meanwhile.
    pub(super) async fn check_index(&self, index: &Index) -> Result<()> {
        if self.check_known(index).is_ok() {
            return Ok(());
        }
        self.check().await?;
        self.check_known(index)
    }

    fn check_known(&self, index: &Index) -> Result<()> {
        self.shape.lock().check(index)?;
        if self.partial.lock().contains(index.name()) { Err(partial(index)) } else { Ok(()) }
    }

    /// Fails if what is written cannot be a key of an index.
    pub(super) fn check_keys_of_indexes(&self, place: &Place, change: &Change) -> Result<()> {
        let shape = self.shape.lock().clone();
        let indexes: Vec<_> = shape.indexes().collect();
        let keys: BTreeSet<_> =
            indexes.iter().flat_map(|index| [index.hash_key(), index.sort_key()]).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let value = change.value.clone().filter(|_| keys.contains(PAYLOAD));
        let given = change.fields.iter().filter(|(name, _)| keys.contains(&***name));
        let fields = given.filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect();
        check_record(&shape, &Record { place: place.clone(), version: 1, expires: None, value, fields })
    }
}

/// Returns the hash key and the range key.
fn keys(schema: &[KeySchemaElement]) -> (Option<&str>, Option<&str>) {
    let named =
        |role: KeyType| schema.iter().find(|key| key.key_type == role).map(|key| key.attribute_name.as_str());
    (named(KeyType::Hash), named(KeyType::Range))
}

/// Returns what a table has besides its primary key, but for the deletion of what has expired.
pub(super) fn shape_of(table: &TableDescription) -> TableShape {
    let local = table.local_secondary_indexes().iter().map(|index| {
        let (_, sort_key) = keys(index.key_schema());
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        LocalIndex { name: text(index.index_name()), sort_key: text(sort_key) }
    });
    let global = table.global_secondary_indexes().iter().map(|index| {
        let (hash_key, sort_key) = keys(index.key_schema());
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        GlobalIndex { name: text(index.index_name()), hash_key: text(hash_key), sort_key: text(sort_key) }
    });
    TableShape { local: local.collect(), global: global.collect(), ttl: false }
}

/// Returns whether an index has some attributes only: records cannot be read from it.
pub(super) fn is_partial(table: &TableDescription, index: &str) -> bool {
    let local = table.local_secondary_indexes().iter().map(|own| (own.index_name(), own.projection()));
    let global = table.global_secondary_indexes().iter().map(|own| (own.index_name(), own.projection()));
    let kind = |projection: Option<&Projection>| projection.and_then(Projection::projection_type).cloned();
    local.chain(global).any(|(name, projection)| {
        name == Some(index) && kind(projection).is_some_and(|kind| kind != ProjectionType::All)
    })
}

/// Returns the error of an index that has some attributes only.
pub(super) fn partial(index: &Index) -> Error {
    let message = format!("the index '{}' of the table does not have all attributes", index.name());
    Error::argument(argument(index), message)
}
