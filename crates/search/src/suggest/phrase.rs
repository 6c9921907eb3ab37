//! Phrases that may have been meant: each word or one near it, weighed by how often the words, and their neighbourhoods, occur.
//!
//! A noisy channel, as Lucene-based engines have it: what was written, times what is usually written. Not here: which words are near
//! (`similar`), how often neighbours occur (shards tell).

use std::collections::{BTreeMap, BTreeSet};

use model::suggest::{PhraseSuggest, Smoothing};

use super::TermCount;

/// Neighbourhoods that are looked up for one phrase.
pub const MAX_GRAMS: usize = 20_000;

/// A word that stands, or may stand, at one place of the phrase.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub term: String,
    pub count: TermCount,
    /// 1 for what was written.
    pub channel: f64,
    pub written: bool,
}

/// The words of one place: what was written, then the others, best first.
pub type Place = Vec<Candidate>;

/// A phrase and its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    pub words: Vec<Candidate>,
    pub score: f64,
}

/// What is known of the language.
#[derive(Clone, Debug, Default)]
pub struct Language {
    /// All words of the field, repetitions included.
    pub vocabulary: f64,
    /// Different ones.
    pub terms: f64,
    /// How often each neighbourhood of two or three words occurs.
    pub grams: BTreeMap<String, u64>,
}

/// The best candidates of one place besides what was written.
pub fn choose(mut candidates: Vec<Candidate>, dictionary: u64, size: usize) -> Vec<Candidate> {
    let weight = |candidate: &Candidate| {
        candidate.channel * (candidate.count.total_term_freq as f64 + 1.0) / (dictionary as f64 + 1.0)
    };
    candidates.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then_with(|| a.term.cmp(&b.term)));
    candidates.dedup_by(|a, b| a.term == b.term);
    candidates.truncate(size);
    candidates
}

fn errors_of(asked: &PhraseSuggest, places: usize) -> usize {
    let most = asked.max_errors;
    let most = if most >= 1.0 { most as usize } else { (f64::from(most) * places as f64).round() as usize };
    most.max(1)
}

/// The neighbourhoods of at most `gram` words that may be needed. `None`: too many.
pub fn grams(places: &[Place], asked: &PhraseSuggest, gram: u32) -> Option<Vec<String>> {
    let mut found = BTreeSet::new();
    let errors = errors_of(asked, places.len());
    for length in 2..=gram.min(3) as usize {
        for window in places.windows(length) {
            let mut ways: Vec<(String, usize)> = vec![(String::new(), 0)];
            for (at, place) in window.iter().enumerate() {
                let mut longer = Vec::new();
                for (text, wrong) in &ways {
                    for candidate in place {
                        let wrong = wrong + usize::from(!candidate.written);
                        if wrong <= errors {
                            let separator = if at == 0 { "" } else { asked.separator.as_str() };
                            longer.push((format!("{text}{separator}{}", candidate.term), wrong));
                        }
                    }
                    if longer.len() > MAX_GRAMS {
                        return None;
                    }
                }
                ways = longer;
            }
            found.extend(ways.into_iter().map(|(text, _)| text));
            if found.len() > MAX_GRAMS {
                return None;
            }
        }
    }
    Some(found.into_iter().collect())
}

/// The best `size` phrases that score more than the text itself does, as often as `confidence` says.
pub fn correct(
    places: &[Place],
    language: &Language,
    (asked, gram): (&PhraseSuggest, u32),
    size: usize,
) -> Vec<Correction> {
    let scorer = Scorer { places, language, asked, gram };
    let written: Vec<usize> = vec![0; places.len()];
    let floor =
        if asked.confidence > 0.0 { scorer.whole(&written).exp() * asked.confidence } else { f64::MIN_POSITIVE };
    let mut search = Search { scorer: &scorer, best: Vec::new(), floor, size, steps: MAX_STEPS };
    search.walk(&mut vec![0; places.len()], 0, errors_of(asked, places.len()), 0.0);
    let chosen = |(score, path): (f64, Vec<usize>)| Correction {
        words: path.iter().zip(places).filter_map(|(at, place)| place.get(*at).cloned()).collect(),
        score,
    };
    search.best.into_iter().map(chosen).collect()
}

/// Phrases that are looked at.
const MAX_STEPS: u32 = 1_000_000;

struct Search<'a> {
    scorer: &'a Scorer<'a>,
    /// Best first.
    best: Vec<(f64, Vec<usize>)>,
    floor: f64,
    size: usize,
    steps: u32,
}

