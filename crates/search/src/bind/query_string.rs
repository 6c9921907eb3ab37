//! `query_string` and `simple_query_string`: the clauses that the dialect read, bound.

use model::error::{Error, ErrorKind};
use model::query::full_text::{Fuzziness, FuzzyOptions, MultiMatchKind, ZeroTerms};
use model::query::query_string::{Clause, Occur, QueryString, RangeEnd, SimpleQueryString, StringOptions};
use model::query::term_level::{self, Pattern as Asked, Range};
use serde_json::Value;

use super::compound::all_but;
use super::fault::{Fault, Outcome};
use super::fields::{Weighted, is_everything};
use super::multi_match::{Together, boosted, form};
use super::pattern::{Near, each_literal};
use super::target::Target;
use super::text::{Form, Reading, joined, plain_pattern};
use super::{Binder, best_of, limits, minimum, unmapped};
use crate::bound::{BoundBool, BoundKind, BoundQuery};

/// One query string: its options, and the fields of what names none.
struct Strings<'s> {
    binder: Binder<'s>,
    fields: Vec<Weighted>,
    reading: Reading<'s>,
    quoted: Reading<'s>,
    together: Together<'s>,
    quoted_tie: Option<f32>,
    fuzziness: Fuzziness,
    rewrite: Option<&'s str>,
    time_zone: Option<&'s str>,
    quote_suffix: Option<&'s str>,
    analyze_wildcard: bool,
    /// The language of `query_string`: purely negative groups mean "all but these".
    classic: bool,
}

/// Which of a field's texts: the pattern of a prefix, of a wildcard, of a regular expression.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Prefix,
    Wildcard,
    Regexp,
}

impl Binder<'_> {
    /// The list of a query or the index' default, and whether mistakes of type are to be forgiven.
    fn listed(&self, list: &[(String, f32)], options: &StringOptions) -> (Vec<(String, f32)>, bool) {
        let list: Vec<(String, f32)> = match list {
            [] => self.context.settings.default_field.iter().map(|name| (name.clone(), 1.0)).collect(),
            list => list.to_vec(),
        };
        let lenient = is_everything(&list) || self.context.settings.query_string_lenient;
        (list, options.lenient.unwrap_or(lenient))
    }

    pub(super) fn query_string(&self, query: &QueryString) -> Outcome<BoundQuery> {
        if query.fields.is_empty() && query.syntax.is_bare() {
            self.context
                .settings
                .default_field
                .iter()
                .filter(|name| name.contains('*'))
                .for_each(|name| self.note(name));
        }
        let (list, lenient) = self.listed(&query.fields, &query.options);
        let reading = Reading {
            owner: "query_string",
            form: form(query.kind),
            operator: query.options.default_operator,
            analyzer: query.options.analyzer.as_deref(),
            lenient,
            fuzziness: None,
            fuzzy: &query.fuzzy,
            synonym_phrases: query.options.auto_generate_synonyms_phrase_query,
            slop: query.phrase_slop,
            max_expansions: query.fuzzy.max_expansions,
            cutoff: None,
        };
        let quote_analyzer = query.quote_analyzer.as_deref().or(query.options.analyzer.as_deref());
        let quoted = Reading { form: Form::Phrase, analyzer: quote_analyzer, ..reading.clone() };
        let together = Together {
            kind: query.kind,
            tie_breaker: query.tie_breaker,
            minimum_should_match: None,
            zero_terms: ZeroTerms::None,
        };
        let strings = Strings {
            binder: *self,
            fields: self.fields(&list, None)?,
            reading,
            quoted,
            together,
            quoted_tie: query.tie_breaker,
            fuzziness: query.fuzziness,
            rewrite: query.rewrite.as_deref(),
            time_zone: query.time_zone.as_deref(),
            quote_suffix: query.quote_field_suffix.as_deref(),
            analyze_wildcard: query.analyze_wildcard,
            classic: true,
        };
        strings.check_analyzers()?;
        let names: Vec<&str> = list.iter().map(|(name, _)| name.as_str()).collect();
        let found = strings.clause(&query.syntax, Scope { field: None, names: &names, depth: self.depth })?;
        let mut bound =
            found.unwrap_or_else(|| BoundQuery::match_none("Matching no documents because no terms present"));
        minimum::apply(&mut bound, query.options.minimum_should_match.as_deref())?;
        Ok(bound)
    }

    pub(super) fn simple_query_string(&self, query: &SimpleQueryString) -> Outcome<BoundQuery> {
        let (list, lenient) = self.listed(&query.fields, &query.options);
        let reading = Reading {
            owner: "simple_query_string",
            form: Form::Words,
            operator: query.options.default_operator,
            analyzer: query.options.analyzer.as_deref(),
            lenient,
            fuzziness: None,
            fuzzy: &query.fuzzy,
            synonym_phrases: query.options.auto_generate_synonyms_phrase_query,
            slop: 0,
            max_expansions: query.fuzzy.max_expansions,
            cutoff: None,
        };
        let quoted = Reading { form: Form::Phrase, ..reading.clone() };
        let strings = Strings {
            binder: *self,
            fields: self.fields(&list, None)?,
            reading,
            quoted,
            together: Together {
                kind: MultiMatchKind::MostFields,
                tie_breaker: None,
                minimum_should_match: None,
                zero_terms: ZeroTerms::None,
            },
            quoted_tie: None,
            fuzziness: Fuzziness::Edits(2),
            rewrite: None,
            time_zone: None,
            quote_suffix: query.quote_field_suffix.as_deref(),
            analyze_wildcard: query.analyze_wildcard,
            classic: false,
        };
        strings.check_analyzers()?;
        let found = strings.clause(&query.syntax, Scope { field: None, names: &[], depth: self.depth })?;
        let mut bound = found.unwrap_or_else(|| BoundQuery::match_none("empty string passed to query parser"));
        minimum::apply(&mut bound, query.options.minimum_should_match.as_deref())?;
        Ok(bound)
    }
}

