//! The layer that compresses.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::config::CompressConfig;
use super::frame;
use super::worker::Worker;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{
    Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want, answer_all,
};

/// A store inside another one that keeps large values compressed, behind a header that says so. Values without one read
/// as they are, so compression can be turned on and changed while entries stay.
///
/// Never immediate, not even around a store in memory: what it takes to read a value grows with it, and from a few
/// kilobytes on it is more than the way to the I/O thread and back takes of the thread of a caller. Small batches are
/// compressed on the I/O thread, large ones on a thread of their own.
///
/// Belongs around what counts bytes, which counts what is kept, and under what keeps values for later.
#[derive(Debug)]
pub struct Compressed {
    inner: Arc<dyn Store>,
    config: CompressConfig,
    /// Longest value.
    most: usize,
    worker: Worker,
}

/// More bytes of values in one batch are left to the worker: a change of threads is cheaper than the wait of all
/// others.
const AT_ONCE: usize = 64 * 1024;

impl Compressed {
    /// Keeps values of `inner` compressed. Fails when it keeps text only. No value is made of more than `most` bytes,
    /// nor all those of a batch together; 512 MiB when absent.
    pub fn new(config: CompressConfig, most: Option<usize>, inner: Arc<dyn Store>) -> Result<Self> {
        let capabilities = inner.capabilities();
        if !capabilities.binary_values {
            let message = "the store holds only text, and compressed values are binary";
            return Err(Error::unsupported(message).about("compress"));
        }
        let most = longest(capabilities.max_value_bytes).min(most.unwrap_or(usize::MAX));
        Ok(Self { inner, config, most, worker: Worker::default() })
    }

    async fn compressed(&self, entries: &[(Key, Entry)]) -> Result<Vec<(Key, Entry)>> {
        let config = self.config;
        let values = entries.iter().map(|(_, entry)| &entry.value);
        let work: usize =
            values.filter(|value| frame::may_shrink(value, config)).map(|value| value.len()).sum();
        if work <= AT_ONCE {
            return Ok(entries.iter().map(|(key, entry)| (key.clone(), encoded(entry, config))).collect());
        }
        let entries = entries.to_vec();
        let compress = move || {
            let compress = |(key, entry)| (key, encoded(&entry, config));
            entries.into_iter().map(compress).collect()
        };
        self.worker.run(compress).await
    }

    async fn read(&self, answers: Answers<Option<Entry>>) -> Answers<Option<Entry>> {
        let most = self.most.min(frame::MOST);
        let found = answers.iter().filter_map(|answer| answer.as_ref().ok()?.as_ref());
        let work: usize = found.map(|entry| frame::work_in(&entry.value)).sum();
        let decode = move |answers: Answers<Option<Entry>>| {
            let mut left = most;
            let decode = |answer: Result<Option<Entry>>| {
                let Some(entry) = answer? else { return Ok(None) };
                let work = frame::work_in(&entry.value);
                if work <= most && work > left {
                    return Err(too_much(most));
                }
                let entry = decoded(entry, most)?;
                left -= work;
                Ok(Some(entry))
            };
            answers.into_iter().map(decode).collect()
        };
        if work <= AT_ONCE {
            return decode(answers);
        }
        let len = answers.len();
        self.worker.run(move || decode(answers)).await.unwrap_or_else(|error| answer_all(len, &Err(error)))
    }
}

/// The refusal of what does not fit beside the other values of its batch.
fn too_much(most: usize) -> Error {
    let message = format!(
        "the values of this batch have more than {most} bytes together (maxValueBytes): read fewer at a time"
    );
    Error::new(ErrorKind::Overload, message).retryable(true)
}

/// The longest value of a store whose own are so long: one that looks like a header needs one more.
fn longest(of_inner: usize) -> usize {
    if of_inner == usize::MAX { of_inner } else { of_inner.saturating_sub(frame::ESCAPE) }
}

fn encoded(entry: &Entry, config: CompressConfig) -> Entry {
    Entry { value: frame::encode(&entry.value, config), deadline: entry.deadline }
}

fn decoded(entry: Entry, most: usize) -> Result<Entry> {
    Ok(Entry { value: frame::decode(&entry.value, most)?, deadline: entry.deadline })
}

