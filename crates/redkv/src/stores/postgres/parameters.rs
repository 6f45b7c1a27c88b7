//! Parameters and columns, without copies where that is possible.

use std::error::Error as StdError;

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::stores::sql::Kind;

/// A parameter of any type.
pub(super) type Parameter = Box<dyn ToSql + Sync + Send>;

pub(super) fn borrowed(parameters: &[Parameter]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect()
}

/// A time as the column keeps it.
pub(super) fn stored_millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// A list of texts or of bytes. What goes into a list of texts was checked to be text.
pub(super) fn list(kind: Kind, items: Vec<Bytes>) -> Parameter {
    match kind {
        Kind::Bytes => Box::new(items.into_iter().map(Item::<false>).collect::<Vec<_>>()),
        Kind::Text => Box::new(items.into_iter().map(Item::<true>).collect::<Vec<_>>()),
    }
}

/// One text or one string of bytes: on the wire they are the same.
pub(super) fn item(kind: Kind, bytes: Vec<u8>) -> Parameter {
    match kind {
        Kind::Bytes => Box::new(Item::<false>(bytes.into())),
        Kind::Text => Box::new(Item::<true>(bytes.into())),
    }
}

#[derive(Debug)]
struct Item<const IS_TEXT: bool>(Bytes);

impl<const IS_TEXT: bool> ToSql for Item<IS_TEXT> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        out.put_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(wanted: &Type) -> bool {
        *wanted == if IS_TEXT { Type::TEXT } else { Type::BYTEA }
    }

    to_sql_checked!();
}

/// What a column holds, text or bytes.
pub(super) struct Held<'a>(pub(super) &'a [u8]);

impl<'a> FromSql<'a> for Held<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(found: &Type) -> bool {
        [Type::BYTEA, Type::TEXT, Type::VARCHAR].contains(found)
    }
}
