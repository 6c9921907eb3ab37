//! Patterns over the terms of a field: `prefix`, `wildcard`, `regexp`, `fuzzy`; and the form in which a field's values are indexed.

use std::borrow::Cow;

use model::error::Error;
use model::mapping::{Field, FieldKind, Variant};
use model::query::full_text::{Fuzziness, FuzzyOptions};
use model::query::term_level::{Fuzzy, Pattern as Asked};

use super::fault::{Fault, Outcome};
use super::fuzziness::{edits, rewrite};
use super::number::java_text;
use super::target::{Meta, Target, searchable};
use super::{Binder, none_requested};
use crate::bound::{BoundKind, BoundQuery, Expand, FieldName, Pattern, RegexpFlags, Rewrite};

/// A wildcard pattern that stands for `text` alone.
pub(super) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// A field whose terms are strings, and what stands before each of them.
struct Strings<'a> {
    terms: FieldName,
    prefix: String,
    /// Keywords: normalised.
    field: Option<&'a Field>,
}

impl Strings<'_> {
    /// The documents with a term of the pattern, scored as `name` says.
    fn matching(self, pattern: Pattern, name: Option<&str>) -> Outcome<BoundQuery> {
        let found = rewrite(name)?.unwrap_or(Rewrite::Constant);
        let rewrite = if self.alike() { Rewrite::Constant } else { found };
        Ok(expand(self.terms, pattern, rewrite))
    }

    /// Documents of a `wildcard` field, or of one without postings, all score alike.
    fn alike(&self) -> bool {
        self.field.is_some_and(|field| field.variant == Variant::Wildcard || !field.index)
    }
}

/// How near to a text a term must be.
#[derive(Clone, Copy)]
pub(super) struct Near<'q> {
    pub(super) fuzziness: Fuzziness,
    pub(super) options: &'q FuzzyOptions,
}

fn strings<'a>(target: &Target<'a>) -> Outcome<Option<Strings<'a>>> {
    Ok(match target {
        Target::Field(field) => match field.kind {
            FieldKind::Text | FieldKind::Keyword => {
                searchable(field)?;
                Some(Strings { terms: field.path.clone(), prefix: String::new(), field: Some(field) })
            }
            FieldKind::FlatObject => Some(Strings { terms: field.path.clone(), prefix: String::new(), field: None }),
            _ => None,
        },
        Target::Flat(flat) => Some(Strings { terms: flat.storage.clone(), prefix: flat.prefix.clone(), field: None }),
        Target::Meta(meta) if meta.is_keyword() => {
            Some(Strings { terms: meta.name().into(), prefix: String::new(), field: None })
        }
        _ => None,
    })
}

/// The field whose terms are searched; `None`: it has none that are strings of their own.
pub(super) fn terms(target: &Target<'_>) -> Outcome<Option<FieldName>> {
    Ok(strings(target)?.filter(|found| found.prefix.is_empty()).map(|found| found.terms))
}

pub(super) fn only_strings(query: &str, name: &str, target: &Target<'_>) -> Fault {
    let kind = target.type_name();
    Fault::query_shard(format!(
        "Can only use {query} queries on keyword and text fields - not on [{name}] which is of type [{kind}]"
    ))
}

fn expand(field: FieldName, pattern: Pattern, rewrite: Rewrite) -> BoundQuery {
    BoundQuery::new(BoundKind::Expand(Expand { field, pattern, rewrite }))
}

