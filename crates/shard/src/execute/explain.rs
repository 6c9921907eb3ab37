//! How one document's score came about, part by part, in OpenSearch's words.

use model::query::nested::NestedScore;
use model::search::Explanation;
use search::shard_query::DocAddress;

use super::{explain_function, notation};
use crate::compile::ranked::RankedWeight;
use crate::compile::scorer::Leaf;
use crate::compile::{
    BoolWeight, CombinedWeight, IntervalWeight, Kind, NearestWeight, NestedWeight, PhraseWeight, SpanWeight, Weight,
};
use crate::percolate::Percolation;
use crate::reader::{Bm25, Reader, Similarity};
use crate::score::bm25::{TermScore, length};
use crate::score::{Outcome, Scorer, bits};
use crate::segment::Detail;

/// One document of one segment.
pub(super) struct Explainer<'a> {
    pub(super) leaf: Leaf<'a>,
    pub(super) doc: u32,
    /// Documents of the segments before.
    first: u64,
}

pub(super) fn explain(reader: &Reader, weight: &Weight, address: DocAddress) -> Outcome<Explanation> {
    let segment = address.segment as usize;
    let first = reader.segments[..segment].iter().map(|view| u64::from(view.segment.doc_count())).sum();
    Explainer { leaf: Leaf::new(reader, segment), doc: address.doc, first }.weight(weight)
}

/// Terms of a field as BM25 sees them: how often, in how many documents.
struct Scored<'s> {
    score: &'s TermScore,
    boost: f32,
    doc_freqs: &'s [u64],
    freq: f32,
    /// How the frequency is called.
    freq_name: String,
}

