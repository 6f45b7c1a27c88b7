//! The trait of everything that keeps entries: stores, layers around them, and whole chains.

pub mod leases;
pub mod opening;
pub mod paging;
pub mod partial;

use std::fmt;

use futures_util::future::BoxFuture;

use crate::entry::{Draft, Entry, Key};
use crate::error::{Error, Result};

pub use self::leases::{Leases, LocalLeases};

/// One answer per key of a batch, in the order of the keys.
pub type Answers<T> = Vec<Result<T>>;

/// A place that keeps entries.
///
/// Every method takes a batch, and returns one answer for each key, because services fail per key; a single operation is a
/// batch of one. The keys of a batch are distinct. For an empty batch no service is asked.
///
/// No method but the constructors of a store may block the thread; none may panic. Deadlines of operations and the
/// limits in [`Capabilities`] are kept by the caller, entries past their deadline are filtered by the caller too (a
/// store may return them).
///
/// Methods with a default are for stores. A wrapper forwards every method: what it forgot would silently be lost, so
/// each says `#[deny(clippy::missing_trait_methods)]`.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The name under which users add this store, such as `redis`.
    fn name(&self) -> &'static str;

    /// Returns what this store can do. Constant over the life of the store.
    fn capabilities(&self) -> Capabilities;

    /// The synchronous face of a store that answers without waiting. `Some` exactly when
    /// [`Capabilities::immediate`] says so.
    ///
    /// By default `None`.
    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    /// Makes the store usable: connects, opens, reads the description of the table.
    ///
    /// Idempotent; may be called again after it failed. The other methods do the same by themselves when it has
    /// not been done, so calling it first only finds errors early.
    fn init(&self) -> BoxFuture<'_, Result<()>>;

    /// Reads entries; `None` where there is none.
    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>>;

    /// Looks whether there are entries under the keys.
    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>>;

    /// Writes entries, and returns whether each was stored: always `true` with [`SetMode::Always`], `false` with
    /// [`SetMode::IfAbsent`] where the key had a live entry.
    ///
    /// An entry without a deadline takes away the deadline of the entry before it.
    ///
    /// Unsupported, as [`Store::delete`] is, unless [`Capabilities::writable`] says otherwise.
    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>>;

    /// Deletes entries; deleting a missing one succeeds.
    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>>;

    /// Lists some of the keys that begin with `prefix`: the first ones, or those after the page that `after` came
    /// with. Unsupported unless [`Capabilities::enumerable`] says so.
    ///
    /// A key that is there from the first page to the last is listed at least once, one that comes or goes meanwhile
    /// may be listed. Keys come in no order, and keys of entries past their deadline may be among them. A page may be
    /// empty and not the last. No page takes longer than an operation may, or keeps others waiting for it. No cursor
    /// comes twice, unless it is one that [starts over](Cursor::starting_over).
    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>>;

    /// Deletes some of the entries whose keys begin with `prefix`: the first, or those after what was deleted when
    /// `after` came. Returns where to continue; `None` when all are gone. Unsupported unless
    /// [`Capabilities::clearable`] says so.
    ///
    /// What is there from the first call to the last is deleted, an entry that is written meanwhile may stay or go. No
    /// step takes longer than an operation may; when one fails, some of its entries may be deleted.
    ///
    /// By default the keys of a page are listed and deleted.
    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(async move {
            let Page { keys, next } = self.keys(prefix, after).await?;
            self.delete(&keys).await.into_iter().collect::<Result<()>>()?;
            Ok(next)
        })
    }

    /// The leases of the store, if it has any.
    ///
    /// By default it has none.
    fn leases(&self) -> Option<&dyn Leases> {
        None
    }

    /// Waits until the writes that were acknowledged before are where they are to be kept, as far as this is a layer
    /// that acknowledges them earlier. Fails with the first failure among them.
    ///
    /// By default there is nothing to wait for.
    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Ends connections and threads. Later calls of other methods may fail. Idempotent.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The synchronous face of a store that answers on the calling thread.
pub trait Immediate: Send + Sync {
    /// Returns the live entry under `key`.
    fn get_now(&self, key: &str) -> Option<Entry>;

