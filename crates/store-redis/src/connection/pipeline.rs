//! Pipelines requests and matches replies to them, on one connection.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use redis::Value;
use smallvec::SmallVec;
use tokio::sync::oneshot;
use tokio_util::io::poll_read_buf;

use super::connect::Stream;
use super::lost::{Fate, Lost, gone};
use crate::error::{UNREAD, is_protocol_error};
use crate::protocol::allowance::{Allowance, instead};
use crate::protocol::expected::Check;
use crate::protocol::replies::Replies;
use crate::protocol::request::Request;
use redkv_core::lock::Lock;
use redkv_core::panics;

/// The end of a connection where requests are handed in. They leave in the order of [`Pipeline::send`], and those that
/// nobody waits for any more do not leave at all, if they have not yet.
#[derive(Debug)]
pub(crate) struct Pipeline {
    queue: Lock<Queue>,
    /// The most bytes that a value may have.
    longest: usize,
    /// Whether requests wait because the server does not take them.
    is_backlogged: AtomicBool,
    /// Whether the server has said that it cannot read a request.
    has_refused: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    requests: VecDeque<Queued>,
    task: Option<Waker>,
    has_ended: bool,
}

#[derive(Debug)]
struct Queued {
    request: Request,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<Vec<Value>, Lost>>;

impl Pipeline {
    /// Both ends of a connection: the second moves the bytes, and is the connection. No value of more than `longest`
    /// bytes is kept.
    pub(crate) fn new(stream: Stream, longest: usize) -> (Arc<Self>, PipelineTask) {
        let pipeline = Arc::new(Self {
            queue: Lock::default(),
            longest,
            is_backlogged: AtomicBool::new(false),
            has_refused: AtomicBool::new(false),
        });
        let task = PipelineTask {
            pipeline: pipeline.clone(),
            stream,
            output: VecDeque::new(),
            output_bytes: 0,
            handed_over: 0,
            refused: None,
            is_flushed: true,
            input: BytesMut::new(),
            replies: Replies::default(),
            sent: VecDeque::new(),
            cause: None,
        };
        (pipeline, task)
    }

    /// Queues a request at once, and returns one value per command; errors of the server are among them.
    pub(crate) fn send(&self, request: Request) -> impl Future<Output = Result<Vec<Value>, Lost>> + use<> {
        let (reply, answer) = oneshot::channel();
        let task = {
            let mut queue = self.queue.lock();
            if queue.has_ended {
                drop(reply.send(Err(Lost { fate: Fate::Unsent, cause: gone() })));
                None
            } else {
                queue.requests.push_back(Queued { request, reply });
                queue.task.take()
            }
        };
        task.into_iter().for_each(Waker::wake);
        async { answer.await.unwrap_or_else(|_| Err(Lost { fate: Fate::Unknown, cause: gone() })) }
    }

    /// Returns whether requests wait because the server does not take them.
    pub(crate) fn is_backlogged(&self) -> bool {
        self.is_backlogged.load(Ordering::Relaxed)
    }

