//! What reads may see.

use super::deleted;
use super::history::{Moment, Op, Reply, Value};
use super::program::{Act, KEYS, NAMES, Place};
use super::promises::{Case, Fate, Judgement, Promise, ensure, fail};

/// What the authority holds under a key for a while.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: Moment,
    until: Moment,
    value: Option<(Value, Option<u64>)>,
}

const FIRST: Moment = Moment { number: 0, time: 0 };
const LAST: Moment = Moment { number: usize::MAX, time: u64::MAX };

/// The reads of a run, and what they can have seen.
pub(super) struct Reads<'a> {
    case: &'a Case<'a>,
    /// Per key, what the authority held.
    spans: [Vec<Span>; KEYS.len()],
}

impl<'a> Reads<'a> {
    pub(super) fn new(case: &'a Case<'a>) -> Self {
        let spans = std::array::from_fn(|key| {
            let mut spans = vec![Span { from: FIRST, until: LAST, value: None }];
            for effect in case.effects_on(case.program.authority(), key) {
                let last = spans.len() - 1;
                spans[last].until = effect.moment;
                spans.push(Span { from: effect.moment, until: LAST, value: effect.change.after() });
            }
            spans
        });
        Self { case, spans }
    }

    pub(super) fn judge(&self) -> Judgement {
        let ops = &self.case.record.ops;
        // Per key, when what was seen by those who were answered before was there at first.
        for (number, op) in ops.iter().enumerate() {
            let Some((_, reply)) = op.answered else { continue };
            match reply {
                Reply::Value(Some(value), deadline) => {
                    let is_over = deadline.is_some_and(|deadline| deadline <= op.walk.time);
                    ensure(!is_over, Promise::SeesNothingExpired, || {
                        format!("operation {number} is answered with what ended at {deadline:?}")
                    })?;
                    self.value(number, value)?;
                }
                Reply::Has(true) => {
                    let of_key = (0..ops.len()).filter(|value| ops[*value].request.key == op.request.key);
                    let seen = of_key.map(|value| self.value(number, value)).find(Result::is_ok);
                    seen.unwrap_or_else(|| {
                        fail(Promise::SeesWhatWasHeld, format!("operation {number} has what nobody wrote"))
                    })?;
                }
                Reply::Value(None, _) | Reply::Has(false) => self.nothing(number)?,
                Reply::Written(_) | Reply::Error { .. } => {}
            }
        }
        Ok(())
    }

    /// Whether a read may see a value.
    fn value(&self, read: usize, value: Value) -> Judgement {
        let (op, written) = (&self.case.record.ops[read], &self.case.record.ops[value]);
        let Some((answered, _)) = op.answered else { return Ok(()) };
        let key = op.request.key;
        let authority = self.case.program.authority();
        let decider = written.request.tier.unwrap_or(authority);
        let held = self.case.effects_on(decider, key).filter(|effect| effect.moment < answered);
        let held = held.filter_map(|effect| effect.change.after()).rfind(|(held, _)| *held == value);
        let Some((_, deadline)) = held.filter(|_| written.request.key == key) else {
            let what = format!("operation {read} sees {value}, which {} never held", NAMES[decider]);
            return fail(Promise::SeesWhatWasHeld, what);
        };
        ensure(deadline.is_none_or(|deadline| deadline > op.walk.time), Promise::SeesNothingExpired, || {
            format!("operation {read} sees {value}, which ended at {deadline:?}")
        })?;
        if !self.case.is_single() {
            deleted::stays_deleted(self.case, read, value)?;
            return self.not_for_long(read, value, decider == authority);
        }
        if self.case.tainted[key] {
            return Ok(());
        }
        let newest = self.newest_made(read).max(self.newest_in_tier(read, answered));
        ensure(newest.is_none_or(|newest| newest <= value), Promise::SeesTheNewest, || {
            format!("operation {read} sees {value} instead of {newest:?} or a later one")
        })?;
        self.not_back(read, value)
    }

    /// The newest acknowledged write to all tiers that was called before a read.
    fn newest_made(&self, read: usize) -> Option<usize> {
        let ops = &self.case.record.ops;
        (0..read).rev().find(|number| {
            let request = ops[*number].request;
            request.key == ops[read].request.key
                && request.action.is_write()
                && request.tier.is_none()
                && self.case.fates[*number] == Fate::Made
        })
    }

    /// For a read of a single tier, the write that must be there: it was the last that was called before, and nothing
    /// ends. One to all tiers may have missed this one or be followed by an invalidation, if not all went well.
    fn newest_in_tier(&self, read: usize, answered: Moment) -> Option<usize> {
        let (program, ops) = (self.case.program, &self.case.record.ops);
        let (tier, key) = (ops[read].request.tier?, ops[read].request.key);
        let setup = &program.tiers[tier];
        if setup.place == Place::Unordered && self.case.record.troubled[tier] {
            // What was given up may come, or is taken away after a while, whatever was written meanwhile.
            return None;
        }
        let caps = setup.ttl.or(program.tiers[program.authority()].ttl);
        if caps.is_some() || self.case.record.evicted[tier] {
            return None;
        }
        let covers = |op: &Op| {
            op.request.key == key
                && op.request.action.is_write()
                && op.request.tier.is_none_or(|other| other == tier)
        };
        let last = (0..read).rev().find(|number| covers(&ops[*number]))?;
        let is_last = ops[read..].iter().take_while(|op| op.called < answered).all(|op| !covers(op));
        let troubled = &self.case.record.troubled;
        // What the authority had from the beginning is in no cache.
        let was_first = last < program.first_writes();
        let all_went_well = !was_first && !troubled[tier] && !troubled[program.authority()];
        let is_there = matches!(ops[last].request.action, Act::Set(None))
            && (all_went_well || ops[last].request.tier.is_some());
        (is_last && is_there && self.case.fates[last] == Fate::Made).then_some(last)
    }

