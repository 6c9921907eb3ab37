//! How a score of [`RankedScorer`] came about, in the words of the search module of Redis.
//!
//! Each part of the tree as a line; groups with their parts below. Not here: how the lines are sent (the dialect does that).

use model::query::ranked::Scorer as Formula;
use model::search::Explanation;

use super::walk::Walk;
use super::{B, K1, Node, NodeKind, RankedScorer, Ranker, Word, is_spread};
use crate::score::{Outcome, Scorer};
use crate::segment::DocId;

fn line(value: f64, description: String, details: Vec<Explanation>) -> Explanation {
    Explanation::matched(value as f32, description, details)
}

impl RankedScorer {
    /// The score of `doc`, and where it comes from; `None`: it does not match.
    pub(crate) fn explain(&mut self, doc: DocId) -> Outcome<Option<Explanation>> {
        if self.probe(doc)? != doc {
            return Ok(None);
        }
        let value = f64::from(self.score()?);
        self.ranker.explain(doc, value)
    }
}

impl Ranker {
    /// The same of a match with that score.
    fn explain(&mut self, doc: DocId, value: f64) -> Outcome<Option<Explanation>> {
        let own = self.columns.score(doc);
        let Some(root) = &mut self.root else {
            let text = match self.formula {
                Formula::DocScore => format!("Document's score is {own:.2}"),
                _ => "Not scored".to_owned(),
            };
            return Ok(Some(line(value, text, Vec::new())));
        };
        let norm = self.columns.norm(self.formula, doc);
        let mut walk = Walk { doc, norm, formula: self.formula, columns: &self.columns, places: &mut self.places };
        let Some((words, slop)) = walk.root(root, is_spread(self.formula), |_| true)? else { return Ok(None) };
        let Some(tree) = walk.explain(root)? else { return Ok(None) };
        let norm = norm.max(1);
        let text = match self.formula {
            Formula::TfIdf | Formula::TfIdfDocNorm => {
                format!("Final TFIDF : words TFIDF {words:.2} * document score {own:.2} / norm {norm} / slop {slop:.0}")
            }
            Formula::Bm25 => {
                format!("Final BM25 : words BM25 {words:.2} * document score {own:.2} / slop {slop:.0}")
            }
            Formula::Bm25Std => format!("Final BM25 : words BM25 {words:.2} * document score {own:.2}"),
            Formula::DisMax | Formula::DocScore | Formula::None => return Ok(Some(tree)),
        };
        Ok(Some(line(value, text, vec![tree])))
    }
}

