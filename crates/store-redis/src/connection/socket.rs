//! A socket that moves between the reactors of two threads.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use redkv_executor::{Executor, Guest, Home};

/// A socket polled by the runtime, or by the [`Home`] of its executor while that is open.
#[derive(Debug)]
pub(crate) struct Socket {
    home: Option<Arc<Home>>,
    poller: Poller,
}

/// Which reactor polls the stream.
#[derive(Debug)]
enum Poller {
    Runtime(TcpStream),
    Caller(Arc<Home>, mio::net::TcpStream, Guest),
    /// Moving failed half-way: the connection is lost.
    Nobody,
}

impl Socket {
    /// To be used within the runtime of `stream`.
    pub(crate) fn new(stream: TcpStream) -> Self {
        let home = Executor::current().and_then(|executor| executor.home().cloned());
        Self { home, poller: Poller::Runtime(stream) }
    }

    /// Moves to where sockets belong now. To be called by the task that uses it, so that its waker is told there.
    fn settle(&mut self) -> io::Result<()> {
        let Some(home) = &self.home else { return Ok(()) };
        match (&self.poller, home.is_open()) {
            (Poller::Runtime(_), true) => {
                let Poller::Runtime(stream) = std::mem::replace(&mut self.poller, Poller::Nobody) else {
                    return Ok(());
                };
                let mut stream = mio::net::TcpStream::from_std(stream.into_std()?);
                let guest = home.take_in(&mut stream)?;
                self.poller = Poller::Caller(home.clone(), stream, guest);
            }
            (Poller::Caller(..), false) => {
                let Poller::Caller(home, mut stream, guest) =
                    std::mem::replace(&mut self.poller, Poller::Nobody)
                else {
                    return Ok(());
                };
                home.release(&guest, &mut stream)?;
                self.poller = Poller::Runtime(TcpStream::from_std(stream.into())?);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Poller::Caller(home, stream, guest) = &mut self.poller {
            // It only fails for a socket that is not there, and then nothing is left to do.
            drop(home.release(guest, stream));
        }
    }
}

fn lost() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

/// What `attempt` came to, or `None` if it is not the time for it.
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
            Poller::Caller(_, stream, guest) => {
                // Before it is read: what comes after that is told.
                guest.listen(context);
                if !guest.may_read() {
                    return Poll::Pending;
                }
                let free = buffer.initialize_unfilled();
                let size = free.len();
                let Some(count) = tried(|| stream.read(free))? else { return Poll::Pending };
                if count == size || count == 0 {
                    guest.is_not_empty();
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
            Poller::Caller(home, stream, guest) => {
                guest.listen(context);
                let written = tried(|| stream.write(bytes))?;
                home.watch_output(guest, stream, written.is_none())?;
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
            Poller::Caller(home, stream, guest) => {
                guest.listen(context);
                let written = tried(|| stream.write_vectored(slices))?;
                home.watch_output(guest, stream, written.is_none())?;
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
