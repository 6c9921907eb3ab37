use super::*;
use crate::score::bits;

fn bits_of(docs: &[u32]) -> Bits {
    let mut words = bits::none(1000);
    docs.iter().for_each(|&doc| bits::set(&mut words, doc));
    Bits::new(words)
}

fn question(text: &str) -> Box<[u8]> {
    text.as_bytes().into()
}

/// Asks twice and keeps.
fn keep(segment: &SegmentQueries, text: &str, docs: &[u32]) {
    assert!(matches!(segment.ask(question(text)), Told::New));
    match segment.ask(question(text)) {
        Told::Wanted(keep) => keep.keep(bits_of(docs)),
        Told::Known(_) | Told::New => panic!("{text} was asked before"),
    }
}

fn known(segment: &SegmentQueries, text: &str) -> Option<u64> {
    match segment.ask(question(text)) {
        Told::Known(bits) => Some(bits.count()),
        Told::Wanted(_) | Told::New => None,
    }
}

fn segment(cache: &Arc<QueryCache>, share: &Arc<Share>) -> SegmentQueries {
    SegmentQueries::new(cache, share, 1000).unwrap()
}

fn counted(share: &Share) -> [u64; 5] {
    let read = share.read();
    [read.hits, read.misses, read.evictions, read.entries, read.kept]
}

#[test]
fn what_a_segment_was_asked_before_is_kept_until_it_is_closed() {
    let cache = Arc::new(QueryCache::of_small(1 << 20));
    let share = Arc::default();
    let (one, other) = (segment(&cache, &share), segment(&cache, &share));
    keep(&one, "a", &[1, 2, 3]);
    keep(&other, "a", &[9]);
    assert_eq!((known(&one, "a"), known(&other, "a"), known(&one, "b")), (Some(3), Some(1), None));
    assert_eq!(counted(&share), [2, 5, 0, 2, 2]);
    drop(one);
    assert_eq!((counted(&share)[3], known(&other, "a")), (1, Some(1)));
    cache.clear(&Arc::default());
    assert_eq!(known(&other, "a"), Some(1));
    cache.clear(&share);
    assert_eq!((known(&other, "a"), counted(&share)[3], share.read().bytes), (None, 0, 0));
}

#[test]
fn the_least_recently_used_makes_room() {
    let one = ENTRY_BYTES + 1 + bits_of(&[]).memory_bytes();
    let cache = Arc::new(QueryCache::of_small(2 * one));
    let share = Arc::default();
    let segment = segment(&cache, &share);
    keep(&segment, "a", &[1]);
    keep(&segment, "b", &[1, 2]);
    assert_eq!(known(&segment, "a"), Some(1));
    keep(&segment, "c", &[1, 2, 3]);
    assert_eq!(["a", "b", "c"].map(|text| known(&segment, text)), [Some(1), None, Some(3)]);
    assert_eq!((counted(&share)[2], share.read().bytes), (1, 2 * one));
}

#[test]
fn what_is_too_large_or_was_asked_too_long_ago_is_not_kept() {
    let cache = Arc::new(QueryCache::of_small(100));
    let share = Arc::default();
    let segment = segment(&cache, &share);
    keep(&segment, "a", &[1]);
    assert_eq!((known(&segment, "a"), counted(&share)[4]), (None, 0));
    (0..HISTORY).for_each(|n| drop(segment.ask(question(&n.to_string()))));
    assert!(matches!(segment.ask(question("a")), Told::New));
    assert!(SegmentQueries::new(&Arc::new(QueryCache::new(1 << 20)), &share, MIN_DOCS - 1).is_none());
    assert!(SegmentQueries::new(&Arc::new(QueryCache::new(0)), &share, MIN_DOCS).is_none());
}