    /// Whether a read that found nothing was right.
    fn nothing(&self, read: usize) -> Judgement {
        let op = &self.case.record.ops[read];
        let Some((answered, _)) = op.answered else { return Ok(()) };
        let authority = self.case.program.authority();
        let key = op.request.key;
        if op.request.tier.is_none_or(|tier| tier == authority) {
            let was_empty = self.spans[key].iter().any(|span| {
                let (from, until) = (span.from.max(op.walk), span.until.min(answered));
                // What ends before the answer counts as nothing, though others may have replaced it meanwhile.
                let is_empty =
                    |(_, deadline): (Value, Option<u64>)| deadline.is_some_and(|end| end <= answered.time);
                from < until && span.value.is_none_or(is_empty)
            });
            ensure(was_empty, Promise::MissesNothing, || {
                format!("operation {read} finds nothing, where the authority always had something")
            })?;
        }
        if !self.case.is_single() || self.case.tainted[key] || self.case.record.closed[op.instance].is_some()
        {
            return Ok(());
        }
        let there = match op.request.tier {
            Some(_) => self.newest_in_tier(read, answered),
            None => self.surely_there(read, answered),
        };
        ensure(there.is_none(), Promise::MissesNothing, || {
            format!("operation {read} finds nothing, and {there:?} was acknowledged")
        })
    }

    /// For a read of the chain, the acknowledged write after which nothing can have taken the key away.
    fn surely_there(&self, read: usize, answered: Moment) -> Option<usize> {
        let (program, ops) = (self.case.program, &self.case.record.ops);
        if program.tiers[program.authority()].ttl.is_some() {
            return None;
        }
        let key = ops[read].request.key;
        let writes = (0..ops.len()).filter(|number| {
            let Op { request, called, .. } = &ops[*number];
            request.key == key
                && request.action.is_write()
                && request.tier.is_none_or(|tier| tier == program.authority())
                && *called < answered
                && self.case.fates[*number] != Fate::Refused
        });
        let mut surely = None;
        for number in writes {
            match ops[number].request.action {
                Act::Set(None) if self.case.fates[number] == Fate::Made && number < read => {
                    surely = Some(number)
                }
                Act::Set(None) | Act::SetIfAbsent(None) => {}
                _ => surely = None,
            }
        }
        surely
    }

    /// The last moment at which the authority held a value.
    fn last_held(&self, key: usize, value: Value) -> Moment {
        let held =
            self.spans[key].iter().rev().find(|span| span.value.is_some_and(|(held, _)| held == value));
        held.map_or(FIRST, |span| match span.value {
            Some((_, Some(deadline))) => span.until.min(Moment { number: usize::MAX, time: deadline }),
            _ => span.until,
        })
    }

    /// Nobody who was answered before saw something that came after `value`.
    fn not_back(&self, read: usize, value: Value) -> Judgement {
        let ops = &self.case.record.ops;
        let op = &ops[read];
        let key = op.request.key;
        if self.case.mixed[key] {
            return Ok(());
        }
        let last = self.last_held(key, value);
        let earlier = ops[..read].iter().filter(|other| other.request.key == key);
        for (other, (answered, reply)) in earlier.filter_map(|op| Some((op, op.answered?))) {
            if answered > op.called || other.request.tier.is_some() {
                continue;
            }
            let first = match reply {
                Reply::Value(Some(seen), _) => {
                    let held =
                        self.spans[key].iter().find(|span| span.value.is_some_and(|(held, _)| held == seen));
                    held.map_or(FIRST, |span| span.from)
                }
                Reply::Value(None, _) | Reply::Has(false) => other.walk,
                Reply::Has(true) | Reply::Written(_) | Reply::Error { .. } => continue,
            };
            ensure(last.number > first.number, Promise::NeverBack, || {
                format!("operation {read} sees {value}, where somebody saw what came after it ({reply:?})")
            })?;
        }
        Ok(())
    }

    /// What others replaced may be seen until the caches' ttl is over, which begins at the latest when the operation
    /// that read or wrote it there ends.
    fn not_for_long(&self, read: usize, value: Value, is_authority: bool) -> Judgement {
        let op = &self.case.record.ops[read];
        let key = op.request.key;
        let Some(ttl) = self.case.longest_ttl().filter(|_| is_authority && !self.case.mixed[key]) else {
            return Ok(());
        };
        let most = self.last_held(key, value).time.saturating_add(self.case.program.longest() + ttl);
        ensure(op.walk.time <= most, Promise::NotForLong, || {
            format!("operation {read} sees {value}, which should be forgotten since {most}")
        })
    }
}
