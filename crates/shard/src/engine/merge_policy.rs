//! Which sealed segments to merge: tiers of similar size, deletions counted. Pure.

/// What the policy knows of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Bytes on disk.
    pub(super) bytes: u64,
    pub(super) docs: u32,
    pub(super) deleted: u32,
    /// Taking part in a merge already.
    pub(super) busy: bool,
}

/// Segments of one tier that may lie side by side.
const SEGMENTS_PER_TIER: usize = 8;
/// Smaller segments count as this large: all of the smallest form one tier.
const FLOOR_BYTES: u64 = 2 << 20;
/// A tier's segments are at most this many times its smallest.
const TIER_FACTOR: u64 = 8;
/// What merges of a copy that nobody writes to make is at most this large.
const SETTLED_BYTES: u64 = 256 << 20;
/// They rewrite no segment that is more than so many times as large as all smaller ones together: what was rewritten once is not, for every few
/// documents that come.
const SETTLED_FACTOR: u64 = 4;
/// Larger segments are left alone, unless half of them is deleted.
const MAX_BYTES: u64 = 5 << 30;
/// So many segments that could be merged mean that merges are behind: they run at full speed.
const BEHIND: usize = 40;
/// So many mean that writers must wait.
const FAR_BEHIND: usize = 80;
/// Share of deleted documents from which a segment is rewritten on its own.
const DELETED_PERCENT: u64 = 33;

impl Candidate {
    /// Bytes that would survive a merge.
    fn live_bytes(&self) -> u64 {
        if self.docs == 0 { 0 } else { self.bytes / u64::from(self.docs) * u64::from(self.docs - self.deleted) }
    }

    fn is_mostly_deleted(&self) -> bool {
        u64::from(self.deleted) * 100 > u64::from(self.docs) * DELETED_PERCENT
    }
}

/// The next merge, as positions in `segments`, or none. The cheapest tier first; a segment with many deletions alone otherwise.
pub(super) fn choose(segments: &[Candidate]) -> Option<Vec<usize>> {
    let mut by_size: Vec<usize> =
        (0..segments.len()).filter(|&at| !segments[at].busy && segments[at].live_bytes() <= MAX_BYTES / 2).collect();
    by_size.sort_by_key(|&at| (segments[at].live_bytes(), at));
    let mut start = 0;
    while start < by_size.len() {
        let limit = segments[by_size[start]].live_bytes().max(FLOOR_BYTES).saturating_mul(TIER_FACTOR);
        let tier = by_size[start..].iter().take_while(|&&at| segments[at].live_bytes() < limit).count();
        if tier >= SEGMENTS_PER_TIER {
            let mut chosen = bounded(segments, &by_size[start..start + tier]);
            chosen.sort_unstable();
            return Some(chosen);
        }
        start += tier.max(1);
    }
    (0..segments.len()).find(|&at| !segments[at].busy && segments[at].is_mostly_deleted()).map(|at| vec![at])
}

/// What becomes one segment when nobody writes: as many of the smallest as that is worth, as positions in `segments`.
pub(super) fn settle(segments: &[Candidate]) -> Option<Vec<usize>> {
    let mut by_size: Vec<usize> = (0..segments.len()).filter(|&at| !segments[at].busy).collect();
    by_size.sort_by_key(|&at| (segments[at].live_bytes(), at));
    let (mut smaller, mut count) = (0u64, 0);
    for (before, &at) in by_size.iter().enumerate() {
        let bytes = segments[at].live_bytes();
        if smaller.saturating_add(bytes) > SETTLED_BYTES {
            break;
        }
        if bytes <= smaller.max(FLOOR_BYTES) * SETTLED_FACTOR {
            count = before + 1;
        }
        smaller += bytes;
    }
    by_size.truncate(count);
    by_size.sort_unstable();
    (count > 1).then_some(by_size)
}

/// Whether there are more segments than tiers explain.
pub(super) fn is_behind(segments: &[Candidate]) -> bool {
    mergeable(segments) > BEHIND
}

/// Whether there are so many that searches suffer, and nobody may write more of them.
pub(super) fn is_far_behind(segments: &[Candidate]) -> bool {
    segments.len() > FAR_BEHIND && mergeable(segments) > FAR_BEHIND
}

fn mergeable(segments: &[Candidate]) -> usize {
    segments.iter().filter(|segment| segment.live_bytes() <= MAX_BYTES / 2).count()
}

/// The smallest of a tier that together stay below the largest segment wanted.
fn bounded(segments: &[Candidate], tier: &[usize]) -> Vec<usize> {
    let mut total = 0;
    let fits = tier.iter().take_while(|&&at| {
        total += segments[at].live_bytes();
        total <= MAX_BYTES
    });
    fits.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(megabytes: u64, deleted: u32) -> Candidate {
        Candidate { bytes: megabytes << 20, docs: 100, deleted, busy: false }
    }

    fn check(sizes: &[(u64, u32)], expected: Option<&[usize]>) {
        let segments: Vec<_> = sizes.iter().map(|&(size, deleted)| segment(size, deleted)).collect();
        assert_eq!(choose(&segments).as_deref(), expected, "{sizes:?}");
    }

    #[test]
    fn a_full_tier_is_merged_and_a_large_neighbour_left() {
        check(&[(1, 0); 7], None);
        check(
            &[(1, 0), (1, 0), (900, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0)],
            Some(&[0, 1, 3, 4, 5, 6, 7, 8]),
        );
    }

    #[test]
    fn deletions_make_a_segment_worth_rewriting() {
        check(&[(100, 33)], None);
        check(&[(100, 34)], Some(&[0]));
    }

    #[test]
    fn busy_segments_are_left_alone() {
        let segments = [Candidate { busy: true, ..segment(1, 99) }; 20];
        assert_eq!(choose(&segments), None);
    }

    #[track_caller]
    fn settles(megabytes: &[u64], expected: Option<&[usize]>) {
        let segments: Vec<_> = megabytes.iter().map(|&size| segment(size, 0)).collect();
        assert_eq!(settle(&segments).as_deref(), expected, "{megabytes:?}");
    }

    #[test]
    fn what_nobody_writes_to_becomes_one_segment_unless_that_costs_much() {
        settles(&[7, 6, 7, 1], Some(&[0, 1, 2, 3]));
        settles(&[5], None);
        settles(&[], None);
        settles(&[100, 2, 3], Some(&[1, 2]));
        settles(&[100, 2], None);
        settles(&[20, 30, 150], Some(&[0, 1, 2]));
        settles(&[20, 250, 30, 150], Some(&[0, 2, 3]));
        settles(&[400, 300], None);
        settles(&[100, 1, 30], Some(&[0, 1, 2]));
        let busy = [segment(5, 0), Candidate { busy: true, ..segment(5, 0) }, segment(5, 0)];
        assert_eq!(settle(&busy).as_deref(), Some(&[0, 2][..]));
    }

    #[test]
    fn merging_ends() {
        let mut segments: Vec<_> = (0..200).map(|n| segment(n % 7 + 1, 0)).collect();
        for _ in 0..200 {
            let Some(chosen) = choose(&segments) else { return };
            let bytes = chosen.iter().map(|&at| segments[at].bytes).sum();
            let docs = chosen.iter().map(|&at| segments[at].docs).sum();
            for at in chosen.into_iter().rev() {
                segments.remove(at);
            }
            segments.push(Candidate { bytes, docs, deleted: 0, busy: false });
        }
        panic!("the policy goes round in circles");
    }
}
