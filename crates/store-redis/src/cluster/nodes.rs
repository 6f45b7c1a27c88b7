//! The nodes of a cluster and the slots that they serve.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep, timeout};

use super::super::error::{Failure, error_of};
use super::map::{self, Stretch};
use super::node::Node;
use super::slot::SLOTS;
use crate::connection::client::{Client, TlsOnce};
use crate::options::config::{RedisAddress, RedisConfig};
use redkv_core::error::{Error, Result};
use redkv_core::lock::Lock;
use redkv_executor::spawn;

/// The nodes of a cluster. The map of slots is asked for when it is first needed, when a node says that it is out of
/// date, and when a node cannot be reached.
pub(crate) struct Nodes {
    pub(super) config: RedisConfig,
    seeds: Vec<RedisAddress>,
    tls: Arc<TlsOnce>,
    table: Lock<Table>,
    /// Held while the map is asked for, which happens once at a time.
    renewal: tokio::sync::Mutex<Option<Renewal>>,
    is_renewing: AtomicBool,
}

#[derive(Default)]
struct Table {
    /// For each slot the number of the node that serves it, among `nodes`; empty until there is a map.
    owners: Vec<u16>,
    nodes: Vec<Arc<Node>>,
    /// How often the map was read.
    version: u64,
    is_closed: bool,
}

/// The last time that the map was asked for.
struct Renewal {
    ended: Instant,
    result: Result<()>,
}

/// No node.
const NOBODY: u16 = u16::MAX;
/// The map is not asked for again for so long.
const PAUSE: Duration = Duration::from_millis(100);
/// When a node has not told the map in this time, another one is asked beside it.
const STAGGER: Duration = Duration::from_millis(100);

impl Nodes {
    pub(crate) fn new(config: RedisConfig, seeds: Vec<RedisAddress>) -> Arc<Self> {
        Arc::new(Self {
            config,
            seeds,
            tls: Arc::default(),
            table: Lock::default(),
            renewal: tokio::sync::Mutex::default(),
            is_renewing: AtomicBool::new(false),
        })
    }

    /// Tells maps apart: it grows with each.
    pub(crate) fn version(&self) -> u64 {
        self.table.lock().version
    }

    /// The nodes that serve `slots`, in their order, as far as anybody does.
    pub(super) fn owners(&self, slots: impl Iterator<Item = u16>) -> Vec<Option<Arc<Node>>> {
        let table = self.table.lock();
        slots.map(|slot| table.owner(slot).cloned()).collect()
    }

    pub(super) fn owner(&self, slot: u16) -> Option<Arc<Node>> {
        self.table.lock().owner(slot).cloned()
    }

    /// The nodes that serve any slots.
    pub(super) fn masters(&self) -> Vec<Arc<Node>> {
        let table = self.table.lock();
        let mut serves = vec![false; table.nodes.len()];
        for owner in &table.owners {
            if let Some(serves) = serves.get_mut(usize::from(*owner)) {
                *serves = true;
            }
        }
        let masters = table.nodes.iter().zip(serves).filter(|(_, serves)| *serves);
        masters.map(|(node, _)| node.clone()).collect()
    }

    /// A number that changes when a slot changes hands, as the map says.
    pub(super) fn assignment(&self) -> u64 {
        let table = self.table.lock();
        let owners = table.owners.iter().map(|owner| table.nodes.get(usize::from(*owner)));
        hash_of(owners.map(|node| node.map(|node| &node.address)))
    }

    /// The same, as every node says of itself: a node knows at once which slots it has, others hear of it later.
    pub(super) async fn claims(&self) -> Result<u64> {
        let masters = self.masters();
        let maps = join_all(masters.iter().map(|node| self.ask_node(node.clone()))).await;
        let mut owners = vec![None; usize::from(SLOTS)];
        for (node, map) in masters.iter().zip(maps) {
            for Stretch { first, last, .. } in
                map?.into_iter().filter(|stretch| stretch.owner == node.address)
            {
                owners[usize::from(first)..=usize::from(last)].fill(Some(&node.address));
            }
        }
        Ok(hash_of(owners.into_iter()))
    }

    /// The node that is at `host` and `port` as the one at `asked` says.
    pub(super) fn told(&self, host: String, port: u16, asked: &RedisAddress) -> Arc<Node> {
        let address = map::located(host, port, asked, &self.config.nat);
        let mut table = self.table.lock();
        let node = table.node(&address, || self.connect(&address));
        // One to which a slot is being moved may have none yet, and is on no map then.
        node.was_told.store(true, Ordering::Relaxed);
        table.number_of(&node);
        node
    }

    /// Notes that `slot` belongs to `node` now, and has the map read anew beside the other work.
    pub(super) fn moved(self: &Arc<Self>, slot: u16, node: &Arc<Node>) {
        self.table.lock().assign(slot, node);
        if !self.is_renewing.swap(true, Ordering::Relaxed) {
            let renewing = Renewing(self.clone());
            spawn(async move {
                // Slots seldom move alone.
                sleep(PAUSE).await;
                // If it fails, the next request that is sent astray finds out.
                drop(renewing.0.renew(renewing.0.version()).await);
            });
        }
    }

    /// Makes sure that there is a map.
    pub(super) async fn known(&self) -> Result<()> {
        if self.version() > 0 { Ok(()) } else { self.renew(0).await }
    }

