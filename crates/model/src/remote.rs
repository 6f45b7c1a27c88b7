//! A store behind a network: what it does with a request does not depend on whether anybody still waits for it.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use super::history::{Change, History, place, value};
use super::program::{Fault, KEYS, NAMES, Place, Plan};
use redkv_chain::is_tombstone;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{
    Answers, Capabilities, Cursor, Page, Pieces, SetMode, Store, Want, cannot_clear, cannot_list_keys,
};
use redkv_testing::Operation;

/// The one store that all instances share.
pub(super) struct Server {
    tier: usize,
    place: Place,
    entries: Mutex<[Option<Entry>; KEYS.len()]>,
    plans: Mutex<VecDeque<(Option<Operation>, Plan)>>,
    history: History,
    clock: Arc<dyn Clock>,
}

impl Server {
    pub(super) fn new(tier: usize, place: Place, history: History, clock: Arc<dyn Clock>) -> Self {
        Self { tier, place, entries: Mutex::default(), plans: Mutex::default(), history, clock }
    }

    /// How the next call of `operation` goes.
    pub(super) fn plan(&self, operation: Option<Operation>, plan: Plan) {
        self.plans.lock().unwrap().push_back((operation, plan));
    }

    /// From now on all calls go well.
    pub(super) fn heal(&self) {
        self.plans.lock().unwrap().clear();
    }

    fn next_plan(&self, operation: Operation) -> Plan {
        let mut plans = self.plans.lock().unwrap();
        let fits = |(wanted, _): &(Option<Operation>, Plan)| wanted.is_none_or(|wanted| wanted == operation);
        let position = plans.iter().position(fits);
        position.and_then(|position| plans.remove(position)).map_or_else(Plan::default, |(_, plan)| plan)
    }

    /// The live entry under a key.
    pub(super) fn live(&self, key: usize) -> Option<Entry> {
        let now = self.clock.now();
        self.entries.lock().unwrap()[key].clone().filter(|entry| !entry.is_expired(now))
    }

    /// What a read brings: stores may remove late what has ended.
    fn seen(&self, key: usize) -> Option<Entry> {
        match self.place {
            Place::Memory | Place::Ordered => self.live(key),
            Place::Unordered => self.entries.lock().unwrap()[key].clone(),
        }
    }

    /// Loses a key.
    pub(super) fn evict(&self, key: usize) {
        self.delete(0, key, false);
    }

    /// Has an entry that was written before all others.
    pub(super) fn put(&self, key: usize, entry: &Entry) {
        self.set(0, key, entry, SetMode::Always, false);
    }

    fn set(&self, instance: usize, key: usize, entry: &Entry, mode: SetMode, is_late: bool) -> bool {
        if is_tombstone(entry) {
            self.entries.lock().unwrap()[key] = Some(entry.clone());
            self.history.make(self.tier, instance, key, Change::Bury, is_late, self.clock.now());
            return true;
        }
        let (written, deadline) = (value(entry), entry.deadline.map(|deadline| deadline.millis()));
        let change = match mode {
            SetMode::Always => Change::Set(written, deadline),
            SetMode::IfAbsent if self.live(key).is_some() => return false,
            SetMode::IfAbsent => Change::Fill(written, deadline),
        };
        self.entries.lock().unwrap()[key] = Some(entry.clone());
        self.history.make(self.tier, instance, key, change, is_late, self.clock.now());
        true
    }

    fn delete(&self, instance: usize, key: usize, is_late: bool) {
        self.entries.lock().unwrap()[key] = None;
        self.history.make(self.tier, instance, key, Change::Delete, is_late, self.clock.now());
    }
}

/// The way of an instance to a server.
pub(super) struct Remote {
    server: Arc<Server>,
    instance: usize,
    line: Arc<Line>,
}

impl Remote {
    pub(super) fn new(server: Arc<Server>, instance: usize) -> Self {
        Self { server, instance, line: Arc::default() }
    }