    /// Shows the value of the live entry under `key` to `read`, and returns whether there is one. Saves the copy of
    /// [`Immediate::get_now`]; `read` must not call the store.
    fn read_now(&self, key: &str, read: &mut dyn FnMut(&[u8])) -> bool;

    /// Shows the values of the live entries under `keys` to `read`, `None` where there is none, in the order of the
    /// keys, until `read` returns `false`. Returns whether it never did; `read` must not call the store.
    fn read_many_now(&self, keys: &[&str], read: &mut dyn FnMut(Option<&[u8]>) -> bool) -> bool;

    /// Returns whether there is a live entry under `key`.
    fn has_now(&self, key: &str) -> bool;

    /// Writes an entry and returns whether it was stored, as [`Store::set`] does.
    fn set_now(&self, key: &str, entry: Draft<'_>, mode: SetMode) -> bool;

    /// Deletes the entry under `key` if there is one.
    fn delete_now(&self, key: &str);
}

/// The position at which a listing of keys continues. Only the store that made it understands it.
#[derive(Clone, PartialEq, Eq)]
pub struct Cursor {
    bytes: Box<[u8]>,
    starts_over: bool,
}

impl Cursor {
    /// Creates a cursor from what the store needs to continue.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self { bytes: bytes.into(), starts_over: false }
    }

    /// Creates a cursor that lists keys again, because the store has lost its place.
    pub fn starting_over(bytes: impl Into<Box<[u8]>>) -> Self {
        Self { bytes: bytes.into(), starts_over: true }
    }

    /// Returns whether it lists keys again.
    pub fn starts_over(&self) -> bool {
        self.starts_over
    }

    /// Returns what the store needs to continue.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Prints its size only: it may hold a key.
impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").field("bytes", &self.bytes.len()).finish()
    }
}

/// Some of the keys of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The keys.
    pub keys: Vec<Key>,
    /// Where to continue; `None` after the last page.
    pub next: Option<Cursor>,
}

/// Which parts of an entry a read must return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The value is enough; the deadline may be left out where it costs extra.
    Value,
    /// The entry will be copied to another store, so its deadline matters.
    ValueAndDeadline,
}

/// Whether a write may replace an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetMode {
    /// Replace whatever is there.
    Always,
    /// Only where there is no live entry, decided by the store in one step.
    IfAbsent,
}

/// How entries expire in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// The store removes them by itself.
    Native,
    /// They are filtered on read and removed some time later.
    OnRead,
    /// It cannot: writing an entry with a deadline is refused.
    None,
}

/// Into how large pieces a batch is best cut before it is sent.
///
/// A batch of `n` keys is cut into pieces of `n / 2`, within these bounds: two pieces keep the caller, the
/// wire and the server busy at the same time, where one puts them in lock-step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// Smaller pieces than this are not worth a request.
    pub min: usize,
    /// Larger pieces than this are slower, or not allowed.
    pub max: usize,
    /// Values of more bytes in all do not go into one piece, however few they are.
    pub bytes: usize,
}

impl Pieces {
    /// A batch is never cut.
    pub const WHOLE: Self = Self { min: usize::MAX, max: usize::MAX, bytes: usize::MAX };

    /// The size of the pieces of a batch of `n` values of about `value_bytes` each.
    pub fn size(self, n: usize, value_bytes: usize) -> usize {
        (n / 2).clamp(self.min, self.max).min(self.bytes / value_bytes.max(1)).max(1)
    }
}

