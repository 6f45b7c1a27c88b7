//! Deletes objects.

use std::collections::HashMap;

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::{Delete, Error as KeyError, ObjectIdentifier};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::bucket::Bucket;
use super::error;
use crate::aws::attempts::Attempts;
use crate::aws::error::{Refusal, outcome};
use redkv_core::entry::Key;
use redkv_core::error::{Error, Result};
use redkv_core::store::Answers;

/// The most keys that one request may delete.
const MOST_DELETES: usize = 1_000;

/// What services say that cannot delete several objects by one request, or not as the SDK asks for it.
const CANNOT: [&str; 6] = [
    "InvalidArgument",
    "InvalidRequest",
    "MalformedXML",
    "MethodNotAllowed",
    "MissingContentMD5",
    "NotImplemented",
];

impl Bucket {
    /// Deletes the objects of `keys`; missing ones count as deleted.
    pub(super) async fn delete(&self, keys: &[Key]) -> Answers<()> {
        let names: Vec<_> = keys.iter().map(|key| self.names.name_of(key)).collect();
        let told: Vec<&str> = names.iter().filter_map(|name| name.as_deref().ok()).collect();
        let mut failed = match told[..] {
            [] => HashMap::new(),
            [name] => self.each(&[name]).await,
            _ => self.together(&told).await,
        };
        let answer = |name: &Result<String>| match name {
            Ok(name) => failed.remove(name.as_str()).map_or(Ok(()), Err),
            Err(error) => Err(error.clone()),
        };
        names.iter().map(answer).collect()
    }

    /// The errors of the names that could not be deleted, asked for many at a time.
    async fn together<'a>(&self, names: &[&'a str]) -> HashMap<&'a str, Error> {
        let pieces = names.chunks(MOST_DELETES).map(|piece| self.piece(piece));
        let mut failed = HashMap::new();
        for (piece, answer) in names.chunks(MOST_DELETES).zip(self.all(pieces).await) {
            failed.extend(match answer {
                Some(failed) => failed,
                None => self.each(piece).await,
            });
        }
        failed
    }

    /// The same of one request; `None` if the service cannot.
    async fn piece<'a>(&self, names: &[&'a str]) -> Option<HashMap<&'a str, Error>> {
        let attempts = Attempts::default();
        let objects = names.iter().filter_map(|name| ObjectIdentifier::builder().key(*name).build().ok());
        let delete = Delete::builder().set_objects(Some(objects.collect())).quiet(true).build().ok();
        let request = self.client.delete_objects().bucket(&self.name).set_delete(delete).customize();
        match request.interceptor(attempts.clone()).send().await {
            Ok(answer) => {
                let errors = answer.errors.unwrap_or_default();
                Some(errors.iter().filter_map(|error| self.of_one(error, names, &attempts)).collect())
            }
            Err(error) if is_unable(&error) => None,
            Err(error) => {
                let error = error::map(error, &attempts, &self.name);
                Some(names.iter().map(|name| (*name, error.clone())).collect())
            }
        }
    }

    fn of_one<'a>(
        &self,
        error: &KeyError,
        names: &[&'a str],
        attempts: &Attempts,
    ) -> Option<(&'a str, Error)> {
        let name = names.iter().find(|name| error.key() == Some(**name))?;
        let (code, text) = (error.code(), error.message());
        // What is not there is what it shall be.
        let is_gone = matches!(code, Some("NoSuchKey" | "NoSuchVersion"));
        let status = if code == Some("InternalError") { 500 } else { 200 };
        let refused = error::refused(Refusal { code, text, status }, &self.name).outcome(outcome(attempts));
        (!is_gone).then_some((*name, refused))
    }

    /// The errors of the names that could not be deleted, asked for one by one.
    async fn each<'a>(&self, names: &[&'a str]) -> HashMap<&'a str, Error> {
        let answers = self.all(names.iter().map(|name| self.delete_one(name))).await;
        names.iter().zip(answers).filter_map(|(name, answer)| Some((*name, answer.err()?))).collect()
    }

    async fn delete_one(&self, name: &str) -> Result<()> {
        let attempts = Attempts::default();
        let request = self.client.delete_object().bucket(&self.name).key(name).customize();
        match request.interceptor(attempts.clone()).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(()),
            Err(error) => Err(error::map(error, &attempts, &self.name)),
        }
    }
}

fn is_unable<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(error, SdkError::ServiceError(refusal) if refusal.err().code().is_some_and(|code| CANNOT.contains(&code)))
}
