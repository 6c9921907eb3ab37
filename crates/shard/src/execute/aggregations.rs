//! Aggregations of a search: every match, whatever the post filter says; every document for `global`.

use model::aggregation::partial::Partial;
use model::profile::SearchSpent;
use search::aggregation::{Kind, Level};

use super::matches::{self, Receiver, Walked};
use super::profile::{self, Collecting};
use super::{Search, Watch};
use crate::aggregate::{Budget, Collectors, Placed, Workshop};
use crate::compile::Weight;
use crate::compile::scorer::Leaf;
use crate::gauge::Gauge;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::found::Found;
use crate::score::timed::STEPS;

/// What became of a search's aggregations.
pub(super) struct Collected {
    /// In order of the level.
    pub(super) partials: Vec<Partial>,
    /// How many documents match.
    pub(super) walked: Walked,
    pub(super) collecting: Collecting,
}

/// Walks over all matches, and over all documents for those that ask for them.
pub(super) fn collect(
    search: &Search<'_>,
    level: &Level,
    mut workshop: Workshop<'_, '_>,
    watch: &mut Watch<'_>,
) -> Outcome<Collected> {
    let all = workshop.level(level)?;
    let budget = workshop.budget.clone();
    let (global, matching) = all.split(|at| matches!(level.list[at].kind, Kind::Global(_)));
    let mut found: Vec<Option<Partial>> = level.list.iter().map(|_| None).collect();
    let matches = Search { post_filter: None, ..*search };
    let clock = workshop.timing.as_ref().map(|timing| timing.clock().clone());
    let mut collecting = Collecting::default();
    let each = || walk(&matches, level.needs_scores(), (watch, &budget), (matching, &mut found));
    let (walked, nanos) = profile::beside(clock.as_ref(), &[Some(search.weight)], each)?;
    collecting.matching = nanos;
    if !global.is_empty() {
        let within = level.list.iter().find_map(|aggregation| match &aggregation.kind {
            Kind::Global(within) => within.as_ref(),
            _ => None,
        });
        let mut everything = match within {
            Some(filter) => workshop.weight(filter)?,
            None => Weight::everything(),
        };
        everything.gauge = clock.as_ref().map(|clock| Gauge::new(clock, STEPS));
        let search = Search {
            reader: search.reader,
            weight: &everything,
            post_filter: None,
            min_score: None,
            terminate_after: None,
            floor: f32::NEG_INFINITY,
        };
        let each = || walk(&search, false, (watch, &budget), (global, &mut found));
        let ((), nanos) = profile::beside(clock.as_ref(), &[Some(&everything)], || each().map(drop))?;
        if clock.is_some() {
            let mut walk = SearchSpent { query: vec![profile::unscored(&everything)], ..SearchSpent::default() };
            walk.collector.nanos = nanos;
            collecting.everything = Some(walk);
        }
    }
    collecting.aggregations = workshop.timing.map(|timing| timing.spent()).unwrap_or_default();
    let partials = found.into_iter().map(|partial| partial.unwrap_or(Partial::Unmapped)).collect();
    Ok(Collected { partials, walked, collecting })
}

/// Shows collectors all matches of a search and takes their partials to their places.
fn walk(
    search: &Search<'_>,
    scoring: bool,
    (watch, budget): (&mut Watch<'_>, &Budget),
    (collectors, found): (Placed, &mut [Option<Partial>]),
) -> Outcome<Walked> {
    let mut tree = Tree { reader: search.reader, budget, collectors, segment: None, done: Vec::new() };
    let walked = matches::each(search, scoring, watch, &mut tree)?;
    tree.leave()?;
    let reader = search.reader;
    tree.each(|collectors| collectors.end(reader))?;
    for (at, mut collectors) in tree.collectors {
        found[at] = collectors.partials(0)?.pop();
    }
    Ok(walked)
}

struct Tree<'a> {
    reader: &'a Reader,
    budget: &'a Budget,
    collectors: Placed,
    segment: Option<u32>,
    /// Of each collector, what it knows of the segment already.
    done: Vec<Done>,
}

/// What a collector has taken in of a segment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    /// What it was shown.
    Nothing,
    All,
    /// All, of which it is told what does not match.
    TooMuch,
}

impl Receiver for Tree<'_> {
    fn whole(&mut self, segment: u32) -> Outcome<bool> {
        self.enter(segment)?;
        let leaf = Leaf::new(self.reader, segment as usize);
        for ((_, collectors), done) in self.collectors.iter_mut().zip(&mut self.done) {
            *done = if collectors.whole(&leaf)? { Done::All } else { Done::Nothing };
        }
        Ok(!self.done.contains(&Done::Nothing))
    }

    fn nearly_whole(&mut self, segment: u32) -> Outcome<bool> {
        self.enter(segment)?;
        let leaf = Leaf::new(self.reader, segment as usize);
        for ((_, collectors), done) in self.collectors.iter_mut().zip(&mut self.done) {
            if *done == Done::Nothing && collectors.nearly_whole(&leaf)? {
                *done = Done::TooMuch;
            }
        }
        Ok(self.done.contains(&Done::TooMuch))
    }

    fn receive(&mut self, segment: u32, found: &Found<'_>) -> Outcome<()> {
        self.enter(segment)?;
        let too_much = self.done.contains(&Done::TooMuch);
        let absent = if too_much { found.absent() } else { Vec::new() };
        for ((_, collectors), done) in self.collectors.iter_mut().zip(&self.done) {
            match done {
                Done::Nothing if found.count() > 0 => collectors.collect_found(found, 0)?,
                Done::TooMuch if !absent.is_empty() => collectors.take_back(&absent)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Tree<'_> {
    fn each(&mut self, mut visit: impl FnMut(&mut Collectors) -> Outcome<()>) -> Outcome<()> {
        self.collectors.iter_mut().try_for_each(|(_, collectors)| visit(collectors))
    }

    fn enter(&mut self, segment: u32) -> Outcome<()> {
        if self.segment == Some(segment) {
            return Ok(());
        }
        self.leave()?;
        self.segment = Some(segment);
        self.done.clear();
        self.done.resize(self.collectors.len(), Done::Nothing);
        let leaf = Leaf { budget: Some(self.budget), ..Leaf::new(self.reader, segment as usize) };
        self.each(|collectors| collectors.enter(&leaf))
    }

    fn leave(&mut self) -> Outcome<()> {
        match self.segment.take() {
            Some(_) => self.each(Collectors::leave),
            None => Ok(()),
        }
    }
}
