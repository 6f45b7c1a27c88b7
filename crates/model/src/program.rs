//! What a run does: data that can be printed, replayed and made smaller.

use std::fmt;

use redkv_testing::Operation;

/// The keys that programs use.
pub(super) const KEYS: [&str; 3] = ["a", "b", "c"];

/// The names of the stores, by their place.
pub(super) const NAMES: [&str; 4] = ["tier-0", "tier-1", "tier-2", "tier-3"];

/// Some instances over the same stores, and what happens to them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program {
    /// Of the pauses between repairs.
    pub(super) seed: u64,
    pub(super) instances: usize,
    pub(super) tiers: Vec<TierSetup>,
    /// Whether tasks run on the engine's executor, as in the addon, or on the runtime.
    pub(super) on_executor: bool,
    /// The keys that the authority has from the beginning.
    pub(super) present: [bool; KEYS.len()],
    pub(super) steps: Vec<Step>,
}

/// A store and its policies.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TierSetup {
    pub(super) place: Place,
    pub(super) ttl: Option<u64>,
    pub(super) timeout: Option<u64>,
    pub(super) circuit_breaker: Option<u32>,
    /// How long tombstones last.
    pub(super) tombstone: Option<u64>,
    pub(super) optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the memory of each instance.
    Memory,
    /// One store for all instances, which does what each asks for in the order in which it asked.
    Ordered,
    /// One store for all instances, which takes requests side by side.
    Unordered,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// An instance is called; all `requests` are one submission.
    Call { instance: usize, way: Way, requests: Vec<Request> },
    /// The next call of `operation` (of any, if there is none) to a store that is not in memory goes like this.
    Plan { tier: usize, operation: Option<Operation>, plan: Plan },
    /// A cache loses a key, as one does that is full.
    Evict { tier: usize, key: usize },
    /// Time passes, in milliseconds.
    Pause(u64),
    /// Tasks run, and no time passes.
    Yield(u8),
    /// Until one more operation is answered.
    AwaitOne,
    /// Until all operations are answered.
    AwaitAll,
    /// An instance is closed.
    Close(usize),
}

/// How operations are handed to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To its own thread.
    Queue,
    /// The short way: begun on the thread of the caller.
    Here,
    /// Past the chain where its front can answer, else as [`Way::Queue`].
    Front,
    /// As [`Way::Queue`], reads that have all but the key in common together.
    Many,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// The place of the only tier that it is for.
    pub(super) tier: Option<usize>,
    pub(super) key: usize,
    pub(super) action: Act,
}

/// An operation; writes may have a ttl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Get,
    Has,
    Set(Option<u64>),
    SetIfAbsent(Option<u64>),
    Delete,
}

impl Act {
    pub(super) fn is_write(self) -> bool {
        !matches!(self, Self::Get | Self::Has)
    }
}

/// How a call to a store goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Milliseconds until it takes effect.
    pub(super) before: u64,
    /// Milliseconds from then until it is answered.
    pub(super) after: u64,
    pub(super) fault: Fault,
    /// Of a batch, only this key fails (with the faults that end in an answer per key).
    pub(super) only: Option<usize>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fault {
    #[default]
    None,
    /// It is not made, and the error says so.
    Refuse,
    /// It is not made, and the error does not tell.
    Fail,
    /// It is made, and an error comes in place of the answer.
    Lose,
    /// An error comes at once, and it is made when the time has come.
    Break,
    /// It is not made, and no answer comes.
    Hang,
    /// It is made, and no answer comes.
    Mute,
    /// The store panics before it is made.
    Panic,
    /// It is made, and an answer is missing.
    TooFew,
}

impl Program {
    /// The place of the last store, whose word is final.
    pub(super) fn authority(&self) -> usize {
        self.tiers.len() - 1
    }

    /// How many writes were made before the first step.
    pub(super) fn first_writes(&self) -> usize {
        self.present.iter().filter(|is_present| **is_present).count()
    }

    /// How long one operation may take at most, if nobody is before it: each store once on the way there and once on
    /// the way back.
    pub(super) fn longest(&self) -> u64 {
        2 * self.tiers.iter().map(TierSetup::longest).sum::<u64>()
    }
}

impl TierSetup {
    /// How long one call may take.
    pub(super) fn longest(&self) -> u64 {
        if self.place == Place::Memory { 0 } else { self.timeout.unwrap_or(5_000) }
    }

    /// Gives it tombstones that last just long enough to be of use, or none.
    pub(super) fn bury(&mut self, buries: bool) {
        self.tombstone = buries.then(|| 2 * self.longest() + 50);
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let executor = if self.on_executor { ", on the executor" } else { "" };
        writeln!(f, "{} instance(s){executor}, pauses by seed {}", self.instances, self.seed)?;
        for (place, tier) in self.tiers.iter().enumerate() {
            write!(f, "  {}: {:?}", NAMES[place], tier.place)?;
            tier.ttl.map_or(Ok(()), |ttl| write!(f, ", ttl {ttl}"))?;
            tier.timeout.map_or(Ok(()), |timeout| write!(f, ", timeout {timeout}"))?;
            tier.circuit_breaker.map_or(Ok(()), |failures| write!(f, ", breaks after {failures}"))?;
            tier.tombstone.map_or(Ok(()), |life| write!(f, ", tombstones for {life}"))?;
            writeln!(f, "{}", if tier.optional { ", optional" } else { "" })?;
        }
        for (key, _) in KEYS.iter().zip(self.present).filter(|(_, is_present)| *is_present) {
            writeln!(f, "  {} has {key}", NAMES[self.authority()])?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {number:3}. {step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { instance, way, requests } => {
                write!(f, "instance {instance}, {way:?}:")?;
                requests.iter().try_for_each(|request| write!(f, " {request};"))
            }
            Self::Plan { tier, operation, plan } => {
                write!(f, "{}: the next ", NAMES[*tier])?;
                match operation {
                    Some(operation) => write!(f, "{operation:?}")?,
                    None => write!(f, "call")?,
                }
                write!(f, ": {plan}")
            }
            Self::Evict { tier, key } => write!(f, "{} loses {}", NAMES[*tier], KEYS[*key]),
            other => write!(f, "{other:?}"),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.action, KEYS[self.key])?;
        self.tier.map_or(Ok(()), |tier| write!(f, " in {}", NAMES[tier]))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.fault)?;
        self.only.map_or(Ok(()), |key| write!(f, " for {} only", KEYS[key]))?;
        write!(f, ", made after {} ms, answered {} ms later", self.before, self.after)
    }
}