impl Explainer<'_> {
    /// The score of the document, `None` when it does not match.
    pub(super) fn score(&self, scorer: &mut dyn Scorer) -> Outcome<Option<f32>> {
        Ok(if scorer.probe(self.doc)? == self.doc { Some(scorer.score()?) } else { None })
    }

    pub(super) fn matches(&self, weight: &Weight) -> Outcome<bool> {
        Ok(self.leaf.scorer(weight)?.probe(self.doc)? == self.doc)
    }

    pub(super) fn weight(&self, weight: &Weight) -> Outcome<Explanation> {
        match &weight.kind {
            Kind::Nothing(reason) => Ok(Explanation::unmatched(reason.clone(), Vec::new())),
            Kind::All => Ok(Explanation::matched(weight.boost, notation::query(weight), Vec::new())),
            Kind::Term(term) => {
                let Some(mut cursor) = self.leaf.cursor(&term.place, &term.term, (Detail::Freqs, &term.score))? else {
                    return Ok(Explanation::unmatched("no matching term", Vec::new()));
                };
                if cursor.advance(self.doc)? != self.doc {
                    return Ok(Explanation::unmatched("no matching term", Vec::new()));
                }
                cursor.load_freqs()?;
                let freq = cursor.freq(cursor.at) as f32;
                let freq_name = "freq, occurrences of term within document".to_owned();
                let doc_freqs = &[term.doc_freq];
                let scored = Scored { score: &term.score, boost: weight.boost, doc_freqs, freq, freq_name };
                Ok(self.scored(&notation::query(weight), &scored, cursor.code(self.doc)))
            }
            Kind::Synonyms(synonyms) => self.synonyms(weight, synonyms),
            Kind::Combined(combined) => self.combined(weight, combined),
            Kind::Phrase(phrase) => self.phrase(weight, phrase),
            Kind::Set(_) | Kind::Constant(_) => self.constant(weight),
            Kind::Bool(clauses) => self.boolean(weight, clauses),
            Kind::Boosting { positive, negative, factor } => self.boosting(weight, (positive, negative, *factor)),
            Kind::DisMax { parts, tie_breaker } => self.dis_max(weight, parts, *tie_breaker),
            Kind::Function(function) => explain_function::explain(self, function),
            Kind::Ranked(ranked) => self.ranked(weight, ranked),
            Kind::Nested(nested) => self.nested(nested),
            Kind::InsideOf { .. } if self.matches(weight)? => {
                Ok(Explanation::matched(weight.boost, notation::query(weight), Vec::new()))
            }
            Kind::InsideOf { .. } => Ok(Explanation::unmatched("Not a match", Vec::new())),
            Kind::Nearest(nearest) => self.nearest(weight, nearest),
            Kind::Intervals(intervals) => self.intervals(weight, intervals),
            Kind::Percolate { percolation, .. } => self.percolated(weight, percolation),
            Kind::Spans(spans) => self.spans(weight, spans),
            Kind::Enough(enough) => {
                let Some(score) = self.score(&mut *self.leaf.scorer(weight)?)? else {
                    return Ok(Explanation::unmatched("too few of the terms match", Vec::new()));
                };
                let mut details = Vec::new();
                for part in &enough.parts {
                    details.push(self.weight(part)?);
                }
                details.retain(|detail| detail.matched);
                Ok(Explanation::matched(score, "sum of:", details))
            }
        }
    }

    fn ranked(&self, weight: &Weight, ranked: &RankedWeight) -> Outcome<Explanation> {
        let found = self.leaf.ranked(ranked)?.explain(self.doc)?;
        Ok(found.unwrap_or_else(|| Explanation::unmatched(notation::query(weight), Vec::new())))
    }

    fn nearest(&self, weight: &Weight, nearest: &NearestWeight) -> Outcome<Explanation> {
        let score = self.score(&mut *self.leaf.scorer(weight)?)?;
        let k = nearest.k;
        Ok(match score {
            Some(score) => {
                let text = k.map_or_else(|| "Score above threshold".to_owned(), |k| format!("within top {k} docs"));
                Explanation::matched(score, text, Vec::new())
            }
            None => {
                let text = k.map_or_else(|| "Score below threshold".to_owned(), |k| format!("not in top {k} docs"));
                Explanation::unmatched(text, Vec::new())
            }
        })
    }

    /// Its score, and how the stored query came to it on the best of the documents.
    fn percolated(&self, weight: &Weight, percolation: &Percolation) -> Outcome<Explanation> {
        let name = "PercolateQuery";
        let Some(score) = self.score(&mut *self.leaf.scorer(weight)?)? else {
            return Ok(Explanation::unmatched(name, Vec::new()));
        };
        let queries = percolation.queries(self.leaf.segment, self.leaf.fields)?;
        let query = queries.map(|queries| percolation.query(&*queries, self.doc)).transpose()?.flatten();
        let Some(query) = query else { return Ok(Explanation::unmatched(name, Vec::new())) };
        let (reader, inner) = percolation.weight(&query, true)?;
        let mut details = Vec::new();
        for slot in 0..percolation.asked().documents.len() {
            let address = DocAddress { segment: 0, doc: percolation.root(slot) };
            details.push(explain(reader, &inner, address)?);
        }
        details.retain(|detail| detail.matched && detail.value == score);
        details.truncate(1);
        Ok(Explanation::matched(score, name, details))
    }

    fn constant(&self, weight: &Weight) -> Outcome<Explanation> {
        let text = match &weight.kind {
            Kind::Set(_) => notation::constant(weight),
            _ => format!(
                "ConstantScore({})",
                match &weight.kind {
                    Kind::Constant(inner) => notation::bare(inner),
                    _ => notation::bare(weight),
                }
            ),
        };
        Ok(if self.matches(weight)? {
            let boost = if weight.boost == 1.0 { String::new() } else { format!("^{:?}", weight.boost) };
            Explanation::matched(weight.boost, format!("{text}{boost}"), Vec::new())
        } else {
            Explanation::unmatched(format!("{text} doesn't match id {}", self.first + u64::from(self.doc)), Vec::new())
        })
    }

    /// The score of a document with matching objects inside, and how the best of them came by its own.
    fn nested(&self, nested: &NestedWeight) -> Outcome<Explanation> {
        let none = || Ok(Explanation::unmatched("Not a match", Vec::new()));
        let Some((_, parents)) = self.leaf.join(&nested.path, nested.parent.as_deref()) else { return none() };
        let (Some(mut joined), Some(mut again)) = (self.leaf.nested(nested)?, self.leaf.nested(nested)?) else {
            return none();
        };
        let Some(score) = self.score(&mut joined)? else { return none() };
        let (Some(best), count) = again.best_child(self.doc)? else { return none() };
        let mode = match nested.score {
            NestedScore::Avg => "Avg",
            NestedScore::Sum => "Total",
            NestedScore::Max => "Max",
            NestedScore::Min => "Min",
            NestedScore::None => "None",
        };
        let start = bits::last_before(parents, self.doc).map_or(0, |before| u64::from(before) + 1);
        let (from, to) = (self.first + start, (self.first + u64::from(self.doc)).saturating_sub(1));
        let best = match nested.score {
            NestedScore::None => {
                let text = match &nested.inner.kind {
                    Kind::Constant(_) => notation::query(&nested.inner),
                    _ => notation::constant(&nested.inner),
                };
                Explanation::matched(0.0, format!("{text}^0.0"), Vec::new())
            }
            _ => {
                let leaf = Leaf::new(self.leaf.reader, self.leaf.number as usize);
                Explainer { leaf, doc: best, first: self.first }.weight(&nested.inner)?
            }
        };
        let text = format!("Score based on {count} child docs in range from {from} to {to}, using score mode {mode}");
        Ok(Explanation::matched(score, text, vec![best]))
    }

    fn synonyms(&self, weight: &Weight, synonyms: &crate::compile::SynonymWeight) -> Outcome<Explanation> {
        let mut freq = 0.0;
        let mut code = None;
        for term in &synonyms.terms {
            if let Some(mut cursor) = self.leaf.cursor(&synonyms.place, term, (Detail::Freqs, &synonyms.score))?
                && cursor.advance(self.doc)? == self.doc
            {
                cursor.load_freqs()?;
                freq += cursor.freq(cursor.at) as f32;
                code = Some(cursor.code(self.doc));
            }
        }
        let Some(code) = code else { return Ok(Explanation::unmatched("no matching term", Vec::new())) };
        let freq_name = format!("termFreq={freq:?}");
        let doc_freqs = &[synonyms.doc_freq];
        let scored = Scored { score: &synonyms.score, boost: weight.boost, doc_freqs, freq, freq_name };
        Ok(self.scored(&notation::query(weight), &scored, code))
    }

    fn combined(&self, weight: &Weight, combined: &CombinedWeight) -> Outcome<Explanation> {
        let mut scorer = self.leaf.combined(combined)?;
        if scorer.probe(self.doc)? != self.doc {
            return Ok(Explanation::unmatched("no matching term", Vec::new()));
        }
        let freq = scorer.freq()?;
        let freq_name = format!("termFreq={freq:?}");
        let doc_freqs = &[combined.doc_freq];
        let scored = Scored { score: &combined.score, boost: weight.boost, doc_freqs, freq, freq_name };
        let mut found = self.scored(&notation::query(weight), &scored, scorer.code());
        found.description = found.description.replace(" [PerFieldSimilarity]", "");
        Ok(found)
    }

    fn phrase(&self, weight: &Weight, phrase: &PhraseWeight) -> Outcome<Explanation> {
        let Some(mut scorer) = self.leaf.phrase(phrase)? else {
            return Ok(Explanation::unmatched("no matching term", Vec::new()));
        };
        if scorer.probe(self.doc)? != self.doc {
            return Ok(Explanation::unmatched("no matching phrase", Vec::new()));
        }
        let freq = scorer.freq;
        let freq_name = format!("phraseFreq={freq:?}");
        let scored =
            Scored { score: &phrase.score, boost: weight.boost, doc_freqs: &phrase.doc_freqs, freq, freq_name };
        Ok(self.scored(&notation::query(weight), &scored, scorer.code(self.doc)))
    }

    fn intervals(&self, weight: &Weight, intervals: &IntervalWeight) -> Outcome<Explanation> {
        let mut scorer = self.leaf.intervals(intervals, weight.boost)?;
        let notation = &intervals.notation;
        let Some(score) = self.score(&mut scorer)? else {
            return Ok(Explanation::unmatched(format!("{notation} does not match"), Vec::new()));
        };
        let details = vec![
            Explanation::matched(weight.boost, "w, weight of this function", Vec::new()),
            Explanation::matched(
                1.0,
                "k, pivot feature value that would give a score contribution equal to w/2",
                Vec::new(),
            ),
            Explanation::matched(
                scorer.freq,
                format!("S, the sloppy frequency of the interval query {notation}"),
                Vec::new(),
            ),
        ];
        Ok(Explanation::matched(
            score,
            "Saturation function on interval frequency, computed as w * S / (S + k) from:",
            details,
        ))
    }

    fn spans(&self, weight: &Weight, spans: &SpanWeight) -> Outcome<Explanation> {
        let mut scorer = self.leaf.spans(spans)?;
        if scorer.probe(self.doc)? != self.doc {
            return Ok(Explanation::unmatched("no matching term", Vec::new()));
        }
        let freq = scorer.freq;
        let freq_name = format!("phraseFreq={freq:?}");
        let scored = Scored { score: &spans.score, boost: weight.boost, doc_freqs: &spans.doc_freqs, freq, freq_name };
        Ok(self.scored(&spans.notation, &scored, scorer.code(self.doc)))
    }

    /// The score of a term or phrase.
    fn scored(&self, query: &str, scored: &Scored<'_>, code: u8) -> Explanation {
        let inner = match scored.score.scale.similarity {
            Similarity::Bm25(parameters) => bm25(scored, parameters, code),
            Similarity::Boolean => {
                let boost = Explanation::matched(scored.boost, "boost, query boost", Vec::new());
                Explanation::matched(scored.boost, "score(BooleanWeight), computed from:", vec![boost])
            }
            Similarity::Model(_) => {
                let freq = Explanation::matched(scored.freq, scored.freq_name.clone(), Vec::new());
                let tokens = Explanation::matched(length(code) as f32, "dl, length of field", Vec::new());
                let name = format!("score(freq={:?}), computed by the field's similarity from:", scored.freq);
                Explanation::matched(scored.score.score(scored.freq, code), name, vec![freq, tokens])
            }
        };
        let doc = self.first + u64::from(self.doc);
        Explanation::matched(
            inner.value,
            format!("weight({query} in {doc}) [PerFieldSimilarity], result of:"),
            vec![inner],
        )
    }

    fn boolean(&self, weight: &Weight, clauses: &BoolWeight) -> Outcome<Explanation> {
        if let Some(only) = sole_filter(clauses) {
            return self.filter_alone(weight, clauses, only);
        }
        let mut details = Vec::new();
        let (mut failed, mut matching) = (false, 0u32);
        for part in &clauses.must {
            let one = self.weight(part)?;
            if one.matched {
                details.push(one);
            } else {
                failed = true;
                details.push(Explanation::unmatched(
                    format!("no match on required clause ({})", notation::query(part)),
                    vec![one],
                ));
            }
        }
        for part in &clauses.should {
            let one = self.weight(part)?;
            if one.matched {
                matching += 1;
                details.push(one);
            }
        }
        for part in &clauses.filter {
            if self.matches(part)? {
                let match_of = vec![
                    Explanation::matched(0.0, "# clause", Vec::new()),
                    Explanation::matched(1.0, notation::bare(part), Vec::new()),
                ];
                details.push(Explanation::matched(0.0, "match on required clause, product of:", match_of));
            } else {
                failed = true;
                let one = self.constant(part)?;
                details.push(Explanation::unmatched(
                    format!("no match on required clause ({})", notation::bare(part)),
                    vec![one],
                ));
            }
        }
        for part in &clauses.must_not {
            if self.matches(part)? {
                failed = true;
                let one = Explanation::matched(1.0, notation::bare(part), Vec::new());
                details.push(Explanation::unmatched(
                    format!("match on prohibited clause ({})", notation::bare(part)),
                    vec![one],
                ));
            }
        }
        self.verdict(weight, clauses, details, (failed, matching))
    }

    fn verdict(
        &self,
        weight: &Weight,
        clauses: &BoolWeight,
        mut details: Vec<Explanation>,
        (failed, matching): (bool, u32),
    ) -> Outcome<Explanation> {
        let nothing_required = clauses.must.is_empty() && clauses.filter.is_empty();
        if failed {
            return Ok(Explanation::unmatched(
                "Failure to meet condition(s) of required/prohibited clause(s)",
                details,
            ));
        }
        if nothing_required && !clauses.should.is_empty() && matching == 0 {
            return Ok(Explanation::unmatched("No matching clauses", details));
        }
        if matching < clauses.minimum {
            let reason = format!("Failure to match minimum number of optional clauses: {}", clauses.minimum);
            return Ok(Explanation::unmatched(reason, details));
        }
        if nothing_required && clauses.should.is_empty() {
            let match_of =
                vec![Explanation::matched(0.0, "# clause", Vec::new()), Explanation::matched(1.0, "*:*", Vec::new())];
            details.push(Explanation::matched(0.0, "match on required clause, product of:", match_of));
        }
        let score = self.score(&mut *self.leaf.scorer(weight)?)?.unwrap_or(0.0);
        Ok(Explanation::matched(score, "sum of:", details))
    }

    /// A single filter is shown as the query that Lucene makes of it.
    fn filter_alone(&self, weight: &Weight, clauses: &BoolWeight, only: &Weight) -> Outcome<Explanation> {
        let boost = clauses.must.first().map_or(0.0, |all| all.boost);
        let text = format!("ConstantScore({})", notation::bare(only));
        Ok(if self.matches(weight)? {
            let suffix = if boost == 1.0 { String::new() } else { format!("^{boost:?}") };
            Explanation::matched(boost, format!("{text}{suffix}"), Vec::new())
        } else {
            Explanation::unmatched(format!("{text} doesn't match id {}", self.first + u64::from(self.doc)), Vec::new())
        })
    }

    fn boosting(&self, weight: &Weight, (positive, negative, factor): (&Weight, &Weight, f32)) -> Outcome<Explanation> {
        let base = self.weight(positive)?;
        if !base.matched {
            return Ok(base);
        }
        let description = format!("weight({}), result of:", notation::query(weight));
        if !self.matches(negative)? {
            return Ok(Explanation::matched(base.value, description, vec![base]));
        }
        let value = base.value * factor;
        let matched_by = format!("Matched boosting query score({})", notation::constant(negative));
        let product = vec![base, Explanation::matched(factor, matched_by, Vec::new())];
        Ok(Explanation::matched(value, description, vec![Explanation::matched(value, "product of:", product)]))
    }

    fn dis_max(&self, weight: &Weight, parts: &[Weight], tie_breaker: f32) -> Outcome<Explanation> {
        let all = parts.iter().map(|part| self.weight(part)).collect::<Outcome<Vec<_>>>()?;
        let Some(score) = self.score(&mut *self.leaf.scorer(weight)?)? else {
            return Ok(Explanation::unmatched("No matching clause", all));
        };
        let description = if tie_breaker == 0.0 {
            "max of:".to_owned()
        } else {
            format!("max plus {tie_breaker:?} times others of:")
        };
        Ok(Explanation::matched(score, description, all.into_iter().filter(|part| part.matched).collect()))
    }
}

