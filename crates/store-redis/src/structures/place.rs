//! Where a key is in the server, and what belongs to it.

use bytes::Bytes;

use crate::protocol::request::Request;

/// Before the key of a sorted hash: the hash that holds the values of its fields, its companion.
const COMPANION: &[u8] = b"__kvs_zh:";

/// A key as the server has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) prefix: &'a [u8],
    pub(super) key: &'a [u8],
}

impl Place<'_> {
    pub(super) fn put(&self, request: &mut Request) {
        request.joined(&[self.prefix, self.key]);
    }

    pub(super) fn put_companion(&self, request: &mut Request) {
        request.joined(&[COMPANION, self.prefix, self.key]);
    }

    /// Puts both.
    pub(super) fn put_pair(&self, request: &mut Request) {
        self.put(request);
        self.put_companion(request);
    }

    pub(super) fn to_bytes(self) -> Bytes {
        [self.prefix, self.key].concat().into()
    }

    pub(super) fn companion(self) -> Bytes {
        [COMPANION, self.prefix, self.key].concat().into()
    }
}
