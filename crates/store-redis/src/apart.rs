//! Repeats a failed batch key by key, where one key may have failed all of them.

use redis::Value;

use super::batches::Batch;
use super::error::{UNREAD, is_protocol_error, may_be_of_one_key, too_large};
use super::reads::lacked_memory;
use crate::connection::client::Client;
use crate::protocol::request::Request;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::store::Answers;

/// How often what a server has not read, because of what came before it, is asked again.
const MOST_ROUNDS: usize = 8;

/// Returns whether some of the keys of one command may be why it was refused, or were not read because of others.
pub(super) fn is_refused_together(replies: &[Value]) -> bool {
    replies.iter().any(|reply| matches!(reply, Value::ServerError(error) if may_be_of_one_key(error)))
}

/// Returns whether the server broke off in the midst of a request.
pub(super) fn is_broken_off(replies: &[Value]) -> bool {
    replies.iter().any(is_protocol_error)
}

/// Returns whether the server has not read a command, because of one before it.
pub(super) fn is_unread(replies: &[Value]) -> bool {
    replies.iter().any(|reply| matches!(reply, Value::ServerError(error) if error.code() == UNREAD))
}

/// Asks for each of `items` by a command, or a transaction, of its own, all of them in one request. `unqueued` as in
/// [`Batch::ask`].
pub(super) async fn ask_apart<B: Batch>(
    client: &Client,
    batch: &B,
    items: &[B::Item],
    unqueued: bool,
) -> Answers<B::Answer> {
    let mut unqueued = unqueued;
    let mut answers: Vec<Option<Result<B::Answer>>> = vec![None; items.len()];
    for _ in 0..MOST_ROUNDS {
        let limits = client.limits();
        for (item, answer) in items.iter().zip(&mut answers) {
            if answer.is_none() && limits.refuses(B::longest(item)) {
                *answer = Some(Err(too_large()));
            }
        }
        let left: Vec<usize> = (0..items.len()).filter(|n| answers[*n].is_none()).collect();
        if left.is_empty() {
            break;
        }
        let mut ends = Vec::with_capacity(left.len());
        let build = || {
            let bytes = left.iter().map(|n| B::bytes(&items[*n])).sum();
            let mut request = Request::with_capacity(left.len() * 4, bytes);
            ends.clear();
            for n in &left {
                batch.ask(&mut request, std::slice::from_ref(&items[*n]), unqueued);
                ends.push(request.commands());
            }
            request
        };
        let replies = match client.ask(B::WRITES, build).await {
            Ok(replies) => replies,
            Err(error) => {
                left.iter().for_each(|n| answers[*n] = Some(Err(error.clone())));
                break;
            }
        };
        let (mut replies, mut begin, mut unreadable, mut needs_memory) = (replies.into_iter(), 0, 0, false);
        for (n, end) in left.into_iter().zip(ends) {
            let own: Vec<_> = replies.by_ref().take(end - begin).collect();
            begin = end;
            if is_broken_off(&own) {
                unreadable = B::longest(&items[n]);
                answers[n] = Some(Err(too_large()));
            } else if B::IS_TRANSACTION && !unqueued && lacked_memory(&own) {
                needs_memory = true;
            } else if !is_unread(&own) {
                answers[n] = batch.answers(own, std::slice::from_ref(&items[n]), unqueued).pop();
            }
        }
        unqueued |= needs_memory;
        if unreadable > 0 {
            client.learn_limit(unreadable).await;
        }
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(broken_off()))).collect()
}

fn broken_off() -> Error {
    let message = "the redis server closes its connections because of other keys of this batch";
    Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied)
}
