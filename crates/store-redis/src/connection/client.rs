//! The client of one server: connects when first needed, and reconnects.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_util::future::{self, FutureExt};
use redis::Value;
use rustls::client::ClientConfig;
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, oneshot};

use super::connection::{Answer, Connection};
use super::limits::Limits;
use super::lost::{Fate, Lost};
use super::sentinel::Sentinels;
use crate::error::{Failure, error_of};
use crate::options::config::RedisConfig;
use crate::protocol::request::Request;
use redkv_core::backoff::Backoff;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::lock::Lock;
use redkv_core::panics::{caught, lost};

/// Sends commands over one connection, in the order of the calls.
///
/// All commands that wait for a connection wait for the same attempt. After a failed attempt, commands fail at
/// once with its error until a pause is over that grows from 50 ms to 1 s; the first command after it tries
/// again. A command that changes something is sent once, unless it is certain that the server has not read it.
pub(crate) struct Client(Arc<Shared>);

/// What a connection, its attempts and its requests share.
pub(crate) struct Shared {
    pub(crate) config: RedisConfig,
    /// What the handshakes of a store have in common, also where it has many connections.
    pub(crate) tls: Arc<TlsOnce>,
    pub(crate) sentinels: Option<Sentinels>,
    /// What was learnt about the size of requests, over all connections.
    limits: Limits,
    state: Lock<State>,
}

pub(crate) type TlsOnce = OnceCell<Arc<ClientConfig>>;

enum State {
    Down(Pause),
    Connecting { generation: u64, failures: u32, waiting: Vec<Waiting> },
    Up(Arc<Connection>),
    Closed,
}

/// Why there is no connection, and when to try again.
#[derive(Default)]
struct Pause {
    /// Connections that came to nothing, one after the other.
    failures: u32,
    /// Calls before this moment get the error without an attempt.
    until: Option<(Instant, Error)>,
    /// Of the last connection there was.
    generation: u64,
}

/// A request that waits for a connection. It is sent by the task that connects, so that requests
/// leave in the order of their calls and not in the order in which their callers wake up.
struct Waiting {
    request: Request,
    reply: oneshot::Sender<Result<Answer>>,
}

enum Submitted {
    Sending(Answer),
    Waiting(oneshot::Receiver<Result<Answer>>),
}

impl Client {
    /// A connection that will be made when it is first used.
    pub(crate) fn new(config: RedisConfig) -> Self {
        Self::sharing(config, Arc::default())
    }

    /// Returns a client that shares `tls` with others.
    pub(crate) fn sharing(config: RedisConfig, tls: Arc<TlsOnce>) -> Self {
        let sentinels = Sentinels::of(&config);
        let state = Lock::new(State::Down(Pause::default()));
        Self(Arc::new(Shared { config, tls, sentinels, limits: Limits::default(), state }))
    }

    pub(crate) fn config(&self) -> &RedisConfig {
        &self.0.config
    }

    /// Sends a request and returns one value per command; errors of the server are among them.
    pub(crate) async fn send(&self, request: Request) -> Result<Vec<Value>> {
        match self.0.submit(request)? {
            Submitted::Sending(answer) => answer.await,
            Submitted::Waiting(receiver) => receiver.await.unwrap_or_else(|_| Err(Error::closed()))?.await,
        }
    }

    /// Sends a request as [`Client::send`] does. If the connection breaks, it is sent once more on a new one: a read,
    /// and also a write if it is certain that the server has not read it. (A process that was frozen, or idle, finds
    /// its connection dead only when it uses it.) What a server did not read because of another request is sent again
    /// as often as there may be such requests.
    pub(crate) async fn ask(&self, writes: bool, mut build: impl FnMut() -> Request) -> Result<Vec<Value>> {
        const MOST_UNREAD: u32 = 16;
        let mut repeated = 0;
        loop {
            let error = match self.send(build()).await {
                Ok(replies) => return Ok(replies),
                Err(error) => error,
            };
            let most = match Lost::in_error(&error) {
                Some(lost) if lost.fate == Fate::Unread => MOST_UNREAD,
                Some(lost) if lost.may_be_repeated(writes) => 1,
                _ => 0,
            };
            if repeated >= most {
                return Err(error);
            }
            repeated += 1;
        }
    }