    /// Returns whether the server has said that it cannot read a request; it has closed the connection then.
    pub(crate) fn has_refused(&self) -> bool {
        self.has_refused.load(Ordering::Relaxed)
    }
}

/// The task that moves bytes until the connection ends; what is under way then fails, also if this is only dropped.
pub(crate) struct PipelineTask {
    pipeline: Arc<Pipeline>,
    stream: Stream,
    /// Bytes that are being sent.
    output: VecDeque<Bytes>,
    output_bytes: usize,
    /// Bytes that the system has taken since the connection was made.
    handed_over: u64,
    /// The error of the last write.
    refused: Option<io::Error>,
    is_flushed: bool,
    /// Received bytes that are not parsed yet.
    input: BytesMut,
    replies: Replies,
    /// Requests that have left or are leaving, in order.
    sent: VecDeque<Sent>,
    cause: Option<Arc<io::Error>>,
}

struct Sent {
    values: Vec<Value>,
    commands: usize,
    reply: Reply,
    /// The expected kinds of its replies.
    check: Check,
    /// The remaining bounds of its replies.
    allowance: Allowance,
    /// Behind so many bytes of all output it begins and ends.
    begin: u64,
    end: u64,
}

impl Sent {
    /// Returns its fate when the system had taken so many bytes; `is_first` if all before it were answered.
    fn fate(&self, handed_over: u64, is_first: bool) -> Fate {
        match handed_over {
            bytes if bytes <= self.begin => Fate::Unsent,
            bytes if bytes < self.end && self.commands == 1 => Fate::Cut { is_first },
            _ if is_first => Fate::First,
            _ => Fate::Unknown,
        }
    }
}

/// Requests stay in the queue, where they can still be cancelled, while more bytes than this are on their way out.
const ENOUGH_OUTPUT: usize = 256 * 1024;
/// Bytes that are asked for at a time.
const READ: usize = 16 * 1024;
/// Bytes that are read before other tasks have their turn: those whose answers came first take them further while the
/// server and the wire are busy with the rest.
const READ_IN_A_ROW: usize = 16 * 1024;
/// From so much on, what is missing of a string is read to where it belongs.
const READ_IN_PLACE: usize = 4 * READ;
/// Pieces of output that the system is handed at a time.
const SLICES: usize = 64;

impl Future for PipelineTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Err(error) = this.turn(context) else { return Poll::Pending };
        this.cause = Some(Arc::new(error));
        Poll::Ready(())
    }
}

impl PipelineTask {
    /// Does all that can be done now. It is woken when there is more.
    fn turn(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.sent.is_empty() {
            // A connection that was closed while it was idle is found out before anything leaves on it.
            while self.read(context)?.is_ready() {}
        }
        self.take_requests(context);
        while self.refused.is_none() && (self.output_bytes > 0 || !self.is_flushed) {
            match self.write(context) {
                Ok(Poll::Pending) => break,
                Ok(Poll::Ready(())) => self.take_requests(context),
                // What the server said before it closed the connection is still to be read. Its end is there too.
                Err(error) => self.refused = Some(error),
            }
        }
        let mut in_a_row = 0;
        loop {
            match self.read(context) {
                Ok(Poll::Pending) => return Ok(()),
                Ok(Poll::Ready(count)) => in_a_row += count,
                Err(error) => return Err(self.refused.take().unwrap_or(error)),
            }
            if in_a_row >= READ_IN_A_ROW {
                context.waker().wake_by_ref();
                return Ok(());
            }
        }
    }

    /// Moves requests from the queue to the output.
    fn take_requests(&mut self, context: &Context<'_>) {
        let mut queue = self.pipeline.queue.lock();
        while self.output_bytes < ENOUGH_OUTPUT
            && self.refused.is_none()
            && let Some(Queued { mut request, reply }) = queue.requests.pop_front()
        {
            if reply.is_closed() {
                continue;
            }
            let commands = request.commands();
            let check = request.check();
            let allowance = request.allowed().within(self.pipeline.longest);
            let begin = self.handed_over + self.output_bytes as u64;
            for chunk in request.into_chunks() {
                self.output_bytes += chunk.len();
                self.output.push_back(chunk);
            }
            let end = self.handed_over + self.output_bytes as u64;
            let values = Vec::with_capacity(commands);
            self.sent.push_back(Sent { values, commands, reply, check, allowance, begin, end });
        }
        self.pipeline.is_backlogged.store(!queue.requests.is_empty(), Ordering::Relaxed);
        if !queue.task.as_ref().is_some_and(|task| task.will_wake(context.waker())) {
            queue.task = Some(context.waker().clone());
        }
    }

