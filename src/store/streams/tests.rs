//! Streams against a plain list, and what questions cost.

use super::layout::{CHUNK_ENTRIES, Head};
use super::{
    Start, append, clear, contains, cut_off_chunk, layout, merge, page, remove, total, walk,
};
use crate::ids::ThingId;
use crate::store::engine::memory::Memory;
use crate::store::keys::{Stream, StreamKind};

const INBOX: Stream = Stream {
    owner: ThingId(9),
    kind: StreamKind::Inbox,
};
const LIKES: Stream = Stream {
    owner: ThingId(9),
    kind: StreamKind::Likes,
};

/// A generator of the same numbers each time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn ids(ids: impl IntoIterator<Item = u64>) -> Vec<ThingId> {
    ids.into_iter().map(ThingId).collect()
}

/// A page that the stream can give.
fn read(store: &Memory, stream: Stream, start: Start, count: usize) -> Vec<ThingId> {
    let page = page(store, stream, start, count).expect("reads");
    page.expect("a known anchor")
}

/// Appends things without the cost of an append each.
fn fill(store: &mut Memory, stream: Stream, things: impl Iterator<Item = ThingId>) {
    let mut head = Head::read(store, stream).expect("reads");
    for thing in things {
        if head.tail.len() >= CHUNK_ENTRIES {
            cut_off_chunk(store, stream, &mut head).expect("writes");
        }
        head.highest = head.highest.max(thing);
        head.tail.push(thing);
    }
    head.put(store, stream);
}

#[test]
fn what_a_stream_does_not_know_is_refused() {
    let mut store = Memory::default();
    for stream in [INBOX, LIKES] {
        let unknown = [Start::Before(ThingId(5)), Start::Since(ThingId(5))];
        for start in unknown {
            assert_eq!(page(&store, stream, start, 20).expect("reads"), None);
        }
        assert!(!remove(&mut store, stream, ThingId(5)).expect("writes"));
        assert_eq!(read(&store, stream, Start::Newest, 20), []);
        assert_eq!(store.records(), 0);

        assert!(append(&mut store, stream, ThingId(4)).expect("writes"));
        assert!(!append(&mut store, stream, ThingId(4)).expect("writes"));
        for start in unknown {
            assert_eq!(page(&store, stream, start, 20).expect("reads"), None);
            assert_eq!(page(&store, stream, start, 0).expect("reads"), None);
        }
        assert_eq!(read(&store, stream, Start::Newest, 0), []);
        assert_eq!(read(&store, stream, Start::Offset(1), 20), []);
        assert_eq!(read(&store, stream, Start::Offset(u64::MAX), 20), []);
        assert_eq!(total(&store, stream).expect("reads"), 1);
        clear(&mut store, stream).expect("writes");
    }
}

#[test]
fn the_newest_comes_first_and_since_means_the_closest() {
    let mut store = Memory::default();
    for id in 1..=200 {
        assert!(append(&mut store, INBOX, ThingId(id)).expect("writes"));
    }
    let page = |start, count| read(&store, INBOX, start, count);
    assert_eq!(page(Start::Newest, 3), ids([200, 199, 198]));
    assert_eq!(page(Start::Offset(150), 3), ids([50, 49, 48]));
    assert_eq!(page(Start::Before(ThingId(50)), 3), ids([49, 48, 47]));
    assert_eq!(page(Start::Since(ThingId(50)), 3), ids([53, 52, 51]));
    assert_eq!(page(Start::Since(ThingId(199)), 3), ids([200]));
    assert_eq!(page(Start::Before(ThingId(1)), 3), []);
    assert_eq!(page(Start::Newest, 200), ids((1..=200).rev()));
}

