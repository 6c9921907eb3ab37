//! Fragments around what was found, cut where values end.

use super::boundary::Boundary;
use super::phrases::{Found, Phrases, Place};

/// A stretch of the values, which are one text with a blank behind each.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragment {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) marks: Vec<Found>,
    pub(super) score: f32,
}

impl Fragment {
    fn new(start: i64, end: i64, marks: Vec<Found>) -> Self {
        let score = marks.iter().map(|mark| mark.boost).sum();
        Self { start, end, marks, score }
    }

    /// The beginning of the text.
    pub(super) fn plain(end: i64) -> Self {
        Self { end, ..Self::default() }
    }
}

/// The fragments of about `size` units around what was found; without a size: all as one.
pub(super) fn cut(phrases: &Phrases, size: Option<i64>, margin: i64) -> Vec<Fragment> {
    let Some(size) = size else {
        let all = Fragment::new(0, i64::from(i32::MAX), phrases.list.clone());
        return if phrases.list.is_empty() { Vec::new() } else { vec![all] };
    };
    let mut fragments = Vec::new();
    let mut begin = 0;
    let mut rest = phrases.list.iter().peekable();
    while let Some(first) = rest.next() {
        let (start, mut end) = first.range();
        if start < begin {
            continue;
        }
        let reach = end.max((start - margin).max(begin) + size);
        let fits = |found: &Found, end: i64| found.places.len() <= 1 || end - start <= size;
        let mut marks: Vec<Found> = Some(first).filter(|first| fits(first, end)).into_iter().cloned().collect();
        while let Some(next) = rest.next_if(|next| next.range().1 <= reach) {
            end = next.range().1;
            marks.extend(Some(next).filter(|next| fits(next, end)).cloned());
        }
        if marks.is_empty() {
            continue;
        }
        // The matches come to stand in the middle.
        let length = end - start;
        let from = (start - ((size - length) / 2).max(0)).max(begin);
        begin = from + length.max(size);
        fragments.push(Fragment::new(from, begin, marks));
    }
    fragments
}

/// The values of a field.
pub(super) struct Values {
    values: Vec<Vec<u16>>,
}

impl Values {
    pub(super) fn new(values: &[String]) -> Self {
        Self { values: values.iter().map(|value| value.encode_utf16().collect()).collect() }
    }

    /// Fragments that reach into another value are cut in two; ordered by their beginnings.
    pub(super) fn split(&self, fragments: Vec<Fragment>) -> Vec<Fragment> {
        if self.values.is_empty() {
            return Vec::new();
        }
        if self.values.len() == 1 {
            return fragments;
        }
        let mut split: Vec<Fragment> = fragments.into_iter().flat_map(|fragment| self.pieces(fragment)).collect();
        split.sort_by_key(|fragment| fragment.start);
        split
    }

    fn pieces(&self, mut fragment: Fragment) -> Vec<Fragment> {
        let mut pieces = Vec::new();
        let mut end = 0;
        for value in &self.values {
            if value.is_empty() {
                end += 1;
                continue;
            }
            let start = end;
            end += value.len() as i64 + 1;
            let inside = |at: i64| (start..=end).contains(&at);
            if inside(fragment.start) && inside(fragment.end) {
                pieces.push(fragment);
                return pieces;
            }
            let Some(first) = fragment.marks.first().and_then(|mark| mark.places.first()) else { return pieces };
            if fragment.start >= end || first.0 >= end {
                continue;
            }
            let from = if fragment.start > start { fragment.start } else { start };
            let to = if fragment.end > start && fragment.end < end { fragment.end } else { end };
            let marks = fragment.marks.iter_mut().filter_map(|mark| taken(mark, start, end)).collect();
            fragment.marks.retain(|mark| !mark.places.is_empty());
            pieces.push(Fragment::new(from, to, marks));
        }
        pieces
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { values: self.values.iter(), text: Vec::new() }
    }
}

/// Takes out of a mark what lies in the value from `start` to `end`; what reaches beyond it stays for the next value.
fn taken(mark: &mut Found, start: i64, end: i64) -> Option<Found> {
    let mut here: Vec<Place> = Vec::new();
    mark.places.retain(|(from, to)| {
        if *from >= end {
            return true;
        }
        here.push(((*from).max(start), if *to < end { *to } else { end - 1 }));
        *to >= end
    });
    (!here.is_empty()).then(|| Found { places: here, ..mark.clone() })
}

/// Reads values as far as fragments need them.
pub(super) struct Reader<'a> {
    values: std::slice::Iter<'a, Vec<u16>>,
    /// What has been read, a blank behind each value.
    text: Vec<u16>,
}

impl Reader<'_> {
    /// The text of a fragment, grown or shrunk to boundaries, and the unit at which it begins.
    pub(super) fn around(&mut self, fragment: &Fragment, boundary: &Boundary) -> (Vec<u16>, i64) {
        let unit = |at: i64| usize::try_from(at).unwrap_or(0);
        while self.text.len() < unit(fragment.end) {
            let Some(value) = self.values.next() else { break };
            self.text.extend_from_slice(value);
            self.text.push(u16::from(b' '));
        }
        let length = self.text.len().saturating_sub(1);
        let end = unit(fragment.end);
        let to = if length < end { length } else { boundary.end(&self.text, end) };
        let from = boundary.start(&self.text, unit(fragment.start));
        (self.text.get(from..to).unwrap_or_default().to_vec(), from as i64)
    }
}
