//! Which documents of a segment have not been deleted or replaced.

use super::DocId;

/// One bit a document; immutable once shared, cloned to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliveDocs {
    words: Vec<u64>,
    max: u32,
    alive: u32,
}

impl AliveDocs {
    /// All of `max` documents.
    pub fn all(max: u32) -> Self {
        let mut words = vec![u64::MAX; (max as usize).div_ceil(64)];
        if let Some(last) = words.last_mut()
            && !max.is_multiple_of(64)
        {
            *last = (1 << (max % 64)) - 1;
        }
        Self { words, max, alive: max }
    }

    /// From words of 64 documents each, lowest bit first; bits beyond `max` are dropped.
    pub fn from_words(mut words: Vec<u64>, max: u32) -> Self {
        let mask = Self::all(max);
        words.resize(mask.words.len(), 0);
        words.iter_mut().zip(&mask.words).for_each(|(word, mask)| *word &= mask);
        let alive = words.iter().map(|word| word.count_ones()).sum();
        Self { words, max, alive }
    }

    pub fn contains(&self, doc: DocId) -> bool {
        self.words.get(doc as usize / 64).is_some_and(|word| word >> (doc % 64) & 1 == 1)
    }

    /// Returns whether it was alive.
    pub fn remove(&mut self, doc: DocId) -> bool {
        let was = self.contains(doc);
        if was {
            self.words[doc as usize / 64] &= !(1 << (doc % 64));
            self.alive -= 1;
        }
        was
    }

    /// How many are alive.
    pub fn len(&self) -> u32 {
        self.alive
    }

    pub fn is_empty(&self) -> bool {
        self.alive == 0
    }

    /// How many there are, dead or alive.
    pub fn max(&self) -> u32 {
        self.max
    }

    /// Words of 64 documents, lowest bit first.
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removing_is_counted_once() {
        let mut alive = AliveDocs::all(70);
        assert_eq!((alive.len(), alive.words().len()), (70, 2));
        assert!(alive.remove(69) && !alive.remove(69) && !alive.contains(69) && !alive.contains(70));
        assert_eq!(alive.len(), 69);
        assert_eq!(AliveDocs::from_words(alive.words().to_vec(), 70), alive);
    }
}
