//! Quotes that were there before: texts that quote each other should not have their words counted twice.

use hashbrown::HashSet;
use model::aggregation::partial::hash;

use crate::aggregate::Budget;
use crate::score::Outcome;

/// Words of a quote.
const LENGTH: usize = 6;
/// Bytes that a quote takes, about.
const BYTES: usize = 16;

/// All quotes of so many words that were seen, by their hashes.
#[derive(Default)]
pub(super) struct Quotes(HashSet<u64>);

impl Quotes {
    /// Which of the words of one text lie in no quote that was seen before, in this text or another.
    pub(super) fn fresh<'w>(&mut self, words: &[&'w str], budget: &Budget) -> Outcome<Vec<&'w str>> {
        let hashes: Vec<u64> = words.iter().map(|word| hash::of_bytes(word.as_bytes())).collect();
        let mut known = vec![false; words.len()];
        for (from, quote) in hashes.windows(LENGTH).enumerate() {
            let bytes: Vec<u8> = quote.iter().flat_map(|word| word.to_le_bytes()).collect();
            if self.0.insert(hash::of_bytes(&bytes)) {
                budget.take(BYTES)?;
            } else {
                known[from..from + LENGTH].fill(true);
            }
        }
        Ok(words.iter().zip(known).filter(|(_, known)| !known).map(|(word, _)| *word).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_words_that_were_there_do_not_count() {
        let (mut quotes, budget) = (Quotes::default(), Budget::unlimited());
        let mut fresh = |text: &str| {
            let words: Vec<&str> = text.split(' ').collect();
            quotes.fresh(&words, &budget).unwrap().join(" ")
        };
        assert_eq!(fresh("one two three four five six seven"), "one two three four five six seven");
        assert_eq!(fresh("so one two three four five six then"), "so then");
        assert_eq!(fresh("zero one two three four five"), "zero one two three four five");
        // Within one text, too.
        assert_eq!(fresh("a b c d e f a b c d e f"), "a b c d e f");
        assert_eq!(fresh("five words are not enough"), "five words are not enough");
        assert_eq!(fresh("five words are not enough"), "five words are not enough");
    }
}
