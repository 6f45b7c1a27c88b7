//! Sends the parts of a batch to the nodes of their keys, and follows redirections.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use redis::Value;
use tokio::time::{Instant, sleep};

use super::node::Node;
use super::nodes::Nodes;
use super::redirect::SlotReply;
use super::slot::slot_of;
use super::sorted::{Asked, Sorted};
use crate::apart::{is_broken_off, is_refused_together};
use crate::batches::Batch;
use crate::connection::lost::Lost;
use crate::error::{is_protocol_error, too_large};
use crate::protocol::request::Request;
use redkv_core::backoff::Backoff;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::store::{Answers, answer_all};

/// How often a key is sent on to another node.
const MOST_REDIRECTIONS: u32 = 16;
/// For how long what a node will do in a moment is tried again. The other keys of a batch wait for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Before that.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(200));

/// The answers of the cluster to `batch`, one for each of `items`.
pub(crate) async fn scatter<B: Batch>(
    nodes: &Arc<Nodes>,
    batch: &B,
    items: &[B::Item],
) -> Answers<B::Answer> {
    if let Err(error) = nodes.known().await {
        return answer_all(items.len(), &Err(error.outcome(Outcome::NotApplied)));
    }
    let mut order: Vec<_> =
        items.iter().enumerate().map(|(place, item)| (slot_of(B::key(item)), place)).collect();
    order.sort_unstable();
    let mut sorted = Sorted::new(batch, order.iter().map(|(_, place)| items[*place].clone()).collect());
    let mut scatter = Scatter { nodes, asked: &mut sorted };
    let parts = scatter.parts(&order);
    scatter.go(parts).await;

    let mut answers = answer_all(items.len(), &Err(unanswered()));
    for ((_, place), answer) in order.iter().zip(sorted.answers) {
        answers[*place] = answer.unwrap_or_else(|| Err(unanswered()));
    }
    answers
}

fn unanswered() -> Error {
    Error::new(ErrorKind::Internal, "a part of the batch got no reply").outcome(Outcome::Unknown)
}

/// A batch on its way.
struct Scatter<'a> {
    nodes: &'a Arc<Nodes>,
    /// Its items are in the order of their slots.
    asked: &'a mut dyn Asked,
}

/// Items of one slot that are asked for in one go.
struct Part {
    items: Range<usize>,
    slot: u16,
    /// Where to send it in the place of the node that the slot belongs to.
    target: Option<Target>,
    unqueued: bool,
}

#[derive(Clone)]
struct Target {
    node: Arc<Node>,
    /// Whether the node has to be told that it does not have the slot yet.
    asking: bool,
}

/// What became of a part at a node.
type Done = (Part, Arc<Node>, Result<SlotReply>);

/// What a round came to, beside answers.
#[derive(Default)]
struct Left {
    parts: Vec<Part>,
    later: Vec<(Part, Error)>,
    unreached: Vec<(Part, Arc<Node>, Error)>,
    redirected: bool,
}