impl Walk<'_> {
    fn explain(&mut self, node: &mut Node) -> Outcome<Option<Explanation>> {
        let weight = node.weight;
        Ok(match &mut node.kind {
            NodeKind::Nothing => None,
            NodeKind::Everything => Some(line(self.everything(weight), self.everything_text(weight), Vec::new())),
            NodeKind::Filter(scorer) => (scorer.probe(self.doc)? == self.doc).then(|| {
                let value = self.occurrence(weight);
                line(value, self.occurrence_text(weight, 1), Vec::new())
            }),
            NodeKind::Word(word) => self.word_explained(word, weight)?,
            NodeKind::Not(inner) => match self.worth(inner)? {
                Some(_) => None,
                None => Some(line(0.0, self.occurrence_text(weight, 0), Vec::new())),
            },
            NodeKind::Optional(inner) => match self.explain(inner)? {
                None => Some(line(0.0, self.occurrence_text(0.0, 1), Vec::new())),
                found => found,
            },
            NodeKind::All(nodes, _) => {
                let mut parts = Vec::with_capacity(nodes.len());
                for node in nodes {
                    let Some(part) = self.explain(node)? else { return Ok(None) };
                    parts.push(part);
                }
                Some(self.group(parts, weight, false))
            }
            NodeKind::Any(nodes) => {
                // What no document has is no part of the tree, and a part alone is no group.
                if nodes.iter().filter(|node| is_there(node)).count() == 1
                    && let Some(only) = nodes.iter_mut().find(|node| is_there(node))
                {
                    return self.explain(only);
                }
                let mut parts = Vec::new();
                for node in nodes {
                    parts.extend(self.explain(node)?);
                }
                (!parts.is_empty()).then(|| self.group(parts, weight, true))
            }
            NodeKind::First(nodes) => {
                let mut found = None;
                for node in nodes {
                    found = self.explain(node)?;
                    if found.is_some() {
                        break;
                    }
                }
                // Patterns within patterns are one group.
                match found {
                    Some(part) if part.details.is_empty() => Some(self.group(vec![part], weight, true)),
                    found => found,
                }
            }
        })
    }

    fn group(&self, parts: Vec<Explanation>, weight: f64, any: bool) -> Explanation {
        let values = parts.iter().map(|part| f64::from(part.value));
        let sum = match self.formula {
            Formula::DisMax if any => values.fold(0.0, f64::max),
            _ => values.sum(),
        };
        let value = weight * sum;
        let text = match self.formula {
            Formula::TfIdf | Formula::TfIdfDocNorm => format!("(Weight {weight:.2} * total children TFIDF {sum:.2})"),
            Formula::DisMax => format!("{value:.2} = Weight {weight:.2} * children DISMAX {sum:.2}"),
            _ => format!("(Weight {weight:.2} * children BM25 {sum:.2})"),
        };
        line(value, text, parts)
    }

    fn word_explained(&mut self, word: &mut Word, weight: f64) -> Outcome<Option<Explanation>> {
        let Some(value) = self.worth_of_word(word, weight)? else { return Ok(None) };
        let freq = word.freq(self.doc)?.unwrap_or(0.0);
        let average = self.columns.average;
        let text = match self.formula {
            Formula::Bm25 => {
                let idf = word.rarity.coarse;
                format!("({value:.2} = IDF {idf:.2} * {})", saturation(freq, average))
            }
            Formula::Bm25Std => self.standard_text(&word.name(), value, (word.rarity.fine, freq)),
            Formula::DisMax => format!("DISMAX {value:.2} = Weight {weight:.2} * Frequency {freq:.0}"),
            _ => {
                let idf = word.rarity.coarse;
                format!("(TFIDF {value:.2} = Weight {weight:.2} * TF {freq:.0} * IDF {idf:.2})")
            }
        };
        Ok(Some(line(value, text, Vec::new())))
    }

    fn everything_text(&self, weight: f64) -> String {
        match self.formula {
            Formula::Bm25Std => self.standard_text("*", self.everything(weight), (1.0, 1.0)),
            _ => self.occurrence_text(weight, 1),
        }
    }

    fn standard_text(&self, name: &str, value: f64, (idf, freq): (f64, f64)) -> String {
        let (length, average) = (self.norm, self.columns.average);
        format!(
            "{name}: ({value:.2} = IDF {idf:.2} * (F {freq:.2} * (k1 {K1:.1} + 1)) / (F {freq:.2} + k1 {K1:.1} * (1 - b {B:.1} \
             + b {B:.1} * Doc Len {length} / Average Doc Len {average:.2})))"
        )
    }

    /// What is no word: found so many times, once or not at all.
    fn occurrence_text(&self, weight: f64, freq: u32) -> String {
        let product = weight * f64::from(freq);
        match self.formula {
            Formula::Bm25Std => "Irrelevant token -> score is 0".to_owned(),
            Formula::Bm25 if freq == 0 => "Frequency 0 -> value 0".to_owned(),
            Formula::Bm25 => {
                let (value, average) = (self.occurrence(weight), self.columns.average);
                format!("({value:.2} = Weight {weight:.2} * {})", saturation(1.0, average))
            }
            Formula::DisMax => format!("DISMAX {product:.2} = Weight {weight:.2} * Frequency {freq}"),
            _ => format!("(TFIDF {product:.2} = Weight {weight:.2} * Frequency {freq})"),
        }
    }
}

/// Whether any document may have it.
fn is_there(node: &Node) -> bool {
    node.documents > 0
}

fn saturation(freq: f64, average: f64) -> String {
    format!("F {freq:.0} / (F {freq:.0} + k1 {K1:.1} * (1 - b {B:.1} + b {B:.1} * Average Len {average:.2}))")
}
