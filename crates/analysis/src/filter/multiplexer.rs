//! `multiplexer`: each token as several chains of filters make it, at one position.

use super::whole::RemoveDuplicates;
use crate::stream::{Filter, Stream, StreamFilter};

pub(crate) struct Multiplexer {
    /// An empty chain gives the token as it is.
    pub(crate) chains: Vec<Vec<Filter>>,
}

impl StreamFilter for Multiplexer {
    fn apply(&self, stream: Stream) -> Stream {
        let Stream { pieces, end_increment, end_offset } = stream;
        let mut made = Stream { pieces: Vec::with_capacity(pieces.len() * 2), end_increment, end_offset };
        // Positions of tokens that no chain kept.
        let mut skipped = 0;
        for mut piece in pieces {
            piece.increment += std::mem::take(&mut skipped);
            let increment = piece.increment;
            let mut first = true;
            for chain in &self.chains {
                let one = Stream { pieces: vec![piece.clone()], end_increment: 0, end_offset };
                let mut found = chain.iter().fold(one, |stream, filter| filter.apply(stream));
                if let Some(begin) = found.pieces.first_mut()
                    && !std::mem::take(&mut first)
                {
                    begin.increment = 0;
                }
                made.pieces.append(&mut found.pieces);
            }
            if first {
                skipped = increment;
            }
        }
        made.end_increment += skipped;
        RemoveDuplicates.apply(made)
    }

    fn knows_keywords(&self) -> bool {
        self.chains.iter().flatten().any(Filter::knows_keywords)
    }
}
