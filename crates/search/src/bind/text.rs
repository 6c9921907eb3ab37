//! Analysed text about one field: words, alternatives, phrases, prefixes.

use analysis::{Analyzer, Token};
use model::error::{Error, ErrorKind};
use model::mapping::{Field, FieldKind, Variant};
use model::query::full_text::{Fuzziness, FuzzyOptions, Operator, ZeroTerms};
use model::query::term_level::Pattern as Asked;
use serde_json::Value;

use super::fault::{Fault, Outcome};
use super::graph::{Stretch, TokenGraph, TooManyWays, Way};
use super::pattern::Near;
use super::target::{Target, has_positions, searchable};
use super::term::bytes;
use super::{Binder, by_frequency, limits, unmapped};
use crate::bound::{BoundBool, BoundKind, BoundQuery, Phrase, PhrasePosition};
use crate::suggest::analyze::of_variant;

/// What becomes of the words of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Each a clause.
    Words,
    /// Each a clause, the last one a prefix.
    WordsAndPrefix,
    Phrase,
    PhrasePrefix,
}

impl Form {
    fn is_phrase(self) -> bool {
        matches!(self, Self::Phrase | Self::PhrasePrefix)
    }
}

/// How a text is analysed and put together.
#[derive(Clone, Debug)]
pub(super) struct Reading<'q> {
    /// The query's kind, for messages.
    pub(super) owner: &'static str,
    pub(super) form: Form,
    pub(super) operator: Operator,
    pub(super) analyzer: Option<&'q str>,
    pub(super) lenient: bool,
    pub(super) fuzziness: Option<Fuzziness>,
    pub(super) fuzzy: &'q FuzzyOptions,
    /// Synonyms of several words match as phrases.
    pub(super) synonym_phrases: bool,
    pub(super) slop: u32,
    pub(super) max_expansions: u32,
    /// From how many documents on a word is frequent, where that matters.
    pub(super) cutoff: Option<f32>,
}

impl<'q> Reading<'q> {
    /// Of words as they stand, any of them.
    pub(super) fn plain(owner: &'static str, form: Form, analyzer: Option<&'q str>, fuzzy: &'q FuzzyOptions) -> Self {
        Self {
            owner,
            form,
            operator: Operator::Or,
            analyzer,
            lenient: false,
            fuzziness: None,
            fuzzy,
            synonym_phrases: true,
            slop: 0,
            max_expansions: fuzzy.max_expansions,
            cutoff: None,
        }
    }
}

/// How a field cuts the text of a query.
pub(super) enum Cut {
    /// Not at all: the whole text is one value.
    Whole,
    Analyzer(Analyzer),
}

/// Boolean clauses under one operator.
pub(super) fn joined(clauses: Vec<BoundQuery>, operator: Operator) -> BoundQuery {
    BoundQuery::new(BoundKind::Bool(match operator {
        Operator::And => BoundBool { must: clauses, ..BoundBool::default() },
        Operator::Or => BoundBool { should: clauses, minimum_should_match: 1, ..BoundBool::default() },
    }))
}

/// What a text without any token matches.
pub(super) fn zero_terms(zero_terms: ZeroTerms) -> BoundQuery {
    match zero_terms {
        ZeroTerms::All => BoundQuery::new(BoundKind::MatchAll),
        ZeroTerms::None => BoundQuery::match_none("Matching no documents because no terms present"),
    }
}

