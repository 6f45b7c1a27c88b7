//! Counts what requests consume, and reports them.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_dynamodb::types::ConsumedCapacity;
use redkv_core::lock::Lock;
use redkv_core::service::{RequestObserver, RequestReport, Usage};
use serde_json::Value as Json;

/// Capacity units that a request consumed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Units {
    Read(f64),
    Write(f64),
}

impl Units {
    pub(crate) fn read(consumed: Option<&ConsumedCapacity>) -> Option<Self> {
        Some(Self::Read(consumed?.capacity_units?))
    }

    pub(crate) fn written(consumed: Option<&ConsumedCapacity>) -> Option<Self> {
        Some(Self::Write(consumed?.capacity_units?))
    }
}

/// Counts what requests consume, and reports them.
#[derive(Default)]
pub(crate) struct Meter {
    usage: Lock<Usage>,
    observer: OnceLock<RequestObserver>,
    reports_input: bool,
}

impl Meter {
    /// Creates one that reports what was asked for, too.
    pub(crate) fn with_input() -> Self {
        Self { reports_input: true, ..Self::default() }
    }

    pub(crate) fn usage(&self) -> Usage {
        *self.usage.lock()
    }

    pub(crate) fn observe(&self, observer: RequestObserver) {
        // Only the first counts.
        let _ = self.observer.set(observer);
    }

    /// Returns what is asked for as it is reported, if somebody wants to know.
    pub(crate) fn input(&self, of: impl FnOnce() -> Json) -> Option<Box<str>> {
        (self.reports_input && self.observer.get().is_some()).then(|| of().to_string().into())
    }

    pub(super) fn count(
        &self,
        operation: &'static str,
        input: Option<Box<str>>,
        duration: Duration,
        units: Option<Units>,
    ) {
        {
            let mut usage = self.usage.lock();
            usage.requests += 1;
            match units {
                Some(Units::Read(units)) => usage.read_units += units,
                Some(Units::Write(units)) => usage.write_units += units,
                None => {}
            }
        }
        if let Some(observer) = self.observer.get() {
            let units = units.map(|(Units::Read(units) | Units::Write(units))| units);
            observer(&RequestReport { operation, duration, units, input });
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("usage", &self.usage()).finish_non_exhaustive()
    }
}
