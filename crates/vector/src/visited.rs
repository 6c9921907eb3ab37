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

    /// Appends the places of a list that are met for the first time to `fresh`. All are written, and the new ones kept: no branch depends on
    /// what no processor can foretell. The list ends where its places do, or with one that is no node.
    #[inline]
    pub(crate) fn first_of(&mut self, list: &[[u8; 4]], fresh: &mut Vec<u32>) {
        let begin = fresh.len();
        fresh.resize(begin + list.len(), 0);
        let mut kept = begin;
        for link in list {
            let node = u32::from_le_bytes(*link);
            let Some(word) = self.words.get_mut(node as usize / 64) else { break };
            let bit = 1 << (node % 64);
            fresh[kept] = node;
            kept += usize::from(*word & bit == 0);
            *word |= bit;
        }
        fresh.truncate(kept);
        self.met.extend_from_slice(&fresh[begin..]);
    }

    /// How many were met.
    pub(crate) fn count(&self) -> usize {
        self.met.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_has_is_met_once_and_forgotten_together() {
        let mut visited = Visited::default();
        visited.reset(130);
        assert!(visited.first(64));
        let list = [3, 64, 129, 3, u32::MAX, 5].map(u32::to_le_bytes);
        let mut fresh = vec![7];
        visited.first_of(&list, &mut fresh);
        assert_eq!(fresh, [7, 3, 129]);
        assert_eq!(visited.count(), 3);
        visited.first_of(&list, &mut fresh);
        assert_eq!(fresh, [7, 3, 129]);
        assert!(visited.first(5) && !visited.first(3));
        visited.reset(130);
        assert!([3, 5, 64, 129].into_iter().all(|node| visited.first(node)));
    }
}
