//! One node of a cluster.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::Value;
use tokio::time::sleep;

use crate::connection::client::Client;
use crate::options::config::RedisAddress;
use crate::protocol::request::Request;
use redkv_core::backoff::jittered;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_executor::spawn;

/// A node of a cluster, with one connection that is made when it is first needed.
///
/// A node that lets a caller's time pass without a sign of life is not asked again until it answers a `PING`: the keys
/// of other nodes, which come in the same batches, do not wait for it.
pub(super) struct Node {
    pub(super) address: RedisAddress,
    pub(super) client: Client,
    /// How often it has answered.
    answers: AtomicU64,
    is_silent: AtomicBool,
    /// Whether another node has sent requests here since the map was last read.
    pub(super) was_told: AtomicBool,
}

impl Node {
    pub(super) fn new(address: RedisAddress, client: Client) -> Arc<Self> {
        Arc::new(Self {
            address,
            client,
            answers: AtomicU64::new(0),
            is_silent: AtomicBool::new(false),
            was_told: AtomicBool::new(false),
        })
    }

    pub(super) fn is_silent(&self) -> bool {
        self.is_silent.load(Ordering::Relaxed)
    }

    pub(super) fn silence(&self) -> Error {
        let message = format!("the redis server at {} does not answer", self.address);
        Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied)
    }

    /// Sends a request as [`Client::ask`] does.
    pub(super) async fn ask(
        self: &Arc<Self>,
        writes: bool,
        build: impl FnMut() -> Request,
    ) -> Result<Vec<Value>> {
        if self.is_silent() {
            return Err(self.silence());
        }
        let waiting = Waiting { node: self, answers: self.answers.load(Ordering::Relaxed) };
        let result = self.client.ask(writes, build).await;
        // An error is no silence either.
        self.answers.fetch_add(1, Ordering::Relaxed);
        drop(waiting);
        result
    }
}

/// Notices a caller that stops waiting for a node which has said nothing to anybody meanwhile.
struct Waiting<'a> {
    node: &'a Arc<Node>,
    answers: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let node = self.node;
        if node.answers.load(Ordering::Relaxed) == self.answers
            && !node.is_silent.swap(true, Ordering::Relaxed)
        {
            let listening = Listening(Arc::downgrade(node));
            spawn(async move { listening.until_it_answers().await });
        }
    }
}

/// Asks a silent node for signs of life. It counts as silent for as long as this lasts.
struct Listening(Weak<Node>);

impl Listening {
    async fn until_it_answers(&self) {
        while let Some(node) = self.0.upgrade() {
            match node.client.send(Request::bare("PING")).await {
                Err(error) if error.kind() != ErrorKind::Closed => {}
                _ => return,
            }
            drop(node);
            sleep(jittered(PAUSE)).await;
        }
    }
}

/// Between two attempts to reach a silent node.
const PAUSE: Duration = Duration::from_millis(100);

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(node) = self.0.upgrade() {
            node.answers.fetch_add(1, Ordering::Relaxed);
            node.is_silent.store(false, Ordering::Relaxed);
        }
    }
}