    fn write(&mut self, context: &mut Context<'_>) -> io::Result<Poll<()>> {
        self.is_flushed = false;
        while self.output_bytes > 0 {
            let stream = Pin::new(&mut *self.stream);
            let written = if let [chunk] = self.output.make_contiguous() {
                stream.poll_write(context, chunk)
            } else {
                let slices: SmallVec<[IoSlice<'_>; SLICES]> =
                    self.output.iter().take(SLICES).map(|chunk| IoSlice::new(chunk)).collect();
                stream.poll_write_vectored(context, &slices)
            };
            let Poll::Ready(mut written) = written? else { return Ok(Poll::Pending) };
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.output_bytes -= written;
            self.handed_over += written as u64;
            while let Some(chunk) = self.output.front_mut()
                && written >= chunk.len()
            {
                written -= chunk.len();
                self.output.pop_front();
            }
            if let Some(chunk) = self.output.front_mut() {
                chunk.advance(written);
            }
        }
        // Encryption keeps bytes back.
        let flushed = Pin::new(&mut *self.stream).poll_flush(context)?;
        self.is_flushed = flushed.is_ready();
        Ok(flushed)
    }

    /// Reads once, and answers the requests whose replies are complete then. How many bytes there were.
    fn read(&mut self, context: &mut Context<'_>) -> io::Result<Poll<usize>> {
        let stream = Pin::new(&mut *self.stream);
        let read = match self.replies.string() {
            Some((string, missing)) if missing >= READ_IN_PLACE => {
                string.reserve(missing.min(string.len().max(READ_IN_PLACE)));
                poll_read_buf(stream, context, &mut string.limit(missing))
            }
            _ => {
                self.input.reserve(READ);
                poll_read_buf(stream, context, &mut self.input)
            }
        };
        let Poll::Ready(count) = read? else { return Ok(Poll::Pending) };
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut unread = &self.input[..];
        while !unread.is_empty() {
            let sent = self.sent.front_mut().ok_or_else(unasked)?;
            let Some(value) = self.replies.next(&mut unread, &mut sent.allowance)? else { break };
            if !sent.check.takes(&value) {
                return Err(stray());
            }
            if let Err(error) = answer(&mut self.sent, value) {
                self.pipeline.has_refused.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
        let read = self.input.len() - unread.len();
        self.input.advance(read);
        Ok(Poll::Ready(count))
    }
}

/// Gives a reply to the request it belongs to. Fails if it is the last word of the server.
fn answer(requests: &mut VecDeque<Sent>, value: Value) -> io::Result<()> {
    let Some(sent) = requests.front_mut() else { return Err(unasked()) };
    let ends_it = is_protocol_error(&value);
    sent.values.push(value);
    if ends_it {
        // The server reads nothing behind what it could not read.
        sent.values.resize_with(sent.commands, || instead(UNREAD));
    }
    if sent.values.len() == sent.commands
        && let Some(sent) = requests.pop_front()
    {
        // Its caller may have left.
        drop(sent.reply.send(Ok(sent.values)));
    }
    if !ends_it {
        return Ok(());
    }
    let error = io::Error::new(io::ErrorKind::ConnectionAborted, "the server refused an earlier request");
    let cause = Arc::new(error);
    for sent in requests.drain(..) {
        drop(sent.reply.send(Err(Lost { fate: Fate::Unread, cause: cause.clone() })));
    }
    Err(io::ErrorKind::ConnectionAborted.into())
}

/// Replies and requests are out of step, so no later reply can be trusted.
fn stray() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server sent a reply that does not belong to the command")
}

fn unasked() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server sent a reply that nobody had requested")
}

impl Drop for PipelineTask {
    fn drop(&mut self) {
        let queue = {
            let mut queue = self.pipeline.queue.lock();
            queue.has_ended = true;
            queue.task = None;
            std::mem::take(&mut queue.requests)
        };
        // Not under the lock: who waits is woken here.
        let panicked = || panics::dropping().map(|defect| Arc::new(io::Error::other(defect)));
        let cause = self.cause.take().or_else(panicked).unwrap_or_else(gone);
        let handed_over = self.handed_over;
        for (n, sent) in self.sent.drain(..).enumerate() {
            let fate = sent.fate(handed_over, n == 0);
            drop(sent.reply.send(Err(Lost { fate, cause: cause.clone() })));
        }
        for queued in queue {
            drop(queued.reply.send(Err(Lost { fate: Fate::Unsent, cause: cause.clone() })));
        }
    }
}