#[test]
fn a_deleted_activity_is_still_an_anchor_of_an_inbox_but_not_of_a_set() {
    let mut store = Memory::default();
    for id in 1..=300 {
        append(&mut store, INBOX, ThingId(id)).expect("writes");
        append(&mut store, LIKES, ThingId(id)).expect("writes");
    }
    for gone in [64, 65, 100, 300] {
        assert!(remove(&mut store, INBOX, ThingId(gone)).expect("writes"));
        assert!(remove(&mut store, LIKES, ThingId(gone)).expect("writes"));
        let before = read(&store, INBOX, Start::Before(ThingId(gone)), 1);
        assert_eq!(before[0].0, if gone == 65 { 63 } else { gone - 1 });
        let refused = page(&store, LIKES, Start::Before(ThingId(gone)), 1);
        assert_eq!(refused.expect("reads"), None);
    }
    assert_eq!(read(&store, INBOX, Start::Since(ThingId(64)), 1), ids([66]));
    assert_eq!(read(&store, INBOX, Start::Since(ThingId(300)), 1), []);
}

/// As when old messages are fetched after new ones: whole anchor records then tell of nothing but late things.
#[test]
fn thousands_that_come_late_are_found_and_so_are_those_around_them() {
    let mut store = Memory::default();
    let in_order = (1..=3_000).map(|n| n * 10);
    let late = (1..=2_500).rev().map(|n| n * 10 + 5);
    let again = (3_001..=5_000).map(|n| n * 10);
    let all: Vec<u64> = in_order.chain(late).chain(again).collect();
    for id in &all {
        assert!(append(&mut store, INBOX, ThingId(*id)).expect("writes"));
    }
    for (place, id) in all.iter().enumerate().skip(1) {
        let thing = ThingId(*id);
        assert!(contains(&store, INBOX, thing).expect("reads"), "{id}");
        assert!(!append(&mut store, INBOX, thing).expect("writes"), "{id}");
        let before = read(&store, INBOX, Start::Before(thing), 1);
        assert_eq!(before, ids([all[place - 1]]));
    }
    assert!(!contains(&store, INBOX, ThingId(17)).expect("reads"));
}

#[test]
fn a_cleared_stream_leaves_nothing_and_its_neighbours_alone() {
    let mut store = Memory::default();
    let neighbours = [
        Stream::of(ThingId(8), StreamKind::Likes),
        Stream::of(ThingId(9), StreamKind::Members),
        Stream::of(ThingId(10), StreamKind::Likes),
    ];
    for stream in neighbours {
        append(&mut store, stream, ThingId(1)).expect("writes");
    }
    let before = store.records();
    for stream in [INBOX, LIKES] {
        for id in [3000].into_iter().chain(1..1500) {
            append(&mut store, stream, ThingId(id)).expect("writes");
        }
        remove(&mut store, stream, ThingId(3)).expect("writes");
        clear(&mut store, stream).expect("writes");
        assert_eq!(total(&store, stream).expect("reads"), 0);
    }
    assert_eq!(store.records(), before);
}

/// Random appends and removals; then every question must be answered as a plain list would.
fn compare_with_a_list(stream: Stream, seed: u64, steps: usize, removals_percent: u64) {
    let mut numbers = Numbers(seed);
    let mut store = Memory::default();
    // oldest first, each with whether it came in order
    let mut list: Vec<(u64, bool)> = Vec::new();
    let (mut clock, mut highest) = (1_000, 0);
    for step in 0..steps {
        // now and then a time of nothing but removals
        let clearing = (step / 500) % 4 == 3;
        if numbers.below(100) < removals_percent + u64::from(clearing) * 50 {
            let at = numbers.below(list.len() as u64 + 1) as usize;
            let thing = match list.get(at) {
                Some((id, _)) => *id,
                None => numbers.below(clock),
            };
            let place = list.iter().position(|(id, _)| *id == thing);
            let removed = remove(&mut store, stream, ThingId(thing)).expect("writes");
            assert_eq!(removed, place.is_some(), "removing {thing} in step {step}");
            if let Some(place) = place {
                list.remove(place);
            }
        } else {
            // after long pauses many come late
            let many_late = (step / 700) % 3 == 2;
            let late = numbers.below(10) < if many_late { 8 } else { 1 };
            let thing = if late {
                1 + numbers.below(clock)
            } else {
                clock += 1 + numbers.below(5);
                clock
            };
            let known = list.iter().any(|(id, _)| *id == thing);
            let added = append(&mut store, stream, ThingId(thing)).expect("writes");
            assert_eq!(added, !known, "appending {thing} in step {step}");
            if added {
                list.push((thing, thing > highest));
                highest = highest.max(thing);
            }
        }
        if step % 37 == 0 || step + 1 == steps {
            check(&store, stream, &list, (clock, highest), &mut numbers);
        }
    }
    check_all(&store, stream, &list);
}

