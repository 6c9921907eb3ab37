//! Full text as the Redis dialect ranks it: rarities looked up, patterns expanded; and its scorer for one segment.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::query::ranked::{Scorer as Formula, Window};
use search::bound::{BoundRanked, FieldName, Pattern, RankedKind, RankedPart, TermBytes};

use super::counts::TermPlaces;
use super::pattern::Accepted;
use super::scorer::Leaf;
use super::{Compiler, Context, Kind, Place, Weight};
use crate::score::Outcome;
use crate::score::bm25::TermScore;
use crate::score::cursor::TermCursor;
use crate::score::ranked::words::{AnyWord, Documents, Group, GroupWord};
use crate::score::ranked::{Columns, Node, NodeKind, RankedScorer, Ranker, Rarity, Word};
use crate::segment::{Detail, TermEntry};

/// Words that one pattern stands for, at most (`MAXEXPANSIONS`).
const MAX_EXPANSIONS: usize = 200;

pub(crate) struct RankedWeight {
    pub(crate) candidates: Weight,
    /// `None`: neither scores nor positions are asked for.
    tree: Option<RankedNode>,
    formula: Formula,
    verify: bool,
    /// Words of a document on average.
    average: f64,
    default_score: f64,
    boost: f32,
    length: Place,
    max_freq: Place,
    score: Place,
}

struct RankedNode {
    weight: f64,
    kind: RankedNodeKind,
    /// About how many documents match.
    estimate: u64,
}

enum RankedNodeKind {
    Everything,
    Nothing,
    Word {
        pool: Place,
        term: TermBytes,
        /// Where the segments have it, as far as that is known.
        found: Option<TermPlaces>,
        stem: bool,
        fields: Option<Vec<Place>>,
        /// Where it is counted, when an occurrence does not count as one everywhere.
        counted: Vec<(Place, u32)>,
        rarity: Rarity,
    },
    Filter(Weight),
    All(Vec<RankedNode>, Option<Window>),
    Any(Vec<RankedNode>),
    /// The first of them that is there stands for all.
    First(Vec<RankedNode>),
    Not(Box<RankedNode>),
    Optional(Box<RankedNode>),
}

/// Words of which any will do.
pub(crate) struct Groups<'w> {
    weight: f64,
    /// Each with its weight; the first of its words that is there stands for all.
    list: Vec<(f64, &'w [RankedNode])>,
}

impl RankedNode {
    /// A word that counts alike wherever it stands, or nothing.
    fn is_plain(&self) -> bool {
        match &self.kind {
            RankedNodeKind::Word { fields, counted, .. } => fields.is_none() && counted.is_empty(),
            RankedNodeKind::Nothing => true,
            _ => false,
        }
    }

    fn group(&self) -> Option<(f64, &[Self])> {
        match &self.kind {
            RankedNodeKind::First(nodes) if nodes.iter().all(Self::is_plain) => Some((self.weight, nodes)),
            _ => self.is_plain().then(|| (1.0, std::slice::from_ref(self))),
        }
    }
}

impl RankedWeight {
    /// Whether all candidates match.
    pub(crate) fn takes_all(&self) -> bool {
        !self.verify
    }

    /// The words of a query that takes all candidates, if it is nothing but words of which any will do.
    pub(crate) fn groups(&self) -> Option<Groups<'_>> {
        let tree = self.tree.as_ref()?;
        let (weight, parts) = match &tree.kind {
            RankedNodeKind::Any(parts) => (tree.weight, parts.as_slice()),
            _ => (1.0, std::slice::from_ref(tree)),
        };
        Some(Groups { weight, list: parts.iter().map(RankedNode::group).collect::<Option<_>>()? })
    }
}

