//! In which posts a word stands: for each word the posts that have it, in records of [`CHUNK_POSTS`] of them. A post first
//! waits, in a record of a few bytes that is written with it; a job notes the words of many posts at once, so that a word
//! that stands in most of them is written once for all.
//!
//! ```text
//! w 0 word 0 !chunk(4)          → chunk of posts with the word, newest chunk first
//! w 1 post(6)                   → post whose words are not noted yet
//! ```

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, thing_at_end};
use super::record::{self, Record};
use crate::ids::ThingId;
use serde::{Deserialize, Serialize};

/// Posts of a full chunk.
const CHUNK_POSTS: usize = 128;

/// Chunks in which a post is looked for that loses a word: the word of fewer posts than those hold is forgotten wholly.
const REMOVE_CHUNKS: usize = 8;

const WORDS: u8 = 0;
const WAITING: u8 = 1;

/// Posts, each as the difference from the one before it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Chunk(Vec<i64>);

impl Record for Chunk {
    const NAME: &'static str = "posts with a word";
    const VERSION: u8 = 1;
}

/// That a post waits.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting;

impl Record for Waiting {
    const NAME: &'static str = "post whose words are not noted yet";
    const VERSION: u8 = 1;
}

/// Which words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Like<'a> {
    /// One word.
    Word(&'a str),
    /// All that begin so.
    Beginning(&'a str),
}

impl Chunk {
    fn of(posts: &[ThingId]) -> Chunk {
        let mut before = 0;
        let mut differences = Vec::with_capacity(posts.len());
        for post in posts {
            // Ids have 48 bits.
            let post = i64::try_from(post.0).unwrap_or(i64::MAX);
            differences.push(post - before);
            before = post;
        }
        Chunk(differences)
    }

    fn posts(&self) -> Vec<ThingId> {
        let mut before: i64 = 0;
        let mut posts = Vec::with_capacity(self.0.len());
        for difference in &self.0 {
            before = before.saturating_add(*difference);
            posts.push(ThingId(u64::try_from(before).unwrap_or_default()));
        }
        posts
    }
}

/// Notes that posts have a word, as far as the newest ones with it do not say so already.
pub fn add(tx: &mut dyn Tx, word: &str, posts: &[ThingId]) -> Result<()> {
    let (mut number, mut held) = match chunks(tx, word, 1)?.pop() {
        Some((number, chunk)) => (number, chunk.posts()),
        None => (0, Vec::new()),
    };
    for post in posts {
        if held.contains(post) {
            continue;
        }
        if held.len() >= CHUNK_POSTS {
            record::put(tx, &word_key(word).descending(number), &Chunk::of(&held));
            number = number.saturating_add(1);
            held.clear();
        }
        held.push(*post);
    }
    if !held.is_empty() {
        record::put(tx, &word_key(word).descending(number), &Chunk::of(&held));
    }
    Ok(())
}

/// Notes that a post has a word no more.
pub fn remove(tx: &mut dyn Tx, word: &str, post: ThingId) -> Result<()> {
    for (number, chunk) in chunks(tx, word, REMOVE_CHUNKS)? {
        let mut posts = chunk.posts();
        let before = posts.len();
        posts.retain(|held| *held != post);
        if posts.len() == before {
            continue;
        }
        let key = word_key(word).descending(number);
        match posts.is_empty() {
            true => tx.delete(&key),
            false => record::put(tx, &key, &Chunk::of(&posts)),
        }
    }
    Ok(())
}

/// The posts that have such a word, newest first and each once, as far as `records` of them tell.
pub fn posts(from: &dyn Read, like: Like<'_>, records: usize) -> Result<Vec<ThingId>> {
    let prefix = match like {
        Like::Word(word) => word_key(word),
        Like::Beginning(word) => beginning(word),
    };
    let found: Vec<((), Chunk)> = record::list(from, &prefix, &prefix, records, |_| Some(()))?;
    let mut posts: Vec<ThingId> = found.iter().flat_map(|(_, chunk)| chunk.posts()).collect();
    posts.sort_unstable_by(|one, other| other.cmp(one));
    posts.dedup();
    Ok(posts)
}

/// Words that begin so, in their order; at most `limit`.
pub fn words(from: &dyn Read, beginning_with: &str, limit: usize) -> Result<Vec<String>> {
    let table = KeyBytes::of(Table::Term).part(WORDS);
    let end = beginning(beginning_with).end();
    let mut start = beginning(beginning_with).to_vec();
    let mut found = Vec::new();
    while found.len() < limit {
        let pairs = from.scan(&start, &end, 1)?;
        let Some(rest) = pairs.first().and_then(|(key, _)| key.get(table.len()..)) else {
            break;
        };
        let word = rest.split(|byte| *byte == 0).next().unwrap_or_default();
        let word = String::from_utf8_lossy(word).into_owned();
        start = word_key(&word).end();
        found.push(word);
    }
    Ok(found)
}

/// Lets a post wait.
pub fn wait(tx: &mut dyn Tx, post: ThingId) {
    record::put(tx, &waiting_key().thing(post), &Waiting);
}

/// Lets a post wait no more.
pub fn wait_no_more(tx: &mut dyn Tx, post: ThingId) {
    tx.delete(&waiting_key().thing(post));
}

/// The posts that wait, oldest first, at most `limit`.
pub fn waiting(from: &dyn Read, limit: usize) -> Result<Vec<ThingId>> {
    let prefix = waiting_key();
    let found: Vec<(ThingId, Waiting)> = record::list(from, &prefix, &prefix, limit, thing_at_end)?;
    Ok(found.into_iter().map(|(post, _)| post).collect())
}

/// Whether the value of a record can be read; `rest` is its key without the letter.
pub(super) fn check(rest: &[u8], value: &[u8]) -> Result<()> {
    match rest.first() {
        Some(&WAITING) => record::decode::<Waiting>(value).map(drop),
        _ => record::decode::<Chunk>(value).map(drop),
    }
}

fn chunks(from: &dyn Read, word: &str, limit: usize) -> Result<Vec<(u32, Chunk)>> {
    let prefix = word_key(word);
    let number = |rest: &[u8]| rest.try_into().ok().map(|bytes| !u32::from_be_bytes(bytes));
    record::list(from, &prefix, &prefix, limit, number)
}

fn word_key(word: &str) -> KeyBytes {
    KeyBytes::of(Table::Term).part(WORDS).text(word)
}

fn beginning(word: &str) -> KeyBytes {
    KeyBytes::of(Table::Term).part(WORDS).tail(word)
}

fn waiting_key() -> KeyBytes {
    KeyBytes::of(Table::Term).part(WAITING)
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_POSTS, Like, add, posts, remove, wait, wait_no_more, waiting, words};
    use crate::ids::ThingId;
    use crate::store::Store;
    use crate::store::engine::Tx;
    use crate::store::engine::memory::MemoryEngine;

    fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<ThingId> {
        numbers.into_iter().map(ThingId).collect()
    }

    #[test]
    fn words_find_their_posts_newest_first() {
        let store = Store::on(Box::new(MemoryEngine::default())).expect("a store");
        let many = 3 * CHUNK_POSTS as u64;
        let write = |tx: &mut dyn Tx| {
            add(tx, "see", &ids([5]))?;
            add(tx, "seen", &ids([9, 7]))?;
            add(tx, "seen", &ids([7]))?;
            for number in 1..=many {
                add(tx, "und", &ids([1_795_217_913_123 + number * 600_000]))?;
            }
            Ok(())
        };
        store.write(write).expect("written");
        let found = |like| posts(&store, like, 99).expect("readable");
        assert_eq!(found(Like::Word("see")), ids([5]));
        assert_eq!(found(Like::Beginning("see")), ids([9, 7, 5]));
        assert_eq!(found(Like::Beginning("x")), []);
        assert_eq!(found(Like::Word("und")).len() as u64, many);
        assert_eq!(
            posts(&store, Like::Word("und"), 1).expect("reads").len(),
            CHUNK_POSTS
        );
        assert_eq!(words(&store, "se", 9).expect("readable"), ["see", "seen"]);
        assert_eq!(words(&store, "", 2).expect("readable"), ["see", "seen"]);
        store
            .write(|tx| {
                remove(tx, "seen", ThingId(9))?;
                remove(tx, "see", ThingId(5))
            })
            .expect("written");
        assert_eq!(found(Like::Beginning("see")), ids([7]));
        assert_eq!(words(&store, "se", 9).expect("readable"), ["seen"]);
    }

    #[test]
    fn posts_wait_until_their_words_are_noted() {
        let store = Store::on(Box::new(MemoryEngine::default())).expect("a store");
        let write = |tx: &mut dyn Tx| {
            ids([3, 1, 2]).into_iter().for_each(|post| wait(tx, post));
            wait_no_more(tx, ThingId(2));
            Ok(())
        };
        store.write(write).expect("written");
        assert_eq!(waiting(&store, 9).expect("readable"), ids([1, 3]));
    }
}