impl Search<'_> {
    /// Goes on at place `at` of a path. As deep as the phrase has words, whose number is limited.
    fn walk(&mut self, path: &mut Vec<usize>, at: usize, errors: usize, score: f64) {
        if self.steps == 0 {
            return;
        }
        self.steps -= 1;
        let Some(place) = self.scorer.places.get(at) else { return self.offer(path, score.exp()) };
        let ways = if errors > 0 { place.len() } else { 1 };
        for way in 0..ways {
            path[at] = way;
            let score = score + self.scorer.step(path, at);
            self.walk(path, at + 1, errors - usize::from(way > 0), score);
        }
        path[at] = 0;
    }

    fn offer(&mut self, path: &[usize], score: f64) {
        if score <= self.floor {
            return;
        }
        let terms = |path: &[usize]| -> Vec<&str> {
            path.iter().zip(self.scorer.places).map(|(at, place)| place[*at].term.as_str()).collect()
        };
        let mine = terms(path);
        let at = self.best.partition_point(|(known, other)| {
            known.total_cmp(&score).is_gt() || (*known == score && terms(other) < mine)
        });
        if at < self.size {
            self.best.insert(at, (score, path.to_vec()));
            self.best.truncate(self.size);
        }
    }
}

struct Scorer<'a> {
    places: &'a [Place],
    language: &'a Language,
    asked: &'a PhraseSuggest,
    gram: u32,
}

impl Scorer<'_> {
    fn whole(&self, path: &[usize]) -> f64 {
        (0..path.len()).map(|at| self.step(path, at)).sum()
    }

    /// What the word at place `at` adds.
    fn step(&self, path: &[usize], at: usize) -> f64 {
        let word = |at: usize| &self.places[at][path[at]];
        let own = word(at);
        let channel = if own.channel == 1.0 { self.asked.real_word_likelihood } else { own.channel };
        let likelihood = match (at, self.gram) {
            (0, _) | (_, 0 | 1) => self.unigram(own),
            (1, _) | (_, 2) => self.bigram(own, word(at - 1)),
            _ => self.trigram(own, word(at - 1), word(at - 2)),
        };
        (channel * likelihood).log10()
    }

    fn count(&self, words: &[&Candidate]) -> f64 {
        let words: Vec<&str> = words.iter().map(|word| word.term.as_str()).collect();
        self.language.grams.get(&words.join(&self.asked.separator)).copied().unwrap_or(0) as f64
    }

    fn unigram(&self, word: &Candidate) -> f64 {
        let (count, Language { vocabulary, terms, .. }) = (word.count.total_term_freq as f64, self.language);
        match self.asked.smoothing {
            Smoothing::Laplace { alpha } => (alpha + count) / (vocabulary + alpha * terms),
            _ => (1.0 + count) / (vocabulary + terms),
        }
    }

    fn bigram(&self, word: &Candidate, before: &Candidate) -> f64 {
        let (count, alone) = (self.count(&[before, word]), before.count.total_term_freq as f64);
        match self.asked.smoothing {
            Smoothing::StupidBackoff { discount } if count < 1.0 => discount * self.unigram(word),
            Smoothing::StupidBackoff { .. } => count / (alone + 1e-11),
            Smoothing::Laplace { alpha } => (alpha + count) / (alone + alpha * self.language.terms),
            Smoothing::Linear { unigram, .. } if count < 1.0 => unigram * self.unigram(word),
            Smoothing::Linear { unigram, bigram, .. } => {
                bigram * (count / (0.5 + alone)) + unigram * self.unigram(word)
            }
        }
    }

    fn trigram(&self, word: &Candidate, before: &Candidate, first: &Candidate) -> f64 {
        let (three, two) = (self.count(&[first, before, word]), self.count(&[before, word]));
        match self.asked.smoothing {
            Smoothing::StupidBackoff { discount } if two < 1.0 => discount * self.unigram(word),
            Smoothing::StupidBackoff { discount } if three < 1.0 => {
                discount * (two / (before.count.total_term_freq as f64 + 1e-11))
            }
            Smoothing::StupidBackoff { .. } => three / (two + 1e-11),
            Smoothing::Laplace { alpha } => {
                (alpha + three) / (alpha * self.language.terms + self.count(&[first, before]))
            }
            // As OpenSearch, which looks three words up from behind and does not find them.
            Smoothing::Linear { .. } => self.bigram(word, before),
        }
    }
}

/// The words as a text, with tags around those that were changed: one pair around several side by side.
pub fn shown(words: &[Candidate], tags: Option<&(String, String)>) -> String {
    let mut out = String::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        let written = |at: Option<usize>| at.and_then(|at| words.get(at)).is_none_or(|word| word.written);
        match tags.filter(|_| !word.written) {
            Some((before, after)) => {
                if written(at.checked_sub(1)) {
                    out.push_str(before);
                }
                out.push_str(&word.term);
                if written(Some(at + 1)) {
                    out.push_str(after);
                }
            }
            None => out.push_str(&word.term),
        }
    }
    out
}
