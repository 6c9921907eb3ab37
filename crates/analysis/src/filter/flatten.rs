//! `flatten_graph`: a graph of tokens as one line of positions, so that it can be indexed, where lengths of tokens are not kept.
//!
//! Positions of the graph are *nodes*, and tokens lead from one to another. Each node gets a *place* in the line, one behind the farthest place
//! that leads to it; several nodes may share one. A node that nothing leads to lies behind a hole: tokens were dropped there. Offsets of a
//! place are the narrowest of its tokens.
//!
//! Rules, holes included, are those of Lucene.

use std::collections::BTreeMap;

use crate::stream::{Piece, Stream, StreamFilter};

/// `flatten_graph`.
pub(crate) struct FlattenGraph;

impl StreamFilter for FlattenGraph {
    fn apply(&self, stream: Stream) -> Stream {
        let mut line = Line::new();
        let mut from = None;
        for piece in stream.pieces {
            line.take(piece, &mut from);
        }
        Stream { pieces: line.written(), ..stream }
    }
}

/// A position of the graph.
#[derive(Default)]
struct Node {
    /// `None`: nothing leads there yet.
    place: Option<usize>,
    /// Those that leave here.
    pieces: Vec<Piece>,
    /// The nearest node that they lead to.
    nearest: Option<usize>,
}

/// A position of the line.
#[derive(Default)]
struct Place {
    /// In the order in which they came.
    nodes: Vec<usize>,
    /// Of the tokens that leave here: the greatest start. `None`: none is known.
    start: Option<usize>,
    /// Of the tokens that lead here: the least end.
    end: Option<usize>,
    /// A node was put here by itself, not by what leads to it.
    fixed: bool,
}

struct Line {
    nodes: BTreeMap<usize, Node>,
    places: Vec<Place>,
}

impl Line {
    fn new() -> Self {
        let first = Node { place: Some(0), ..Node::default() };
        let place = Place { nodes: vec![0], start: Some(0), end: None, fixed: true };
        Self { nodes: BTreeMap::from([(0, first)]), places: vec![place] }
    }

    fn place(&mut self, at: usize) -> &mut Place {
        while self.places.len() <= at {
            self.places.push(Place::default());
        }
        &mut self.places[at]
    }

    fn place_of(&self, node: usize) -> Option<usize> {
        self.nodes.get(&node).and_then(|node| node.place)
    }

    fn nearest(&self, node: usize) -> Option<usize> {
        self.nodes.get(&node).and_then(|node| node.nearest)
    }

    /// Takes the next token in. `last`: the node that the one before it left; this one's, then.
    fn take(&mut self, piece: Piece, last: &mut Option<usize>) {
        let (increment, length) = (piece.increment as usize, piece.length.max(1) as usize);
        let before = *last;
        let from = before.map_or_else(|| increment.saturating_sub(1), |before| before + increment);
        let to = from + length;
        *last = Some(from);
        let here = self.leave(from, before, piece.start);
        let end = piece.end;
        let node = self.nodes.entry(from).or_default();
        node.nearest = Some(node.nearest.map_or(to, |nearest| nearest.min(to)));
        node.pieces.push(piece);
        let there = self.arrive(to, here + 1);
        let place = self.place(there);
        place.end = Some(place.end.map_or(end, |known| known.min(end)));
    }

    /// The place of the node that a token leaves, which begins at `start`.
    fn leave(&mut self, from: usize, before: Option<usize>, start: usize) -> usize {
        let Some(place) = self.place_of(from) else { return self.behind_hole(from, before, start) };
        let mut here = place;
        if let Some(before) = before.filter(|before| before + 1 < from) {
            // Only a longer token leads here; the way that it stands for has lost its last steps.
            let near = self.place_of(before).is_none_or(|before| place <= before + 1);
            if near && self.nearest(before) != Some(from) {
                let end = self.places[place].end;
                self.places[place].nodes.retain(|node| *node != from);
                here = self.behind_hole(from, Some(before), start);
                self.places[here].end = end;
            }
        }
        let place = &mut self.places[here];
        place.start = Some(place.start.map_or(start, |known| known.max(start)));
        here
    }

    /// Puts a node that lies behind a hole next to what may lead there.
    fn behind_hole(&mut self, from: usize, before: Option<usize>, start: usize) -> usize {
        let here = match before {
            None => self.places.len(),
            Some(before) => match self.nearest(before).filter(|nearest| *nearest < from) {
                Some(nearest) => self.place_of(nearest).map_or(0, |place| place + 1),
                None => self.places.len() - 1,
            },
        };
        self.nodes.entry(from).or_default().place = Some(here);
        let place = self.place(here);
        let known = place.start.filter(|_| place.fixed);
        place.start = Some(known.map_or(start, |known| known.max(start)));
        place.fixed = true;
        place.nodes.push(from);
        here
    }

    /// The place of the node that a token leads to, which is at least `least`.
    fn arrive(&mut self, to: usize, least: usize) -> usize {
        let known = self.place_of(to);
        if let Some(known) = known {
            if known >= least {
                return known;
            }
            self.places[known].nodes.retain(|node| *node != to);
        }
        self.nodes.entry(to).or_default().place = Some(least);
        self.place(least).nodes.push(to);
        least
    }

    fn written(mut self) -> Vec<Piece> {
        let (mut written, mut last_place, mut last_start) = (Vec::new(), None, 0);
        for at in 0..self.places.len() {
            for number in std::mem::take(&mut self.places[at].nodes) {
                let pieces = self.nodes.get_mut(&number).map(|node| std::mem::take(&mut node.pieces));
                for mut piece in pieces.unwrap_or_default() {
                    let to = self.place_of(number + piece.length.max(1) as usize).unwrap_or(at + 1);
                    piece.increment = last_place.map_or(at + 1, |last: usize| at - last) as u32;
                    piece.length = (to - at) as u32;
                    piece.start = self.places[at].start.unwrap_or(0).max(last_start);
                    piece.end = self.places.get(to).and_then(|place| place.end).unwrap_or(0).max(piece.start);
                    (last_place, last_start) = (Some(at), piece.start);
                    written.push(piece);
                }
            }
        }
        written
    }
}