/// Questions at random places.
fn check(
    store: &Memory,
    stream: Stream,
    list: &[(u64, bool)],
    (clock, highest): (u64, u64),
    numbers: &mut Numbers,
) {
    let newest_first = ids(list.iter().rev().map(|(id, _)| *id));
    let length = newest_first.len();
    assert_eq!(total(store, stream).expect("reads"), length as u64);
    let count = numbers.below(201) as usize;
    let of = |from: usize| &newest_first[from.min(length)..(from + count).min(length)];
    assert_eq!(read(store, stream, Start::Newest, count), of(0));
    let offset = numbers.below(length as u64 + 2) as usize;
    let start = Start::Offset(offset as u64);
    assert_eq!(read(store, stream, start, count), of(offset));

    for thing in [numbers.below(clock + 2), highest + 1] {
        let place = newest_first.iter().position(|entry| entry.0 == thing);
        let thing = ThingId(thing);
        let held = contains(store, stream, thing).expect("reads");
        assert_eq!(held, place.is_some(), "{thing:?}");
        let before = page(store, stream, Start::Before(thing), count).expect("reads");
        let since = page(store, stream, Start::Since(thing), count).expect("reads");
        let (older, newer) = match place {
            Some(place) => (place + 1, place),
            None if stream.is_set() || thing.0 == 0 || thing.0 > highest => {
                assert_eq!((before, since), (None, None), "{thing:?}");
                continue;
            }
            None => {
                let older = read(store, stream, Start::Before(thing), length).len();
                let border = length - older;
                // what came in order is on its side; what came late has an edge and can be on either
                let (older, newer) = list.split_at(older);
                assert!(
                    older
                        .iter()
                        .all(|(id, in_order)| !in_order || *id < thing.0)
                );
                assert!(
                    newer
                        .iter()
                        .all(|(id, in_order)| !in_order || *id > thing.0)
                );
                (border, border)
            }
        };
        assert_eq!(before.as_deref(), Some(of(older)), "before {thing:?}");
        let closest = &newest_first[newer.saturating_sub(count)..newer];
        assert_eq!(since.as_deref(), Some(closest), "since {thing:?}");
    }
}

/// Every entry as an anchor, every offset, and both walks.
fn check_all(store: &Memory, stream: Stream, list: &[(u64, bool)]) {
    let newest_first = ids(list.iter().rev().map(|(id, _)| *id));
    let length = newest_first.len();
    for (place, thing) in newest_first.iter().enumerate() {
        assert!(contains(store, stream, *thing).expect("reads"));
        let end = (place + 7).min(length);
        let offset = Start::Offset(place as u64);
        assert_eq!(read(store, stream, offset, 7), newest_first[place..end]);
        let end = (place + 8).min(length);
        let before = Start::Before(*thing);
        assert_eq!(read(store, stream, before, 7), newest_first[place + 1..end]);
        let since = Start::Since(*thing);
        let first = place.saturating_sub(7);
        assert_eq!(read(store, stream, since, 7), newest_first[first..place]);
    }
    let walked = |start, want| {
        let mut all = Vec::new();
        let mut walk = walk(store, stream, start)
            .expect("reads")
            .expect("a known anchor");
        loop {
            let batch = walk.next_batch(want).expect("reads");
            assert!(batch.len() <= 9 * CHUNK_ENTRIES);
            if batch.is_empty() {
                return all;
            }
            all.extend(batch);
        }
    };
    for want in [0, 1, 100, 1_000_000] {
        assert_eq!(walked(Start::Newest, want), newest_first);
        if let Some(oldest) = newest_first.last() {
            let mut newer = walked(Start::Since(*oldest), want);
            newer.push(*oldest);
            newer[..length - 1].reverse();
            assert_eq!(newer, newest_first);
        }
    }
}