impl Binder<'_> {
    /// What `text` means in the field `name`; `None`: it has no token there.
    pub(super) fn text(&self, name: &str, text: &str, reading: &Reading<'_>) -> Outcome<Option<BoundQuery>> {
        let target = self.target(name);
        if matches!(target, Target::Nothing) {
            return Ok(Some(unmapped(name)));
        }
        let silent = matches!(target, Target::Field(field) if field.variant == Variant::MatchOnlyText);
        let mut bound = self.text_of(name, &target, text, reading)?;
        if silent && let Some(bound) = &mut bound {
            bound.silence();
        } else if let (Form::Words, Some(cutoff), Some(bound)) = (reading.form, reading.cutoff, &mut bound) {
            by_frequency::split(bound, cutoff);
        }
        Ok(bound)
    }

    fn text_of(
        &self,
        name: &str,
        target: &Target<'_>,
        text: &str,
        reading: &Reading<'_>,
    ) -> Outcome<Option<BoundQuery>> {
        let field = Words { binder: self, name, target, reading };
        match self.cut(target, reading)? {
            Cut::Whole => field.whole(text).map(Some),
            Cut::Analyzer(analyzer) => {
                let analyzed = analyzer.analyze(text);
                // Something stands behind the last word, be it a space: it was typed to its end.
                let finished = analyzed.tokens.last().is_some_and(|last| last.end_offset < analyzed.end_offset);
                if reading.form == Form::WordsAndPrefix && finished {
                    let complete = Reading { form: Form::Words, ..reading.clone() };
                    return Words { reading: &complete, ..field }.analyzed(&analyzed.tokens);
                }
                field.analyzed(&analyzed.tokens)
            }
        }
    }

    pub(super) fn cut(&self, target: &Target<'_>, reading: &Reading<'_>) -> Outcome<Cut> {
        if let Some(name) = reading.analyzer {
            let missing = || Fault::query_shard(format!("[{}] analyzer [{name}] not found", reading.owner));
            return self.context.analysis.analyzer(name).map(Cut::Analyzer).ok_or_else(missing);
        }
        match target {
            Target::Field(field) if field.kind == FieldKind::Text => {
                self.search_analyzer(field, reading.form.is_phrase()).map(Cut::Analyzer)
            }
            Target::Field(field) if field.kind == FieldKind::Keyword && field.split_queries_on_whitespace => {
                let analyzer = self.context.analysis.analyzer("whitespace");
                Ok(analyzer.map_or(Cut::Whole, Cut::Analyzer))
            }
            _ => Ok(Cut::Whole),
        }
    }

    /// The analyzer of queries on a text field.
    pub(super) fn search_analyzer(&self, field: &Field, quoted: bool) -> Outcome<Analyzer> {
        let named = if quoted { field.search_quote_analyzer.as_deref() } else { None };
        let named = named.or(field.search_analyzer.as_deref()).or(field.analyzer.as_deref());
        let registry = &self.context.analysis;
        let found = match named {
            Some(name) => registry.analyzer(name),
            None => ["default_search", "default", "standard"].into_iter().find_map(|name| registry.analyzer(name)),
        };
        found.map(|analyzer| of_variant(analyzer, field.variant, false)).ok_or_else(|| {
            let name = named.unwrap_or("default");
            Fault::illegal_argument(format!("analyzer [{name}] not found for field [{}]", field.path))
        })
    }

    pub(super) fn too_many_ways(&self) -> Fault {
        let most = self.context.settings.max_clause_count;
        Fault::Create(Error::new(ErrorKind::TooManyBooleanClauses, format!("maxClauseCount is set to {most}")))
    }
}

/// The words of one text in one field.
struct Words<'w> {
    binder: &'w Binder<'w>,
    name: &'w str,
    target: &'w Target<'w>,
    reading: &'w Reading<'w>,
}

