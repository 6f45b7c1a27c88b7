//! Bounds on a reply: what the request asked for, not what the server announces.

use std::io;

use redis::Value;

/// The remaining bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// Values in lists.
    pub(crate) values: usize,
    /// Bytes of strings, all together.
    pub(crate) bytes: usize,
    /// Bytes of one string.
    pub(crate) longest: usize,
}

/// The reason why a string was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// It is longer than a value may be.
    Value,
    /// With those before it, it is more than one batch may bring.
    Batch,
}

impl Allowance {
    /// Takes the values of a list from what is allowed; an error if there are more.
    pub(crate) fn take_values(&mut self, count: usize) -> io::Result<()> {
        match self.values.checked_sub(count) {
            Some(left) => {
                self.values = left;
                Ok(())
            }
            None => {
                let message = "the reply has more elements than were requested";
                Err(io::Error::new(io::ErrorKind::InvalidData, message))
            }
        }
    }

    /// Takes a string from what is allowed, or says why it may not be kept.
    pub(crate) fn take_bytes(&mut self, len: usize) -> Option<Excess> {
        match self.bytes.checked_sub(len) {
            Some(left) if len <= self.longest => {
                self.bytes = left;
                None
            }
            _ if len > self.longest => Some(Excess::Value),
            _ => Some(Excess::Batch),
        }
    }
}

impl Excess {
    /// The code of the error that stands in the place of the string.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Value => "REDKVTOOLONG",
            Self::Batch => "REDKVTOOMUCH",
        }
    }

    /// Returns an error in place of the string, as if the server had sent it.
    pub(crate) fn reply(self) -> Value {
        instead(self.code())
    }
}

/// An error of ours in the place of a reply.
pub(crate) fn instead(code: &str) -> Value {
    redis::parse_redis_value(format!("-{code} -\r\n").as_bytes()).unwrap_or(Value::Nil)
}