impl Compiler<'_, '_> {
    pub(super) fn ranked(&mut self, ranked: &BoundRanked, context: Context) -> Outcome<Weight> {
        let corpus = &ranked.corpus;
        let formula = if context.scoring { ranked.scorer } else { Formula::None };
        let documents = match formula {
            Formula::None | Formula::DocScore => 0,
            _ => self.counts.documents()?,
        };
        let lengths = matches!(formula, Formula::Bm25 | Formula::Bm25Std);
        let tokens = if lengths { self.counts.column_sum(&corpus.length.as_str().into())? } else { 0.0 };
        let scored = !matches!(formula, Formula::None | Formula::DocScore);
        let tree = match scored || ranked.verify {
            true => Some(Planner { compiler: self, ranked, documents, scored }.node(&ranked.part)?),
            false => None,
        };
        // Behind the tree, which has looked up where the segments have its words.
        let candidates = self.weight(&ranked.candidates, context.filter())?;
        let place = |path: &str| self.place(&path.into());
        let weight = RankedWeight {
            candidates,
            tree,
            formula,
            verify: ranked.verify,
            average: if documents == 0 { 1.0 } else { tokens / documents as f64 },
            default_score: corpus.default_score,
            boost: context.boost,
            length: place(&corpus.length),
            max_freq: place(&corpus.max_freq),
            score: place(&corpus.score),
        };
        Ok(Weight::new(Kind::Ranked(Box::new(weight)), context.boost))
    }
}

struct Planner<'p, 'c, 'a> {
    compiler: &'p mut Compiler<'c, 'a>,
    ranked: &'p BoundRanked,
    documents: u64,
    scored: bool,
}