impl Binder<'_> {
    /// A value as a keyword field indexes it; other fields as it is.
    pub(super) fn normalized<'t>(&self, field: &Field, text: &'t str) -> Outcome<Cow<'t, str>> {
        let Some(name) = field.normalizer.as_deref().filter(|_| field.kind == FieldKind::Keyword) else {
            return Ok(Cow::Borrowed(text));
        };
        let normalizer = self.context.analysis.normalizer(name).ok_or_else(|| {
            Fault::from(Error::illegal_argument(format!("normalizer [{name}] not found for field [{}]", field.path)))
        })?;
        normalizer
            .normalize(text)
            .map_err(|why| Fault::from(Error::new(model::error::ErrorKind::IllegalState, why.to_string())))
    }

    /// Like [`Binder::normalized`], leaving the operators of a wildcard pattern alone.
    fn normalized_wildcard(&self, field: &Field, pattern: &str) -> Outcome<String> {
        each_literal(pattern, |part| Ok(self.normalized(field, part)?.into_owned()))
    }

    fn form(&self, strings: &Strings<'_>, text: &str) -> Outcome<String> {
        let normal = strings.field.map_or(Ok(Cow::Borrowed(text)), |field| self.normalized(field, text))?;
        Ok(format!("{}{normal}", strings.prefix))
    }

    pub(super) fn prefix_query(&self, query: &Asked) -> Outcome<BoundQuery> {
        let target = self.target(&query.field);
        self.prefix(&query.field, &target, query)
    }

    pub(super) fn prefix(&self, name: &str, target: &Target<'_>, query: &Asked) -> Outcome<BoundQuery> {
        match target {
            Target::Nothing => return Ok(none_requested()),
            Target::Meta(Meta::Index) => return Ok(self.index_is(self.context.index.name.starts_with(&query.pattern))),
            _ => {}
        }
        let found = strings(target)?.ok_or_else(|| only_strings("prefix", name, target))?;
        let prefix = self.form(&found, &query.pattern)?;
        let pattern = Pattern::Prefix { prefix, case_insensitive: query.case_insensitive };
        found.matching(pattern, query.rewrite.as_deref())
    }

    pub(super) fn wildcard_query(&self, query: &Asked) -> Outcome<BoundQuery> {
        let target = self.target(&query.field);
        self.wildcard(&query.field, &target, query)
    }

    pub(super) fn wildcard(&self, name: &str, target: &Target<'_>, query: &Asked) -> Outcome<BoundQuery> {
        match target {
            Target::Nothing => return Ok(none_requested()),
            Target::Meta(Meta::Index) => {
                let matches = model::mapping::simple_match(&query.pattern, &self.context.index.name);
                return Ok(self.index_is(matches));
            }
            _ => {}
        }
        let found = strings(target)?.ok_or_else(|| only_strings("wildcard", name, target))?;
        let normal = match found.field {
            Some(field) => self.normalized_wildcard(field, &query.pattern)?,
            None => query.pattern.clone(),
        };
        let pattern = format!("{}{normal}", literal(&found.prefix));
        let pattern = Pattern::Wildcard { pattern, case_insensitive: query.case_insensitive };
        found.matching(pattern, query.rewrite.as_deref())
    }

    pub(super) fn regexp_query(&self, query: &Asked) -> Outcome<BoundQuery> {
        let target = self.target(&query.field);
        self.regexp(&query.field, &target, query)
    }

    pub(super) fn regexp(&self, name: &str, target: &Target<'_>, query: &Asked) -> Outcome<BoundQuery> {
        let length = query.pattern.chars().count();
        let most = self.context.settings.max_regex_length;
        if length > most as usize {
            return Err(Fault::illegal_argument(format!(
                "The length of regex [{length}] used in the Regexp Query request has exceeded the allowed maximum of [{most}]. \
                 This maximum can be set by changing the [index.max_regex_length] index level setting."
            )));
        }
        let flags = flags(query.flags.as_deref())?;
        if matches!(target, Target::Nothing) {
            return Ok(none_requested());
        }
        let found = strings(target)?.ok_or_else(|| only_strings("regexp", name, target))?;
        let pattern = match found.field {
            Some(field) => self.normalized(field, &query.pattern)?.into_owned(),
            None if found.prefix.is_empty() => query.pattern.clone(),
            None => format!("{}({})", escaped(&found.prefix), query.pattern),
        };
        let pattern = Pattern::Regexp {
            pattern,
            flags,
            case_insensitive: query.case_insensitive,
            max_determinized_states: query.max_determinized_states,
        };
        found.matching(pattern, query.rewrite.as_deref())
    }

    pub(super) fn fuzzy_query(&self, query: &Fuzzy) -> Outcome<BoundQuery> {
        let target = self.target(&query.field);
        if matches!(target, Target::Nothing) {
            return Ok(none_requested());
        }
        self.fuzzy(
            &query.field,
            &target,
            &java_text(&query.value),
            Near { fuzziness: query.fuzziness, options: &query.options },
        )
    }

    pub(super) fn fuzzy(
        &self,
        name: &str,
        target: &Target<'_>,
        text: &str,
        Near { fuzziness, options }: Near<'_>,
    ) -> Outcome<BoundQuery> {
        let whole = |field: &Field| field.constant().is_some() || field.variant == Variant::Wildcard;
        let whole = matches!(target, Target::Field(field) if whole(field));
        let Some(found) = strings(target)?.filter(|_| !whole) else {
            // Unlike the other patterns', this refusal is wrapped.
            return Err(Fault::Create(Error::illegal_argument(
                only_strings("fuzzy", name, target).error().reason.clone(),
            )));
        };
        let text = self.form(&found, text)?;
        if options.max_expansions == 0 {
            return Err(Fault::illegal_argument("maxExpansions must be positive."));
        }
        let edits = edits(fuzziness, &text);
        let rewrite = rewrite(options.rewrite.as_deref())?;
        let rewrite = if found.alike() { Some(Rewrite::Constant) } else { rewrite };
        if edits == 0 && rewrite.is_none() {
            return Ok(BoundQuery::new(BoundKind::Term(found.terms, super::term::bytes(&text))));
        }
        let pattern = Pattern::Fuzzy {
            text,
            edits,
            prefix_length: options.prefix_length,
            max_expansions: options.max_expansions,
            transpositions: options.transpositions,
        };
        Ok(expand(found.terms, pattern, rewrite.unwrap_or(Rewrite::TopTermsBlended(options.max_expansions))))
    }
}

