//! Runs a program, in a time of its own that passes at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, timeout};

use super::history::{Event, History, Moment, Record, Submission, Value, value};
use super::local::Local;
use super::program::{Act, KEYS, Place, Program, Request, Step, Way};
use super::remote::{Remote, Server};
use redkv_chain::{
    Action, Answer, Chain, Lookup, Observer, Question, Replies, Scope, TierConfig, is_tombstone,
};
use redkv_core::clock::Clock;
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::store::{Immediate, SetMode, Store, Want};
use redkv_executor::Executor;

/// Per key, the value that a store holds, and until when.
pub(super) type Held = [Option<(Value, Option<u64>)>; KEYS.len()];

/// What a run leaves to be judged.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) record: Record,
    /// What each instance's tiers hold at the end, by tier and key; nothing of instances that were closed.
    pub(super) held: Vec<Vec<Held>>,
    /// Per instance, whether everything in it is at rest.
    pub(super) at_rest: Vec<bool>,
    /// From when on stores are asked as if nothing were wrong; what they were asked for before is not over.
    pub(super) healed: u64,
    /// From when on the calls of the end were made: all was well for long before them.
    pub(super) end: Moment,
    /// Whether an instance panicked in the thread of its caller.
    pub(super) panicked: bool,
}

/// Tells the time of the run.
#[derive(Debug)]
struct VirtualClock(Instant);

impl VirtualClock {
    const START: u64 = 1_000_000;
}

impl Clock for VirtualClock {
    fn now(&self) -> u64 {
        Self::START + u64::try_from((Instant::now() - self.0).as_millis()).unwrap()
    }

    fn time_of_day(&self) -> u64 {
        self.now()
    }
}

/// An instance, and what it holds in memory.
struct Instance {
    chain: Arc<Chain>,
    locals: Vec<Option<Arc<Local>>>,
}

struct World<'a> {
    program: &'a Program,
    history: History,
    clock: Arc<dyn Clock>,
    servers: Vec<Arc<Server>>,
    instances: Vec<Instance>,
    executor: Option<Arc<Executor>>,
}

/// Notes which stores an instance asks.
struct Turns {
    instance: usize,
    history: History,
    clock: Arc<dyn Clock>,
}

impl Observer for Turns {
    fn observe(&self, event: redkv_chain::Event) {
        let instance = self.instance;
        let turn = match event {
            redkv_chain::Event::TierDown { tier, .. } => Event::Down { tier: tier.into(), instance },
            redkv_chain::Event::TierUp { tier, .. } => Event::Up { tier: tier.into(), instance },
            _ => return,
        };
        self.history.turn(turn, self.clock.now());
    }
}

/// Longer than anything that goes on: faults, repairs, ttls.
const LONG: Duration = Duration::from_secs(60);

/// Runs `program`. The same program always runs the same way.
pub(super) fn run(program: &Program) -> Outcome {
    fastrand::seed(program.seed);
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let history = History::default();
    let run = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async { World::new(program, history.clone()).run().await })
    }));
    drop(runtime);
    run.unwrap_or_else(|_| Outcome {
        record: history.record().clone(),
        held: Vec::new(),
        at_rest: Vec::new(),
        healed: u64::MAX,
        end: Moment { number: usize::MAX, time: u64::MAX },
        panicked: true,
    })
}

impl<'a> World<'a> {
    fn new(program: &'a Program, history: History) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock(Instant::now()));
        let server = |(tier, setup): (usize, &super::program::TierSetup)| {
            Arc::new(Server::new(tier, setup.place, history.clone(), clock.clone()))
        };
        let servers = program.tiers.iter().enumerate().map(server).collect();
        let executor = program.on_executor.then(|| Executor::new(Handle::current()));
        if let Some(executor) = executor.clone() {
            tokio::spawn(async move {
                loop {
                    executor.woken().await;
                    executor.run_own(|| {});
                }
            });
        }
        let mut world = Self { program, history, clock, servers, instances: Vec::new(), executor };
        world.instances = (0..program.instances).map(|instance| world.instance(instance)).collect();
        world
    }

