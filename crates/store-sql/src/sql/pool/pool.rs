//! A bounded set of connections to one server.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, FutureExt};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::lease::Lease;
use redkv_core::backoff::Backoff;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::lock::Lock;
use redkv_core::panics::{caught, lost};

/// Makes, checks and ends connections of one kind.
pub(crate) trait Connector: Send + Sync + 'static {
    /// A connection, used by one caller at a time.
    type Connection: Send + 'static;

    /// Connects and logs in. The pool bounds the time.
    fn connect(&self) -> BoxFuture<'_, Result<Self::Connection>>;

    /// Returns whether a connection is not known to have ended.
    fn is_open(connection: &Self::Connection) -> bool;

    /// How long nobody has used a connection when it is looked at before it is used again.
    const UNCHECKED: Duration;

    /// Asks the server over a connection that nobody used for a while, whether it is still there.
    fn check<'a>(&'a self, connection: &'a mut Self::Connection) -> BoxFuture<'a, Result<()>>;

    /// Ends a connection at once, whatever is under way on it.
    fn end(connection: Self::Connection);
}

/// How long a server may take to say that it is still there. What was in between may have forgotten the connection, and
/// then nothing ever answers.
const CHECK_PATIENCE: Duration = Duration::from_secs(2);

/// After an attempt to connect has failed.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));

/// Lends connections, and makes them when they are needed, up to a number.
///
/// An attempt to connect is a task of its own: waits that are shorter than an attempt still get there. After a failed
/// one there is a pause, in which nothing is attempted; whoever asks then has to wait for a connection that is on loan,
/// and gets the error if there is none. When a connection is dropped, the idle ones are dropped as well: they go to the
/// same server.
pub(crate) struct Pool<C: Connector>(Arc<Shared<C>>);

pub(crate) struct Shared<C: Connector> {
    connector: C,
    most: usize,
    connect_timeout: Duration,
    /// For messages.
    server: String,
    state: Lock<State<C>>,
}

struct State<C: Connector> {
    idle: Vec<(C::Connection, Instant)>,
    /// Connections that are idle or on loan.
    open: usize,
    /// Attempts that are under way.
    attempts: usize,
    waiting: VecDeque<Waiting<C>>,
    failures: u32,
    pause: Option<(Instant, Error)>,
    runtime: Option<Handle>,
    is_closed: bool,
}

type Waiting<C> = oneshot::Sender<Result<Lease<C>>>;

impl<C: Connector> State<C> {
    /// The error of the last attempt, while the pause after it lasts.
    fn paused(&self) -> Option<&Error> {
        self.pause.as_ref().filter(|(until, _)| Instant::now() < *until).map(|(_, error)| error)
    }
}

impl<C: Connector> Pool<C> {
    /// A pool of at most `most` connections to `server`, a name for messages. Connects to nothing yet.
    pub(crate) fn new(connector: C, most: usize, connect_timeout: Duration, server: String) -> Self {
        let state = State {
            idle: Vec::new(),
            open: 0,
            attempts: 0,
            waiting: VecDeque::new(),
            failures: 0,
            pause: None,
            runtime: None,
            is_closed: false,
        };
        Self(Arc::new(Shared { connector, most, connect_timeout, server, state: Lock::new(state) }))
    }

    /// Makes the connections.
    pub(crate) fn connector(&self) -> &C {
        &self.0.connector
    }

    /// A connection, as soon as there is one.
    pub(crate) async fn get(&self) -> Result<Lease<C>> {
        loop {
            let mut lease = match self.0.take()? {
                Taken::Now(lease) => lease,
                Taken::Later(receiver) => receiver.await.unwrap_or_else(|_| Err(Error::closed()))?,
            };
            if lease.idle_since().is_none_or(|since| since.elapsed() < C::UNCHECKED) {
                return Ok(lease);
            }
            // One that does not answer is given up, and all that are idle with it.
            let check = self.0.connector.check(lease.begin()?);
            if matches!(tokio::time::timeout(CHECK_PATIENCE, check).await, Ok(Ok(()))) {
                lease.settle();
                return Ok(lease);
            }
        }
    }

    /// Ends idle connections now, and those on loan when they come back. Whoever waits gets an error.
    pub(crate) fn close(&self) {
        let (idle, waiting) = {
            let mut state = self.0.state.lock();
            state.is_closed = true;
            state.open -= state.idle.len();
            (mem::take(&mut state.idle), mem::take(&mut state.waiting))
        };
        drop(idle);
        for waiting in waiting {
            waiting.send(Err(Error::closed())).ok();
        }
    }
}

impl<C: Connector> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

enum Taken<C: Connector> {
    Now(Lease<C>),
    Later(oneshot::Receiver<Result<Lease<C>>>),
}