    /// Returns whether a request will wait before it leaves.
    pub(crate) fn is_backlogged(&self) -> bool {
        match &*self.0.state.lock() {
            State::Up(connection) => connection.is_backlogged(),
            _ => true,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Asks the server for its limit, after it has refused a string of so many bytes.
    pub(crate) async fn learn_limit(&self, refused: usize) {
        let question = || {
            let mut request = Request::default();
            request.command(3, "CONFIG").arg(b"GET").arg(b"proto-max-bulk-len");
            request.talk()
        };
        let told = match self.ask(false, question).await.as_deref() {
            Ok([Value::Array(pair)]) => match pair.get(1) {
                Some(Value::BulkString(number)) => {
                    std::str::from_utf8(number).ok().and_then(|it| it.parse().ok())
                }
                _ => None,
            },
            _ => None,
        };
        let less = refused.saturating_sub(1);
        self.limits().learn(told.filter(|most: &usize| *most < refused).unwrap_or(less));
    }

    /// Returns the number of the current connection; `None` while there is none.
    pub(crate) fn generation(&self) -> Option<u64> {
        match &*self.0.state.lock() {
            State::Up(connection) => Some(connection.generation),
            _ => None,
        }
    }

    /// Ends the connection for good.
    pub(crate) fn close(&self) {
        let before = mem::replace(&mut *self.0.state.lock(), State::Closed);
        if let State::Up(connection) = before {
            connection.cut();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn submit(self: &Arc<Self>, request: Request) -> Result<Submitted> {
        let (runtime, generation, receiver) = {
            let mut state = self.state.lock();
            match &mut *state {
                State::Up(connection) => return Ok(Submitted::Sending(connection.answer(request))),
                State::Connecting { waiting, .. } => {
                    let (reply, receiver) = oneshot::channel();
                    waiting.push(Waiting { request, reply });
                    return Ok(Submitted::Waiting(receiver));
                }
                State::Closed => return Err(Error::closed()),
                State::Down(Pause { until: Some((until, error)), .. }) if Instant::now() < *until => {
                    return Err(error.clone());
                }
                State::Down(Pause { failures, generation, .. }) => {
                    let runtime = Handle::try_current().map_err(|error| {
                        Error::new(ErrorKind::Internal, "redis was used outside its runtime").caused_by(error)
                    })?;
                    let (failures, generation) = (*failures, *generation + 1);
                    let (reply, receiver) = oneshot::channel();
                    let waiting = vec![Waiting { request, reply }];
                    *state = State::Connecting { generation, failures, waiting };
                    (runtime, generation, receiver)
                }
            }
        };
        // Outside the lock: a runtime that is shutting down drops the attempt on the spot, and that locks again.
        // A task of its own, so that a caller who leaves does not take the connection from the others.
        let attempt = Attempt { shared: self.clone(), generation, result: None };
        runtime.spawn(attempt.run());
        Ok(Submitted::Waiting(receiver))
    }

    fn too_late(&self) -> Error {
        if self.sentinels.is_some() {
            let message =
                "timed out while connecting to the sentinels, or to the redis server that they name";
            return Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied);
        }
        error_of(Failure::ConnectTimeout(&self.config.address))
    }

    /// Ends an attempt to connect: sends what waited for it, or refuses it.
    fn finish(&self, generation: u64, result: Result<Arc<Connection>>) {
        loop {
            let mut state = self.state.lock();
            let (failures, waiting) = match &mut *state {
                State::Connecting { generation: current, failures, waiting } if *current == generation => {
                    (*failures, mem::take(waiting))
                }
                // Closed meanwhile.
                _ => {
                    drop(state);
                    result.iter().for_each(|connection| connection.cut());
                    return;
                }
            };
            match &result {
                // New calls queue up behind the others until none is left, so that none overtakes another.
                Ok(connection) if waiting.is_empty() => {
                    *state = State::Up(connection.clone());
                    return;
                }
                // Not under the lock: a connection that is broken already reports that here.
                Ok(connection) => {
                    drop(state);
                    waiting.into_iter().for_each(|waiting| waiting.start(connection));
                }
                Err(error) => {
                    *state = State::Down(Pause::after(failures + 1, generation, error.clone()));
                    drop(state);
                    for waiting in waiting {
                        // Nobody is told where nobody waits any more.
                        drop(waiting.reply.send(Err(error.clone())));
                    }
                    return;
                }
            }
        }
    }

    /// Ends the connection of this generation, unless that has happened before; what is under way on it fails.
    pub(crate) fn lost(&self, generation: u64) {
        if let Some(connection) = self.take_out(generation) {
            connection.cut();
        }
    }

    /// Takes the connection of this generation out of use, and lets what is under way on it finish.
    pub(crate) fn retire(&self, generation: u64) {
        drop(self.take_out(generation));
    }

    fn take_out(&self, generation: u64) -> Option<Arc<Connection>> {
        let mut state = self.state.lock();
        let State::Up(connection) = &*state else { return None };
        if connection.generation != generation {
            return None;
        }
        let pause = if connection.was_useful() {
            Pause { generation, ..Pause::default() }
        } else {
            let message = "the last connection to the redis server ended before any reply";
            let error = Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied);
            Pause::after(1, generation, error)
        };
        match mem::replace(&mut *state, State::Down(pause)) {
            State::Up(connection) => Some(connection),
            _ => None,
        }
    }
}

impl Waiting {
    /// Queues the request for sending, unless its caller has left: then it is never sent.
    fn start(self, connection: &Arc<Connection>) {
        if self.reply.is_closed() {
            return;
        }
        let mut answer = connection.answer(self.request);
        let answer = match answer.poll_unpin(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => answer,
            Poll::Ready(result) => future::ready(result).boxed(),
        };
        // An answer that nobody waits for any more cleans up after itself.
        drop(self.reply.send(Ok(answer)));
    }
}

impl Pause {
    fn after(failures: u32, generation: u64, error: Error) -> Self {
        let error = error.outcome(Outcome::NotApplied);
        Self { failures, generation, until: Some((Instant::now() + PAUSES.after(failures), error)) }
    }
}

/// Between two attempts to connect.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));

/// An attempt to connect that always ends in [`Shared::finish`], even when its runtime goes away.
struct Attempt {
    shared: Arc<Shared>,
    generation: u64,
    result: Option<Result<Arc<Connection>>>,
}

impl Attempt {
    async fn run(mut self) {
        let config = &self.shared.config;
        let opening = caught(Connection::open(&self.shared, self.generation)).map(Result::flatten);
        let result = tokio::time::timeout(config.connect_timeout, opening).await;
        self.result = Some(result.unwrap_or_else(|_| Err(self.shared.too_late())));
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let result = self.result.take().unwrap_or_else(|| {
            let message = "the attempt to connect to redis was interrupted";
            Err(lost(|| Error::new(ErrorKind::Connection, message)))
        });
        self.shared.finish(self.generation, result);
    }
}
