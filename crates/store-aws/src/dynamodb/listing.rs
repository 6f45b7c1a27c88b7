//! Lists keys, page by page.

use aws_sdk_dynamodb::types::AttributeValue;

use super::error;
use super::table::Table;
use crate::aws::attempts::Attempts;
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{Cursor, Page};

/// Most items that one request looks at. They are read whole, whatever is asked of them: up to 1 MB of them.
const LOOKED_AT: i32 = 1000;

impl Table {
    /// The keys of live items that begin with `prefix`, among the next ones of the table.
    pub(crate) async fn keys(&self, prefix: &str, after: Option<&Cursor>, now: u64) -> Result<Page> {
        let attempts = Attempts::default();
        let mut conditions = vec!["attribute_exists(#v)"];
        let mut values = Vec::new();
        if !prefix.is_empty() {
            conditions.push("begins_with(#h, :prefix)");
            values.push((":prefix".to_owned(), AttributeValue::S(prefix.to_owned())));
        }
        if self.shape.ttl_attribute.is_some() {
            // Also true where there is no number to compare.
            conditions.push("NOT (#t <= :now)");
            values.push((":now".to_owned(), AttributeValue::N((now / 1000).to_string())));
        }
        let start = after.map(|after| str::from_utf8(after.as_bytes()).map(Key::from)).transpose();
        let start =
            start.map_err(|_| Error::new(ErrorKind::Internal, "the cursor does not belong to this store"))?;
        let request = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(self.consistent_reads)
            .limit(LOOKED_AT)
            .projection_expression("#h")
            .filter_expression(conditions.join(" AND "))
            .set_expression_attribute_names(Some(self.placeholders(true).into_iter().collect()))
            .set_expression_attribute_values((!values.is_empty()).then(|| values.into_iter().collect()))
            .set_exclusive_start_key(start.map(|key| self.shape.primary_key(&key)))
            .customize()
            .interceptor(attempts.clone());
        let answer = request.send().await.map_err(|error| error::map(error, &attempts, &self.name))?;
        let keys = answer.items.iter().flatten().filter_map(|item| self.shape.key_of(item));
        let next = answer.last_evaluated_key.as_ref().and_then(|item| self.shape.key_of(item));
        Ok(Page { keys: keys.map(Key::from).collect(), next: next.map(|key| Cursor::new(key.as_bytes())) })
    }
}
