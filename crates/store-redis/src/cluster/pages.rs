//! Lists the keys of all nodes, one node after the other.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::nodes::Nodes;
use crate::listing::{Position, scan};
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{Cursor, Page};

/// Where the telling is: which nodes are done, and how far the next one is.
///
/// When a slot changes hands meanwhile, what was done counts for nothing: its keys may have gone from a node that is
/// still to come to one that is done.
struct Progress {
    assignment: u64,
    done: Vec<String>,
    now: Option<(String, Position)>,
}

/// How often it is looked whether the nodes agree about the slots, and the pause in between. It takes them a second or
/// two to hear of each other.
const ATTEMPTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(120);

/// Some keys that begin with `prefix`: the first ones, or those behind `after`.
pub(super) async fn page(nodes: &Arc<Nodes>, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
    let mut progress = match after.and_then(Progress::read) {
        Some(progress) => progress,
        None => Progress::begin(nodes).await?,
    };
    let masters = nodes.masters();
    let is_done = |address: &String| progress.done.contains(address);
    let mut named = masters.iter().map(|node| (node.address.to_string(), node));
    let next = match &progress.now {
        Some((address, _)) => named.find(|(known, _)| known == address),
        None => named.find(|(known, _)| !is_done(known)),
    };
    let Some((address, node)) = next else {
        return progress.end(nodes).await;
    };
    let from = progress.now.take().map_or(Position::Start, |(_, place)| place);
    let told = if node.is_silent() { Err(node.silence()) } else { scan(&node.client, prefix, from).await };
    let (keys, place) = match told {
        Ok(told) => told,
        Err(error) if error.kind() == ErrorKind::Connection => {
            nodes.renew(nodes.version()).await?;
            if nodes.assignment() == progress.assignment {
                return Err(error);
            }
            // Another node has taken its place.
            return Ok(Page { keys: Vec::new(), next: Some(Progress::none()) });
        }
        Err(error) => return Err(error),
    };
    match place {
        Some(place) => progress.now = Some((address, place)),
        None => progress.done.push(address),
    }
    if masters.iter().all(|node| progress.done.contains(&node.address.to_string())) {
        let end = progress.end(nodes).await?;
        return Ok(Page { keys, ..end });
    }
    Ok(Page { keys, next: Some(progress.write()) })
}

impl Progress {
    /// The beginning, once the map is what the nodes say of themselves.
    async fn begin(nodes: &Arc<Nodes>) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            nodes.renew(nodes.version()).await?;
            let assignment = nodes.assignment();
            if nodes.claims().await? == assignment {
                return Ok(Self { assignment, done: Vec::new(), now: None });
            }
            sleep(PAUSE).await;
        }
        let message = "the nodes of the redis cluster do not agree about its slots at the moment";
        Err(Error::new(ErrorKind::Store, message).retryable(true))
    }

    /// The end, unless slots have changed hands.
    async fn end(self, nodes: &Arc<Nodes>) -> Result<Page> {
        let next = (nodes.claims().await? != self.assignment).then(Self::none);
        Ok(Page { keys: Vec::<Key>::new(), next })
    }

    fn none() -> Cursor {
        Cursor::starting_over(Vec::new())
    }

    fn write(&self) -> Cursor {
        let now = self.now.as_ref().map(|(address, place)| json!([address, place.to_bytes()]));
        let bytes = json!([self.assignment, self.done, now]).to_string().into_bytes();
        match self.now {
            Some((_, Position::Start)) => Cursor::starting_over(bytes),
            _ => Cursor::new(bytes),
        }
    }

    fn read(cursor: &Cursor) -> Option<Self> {
        let Ok(Value::Array(parts)) = serde_json::from_slice(cursor.as_bytes()) else { return None };
        let [assignment, done, now] = <[Value; 3]>::try_from(parts).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let now = match now {
            Value::Array(parts) => {
                let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok());
                let place: Vec<u8> = parts.get(1)?.as_array()?.iter().map(byte).collect::<Option<_>>()?;
                Some((text(parts.first()?)?, Position::from_bytes(&place)))
            }
            _ => None,
        };
        Some(Self {
            assignment: assignment.as_u64()?,
            done: done.as_array()?.iter().map(text).collect::<Option<_>>()?,
            now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_back() {
        let now = Some(("a:1".to_owned(), Position::At { generation: 2, cursor: u64::MAX }));
        let progress = Progress { assignment: u64::MAX, done: vec!["b:2".to_owned()], now };
        let read = Progress::read(&progress.write()).unwrap();
        assert_eq!(
            (read.assignment, read.done, read.now),
            (progress.assignment, progress.done, progress.now)
        );
        assert!(Progress::read(&Progress::none()).is_none());
    }
}
