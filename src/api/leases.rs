//! Leases, as JavaScript calls them.

use std::rc::Rc;
use std::time::Duration;

use redkv::chain::{LeaseStep, Scope, Weight};
use redkv::error::Error;
use redkv::operation::Operation;
use redkv::store::leases::LONGEST_NAME;

use crate::api::instance::Instance;
use crate::node_api::text::Units;
use crate::node_api::values::{Refusal, broken, millis, wrong_type};
use crate::node_api::{Js, Type, Value};

/// The shortest and the longest life of a lease, in milliseconds.
const LIVES: std::ops::RangeInclusive<u64> = 100..=86_400_000;

/// The life of a lease that says nothing of it, in milliseconds.
const LIFE: u64 = 10_000;

/// Reads the life of a lease, in milliseconds.
pub(super) fn life(js: Js, ttl: Value) -> Result<u64, Refusal> {
    let life = millis(js, "ttl", ttl, "")?.unwrap_or(LIFE);
    if LIVES.contains(&life) {
        return Ok(life);
    }
    let message = format!("ttl must be 100 milliseconds to 24 hours, got {life} milliseconds");
    Err(Error::argument("ttl", message).into())
}

/// Begins a step on a lease, after everything that was called before, and returns the place of its promise: `lease(name, life,
/// token, releases)`. Without a token the lease is taken, with one it is prolonged, or given back.
pub(super) fn step(
    js: Js,
    instance: &Rc<Instance>,
    scope: Scope,
    [name, life, token, releases]: [Value; 4],
) -> Result<i32, Refusal> {
    let name = name_of(js, name)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "of our own JavaScript: a life that was read"
    )]
    let life = Duration::from_millis(js.float(life)? as u64);
    let token = match js.type_of(token)? {
        Type::BigInt => js.bigint(token)?.map(i64::cast_unsigned),
        _ => None,
    };
    let step = match token {
        None => LeaseStep::Acquire(life),
        Some(token) if js.truth(releases)? => LeaseStep::Release(token),
        Some(token) => LeaseStep::Renew(token, life),
    };
    instance.check(Weight::default(), Operation::Lease)?;
    let made = instance.chain.lease(scope, name, step);
    Ok(instance.gather_task(Weight::default(), Operation::Lease, move |done| async move {
        done.settle_lease(made.await);
    }))
}

fn name_of(js: Js, value: Value) -> Result<String, Refusal> {
    let mut units = Units::new();
    if units.read(js, value).is_none() {
        return Err(wrong_type("name", "a string", js.type_of(value)?).into());
    }
    let name = units.with_utf8(str::to_owned).map_err(|_| broken("name"))?;
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains('\0') {
        let message = format!("the name of a lease must have 1 to {LONGEST_NAME} bytes of UTF-8, and no NUL");
        return Err(Error::argument("name", message).into());
    }
    Ok(name)
}
