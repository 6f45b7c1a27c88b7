//! The table, as the format has it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TableStatus,
};
use aws_smithy_types::error::operation::BuildError;

use super::config::DynamoDbStructuresConfig;
use super::items::RANK;
use crate::aws::attempts::Attempts;
use crate::tables::access::{Access, unmade};
use crate::tables::meter::Meter;
use redkv_core::backoff::jittered;
use redkv_core::error::{Error, Result};

/// A table of the format, or the place where one shall be.
#[derive(Debug)]
pub(super) struct Table {
    access: Access,
    pub(super) strict: bool,
}

impl Deref for Table {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.access
    }
}

impl Table {
    /// Makes clients. Sends nothing to the service yet.
    pub(super) async fn connect(config: &DynamoDbStructuresConfig, meter: Arc<Meter>) -> Result<Self> {
        let access = Access::connect(&config.client, &config.table, ["hk", "rk"], meter).await?;
        Ok(Self { access, strict: config.strict_kinds })
    }

    /// Fails if the table is missing, or not of the format.
    pub(super) async fn check(&self) -> Result<()> {
        self.check_description(&self.found().await?)
    }

    fn check_description(&self, table: &TableDescription) -> Result<()> {
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
