//! The calls that JavaScript makes: the number of an operation, how its answer is wanted, its key, and what else it takes.

use redkv::operation::StructureOperation;
use redkv::structures::{Command, Write, atomic};

use super::arguments::{self, action, change};
use super::handle::Handle;
use crate::bridge::promises::Format;
use crate::node_api::values::Refusal;
use crate::node_api::{Js, Type, Value};

/// What an operation may ask for, as bits.
mod flags {
    /// Answers are `Buffer`s.
    pub(super) const BUFFERS: u32 = 1;
    /// A read may return what was there a moment ago.
    pub(super) const MAY_BE_OLD: u32 = 2;
    /// A number is answered as a bigint.
    pub(super) const BIGINT: u32 = 4;
}

/// Notes an operation: `command(operation, flags, key, …)`.
pub(super) fn command(js: Js, handle: &Handle, values: [Value; 10]) -> Result<i32, Refusal> {
    let [operation, flags, key, rest @ ..] = values;
    let operation = operation_of(js, operation)?;
    let flags = integer(js, flags)?;
    let read = || Ok((arguments::bytes(js, "key", key)?, action(js, operation, &rest)?));
    let (key, action) = read().map_err(|refusal| of_operation(refusal, operation))?;
    let format = if flags & flags::BUFFERS != 0 {
        Format::Bytes
    } else if flags & flags::BIGINT != 0 {
        Format::BigInt
    } else {
        Format::Text
    };
    let command = Command { key, action, may_be_old: flags & flags::MAY_BE_OLD != 0 };
    Ok(handle.gather(command, format)?)
}

/// Notes an atomic write: `atomicWrite(retries, [[operation, key, …], …])`.
pub(super) fn atomic_write(js: Js, handle: &Handle, [retries, writes]: [Value; 2]) -> Result<i32, Refusal> {
    let retries = match js.type_of(retries)? {
        Type::Undefined => None,
        _ => Some(integer(js, retries)?),
    };
    let writes = arguments::elements(js, writes)?.ok_or_else(arguments::missing)?;
    let write = |(index, values): (usize, Value)| -> Result<Write, Refusal> {
        let values = arguments::elements(js, values)?.ok_or_else(arguments::missing)?;
        let [operation, key, rest @ ..] = &values[..] else { return Err(arguments::missing()) };
        let operation = operation_of(js, *operation)?;
        let read =
            || Ok(Write { key: arguments::bytes(js, "key", *key)?, change: change(js, operation, rest)? });
        read().map_err(|refusal| match refusal {
            Refusal::Wrong(error) => Refusal::Wrong(atomic::at(error, index, operation)),
            pending @ Refusal::Pending(_) => pending,
        })
    };
    let writes = writes.into_iter().enumerate().map(write).collect::<Result<Vec<_>, _>>()?;
    Ok(handle.gather_atomic(writes, retries)?)
}

fn operation_of(js: Js, number: Value) -> Result<StructureOperation, Refusal> {
    let number = integer(js, number)? as usize;
    StructureOperation::ALL.get(number).copied().ok_or_else(arguments::missing)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "of our own JavaScript: small numbers"
)]
fn integer(js: Js, number: Value) -> Result<u32, Refusal> {
    Ok(js.float(number)? as u32)
}

fn of_operation(refusal: Refusal, operation: StructureOperation) -> Refusal {
    match refusal {
        Refusal::Wrong(error) => Refusal::Wrong(error.with_operation_if_unset(operation.into())),
        pending @ Refusal::Pending(_) => pending,
    }
}
