//! Writes and deletes of whole batches on one connection.

use mysql_async::prelude::Queryable;
use mysql_async::{Error as Cause, Params, Value};

use super::error::{is_collision, is_overlap, may_be_of_one, wants_another_connection};
use super::packets::pieces;
use super::session::{Connection, Raw};
use super::table::{Table, failed, padded, stored_millis, strange};
use crate::sql::again;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::store::{Answers, SetMode, answer_all};

/// How often a write is made again that met the row of another key, which was gone when it was looked at.
const ATTEMPTS: usize = 5;

impl Table {
    /// Writes all entries, each with an answer of its own.
    pub(super) async fn write(
        &self,
        connection: &mut Connection,
        entries: &[(Key, Entry)],
        mode: SetMode,
        now: u64,
    ) -> Answers<bool> {
        let mut answers = Vec::with_capacity(entries.len());
        let size = |(key, entry): &(Key, Entry)| key.len() + entry.value.len();
        for entries in pieces(entries, connection.longest, size) {
            answers.extend(match mode {
                SetMode::Always => self.set_always(connection, entries, now).await,
                SetMode::IfAbsent => self.set_if_absent(connection, entries, now).await,
            });
        }
        answers
    }

    /// Writes all entries in one statement. If that fails by one of them, each is written for itself.
    async fn set_always(
        &self,
        connection: &mut Connection,
        entries: &[(Key, Entry)],
        now: u64,
    ) -> Answers<bool> {
        if entries.len() > 1 {
            match self.put(connection, entries).await {
                Ok(()) => return answer_all(entries.len(), &Ok(true)),
                Err(error) if may_be_of_one(&error) => {}
                Err(error) => return answer_all(entries.len(), &Err(failed(error))),
            }
        }
        let mut answers = Vec::with_capacity(entries.len());
        for entry in entries {
            answers.push(self.set_one(connection, entry, SetMode::Always, now).await);
        }
        answers
    }

    async fn put(&self, connection: &mut Connection, entries: &[(Key, Entry)]) -> Raw<()> {
        let rows = in_order(entries);
        // The sizes of statements are few, so that they stay prepared. A row that is written twice is the same.
        let count = padded(rows.len());
        let mut parameters: Vec<_> = rows.iter().flat_map(|entry| self.row(entry)).collect();
        if let Some(shortest) = rows.iter().min_by_key(|(key, entry)| key.len() + entry.value.len()) {
            for _ in rows.len()..count {
                parameters.extend(self.row(shortest));
            }
        }
        connection.change(&self.statements.put(count), parameters).await.map(drop)
    }

    /// Writes those entries whose key is absent. What counts is how many rows the insert changed: the server decides.
    async fn set_if_absent(
        &self,
        connection: &mut Connection,
        entries: &[(Key, Entry)],
        now: u64,
    ) -> Answers<bool> {
        if entries.len() > 1 {
            match self.add_all(connection, entries, now).await {
                Ok(true) => return answer_all(entries.len(), &Ok(true)),
                // Some were there, or one of them failed: which ones, only each for itself tells.
                Ok(false) => {}
                Err(error) if may_be_of_one(&error) => {}
                Err(error) => return answer_all(entries.len(), &Err(failed(error))),
            }
        }
        let mut answers = Vec::with_capacity(entries.len());
        for entry in entries {
            answers.push(self.set_one(connection, entry, SetMode::IfAbsent, now).await);
        }
        answers
    }

    /// Writes all entries if all keys are absent, and else none.
    async fn add_all(&self, connection: &mut Connection, entries: &[(Key, Entry)], now: u64) -> Raw<bool> {
        let mut attempt = 0;
        loop {
            let error = match self.try_to_add_all(connection, entries, now).await {
                Ok(all) => return Ok(all),
                Err(error) => error,
            };
            if wants_another_connection(&error) {
                connection.is_stale = true;
            }
            if matches!(error, Cause::Server(_)) {
                connection.conn.query_drop("ROLLBACK").await?;
            }
            if !is_collision(&error) || !again(attempt).await {
                return Err(error);
            }
            attempt += 1;
        }
    }

    async fn try_to_add_all(
        &self,
        connection: &mut Connection,
        entries: &[(Key, Entry)],
        now: u64,
    ) -> Raw<bool> {
        let rows = in_order(entries);
        let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
        let count = padded(keys.len());
        let conn = &mut connection.conn;
        conn.query_drop("START TRANSACTION").await?;
        let ended = self.with_time(self.deleted_keys(&keys, count), now);
        conn.exec_drop(self.statements.delete_ended(count), Params::Positional(ended)).await?;
        let parameters: Vec<_> = rows.iter().flat_map(|entry| self.row(entry)).collect();
        conn.exec_drop(self.statements.put_if_absent(rows.len()), Params::Positional(parameters)).await?;
        let all = conn.affected_rows() == entries.len() as u64;
        conn.query_drop(if all { "COMMIT" } else { "ROLLBACK" }).await?;
        Ok(all)
    }