    /// Reads the map anew, unless that was done since `seen` was its version, or just now. Fails when no node tells it.
    pub(crate) async fn renew(&self, seen: u64) -> Result<()> {
        let mut renewal = self.renewal.lock().await;
        {
            let table = self.table.lock();
            if table.is_closed {
                return Err(Error::closed());
            }
            if table.version != seen {
                return Ok(());
            }
        }
        if let Some(Renewal { ended, result }) = &*renewal
            && ended.elapsed() < PAUSE
        {
            return result.clone();
        }
        let result = self.ask().await;
        *renewal = Some(Renewal { ended: Instant::now(), result: result.clone() });
        result
    }

    /// Asks one node after the other for the map, until one has told it.
    async fn ask(&self) -> Result<()> {
        let mut candidates = self.candidates().into_iter();
        let mut asked = FuturesUnordered::new();
        let mut failure = None;
        loop {
            asked.extend(candidates.next().map(|node| self.ask_node(node)));
            let patience = if candidates.len() > 0 { STAGGER } else { self.config.connect_timeout };
            match timeout(patience, asked.next()).await {
                Ok(Some(Ok(map))) => {
                    self.take(map);
                    return Ok(());
                }
                Ok(Some(Err(error))) => failure = Some(error),
                Err(_) if candidates.len() > 0 => {}
                Ok(None) | Err(_) => {
                    let nobody = || error_of(Failure::ConnectTimeout(&self.seeds[0]));
                    return Err(failure.unwrap_or_else(nobody));
                }
            }
        }
    }

    /// Whom to ask: the nodes that are known, those that answer first, and the first ones that were.
    fn candidates(&self) -> Vec<Arc<Node>> {
        let mut nodes = self.table.lock().nodes.clone();
        fastrand::shuffle(&mut nodes);
        nodes.sort_by_key(|node| node.is_silent());
        for seed in &self.seeds {
            if !nodes.iter().any(|node| node.address == *seed) {
                nodes.push(self.connect(seed));
            }
        }
        nodes
    }

    async fn ask_node(&self, node: Arc<Node>) -> Result<Vec<Stretch>> {
        // Not as the requests of callers: being slower than another node is no silence.
        let replies = match node.is_silent() {
            false => node.client.send(map::question()).await?,
            true => return Err(node.silence()),
        };
        map::read(replies.into_iter().next(), &node.address, &self.config.nat)
    }

    fn take(&self, map: Vec<Stretch>) {
        let mut table = self.table.lock();
        if table.is_closed {
            return;
        }
        let mut next = Table { owners: vec![NOBODY; usize::from(SLOTS)], ..Table::default() };
        next.version = table.version + 1;
        for Stretch { first, last, owner } in map {
            let node = table.node(&owner, || self.connect(&owner));
            let number = next.number_of(&node);
            next.owners[usize::from(first)..=usize::from(last)].fill(number);
        }
        for node in &table.nodes {
            if node.was_told.swap(false, Ordering::Relaxed) {
                next.number_of(node);
            }
        }
        let before = std::mem::replace(&mut *table, next);
        drop(table);
        // Not under the lock: connections end here that nobody uses any more.
        drop(before);
    }

    fn connect(&self, address: &RedisAddress) -> Arc<Node> {
        let config = RedisConfig { address: address.clone(), ..self.config.clone() };
        Node::new(address.clone(), Client::sharing(config, self.tls.clone()))
    }

    /// Ends all connections for good.
    pub(crate) fn close(&self) {
        let before = {
            let mut table = self.table.lock();
            let closed = Table { is_closed: true, version: table.version + 1, ..Table::default() };
            std::mem::replace(&mut *table, closed)
        };
        for node in &before.nodes {
            node.client.close();
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.table.lock().is_closed
    }
}

/// Of the owners of all slots.
fn hash_of<'a>(owners: impl Iterator<Item = Option<&'a RedisAddress>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut before = None;
    for (slot, owner) in owners.enumerate() {
        if slot == 0 || owner != before {
            (slot, owner).hash(&mut hasher);
            before = owner;
        }
    }
    hasher.finish()
}

/// The map is read anew beside the other work, for as long as this lasts.
struct Renewing(Arc<Nodes>);

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.is_renewing.store(false, Ordering::Relaxed);
    }
}

impl Table {
    fn owner(&self, slot: u16) -> Option<&Arc<Node>> {
        self.nodes.get(usize::from(*self.owners.get(usize::from(slot))?))
    }

    /// The node at `address`, or a new one, which is not noted.
    fn node(&self, address: &RedisAddress, connect: impl FnOnce() -> Arc<Node>) -> Arc<Node> {
        match self.nodes.iter().find(|node| node.address == *address) {
            Some(node) => node.clone(),
            None => {
                let node = connect();
                if self.is_closed {
                    node.client.close();
                }
                node
            }
        }
    }

    fn assign(&mut self, slot: u16, node: &Arc<Node>) {
        if !self.owners.is_empty() {
            let number = self.number_of(node);
            self.owners[usize::from(slot)] = number;
        }
    }

    fn number_of(&mut self, node: &Arc<Node>) -> u16 {
        let known = self.nodes.iter().position(|known| known.address == node.address);
        let number = known.unwrap_or_else(|| {
            self.nodes.push(node.clone());
            self.nodes.len() - 1
        });
        u16::try_from(number).unwrap_or(NOBODY)
    }
}
