//! The options of an instance.

use std::time::Duration;

use crate::chain::PendingLimits;
use crate::error::Result;
use crate::options::{Fields, Given, Kind, Options, Schema, Type, Value, kinds, options};

options! {
    /// Options of an instance: its name, who receives its statistics, and how much may be in flight at a time.
    struct InstanceOptions is "RedKVOptions" {
        /// What the instance is called in events, statistics and `inspect()`, where a process has several.
        name as "name": kinds::Text = "none",
        /// Called with the statistics once in each `metricsInterval`, until `close()`.
        ///
        /// Keeps no process alive. What it throws, or what a promise of it rejects with, becomes a process warning and stops
        /// nothing.
        ///
        /// @example
        /// ```js
        /// const kv = new RedKV({ onMetrics: ({ stores }) => logger.info({ stores }), metricsInterval: '1m' })
        /// ```
        on_metrics as "onMetrics": Listener = "none",
        /// How often `onMetrics` is called, and the channel `redkv:metrics` receives the statistics.
        ///
        /// The channel is one of `node:diagnostics_channel`. It receives them with `onMetrics` or without.
        metrics_interval as "metricsInterval": kinds::Duration = "`10000` with `onMetrics`, else never",
    }
}

/// A function, which stays in JavaScript.
#[derive(Debug)]
struct Listener;

impl Kind for Listener {
    type Value = ();
    const TYPE: Type =
        Type::Other { typescript: "((stats: Stats) => void | PromiseLike<void>)", words: "function" };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<()>> {
        Err(given.wrong("a function", &value))
    }
}

/// What an instance is called, and its bounds.
#[derive(Clone, Debug)]
pub struct InstanceConfig {
    /// What it is called, if that was given.
    pub name: Option<String>,
    /// The bounds of what is in flight.
    pub limits: PendingLimits,
    /// How often statistics are published; never when absent.
    pub metrics_interval: Option<Duration>,
}

impl InstanceConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[InstanceOptions::SCHEMA, PendingLimits::SCHEMA];

    /// Returns the names of all options.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::SCHEMAS.iter().flat_map(Schema::names)
    }

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let limits = PendingLimits::from_fields(fields)?;
        let InstanceOptions { name, on_metrics: _, metrics_interval } = InstanceOptions::read(fields)?;
        Ok(Self { name, limits, metrics_interval })
    }
}
