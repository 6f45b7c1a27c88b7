//! The promises, and how a run is judged by them.

use super::history::{Change, Effect, Event, Moment, Op, Record, Reply};
use super::program::{Act, KEYS, NAMES, Place, Program, TierSetup};
use super::reads::Reads;
use super::world::{Held, Outcome};
use redkv_core::error::ErrorKind;
use redkv_testing::Operation;

/// What a chain promises; the words of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// No thread of a caller sees a panic.
    NeverPanics,
    /// Every operation is answered exactly once.
    AnsweredOnce,
    /// Every operation is answered within the deadlines of the tiers, its own and those of what is before it.
    AnsweredInTime,
    /// Errors come from stores that gave reason, and only from those whose word counts.
    FailsForAReason,
    /// Once all is well again, nothing fails.
    Recovers,
    /// What was refused is made nowhere.
    RefusedIsNotMade,
    /// What was acknowledged was made by whose word is final.
    AcknowledgedIsMade,
    /// No store is asked for a change that no operation on its way asks for.
    NothingUnasked,
    /// The writes of an instance take effect in the order of their calls, in every tier.
    InOrder,
    /// A read sees only what the authority held before it was answered, or what was written into single tiers.
    SeesWhatWasHeld,
    /// A read sees nothing that was over before it began.
    SeesNothingExpired,
    /// A read sees the last acknowledged write that was called before it, or a later one.
    SeesTheNewest,
    /// A read that finds nothing was right about that.
    MissesNothing,
    /// Nobody sees a key go back in time.
    NeverBack,
    /// What others replaced is seen no longer than the ttls say.
    NotForLong,
    /// What was deleted is not brought back by others where there are tombstones.
    StaysDeleted,
    /// A store that counts as down is asked nothing but whether it lives.
    NotAskedWhileDown,
    /// A store that is well again is asked again.
    AskedAgain,
    /// In the end caches hold what the authority holds, or nothing.
    CachesAgree,
    /// In the end nothing goes on, and nothing waits for being invalidated.
    ComesToRest,
}

/// A promise that was not kept.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) promise: Promise,
    pub(super) what: String,
}

pub(super) type Judgement = Result<(), Failure>;

pub(super) fn fail(promise: Promise, what: impl Into<String>) -> Judgement {
    Err(Failure { promise, what: what.into() })
}

pub(super) fn ensure(kept: bool, promise: Promise, what: impl FnOnce() -> String) -> Judgement {
    if kept { Ok(()) } else { fail(promise, what()) }
}

/// The longest time that a store takes to make what it was asked for.
const LONGEST_DELAY: u64 = 2_500;
/// How long a store that is well may count as down.
const UNTIL_ASKED: u64 = 5_000;

/// What became of a write, as far as readers can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing older may be seen by readers after it.
    Made,
    /// It may be seen, and what was before it too.
    Unknown,
    /// It may not be seen.
    Refused,
}

/// A run that is being judged.
pub(super) struct Case<'a> {
    pub(super) program: &'a Program,
    pub(super) outcome: &'a Outcome,
    pub(super) record: &'a Record,
    /// Per operation; of reads it means nothing.
    pub(super) fates: Vec<Fate>,
    /// Keys of which an authority that does not keep the order, or such a cache as an authority of its own, made a
    /// change that was given up: what is there from then on is anybody's guess.
    pub(super) tainted: [bool; KEYS.len()],
    /// Keys that were written through the handle of a single tier.
    pub(super) mixed: [bool; KEYS.len()],
}

/// Judges a run of `program`.
pub(super) fn judge(program: &Program, outcome: &Outcome) -> Judgement {
    ensure(!outcome.panicked, Promise::NeverPanics, || "the engine panicked".to_owned())?;
    let case = Case::new(program, outcome);
    case.answers()?;
    case.writes()?;
    case.effects()?;
    Reads::new(&case).judge()?;
    case.end()
}

impl<'a> Case<'a> {
    fn new(program: &'a Program, outcome: &'a Outcome) -> Self {
        let record = &outcome.record;
        let authority = program.authority();
        let fates = record.ops.iter().map(|op| fate(op, authority)).collect();
        let (mut tainted, mut mixed) = ([false; KEYS.len()], [false; KEYS.len()]);
        for effect in record.effects.iter().filter(|effect| effect.is_late) {
            tainted[effect.key] |=
                effect.tier == authority && program.tiers[effect.tier].place == Place::Unordered;
        }
        for op in record.ops.iter().filter(|op| op.request.action.is_write() && op.request.tier.is_some()) {
            mixed[op.request.key] = true;
        }
        for effect in record.effects.iter().filter(|effect| effect.is_late && mixed[effect.key]) {
            tainted[effect.key] |=
                effect.change.after().is_some() && program.tiers[effect.tier].place == Place::Unordered;
        }
        Self { program, outcome, record, fates, tainted, mixed }
    }

    /// Whether nobody else writes, so that everything that is read follows from the operations of one instance.
    pub(super) fn is_single(&self) -> bool {
        self.program.instances == 1
    }

