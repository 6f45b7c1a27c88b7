//! Statistics as JavaScript reads them.

use redkv::chain::{Kind, Latency, Stats, TierStats, Weight};
use serde_json::{Map, Value, json};

/// Returns the statistics of a chain, with what is in flight in its instance.
pub(crate) fn of_chain(stats: &Stats, pending: Weight) -> Value {
    json!({
        "pending": pending.operations,
        "pendingBytes": pending.bytes,
        "coalesced": stats.coalesced,
        "stores": (0..).zip(&stats.tiers).map(|(index, tier)| of_tier(index, tier)).collect::<Vec<_>>(),
    })
}

/// Returns the statistics of the store at `index`.
pub(crate) fn of_tier(index: u16, tier: &TierStats) -> Value {
    let errors = tier.errors.iter().map(|(kind, count)| (kind.code().to_owned(), (*count).into()));
    json!({
        "store": tier.name,
        "index": index,
        "isDown": tier.is_down,
        "pending": tier.pending,
        "hits": tier.hits,
        "misses": tier.misses,
        "sets": tier.sets,
        "deletes": tier.deletes,
        "backfills": tier.backfills,
        "backfillsDropped": tier.backfills_dropped,
        "bytesRead": tier.bytes_read,
        "bytesWritten": tier.bytes_written,
        "isStale": tier.stale_keys.is_none(),
        "staleKeys": tier.stale_keys.unwrap_or_default(),
        "refused": tier.refused,
        "errors": errors.collect::<Map<_, _>>(),
        "latency": Kind::ALL.map(|kind| (name(kind), latency(tier.latency[kind as usize]))).into_iter().collect::<Map<_, _>>(),
    })
}

fn name(kind: Kind) -> String {
    let name = match kind {
        Kind::Get => "get",
        Kind::Has => "has",
        Kind::Set => "set",
        Kind::Delete => "delete",
    };
    name.to_owned()
}

fn latency(Latency { count, sum, p50, p90, p99, max }: Latency) -> Value {
    json!({ "count": count, "sum": sum, "p50": p50, "p90": p90, "p99": p99, "max": max })
}
