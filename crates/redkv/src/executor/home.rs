//! Sockets that the thread of the caller looks after.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use mio::event::Source;
use mio::{Events, Interest, Poll, Registry, Token};
use smallvec::SmallVec;

/// Tells which sockets are ready, to a thread that waits by other means until any of them is: to the event loop of
/// JavaScript.
pub struct Home {
    poll: Mutex<(Poll, Events)>,
    registry: Registry,
    is_open: AtomicBool,
    guests: Mutex<Guests>,
}

#[derive(Default)]
struct Guests {
    next: usize,
    news: HashMap<Token, Arc<News>>,
}

/// A socket that is looked after, until it is taken back by [`Home::release`].
#[derive(Debug)]
pub(crate) struct Guest {
    token: Token,
    news: Arc<News>,
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
    pub(crate) fn listen(&self, context: &Context<'_>) {
        self.news.waker.register(context.waker());
    }

    /// Whether reading is worth while. It must then be read empty, or be [put back](Guest::is_not_empty).
    pub(crate) fn may_read(&self) -> bool {
        self.news.has_come.swap(false, Ordering::AcqRel)
    }

    /// There may be more to read.
    pub(crate) fn is_not_empty(&self) {
        self.news.has_come.store(true, Ordering::Release);
    }
}

impl Home {
    pub(super) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let poll = Mutex::new((poll, Events::with_capacity(16)));
        Ok(Self { poll, registry, is_open: AtomicBool::new(false), guests: Mutex::default() })
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
        let mut poll = self.poll.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Wakes the tasks of all sockets that are here.
    pub fn wake_all(&self) {
        let news: Vec<_> = self.guests().news.values().cloned().collect();
        news.iter().for_each(|news| news.tell());
    }

    pub(crate) fn take_in(&self, socket: &mut impl Source) -> io::Result<Guest> {
        let mut guests = self.guests();
        let token = Token(guests.next);
        guests.next += 1;
        self.registry.register(socket, token, Interest::READABLE | Interest::WRITABLE)?;
        let news = Arc::new(News::default());
        news.tell();
        guests.news.insert(token, news.clone());
        Ok(Guest { token, news })
    }

    pub(crate) fn release(&self, guest: &Guest, socket: &mut impl Source) -> io::Result<()> {
        self.guests().news.remove(&guest.token);
        self.registry.deregister(socket)
    }

    /// Lets go of the tasks, which hold their sockets, which hold this.
    pub(super) fn end(&self) {
        let news: Vec<_> = self.guests().news.drain().collect();
        news.iter().for_each(|(_, news)| drop(news.waker.take()));
    }

    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
