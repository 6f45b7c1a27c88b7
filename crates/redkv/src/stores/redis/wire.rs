//! Requests and replies on one connection.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use redis::Value;
use smallvec::SmallVec;
use tokio::sync::oneshot;
use tokio_util::io::poll_read_buf;

use super::dial::Stream;
use super::replies::Replies;
use super::request::Request;

/// The end of a connection where requests are handed in. They leave in the order of [`Wire::send`], and those that
/// nobody waits for any more do not leave at all, if they have not yet.
#[derive(Debug, Default)]
pub(super) struct Wire(Mutex<Line>);

#[derive(Debug, Default)]
struct Line {
    queue: VecDeque<Queued>,
    driver: Option<Waker>,
    has_ended: bool,
}

#[derive(Debug)]
struct Queued {
    request: Request,
    reply: Reply,
}

/// The connection ended before a request was answered.
#[derive(Debug)]
pub(super) struct Lost {
    /// Whether the server may have got the request.
    pub(super) was_sent: bool,
    pub(super) cause: Arc<io::Error>,
}

type Reply = oneshot::Sender<Result<Vec<Value>, Lost>>;

impl Wire {
    /// Both ends of a connection: the second moves the bytes, and is the connection.
    pub(super) fn new(stream: Stream) -> (Arc<Self>, Driver) {
        let wire = Arc::new(Self::default());
        let driver = Driver {
            wire: wire.clone(),
            stream,
            output: VecDeque::new(),
            output_bytes: 0,
            is_flushed: true,
            input: BytesMut::new(),
            replies: Replies::default(),
            sent: VecDeque::new(),
            cause: None,
        };
        (wire, driver)
    }

    /// Hands a request in at once, and answers with one value per command; errors of the server are among them.
    pub(super) fn send(&self, request: Request) -> impl Future<Output = Result<Vec<Value>, Lost>> + use<> {
        let (reply, answer) = oneshot::channel();
        let driver = {
            let mut line = self.line();
            if line.has_ended {
                drop(reply.send(Err(Lost { was_sent: false, cause: gone() })));
                None
            } else {
                line.queue.push_back(Queued { request, reply });
                line.driver.take()
            }
        };
        driver.into_iter().for_each(Waker::wake);
        async { answer.await.unwrap_or_else(|_| Err(Lost { was_sent: true, cause: gone() })) }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gone() -> Arc<io::Error> {
    Arc::new(io::ErrorKind::NotConnected.into())
}

/// The task that moves bytes until the connection ends; what is under way then fails, also if this is only dropped.
pub(super) struct Driver {
    wire: Arc<Wire>,
    stream: Stream,
    /// What is on its way out.
    output: VecDeque<Bytes>,
    output_bytes: usize,
    is_flushed: bool,
    /// What has come in and was not read as a reply yet.
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
}

/// Requests stay in the queue, where they can still be given up, while more bytes than this are on their way out.
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

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Err(error) = this.turn(context) else { return Poll::Pending };
        this.cause = Some(Arc::new(error));
        Poll::Ready(())
    }
}

impl Driver {
    /// Does all that can be done now. It is woken when there is more.
    fn turn(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        self.take_requests(context);
        while self.output_bytes > 0 || !self.is_flushed {
            if self.write(context)?.is_pending() {
                break;
            }
            self.take_requests(context);
        }
        let mut in_a_row = 0;
        loop {
            match self.read(context)? {
                Poll::Pending => return Ok(()),
                Poll::Ready(count) => in_a_row += count,
            }
            if in_a_row >= READ_IN_A_ROW {
                context.waker().wake_by_ref();
                return Ok(());
            }
        }
    }

    /// Moves requests from the queue to the output.
    fn take_requests(&mut self, context: &Context<'_>) {
        let mut line = self.wire.line();
        while self.output_bytes < ENOUGH_OUTPUT
            && let Some(Queued { request, reply }) = line.queue.pop_front()
        {
            if reply.is_closed() {
                continue;
            }
            let commands = request.commands();
            self.sent.push_back(Sent { values: Vec::with_capacity(commands), commands, reply });
            for chunk in request.into_chunks() {
                self.output_bytes += chunk.len();
                self.output.push_back(chunk);
            }
        }
        if !line.driver.as_ref().is_some_and(|driver| driver.will_wake(context.waker())) {
            line.driver = Some(context.waker().clone());
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
        while let Some(value) = self.replies.next(&mut self.input)? {
            self.answer(value)?;
        }
        Ok(Poll::Ready(count))
    }

    /// Gives a reply to the request it belongs to.
    fn answer(&mut self, value: Value) -> io::Result<()> {
        let Some(sent) = self.sent.front_mut() else {
            let message = "the server answered what nobody had asked";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        };
        sent.values.push(value);
        if sent.values.len() == sent.commands
            && let Some(sent) = self.sent.pop_front()
        {
            // Its caller may have left.
            drop(sent.reply.send(Ok(sent.values)));
        }
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let queue = {
            let mut line = self.wire.line();
            line.has_ended = true;
            line.driver = None;
            std::mem::take(&mut line.queue)
        };
        // Not under the lock: who waits is woken here.
        let cause = self.cause.take().unwrap_or_else(gone);
        for sent in self.sent.drain(..) {
            drop(sent.reply.send(Err(Lost { was_sent: true, cause: cause.clone() })));
        }
        for queued in queue {
            drop(queued.reply.send(Err(Lost { was_sent: false, cause: cause.clone() })));
        }
    }
}