    fn instance(&self, instance: usize) -> Instance {
        let chain = Arc::new(Chain::new(self.clock.clone()));
        let (history, clock) = (self.history.clone(), self.clock.clone());
        chain.observe(Arc::new(Turns { instance, history, clock }));
        let mut locals = Vec::new();
        for (tier, setup) in self.program.tiers.iter().enumerate() {
            let local = (setup.place == Place::Memory)
                .then(|| Arc::new(Local::new(tier, instance, self.history.clone(), self.clock.clone())));
            let store: Arc<dyn Store> = match &local {
                Some(local) => local.clone(),
                None => Arc::new(Remote::new(self.servers[tier].clone(), instance)),
            };
            let timeout = setup.timeout.map(Duration::from_millis);
            let config = TierConfig {
                ttl: setup.ttl,
                timeout,
                optional: setup.optional,
                circuit_breaker: setup.circuit_breaker,
                tombstone: setup.tombstone,
                ..TierConfig::default()
            };
            chain.add(store, config).unwrap();
            locals.push(local);
        }
        Instance { chain, locals }
    }

    async fn run(self) -> Outcome {
        (0..KEYS.len()).filter(|key| self.program.present[*key]).for_each(|key| self.put(key));
        for step in &self.program.steps {
            self.step(step).await;
        }
        self.servers.iter().for_each(|server| server.heal());
        let healed = self.clock.now();
        sleep(LONG).await;
        let end = Moment { number: self.history.record().events.len(), time: self.clock.now() };
        for instance in 0..self.instances.len() {
            let ask = |action| (0..KEYS.len()).map(move |key| Request { tier: None, key, action });
            self.call(instance, Way::Queue, &ask(Act::Has).chain(ask(Act::Get)).collect::<Vec<_>>());
        }
        sleep(LONG).await;
        let outcome = Outcome {
            record: self.history.record().clone(),
            held: (0..self.instances.len()).map(|instance| self.held(instance)).collect(),
            at_rest: self.instances.iter().map(|instance| instance.chain.is_at_rest(&KEYS)).collect(),
            healed,
            end,
            panicked: false,
        };
        self.executor.iter().for_each(|executor| {
            executor.end();
            executor.bury();
        });
        outcome
    }

    async fn step(&self, step: &Step) {
        match step {
            Step::Call { instance, way, requests } => self.call(*instance, *way, requests),
            Step::Plan { tier, operation, plan } => self.servers[*tier].plan(*operation, *plan),
            Step::Evict { tier, key } => self.evict(*tier, *key),
            Step::Pause(millis) => sleep(Duration::from_millis(*millis)).await,
            Step::Yield(times) => {
                for _ in 0..*times {
                    tokio::task::yield_now().await;
                }
            }
            Step::AwaitOne => {
                let open = self.history.record().open;
                // What never comes is found out at the end.
                let _ = timeout(LONG, self.history.until_open(open.saturating_sub(1))).await;
            }
            Step::AwaitAll => {
                let _ = timeout(LONG, self.history.until_open(0)).await;
            }
            Step::Close(instance) => {
                self.history.close(*instance, self.clock.now());
                self.instances[*instance].chain.refuse();
                let chain = self.instances[*instance].chain.clone();
                let history = self.history.clone();
                tokio::spawn(async move {
                    chain.close().await;
                    history.end_closing();
                });
            }
        }
    }

    /// Has the authority have a key, as if it had been written before.
    fn put(&self, key: usize) {
        let (request, now) = (Request { tier: None, key, action: Act::Set(None) }, self.clock.now());
        let op = self.history.call(0, request, now);
        let (authority, entry) = (self.program.authority(), Entry::new(op.to_string()));
        match &self.instances[0].locals[authority] {
            Some(local) => drop(local.set_now(KEYS[key], (&entry).into(), SetMode::Always)),
            None => self.servers[authority].put(key, &entry),
        }
        self.history.answer(op, &Ok(Answer::Written(true)), now);
    }

    fn evict(&self, tier: usize, key: usize) {
        self.history.evict(tier);
        self.servers[tier].evict(key);
        self.instances.iter().filter_map(|instance| instance.locals[tier].as_ref()).for_each(|local| {
            local.delete_now(KEYS[key]);
        });
    }

