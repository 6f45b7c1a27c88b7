//! One connection, from its handshake to its end.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::Value;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::client::Shared;
use super::connect::{Stream, connect};
use super::handshake::Handshake;
use super::pipeline::Pipeline;
use super::sentinel::Sentinels;
use crate::error::{Failure, error_of};
use crate::protocol::request::Request;
use redkv_core::error::Result;
use redkv_core::lock::Lock;
use redkv_executor::{Running, spawn_owned};

/// A request that is under way, or will be when this is first polled.
pub(crate) type Answer = BoxFuture<'static, Result<Vec<Value>>>;

/// An open connection that the server has accepted.
pub(crate) struct Connection {
    /// The number of this connection among those of one client.
    pub(crate) generation: u64,
    pipeline: Arc<Pipeline>,
    task: TaskHandle,
    runtime: Handle,
    home: Weak<Shared>,
    /// How long silence lasts before it counts as the end of the connection.
    patience: Duration,
    /// Answers that callers have received on this connection.
    answers: AtomicU64,
    /// Whether somebody has stopped waiting for an answer that may still come.
    probing: AtomicBool,
    /// Whether requests go over another connection by now, and this one only waits for its last answers.
    retired: AtomicBool,
    since: Instant,
}

impl Connection {
    /// Connects and makes itself known to the server; the caller bounds the time.
    pub(crate) async fn open(shared: &Arc<Shared>, generation: u64) -> Result<Arc<Self>> {
        let config = &shared.config;
        let Some(sentinels) = &shared.sentinels else {
            let stream = connect(&config.address, config.tls.as_ref(), &shared.tls).await?;
            let handshake = Handshake::of(config, &config.address, false);
            return Self::on(stream, shared, generation, &handshake).await;
        };
        let master = sentinels.master().await?;
        let opening = async {
            let stream = connect(&master, config.tls.as_ref(), &shared.tls).await?;
            Self::on(stream, shared, generation, &Handshake::of(config, &master, true)).await
        };
        // Also when the time to connect runs out in between.
        let doubt = Doubt(sentinels);
        let connection = opening.await?;
        std::mem::forget(doubt);
        Ok(connection)
    }

    /// Makes itself known on an open stream.
    async fn on(
        stream: Stream,
        shared: &Arc<Shared>,
        generation: u64,
        handshake: &Handshake<'_>,
    ) -> Result<Arc<Self>> {
        let (pipeline, task) = Pipeline::new(stream, shared.config.max_value_bytes);
        let runtime = Handle::current();
        let home = Arc::downgrade(shared);
        let watcher = home.clone();
        let task = spawn_owned(async move {
            task.await;
            // A connection that the server closed while it was idle is replaced before anyone fails by it.
            if let Some(shared) = watcher.upgrade() {
                shared.lost(generation);
            }
        });
        let task = TaskHandle(Lock::new(Some(task)));
        handshake.perform(&pipeline).await?;
        let patience = shared.config.connect_timeout.min(PATIENCE);
        Ok(Arc::new(Self {
            generation,
            pipeline,
            task,
            runtime,
            home,
            patience,
            answers: AtomicU64::new(0),
            probing: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            since: Instant::now(),
        }))
    }

    /// The answer to `request`, which is queued for sending when this is first polled.
    ///
    /// Commands leave in the order of those first polls.
    pub(crate) fn answer(self: &Arc<Self>, request: Request) -> Answer {
        let connection = self.clone();
        Box::pin(async move {
            let unanswered = Unanswered(&connection);
            let result = connection.pipeline.send(request).await;
            unanswered.settle();
            match result {
                Ok(values) => {
                    connection.answers.fetch_add(1, Ordering::Relaxed);
                    if values.iter().any(is_readonly) {
                        connection.look_for_the_master();
                    }
                    Ok(values)
                }
                // Errors of the server are values; anything else is the end of the connection.
                Err(lost) => {
                    connection.give_up();
                    Err(error_of(Failure::Broken(lost)))
                }
            }
        })
    }

    /// The server became a replica. A fail-over may have given its name to another one, so the next request looks the
    /// name up again; not too often, for the server may be one that was set up so.
    fn look_for_the_master(&self) {
        if self.since.elapsed() < LOOK_AGAIN {
            return;
        }
        // The one order of these and of those in `probe` lets one of them see the other.
        self.retired.store(true, Ordering::SeqCst);
        if self.probing.load(Ordering::SeqCst) {
            self.give_up();
        } else if let Some(shared) = self.home.upgrade() {
            shared.retire(self.generation);
        }
    }

    /// Returns whether the server has ever answered on this connection.
    pub(crate) fn was_useful(&self) -> bool {
        self.answers.load(Ordering::Relaxed) > 0 || self.pipeline.has_refused()
    }

    /// Returns whether a request will wait before it leaves.
    pub(crate) fn is_backlogged(&self) -> bool {
        self.pipeline.is_backlogged()
    }

    /// Ends the connection; what is under way on it fails.
    pub(crate) fn cut(&self) {
        self.task.end();
    }

    fn give_up(&self) {
        if let Some(shared) = self.home.upgrade() {
            shared.lost(self.generation);
        }
    }

    /// Finds out whether the server still answers, and gives the connection up if it does not.
    ///
    /// A caller that stops waiting is the only sign of a half-open connection, and a weak one: it may be only
    /// impatient. The answer to a `PING` behind the abandoned command tells the two apart, as answers come in
    /// order; while other answers come in, the `PING` is only waiting its turn.
    fn probe(self: &Arc<Self>) {
        if self.probing.swap(true, Ordering::SeqCst) || self.task.has_ended() {
            return;
        }
        if self.retired.load(Ordering::SeqCst) {
            // A write that nobody waits for must not arrive after newer ones, which go over another connection.
            self.cut();
            return;
        }
        let connection = self.clone();
        self.runtime.spawn(async move {
            if !connection.still_answers().await {
                connection.give_up();
            }
            connection.probing.store(false, Ordering::Relaxed);
        });
    }

    async fn still_answers(&self) -> bool {
        let mut pong = pin!(self.pipeline.send(Request::bare("PING")));
        loop {
            let before = self.answers.load(Ordering::Relaxed);
            match tokio::time::timeout(self.patience, &mut pong).await {
                Ok(pong) => return pong.is_ok(),
                Err(_) if self.answers.load(Ordering::Relaxed) == before => return false,
                Err(_) => {}
            }
        }
    }
}

/// How long a server may be silent after a caller has already given up on it. Half-open connections cost this
/// much more; a server that is only slow should not lose its connections by it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a connection to a replica lasts at least.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

fn is_readonly(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(error) if error.code() == "READONLY")
}

/// Notices that the server which the sentinels named could not be used.
struct Doubt<'a>(&'a Sentinels);

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        self.0.doubt();
    }
}

/// Notices a caller that stops waiting.
struct Unanswered<'a>(&'a Arc<Connection>);

impl Unanswered<'_> {
    fn settle(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.0.probe();
    }
}

/// The task that moves bytes; it ends with this at the latest.
struct TaskHandle(Lock<Option<Running>>);

impl TaskHandle {
    fn end(&self) {
        let task = self.0.lock().take();
        // Not under the lock: the task drops what it holds, and that may look at this.
        drop(task);
    }

    fn has_ended(&self) -> bool {
        self.0.lock().as_ref().is_none_or(Running::is_finished)
    }
}
