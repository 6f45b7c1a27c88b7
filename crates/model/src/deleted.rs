//! What deletes promise to the other instances, where shared caches have tombstones.

use super::history::{Change, Effect, Moment, Op, Reply, Value};
use super::program::{Act, Place};
use super::promises::{Case, Judgement, Promise, ensure};

/// No read sees a value that was deleted before it began, but for what memory may still hold.
pub(super) fn stays_deleted(case: &Case<'_>, read: usize, value: Value) -> Judgement {
    let ops = &case.record.ops;
    let op = &ops[read];
    let Some(memories) =
        memories(case).filter(|_| !case.mixed[op.request.key] && !case.tainted[op.request.key])
    else {
        return Ok(());
    };
    for (number, delete) in ops.iter().enumerate() {
        if delete.request.key != op.request.key || delete.request.action != Act::Delete {
            continue;
        }
        let Some((answered, Reply::Written(true))) = delete.answered else { continue };
        let is_after = match memories {
            None => answered < op.walk,
            Some(ttl) => answered.time + case.program.longest() + ttl < op.walk.time,
        };
        ensure(!is_after || !is_buried(case, delete, answered, op, value), Promise::StaysDeleted, || {
            format!("operation {read} sees {value}, which {number} had deleted")
        })?;
    }
    Ok(())
}

/// For how long memory may hold what others deleted, if there is any; nothing if no shared cache promises anything,
/// or some memory has no ttl.
fn memories(case: &Case<'_>) -> Option<Option<u64>> {
    let caches = &case.program.tiers[..case.program.authority()];
    let mut longest = None;
    let mut shares = false;
    for (tier, setup) in caches.iter().enumerate() {
        if setup.place == Place::Memory {
            longest = longest.max(Some(setup.ttl?));
        } else if setup.tombstone.is_none() || case.record.evicted[tier] {
            return None;
        } else {
            shares = true;
        }
    }
    shares.then_some(longest)
}

/// Whether a delete came to all shared caches, so that there are tombstones over `value`, and neither was it written
/// again nor can something else have taken the place of a tombstone and ended.
fn is_buried(case: &Case<'_>, delete: &Op, answered: Moment, read: &Op, value: Value) -> bool {
    let authority = case.program.authority();
    let own = |effect: &&Effect| {
        effect.instance == delete.instance
            && !effect.is_late
            && effect.moment > delete.called
            && effect.moment < answered
    };
    let mut decided = case.effects_on(authority, delete.request.key).filter(own);
    let Some(decided) = decided.rfind(|effect| effect.change == Change::Delete) else {
        return false;
    };
    (0..=authority).all(|tier| {
        let later =
            || case.effects_on(tier, delete.request.key).filter(|effect| effect.moment > delete.called);
        let is_cache = tier < authority && case.program.tiers[tier].place != Place::Memory;
        let was_told = !is_cache
            || later()
                .filter(own)
                .any(|effect| effect.change.after().is_none() && effect.moment > decided.moment);
        let undone = later().any(|effect| {
            let is_before = read.answered.is_none_or(|(answered, _)| effect.moment < answered);
            match effect.change {
                Change::Set(written, _) if written == value => true,
                // In the authority it is a conditional write.
                Change::Fill(written, _) if written == value => effect.is_late || tier == authority,
                Change::Set(_, deadline) | Change::Fill(_, deadline) => {
                    is_cache && is_before && deadline.is_some()
                }
                Change::Delete | Change::Bury => false,
            }
        });
        was_told && !undone
    })
}
