//! A reactor for sockets that the thread of the caller polls.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard};
use std::task::Context;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use mio::event::Source;
use mio::{Events, Interest, Poll, Registry, Token};
use smallvec::SmallVec;

use redkv_core::lock::Lock;

/// Whether the poller counts as ready only while one of its sockets is, also when nobody has asked the poller since. That
/// saves a call of the system for every answer.
const ASKS_SOCKETS: bool = cfg!(any(target_os = "android", target_os = "linux"));

/// Wakes the tasks of sockets that are ready, on a thread that waits by other means until one is: on the event loop of
/// JavaScript.
pub struct CallerReactor {
    poll: Lock<(Poll, Events)>,
    registry: Registry,
    is_open: AtomicBool,
    registrations: Lock<Registrations>,
}

#[derive(Default)]
struct Registrations {
    next: usize,
    readiness: HashMap<Token, Arc<Readiness>>,
}

/// A socket that is polled here, until [`CallerReactor::deregister`].
#[derive(Debug)]
pub struct Registration {
    token: Token,
    readiness: Arc<Readiness>,
    watches_output: bool,
}

/// Whether a socket is ready, and who waits for that.
#[derive(Debug, Default)]
struct Readiness {
    waker: AtomicWaker,
    /// Whether something arrived since it was last asked for.
    has_come: AtomicBool,
}

impl Readiness {
    fn notify(&self) {
        self.has_come.store(true, Ordering::Release);
        self.waker.wake();
    }
}

impl Registration {
    /// Wakes the task of `context` when the socket can be read or written again.
    pub fn listen(&self, context: &Context<'_>) {
        self.readiness.waker.register(context.waker());
    }

    /// Returns whether reading may bring something. The socket must then be read empty, or be
    /// [marked](Registration::is_not_empty) as not empty.
    pub fn may_read(&self) -> bool {
        self.readiness.has_come.swap(false, Ordering::AcqRel)
    }

    /// Marks the socket: there may be more to read.
    pub fn is_not_empty(&self) {
        self.readiness.has_come.store(true, Ordering::Release);
    }
}

impl CallerReactor {
    pub(super) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let poll = Lock::new((poll, Events::with_capacity(16)));
        Ok(Self { poll, registry, is_open: AtomicBool::new(false), registrations: Lock::default() })
    }

    /// Returns the descriptor that becomes readable when a socket is ready.
    #[cfg(unix)]
    pub fn as_raw_fd(&self) -> std::os::fd::RawFd {
        use std::os::fd::AsRawFd;
        self.registry.as_raw_fd()
    }

    /// Returns whether sockets belong here at present.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Sets whether sockets belong here from now on, and wakes the tasks that use them, so that they move.
    pub fn open(&self, open: bool) {
        if self.is_open.swap(open, Ordering::Relaxed) != open {
            self.wake_all();
        }
    }

    /// Wakes the tasks whose sockets are ready. Never waits.
    pub fn turn(&self) {
        // There is no need to ask which one it is.
        if ASKS_SOCKETS && let Some(only) = self.only() {
            return only.notify();
        }
        let mut poll = self.poll.lock();
        let (poll, events) = &mut *poll;
        // The tasks find out for themselves what is wrong with their sockets.
        if poll.poll(events, Some(Duration::ZERO)).is_err() {
            return self.wake_all();
        }
        let due: SmallVec<[_; 4]> = {
            let registrations = self.registrations();
            events.iter().filter_map(|event| registrations.readiness.get(&event.token()).cloned()).collect()
        };
        due.iter().for_each(|readiness| readiness.notify());
    }

    /// Returns the socket that is here, if it is only one.
    fn only(&self) -> Option<Arc<Readiness>> {
        let registrations = self.registrations();
        if registrations.readiness.len() == 1 {
            registrations.readiness.values().next().cloned()
        } else {
            None
        }
    }

    /// Wakes the tasks of all sockets that are here.
    pub fn wake_all(&self) {
        let readiness: Vec<_> = self.registrations().readiness.values().cloned().collect();
        readiness.iter().for_each(|readiness| readiness.notify());
    }

    /// Registers a socket of a task that runs now.
    pub fn register(&self, socket: &mut impl Source) -> io::Result<Registration> {
        let mut registrations = self.registrations();
        let token = Token(registrations.next);
        registrations.next += 1;
        self.registry.register(socket, token, Interest::READABLE)?;
        let readiness = Arc::new(Readiness::default());
        readiness.notify();
        registrations.readiness.insert(token, readiness.clone());
        Ok(Registration { token, readiness, watches_output: false })
    }

    /// Sets whether the task is also woken when there is room for more output.
    pub fn watch_output(
        &self,
        registration: &mut Registration,
        socket: &mut impl Source,
        watch: bool,
    ) -> io::Result<()> {
        if registration.watches_output == watch {
            return Ok(());
        }
        let interest = if watch { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        self.registry.reregister(socket, registration.token, interest)?;
        registration.watches_output = watch;
        Ok(())
    }

    /// Ends the registration of a socket.
    pub fn deregister(&self, registration: &Registration, socket: &mut impl Source) -> io::Result<()> {
        self.registrations().readiness.remove(&registration.token);
        self.registry.deregister(socket)
    }

    /// Drops the wakers: the tasks hold their sockets, which hold this.
    pub(super) fn end(&self) {
        let readiness: Vec<_> = self.registrations().readiness.drain().collect();
        readiness.iter().for_each(|(_, readiness)| drop(readiness.waker.take()));
    }

    fn registrations(&self) -> MutexGuard<'_, Registrations> {
        self.registrations.lock()
    }
}

impl fmt::Debug for CallerReactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallerReactor").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
