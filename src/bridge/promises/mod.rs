//! The promises of one copy of the JavaScript side, and how answers reach them.

pub(crate) mod answers;
mod backlog;
#[expect(clippy::module_inception, reason = "the noun of the folder")]
mod promises;
mod records;
mod slots;
mod structures;

pub(crate) use self::answers::bytes_of;
pub(crate) use self::promises::Promises;
pub(crate) use self::slots::Format;