/// What a store can do. The chain, the conformance suite and the documentation read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// How entries expire.
    pub expiry: Expiry,
    /// The option without which entries cannot expire, if the store has one; errors name it.
    pub expiry_option: Option<&'static str>,
    /// Deadlines are kept to within this many milliseconds: an entry may live this much longer, never shorter.
    pub expiry_granularity: u64,
    /// Whether reading a deadline costs extra, so that it is only asked for when it is needed.
    pub deadline_costs_extra: bool,
    /// Longest key, in bytes of UTF-8.
    pub max_key_bytes: usize,
    /// Whether the empty string is a key.
    pub empty_keys: bool,
    /// Longest value, in bytes.
    pub max_value_bytes: usize,
    /// Whether values that are not UTF-8 text can be kept.
    pub binary_values: bool,
    /// Whether keys and values may have a NUL character (U+0000) in them.
    pub nul_characters: bool,
    /// Best pieces for `get` and `has`.
    pub reads: Pieces,
    /// Best pieces for `set` and `delete`.
    pub writes: Pieces,
    /// Answers on the calling thread without waiting.
    pub immediate: bool,
    /// Operations need so little of the processor that the thread of a caller may run them, up to where they wait for
    /// an answer.
    pub runs_inline: bool,
    /// Requests take effect in the order in which they were made, also those that nobody waits for any more. Where
    /// they do not, a cancelled write may be made after a later one.
    pub ordered: bool,
    /// Takes writes.
    pub writable: bool,
    /// Can list its keys.
    pub enumerable: bool,
    /// Its keys are all of those under which a read may find an entry.
    pub lists_all: bool,
    /// Can delete all of its entries.
    pub clearable: bool,
    /// Other processes see what this one writes.
    pub shared: bool,
    /// Entries outlive the process.
    pub durable: bool,
}

impl Capabilities {
    /// The capabilities of a plain map in memory, for a store to change where it differs.
    pub const BASE: Self = Self {
        expiry: Expiry::OnRead,
        expiry_option: None,
        expiry_granularity: 1,
        deadline_costs_extra: false,
        max_key_bytes: usize::MAX,
        empty_keys: true,
        max_value_bytes: usize::MAX,
        binary_values: true,
        nul_characters: true,
        reads: Pieces::WHOLE,
        writes: Pieces::WHOLE,
        immediate: false,
        runs_inline: false,
        ordered: true,
        writable: true,
        enumerable: true,
        lists_all: true,
        clearable: true,
        shared: false,
        durable: false,
    };
}

/// The most bytes that a value is believed to have, unless the tier option `maxValueBytes` says otherwise: no string of
/// JavaScript is as long.
pub const MOST_VALUE_BYTES: usize = 512 << 20;

/// Returns the same answer for every key of a batch.
pub fn answer_all<T: Clone>(len: usize, answer: &Result<T>) -> Answers<T> {
    vec![answer.clone(); len]
}

/// Returns the first text after all that begin with `prefix`, in the order of their bytes; `None` when there is none.
pub fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        // Not every number is a character: behind U+D7FF comes U+E000.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// Returns the error of a store that cannot list its keys.
pub fn cannot_list_keys() -> Error {
    Error::unsupported("this store cannot list its keys")
}

/// Returns the error of a store that cannot delete all of its entries.
pub fn cannot_clear() -> Error {
    Error::unsupported("this store cannot delete all of its entries")
}

/// [`Store::clear`] of a store that has nothing quicker: a page of keys.
pub async fn clear_a_page(store: &dyn Store, prefix: &str, after: Option<&Cursor>) -> Result<Option<Cursor>> {
    let Page { keys, next } = store.keys(prefix, after).await?;
    store.delete(&keys).await.into_iter().collect::<Result<()>>()?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_in_two_within_the_bounds() {
        let pieces = Pieces { min: 100, max: 500, bytes: 1 << 20 };
        assert_eq!([10, 150, 400, 5_000].map(|n| pieces.size(n, 100)), [100, 100, 200, 500]);
        assert_eq!(Pieces::WHOLE.size(5_000, 1 << 20), usize::MAX >> 20);
    }

    #[test]
    fn behind_a_prefix_comes_the_next_text_that_does_not_begin_with_it() {
        let end = |prefix| end_of_prefix(prefix);
        assert_eq!(end("user:").as_deref(), Some("user;"));
        assert_eq!(end("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(end("a\u{10ffff}\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(end("\u{10ffff}"), None);
        assert_eq!(end(""), None);
    }

    #[test]
    fn large_values_make_small_pieces() {
        let pieces = Pieces { min: 100, max: 500, bytes: 256 * 1024 };
        assert_eq!([0, 1_000, 10_000, 1 << 20].map(|bytes| pieces.size(1_000, bytes)), [500, 262, 26, 1]);
    }
}