impl Scatter<'_> {
    fn parts(&self, order: &[(u16, usize)]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for (n, (slot, _)) in order.iter().enumerate() {
            match parts.last_mut() {
                Some(part) if part.slot == *slot && self.asked.joins(part.items.clone(), n) => {
                    part.items.end = n + 1;
                }
                _ => parts.push(Part { items: n..n + 1, slot: *slot, target: None, unqueued: false }),
            }
        }
        parts
    }

    async fn go(&mut self, mut parts: Vec<Part>) {
        let mut redirections = 0;
        let mut pauses = Pauses::default();
        while !parts.is_empty() {
            let seen = self.nodes.version();
            let mut left = Left::default();
            for (part, node, result) in self.round(parts, &mut left).await {
                self.handle(part, node, result, &mut left);
            }
            parts = std::mem::take(&mut left.parts);
            left.redirected |= self.follow(left.unreached, seen, &mut parts).await;
            redirections += u32::from(left.redirected);
            if redirections > MOST_REDIRECTIONS {
                let message = "the nodes of the redis cluster redirect a key in circles";
                let error = Error::new(ErrorKind::Store, message).retryable(true);
                parts.drain(..).for_each(|part| self.fail(&part, &error));
            }
            if !left.later.is_empty() {
                if self.nodes.is_closed() {
                    left.later.iter().for_each(|(part, _)| self.fail(part, &Error::closed()));
                } else if pauses.next().await {
                    // The reason may be a fail-over, so another node may have the slot now. That there is no newer map
                    // is no reason to stop.
                    drop(self.nodes.renew(seen).await);
                    parts.extend(left.later.into_iter().flat_map(|(part, _)| part.single()));
                } else {
                    left.later.iter().for_each(|(part, error)| self.fail(part, error));
                }
            }
        }
    }

    /// Sends parts to their nodes, side by side. What belongs to no node is left for later.
    async fn round(&self, parts: Vec<Part>, left: &mut Left) -> Vec<Done> {
        let owners = self.nodes.owners(parts.iter().map(|part| part.slot));
        let mut groups: Vec<(Arc<Node>, Vec<Part>)> = Vec::new();
        for (part, owner) in parts.into_iter().zip(owners) {
            let Some(node) = part.target.as_ref().map(|target| target.node.clone()).or(owner) else {
                left.later.push((part, unserved()));
                continue;
            };
            match groups.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &node)) {
                Some((_, group)) => group.push(part),
                None => groups.push((node, vec![part])),
            }
        }
        let asked = groups.into_iter().map(|(node, group)| self.ask(node, group));
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn ask(&self, node: Arc<Node>, parts: Vec<Part>) -> Vec<Done> {
        let limits = node.client.limits();
        let is_refused = |part: &Part| limits.refuses(self.asked.longest(part.items.clone()));
        let (refused, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_refused);
        let refused = refused
            .into_iter()
            .map(|part| (part, node.clone(), Ok(SlotReply::Unreadable { is_unread: false })));
        let mut done: Vec<Done> = refused.collect();
        if parts.is_empty() {
            return done;
        }
        let items = || parts.iter().map(|part| part.items.clone());
        let bytes = items().map(|part| self.asked.bytes(part)).sum();
        let mut ends = Vec::with_capacity(parts.len());
        let build = || {
            let mut request = Request::with_capacity(items().flatten().count() * 5, bytes);
            ends.clear();
            for part in &parts {
                if part.is_asking() {
                    request.command(1, "ASKING");
                }
                self.asked.ask(&mut request, part.items.clone(), part.unqueued);
                ends.push(request.commands());
            }
            self.asked.sent(request.commands());
            request
        };
        match node.ask(self.asked.writes(), build).await {
            Ok(replies) => {
                if is_broken_off(&replies) {
                    self.learn(&node, &parts, &ends, &replies).await;
                } else if limits.is_wary() {
                    limits.clear(self.longest(&parts));
                }
                let (mut replies, mut begin) = (replies.into_iter(), 0);
                done.extend(parts.into_iter().zip(ends).map(|(part, end)| {
                    let mut own: Vec<_> = replies.by_ref().take(end - begin).collect();
                    begin = end;
                    if part.is_asking() {
                        own.remove(0);
                    }
                    let reply = SlotReply::of(own, self.asked.is_transaction() && !part.unqueued);
                    (part, node.clone(), Ok(reply))
                }));
            }
            Err(error) => {
                if self.asked.writes() && Lost::in_error(&error).is_some_and(Lost::is_suspect) {
                    limits.strike(self.longest(&parts));
                }
                done.extend(parts.into_iter().map(|part| (part, node.clone(), Err(error.clone()))));
            }
        }
        done
    }

    fn longest(&self, parts: &[Part]) -> usize {
        parts.iter().map(|part| self.asked.longest(part.items.clone())).max().unwrap_or_default()
    }

    /// Learns from a node what it takes, which could not read one of `parts`.
    async fn learn(&self, node: &Node, parts: &[Part], ends: &[usize], replies: &[Value]) {
        let at = replies.iter().position(is_protocol_error).unwrap_or_default();
        let part = parts.iter().zip(ends).find(|(_, end)| at < **end);
        let refused = part.map_or(0, |(part, _)| self.asked.longest(part.items.clone()));
        node.client.learn_limit(refused).await;
    }

    fn handle(&mut self, mut part: Part, node: Arc<Node>, result: Result<SlotReply>, left: &mut Left) {
        match result {
            Ok(SlotReply::Answered(replies)) if part.items.len() > 1 && is_refused_together(&replies) => {
                left.parts.extend(part.single());
            }
            Ok(SlotReply::Unreadable { is_unread: true }) => left.parts.push(part),
            Ok(SlotReply::Unreadable { .. }) if part.items.len() > 1 => left.parts.extend(part.single()),
            Ok(SlotReply::Unreadable { .. }) => self.fail(&part, &too_large()),
            Ok(SlotReply::Answered(replies)) => {
                self.asked.answered(replies, part.items.clone(), part.unqueued);
            }
            Ok(SlotReply::Moved(address)) => {
                let owner = self.nodes.told(address.host, address.port, &node.address);
                self.nodes.moved(part.slot, &owner);
                left.redirected = true;
                part.target = Some(Target { node: owner, asking: false });
                left.parts.extend(part.single());
            }
            Ok(SlotReply::Asked(address)) => {
                let other = self.nodes.told(address.host, address.port, &node.address);
                left.redirected = true;
                part.target = Some(Target { node: other, asking: true });
                left.parts.extend(part.single());
            }
            Ok(SlotReply::Unqueued) => {
                part.unqueued = true;
                left.parts.push(part);
            }
            Ok(SlotReply::Later(error)) => {
                part.target = None;
                left.later.push((part, error));
            }
            Err(error) if error.kind() == ErrorKind::Closed => self.fail(&part, &error),
            Err(error) => left.unreached.push((part, node, error)),
        }
    }

    /// Sends on what another node serves by now, where that does no harm. The rest fails: as an error of the cluster if
    /// that lives, so that one of its nodes does not count for all of them. Whether anything is sent on.
    async fn follow(
        &mut self,
        unreached: Vec<(Part, Arc<Node>, Error)>,
        seen: u64,
        parts: &mut Vec<Part>,
    ) -> bool {
        if unreached.is_empty() {
            return false;
        }
        let cluster = self.nodes.renew(seen).await;
        let before = parts.len();
        for (mut part, node, error) in unreached {
            let owner = self.nodes.owner(part.slot);
            let is_elsewhere = owner.is_some_and(|owner| !Arc::ptr_eq(&owner, &node));
            if is_elsewhere && (!self.asked.writes() || !error.may_have_applied()) {
                part.target = None;
                parts.push(part);
            } else if cluster.is_ok() {
                self.fail(&part, &of_one_node(&error));
            } else {
                self.fail(&part, &error);
            }
        }
        parts.len() > before
    }

    fn fail(&mut self, part: &Part, error: &Error) {
        self.asked.fail(part.items.clone(), error);
    }
}