    /// Makes one call; `one` makes it for the key at an index of the batch, and knows whether anybody waits for it.
    async fn call<T: Send + 'static>(
        &self,
        operation: Operation,
        keys: &[Key],
        one: impl Fn(&Server, usize, bool) -> T + Send + 'static,
    ) -> Answers<T> {
        let plan = self.arrive(operation, keys);
        let fails: Vec<_> = keys.iter().map(|key| plan.only.is_none_or(|only| only == place(key))).collect();
        let unmade = matches!(plan.fault, Fault::Refuse | Fault::Fail);
        let (sender, receiver) = oneshot::channel();
        let (server, failing) = (self.server.clone(), fails.clone());
        let make = move || {
            let is_late = sender.is_closed();
            let made = (0..).zip(failing).map(|(index, fails)| {
                if unmade && fails { None } else { Some(one(&server, index, is_late)) }
            });
            // Whoever asked may have stopped waiting.
            let _ = sender.send(made.collect::<Vec<_>>());
        };
        match plan.fault {
            Fault::Panic => resume_unwind(Box::new("a store panics, as the program says")),
            Fault::Hang => return std::future::pending().await,
            _ => self.take(plan.before, Box::new(make)),
        }
        if plan.fault == Fault::Break {
            return keys.iter().map(|_| Err(lost())).collect();
        }
        // Nothing remote is answered in the first poll.
        tokio::task::yield_now().await;
        let made = receiver.await.unwrap();
        if plan.after > 0 {
            sleep(Duration::from_millis(plan.after)).await;
        }
        let answer = |(made, fails): (Option<T>, bool)| match (made, plan.fault) {
            (_, Fault::Lose) if fails => Err(lost()),
            (None, Fault::Refuse) => Err(Error::new(ErrorKind::Store, "refused")),
            (None, _) => Err(lost()),
            (Some(made), _) => Ok(made),
        };
        let mut answers: Vec<_> = made.into_iter().zip(fails).map(answer).collect();
        match plan.fault {
            Fault::Mute => return std::future::pending().await,
            Fault::TooFew => drop(answers.pop()),
            _ => {}
        }
        answers
    }

    fn arrive(&self, operation: Operation, keys: &[Key]) -> Plan {
        let plan = self.server.next_plan(operation);
        let now = self.server.clock.now();
        self.server.history.send(self.server.tier, self.instance, operation, keys, plan, now);
        plan
    }

    /// Has the server make something `before` milliseconds from now, and not before what it was asked for earlier if
    /// it is ordered.
    fn take(&self, before: u64, job: Job) {
        let due = Instant::now() + Duration::from_millis(before);
        if self.server.place == Place::Ordered {
            return self.line.take(due, job);
        }
        if before == 0 {
            return job();
        }
        tokio::spawn(async move {
            sleep_until(due).await;
            job();
        });
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// Requests that take effect in the order in which they were made.
#[derive(Default)]
struct Line(Mutex<VecDeque<(Instant, Job)>>);

impl Line {
    fn take(self: &Arc<Self>, due: Instant, job: Job) {
        let mut queue = self.0.lock().unwrap();
        let due = queue.back().map_or(due, |(last, _)| due.max(*last));
        if queue.is_empty() && due <= Instant::now() {
            drop(queue);
            return job();
        }
        queue.push_back((due, job));
        drop(queue);
        let line = self.clone();
        tokio::spawn(async move {
            sleep_until(due).await;
            while let Some(job) = line.next_due() {
                job();
            }
        });
    }

    fn next_due(&self) -> Option<Job> {
        let mut queue = self.0.lock().unwrap();
        if queue.front()?.0 > Instant::now() {
            return None;
        }
        queue.pop_front().map(|(_, job)| job)
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Connection, "lost")
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Remote").field(&self.server.tier).finish()
    }
}

impl Store for Remote {
    fn name(&self) -> &'static str {
        NAMES[self.server.tier]
    }

    fn capabilities(&self) -> Capabilities {
        let base = Capabilities { enumerable: false, clearable: false, shared: true, ..Capabilities::BASE };
        let single = Pieces { min: 1, max: 1, bytes: usize::MAX };
        match self.server.place {
            // As Redis.
            Place::Memory | Place::Ordered => {
                Capabilities { runs_inline: true, deadline_costs_extra: true, ..base }
            }
            // As a service of which each request may take its own way.
            Place::Unordered => Capabilities { ordered: false, reads: single, writes: single, ..base },
        }
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let plan = self.arrive(Operation::Init, &[]);
            sleep(Duration::from_millis(plan.before + plan.after)).await;
            match plan.fault {
                Fault::None | Fault::TooFew => Ok(()),
                Fault::Refuse | Fault::Fail | Fault::Lose | Fault::Break => Err(lost()),
                Fault::Hang | Fault::Mute => std::future::pending().await,
                Fault::Panic => resume_unwind(Box::new("a store panics, as the program says")),
            }
        })
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        let (asked, leaves_out) =
            (keys.to_vec(), want == Want::Value && self.capabilities().deadline_costs_extra);
        Box::pin(self.call(Operation::Get, keys, move |server, index, _| {
            let entry = server.seen(place(&asked[index]));
            entry.map(|entry| if leaves_out { Entry::new(entry.value) } else { entry })
        }))
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        let asked = keys.to_vec();
        Box::pin(
            self.call(Operation::Has, keys, move |server, index, _| {
                server.live(place(&asked[index])).is_some()
            }),
        )
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let (operation, written, instance) = match mode {
            SetMode::Always => (Operation::Set, entries.to_vec(), self.instance),
            SetMode::IfAbsent => (Operation::SetIfAbsent, entries.to_vec(), self.instance),
        };
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
        Box::pin(async move {
            let set = move |server: &Server, index: usize, is_late| {
                let (key, entry): &(Key, Entry) = &written[index];
                server.set(instance, place(key), entry, mode, is_late)
            };
            self.call(operation, &keys, set).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        let (deleted, instance) = (keys.to_vec(), self.instance);
        Box::pin(self.call(Operation::Delete, keys, move |server, index, is_late| {
            server.delete(instance, place(&deleted[index]), is_late);
        }))
    }

    fn keys<'a>(&'a self, _prefix: &'a str, _after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(std::future::ready(Err(cannot_list_keys())))
    }

    fn clear<'a>(
        &'a self,
        _prefix: &'a str,
        _after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(std::future::ready(Err(cannot_clear())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