#[test]
fn an_inbox_answers_as_a_list_does() {
    compare_with_a_list(INBOX, 1, 12_000, 10);
    compare_with_a_list(INBOX, 2, 6_000, 40);
}

#[test]
fn a_set_answers_as_a_list_does() {
    compare_with_a_list(LIKES, 3, 8_000, 10);
    compare_with_a_list(LIKES, 4, 6_000, 45);
}

#[test]
fn offsets_are_right_where_whole_blocks_have_holes() {
    let mut store = Memory::default();
    let length = 60_000;
    fill(&mut store, INBOX, (1..=length).map(ThingId));
    let gone = |id: u64| {
        id.is_multiple_of(97) || (9_000..9_400).contains(&id) || (20_000..45_000).contains(&id)
    };
    for id in (1..=length).filter(|id| gone(*id)) {
        assert!(remove(&mut store, INBOX, ThingId(id)).expect("writes"));
    }
    let left: Vec<u64> = (1..=length).rev().filter(|id| !gone(*id)).collect();
    assert_eq!(total(&store, INBOX).expect("reads"), left.len() as u64);
    for offset in (0..left.len()).step_by(11).chain([left.len() - 1]) {
        let first = read(&store, INBOX, Start::Offset(offset as u64), 1);
        assert_eq!(first, ids([left[offset]]), "offset {offset}");
    }
    // across the gap of 390 chunks that are gone
    assert_eq!(
        read(&store, INBOX, Start::Before(ThingId(45_001)), 2),
        ids([45_000, 19_999])
    );
    store.reads.set(0);
    assert_eq!(
        read(&store, INBOX, Start::Since(ThingId(19_998)), 2),
        ids([45_000, 19_999])
    );
    assert!(store.reads.get() <= 18, "{} reads", store.reads.get());
}

/// What questions cost must not depend on the length of the stream.
#[test]
fn pages_cost_the_same_at_any_depth() {
    for stream in [INBOX, LIKES] {
        for length in [100, 10_000, 1_000_000] {
            let mut store = Memory::default();
            let id = |place: u64| ThingId(1_795_217_913_123 + place * 600_000);
            fill(&mut store, stream, (1..=length).map(id));
            if stream.is_set() {
                for place in 1..=length {
                    let number = (place - 1) / CHUNK_ENTRIES as u64;
                    layout::put_edge(&mut store, stream, id(place), number as u32);
                }
            }
            let cost = |question: &dyn Fn()| {
                store.reads.set(0);
                question();
                store.reads.get()
            };
            let page_of = |start, count| cost(&|| drop(read(&store, stream, start, count)));
            assert!(page_of(Start::Newest, 20) <= 2);
            assert!(
                cost(&|| assert!(contains(&store, stream, id(length / 3)).is_ok_and(|c| c))) <= 3
            );
            for place in [1, length / 3, length / 2, length - 25, length] {
                for count in [20, 200] {
                    assert!(page_of(Start::Offset(length - place), count) <= 3);
                    assert!(page_of(Start::Before(id(place)), count) <= 4);
                    assert!(page_of(Start::Since(id(place)), count) <= 4);
                }
            }
            assert_eq!(read(&store, stream, Start::Offset(length - 1), 5), [id(1)]);
            // with removals and late comers too
            for place in [length / 4, length / 3 - 1] {
                remove(&mut store, stream, id(place)).expect("writes");
            }
            append(&mut store, stream, ThingId(id(5).0 + 1)).expect("writes");
            let cost = |start| {
                store.reads.set(0);
                drop(read(&store, stream, start, 20));
                store.reads.get()
            };
            assert!(cost(Start::Offset(length - 2)) <= 3);
            assert!(cost(Start::Before(id(length / 2))) <= 4);
            assert!(cost(Start::Since(id(length / 2))) <= 4);

            store.reads.set(0);
            store.writes = 0;
            for place in 1..=6400 {
                append(&mut store, stream, id(length + place)).expect("writes");
            }
            let edges = usize::from(stream.is_set());
            assert!(store.reads.get() <= 6400 * (1 + edges) + 101);
            assert!(store.writes <= 6400 * (1 + edges) + 2 * 101);
        }
    }
}

