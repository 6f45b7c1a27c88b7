//! Leases: a key with the token of the holder, which lives as long as the lease, and one with the last token, which outlives it.
//!
//! Each step is one script. Both keys have the name of the lease in braces, so that they are in one slot of a cluster.

use std::time::Duration;

use redis::Value;

use super::batches::Batch;
use super::error::{Failure, error_of};
use crate::protocol::request::Request;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::Answers;
use redkv_core::store::leases::LEASE_KEY;

/// Takes the lease unless it is held, and returns its token, or 0. Numbers of Lua are exact up to 2^53 microseconds, which the
/// time of day reaches in the year 2255.
const ACQUIRE: &str = "\
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local time = redis.call('TIME')
local token = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
if last >= token then token = last + 1 end
local text = string.format('%.0f', token)
redis.call('SET', KEYS[2], text, 'PX', ARGV[2])
redis.call('SET', KEYS[1], text, 'PX', ARGV[1])
return token";

/// Prolongs the lease if it is held with this token, and returns whether it is.
const RENEW: &str = "\
if redis.call('GET', KEYS[1]) ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])
return redis.call('PEXPIRE', KEYS[1], ARGV[1])";

/// Deletes the lease if it is held with this token, and returns whether it was.
const RELEASE: &str = "\
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])";

/// For so long the last token is known after the end of a lease: for as much may the clock of the server be set back.
const DAY: u64 = 24 * 3600 * 1000;

/// The longest life, in milliseconds. A server refuses one that overflows when it adds its clock to it.
const LONGEST: u64 = 1 << 60;

/// What is done with a lease, in milliseconds.
#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire { life: u64 },
    Renew { token: u64, life: u64 },
    Release { token: u64 },
}

/// A step on the lease of a name.
#[derive(Clone, Debug)]
pub(crate) struct LeaseStep {
    lease: String,
    last: String,
    step: Step,
}

/// What is returned in the place of a token where the lease is another's, or nobody's.
const NOT_HELD: u64 = 0;

impl LeaseStep {
    pub(crate) fn acquire(name: &str, life: Duration) -> Self {
        Self::of(name, Step::Acquire { life: millis(life) })
    }

    pub(crate) fn renew(name: &str, token: u64, life: Duration) -> Self {
        Self::of(name, Step::Renew { token, life: millis(life) })
    }

    pub(crate) fn release(name: &str, token: u64) -> Self {
        Self::of(name, Step::Release { token })
    }

    fn of(name: &str, step: Step) -> Self {
        let lease = format!("{LEASE_KEY}{{{}}}", braced(name));
        Self { last: format!("{lease}:last"), lease, step }
    }

    fn put(&self, request: &mut Request) {
        let (script, arguments) = match self.step {
            Step::Acquire { .. } => (ACQUIRE, 2),
            Step::Renew { .. } => (RENEW, 3),
            Step::Release { .. } => (RELEASE, 1),
        };
        request.command(5 + arguments, "EVAL").arg(script.as_bytes()).number(2);
        request.arg(self.lease.as_bytes()).arg(self.last.as_bytes());
        match self.step {
            Step::Acquire { life } => request.number(life).number(life + DAY),
            Step::Renew { token, life } => request.number(life).number(life + DAY).number(token),
            Step::Release { token } => request.number(token),
        };
    }
}

fn millis(life: Duration) -> u64 {
    u64::try_from(life.as_micros().div_ceil(1000)).map_or(LONGEST, |millis| millis.clamp(1, LONGEST))
}

/// Returns `name` without what would end the braces before it ends. Nothing at all between them would not count either.
fn braced(name: &str) -> String {
    if name.is_empty() {
        return "%".to_owned();
    }
    name.replace('%', "%25").replace('}', "%7D")
}

/// The one step of a batch.
pub(crate) struct LeaseSteps;

impl Batch for LeaseSteps {
    type Item = LeaseStep;
    type Answer = u64;
    const WRITES: bool = true;
    const IS_APART: bool = true;

    fn key(item: &LeaseStep) -> &[u8] {
        item.lease.as_bytes()
    }

    fn longest(item: &LeaseStep) -> usize {
        item.last.len()
    }

    fn bytes(item: &LeaseStep) -> usize {
        2 * item.last.len() + ACQUIRE.len() + 64
    }

    fn joins(&self, _: &[LeaseStep], _: &LeaseStep) -> bool {
        false
    }

    fn ask(&self, request: &mut Request, part: &[LeaseStep], _: bool) {
        part.iter().for_each(|step| step.put(request));
    }

    fn answers(&self, replies: Vec<Value>, _: &[LeaseStep], _: bool) -> Answers<u64> {
        replies.into_iter().map(answer).collect()
    }
}

fn answer(reply: Value) -> Result<u64> {
    match reply {
        Value::Int(number) => u64::try_from(number).map_err(|_| error_of(Failure::Answer)),
        Value::ServerError(error) => Err(error_of(Failure::Server(&error))),
        _ => Err(error_of(Failure::Answer)),
    }
}

/// Returns the token of a lease, from the answers to the step that takes it.
pub(crate) fn token(answers: Answers<u64>) -> Result<Option<u64>> {
    Ok(Some(one(answers)?).filter(|token| *token != NOT_HELD))
}

/// Returns whether the lease was held, from the answers to another step.
pub(crate) fn was_held(answers: Answers<u64>) -> Result<bool> {
    Ok(one(answers)? != NOT_HELD)
}

fn one(mut answers: Answers<u64>) -> Result<u64> {
    answers.pop().unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "a defect of RedKV: no answer")))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::cluster::slot::slot_of;

    #[test]
    fn a_life_is_at_least_a_millisecond_and_no_more_than_a_server_takes() {
        assert_eq!([0, 1, 1000, 1001].map(|micros| millis(Duration::from_micros(micros))), [1, 1, 1, 2]);
        assert_eq!(millis(Duration::MAX), LONGEST);
    }

    #[test]
    fn both_keys_of_a_lease_are_in_one_slot_and_names_are_apart() {
        let names = ["", "%", "a", "a}b", "}", "{", "{}", "a{b}c", "%7D", "a:last", "é"];
        let steps = names.map(|name| LeaseStep::release(name, 1));
        for step in &steps {
            assert_eq!(slot_of(step.lease.as_bytes()), slot_of(step.last.as_bytes()), "{step:?}");
        }
        let keys = steps.iter().flat_map(|step| [&step.lease, &step.last]).collect::<HashSet<_>>();
        assert_eq!(keys.len(), 2 * names.len());
    }
}