impl Planner<'_, '_, '_> {
    fn node(&mut self, part: &RankedPart) -> Outcome<RankedNode> {
        let (kind, estimate) = match &part.kind {
            RankedKind::Everything => (RankedNodeKind::Everything, self.documents),
            RankedKind::Nothing => (RankedNodeKind::Nothing, 0),
            RankedKind::Word { pool, term, stem, fields } => {
                let known = self.known(pool, term)?;
                self.word(pool, term, known, (*stem, fields.as_deref()))
            }
            RankedKind::Words { pool, pattern, stem, fields } => {
                self.words(pool, pattern, (*stem, fields.as_deref()))?
            }
            RankedKind::Value { field, term } => {
                let (doc_freq, found) = self.known(field, term)?;
                let rarity = Rarity::new(self.documents, doc_freq);
                let (pool, term, counted) = (self.compiler.place(field), term.clone(), Vec::new());
                (RankedNodeKind::Word { pool, term, found, stem: false, fields: None, counted, rarity }, doc_freq)
            }
            RankedKind::Filter(query) => {
                let context = Context { boost: 1.0, scoring: false };
                (RankedNodeKind::Filter(self.compiler.weight(query, context)?), self.documents)
            }
            RankedKind::All(parts, window) => {
                let mut nodes = self.nodes(parts)?;
                // The rarest first, as the search module intersects; the order of words matters only where it is asked for.
                if window.is_none_or(|window| !window.in_order) {
                    nodes.sort_by_key(|node| node.estimate);
                }
                let least = nodes.iter().map(|node| node.estimate).min().unwrap_or(0);
                (RankedNodeKind::All(nodes, *window), least)
            }
            RankedKind::Any(parts) => {
                let nodes = self.nodes(parts)?;
                let sum = nodes.iter().fold(0_u64, |sum, node| sum.saturating_add(node.estimate));
                (RankedNodeKind::Any(nodes), sum)
            }
            RankedKind::First(parts) => {
                let nodes = self.nodes(parts)?;
                let sum = nodes.iter().fold(0_u64, |sum, node| sum.saturating_add(node.estimate));
                (RankedNodeKind::First(nodes), sum)
            }
            RankedKind::Not(inner) => (RankedNodeKind::Not(Box::new(self.node(inner)?)), self.documents),
            RankedKind::Optional(inner) => (RankedNodeKind::Optional(Box::new(self.node(inner)?)), self.documents),
        };
        Ok(RankedNode { weight: part.weight, kind, estimate })
    }

    fn nodes(&mut self, parts: &[RankedPart]) -> Outcome<Vec<RankedNode>> {
        parts.iter().map(|part| self.node(part)).collect()
    }

    /// How many documents have a term, where that counts, and where the segments have it, as far as that is known then.
    fn known(&mut self, pool: &FieldName, term: &TermBytes) -> Outcome<(u64, Option<TermPlaces>)> {
        let doc_freq = if self.scored { self.compiler.counts.doc_freq(pool, term)? } else { 0 };
        Ok((doc_freq, self.compiler.counts.places(pool, term)))
    }

    fn word(
        &mut self,
        pool: &FieldName,
        term: &TermBytes,
        (doc_freq, found): (u64, Option<TermPlaces>),
        (stem, fields): (bool, Option<&[FieldName]>),
    ) -> (RankedNodeKind, u64) {
        let corpus = &self.ranked.corpus;
        // A stem counts a fifth of its word, but at least one; how a word sounds counts as the word.
        let less = stem && !term.starts_with(b"<");
        let count = |weight: u32| if less { (weight / 5).max(1) } else { weight };
        let plain = corpus.texts.iter().all(|(_, weight)| count(*weight) == 1);
        let counted = if plain || !self.scored { &[] } else { corpus.texts.as_slice() };
        let counted = counted.iter().map(|(field, weight)| {
            let path = corpus.paths(Some(std::slice::from_ref(field)), stem).remove(0);
            (self.compiler.place(&path.into()), count(*weight))
        });
        let kind = RankedNodeKind::Word {
            counted: counted.collect(),
            pool: self.compiler.place(pool),
            term: term.clone(),
            found,
            stem,
            fields: fields.map(|fields| fields.iter().map(|field| self.compiler.place(field)).collect()),
            rarity: Rarity::new(self.documents, doc_freq),
        };
        (kind, doc_freq)
    }

    fn words(
        &mut self,
        pool: &FieldName,
        pattern: &Pattern,
        (stem, fields): (bool, Option<&[FieldName]>),
    ) -> Outcome<(RankedNodeKind, u64)> {
        let terms = self.expansions(pool, pattern)?;
        let mut nodes = Vec::with_capacity(terms.len());
        let mut sum = 0;
        for (term, doc_freq, found) in terms {
            let known = (if self.scored { doc_freq } else { 0 }, Some(found));
            let (kind, estimate) = self.word(pool, &term, known, (stem, fields));
            nodes.push(RankedNode { weight: 1.0, kind, estimate });
            sum += estimate;
        }
        Ok((RankedNodeKind::First(nodes), sum))
    }

    /// The first terms, in order, that the pattern accepts; those that other shards have count, too.
    fn expansions(&mut self, pool: &FieldName, pattern: &Pattern) -> Outcome<Vec<(TermBytes, u64, TermPlaces)>> {
        let accepted = Accepted::of(pattern, &self.compiler.counts.reader().fuzzy)?;
        let counts = &self.compiler.counts;
        let given = counts.given_terms(pool).filter(|term| accepted.accepts(term));
        let reader = counts.reader();
        let nowhere = || vec![None; reader.segments.len()];
        let given = given.take(MAX_EXPANSIONS).map(|term| (term.clone(), nowhere()));
        let mut found: BTreeMap<TermBytes, Vec<Option<TermEntry>>> = given.collect();
        let slot = reader.fields.by_path(pool).map(|entry| entry.slot);
        for (segment, view) in reader.segments.iter().enumerate() {
            let Some(terms) = slot.map_or(Ok(None), |slot| view.segment.terms(slot))? else { continue };
            let mut left = MAX_EXPANSIONS;
            terms.walk(accepted.range(), accepted.automaton(), &mut |term, entry| {
                match found.get_mut(term) {
                    Some(places) => places[segment] = Some(entry),
                    None => {
                        let mut places = nowhere();
                        places[segment] = Some(entry);
                        found.insert(Arc::from(term), places);
                    }
                }
                left -= 1;
                left > 0
            })?;
        }
        while found.len() > MAX_EXPANSIONS {
            found.pop_last();
        }
        // Each is known in every segment: none of them is beyond the first ones of any.
        self.compiler.counts.note_all(pool, found.into_iter().map(|(term, places)| (term, TermPlaces::from(places))))
    }
}

