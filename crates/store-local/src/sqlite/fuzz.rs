//! Properties that hold for any row.

use rusqlite::Connection;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Type, Value, ValueRef};

use crate::sqlite::table::column::Form;
use crate::sqlite::table::row::{KeyParameter, ValueParameter, deadline_of, stored_millis, value_of};
use redkv_core::entry::{Deadline, Key};
use redkv_testing::Source;

/// What others wrote is bytes, or none; a deadline or of another type; and what was written here is read as it was.
pub fn sqlite_row(data: &[u8]) {
    thread_local! {
        static CONNECTION: Option<Connection> = Connection::open_in_memory().ok();
    }
    CONNECTION.with(|connection| {
        let is_read = connection.as_ref().map(|connection| check(data, connection));
        assert!(matches!(is_read, Some(Ok(()))), "{is_read:?}");
    });
}

fn check(data: &[u8], connection: &Connection) -> rusqlite::Result<()> {
    let mut source = Source(data);
    let millis = source.number();
    let deadline = deadline_of(ValueRef::Integer(stored_millis(millis)));
    assert_eq!(deadline, Ok(Some(Deadline::at(millis.min(i64::MAX.unsigned_abs())))));

    let any = match source.byte() % 5 {
        0 => Value::Null,
        1 => Value::Integer(source.number().cast_signed()),
        2 => Value::Real(f64::from_bits(source.number())),
        3 => Value::Text(source.text(32)),
        _ => Value::Blob(source.bytes(32).to_vec()),
    };
    let is_number_or_null = matches!(any.data_type(), Type::Null | Type::Integer | Type::Real);
    assert_eq!(deadline_of(ValueRef::from(&any)).is_ok(), is_number_or_null);
    // SQLite has no number that is none, and reads it as NULL.
    let expected = match &any {
        Value::Null => None,
        Value::Real(number) if number.is_nan() => None,
        Value::Integer(number) => Some(number.to_string().into_bytes()),
        Value::Real(number) => Some(as_text(connection, *number)?.into_bytes()),
        Value::Text(text) => Some(text.clone().into_bytes()),
        Value::Blob(bytes) => Some(bytes.clone()),
    };
    assert_eq!(read(connection, &any)?, expected);

    let key = Key::from(source.text(32));
    assert_eq!(read(connection, &KeyParameter(&key, Form::PLAIN))?, Some(key.as_bytes().to_vec()));
    let value = ValueParameter(source.bytes(64), Form::PLAIN);
    assert_eq!(read(connection, &value)?, Some(value.0.to_vec()));
    let is_text = matches!(value.to_sql()?, ToSqlOutput::Borrowed(ValueRef::Text(_)));
    assert_eq!(is_text, std::str::from_utf8(value.0).is_ok());
    Ok(())
}

fn as_text(connection: &Connection, number: f64) -> rusqlite::Result<String> {
    connection.prepare_cached("SELECT CAST(?1 AS TEXT)")?.query_row([number], |row| row.get(0))
}

/// What comes back of a parameter.
fn read(connection: &Connection, parameter: &dyn ToSql) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut statement = connection.prepare_cached("SELECT ?1")?;
    statement.query_row([parameter], |row| {
        Ok(value_of(row.get_ref(0)?, Form::PLAIN, connection)?.map(|bytes| bytes.to_vec()))
    })
}
