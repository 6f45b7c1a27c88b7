//! The statistics of data structures as JavaScript reads them.

use redkv::chain::{Latency, Weight};
use redkv::structures::{CacheUsage, DatabaseStats};
use serde_json::{Map, Value, json};

/// Returns the statistics, with what is in flight in the instance.
pub(super) fn of_database(stats: &DatabaseStats, pending: Weight) -> Value {
    let operations = stats.operations.iter().map(|(operation, stats)| {
        let of_one =
            json!({ "calls": stats.calls, "errors": stats.errors, "latency": latency(stats.latency) });
        (operation.as_str().to_owned(), of_one)
    });
    let tier = stats.tier.as_ref();
    let errors = tier.iter().flat_map(|tier| &tier.errors);
    let errors = errors.map(|(kind, count)| (kind.code().to_owned(), (*count).into()));
    let mut all = json!({
        "pending": pending.operations,
        "pendingBytes": pending.bytes,
        "isDown": tier.is_some_and(|tier| tier.is_down),
        "refused": tier.map_or(0, |tier| tier.refused),
        "errors": errors.collect::<Map<_, _>>(),
        "requests": stats.usage.requests,
        "commands": stats.usage.commands,
        "readUnits": stats.usage.read_units,
        "writeUnits": stats.usage.write_units,
        "operations": operations.collect::<Map<_, _>>(),
    });
    if let (Some(cache), Some(all)) = (&stats.cache, all.as_object_mut()) {
        let CacheUsage { hits, misses, entries, bytes } = cache;
        let cache = json!({ "hits": hits, "misses": misses, "entries": entries, "bytes": bytes });
        all.insert("cache".to_owned(), cache);
    }
    all
}

fn latency(Latency { count, sum, p50, p90, p99, max }: Latency) -> Value {
    json!({ "count": count, "sum": sum, "p50": p50, "p90": p90, "p99": p99, "max": max })
}
