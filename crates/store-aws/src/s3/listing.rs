//! Lists keys, page by page.

use super::bucket::Bucket;
use super::error;
use crate::aws::attempts::Attempts;
use redkv_core::entry::Key;
use redkv_core::error::Result;
use redkv_core::store::{Cursor, Page};

/// As many as the service lists at once.
const PAGE: i32 = 1_000;
/// The same where each object is looked at, which a page must not take long for.
const LIVE_PAGE: i32 = 250;

impl Bucket {
    /// A page of the keys that begin with `prefix`, of those whose entries live at `now`.
    ///
    /// A list does not include the metadata in which deadlines are, so that is a request for each object.
    pub(super) async fn live_keys(&self, prefix: &str, after: Option<&Cursor>, now: u64) -> Result<Page> {
        let mut page = self.page(prefix, after, LIVE_PAGE).await?;
        let keys = std::mem::take(&mut page.keys);
        let are_live = self.all(keys.iter().map(|key| self.is_live(key, now))).await;
        for (key, is_live) in keys.into_iter().zip(are_live) {
            page.keys.extend(is_live?.then_some(key));
        }
        Ok(page)
    }

    async fn is_live(&self, key: &Key, now: u64) -> Result<bool> {
        match self.head(&self.names.name_of(key)?).await {
            Ok(head) => Ok(head.is_some_and(|head| head.is_live(now))),
            Err(error) if error.is_retryable() => Err(error),
            // One that this user may not look at is there all the same.
            Err(_) => Ok(true),
        }
    }

    /// A page of the keys that begin with `prefix`, those of entries past their deadline too.
    pub(super) async fn keys(&self, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
        self.page(prefix, after, PAGE).await
    }

    async fn page(&self, prefix: &str, after: Option<&Cursor>, most: i32) -> Result<Page> {
        let beginning = self.names.beginning(prefix);
        let mut page = Page::default();
        if after.is_none() && beginning.is_without_itself {
            let itself = self.names.name_of(prefix)?;
            page.keys.extend(self.head(&itself).await?.map(|_| prefix.into()));
        }
        let token = after.map(|cursor| String::from_utf8_lossy(cursor.as_bytes()).into_owned());
        let (names, next) = self.list(&beginning.name, token, most).await?;
        let keys = names.iter().filter_map(|name| self.names.key_of(name));
        page.keys.extend(keys.filter(|key| {
            key.starts_with(prefix) && (key.as_str() != prefix || !beginning.is_without_itself)
        }));
        page.next = next.map(|token| Cursor::new(token.into_bytes()));
        Ok(page)
    }

    /// Lists names that begin with `prefix`, and returns where to continue.
    pub(super) async fn list(
        &self,
        prefix: &str,
        token: Option<String>,
        most: i32,
    ) -> Result<(Vec<String>, Option<String>)> {
        let attempts = Attempts::default();
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix)
            .max_keys(most)
            .set_continuation_token(token)
            .customize()
            .interceptor(attempts.clone());
        let answer = request.send().await.map_err(|error| error::map_read(error, &attempts, &self.name))?;
        let next = answer.next_continuation_token.filter(|_| answer.is_truncated == Some(true));
        let names = answer.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
        Ok((names.collect(), next))
    }
}
