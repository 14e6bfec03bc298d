//! Recently used records, in front of sled: a point read of sled costs some 15 µs of CPU, one of these well under one.
//! The committer brings what it applied, so that what was just written, a stream's head most of all, is there for the next
//! change. It does so while no reader reads, so a cached record is never older than the one in sled.

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Most that the cache holds, in bytes: keys, values and what they need around them.
pub(super) const CACHE_BYTES_MAX: u64 = 2 << 20;

/// What a record needs besides its key and value, in bytes: two shared buffers and its place in the table.
const RECORD_OVERHEAD_BYTES: u64 = 160;

/// Records of more bytes are not worth their place.
const RECORD_BYTES_MAX: usize = 16 * 1024;

/// How many records the table has room for at first.
const RECORDS_EXPECTED: usize = 4096;

/// A record, or the fact that there is none.
type Cached = Option<Bytes>;

/// Bounded by bytes; the least useful records go first.
pub(super) struct RecordCache {
    records: Cache<Bytes, Cached, Weight>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Bytes, Cached> for Weight {
    fn weight(&self, key: &Bytes, value: &Cached) -> u64 {
        RECORD_OVERHEAD_BYTES + (key.len() + value.as_ref().map_or(0, Bytes::len)) as u64
    }
}

impl RecordCache {
    /// An empty cache.
    pub(super) fn new() -> RecordCache {
        RecordCache {
            records: Cache::with_weighter(RECORDS_EXPECTED, CACHE_BYTES_MAX, Weight),
        }
    }

    /// The record of a key; `None` if the cache does not know.
    pub(super) fn get(&self, key: &[u8]) -> Option<Cached> {
        self.records.get(key)
    }

    /// Remembers a record that was read or written.
    pub(super) fn put(&self, key: &[u8], value: Cached) {
        if value
            .as_ref()
            .is_some_and(|value| value.len() > RECORD_BYTES_MAX)
        {
            self.records.remove(key);
        } else {
            self.records.insert(Bytes::copy_from_slice(key), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CACHE_BYTES_MAX, RecordCache};
    use bytes::Bytes;

    #[test]
    fn what_is_put_is_got_and_what_is_large_is_left_out() {
        let cache = RecordCache::new();
        assert_eq!(cache.get(b"a"), None);
        cache.put(b"a", Some(Bytes::from_static(b"1")));
        assert_eq!(cache.get(b"a"), Some(Some(Bytes::from_static(b"1"))));
        cache.put(b"a", None);
        assert_eq!(cache.get(b"a"), Some(None));
        cache.put(b"a", Some(Bytes::from(vec![0; 1 << 20])));
        assert_eq!(cache.get(b"a"), None);
    }

    #[test]
    fn it_stays_within_its_bound() {
        let cache = RecordCache::new();
        for number in 0..20_000_u32 {
            cache.put(&number.to_be_bytes(), Some(Bytes::from(vec![0; 1000])));
        }
        assert!(cache.records.weight() <= CACHE_BYTES_MAX);
    }
}