impl Part {
    fn is_asking(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.asking)
    }

    /// The same, item by item: while a slot is being moved its keys may be on different nodes, and no command is for
    /// keys on two.
    fn single(self) -> impl Iterator<Item = Self> {
        let Self { items, slot, target, unqueued } = self;
        items.map(move |n| Self { items: n..n + 1, slot, target: target.clone(), unqueued })
    }
}

fn unserved() -> Error {
    let message = "no node of the redis cluster serves the slot of this key at the moment";
    Error::new(ErrorKind::Store, message).retryable(true)
}

/// `error` of a node whose cluster answers.
fn of_one_node(error: &Error) -> Error {
    let outcome = if error.may_have_applied() { Outcome::Unknown } else { Outcome::NotApplied };
    let message = format!("a node of the redis cluster fails: {}", error.message());
    Error::new(ErrorKind::Store, message)
        .retryable(error.is_retryable())
        .outcome(outcome)
        .caused_by(error.clone())
}

/// Growing pauses, for as long as patience lasts.
struct Pauses {
    since: Option<Instant>,
    pauses: Backoff,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { since: None, pauses: PAUSES }
    }
}

impl Pauses {
    /// Waits for the next one. Whether it is worth another try behind it.
    async fn next(&mut self) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() > PATIENCE {
            return false;
        }
        sleep(self.pauses.next_pause()).await;
        true
    }
}
