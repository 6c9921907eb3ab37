//! Tokens as a graph: which stretches have one way through, which have several (multi-word synonyms).

use std::collections::BTreeSet;

use analysis::Token;

/// The tokens of a text as edges between positions. Positions that filters emptied are closed up.
pub(super) struct TokenGraph<'t> {
    edges: Vec<Edge<'t>>,
    end: u32,
}

#[derive(Clone, Copy)]
struct Edge<'t> {
    token: &'t Token,
    from: u32,
    to: u32,
    /// Positions that are empty behind it.
    gap: u32,
}

/// A stretch between two positions that every way passes.
pub(super) enum Stretch<'t> {
    /// One word, or alternatives of one word.
    Words(Vec<&'t Token>),
    /// Several ways, each a list of words and where they stand.
    Ways(Vec<Way<'t>>),
}

/// Words of one way with their positions, from 0.
pub(super) type Way<'t> = Vec<(u32, &'t Token)>;

/// More ways than allowed.
pub(super) struct TooManyWays;

impl<'t> TokenGraph<'t> {
    pub(super) fn new(tokens: &'t [Token]) -> Self {
        let starts: BTreeSet<u32> = tokens.iter().map(|token| token.position).collect();
        let reach = |token: &Token| token.position.saturating_add(token.position_length.max(1));
        let end = tokens.iter().map(reach).max().unwrap_or(0);
        let edges = tokens.iter().map(|token| {
            let raw = reach(token);
            let to = starts.range(raw..).next().copied().unwrap_or(end).max(raw);
            Edge { token, from: token.position, to, gap: to - raw }
        });
        Self { edges: edges.collect(), end }
    }

    /// The graph cut at every position that no token reaches over.
    pub(super) fn stretches(&self, most: usize) -> Result<Vec<Stretch<'t>>, TooManyWays> {
        let mut stretches = Vec::new();
        let Some(mut from) = self.edges.iter().map(|edge| edge.from).min() else { return Ok(stretches) };
        while from < self.end {
            let mut to = self.end;
            for cut in self.edges.iter().map(|edge| edge.to).filter(|cut| *cut > from) {
                let spanned = self.edges.iter().any(|edge| edge.from < cut && cut < edge.to);
                if !spanned {
                    to = to.min(cut);
                }
            }
            let inside: Vec<Edge<'t>> =
                self.edges.iter().filter(|edge| from <= edge.from && edge.to <= to).copied().collect();
            let straight = inside.iter().all(|edge| edge.from == from && edge.to == to);
            stretches.push(match straight {
                true => Stretch::Words(inside.iter().map(|edge| edge.token).collect()),
                false => Stretch::Ways(ways(&inside, from, to, most)?),
            });
            from = to;
        }
        Ok(stretches)
    }

    /// Every way through the whole text.
    pub(super) fn ways(&self, most: usize) -> Result<Vec<Way<'t>>, TooManyWays> {
        match self.edges.iter().map(|edge| edge.from).min() {
            Some(from) => ways(&self.edges, from, self.end, most),
            None => Ok(Vec::new()),
        }
    }
}

/// A way that is being walked.
struct Walk<'t> {
    at: u32,
    position: u32,
    words: Way<'t>,
}

fn ways<'t>(edges: &[Edge<'t>], from: u32, to: u32, most: usize) -> Result<Vec<Way<'t>>, TooManyWays> {
    let mut found = Vec::new();
    let mut open = vec![Walk { at: from, position: 0, words: Vec::new() }];
    while let Some(walk) = open.pop() {
        if walk.at >= to {
            found.push(walk.words);
            continue;
        }
        if found.len() + open.len() > most {
            return Err(TooManyWays);
        }
        // The last pushed is walked first: reversed, so that ways keep the tokens' order.
        for edge in edges.iter().rev().filter(|edge| edge.from == walk.at && edge.to > walk.at) {
            let mut words = walk.words.clone();
            words.push((walk.position, edge.token));
            open.push(Walk { at: edge.to, position: walk.position + 1 + edge.gap, words });
        }
    }
    if found.len() > most { Err(TooManyWays) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use analysis::TokenKind;

    use super::*;

    fn token(text: &str, position: u32, position_length: u32) -> Token {
        Token { text: text.into(), position, start_offset: 0, end_offset: 0, position_length, kind: TokenKind::Word }
    }

    fn show(tokens: &[Token]) -> String {
        let word = |(position, token): &(u32, &Token)| format!("{position}{}", token.text);
        let way = |way: &Way<'_>| way.iter().map(word).collect::<Vec<_>>().join(" ");
        let stretch = |stretch: &Stretch<'_>| match stretch {
            Stretch::Words(words) => words.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join("/"),
            Stretch::Ways(ways) => format!("({})", ways.iter().map(way).collect::<Vec<_>>().join(" | ")),
        };
        match TokenGraph::new(tokens).stretches(10) {
            Ok(stretches) => stretches.iter().map(stretch).collect::<Vec<_>>().join(", "),
            Err(TooManyWays) => "too many".to_owned(),
        }
    }

    #[test]
    fn stretches_end_where_no_token_reaches_over() {
        assert_eq!(show(&[]), "");
        assert_eq!(show(&[token("a", 0, 1), token("b", 1, 1), token("c", 1, 1)]), "a, b/c");
        let new_york =
            [token("big", 0, 1), token("new", 1, 1), token("ny", 1, 2), token("york", 2, 1), token("x", 3, 1)];
        assert_eq!(show(&new_york), "big, (0new 1york | 0ny), x");
        assert_eq!(show(&[token("ny", 0, 2), token("new", 0, 1), token("york", 1, 1)]), "(0ny | 0new 1york)");
        // A stop word between them left a hole.
        assert_eq!(show(&[token("a", 0, 3), token("b", 0, 1), token("c", 2, 1)]), "(0a | 0b 2c)");
        let many: Vec<Token> =
            (0..8).flat_map(|at| [token("x", at, 1), token("y", at, 2), token("z", at, 1)]).collect();
        assert_eq!(show(&many), "too many");
    }
}
