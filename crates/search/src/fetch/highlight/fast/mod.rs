//! The highlighter `fvh`: phrases found in the words of fields with term vectors, in fragments around them.
//!
//! As Lucene's fast vector highlighter does it, whose answers are the specification: a query becomes a tree of words ([`sought`]), the words
//! of the field are read along it ([`phrases`]), what is found is cut into fragments around the matches ([`fragments`]), and each fragment
//! grows or shrinks to a boundary ([`boundary`]). Words and phrases are numbered in the order of the query; each number has its tag.

use model::error::Error;
use model::search::{FastHighlight, HighlightField};

use super::content::Analysis;
use super::encode::Style;
use boundary::Boundary;
use fragments::{Fragment, Values};
use phrases::Phrases;
pub(super) use sought::Sought;
use sought::Tree;

mod boundary;
mod fragments;
mod phrases;
mod sought;

/// Before the first match of a fragment that is not centred.
const MARGIN: i32 = 6;

/// What is wanted of a field.
pub(super) struct Fast {
    /// `None`: the whole of each value.
    size: Option<i64>,
    margin: i64,
    /// At most so many fragments.
    count: usize,
    /// At most so many places.
    places: usize,
    no_match: u32,
    by_score: bool,
    boundary: Boundary,
    before: Vec<String>,
    behind: Vec<String>,
    html: bool,
}

/// A field whose words are looked at: its values, how they become words, and whose words count.
pub(super) struct Looked<'a> {
    pub(super) values: &'a [String],
    pub(super) analysis: &'a Analysis,
    /// `None`: what is sought in any field.
    pub(super) field: Option<&'a str>,
}

impl Fast {
    /// # Errors
    /// `illegal_argument_exception` for a margin below zero, and for fragments shorter than three margins.
    pub(super) fn new(asked: &HighlightField) -> Result<Self, Error> {
        let FastHighlight { margin, boundary_chars, boundary_max_scan, phrase_limit, .. } = &asked.fast;
        let whole = asked.number_of_fragments == 0;
        let margin = i64::from(margin.unwrap_or(MARGIN));
        let (size, least) = (i64::from(asked.fragment_size), (margin * 3).max(1));
        if margin < 0 && !whole {
            return Err(Error::illegal_argument(format!("margin({margin}) is too small. It must be 0 or higher.")));
        }
        if size < least && !whole {
            let reason = format!("fragCharSize({size}) is too small. It must be {least} or higher.");
            return Err(Error::illegal_argument(reason));
        }
        Ok(Self {
            size: (!whole).then_some(size),
            margin,
            count: if whole { usize::MAX } else { asked.number_of_fragments as usize },
            places: *phrase_limit as usize,
            no_match: asked.no_match_size,
            by_score: asked.order_by_score && !whole,
            boundary: Boundary::new(asked.boundary_scanner, boundary_chars, *boundary_max_scan),
            before: asked.pre_tags.clone(),
            behind: asked.post_tags.clone(),
            html: asked.html_encoder,
        })
    }

    /// The fragments of `values`, in which is marked what is found in the fields that are looked at.
    pub(super) fn highlight(&self, values: &[String], looked: &[Looked<'_>], sought: &Sought) -> Vec<String> {
        let values = Values::new(values);
        let found = looked.iter().map(|looked| {
            let words = phrases::words(looked.values, looked.analysis);
            let tree = Tree::new(sought, looked.field, &words);
            phrases::find(&words, &tree, self.places)
        });
        let fragments = fragments::cut(&Phrases::merged(found.collect()), self.size, self.margin);
        let shown = self.shown(&values, fragments);
        if !shown.is_empty() || self.no_match == 0 {
            return shown;
        }
        self.shown(&values, vec![Fragment::plain(i64::from(self.no_match))])
    }

    fn shown(&self, values: &Values, fragments: Vec<Fragment>) -> Vec<String> {
        let mut fragments = values.split(fragments);
        if self.by_score {
            fragments.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.start.cmp(&b.start)));
        }
        fragments.truncate(self.count);
        let mut shown = Vec::with_capacity(fragments.len());
        let mut read = values.reader();
        for fragment in &fragments {
            let (text, from) = read.around(fragment, &self.boundary);
            shown.push(self.written(&text, from, fragment));
        }
        shown
    }

    /// A fragment's text, which begins at the unit `from`, with tags.
    fn written(&self, text: &[u16], from: i64, fragment: &Fragment) -> String {
        let mut out = String::new();
        let mut done = 0;
        let mut marks = fragment.marks.iter().collect::<Vec<_>>();
        // Words may lie in another order than their positions.
        marks.sort_by_key(|mark| mark.places.first().map(|place| place.0));
        for mark in marks {
            let style = self.style(mark.number);
            for (start, end) in &mark.places {
                let unit = |at: i64| usize::try_from(at - from).unwrap_or(0).clamp(done, text.len());
                let (start, end) = (unit(*start), unit(*end));
                if let (Some(plain), Some(marked)) = (text.get(done..start), text.get(start..end)) {
                    style.plain(&mut out, &String::from_utf16_lossy(plain));
                    style.marked(&mut out, &String::from_utf16_lossy(marked));
                }
                done = end;
            }
        }
        self.style(0).plain(&mut out, &String::from_utf16_lossy(text.get(done..).unwrap_or_default()));
        out
    }

    /// The tags of a number, again from the first when there are fewer.
    fn style(&self, number: usize) -> Style {
        let tag = |tags: &[String]| tags.get(number % tags.len().max(1)).cloned().unwrap_or_default();
        Style { before: tag(&self.before), behind: tag(&self.behind), html: self.html }
    }
}