/// Applies `form` to the stretches of a wildcard pattern between its operators and escapes.
pub(super) fn each_literal(pattern: &str, form: impl Fn(&str) -> Outcome<String>) -> Outcome<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut part = String::new();
    let mut chars = pattern.chars();
    let finish = |part: &mut String, out: &mut String| -> Outcome<()> {
        if !part.is_empty() {
            out.push_str(&form(part)?);
            part.clear();
        }
        Ok(())
    };
    while let Some(c) = chars.next() {
        match c {
            '*' | '?' => {
                finish(&mut part, &mut out)?;
                out.push(c);
            }
            '\\' => {
                finish(&mut part, &mut out)?;
                out.push(c);
                out.extend(chars.next());
            }
            _ => part.push(c),
        }
    }
    finish(&mut part, &mut out)?;
    Ok(out)
}

/// `text` as a regular expression for itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if !c.is_alphanumeric() {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Optional operators by name. `ALL` leaves out the complement, which Lucene only keeps for those who ask.
pub(super) fn flags(names: Option<&str>) -> Outcome<RegexpFlags> {
    let none = RegexpFlags { complement: false, interval: false, intersection: false, any_string: false, empty: false };
    let all = RegexpFlags { interval: true, intersection: true, any_string: true, empty: true, ..none };
    let Some(names) = names.filter(|names| !names.is_empty()) else { return Ok(all) };
    let mut flags = none;
    for name in names.split('|') {
        match name.to_ascii_uppercase().as_str() {
            "ALL" => return Ok(all),
            "NONE" => return Ok(none),
            "COMPLEMENT" => flags.complement = true,
            "INTERVAL" => flags.interval = true,
            "INTERSECTION" => flags.intersection = true,
            "ANYSTRING" => flags.any_string = true,
            "EMPTY" => flags.empty = true,
            _ => return Err(Fault::AsIs(Error::illegal_argument(format!("Unknown regexp flag [{name}]")))),
        }
    }
    Ok(flags)
}
