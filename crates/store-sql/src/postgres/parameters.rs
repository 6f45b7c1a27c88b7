//! Converts parameters and columns, without copies where possible.

use std::error::Error as StdError;

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::sql::Kind;

/// A parameter, and its type: a statement that is not prepared before is not told it by the server.
pub(super) struct Parameter {
    value: Box<dyn ToSql + Sync + Send>,
    type_: Type,
}

impl Parameter {
    fn new(value: impl ToSql + Sync + Send + 'static, type_: Type) -> Self {
        Self { value: Box::new(value), type_ }
    }

    /// A number, such as a time.
    pub(super) fn number(number: i64) -> Self {
        Self::new(number, Type::INT8)
    }

    /// Numbers, some of which are NULL.
    pub(super) fn numbers(numbers: Vec<Option<i64>>) -> Self {
        Self::new(numbers, Type::INT8_ARRAY)
    }

    /// A list of texts or of bytes. What goes into a list of texts was checked to be text.
    pub(super) fn list(kind: Kind, items: Vec<Bytes>) -> Self {
        match kind {
            Kind::Bytes => {
                Self::new(items.into_iter().map(Item::<false>).collect::<Vec<_>>(), Type::BYTEA_ARRAY)
            }
            Kind::Text => {
                Self::new(items.into_iter().map(Item::<true>).collect::<Vec<_>>(), Type::TEXT_ARRAY)
            }
        }
    }

    /// One text or one string of bytes: on the wire they are the same.
    pub(super) fn item(kind: Kind, bytes: Vec<u8>) -> Self {
        match kind {
            Kind::Bytes => Self::new(Item::<false>(bytes.into()), Type::BYTEA),
            Kind::Text => Self::new(Item::<true>(bytes.into()), Type::TEXT),
        }
    }
}

/// Parameters of a statement whose types the server has sent.
pub(super) fn borrowed(parameters: &[Parameter]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| &*parameter.value as &(dyn ToSql + Sync)).collect()
}

/// Parameters of a statement that contains their types.
pub(super) fn typed(parameters: &[Parameter]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    let typed = |parameter: &'_ Parameter| parameter.type_.clone();
    borrowed(parameters).into_iter().zip(parameters.iter().map(typed)).collect()
}

/// A time as the column keeps it.
pub(super) fn stored_millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
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
