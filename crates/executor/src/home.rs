//! Sockets that the thread of the caller looks after.

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

/// Tells which sockets are ready, to a thread that waits by other means until any of them is: to the event loop of
/// JavaScript.
pub struct Home {
    poll: Lock<(Poll, Events)>,
    registry: Registry,
    is_open: AtomicBool,
    guests: Lock<Guests>,
}

#[derive(Default)]
struct Guests {
    next: usize,
    news: HashMap<Token, Arc<News>>,
}

/// A socket that is looked after, until it is taken back by [`Home::release`].
#[derive(Debug)]
pub struct Guest {
    token: Token,
    news: Arc<News>,
    watches_output: bool,
}

/// What is known of a socket.
#[derive(Debug, Default)]
struct News {
    waker: AtomicWaker,
    /// Whether something arrived since it was last asked for.
    has_come: AtomicBool,
}

impl News {
    fn tell(&self) {
        self.has_come.store(true, Ordering::Release);
        self.waker.wake();
    }
}

impl Guest {
    /// From now on the task of `context` is woken when the socket can be read or written again.
    pub fn listen(&self, context: &Context<'_>) {
        self.news.waker.register(context.waker());
    }

    /// Whether reading is worth while. It must then be read empty, or be [put back](Guest::is_not_empty).
    pub fn may_read(&self) -> bool {
        self.news.has_come.swap(false, Ordering::AcqRel)
    }

    /// There may be more to read.
    pub fn is_not_empty(&self) {
        self.news.has_come.store(true, Ordering::Release);
    }
}

impl Home {
    pub(super) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let poll = Lock::new((poll, Events::with_capacity(16)));
        Ok(Self { poll, registry, is_open: AtomicBool::new(false), guests: Lock::default() })
    }

    /// What becomes readable when a socket is ready.
    #[cfg(unix)]
    pub fn as_raw_fd(&self) -> std::os::fd::RawFd {
        use std::os::fd::AsRawFd;
        self.registry.as_raw_fd()
    }

    /// Whether sockets belong here at present.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Says where sockets belong from now on, and wakes the tasks that use them, so that they move.
    pub fn open(&self, open: bool) {
        if self.is_open.swap(open, Ordering::Relaxed) != open {
            self.wake_all();
        }
    }

    /// Wakes the tasks whose sockets are ready. Never waits.
    pub fn turn(&self) {
        // There is no need to ask which one it is.
        if ASKS_SOCKETS && let Some(only) = self.only() {
            return only.tell();
        }
        let mut poll = self.poll.lock();
        let (poll, events) = &mut *poll;
        // The tasks find out for themselves what is wrong with their sockets.
        if poll.poll(events, Some(Duration::ZERO)).is_err() {
            return self.wake_all();
        }
        let due: SmallVec<[_; 4]> = {
            let guests = self.guests();
            events.iter().filter_map(|event| guests.news.get(&event.token()).cloned()).collect()
        };
        due.iter().for_each(|news| news.tell());
    }

    /// The socket that is here, if it is only one.
    fn only(&self) -> Option<Arc<News>> {
        let guests = self.guests();
        if guests.news.len() == 1 { guests.news.values().next().cloned() } else { None }
    }

    /// Wakes the tasks of all sockets that are here.
    pub fn wake_all(&self) {
        let news: Vec<_> = self.guests().news.values().cloned().collect();
        news.iter().for_each(|news| news.tell());
    }

    /// Registers a socket of a task that runs now.
    pub fn take_in(&self, socket: &mut impl Source) -> io::Result<Guest> {
        let mut guests = self.guests();
        let token = Token(guests.next);
        guests.next += 1;
        self.registry.register(socket, token, Interest::READABLE)?;
        let news = Arc::new(News::default());
        news.tell();
        guests.news.insert(token, news.clone());
        Ok(Guest { token, news, watches_output: false })
    }

    /// Whether the task is also to be told when there is room for more output.
    pub fn watch_output(&self, guest: &mut Guest, socket: &mut impl Source, watch: bool) -> io::Result<()> {
        if guest.watches_output == watch {
            return Ok(());
        }
        let interest = if watch { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        self.registry.reregister(socket, guest.token, interest)?;
        guest.watches_output = watch;
        Ok(())
    }

    /// Ends the registration of a socket.
    pub fn release(&self, guest: &Guest, socket: &mut impl Source) -> io::Result<()> {
        self.guests().news.remove(&guest.token);
        self.registry.deregister(socket)
    }

    /// Lets go of the tasks, which hold their sockets, which hold this.
    pub(super) fn end(&self) {
        let news: Vec<_> = self.guests().news.drain().collect();
        news.iter().for_each(|(_, news)| drop(news.waker.take()));
    }

    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock()
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
