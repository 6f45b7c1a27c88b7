//! Who does what with which key: knows keys, and no stores.

pub(crate) mod key_state;
pub(crate) mod pending;
pub(crate) mod table;
