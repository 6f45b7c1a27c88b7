//! A connection borrowed from the pool.

use std::sync::Arc;
use std::time::Instant;

use super::pool::{Connector, Shared};
use redkv_core::error::{Error, ErrorKind, Result};

/// A connection that one caller has for itself.
///
/// It goes back to the pool when this is dropped, unless something was begun on it and not [settled](Lease::settle):
/// a caller that stops waiting in the middle of an answer ends the connection, and nobody reads the rest of it.
pub(crate) struct Lease<C: Connector> {
    shared: Arc<Shared<C>>,
    connection: Option<C::Connection>,
    since: Option<Instant>,
    is_busy: bool,
}

impl<C: Connector> Lease<C> {
    /// A connection that was idle since that moment; `None` for a new one.
    pub(crate) fn new(shared: Arc<Shared<C>>, connection: C::Connection, since: Option<Instant>) -> Self {
        Self { shared, connection: Some(connection), since, is_busy: false }
    }

    /// The connection, for something that has to be settled.
    pub(crate) fn begin(&mut self) -> Result<&mut C::Connection> {
        self.is_busy = true;
        self.connection.as_mut().ok_or_else(|| Error::new(ErrorKind::Internal, "a connection was lent twice"))
    }

    /// Ends the use of the connection, which can be used again.
    pub(crate) fn settle(&mut self) {
        self.is_busy = false;
    }

    /// How it ended: the connection can be used again unless it is the connection that failed.
    pub(crate) fn settle_with<T>(&mut self, answers: &[Result<T>]) {
        let is_lost = |error: &Error| matches!(error.kind(), ErrorKind::Connection | ErrorKind::Internal);
        self.is_busy = answers.iter().any(|answer| answer.as_ref().is_err_and(is_lost));
    }

    /// Returns whether nothing is under way on the connection.
    pub(crate) fn is_usable(&self) -> bool {
        !self.is_busy
    }

    /// Since when nobody had used it; `None` for a new one.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        self.since
    }

    /// Takes the connection out, which then is no longer on loan.
    pub(crate) fn into_connection(mut self) -> Option<C::Connection> {
        self.connection.take()
    }
}

impl<C: Connector> Drop for Lease<C> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if self.is_busy || !C::is_open(&connection) {
            Shared::give_up(&self.shared, connection);
        } else {
            Shared::give_back(&self.shared, connection);
        }
    }
}
