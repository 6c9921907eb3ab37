//! `more_like_this`: texts and documents to words with how often they occur. Which of them count is decided where terms are counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::document::text_of;
use model::mapping::{Field, FieldKind, Variant};
use model::query::more_like_this::{Like, MoreLikeThis};
use serde_json::Value;

use super::Binder;
use super::fault::{Fault, Outcome};
use super::target::Target;
use super::term::{bytes, ids};
use crate::bound::{BoundBool, BoundKind, BoundLikeness, BoundQuery, LikeWords};
use crate::fetch::extract::extract;

type Words = BTreeMap<String, u32>;

impl Binder<'_> {
    pub(super) fn more_like_this(&self, asked: &MoreLikeThis) -> Outcome<BoundQuery> {
        let fields = self.likeness_fields(asked)?;
        let Some((first, _)) = fields.split_first() else {
            return Ok(BoundQuery::match_none("no field of texts or keywords to be like"));
        };
        let skipped = self.unlike(asked, &fields)?;
        let keep = |words: Words| -> Vec<(Arc<[u8]>, u32)> {
            let fits = |word: &String, count: u32| {
                let length = word.chars().count() as u32;
                count >= asked.min_term_freq
                    && length >= asked.min_word_length
                    && (asked.max_word_length == 0 || length <= asked.max_word_length)
                    && !asked.stop_words.contains(word)
                    && !skipped.contains(word)
            };
            words
                .into_iter()
                .filter(|(word, count)| fits(word, *count))
                .map(|(word, count)| (bytes(&word), count))
                .collect()
        };
        let mut documents = Vec::new();
        for (field, chosen) in self.with_all_of_given_documents(asked, &fields) {
            let mut words = Words::new();
            for like in &asked.likes {
                if let Like::Source { source, id } = like
                    && (chosen || id.is_none())
                {
                    self.source_words(field, (source, None), &mut words)?;
                }
            }
            let words = keep(words);
            if !words.is_empty() {
                documents.push(LikeWords { fields: vec![field.path.clone()], words });
            }
        }
        let mut words = Words::new();
        for like in &asked.likes {
            if let Like::Text(text) = like {
                self.words(first, (text, asked.analyzer.as_deref()), &mut words)?;
            }
        }
        let words = keep(words);
        let names = fields.iter().map(|field| field.path.clone()).collect();
        let texts = (!words.is_empty()).then_some(LikeWords { fields: names, words });
        let likeness = BoundQuery::new(BoundKind::MoreLikeThis(Box::new(BoundLikeness {
            documents,
            texts,
            max_query_terms: asked.max_query_terms as usize,
            min_doc_freq: asked.min_doc_freq,
            max_doc_freq: asked.max_doc_freq,
            minimum_should_match: asked.minimum_should_match.clone(),
            boost_terms: asked.boost_terms,
        })));
        Ok(self.without_themselves(asked, likeness))
    }

    /// The fields that are asked for, and, where a document is given that is not stored, all others: of such a one every field counts.
    fn with_all_of_given_documents<'f>(&'f self, asked: &MoreLikeThis, fields: &[&'f Field]) -> Vec<(&'f Field, bool)> {
        let mut all: Vec<(&Field, bool)> = fields.iter().map(|field| (*field, true)).collect();
        if asked.likes.iter().any(|like| matches!(like, Like::Source { id: None, .. })) {
            let others = self.context.mapping.fields_matching("*").into_iter();
            let others = others.filter(|(found, field)| takes_part(field) && *found == field.path);
            let others = others.filter(|(_, field)| !fields.iter().any(|chosen| chosen.path == field.path));
            all.extend(others.map(|(_, field)| (&**field, false)));
        }
        all
    }

    /// The documents that others are to be like are not found, unless that is wanted.
    fn without_themselves(&self, asked: &MoreLikeThis, likeness: BoundQuery) -> BoundQuery {
        let own = asked.likes.iter().filter_map(|like| match like {
            Like::Source { id, .. } => id.as_deref().map(Arc::from),
            Like::Document { id, .. } => Some(id.as_str().into()),
            Like::Text(_) => None,
        });
        let own: Vec<Arc<str>> = own.collect();
        if asked.include || own.is_empty() {
            return likeness;
        }
        BoundQuery::new(BoundKind::Bool(BoundBool {
            must: vec![likeness],
            must_not: vec![ids(own)],
            ..BoundBool::default()
        }))
    }

    fn likeness_fields(&self, asked: &MoreLikeThis) -> Outcome<Vec<&Field>> {
        let given = if asked.fields.is_empty() { &self.context.settings.default_field } else { &asked.fields };
        let text = asked.likes.iter().chain(&asked.unlikes).any(|like| matches!(like, Like::Text(_)));
        if text && asked.fields.is_empty() && given.iter().any(|name| name == "*") {
            return Err(Fault::illegal_argument(
                "[more_like_this] query cannot infer the field to analyze the free text, you should update the \
                 [index.query.default_field] index setting to a field that exists in the mapping or set the [fields] option in the query.",
            ));
        }
        let mut fields: Vec<&Field> = Vec::new();
        for name in given {
            if name.contains('*') {
                let matching = self.context.mapping.fields_matching(name);
                let own = |found: &str, path: &str| found == path || !model::mapping::simple_match(name, path);
                let texts = matching.into_iter().filter(|(found, field)| takes_part(field) && own(found, &field.path));
                fields.extend(texts.map(|(_, field)| &**field));
                continue;
            }
            match self.target(name) {
                Target::Field(field) if takes_part(field) => fields.push(field),
                Target::Nothing => {}
                _ if !asked.fail_on_unsupported_field => {}
                _ => {
                    let reason = format!("more_like_this only supports text/keyword fields: [{name}]");
                    return Err(Fault::illegal_argument(reason));
                }
            }
        }
        Ok(fields)
    }

    /// The words that do not count.
    fn unlike(&self, asked: &MoreLikeThis, fields: &[&Field]) -> Outcome<BTreeSet<String>> {
        let mut words = Words::new();
        for like in &asked.unlikes {
            for field in fields {
                match like {
                    Like::Text(text) => self.words(field, (text, asked.analyzer.as_deref()), &mut words)?,
                    Like::Source { source, .. } => self.source_words(field, (source, None), &mut words)?,
                    Like::Document { .. } => {}
                }
            }
        }
        Ok(words.into_keys().collect())
    }

    fn source_words(
        &self,
        field: &Field,
        (source, analyzer): (&Value, Option<&str>),
        words: &mut Words,
    ) -> Outcome<()> {
        let mut found = Vec::new();
        // Of a multi-field the values are those of the field above it.
        let path = match self.context.mapping.is_multi_field(&field.path) {
            true => field.path.rsplit_once('.').map_or(&*field.path, |(above, _)| above),
            false => &field.path,
        };
        let steps: Vec<&str> = path.split('.').collect();
        extract(&steps, source, None, &mut found);
        for value in found {
            let Some(text) = text_of(value) else { continue };
            self.words(field, (&text, analyzer), words)?;
        }
        Ok(())
    }

    fn words(&self, field: &Field, (text, analyzer): (&str, Option<&str>), words: &mut Words) -> Outcome<()> {
        let analyzer = match analyzer {
            Some(name) => {
                let missing = || Fault::query_shard(format!("[more_like_this] analyzer [{name}] not found"));
                self.context.analysis.analyzer(name).ok_or_else(missing)?
            }
            None if field.kind == FieldKind::Keyword => {
                let whole = self.normalized(field, text)?;
                *words.entry(whole.into_owned()).or_default() += 1;
                return Ok(());
            }
            None => self.search_analyzer(field, false)?,
        };
        analyzer.each(text, &mut |word, _| *words.entry(word.to_owned()).or_default() += 1);
        Ok(())
    }
}

fn takes_part(field: &Field) -> bool {
    field.index && field.variant == Variant::Plain && matches!(field.kind, FieldKind::Text | FieldKind::Keyword)
}