impl Leaf<'_> {
    pub(crate) fn ranked(&self, weight: &RankedWeight) -> Outcome<RankedScorer> {
        let candidates = self.scorer(&weight.candidates)?;
        Ok(RankedScorer::new(candidates, self.ranker(weight)?, weight.verify))
    }

    pub(crate) fn ranker(&self, weight: &RankedWeight) -> Outcome<Ranker> {
        let silent = self.silent();
        let root = match &weight.tree {
            Some(tree) => Some(self.ranked_node(tree, &silent)?),
            None => None,
        };
        Ok(Ranker::new(root, (weight.formula, weight.boost), self.ranked_columns(weight)?))
    }

    /// The scorer of words of which any will do.
    pub(crate) fn any_word(&self, weight: &RankedWeight, groups: &Groups<'_>) -> Outcome<AnyWord> {
        let silent = self.silent();
        let mut list = Vec::with_capacity(groups.list.len());
        for (weight, nodes) in &groups.list {
            let mut words = Vec::with_capacity(nodes.len());
            for node in *nodes {
                words.extend(self.group_word(node, &silent)?);
            }
            list.push(Group { weight: *weight, words });
        }
        Ok(AnyWord::new(list, groups.weight, (weight.formula, weight.boost), self.ranked_columns(weight)?))
    }

    /// `None`: the segment does not have it.
    fn group_word(&self, node: &RankedNode, silent: &TermScore) -> Outcome<Option<GroupWord>> {
        let RankedNodeKind::Word { pool, term, found, rarity, .. } = &node.kind else { return Ok(None) };
        let Some(terms) = pool.slot.map_or(Ok(None), |slot| self.segment.terms(slot))? else { return Ok(None) };
        let entry = match found {
            Some(found) => found[self.number as usize],
            None => terms.get(term)?,
        };
        let Some(entry) = entry else { return Ok(None) };
        let mut few = Vec::new();
        let documents = match terms.few(&entry, &mut few)? {
            true => Documents::Few(few.into_iter().peekable()),
            false => match self.cursor_at(pool, Some(entry), (Detail::Freqs, silent))? {
                Some(cursor) => Documents::Many(Box::new(cursor)),
                None => return Ok(None),
            },
        };
        Ok(Some(GroupWord { weight: node.weight, rarity: *rarity, documents }))
    }

    fn ranked_columns(&self, weight: &RankedWeight) -> Outcome<Columns> {
        let column = |place: &Place| match place.slot {
            Some(slot) => self.segment.numbers(slot),
            None => Ok(None),
        };
        Ok(Columns {
            length: column(&weight.length)?,
            max_freq: column(&weight.max_freq)?,
            score: column(&weight.score)?,
            default_score: weight.default_score,
            average: weight.average,
        })
    }

    fn ranked_node(&self, node: &RankedNode, silent: &TermScore) -> Outcome<Node> {
        let one = |node: &RankedNode| self.ranked_node(node, silent).map(Box::new);
        let all =
            |nodes: &[RankedNode]| nodes.iter().map(|node| self.ranked_node(node, silent)).collect::<Outcome<_>>();
        let kind = match &node.kind {
            RankedNodeKind::Everything => NodeKind::Everything,
            RankedNodeKind::Nothing => NodeKind::Nothing,
            RankedNodeKind::Word { pool, term, found, stem, fields, counted, rarity } => {
                let cursor = |place: &Place, detail| self.cursor(place, term, (detail, silent));
                let pool = match found {
                    Some(found) => self.cursor_at(pool, found[self.number as usize], (Detail::Positions, silent))?,
                    None => cursor(pool, Detail::Positions)?,
                };
                let Some(pool) = pool else {
                    return Ok(Node { weight: node.weight, documents: node.estimate, kind: NodeKind::Nothing });
                };
                let mut within: Option<Vec<TermCursor>> = None;
                for place in fields.iter().flatten() {
                    within.get_or_insert_default().extend(cursor(place, Detail::Docs)?);
                }
                if fields.is_some() && within.is_none() {
                    within = Some(Vec::new());
                }
                let mut counts = Vec::new();
                for (place, count) in counted {
                    counts.extend(cursor(place, Detail::Freqs)?.map(|cursor| (cursor, *count)));
                }
                let (term, stem) = (term.clone(), *stem);
                NodeKind::Word(Box::new(Word { term, stem, pool, within, counts, rarity: *rarity }))
            }
            RankedNodeKind::Filter(weight) => NodeKind::Filter(self.scorer(weight)?),
            RankedNodeKind::All(nodes, window) => NodeKind::All(all(nodes)?, *window),
            RankedNodeKind::Any(nodes) => NodeKind::Any(all(nodes)?),
            RankedNodeKind::First(nodes) => NodeKind::First(all(nodes)?),
            RankedNodeKind::Not(inner) => NodeKind::Not(one(inner)?),
            RankedNodeKind::Optional(inner) => NodeKind::Optional(one(inner)?),
        };
        Ok(Node { weight: node.weight, documents: node.estimate, kind })
    }
}