#[deny(clippy::missing_trait_methods)]
impl Store for Compressed {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_value_bytes: self.most,
            immediate: false,
            runs_inline: false,
            ..self.inner.capabilities()
        }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async move { self.read(self.inner.get(keys, want).await).await })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        self.inner.has(keys)
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            match self.compressed(entries).await {
                Ok(entries) => self.inner.set(&entries, mode).await,
                Err(error) => answer_all(entries.len(), &Err(error)),
            }
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        self.inner.delete(keys)
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        self.inner.keys(prefix, after)
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        self.inner.clear(prefix, after)
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.inner.leases()
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.flush()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.inner.close().await;
            self.worker.close();
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::Algorithm;
    use super::*;
    use crate::testing::{faulty_subject, memory, subject};
    use redkv_testing::Faulty;
    use redkv_testing::conformance::Subject;

    const LZ4: CompressConfig = CompressConfig { algorithm: Algorithm::Lz4, threshold: 1024 };
    const ALL_BY_ZSTD: CompressConfig = CompressConfig { algorithm: Algorithm::Zstd(3), threshold: 0 };

    fn layered(config: CompressConfig, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Compressed::new(config, None, store).unwrap())
    }

    async fn lz4() -> Subject {
        subject(|store| layered(LZ4, store))
    }

    async fn zstd() -> Subject {
        faulty_subject(|store| layered(ALL_BY_ZSTD, store))
    }

    redkv_testing::conformance_suite!(conformance_of_lz4, super::lz4);
    redkv_testing::conformance_suite!(conformance_of_zstd_over_a_remote_store, super::zstd);

    async fn set(store: &dyn Store, key: &str, value: &Bytes) {
        let entry = (Key::from(key), Entry::new(value.clone()));
        assert!(store.set(&[entry], SetMode::Always).await.remove(0).unwrap());
    }

    async fn get(store: &dyn Store, key: &str) -> Result<Option<Bytes>> {
        let answer = store.get(&[key.into()], Want::Value).await.remove(0)?;
        Ok(answer.map(|entry| entry.value))
    }

    fn text(length: usize) -> Bytes {
        "one and another and ".bytes().cycle().take(length).collect::<Vec<_>>().into()
    }

    #[tokio::test]
    async fn values_of_every_configuration_read_in_every_other() {
        let store = memory();
        let (lz4, zstd) = (layered(LZ4, store.clone()), layered(ALL_BY_ZSTD, store.clone()));
        set(&*store, "plain", &text(5_000)).await;
        set(&*lz4, "lz4", &text(5_000)).await;
        set(&*zstd, "zstd", &text(5_000)).await;
        for key in ["plain", "lz4", "zstd"] {
            assert_eq!(get(&*lz4, key).await.unwrap(), Some(text(5_000)), "{key}");
            assert_eq!(get(&*zstd, key).await.unwrap(), Some(text(5_000)), "{key}");
        }
        assert!(get(&*store, "lz4").await.unwrap().unwrap().len() < 1_000);
        assert!(get(&*store, "zstd").await.unwrap().unwrap().len() < 1_000);
    }

    #[tokio::test]
    async fn large_batches_read_back_in_their_order() {
        for config in [LZ4, ALL_BY_ZSTD] {
            let store = layered(config, memory());
            let entries: Vec<_> =
                (0..40).map(|n| (Key::from(n.to_string()), Entry::new(text(10_000 * (n % 5) + n)))).collect();
            assert!(
                store.set(&entries, SetMode::Always).await.iter().all(|answer| matches!(answer, Ok(true)))
            );
            let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
            let read: Vec<_> = store.get(&keys, Want::Value).await.into_iter().map(Result::unwrap).collect();
            assert!(read == entries.into_iter().map(|(_, entry)| Some(entry)).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn one_damaged_value_fails_alone() {
        let store = memory();
        let lz4 = layered(LZ4, store.clone());
        set(&*lz4, "good", &text(5_000)).await;
        let kept = get(&*store, "good").await.unwrap().unwrap();
        set(&*store, "damaged", &kept.slice(..kept.len() - 1)).await;
        let keys = ["damaged", "good"].map(Key::from);
        let mut answers = lz4.get(&keys, Want::Value).await;
        assert_eq!(answers.remove(0).unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(answers.remove(0).unwrap(), Some(Entry::new(text(5_000))));
        assert_eq!(lz4.has(&keys).await.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [true, true]);
    }

    #[tokio::test]
    async fn what_a_few_bytes_claim_to_be_is_bounded_for_a_value_and_for_a_batch() {
        const MOST: usize = 10_000_000;
        for config in [LZ4, ALL_BY_ZSTD] {
            let store = memory();
            let writes = layered(config, store.clone());
            for (key, length) in [("small", 5_000), ("a", 6_000_000), ("b", 6_000_000), ("bomb", 20_000_000)]
            {
                set(&*writes, key, &vec![b'x'; length].into()).await;
            }
            let reads = Compressed::new(config, Some(MOST), store.clone()).unwrap();
            assert_eq!(reads.capabilities().max_value_bytes, MOST);
            let keys = ["bomb", "a", "b", "small"].map(Key::from);
            let answers = reads.get(&keys, Want::Value).await;
            let kinds: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(Error::kind)).collect();
            assert_eq!(kinds, [Some(ErrorKind::Value), None, Some(ErrorKind::Overload), None]);
            assert_eq!(get(&reads, "b").await.unwrap().unwrap().len(), 6_000_000);
        }
    }

    #[tokio::test]
    async fn a_value_of_the_longest_kind_fits_also_when_it_looks_like_a_header() {
        let short = Arc::new(Faulty::new(memory()).with_capabilities(|can| can.max_value_bytes = 100));
        let store = layered(ALL_BY_ZSTD, short.clone());
        assert_eq!(store.capabilities().max_value_bytes, 95);
        let mut value = b"\xffRKZ".to_vec();
        value.extend((0..91).map(|n: u8| n.wrapping_mul(151)));
        set(&*store, "k", &value.clone().into()).await;
        assert_eq!(short.faults().calls().last().map(|call| call.values[0].len()), Some(100));
        assert_eq!(get(&*store, "k").await.unwrap().unwrap(), value);
    }

    #[test]
    fn a_store_that_keeps_text_only_is_refused() {
        let text = Faulty::new(memory()).with_capabilities(|can| can.binary_values = false);
        let error = Compressed::new(LZ4, None, Arc::new(text)).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("compress")));
    }
}
