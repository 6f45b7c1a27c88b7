//! The outcome of a request whose connection ended before the reply.

use std::io;
use std::sync::Arc;

use redkv_core::error::Error;

/// The connection ended before a request was answered.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    pub(crate) fate: Fate,
    pub(crate) cause: Arc<io::Error>,
}

/// How far an unanswered request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// No byte of it has left.
    Unsent,
    /// The server has read nothing of it: it could not read what came before it.
    Unread,
    /// It is one command, of which only a part has left. Whether all before it was answered.
    Cut { is_first: bool },
    /// It has left, and all before it was answered.
    First,
    /// It has left.
    Unknown,
}

impl Fate {
    /// Returns whether the server may have done what it asks for.
    pub(crate) fn may_be_done(self) -> bool {
        matches!(self, Self::First | Self::Unknown)
    }
}

impl Lost {
    /// Returns the fate of the request that failed with `error`, if its connection ended.
    pub(crate) fn in_error(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// Returns whether the server, or what is between, ended the connection without a word: it may be that it does so
    /// whenever it is sent the request.
    pub(crate) fn is_suspect(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        matches!(self.fate, Fate::First | Fate::Cut { is_first: true })
            && matches!(self.cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
    }

    /// Returns whether the request may be sent once more; `writes` says whether it changes something. What is no answer
    /// at all is not asked for twice.
    pub(crate) fn may_be_repeated(&self, writes: bool) -> bool {
        match self.fate {
            Fate::Unsent | Fate::Unread => true,
            Fate::Cut { .. } | Fate::First | Fate::Unknown => {
                !writes && self.cause.kind() != io::ErrorKind::InvalidData
            }
        }
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cause.fmt(f)
    }
}

impl std::error::Error for Lost {}

/// Returns the error of requests on a connection that has ended.
pub(crate) fn gone() -> Arc<io::Error> {
    Arc::new(io::ErrorKind::NotConnected.into())
}
