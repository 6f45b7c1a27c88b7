//! Makes a failing program smaller, for as long as it fails in the same way.

use super::program::{Act, Fault, Place, Plan, Program, Step, Way};

/// Runs that are spent on one program.
const MOST_RUNS: usize = 4_000;

/// The smallest program found for which `fails` holds.
pub(super) fn shrink(program: Program, fails: impl Fn(&Program) -> bool) -> Program {
    let mut shrinking = Shrinking { best: program, fails, runs: 0 };
    loop {
        let before = shrinking.best.clone();
        shrinking.drop_steps();
        shrinking.drop_requests();
        shrinking.drop_tiers();
        shrinking.drop_instances();
        shrinking.simplify_setup();
        shrinking.simplify_steps();
        if shrinking.best == before || shrinking.runs >= MOST_RUNS {
            return shrinking.best;
        }
    }
}

struct Shrinking<F> {
    best: Program,
    fails: F,
    runs: usize,
}

impl<F: Fn(&Program) -> bool> Shrinking<F> {
    /// Takes the program that `change` makes, if it fails too.
    fn attempt(&mut self, change: impl FnOnce(&mut Program)) -> bool {
        let mut candidate = self.best.clone();
        change(&mut candidate);
        if candidate == self.best || self.runs >= MOST_RUNS {
            return false;
        }
        self.runs += 1;
        let fails = (self.fails)(&candidate);
        if fails {
            self.best = candidate;
        }
        fails
    }

    fn drop_steps(&mut self) {
        let mut size = self.best.steps.len().div_ceil(2);
        while size > 0 {
            let mut start = 0;
            while start < self.best.steps.len() {
                let end = (start + size).min(self.best.steps.len());
                if !self.attempt(|program| drop(program.steps.drain(start..end))) {
                    start += size;
                }
            }
            size /= 2;
        }
    }

    fn drop_requests(&mut self) {
        for step in 0..self.best.steps.len() {
            let mut request = 0;
            while let Step::Call { requests, .. } = &self.best.steps[step]
                && requests.len() > 1
                && request < requests.len()
            {
                let dropped = self.attempt(|program| {
                    if let Step::Call { requests, .. } = &mut program.steps[step] {
                        requests.remove(request);
                    }
                });
                request += usize::from(!dropped);
            }
        }
    }

    fn drop_tiers(&mut self) {
        let mut tier = 0;
        while tier < self.best.tiers.len() && self.best.tiers.len() > 1 {
            let is_dropped = self.attempt(|program| drop_tier(program, tier));
            tier += usize::from(!is_dropped);
        }
    }

    fn drop_instances(&mut self) {
        while self.best.instances > 1
            && self.attempt(|program| keep_instances(program, program.instances - 1))
        {}
    }

    fn simplify_setup(&mut self) {
        self.attempt(|program| program.on_executor = false);
        self.attempt(|program| program.seed = 0);
        for key in 0..self.best.present.len() {
            self.attempt(|program| program.present[key] = false);
        }
        for tier in 0..self.best.tiers.len() {
            self.attempt(|program| program.tiers[tier].ttl = None);
            self.attempt(|program| {
                let setup = &mut program.tiers[tier];
                setup.timeout = None;
                setup.bury(setup.tombstone.is_some());
            });
            self.attempt(|program| program.tiers[tier].tombstone = None);
            self.attempt(|program| program.tiers[tier].circuit_breaker = None);
            self.attempt(|program| program.tiers[tier].optional = false);
            if self.best.tiers[tier].place == Place::Unordered {
                self.attempt(|program| program.tiers[tier].place = Place::Ordered);
            }
        }
    }

    fn simplify_steps(&mut self) {
        for step in 0..self.best.steps.len() {
            match self.best.steps[step].clone() {
                Step::Plan { plan, .. } => self.simplify_plan(step, plan),
                Step::Pause(millis) => {
                    let _ = self.attempt(|program| program.steps[step] = Step::Yield(1))
                        || self.attempt(|program| program.steps[step] = Step::Pause(1))
                        || self.attempt(|program| program.steps[step] = Step::Pause(millis / 2));
                }
                Step::Call { requests, .. } => {
                    self.attempt(|program| {
                        if let Step::Call { way, .. } = &mut program.steps[step] {
                            *way = Way::Queue;
                        }
                    });
                    (0..requests.len()).for_each(|request| self.simplify_request(step, request));
                }
                Step::Evict { .. } | Step::Yield(_) | Step::AwaitOne | Step::AwaitAll | Step::Close(_) => {}
            }
        }
    }

    fn simplify_request(&mut self, step: usize, place: usize) {
        self.attempt(|program| {
            if let Step::Call { requests, .. } = &mut program.steps[step] {
                requests[place].tier = None;
            }
        });
        self.attempt(|program| {
            if let Step::Call { requests, .. } = &mut program.steps[step]
                && let Act::Set(ttl) | Act::SetIfAbsent(ttl) = &mut requests[place].action
            {
                *ttl = None;
            }
        });
    }

    fn simplify_plan(&mut self, step: usize, plan: Plan) {
        let simpler = [
            Plan { fault: Fault::None, ..plan },
            Plan { before: 0, ..plan },
            Plan { before: plan.before.min(1), ..plan },
            Plan { before: plan.before / 2, ..plan },
            Plan { after: 0, ..plan },
            Plan { after: plan.after.min(1), ..plan },
            Plan { after: plan.after / 2, ..plan },
            Plan { only: None, ..plan },
        ];
        for simple in simpler {
            if let Step::Plan { plan: now, .. } = self.best.steps[step]
                && now == plan
            {
                self.attempt(|program| {
                    if let Step::Plan { plan, .. } = &mut program.steps[step] {
                        *plan = simple;
                    }
                });
            }
        }
    }
}

/// Takes a tier out, with what was for it alone.
fn drop_tier(program: &mut Program, dropped: usize) {
    program.tiers.remove(dropped);
    let authority = program.authority();
    if let Some(authority) = program.tiers.last_mut() {
        authority.optional = false;
        authority.tombstone = None;
        if authority.place == Place::Memory && program.instances > 1 {
            authority.place = Place::Ordered;
        }
    }
    program.steps.retain_mut(|step| match step {
        Step::Plan { tier, .. } | Step::Evict { tier, .. } if *tier == dropped => false,
        Step::Plan { tier, .. } | Step::Evict { tier, .. } => {
            *tier -= usize::from(*tier > dropped);
            // What was a cache may be the authority now, which loses nothing.
            !matches!(step, Step::Evict { tier, .. } if *tier == authority)
        }
        Step::Call { requests, .. } => {
            requests.retain(|request| request.tier != Some(dropped));
            for tier in requests.iter_mut().filter_map(|request| request.tier.as_mut()) {
                *tier -= usize::from(*tier > dropped);
            }
            !requests.is_empty()
        }
        _ => true,
    });
}

/// Leaves out what instances from `count` on do.
fn keep_instances(program: &mut Program, count: usize) {
    program.instances = count;
    program.steps.retain(|step| match step {
        Step::Call { instance, .. } | Step::Close(instance) => *instance < count,
        _ => true,
    });
}