    /// The longest ttl of a cache, if all have one.
    pub(super) fn longest_ttl(&self) -> Option<u64> {
        let caches = &self.program.tiers[..self.program.authority()];
        caches.iter().try_fold(0, |longest, tier| Some(tier.ttl?.max(longest)))
    }

    pub(super) fn effects_on(&self, tier: usize, key: usize) -> impl DoubleEndedIterator<Item = &'a Effect> {
        self.record.effects.iter().filter(move |effect| effect.tier == tier && effect.key == key)
    }

    fn answers(&self) -> Judgement {
        for (number, op) in self.record.ops.iter().enumerate() {
            ensure(op.answers == 1, Promise::AnsweredOnce, || {
                format!("operation {number} was answered {} times", op.answers)
            })?;
            let Some((answered, reply)) = op.answered else { continue };
            let took = answered.time - op.called.time;
            let most = (op.before + 1) * self.program.longest() + self.until_up(op);
            ensure(took <= most, Promise::AnsweredInTime, || {
                format!("operation {number} took {took} ms instead of at most {most}")
            })?;
            if let Reply::Error { kind, tier, .. } = reply {
                self.error(number, op, kind, tier, answered)?;
            }
        }
        Ok(())
    }

    /// How long an operation may wait for the stores to come up, which they do when the first is called.
    fn until_up(&self, op: &Op) -> u64 {
        let most = self.program.tiers.iter().map(TierSetup::longest).max().unwrap_or(0);
        let first = self.record.ops.iter().skip(self.program.first_writes());
        let first = first.filter(|other| other.instance == op.instance).map(|other| other.called.time).min();
        first.map_or(0, |first| (first + most).saturating_sub(op.called.time))
    }

    fn error(
        &self,
        number: usize,
        op: &Op,
        kind: ErrorKind,
        tier: Option<usize>,
        answered: Moment,
    ) -> Judgement {
        if kind == ErrorKind::Closed && tier.is_none() {
            let is_closed = self.record.closed[op.instance].is_some_and(|closed| closed < answered);
            return ensure(is_closed, Promise::FailsForAReason, || format!("operation {number}: not closed"));
        }
        ensure(op.called < self.outcome.end, Promise::Recovers, || {
            format!("operation {number} fails although all is well")
        })?;
        let counts = |tier: usize| match op.request.tier {
            None if tier == self.program.authority() => true,
            None => op.request.action.is_write() && !self.program.tiers[tier].optional,
            // A write may have been overtaken by one to the whole chain.
            Some(own) => tier == own || op.request.action.is_write(),
        };
        ensure(
            tier.is_some_and(|tier| self.has_reason(op, tier) && counts(tier)),
            Promise::FailsForAReason,
            || format!("operation {number} fails because of {:?}", tier.map(|tier| NAMES[tier])),
        )
    }

    /// Whether something went wrong in a store; a single tier may also be passed by because of what went wrong in the
    /// authority.
    fn has_reason(&self, op: &Op, tier: usize) -> bool {
        let troubled = &self.record.troubled;
        troubled[tier] || op.request.tier.is_some() && troubled[self.program.authority()]
    }

    fn writes(&self) -> Judgement {
        for (number, op) in self.record.ops.iter().enumerate().filter(|(_, op)| op.request.action.is_write())
        {
            let Some((answered, _)) = op.answered else { continue };
            let value = |effect: &Effect| effect.change.after().map(|(value, _)| value);
            match self.fates[number] {
                Fate::Refused => {
                    let made = self.record.effects.iter().find(|effect| value(effect) == Some(number));
                    ensure(made.is_none(), Promise::RefusedIsNotMade, || {
                        format!("operation {number} was refused, and there is {made:?}")
                    })?;
                }
                // Overtaken by one to the whole chain, it shares what becomes of that in an optional tier: nothing.
                Fate::Made if op.request.tier.is_some_and(|tier| self.program.tiers[tier].optional) => {}
                Fate::Made => {
                    let decider = op.request.tier.unwrap_or(self.program.authority());
                    let made = self.effects_on(decider, op.request.key).any(|effect| {
                        effect.instance == op.instance
                            && effect.moment > op.called
                            && effect.moment < answered
                            && match (op.request.action, value(effect)) {
                                (Act::SetIfAbsent(_), value) => value == Some(number),
                                // It, or one that overtook it; what is over when its turn comes is deleted.
                                (_, value) => value.is_none_or(|value| value >= number),
                            }
                    });
                    ensure(made, Promise::AcknowledgedIsMade, || {
                        format!("operation {number} was acknowledged, and {} did not make it", NAMES[decider])
                    })?;
                }
                Fate::Unknown => {}
            }
        }
        Ok(())
    }

    fn effects(&self) -> Judgement {
        let authority = self.program.authority();
        let mut last = vec![[None; 3]; NAMES.len() * KEYS.len()];
        for effect in &self.record.effects {
            let is_user = match effect.change {
                Change::Set(..) => true,
                Change::Fill(..) | Change::Delete | Change::Bury => effect.tier == authority,
            };
            if !is_user || effect.is_late && self.program.tiers[effect.tier].place == Place::Unordered {
                continue;
            }
            ensure(self.is_asked(effect), Promise::NothingUnasked, || {
                format!("nobody asked for {effect:?}")
            })?;
            let Some((value, _)) = effect.change.after() else { continue };
            let last = &mut last[effect.tier * KEYS.len() + effect.key][effect.instance];
            ensure(last.is_none_or(|last| last <= value), Promise::InOrder, || {
                format!("{effect:?} comes after operation {last:?}")
            })?;
            *last = Some(value);
        }
        Ok(())
    }

    /// Whether an operation that is on its way explains a change.
    fn is_asked(&self, effect: &Effect) -> bool {
        let on_its_way = |op: &Op| {
            op.instance == effect.instance
                && op.request.key == effect.key
                && op.called < effect.moment
                && (effect.is_late || op.answered.is_none_or(|(answered, _)| answered > effect.moment))
        };
        match effect.change.after() {
            Some((value, _)) => on_its_way(&self.record.ops[value]),
            None => self.record.ops.iter().any(|op| {
                let deletes = op.request.action == Act::Delete || op.deadline.is_some();
                deletes && op.request.action.is_write() && on_its_way(op)
            }),
        }
    }

    fn end(&self) -> Judgement {
        for (instance, is_at_rest) in self.outcome.at_rest.iter().enumerate() {
            ensure(*is_at_rest, Promise::ComesToRest, || format!("instance {instance} is not at rest"))?;
        }
        self.turns()?;
        ensure(self.record.closing == 0, Promise::ComesToRest, || "an instance never was closed".to_owned())?;
        let all_end = self.longest_ttl().is_some();
        for (instance, held) in self.outcome.held.iter().enumerate() {
            if self.record.closed[instance].is_some() && !all_end {
                continue;
            }
            for key in 0..KEYS.len() {
                if all_end || self.is_single() && !self.tainted[key] && !self.mixed[key] {
                    self.agreement(held, key)?;
                }
            }
        }
        Ok(())
    }

    /// A store that counts as down is asked nothing but a probe, and everything again soon after it is well.
    fn turns(&self) -> Judgement {
        // By then stores have made all that they were asked for before.
        let well = self.outcome.healed.saturating_add(LONGEST_DELAY);
        let events = &self.record.events;
        for (number, (down, event)) in events.iter().enumerate() {
            let Event::Down { tier, instance } = *event else { continue };
            let most = (*down).max(well).saturating_add(UNTIL_ASKED);
            let up = Event::Up { tier, instance };
            let after = events[number..].iter().take_while(|(_, event)| *event != up);
            let asked = after.filter(|(_, event)| is_work(event, tier, instance)).count();
            ensure(asked == 0, Promise::NotAskedWhileDown, || {
                format!("instance {instance} asks {} though it is down", NAMES[tier])
            })?;
            let up = events[number..].iter().find(|(_, event)| *event == up);
            let in_time = up.map_or(self.record.closed[instance].is_some(), |(up, _)| *up <= most);
            ensure(in_time, Promise::AskedAgain, || {
                format!("instance {instance} should ask {} again by {most}", NAMES[tier])
            })?;
        }
        Ok(())
    }

    fn agreement(&self, held: &[Held], key: usize) -> Judgement {
        let truth = held[self.program.authority()][key];
        for (tier, held) in held.iter().enumerate() {
            let agrees = match (held[key], truth) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some((value, deadline)), Some((true_value, end))) => {
                    value == true_value
                        && end.is_none_or(|end| deadline.is_some_and(|deadline| deadline <= end))
                }
            };
            ensure(agrees, Promise::CachesAgree, || {
                format!("{} holds {:?} under {}, the authority {truth:?}", NAMES[tier], held[key], KEYS[key])
            })?;
        }
        Ok(())
    }
}

/// Whether an instance asks a store for more than whether it lives.
fn is_work(event: &Event, of: usize, by: usize) -> bool {
    match event {
        Event::Sent { operation: Operation::Has | Operation::Init, .. } => false,
        Event::Sent { tier, instance, .. } => (*tier, *instance) == (of, by),
        _ => false,
    }
}

fn fate(op: &Op, authority: usize) -> Fate {
    let decider = op.request.tier.unwrap_or(authority);
    let doubtful = |may_have_applied| if may_have_applied { Fate::Unknown } else { Fate::Refused };
    match op.answered {
        Some((_, Reply::Written(true))) => Fate::Made,
        // Somebody else's entry stayed.
        Some((_, Reply::Written(false))) => Fate::Refused,
        Some((_, Reply::Error { tier, may_have_applied, .. })) => match tier {
            Some(tier) if tier == decider => doubtful(may_have_applied),
            // A cache missed it, after the authority had taken it.
            Some(_) if op.request.tier.is_none() => Fate::Made,
            // It was overtaken by one that failed elsewhere.
            Some(_) => Fate::Unknown,
            None => doubtful(may_have_applied),
        },
        Some((_, Reply::Value(..) | Reply::Has(_))) | None => Fate::Unknown,
    }
}