/// A server holds millions of entries: they must be few and small records.
#[test]
fn entries_take_few_records() {
    let mut store = Memory::default();
    let mut numbers = Numbers(5);
    let (streams, length) = (100, 2_000);
    for owner in 0..streams {
        let stream = Stream::of(ThingId(owner), StreamKind::Inbox);
        let mut now = 1_795_217_913_123;
        for _ in 0..length {
            // a family's inbox: from a minute to an hour between activities
            now += 60_000 + numbers.below(3_540_000);
            append(&mut store, stream, ThingId(now)).expect("writes");
        }
    }
    let entries = (streams * length) as usize;
    let (records, bytes) = (store.records(), store.bytes());
    let written = store.written_bytes / entries;
    let summary =
        format!("{entries} entries: {records} records, {bytes} bytes, {written} written each");
    assert!(records * 50 < entries, "{summary}");
    assert!(bytes < entries * 5, "{summary}");
    assert!(written < 200, "{summary}");
}

#[test]
fn what_is_older_is_merged_in_where_it_belongs() {
    let mut store = Memory::default();
    let mut numbers = Numbers(7);
    let mut held: Vec<ThingId> = Vec::new();
    for number in 1..=300 {
        append(&mut store, INBOX, ThingId(number * 10)).expect("writes");
        held.push(ThingId(number * 10));
    }
    // One that came late, and one that went.
    append(&mut store, INBOX, ThingId(15)).expect("writes");
    remove(&mut store, INBOX, ThingId(3000)).expect("writes");
    held.retain(|id| *id != ThingId(3000));
    held.push(ThingId(15));
    let older: Vec<ThingId> = (0..500).map(|_| ThingId(1 + numbers.below(2900))).collect();
    for _ in 0..2 {
        merge(&mut store, INBOX, &older).expect("writes");
        held.extend(&older);
        held.sort_unstable();
        held.dedup();
        let newest_first: Vec<ThingId> = held.iter().rev().copied().collect();
        assert_eq!(
            read(&store, INBOX, Start::Newest, 10_000),
            newest_first,
            "a second time changes nothing"
        );
        assert_eq!(total(&store, INBOX).expect("reads"), held.len() as u64);
        let entries = super::entries(&store, INBOX).expect("reads");
        let findings = super::check(&store, INBOX, &entries).expect("reads");
        assert_eq!(findings, Vec::<String>::new());
        for (place, id) in held.iter().enumerate().step_by(37) {
            let before = read(&store, INBOX, Start::Before(*id), 3);
            let wanted: Vec<ThingId> = held[..place].iter().rev().take(3).copied().collect();
            assert_eq!(before, wanted);
        }
        // What was there before it is a place to read on from, and what comes next is no longer late.
        assert_eq!(read(&store, INBOX, Start::Since(ThingId(3000)), 3), []);
    }
    assert!(append(&mut store, INBOX, ThingId(4000)).expect("writes"));
    assert_eq!(read(&store, INBOX, Start::Newest, 1), ids([4000]));
}

#[test]
fn two_entries_of_a_set_change_places() {
    let mut store = Memory::default();
    for number in 1..=200 {
        append(&mut store, LIKES, ThingId(number)).expect("writes");
    }
    let all = |store: &Memory| read(store, LIKES, Start::Newest, 999);
    for (one, other) in [(200, 199), (3, 4), (1, 200), (64, 65)] {
        let mut wanted = all(&store);
        let place = |id| wanted.iter().position(|entry| *entry == ThingId(id));
        let (first, second) = (place(one).expect("there"), place(other).expect("there"));
        wanted.swap(first, second);
        assert!(super::swap(&mut store, LIKES, ThingId(one), ThingId(other)).expect("writes"));
        assert_eq!(all(&store), wanted);
        let findings = super::check(&store, LIKES, &wanted).expect("reads");
        assert_eq!(findings, Vec::<String>::new());
        let after = read(&store, LIKES, Start::Before(ThingId(one)), 1);
        assert_eq!(after.first(), wanted.get(second + 1));
    }
    assert!(!super::swap(&mut store, LIKES, ThingId(1), ThingId(999)).expect("reads"));
}
