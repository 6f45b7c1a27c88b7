//! RESP, the protocol of Redis: requests as they are sent, replies as they arrive.

pub(crate) mod allowance;
pub(crate) mod expected;
pub(crate) mod replies;
pub(crate) mod request;