    fn call(&self, instance: usize, way: Way, requests: &[Request]) {
        let chain = &self.instances[instance].chain;
        let together = |one: &Request, other: &Request| {
            way == Way::Many && !one.action.is_write() && (one.tier, one.action) == (other.tier, other.action)
        };
        if way == Way::Many {
            let parts = requests.chunk_by(together);
            return parts.for_each(|part| self.call_part(instance, part));
        }
        let (mut ops, mut asked) = (Vec::new(), Vec::new());
        for request in requests {
            let scope = scope(request);
            let op = self.history.call(instance, *request, self.clock.now());
            let key = Key::from(KEYS[request.key]);
            let action = self.action(op, request.action);
            if way == Way::Front
                && let Some(answer) = look(chain, scope, &key, &action)
            {
                self.history.answer(op, &Ok(answer), self.clock.now());
                continue;
            }
            ops.push(op);
            asked.push(chain.request(scope, key, action));
        }
        let replies = self.replies(ops);
        match (&self.executor, way) {
            (None, _) => chain.submit(asked, &replies),
            (Some(executor), Way::Here) => executor.run_here(|| chain.submit(asked, &replies)),
            (Some(executor), _) => executor.run_own(|| chain.submit(asked, &replies)),
        }
    }

    fn replies(&self, ops: Vec<usize>) -> Arc<dyn Replies> {
        Arc::new(Submission { history: self.history.clone(), ops, clock: self.clock.clone() })
    }

    /// Calls reads that have all but the key in common, or anything else.
    fn call_part(&self, instance: usize, part: &[Request]) {
        let question = match part[0].action {
            Act::Get => Question::Get(Want::Value),
            Act::Has => Question::Has,
            _ => return self.call(instance, Way::Queue, part),
        };
        let chain = &self.instances[instance].chain;
        let now = self.clock.now();
        let replies = self.replies(part.iter().map(|read| self.history.call(instance, *read, now)).collect());
        let keys = part.iter().map(|read| KEYS[read.key].into()).collect();
        let submit = || chain.submit_reads(scope(&part[0]), question, keys, &replies);
        match &self.executor {
            None => submit(),
            Some(executor) => executor.run_own(submit),
        }
    }

    fn action(&self, op: usize, action: Act) -> Action {
        let entry = |ttl: Option<u64>| Entry {
            value: op.to_string().into(),
            deadline: ttl.map(|ttl| Deadline::at(self.clock.now() + ttl)),
        };
        match action {
            Act::Get => Action::Get(Want::Value),
            Act::Has => Action::Has,
            Act::Set(ttl) => Action::Set(entry(ttl)),
            Act::SetIfAbsent(ttl) => Action::SetIfAbsent(entry(ttl)),
            Act::Delete => Action::Delete,
        }
    }

    fn held(&self, instance: usize) -> Vec<Held> {
        let of = |entry: Entry| (value(&entry), entry.deadline.map(Deadline::millis));
        let tier = |(tier, local): (usize, &Option<Arc<Local>>)| {
            std::array::from_fn(|key| match local {
                Some(local) => local.get_now(KEYS[key]).map(of),
                None => self.servers[tier].live(key).filter(|entry| !is_tombstone(entry)).map(of),
            })
        };
        self.instances[instance].locals.iter().enumerate().map(tier).collect()
    }
}

fn scope(request: &Request) -> Scope {
    request.tier.map_or(Scope::Chain, |tier| Scope::Tier(u16::try_from(tier).unwrap()))
}

/// What the front of a chain answers, if it can.
fn look(chain: &Arc<Chain>, scope: Scope, key: &Key, action: &Action) -> Option<Answer> {
    let front = chain.fast_path(scope)?;
    match action {
        Action::Get(_) => match front.get(key) {
            Lookup::Known(entry) => Some(Answer::Entry(entry)),
            Lookup::Ask => None,
        },
        Action::Has => match front.has(key) {
            Lookup::Known(has) => Some(Answer::Has(has)),
            Lookup::Ask => None,
        },
        Action::Set(entry) => match front.set(key, entry.into()) {
            Lookup::Known(()) => Some(Answer::Written(true)),
            Lookup::Ask => None,
        },
        Action::SetIfAbsent(_) => None,
        Action::Delete => match front.delete(key) {
            Lookup::Known(()) => Some(Answer::Written(true)),
            Lookup::Ask => None,
        },
    }
}