    /// Writes an entry if its key is absent. A row that is none any more is taken away first, and only such a one.
    async fn add(&self, connection: &mut Connection, entry: &(Key, Entry), now: u64) -> Raw<bool> {
        let sql = self.statements.put_if_absent(1);
        if connection.change(&sql, self.row(entry)).await? == 1 {
            return Ok(true);
        }
        let ended = self.with_time(self.deleted_keys(std::slice::from_ref(&entry.0), 1), now);
        if connection.change(&self.statements.delete_ended(1), ended).await? == 0 {
            return Ok(false);
        }
        Ok(connection.change(&sql, self.row(entry)).await? == 1)
    }

    /// Writes an entry, unless the column has the row of another key in its place.
    async fn set_one(
        &self,
        connection: &mut Connection,
        entry: &(Key, Entry),
        mode: SetMode,
        now: u64,
    ) -> Result<bool> {
        let mut attempt = 0;
        loop {
            let written = match mode {
                SetMode::Always => self.put(connection, std::slice::from_ref(entry)).await.map(|()| true),
                SetMode::IfAbsent => self.add(connection, entry, now).await,
            };
            attempt += 1;
            match written {
                Err(error) if is_overlap(&error) && self.columns.inexact.is_some() => {
                    let is_gone = self.clear_the_way(connection, &entry.0, now).await?;
                    if !is_gone || attempt == ATTEMPTS {
                        return Err(failed(error));
                    }
                }
                written => return written.map_err(failed),
            }
        }
    }

    /// Returns whether the row that the column takes for that of `key` is gone: it was deleted meanwhile, or it had
    /// ended. An error names the key that is there.
    async fn clear_the_way(&self, connection: &mut Connection, key: &Key, now: u64) -> Result<bool> {
        let parameter = || vec![Value::Bytes(key.as_bytes().to_vec())];
        if let Some(sql) = self.statements.delete_ended_same() {
            let mut parameters = parameter();
            parameters.push(Value::Int(stored_millis(now)));
            if connection.change(&sql, parameters).await.map_err(failed)? > 0 {
                return Ok(true);
            }
        }
        let rows = connection.query(&self.statements.same, parameter()).await.map_err(failed)?;
        let Some(mut row) = rows.into_iter().next() else { return Ok(true) };
        let stored: Vec<u8> = row.take(0).ok_or_else(strange)?;
        // It may have come to be the same one meanwhile.
        if stored == key.as_bytes() { Ok(true) } else { Err(overlap(key, &stored)) }
    }

    /// Deletes all keys in one statement. If that fails by one of them, each is deleted for itself.
    pub(super) async fn remove(&self, connection: &mut Connection, keys: &[Key]) -> Answers<()> {
        let mut answers = Vec::with_capacity(keys.len());
        for keys in pieces(keys, connection.longest, |key| 2 * key.len()) {
            let count = padded(keys.len());
            let parameters = self.deleted_keys(keys, count);
            match connection.change(&self.statements.delete(count), parameters).await {
                Ok(_) => answers.extend(answer_all(keys.len(), &Ok(()))),
                Err(error) if keys.len() > 1 && may_be_of_one(&error) => {
                    let sql = self.statements.delete(1);
                    for key in keys {
                        let parameters = self.deleted_keys(std::slice::from_ref(key), 1);
                        answers.push(connection.change(&sql, parameters).await.map(drop).map_err(failed));
                    }
                }
                Err(error) => answers.extend(answer_all(keys.len(), &Err(failed(error)))),
            }
        }
        answers
    }

    fn row(&self, (key, entry): &(Key, Entry)) -> Vec<Value> {
        let mut row = vec![Value::Bytes(key.as_bytes().to_vec()), Value::Bytes(entry.value.to_vec())];
        if self.columns.expires.is_some() {
            let deadline = entry.deadline.map(|deadline| Value::Int(stored_millis(deadline.millis())));
            row.push(deadline.unwrap_or(Value::NULL));
        }
        row
    }
}

/// In the order of the keys: whoever writes some of them in another order would wait for us, and we for him.
fn in_order(entries: &[(Key, Entry)]) -> Vec<&(Key, Entry)> {
    let mut rows: Vec<_> = entries.iter().collect();
    rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    rows
}

/// Returns the error of a key under which there can be no entry.
fn overlap(key: &Key, stored: &[u8]) -> Error {
    let shown = |text: &str| -> String { text.escape_debug().take(SHOWN).collect() };
    let stored = String::from_utf8_lossy(stored);
    let message = format!(
        "the key '{}' equals the existing key '{}' in the collation of the key column",
        shown(key),
        shown(&stored)
    );
    Error::unsupported(message).about("key")
}

/// So much of a key is shown in a message.
const SHOWN: usize = 200;
