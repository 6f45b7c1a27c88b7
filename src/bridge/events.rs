//! Events: what happens in chains and reaches no caller, and the listeners in JavaScript.

use std::mem::discriminant;
use std::sync::Arc;

use redkv::chain::{Event, Observer};

use crate::bridge::completions::Completions;
use crate::bridge::promises::Promises;
use crate::node_api::{Js, JsRef, JsResult, Value};

/// PendingEvents that wait for the JavaScript thread. However many events there are, only so many reports wait as there are
/// different ones: those of one kind about one store become one.
///
/// But each lost write is reported. No more of them wait than the queues of the stores had room for, because what fills those
/// again comes from the JavaScript thread, which takes the reports first.
#[derive(Debug, Default)]
pub(crate) struct PendingEvents {
    merged: Vec<PendingEvent>,
    lost: Vec<PendingEvent>,
}

#[derive(Debug)]
pub(crate) struct PendingEvent {
    instance: u32,
    event: Event,
    /// How many events it stands for.
    count: u32,
}

impl PendingEvents {
    pub(crate) fn add(&mut self, instance: u32, event: Event) {
        let mut same = self.merged.iter_mut().filter(|report| report.instance == instance);
        match &event {
            Event::TierError { .. } | Event::Repair { .. } => {
                if same.any(|report| report.absorbs(&event)) {
                    return;
                }
            }
            Event::WriteError { .. } => return self.lost.push(PendingEvent { instance, event, count: 1 }),
            Event::Notice { .. } | Event::Request { .. } => {}
            // Of ups and downs the last ones count.
            _ => self.merged.retain(|report| report.instance != instance || !is_alike(&report.event, &event)),
        }
        self.merged.push(PendingEvent { instance, event, count: 1 });
    }
}

impl PendingEvent {
    /// Whether `event` is another one of the same, which this report stands for then, too.
    fn absorbs(&mut self, event: &Event) -> bool {
        match (&mut self.event, event) {
            (
                Event::TierError { tier, keys, error },
                Event::TierError { tier: other, keys: more, error: another },
            ) if tier == other
                && error.kind() == another.kind()
                && error.operation() == another.operation() =>
            {
                *keys += more;
            }
            (Event::Repair { tier, keys }, Event::Repair { tier: other, keys: more }) if tier == other => {
                *keys += more;
            }
            _ => return false,
        }
        self.count = self.count.saturating_add(1);
        true
    }
}

/// Whether two events are of the same kind and about the same store.
fn is_alike(one: &Event, other: &Event) -> bool {
    discriminant(one) == discriminant(other) && index(one) == index(other)
}

fn index(event: &Event) -> Option<u16> {
    match event {
        Event::TierDown { tier, .. }
        | Event::TierUp { tier, .. }
        | Event::TierError { tier, .. }
        | Event::Repair { tier, .. }
        | Event::WriteError { tier, .. } => Some(*tier),
        _ => None,
    }
}

/// PendingEvents what happens in the chain of one instance.
pub(crate) struct Reporter {
    pub(crate) instance: u32,
    pub(crate) completions: Arc<Completions>,
}

impl Observer for Reporter {
    fn observe(&self, event: Event) {
        match event {
            Event::Queued { any, .. } => self.completions.hold(any),
            event => self.completions.report(self.instance, event),
        }
    }
}

/// The functions of the JavaScript side that take events.
#[derive(Debug)]
pub(crate) struct Listeners {
    /// `isHeard(instance, name)`: whether somebody listens.
    is_heard: JsRef,
    /// `tell(instance, name, index, error, …details)`
    tell: JsRef,
}

impl Listeners {
    pub(crate) fn connect(js: Js, [is_heard, tell]: [Value; 2]) -> JsResult<Self> {
        Ok(Self { is_heard: js.keep(is_heard)?, tell: js.keep(tell)? })
    }

    /// Releases the functions: from here on JavaScript cannot be called.
    pub(crate) fn disconnect(&self, js: Js) {
        [&self.is_heard, &self.tell].into_iter().for_each(|kept| js.let_go(kept));
    }

    /// Whether the functions are kept; else they are there as long as the JavaScript side is.
    pub(crate) fn hold(&self, js: Js, holds: bool) {
        js.hold_all([&self.is_heard, &self.tell], holds);
    }

    /// Emits the events that have listeners.
    pub(crate) fn emit_all(
        &self,
        js: Js,
        promises: &Promises,
        PendingEvents { merged, lost }: PendingEvents,
    ) {
        for report in merged.into_iter().chain(lost) {
            if js.in_scope(|| self.emit_one(js, promises, &report)).is_err() {
                // The environment is going down, or out of memory.
                js.clear_exception();
            }
        }
    }

    fn emit_one(&self, js: Js, promises: &Promises, report: &PendingEvent) -> JsResult<()> {
        let number = |number: u128| js.double(to_double(number));
        let (name, error, details) = match &report.event {
            Event::TierDown { error, .. } => ("tierDown", Some(error), Vec::new()),
            Event::TierUp { after, .. } => ("tierUp", None, vec![number(after.as_millis())?]),
            Event::TierError { keys, error, .. } => {
                ("tierError", Some(error), vec![number(*keys as u128)?, number(report.count.into())?])
            }
            Event::Repair { keys, .. } => ("tierRepair", None, vec![number(*keys as u128)?]),
            Event::WriteError { key, operation, error, .. } => {
                ("writeError", Some(error), vec![js.text(key)?, js.text(operation.as_str())?])
            }
            Event::Request { operation, duration, units, input } => {
                let units = units.map_or_else(|| js.undefined(), |units| js.double(units))?;
                let input = input.as_ref().map_or_else(|| js.undefined(), |input| js.text(input))?;
                let duration = js.double(duration.as_secs_f64() * 1000.0)?;
                ("request", None, vec![js.text(operation)?, duration, units, input])
            }
            Event::Notice { text } => ("notice", None, vec![js.text(text)?]),
            _ => return Ok(()),
        };
        let (instance, name) = (js.number(report.instance)?, js.text(name)?);
        if !js.truth(js.call(js.kept(&self.is_heard)?, &[instance, name])?)? {
            return Ok(());
        }
        let index = js.number(index(&report.event).unwrap_or_default().into())?;
        let error = error.map_or_else(|| js.undefined(), |error| promises.error(js, error))?;
        let mut arguments = vec![instance, name, index, error];
        arguments.extend(details);
        js.call(js.kept(&self.tell)?, &arguments).map(drop)
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, as all numbers of JavaScript")]
fn to_double(number: u128) -> f64 {
    number as f64
}
