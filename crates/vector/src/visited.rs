//! Which nodes a walk has met: a bit each, cleared by what was met rather than whole, so that a walk costs nothing for nodes it never saw.

#[derive(Default)]
pub(crate) struct Visited {
    words: Vec<u64>,
    met: Vec<u32>,
}

impl Visited {
    /// Forgets all, and makes room for `count` nodes.
    pub(crate) fn reset(&mut self, count: usize) {
        for &node in &self.met {
            self.words[node as usize / 64] = 0;
        }
        self.met.clear();
        self.words.resize(count.div_ceil(64), 0);
    }

    /// Whether `node` is met for the first time.
    #[inline]
    pub(crate) fn first(&mut self, node: u32) -> bool {
        let word = &mut self.words[node as usize / 64];
        let bit = 1 << (node % 64);
        if *word & bit != 0 {
            return false;
        }
        *word |= bit;
        self.met.push(node);
        true
    }

    /// How many were met.
    pub(crate) fn count(&self) -> usize {
        self.met.len()
    }
}
