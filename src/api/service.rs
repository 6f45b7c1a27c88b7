//! What services that are no stores have in common for JavaScript: how they are made, and what they tell.

use std::rc::Rc;
use std::time::Duration;

use redkv::chain::{Latency, Scope, TierConfig, Weight};
use redkv::desk::{Built, DeskStats, PolicyConfig, PolicyRules, Registry};
use redkv::error::{Error, Result};
use redkv::operation::OperationSet;
use serde_json::{Map, Value as Json, json};

use crate::api::instance::Instance;
use crate::bridge::Bridge;
use crate::bridge::in_flight::InFlightGauge;
use crate::node_api::values::{self, Refusal};
use crate::node_api::{Callback, Js, JsResult, Pending, Value};

/// A service that JavaScript calls.
pub(super) trait Service: Sized + 'static {
    /// Its operations.
    type Operation: OperationSet;

    /// The instance that its commands go through.
    fn instance(&self) -> &Rc<Instance>;

    /// The name of its backend.
    fn name(&self) -> &'static str;
}

/// What a service is made of: the arguments of its constructor, as text.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) id: u32,
    pub(super) name: Option<String>,
    pub(super) options: Option<String>,
    pub(super) policy: Option<String>,
}

/// A service that is being made: its instance, its backend, and the policy that is left for that.
#[derive(Debug)]
pub(super) struct Making<B: ?Sized, C> {
    pub(super) instance: Rc<Instance>,
    pub(super) built: Built<B, C>,
    pub(super) policy: TierConfig,
}

impl Arguments {
    /// Reads them, and makes the backend that they name. Warnings are those of all.
    pub(super) fn read<B: ?Sized, C: Copy>(
        self,
        bridge: &Rc<Bridge>,
        rules: PolicyRules,
        registry: &Registry<B, C>,
    ) -> Result<Making<B, C>> {
        let Some(name) = self.name else {
            return Err(Error::argument("name", "the name of a backend must be a string"));
        };
        let (policy, mut warnings) = PolicyConfig::read(json_of(self.policy.as_deref()), rules)?;
        let instance = Instance::new(bridge.clone(), InFlightGauge::new(self.id, policy.instance.limits));
        let patience = policy.tier.timeout.unwrap_or(TierConfig::TIMEOUT);
        let mut built = registry.build(&name, json_of(self.options.as_deref()), patience)?;
        warnings.append(&mut built.warnings);
        built.warnings = warnings;
        Ok(Making { instance, built, policy: policy.tier })
    }
}

/// Options as the JavaScript side hands them over.
pub(super) fn json_of(text: Option<&str>) -> Json {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// What JavaScript gets for a service that was made: `[functions, name, warnings, names of operations]`.
pub(super) fn handed_over<S: Service>(
    js: Js,
    bridge: &Rc<Bridge>,
    made: Result<(S, Vec<String>)>,
    functions: &[(&'static str, Callback)],
) -> JsResult<Value> {
    let (service, warnings) = made.map_err(|error| bridge.promises().throw(js, &error))?;
    bridge.wake(js)?;
    let instance = service.instance();
    bridge.remember(instance);
    instance.refresh();
    instance.warm_up();
    let texts = |texts: &mut dyn Iterator<Item = &str>| -> JsResult<Value> {
        js.array(&texts.map(|text| js.text(text)).collect::<JsResult<Vec<_>>>()?)
    };
    let name = js.text(service.name())?;
    let functions = js.functions(&Rc::new(service), functions)?;
    let warnings = texts(&mut warnings.iter().map(String::as_str))?;
    let operations = texts(&mut S::Operation::ALL.iter().map(|operation| operation.name()))?;
    js.array(&[functions, name, warnings, operations])
}

/// Begins `ready()`, and returns the place of its promise.
pub(super) fn ready<S: Service>(js: Js, service: &S) -> JsResult<Value> {
    js.number(service.instance().ready(js, Scope::Chain))
}

/// Begins `close(timeout)`, and returns the place of its promise.
pub(super) fn close<S: Service>(js: Js, service: &S, timeout: Value) -> JsResult<Value> {
    let patience = values::millis(js, "timeout", timeout, "");
    let patience = patience.map_err(|refusal| refused(js, service, refusal))?;
    js.number(service.instance().close(js, patience.map(Duration::from_millis)))
}

/// Throws what is wrong with an argument.
pub(super) fn refused<S: Service>(js: Js, service: &S, refusal: Refusal) -> Pending {
    match refusal {
        Refusal::Wrong(error) => service.instance().bridge.promises().throw(js, &error),
        Refusal::Pending(pending) => pending,
    }
}

/// Throws a panic.
pub(super) fn panicked<S: Service>(js: Js, service: &S, error: &Error) {
    service.instance().bridge.promises().throw(js, error);
}

/// Returns the statistics, with what is in flight in the instance.
pub(super) fn of_desk<O: OperationSet>(stats: &DeskStats<O>, pending: Weight) -> Map<String, Json> {
    let operations = stats.operations.iter().map(|(operation, stats)| {
        let of_one =
            json!({ "calls": stats.calls, "errors": stats.errors, "latency": latency(stats.latency) });
        (operation.name().to_owned(), of_one)
    });
    let tier = stats.tier.as_ref();
    let errors = tier.iter().flat_map(|tier| &tier.errors);
    let errors = errors.map(|(kind, count)| (kind.code().to_owned(), (*count).into()));
    let all = [
        ("pending", pending.operations.into()),
        ("pendingBytes", pending.bytes.into()),
        ("isDown", tier.is_some_and(|tier| tier.is_down).into()),
        ("refused", tier.map_or(0, |tier| tier.refused).into()),
        ("errors", errors.collect::<Map<_, _>>().into()),
        ("requests", stats.usage.requests.into()),
        ("commands", stats.usage.commands.into()),
        ("readUnits", stats.usage.read_units.into()),
        ("writeUnits", stats.usage.write_units.into()),
        ("operations", operations.collect::<Map<_, _>>().into()),
    ];
    all.into_iter().map(|(name, value): (&str, Json)| (name.to_owned(), value)).collect()
}

fn latency(Latency { count, sum, p50, p90, p99, max }: Latency) -> Json {
    json!({ "count": count, "sum": sum, "p50": p50, "p90": p90, "p99": p99, "max": max })
}
