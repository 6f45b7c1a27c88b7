//! The statistics of a service that is no store, as JavaScript reads them.

use redkv::chain::{Latency, Weight};
use redkv::desk::DeskStats;
use redkv::operation::OperationSet;
use serde_json::{Map, Value, json};

/// Returns the statistics, with what is in flight in the instance.
pub(super) fn of_desk<O: OperationSet>(stats: &DeskStats<O>, pending: Weight) -> Map<String, Value> {
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
    all.into_iter().map(|(name, value): (&str, Value)| (name.to_owned(), value)).collect()
}

fn latency(Latency { count, sum, p50, p90, p99, max }: Latency) -> Value {
    json!({ "count": count, "sum": sum, "p50": p50, "p90": p90, "p99": p99, "max": max })
}
