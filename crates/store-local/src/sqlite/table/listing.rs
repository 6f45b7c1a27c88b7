//! Lists keys, page by page.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use super::column::Kind;
use super::row::{key_of, stored_millis};
use super::statements::PAGE;
use super::table::Table;
use redkv_core::error::{Error, Result};
use redkv_core::store::{Cursor, Page, end_of_prefix};

/// A stored key, ours or of others.
#[derive(PartialEq)]
enum Spot {
    Integer(i64),
    Real(f64),
    /// Not [`Value::Text`]: what others wrote may be no text.
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl Spot {
    fn of(value: ValueRef<'_>) -> Option<Self> {
        Some(match value {
            ValueRef::Null => return None,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(bytes) => Self::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        })
    }

    fn cursor(&self) -> Cursor {
        Cursor::new(match self {
            Self::Integer(number) => [b"i".as_slice(), &number.to_le_bytes()].concat(),
            Self::Real(number) => [b"r".as_slice(), &number.to_le_bytes()].concat(),
            Self::Text(bytes) => [b"t", bytes.as_slice()].concat(),
            Self::Blob(bytes) => [b"b", bytes.as_slice()].concat(),
        })
    }

    fn read(cursor: &Cursor) -> Option<Self> {
        let (kind, bytes) = cursor.as_bytes().split_first()?;
        Some(match kind {
            b'i' => Self::Integer(i64::from_le_bytes(bytes.try_into().ok()?)),
            b'r' => Self::Real(f64::from_le_bytes(bytes.try_into().ok()?)),
            b't' => Self::Text(bytes.to_vec()),
            b'b' => Self::Blob(bytes.to_vec()),
            _ => return None,
        })
    }
}

impl ToSql for Spot {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
            Self::Text(bytes) => ToSqlOutput::Borrowed(ValueRef::Text(bytes)),
            Self::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl Table {
    /// The keys with `prefix`, in the order of the column, behind the last one that was looked at before. What others
    /// wrote and is no key is passed by.
    pub(crate) fn keys(&self, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
        let form = self.forms.key;
        // Else keys with a prefix are not side by side, and all of them are looked at.
        let is_in_order = form.kind == Kind::Text && !form.is_utf_16;
        let last = after
            .map(|cursor| {
                Spot::read(cursor)
                    .ok_or_else(|| Error::argument("after", "the cursor does not belong to this store"))
            })
            .transpose()?;
        let first = || match form.kind {
            Kind::Text | Kind::Blobs => Spot::Text(if is_in_order { prefix.into() } else { Vec::new() }),
            // Behind numbers come text and bytes.
            Kind::Integers | Kind::Reals => Spot::Real(f64::NEG_INFINITY),
        };
        let end = end_of_prefix(prefix).filter(|_| is_in_order).map(|end| Spot::Text(end.into_bytes()));
        let now = stored_millis(self.clock.now());
        let read = || {
            let mut statement = self.open.connection.prepare_cached(&self.statements.keys)?;
            let first = if last.is_some() { None } else { Some(first()) };
            let parameters: [&dyn ToSql; 3] = [&last.as_ref().or(first.as_ref()), &end, &now];
            let parameters = &parameters[..statement.parameter_count()];
            let mut rows = statement.query(parameters)?;
            let mut page = Page::default();
            let mut looked_at = 0;
            while let Some(row) = rows.next()? {
                let value = row.get_ref(0)?;
                let spot = Spot::of(value);
                if looked_at == 0 && spot.is_some() && spot == last {
                    continue;
                }
                page.keys.extend(key_of(value, form).filter(|key| key.starts_with(prefix)));
                looked_at += 1;
                if looked_at == PAGE {
                    page.next = spot.map(|spot| spot.cursor());
                    break;
                }
            }
            Ok(page)
        };
        read().map_err(|cause| self.failed(cause))
    }
}
