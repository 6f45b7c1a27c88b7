//! Random programs.

use fastrand::Rng;

use super::program::{Act, Fault, KEYS, Place, Plan, Program, Request, Step, TierSetup, Way};
use redkv_testing::Operation;

/// The program of a seed.
pub(super) fn program(seed: u64) -> Program {
    let mut rng = Rng::with_seed(seed);
    let instances = [1, 1, 1, 2, 2, 3][rng.usize(0..6)];
    let tiers = tiers(&mut rng, instances);
    let writer = Writer {
        remotes: (0..tiers.len()).filter(|tier| tiers[*tier].place != Place::Memory).collect(),
        keys: [1, 1, 2, KEYS.len()][rng.usize(0..4)],
        trouble: rng.f64() * 0.8,
        handles: if rng.u8(0..3) == 0 { 0.3 } else { 0.0 },
        conditional: rng.u8(0..4) == 0,
        is_late: rng.u8(0..10) == 0,
        tiers: &tiers,
        instances,
        rng: rng.fork(),
    };
    let on_executor = rng.bool();
    let present = std::array::from_fn(|_| rng.bool());
    let steps = writer.steps();
    Program { seed, instances, tiers, on_executor, present, steps }
}

fn tiers(rng: &mut Rng, instances: usize) -> Vec<TierSetup> {
    let count = rng.usize(1..=4);
    // An authority in memory is nobody else's.
    let most_memories = if instances == 1 { count.min(2) } else { count.min(3) - 1 };
    let memories = rng.usize(0..=most_memories);
    let all_end = rng.u8(0..3) == 0;
    let buries = rng.u8(0..3) == 0;
    let setup = |tier: usize| {
        let is_authority = tier + 1 == count;
        let place = match rng.bool() {
            _ if tier < memories => Place::Memory,
            true => Place::Ordered,
            false => Place::Unordered,
        };
        // What others delete is forgotten in memory, too, or nothing is promised.
        let ends = if buries && place == Place::Memory {
            true
        } else if is_authority {
            rng.u8(0..12) == 0
        } else {
            all_end || rng.u8(0..4) == 0
        };
        let mut setup = TierSetup {
            place,
            ttl: ends.then(|| [30, 300, 3_000][rng.usize(0..3)]),
            timeout: [Some(20), Some(100), Some(1_000), None][rng.usize(0..4)],
            circuit_breaker: [None, Some(1), Some(3)][rng.usize(0..3)],
            tombstone: None,
            optional: !is_authority && rng.u8(0..4) == 0,
        };
        setup.bury(buries && !is_authority && place != Place::Memory && rng.u8(0..8) != 0);
        setup
    };
    (0..count).map(setup).collect()
}

/// Writes the steps of a program.
struct Writer<'a> {
    rng: Rng,
    tiers: &'a [TierSetup],
    remotes: Vec<usize>,
    instances: usize,
    keys: usize,
    /// How often calls to stores go wrong.
    trouble: f64,
    /// How many operations are for a single tier.
    handles: f64,
    /// Whether there are conditional writes.
    conditional: bool,
    /// Whether an authority that takes requests side by side may make what was given up.
    is_late: bool,
}