/// BM25 of a term or phrase.
fn bm25(scored: &Scored<'_>, parameters: Bm25, code: u8) -> Explanation {
    let Scored { score, boost, doc_freqs, freq, freq_name } = scored;
    let value = score.score(*freq, code);
    let scale = &score.scale;
    let boost = scale.boost(*boost);
    let mut details = Vec::new();
    if boost != 1.0 {
        details.push(Explanation::matched(boost, "boost", Vec::new()));
    }
    let idf = |doc_freq: u64| {
        let counts = vec![
            Explanation::count(doc_freq.min(scale.doc_count), "n, number of documents containing term"),
            Explanation::count(scale.doc_count, "N, total number of documents with field"),
        ];
        Explanation::matched(scale.idf(doc_freq), "idf, computed as log(1 + (N - n + 0.5) / (n + 0.5)) from:", counts)
    };
    match doc_freqs {
        [one] => details.push(idf(*one)),
        many => {
            let parts: Vec<Explanation> = many.iter().map(|&doc_freq| idf(doc_freq)).collect();
            let sum: f64 = parts.iter().map(|part| f64::from(part.value)).sum();
            details.push(Explanation::matched(sum as f32, "idf, sum of:", parts));
        }
    }
    let approximate = if code > 39 { " (approximate)" } else { "" };
    let tf = vec![
        Explanation::matched(*freq, freq_name.clone(), Vec::new()),
        Explanation::matched(parameters.k1, "k1, term saturation parameter", Vec::new()),
        Explanation::matched(parameters.b, "b, length normalization parameter", Vec::new()),
        Explanation::matched(length(code) as f32, format!("dl, length of field{approximate}"), Vec::new()),
        Explanation::matched(scale.average, "avgdl, average length of field", Vec::new()),
    ];
    let saturation = 1.0 - 1.0 / (1.0 + freq * scale.inverse(code));
    details.push(Explanation::matched(
        saturation,
        "tf, computed as freq / (freq + k1 * (1 - b + b * dl / avgdl)) from:",
        tf,
    ));
    Explanation::matched(value, format!("score(freq={freq:?}), computed as boost * idf * tf from:"), details)
}

/// The one filter of a query that has nothing else, or only a match_all beside it.
fn sole_filter(clauses: &BoolWeight) -> Option<&Weight> {
    let lonely = clauses.should.is_empty() && clauses.must_not.is_empty();
    let constant = match clauses.must.as_slice() {
        [] => true,
        [one] => matches!(one.kind, Kind::All),
        _ => false,
    };
    match clauses.filter.as_slice() {
        [one] if lonely && constant => Some(one),
        _ => None,
    }
}