impl<C: Connector> Shared<C> {
    fn take(self: &Arc<Self>) -> Result<Taken<C>> {
        let runtime = Handle::try_current().map_err(|error| {
            Error::new(ErrorKind::Internal, "a pool was used outside its runtime").caused_by(error)
        })?;
        let receiver = {
            let mut state = self.state.lock();
            if state.is_closed {
                return Err(Error::closed());
            }
            state.runtime = Some(runtime);
            while let Some((connection, since)) = state.idle.pop() {
                if C::is_open(&connection) {
                    return Ok(Taken::Now(Lease::new(self.clone(), connection, Some(since))));
                }
                state.open -= 1;
            }
            if state.open + state.attempts == 0
                && let Some(error) = state.paused()
            {
                return Err(error.clone());
            }
            while state.waiting.front().is_some_and(oneshot::Sender::is_closed) {
                state.waiting.pop_front();
            }
            let (sender, receiver) = oneshot::channel();
            state.waiting.push_back(sender);
            receiver
        };
        self.attempt();
        Ok(Taken::Later(receiver))
    }

    /// Begins to connect, if somebody waits for it and there may be another connection.
    fn attempt(self: &Arc<Self>) {
        let runtime = {
            let mut state = self.state.lock();
            let is_needed = state.attempts < state.waiting.len() && state.open + state.attempts < self.most;
            if !is_needed || state.is_closed || state.paused().is_some() {
                return;
            }
            let Some(runtime) = state.runtime.clone() else { return };
            state.attempts += 1;
            runtime
        };
        // Outside the lock: a runtime that is shutting down drops the attempt on the spot, and that locks again.
        let attempt = Attempt { shared: self.clone(), result: None };
        runtime.spawn(attempt.run());
    }

    fn attempted(self: &Arc<Self>, result: Result<C::Connection>) {
        let error = match result {
            Ok(connection) => {
                {
                    let mut state = self.state.lock();
                    state.attempts -= 1;
                    state.open += 1;
                    (state.failures, state.pause) = (0, None);
                }
                return self.hand_out(connection, None);
            }
            Err(error) => error,
        };
        let waiting = {
            let mut state = self.state.lock();
            state.attempts -= 1;
            state.failures = state.failures.saturating_add(1);
            state.pause = Some((Instant::now() + PAUSES.after(state.failures), error.clone()));
            // Those who wait can have a connection that is on loan, when that comes back.
            if state.open + state.attempts > 0 { VecDeque::new() } else { mem::take(&mut state.waiting) }
        };
        for waiting in waiting {
            waiting.send(Err(error.clone())).ok();
        }
    }

    /// Gives an open connection to who waits for one, or keeps it.
    fn hand_out(self: &Arc<Self>, mut connection: C::Connection, since: Option<Instant>) {
        loop {
            let waiting = {
                let mut state = self.state.lock();
                if state.is_closed {
                    state.open -= 1;
                    return;
                }
                match state.waiting.pop_front() {
                    Some(waiting) => waiting,
                    None => return state.idle.push((connection, since.unwrap_or_else(Instant::now))),
                }
            };
            // Not under the lock: who waits is woken here.
            match waiting.send(Ok(Lease::new(self.clone(), connection, since))) {
                Err(Ok(lease)) => match lease.into_connection() {
                    Some(back) => connection = back,
                    None => return,
                },
                _ => return,
            }
        }
    }

    pub(crate) fn give_back(self: &Arc<Self>, connection: C::Connection) {
        self.hand_out(connection, Some(Instant::now()));
    }

    pub(crate) fn give_up(self: &Arc<Self>, connection: C::Connection) {
        let idle = {
            let mut state = self.state.lock();
            state.open -= 1 + state.idle.len();
            mem::take(&mut state.idle)
        };
        C::end(connection);
        for (connection, _) in idle {
            C::end(connection);
        }
        self.attempt();
        let (waiting, error) = {
            let mut state = self.state.lock();
            if state.open + state.attempts > 0 {
                return;
            }
            let Some(error) = state.paused().cloned() else { return };
            (mem::take(&mut state.waiting), error)
        };
        for waiting in waiting {
            waiting.send(Err(error.clone())).ok();
        }
    }
}

/// An attempt to connect. It always ends, and those who wait get its result.
struct Attempt<C: Connector> {
    shared: Arc<Shared<C>>,
    result: Option<Result<C::Connection>>,
}

impl<C: Connector> Attempt<C> {
    async fn run(mut self) {
        let connect = caught(self.shared.connector.connect()).map(Result::flatten);
        let result = tokio::time::timeout(self.shared.connect_timeout, connect).await;
        let late = || {
            let message = format!("timed out while connecting to {}", self.shared.server);
            Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied)
        };
        self.result = Some(result.unwrap_or_else(|_| Err(late())));
    }
}

impl<C: Connector> Drop for Attempt<C> {
    fn drop(&mut self) {
        let gone = || Err(lost(Error::closed));
        let result = self.result.take().unwrap_or_else(gone);
        self.shared.attempted(result);
        // More may wait than connections were begun.
        self.shared.attempt();
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
