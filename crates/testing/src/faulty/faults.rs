//! What a test commands, and what it is told.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::fault::{Call, Fault, Gate, Operation};
use super::plan::Plan;
use redkv_core::entry::Key;

type Script = Box<dyn FnMut(&Call) -> Vec<Fault> + Send>;

/// Commands a [`Faulty`](super::Faulty) store, and tells what came to it.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    script: Option<Script>,
    calls: Vec<Call>,
}

struct Rule {
    operation: Operation,
    /// The key that it is for, or `None` for all.
    key: Option<Key>,
    fault: Fault,
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on every call of `operation` goes wrong in this way, until [`Faults::heal`].
    pub fn inject(&self, operation: Operation, fault: Fault) {
        self.state().rules.push(Rule { operation, key: None, fault });
    }

    /// As [`Faults::inject`], for one key: of a batch only this key fails, but all of it waits or panics.
    pub fn inject_for(&self, key: &str, operation: Operation, fault: Fault) {
        self.state().rules.push(Rule { operation, key: Some(key.into()), fault });
    }

    /// Calls of `operation` wait at the gate before they reach the store.
    pub fn hold_before(&self, operation: Operation) -> Gate {
        let gate = Gate::new();
        self.inject(operation, Fault::HoldBefore(gate.clone()));
        gate
    }

    /// Calls of `operation` wait at the gate after they have reached the store.
    pub fn hold_after(&self, operation: Operation) -> Gate {
        let gate = Gate::new();
        self.inject(operation, Fault::HoldAfter(gate.clone()));
        gate
    }

    /// Asks `script` how each call goes wrong, beside what is injected.
    pub fn script(&self, script: impl FnMut(&Call) -> Vec<Fault> + Send + 'static) {
        self.state().script = Some(Box::new(script));
    }

    /// Ends all faults. Calls that wait at a gate go on waiting.
    pub fn heal(&self) {
        let mut state = self.state();
        state.rules.clear();
        state.script = None;
    }

    /// The calls so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// The calls of one operation so far.
    pub fn calls_of(&self, operation: Operation) -> Vec<Call> {
        self.state().calls.iter().filter(|call| call.operation == operation).cloned().collect()
    }

    /// How many calls of one operation came so far.
    pub fn count(&self, operation: Operation) -> usize {
        self.state().calls.iter().filter(|call| call.operation == operation).count()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.state().calls.clear();
    }

    /// Notes a call and decides how it goes.
    #[expect(clippy::panic, reason = "that is the fault that was asked for")]
    pub(super) fn plan(&self, operation: Operation, keys: &[Key], values: Vec<Bytes>) -> Plan {
        let call = Call { operation, keys: keys.to_vec(), values };
        let mut plan = Plan::for_keys(keys.len());
        let mut state = self.state();
        for rule in state.rules.iter().filter(|rule| rule.operation == operation) {
            match &rule.key {
                None => plan.add(&rule.fault, None),
                Some(wanted) => {
                    if let Some(place) = keys.iter().position(|key| key == wanted) {
                        plan.add(&rule.fault, Some(place));
                    }
                }
            }
        }
        if let Some(script) = &mut state.script {
            script(&call).iter().for_each(|fault| plan.add(fault, None));
        }
        state.calls.push(call);
        drop(state);
        if plan.panics_at_once() {
            panic!("a store panics, as the test asked");
        }
        plan
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("rules", &self.state().rules.len()).finish_non_exhaustive()
    }
}