/// Where in the string a clause stands.
#[derive(Clone, Copy)]
struct Scope<'c> {
    /// The field (or pattern) that the clause is about.
    field: Option<&'c str>,
    /// The names in the list of fields, for messages.
    names: &'c [&'c str],
    depth: u32,
}

impl Strings<'_> {
    fn check_analyzers(&self) -> Outcome<()> {
        for name in [self.reading.analyzer, self.quoted.analyzer].into_iter().flatten() {
            if self.binder.context.analysis.analyzer(name).is_none() {
                return Err(Fault::query_shard(format!("[{}] analyzer [{name}] not found", self.reading.owner)));
            }
        }
        Ok(())
    }

    /// `None`: nothing is left of the clause once it is analysed.
    fn clause(&self, clause: &Clause, scope: Scope<'_>) -> Outcome<Option<BoundQuery>> {
        let depth = Binder { depth: scope.depth, ..self.binder }.deeper()?.depth;
        let scope = Scope { depth, ..scope };
        match clause {
            Clause::Empty => Ok(None),
            Clause::All => Ok(Some(BoundQuery::new(BoundKind::MatchAll))),
            Clause::Group(members) => self.group(members, scope),
            Clause::Boosted(inner, factor) => {
                Ok(self.clause(inner, scope)?.map(|found| BoundQuery { boost: found.boost * factor, ..found }))
            }
            Clause::Field(name, inner) => self.clause(inner, Scope { field: Some(name), ..scope }),
            Clause::Text(text) => self.text(text, scope, false, None),
            Clause::Phrase { text, slop } => self.text(text, scope, true, *slop),
            Clause::Fuzzy { text, edits } => self.fuzzy(text, edits.unwrap_or(self.fuzziness), scope),
            Clause::Prefix(text) => self.pattern(text, Shape::Prefix, scope),
            Clause::Wildcard(text) if text == "*" => self.present(scope),
            Clause::Wildcard(text) => self.pattern(text, Shape::Wildcard, scope),
            Clause::Regexp(text) => self.pattern(text, Shape::Regexp, scope),
            Clause::Range { lower, upper } => self.range(lower.as_ref(), upper.as_ref(), scope),
            Clause::Exists(name) => self.exists(name).map(Some),
        }
    }

    fn group(&self, members: &[(Occur, Clause)], scope: Scope<'_>) -> Outcome<Option<BoundQuery>> {
        if let ([(Occur::MustNot, excluded), (Occur::Should, Clause::All)], false) = (members, self.classic) {
            // "All but nothing" is nothing of the text.
            if self.clause(excluded, scope)?.is_none() {
                return Ok(None);
            }
        }
        let mut clauses = BoundBool::default();
        for (occur, member) in members {
            let Some(found) = self.clause(member, scope)? else { continue };
            let spread = self.classic && matches!(member, Clause::Text(text) if text.contains(char::is_whitespace));
            match (found.kind, occur) {
                (BoundKind::Bool(words), Occur::Should | Occur::Must) if spread && found.boost == 1.0 => {
                    clauses.must.extend(words.must);
                    clauses.should.extend(words.should);
                }
                (kind, occur) => {
                    let found = BoundQuery { kind, ..BoundQuery { kind: BoundKind::MatchAll, ..found } };
                    match occur {
                        Occur::Should => clauses.should.push(found),
                        Occur::Must => clauses.must.push(found),
                        Occur::MustNot => clauses.must_not.push(found),
                    }
                }
            }
        }
        let count = clauses.must.len() + clauses.should.len() + clauses.must_not.len();
        self.check_clauses(count)?;
        if count == 0 {
            return Ok(None);
        }
        let alone = count == 1 && (members.len() == 1 || !self.classic);
        if alone && clauses.should.len() == 1 {
            return Ok(clauses.should.pop());
        }
        clauses.minimum_should_match = u32::from(clauses.must.is_empty() && !clauses.should.is_empty());
        if self.classic {
            all_but(&mut clauses);
        }
        Ok(Some(BoundQuery::new(BoundKind::Bool(clauses))))
    }

    fn check_clauses(&self, count: usize) -> Outcome<()> {
        let checked = limits::clauses(count, self.binder.context.settings.max_clause_count);
        match checked {
            Err(Fault::Create(cause)) if self.classic => {
                let parse = Error::new(ErrorKind::QueryParse, "Cannot parse the query: too many boolean clauses")
                    .with_cause(cause);
                Err(Fault::AsIs(Error::new(ErrorKind::QueryShard, "Failed to parse query").with_cause(parse)))
            }
            checked => checked,
        }
    }

    fn scoped(&self, scope: Scope<'_>, quoted: bool) -> Outcome<Vec<Weighted>> {
        let suffix = self.quote_suffix.filter(|_| quoted);
        match scope.field {
            Some(name) => {
                let mut fields = self.binder.fields(&[(name.to_owned(), 1.0)], suffix)?;
                // Places cannot be written in this language.
                let place = |target: Target<'_>| matches!(target, Target::Field(f) if f.kind.is_geo());
                fields.retain(|(name, _)| !place(self.binder.target(name)));
                Ok(fields)
            }
            None if suffix.is_some() => {
                let list: Vec<(String, f32)> =
                    self.fields.iter().map(|(name, factor)| (name.to_string(), *factor)).collect();
                self.binder.fields(&list, suffix)
            }
            None => Ok(self.fields.clone()),
        }
    }

    fn unmapped(&self, scope: Scope<'_>) -> BoundQuery {
        match (scope.field, scope.names) {
            (Some(name), _) => unmapped(name),
            (None, [name]) => unmapped(name),
            _ => unmapped(""),
        }
    }

    fn text(&self, text: &str, scope: Scope<'_>, quoted: bool, slop: Option<u32>) -> Outcome<Option<BoundQuery>> {
        let fields = self.scoped(scope, quoted)?;
        if fields.is_empty() {
            return Ok(Some(self.unmapped(scope)));
        }
        let mut reading = if quoted { self.quoted.clone() } else { self.reading.clone() };
        let mut together = self.together;
        if quoted {
            reading.slop = slop.unwrap_or(reading.slop);
            together.kind = MultiMatchKind::Phrase;
            together.tie_breaker = self.quoted_tie;
        }
        let found = self.binder.in_fields(&fields, text, together, &reading);
        found.map_err(|fault| match fault {
            Fault::Create(error) if error.kind == ErrorKind::TooManyBooleanClauses => {
                self.check_clauses(usize::MAX).err().unwrap_or(Fault::Create(error))
            }
            other => other,
        })
    }

    /// One query a field, the best of them. `None` from all: nothing is left.
    fn each(
        &self,
        scope: Scope<'_>,
        bind: impl Fn(&str, &Target<'_>) -> Outcome<Option<BoundQuery>>,
    ) -> Outcome<Option<BoundQuery>> {
        let fields = self.scoped(scope, false)?;
        if fields.is_empty() {
            return Ok(Some(self.unmapped(scope)));
        }
        let mut queries = Vec::with_capacity(fields.len());
        for (name, factor) in &fields {
            let target = self.binder.target(name);
            let mut left = true;
            let bound = self.binder.forgiving(self.reading.lenient, name, || {
                let found = bind(name, &target)?;
                left = found.is_some();
                Ok(found.unwrap_or_else(|| BoundQuery::match_none("")))
            })?;
            if left {
                queries.push(boosted(bound, *factor));
            }
        }
        Ok(best_of(queries, self.together.tie_breaker()))
    }

    fn fuzzy(&self, text: &str, fuzziness: Fuzziness, scope: Scope<'_>) -> Outcome<Option<BoundQuery>> {
        let options: &FuzzyOptions = self.reading.fuzzy;
        self.each(scope, |name, target| {
            let normal = self.normal(target, text)?;
            self.binder.fuzzy(name, target, &normal, Near { fuzziness, options }).map(Some)
        })
    }

    fn pattern(&self, text: &str, shape: Shape, scope: Scope<'_>) -> Outcome<Option<BoundQuery>> {
        self.each(scope, |name, target| {
            if self.analyze_wildcard && shape == Shape::Prefix && target.text().is_some() {
                return self.analyzed_prefix(name, target, &unescaped(text));
            }
            let asked =
                |pattern: String| Asked { rewrite: self.rewrite.map(str::to_owned), ..plain_pattern(name, &pattern) };
            match shape {
                Shape::Prefix => self.binder.prefix(name, target, &asked(self.normal(target, text)?)),
                Shape::Wildcard => {
                    let normal = each_literal(text, |part| self.normal(target, part))?;
                    self.binder.wildcard(name, target, &asked(normal))
                }
                Shape::Regexp => self.binder.regexp(name, target, &asked(self.normal(target, text)?)),
            }
            .map(Some)
        })
    }

    /// `analyze_wildcard`: the tokens of the text, the last one as a prefix.
    fn analyzed_prefix(&self, name: &str, target: &Target<'_>, text: &str) -> Outcome<Option<BoundQuery>> {
        let Some(field) = target.text() else { return Ok(None) };
        let tokens = self.analyzer(field)?.tokens(text);
        let last = tokens.len().saturating_sub(1);
        let mut clauses = Vec::with_capacity(tokens.len());
        for (at, token) in tokens.iter().enumerate() {
            clauses.push(match at == last {
                true => self.binder.prefix(name, target, &plain_pattern(name, &token.text))?,
                false => self.binder.term(target, &Value::from(token.text.as_str()))?,
            });
        }
        Ok(match clauses.len() {
            0 | 1 => clauses.pop(),
            _ => Some(joined(clauses, self.reading.operator)),
        })
    }

    fn range(
        &self,
        lower: Option<&RangeEnd>,
        upper: Option<&RangeEnd>,
        scope: Scope<'_>,
    ) -> Outcome<Option<BoundQuery>> {
        self.each(scope, |name, target| {
            let bound = |end: Option<&RangeEnd>| -> Outcome<Option<term_level::Bound>> {
                let Some(end) = end else { return Ok(None) };
                let text = self.normal(target, &end.text)?;
                Ok(Some(term_level::Bound { value: Value::from(text), inclusive: end.inclusive }))
            };
            let range = Range {
                field: name.to_owned(),
                lower: bound(lower)?,
                upper: bound(upper)?,
                format: None,
                time_zone: self.time_zone.map(str::to_owned),
                relation: None,
            };
            if range.lower.is_none() && range.upper.is_none() {
                return self.binder.exists(name).map(Some);
            }
            self.binder.range(target, &range).map(Some)
        })
    }

    /// `*` about listed fields: a value in any of them.
    fn present(&self, scope: Scope<'_>) -> Outcome<Option<BoundQuery>> {
        match scope.field {
            Some(name) => self.exists(name).map(Some),
            None => self.each(scope, |name, _| self.binder.exists(name).map(Some)),
        }
    }

    fn exists(&self, name: &str) -> Outcome<BoundQuery> {
        let found = self.binder.exists(name)?;
        Ok(match found.kind {
            BoundKind::MatchNone(_) => BoundQuery::match_none(format!("unmapped field:{name}")),
            _ => found,
        })
    }

    fn analyzer(&self, field: &model::mapping::Field) -> Outcome<analysis::Analyzer> {
        match self.reading.analyzer.and_then(|name| self.binder.context.analysis.analyzer(name)) {
            Some(analyzer) => Ok(analyzer),
            None => self.binder.search_analyzer(field, false),
        }
    }

    /// A part of a word in the form that the field's analyzer gives letters. Keywords are normalised where they are sought.
    fn normal(&self, target: &Target<'_>, text: &str) -> Outcome<String> {
        match target.text() {
            Some(field) => Ok(normalized(&self.analyzer(field)?, text)),
            None => Ok(text.to_owned()),
        }
    }
}

/// What the analyzer does to letters whatever word they stand in: lower case, accents taken off.
fn normalized(analyzer: &analysis::Analyzer, text: &str) -> String {
    let single = |letter: &str| match analyzer.tokens(letter).as_slice() {
        [token] => Some(token.text.clone()),
        _ => None,
    };
    let lowers = single("X").as_deref() == Some("x");
    let folds = single("\u{f6}").as_deref() == Some("o");
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if folds && !c.is_ascii() && c.is_alphanumeric() {
            out.push_str(&single(c.encode_utf8(&mut [0; 4])).unwrap_or_else(|| c.to_string()));
        } else if lowers {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    out
}