impl Words<'_> {
    fn forgiving(&self, bind: impl FnOnce() -> Outcome<BoundQuery>) -> Outcome<BoundQuery> {
        self.binder.forgiving(self.reading.lenient, self.name, bind)
    }

    fn most(&self) -> usize {
        self.binder.context.settings.max_clause_count as usize
    }

    /// The text as one value.
    fn whole(&self, text: &str) -> Outcome<BoundQuery> {
        match self.reading.form {
            Form::PhrasePrefix => self.forgiving(|| Err(self.no_phrase_prefix())),
            Form::WordsAndPrefix if self.takes_prefixes() => self.prefix(text),
            Form::Phrase => self.forgiving(|| self.binder.term(self.target, &Value::from(text))),
            _ => self.word(text),
        }
    }

    fn takes_prefixes(&self) -> bool {
        match self.target {
            Target::Field(field) => {
                matches!(field.kind, FieldKind::Text | FieldKind::Keyword | FieldKind::Binary)
            }
            _ => false,
        }
    }

    fn no_phrase_prefix(&self) -> Fault {
        let (name, kind) = (self.name, self.target.type_name());
        Fault::illegal_argument(format!(
            "Can only use phrase prefix queries on text fields - not on [{name}] which is of type [{kind}]"
        ))
    }

    fn no_positions(&self) -> Fault {
        let reason = format!("field:[{}] was indexed without position data; cannot run PhraseQuery", self.name);
        Fault::Create(Error::new(ErrorKind::IllegalState, reason))
    }

    fn analyzed(&self, tokens: &[Token]) -> Outcome<Option<BoundQuery>> {
        let all: Vec<&Token> = tokens.iter().collect();
        let phrase = self.reading.form.is_phrase();
        let graph = tokens.iter().any(|token| token.position_length > 1);
        Ok(Some(match tokens {
            [] => return Ok(None),
            _ if self.reading.form == Form::PhrasePrefix && self.target.text().is_none() => {
                let fault = if tokens.len() > 1 { self.no_positions() } else { self.no_phrase_prefix() };
                self.forgiving(|| Err(fault))?
            }
            [one] if self.reading.form != Form::PhrasePrefix => self.last_word(&one.text)?,
            _ if graph && phrase => self.graph_phrase(tokens)?,
            _ if graph => self.graph_words(tokens)?,
            [first, rest @ ..] if rest.iter().all(|token| token.position == first.position) => {
                if self.reading.form == Form::PhrasePrefix {
                    self.phrase(&ordered(&all))?
                } else {
                    self.alternatives(&all)?
                }
            }
            _ if phrase => self.phrase(&ordered(&all))?,
            _ => self.words(&all)?,
        }))
    }

    /// The last of several words, or the only one.
    fn last_word(&self, text: &str) -> Outcome<BoundQuery> {
        match self.reading.form {
            Form::WordsAndPrefix => self.prefix(text),
            _ => self.word(text),
        }
    }

    fn word(&self, text: &str) -> Outcome<BoundQuery> {
        self.forgiving(|| match self.reading.fuzziness {
            Some(fuzziness) if !self.reading.form.is_phrase() => {
                self.binder.fuzzy(self.name, self.target, text, Near { fuzziness, options: self.reading.fuzzy })
            }
            _ => self.binder.term(self.target, &Value::from(text)),
        })
    }

    fn prefix(&self, text: &str) -> Outcome<BoundQuery> {
        let asked = plain_pattern(self.name, text);
        self.forgiving(|| self.binder.prefix(self.name, self.target, &asked))
    }

    /// One word or alternatives at one position.
    fn alternatives(&self, tokens: &[&Token]) -> Outcome<BoundQuery> {
        let Some(field) = self.target.text().filter(|_| tokens.len() > 1) else {
            let clauses: Outcome<Vec<BoundQuery>> = tokens.iter().map(|token| self.word(&token.text)).collect();
            let mut clauses = clauses?;
            return match clauses.len() {
                1 => Ok(clauses.remove(0)),
                _ => Ok(joined(clauses, Operator::Or)),
            };
        };
        self.forgiving(|| {
            searchable(field)?;
            let mut terms: Vec<_> = tokens.iter().map(|token| bytes(&token.text)).collect();
            terms.sort();
            let kind = BoundKind::Synonyms(field.path.clone(), terms);
            Ok(BoundQuery { boost: field.boost, ..BoundQuery::new(kind) })
        })
    }

    fn words(&self, tokens: &[&Token]) -> Outcome<BoundQuery> {
        let mut clauses = Vec::new();
        let mut rest = tokens;
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|token| token.position == first.position).count();
            let (here, behind) = rest.split_at(same);
            rest = behind;
            clauses.push(match here {
                [last] if rest.is_empty() => self.last_word(&last.text)?,
                here => self.alternatives(here)?,
            });
        }
        limits::clauses(clauses.len(), self.binder.context.settings.max_clause_count)?;
        Ok(joined(clauses, self.reading.operator))
    }

    fn phrase(&self, words: &[(u32, &Token)]) -> Outcome<BoundQuery> {
        self.forgiving(|| {
            let Target::Field(field) = self.target else { return Err(self.no_positions()) };
            let mut positions: Vec<PhrasePosition> = Vec::new();
            for (position, token) in words {
                match positions.last_mut() {
                    Some(last) if last.position == *position => last.terms.push(bytes(&token.text)),
                    _ => positions.push(PhrasePosition { position: *position, terms: vec![bytes(&token.text)] }),
                }
            }
            if positions.len() > 1 && !has_positions(self.target) {
                return Err(self.no_positions());
            }
            let expansions = match field.variant {
                // Beginnings of such words are words of their own: all of them are found.
                Variant::SearchAsYouType | Variant::Shingles(_) if self.reading.slop == 0 => {
                    self.binder.context.settings.max_clause_count
                }
                _ => self.reading.max_expansions.max(1),
            };
            Ok(BoundQuery::new(BoundKind::Phrase(Phrase {
                field: field.path.clone(),
                positions,
                slop: self.reading.slop,
                prefix_expansions: (self.reading.form == Form::PhrasePrefix).then_some(expansions),
            })))
        })
    }

    /// One way through a graph: a word, or a phrase.
    fn way_as_phrase(&self, way: &Way<'_>) -> Outcome<BoundQuery> {
        match way.as_slice() {
            [(_, one)] if self.reading.form != Form::PhrasePrefix => self.word(&one.text),
            words => self.phrase(words),
        }
    }

    /// Several ways to say a phrase: any of them.
    fn graph_phrase(&self, tokens: &[Token]) -> Outcome<BoundQuery> {
        let ways = TokenGraph::new(tokens).ways(self.most()).map_err(|TooManyWays| self.binder.too_many_ways())?;
        let clauses: Outcome<Vec<BoundQuery>> = ways.iter().map(|way| self.way_as_phrase(way)).collect();
        Ok(joined(clauses?, Operator::Or))
    }

    fn graph_words(&self, tokens: &[Token]) -> Outcome<BoundQuery> {
        let graph = TokenGraph::new(tokens);
        let stretches = graph.stretches(self.most()).map_err(|TooManyWays| self.binder.too_many_ways())?;
        let last = stretches.len().saturating_sub(1);
        let mut clauses = Vec::with_capacity(stretches.len());
        for (at, stretch) in stretches.iter().enumerate() {
            clauses.push(match stretch {
                Stretch::Words(words) => match words.as_slice() {
                    [one] if at == last => self.last_word(&one.text)?,
                    words => self.alternatives(words)?,
                },
                Stretch::Ways(ways) => self.side_ways(ways, at == last)?,
            });
        }
        limits::clauses(clauses.len(), self.binder.context.settings.max_clause_count)?;
        Ok(joined(clauses, self.reading.operator))
    }

    /// Synonyms of different lengths, as phrases or as words that must all be there.
    fn side_ways(&self, ways: &[Way<'_>], last: bool) -> Outcome<BoundQuery> {
        let prefix = last && self.reading.form == Form::WordsAndPrefix;
        let form = if prefix { Form::PhrasePrefix } else { Form::Phrase };
        let as_phrase = Reading { form, slop: 0, ..self.reading.clone() };
        let phrases = Words { reading: &as_phrase, ..*self };
        let mut clauses = Vec::with_capacity(ways.len());
        for way in ways {
            clauses.push(match way.as_slice() {
                [(_, one)] => {
                    if prefix {
                        self.prefix(&one.text)?
                    } else {
                        self.word(&one.text)?
                    }
                }
                words if self.reading.synonym_phrases => phrases.phrase(words)?,
                words => {
                    let all: Outcome<Vec<BoundQuery>> = words.iter().map(|(_, token)| self.word(&token.text)).collect();
                    joined(all?, Operator::And)
                }
            });
        }
        Ok(joined(clauses, Operator::Or))
    }
}

fn ordered<'t>(tokens: &[&'t Token]) -> Way<'t> {
    tokens.iter().map(|token| (token.position, *token)).collect()
}

/// A pattern without options.
pub(super) fn plain_pattern(field: &str, pattern: &str) -> Asked {
    Asked {
        field: field.to_owned(),
        pattern: pattern.to_owned(),
        case_insensitive: false,
        rewrite: None,
        flags: None,
        max_determinized_states: 10_000,
    }
}
