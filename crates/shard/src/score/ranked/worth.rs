//! What a document is worth, where nothing asks how its words stand: no positions are read and nothing is gathered.

use model::query::ranked::Scorer as Formula;

use super::walk::Walk;
use super::{Node, NodeKind, Word};
use crate::score::Outcome;

impl Walk<'_> {
    /// What a part is worth; `None`: it does not match. Leaves no places behind.
    pub(super) fn worth(&mut self, node: &mut Node) -> Outcome<Option<f64>> {
        let weight = node.weight;
        Ok(match &mut node.kind {
            NodeKind::Nothing => None,
            NodeKind::Everything => Some(self.everything(weight)),
            NodeKind::Filter(scorer) => (scorer.probe(self.doc)? == self.doc).then(|| self.occurrence(weight)),
            NodeKind::Word(word) => self.worth_of_word(word, weight)?,
            NodeKind::Not(inner) => match self.worth(inner)? {
                Some(_) => None,
                None => Some(0.0),
            },
            NodeKind::Optional(inner) => Some(self.worth(inner)?.unwrap_or(0.0)),
            NodeKind::All(nodes, Some(window)) => {
                let from = self.places.len();
                let parts = self.all(nodes, Some(*window))?;
                self.places.truncate(from);
                parts.map(|parts| weight * self.sum(&parts, false))
            }
            NodeKind::All(nodes, None) => self.worth_of_all(nodes)?.map(|sum| weight * sum),
            NodeKind::Any(nodes) => self.worth_of_any(nodes)?.map(|sum| weight * sum),
            NodeKind::First(nodes) => self.worth_of_first(nodes)?.map(|first| weight * first),
        })
    }

    pub(super) fn worth_of_word(&self, word: &mut Word, weight: f64) -> Outcome<Option<f64>> {
        let freq = word.freq(self.doc)?;
        Ok(freq.map(|freq| self.columns.of_word(self.formula, self.norm, (weight, freq, word.rarity))))
    }

    fn worth_of_all(&mut self, nodes: &mut [Node]) -> Outcome<Option<f64>> {
        let mut sum = 0.0;
        for node in nodes {
            let Some(worth) = self.worth(node)? else { return Ok(None) };
            sum += worth;
        }
        Ok(Some(sum))
    }

    fn worth_of_any(&mut self, nodes: &mut [Node]) -> Outcome<Option<f64>> {
        let mut sum = None;
        for node in nodes {
            let Some(worth) = self.worth(node)? else { continue };
            let before: f64 = sum.unwrap_or(0.0);
            sum = Some(if self.formula == Formula::DisMax { before.max(worth) } else { before + worth });
        }
        Ok(sum)
    }

    fn worth_of_first(&mut self, nodes: &mut [Node]) -> Outcome<Option<f64>> {
        for node in nodes {
            if let Some(worth) = self.worth(node)? {
                return Ok(Some(worth));
            }
        }
        Ok(None)
    }
}