impl Writer<'_> {
    fn steps(mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        let calls = self.rng.usize(3..25);
        let buries = self.tiers.iter().any(|tier| tier.tombstone.is_some());
        for call in 0..calls {
            while !self.remotes.is_empty() && self.rng.f64() < self.trouble {
                steps.push(self.plan());
            }
            if buries && self.instances > 1 && self.rng.u8(0..6) == 0 {
                steps.extend(self.slow_fill());
            }
            if self.tiers.len() > 1 && self.rng.u8(0..if buries { 100 } else { 8 }) == 0 {
                let tier = self.rng.usize(0..self.tiers.len() - 1);
                steps.push(Step::Evict { tier, key: self.rng.usize(0..self.keys) });
            }
            steps.push(self.call());
            steps.extend(self.wait());
            if call > 2 && self.rng.u8(0..120) == 0 {
                steps.push(Step::Close(self.rng.usize(0..self.instances)));
            }
        }
        steps
    }

    /// One instance reads slowly, or fills slowly what it read, while another one deletes it.
    fn slow_fill(&mut self) -> Vec<Step> {
        let (reader, key, authority) =
            (self.rng.usize(0..self.instances), self.rng.usize(0..self.keys), self.tiers.len() - 1);
        let slow = Plan { before: self.rng.u64(0..20), after: self.rng.u64(0..20), ..Plan::default() };
        let (tier, operation) = if self.rng.bool() {
            (authority, Operation::Get)
        } else {
            (self.remotes[self.rng.usize(0..self.remotes.len())], Operation::SetIfAbsent)
        };
        let call = |instance, action| {
            let request = Request { tier: None, key, action };
            Step::Call { instance, way: Way::Queue, requests: vec![request] }
        };
        vec![
            Step::Plan { tier, operation: Some(operation), plan: slow },
            call(reader, Act::Get),
            Step::Pause(self.rng.u64(1..10)),
            call((reader + 1) % self.instances, Act::Delete),
            Step::Pause(self.rng.u64(10..60)),
            call(self.rng.usize(0..self.instances), Act::Get),
        ]
    }

    fn call(&mut self) -> Step {
        let instance = self.rng.usize(0..self.instances);
        let way = [Way::Queue, Way::Here, Way::Front, Way::Many][self.rng.usize(0..4)];
        let mut requests: Vec<_> = (0..[1, 1, 2, 3][self.rng.usize(0..4)]).map(|_| self.request()).collect();
        if way == Way::Many && !requests[0].action.is_write() && self.rng.u8(0..4) != 0 {
            let Request { tier, action, .. } = requests[0];
            requests = (0..KEYS.len()).map(|key| Request { tier, key, action }).collect();
        }
        Step::Call { instance, way, requests }
    }

    fn request(&mut self) -> Request {
        let tier = (self.rng.f64() < self.handles).then(|| self.rng.usize(0..self.tiers.len()));
        let key = self.rng.usize(0..self.keys);
        let ttl = (self.rng.u8(0..5) == 0).then(|| [1, 20, 200, 2_000][self.rng.usize(0..4)]);
        let action = match self.rng.u8(0..20) {
            0..9 => Act::Get,
            9..11 => Act::Has,
            11..14 => Act::Delete,
            14 if self.conditional => Act::SetIfAbsent(ttl),
            _ => Act::Set(ttl),
        };
        Request { tier, key, action }
    }

    fn wait(&mut self) -> Option<Step> {
        Some(match self.rng.u8(0..16) {
            0..3 => Step::Pause(self.rng.u64(1..6)),
            3..5 => Step::Pause(self.rng.u64(10..150)),
            5 => Step::Pause(self.rng.u64(300..2_500)),
            6..9 => Step::Yield(self.rng.u8(1..5)),
            9 => Step::AwaitOne,
            10..12 => Step::AwaitAll,
            _ => return None,
        })
    }

    fn plan(&mut self) -> Step {
        let tier = self.remotes[self.rng.usize(0..self.remotes.len())];
        let operation = match self.rng.u8(0..16) {
            0..4 => None,
            4..8 => Some(Operation::Get),
            8 => Some(Operation::Has),
            9..12 => Some(Operation::Set),
            12 => Some(Operation::SetIfAbsent),
            13..15 => Some(Operation::Delete),
            _ => Some(Operation::Init),
        };
        let fault = match self.rng.u8(0..24) {
            0..10 => Fault::None,
            10..13 => Fault::Refuse,
            13..15 => Fault::Fail,
            15..17 => Fault::Lose,
            17 => Fault::Break,
            18..20 => Fault::Hang,
            20..22 => Fault::Mute,
            22 => Fault::Panic,
            _ => Fault::TooFew,
        };
        let only = (self.rng.u8(0..4) == 0).then(|| self.rng.usize(0..self.keys));
        let mut plan = Plan { before: self.delay(), after: self.delay(), fault, only };
        let setup = &self.tiers[tier];
        let is_authority = tier + 1 == self.tiers.len();
        if setup.place == Place::Unordered && is_authority && !self.is_late {
            plan.before = plan.before.min(setup.longest() - 1);
            if plan.fault == Fault::Break {
                plan.fault = Fault::Lose;
            }
        }
        Step::Plan { tier, operation, plan }
    }

    fn delay(&mut self) -> u64 {
        match self.rng.u8(0..10) {
            0..4 => 0,
            4..7 => self.rng.u64(1..6),
            7..9 => self.rng.u64(10..150),
            _ => self.rng.u64(300..2_500),
        }
    }
}
