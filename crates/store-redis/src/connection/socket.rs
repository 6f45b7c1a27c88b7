//! A socket that moves between the reactors of two threads.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use redkv_executor::{CallerReactor, Executor, Registration};

/// A socket polled by the runtime, or by the [`CallerReactor`] of its executor while that is open.
#[derive(Debug)]
pub(crate) struct Socket {
    reactor: Option<Arc<CallerReactor>>,
    poller: Poller,
}

/// Which reactor polls the stream.
#[derive(Debug)]
enum Poller {
    Runtime(TcpStream),
    Caller(Arc<CallerReactor>, mio::net::TcpStream, Registration),
    /// Moving failed half-way: the connection is lost.
    Nobody,
}

impl Socket {
    /// Returns a socket polled by the runtime of `stream`, in which this must be called.
    pub(crate) fn new(stream: TcpStream) -> Self {
        let reactor = Executor::current().and_then(|executor| executor.caller_reactor().cloned());
        Self { reactor, poller: Poller::Runtime(stream) }
    }

    /// Moves to the reactor that polls sockets now. The task that uses the socket must call it, so that its waker is
    /// registered there.
    fn settle(&mut self) -> io::Result<()> {
        let Some(reactor) = &self.reactor else { return Ok(()) };
        match (&self.poller, reactor.is_open()) {
            (Poller::Runtime(_), true) => {
                let Poller::Runtime(stream) = std::mem::replace(&mut self.poller, Poller::Nobody) else {
                    return Ok(());
                };
                let mut stream = mio::net::TcpStream::from_std(stream.into_std()?);
                let registration = reactor.register(&mut stream)?;
                self.poller = Poller::Caller(reactor.clone(), stream, registration);
            }
            (Poller::Caller(..), false) => {
                let Poller::Caller(reactor, mut stream, registration) =
                    std::mem::replace(&mut self.poller, Poller::Nobody)
                else {
                    return Ok(());
                };
                reactor.deregister(&registration, &mut stream)?;
                self.poller = Poller::Runtime(TcpStream::from_std(stream.into())?);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Poller::Caller(reactor, stream, registration) = &mut self.poller {
            // It only fails for a socket that is not there, and then nothing is left to do.
            drop(reactor.deregister(registration, stream));
        }
    }
}

fn lost() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

/// Returns the result of `attempt`, or `None` if it would block.
fn tried<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map(Some),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.settle()?;
        match &mut self.poller {
            Poller::Runtime(stream) => Pin::new(stream).poll_read(context, buffer),
            Poller::Caller(_, stream, registration) => {
                // Before the read, so that bytes which arrive after it wake this task.
                registration.listen(context);
                if !registration.may_read() {
                    return Poll::Pending;
                }
                let free = buffer.initialize_unfilled();
                let size = free.len();
                let Some(count) = tried(|| stream.read(free))? else { return Poll::Pending };
                if count == size || count == 0 {
                    registration.is_not_empty();
                }
                buffer.advance(count);
                Poll::Ready(Ok(()))
            }
            Poller::Nobody => Poll::Ready(Err(lost())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.settle()?;
        match &mut self.poller {
            Poller::Runtime(stream) => Pin::new(stream).poll_write(context, bytes),
            Poller::Caller(reactor, stream, registration) => {
                registration.listen(context);
                let written = tried(|| stream.write(bytes))?;
                reactor.watch_output(registration, stream, written.is_none())?;
                written.map_or(Poll::Pending, |count| Poll::Ready(Ok(count)))
            }
            Poller::Nobody => Poll::Ready(Err(lost())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.settle()?;
        match &mut self.poller {
            Poller::Runtime(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Poller::Caller(reactor, stream, registration) => {
                registration.listen(context);
                let written = tried(|| stream.write_vectored(slices))?;
                reactor.watch_output(registration, stream, written.is_none())?;
                written.map_or(Poll::Pending, |count| Poll::Ready(Ok(count)))
            }
            Poller::Nobody => Poll::Ready(Err(lost())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Nothing is kept back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.poller {
            Poller::Runtime(stream) => Pin::new(stream).poll_shutdown(context),
            Poller::Caller(_, stream, _) => Poll::Ready(stream.shutdown(Shutdown::Write)),
            Poller::Nobody => Poll::Ready(Ok(())),
        }
    }
}
