//! What is known of indexes: `FT.INFO`, `FT._LIST`, `FT.TAGVALS`, `FT.SYNDUMP`, `FT.EXPLAIN`.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use model::query::Query;
use model::search::{SourceFilter, TrackTotal};
use model::target::Target;

use super::aggregate::cursor;
use super::definition::{Attribute, AttributeKind, Definition};
use super::expression::number_text;
use super::registry::Tally;
use super::request;
use super::stream;
use super::target::Searched;
use super::vector::field::Algorithm;
use super::vector::{Measures, VectorField};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;
use crate::syntax::{self, Forms};

type Answer = Result<Reply, RespError>;
type Pairs = Vec<(Reply, Reply)>;

pub async fn list(session: &mut Session, _args: Args) -> Answer {
    let names = session.server.registry.defined().into_iter().map(|(_, definition)| Reply::text(&definition.name));
    Ok(Reply::Set(names.collect()))
}

/// A number: as such in RESP3, as a text in RESP2.
fn number(session: &Session, value: f64) -> Reply {
    match session.protocol {
        Protocol::Three => Reply::Double(value),
        Protocol::Two => Reply::text(&number_text(value)),
    }
}

fn put(pairs: &mut Pairs, name: &'static str, value: Reply) {
    pairs.push((Reply::word(name), value));
}

pub async fn info(session: &mut Session, mut args: Args) -> Answer {
    let name = super::text(args.must()?);
    let server = session.server.clone();
    let (index, definition) = server.registry.must(&name, "Unknown index name")?;
    server.gateway.refresh(Target::one(&*index)).await?;
    let stats = server.gateway.stats(Target::one(&*index)).await?;
    let (mut docs, mut bytes) = (0, 0);
    for copy in stats.copies.iter().filter(|copy| copy.shard.primary) {
        docs += copy.stats.docs;
        bytes += copy.stats.store_bytes + copy.stats.memory_bytes;
    }
    let tally = server.registry.tally(&index);
    tally.uses.fetch_add(1, Ordering::Relaxed);
    let mut pairs = Pairs::new();
    put(&mut pairs, "index_name", Reply::text(&definition.name));
    put(&mut pairs, "index_options", Reply::Array(options(&definition).map(Reply::text).collect()));
    put(&mut pairs, "index_definition", Reply::Map(rule(session, &definition)));
    let attributes = definition.attributes.iter().map(|attribute| described(session, attribute));
    put(&mut pairs, "attributes", Reply::Array(attributes.collect()));
    put(&mut pairs, "num_docs", Reply::Integer(docs as i64));
    put(&mut pairs, "max_doc_id", Reply::Integer(docs as i64));
    put(&mut pairs, "num_records", Reply::Integer(docs as i64));
    put(&mut pairs, "total_index_memory_sz_mb", number(session, bytes as f64 / 1_048_576.0));
    let failures = tally.failures.load(Ordering::Relaxed) as i64;
    put(&mut pairs, "hash_indexing_failures", Reply::Integer(failures));
    let scanning = tally.scanning.load(Ordering::Relaxed) > 0;
    put(&mut pairs, "indexing", Reply::Integer(i64::from(scanning)));
    put(&mut pairs, "percent_indexed", number(session, progress(&tally, scanning)));
    put(&mut pairs, "number_of_uses", Reply::Integer(tally.uses.load(Ordering::Relaxed) as i64));
    put(&mut pairs, "partial_answers", Reply::Integer(tally.partial.load(Ordering::Relaxed) as i64));
    put(&mut pairs, "cleaning", Reply::Integer(0));
    let (own, all) = cursor::open(&server.registry.cursors, &index);
    let counts = [("global_total", all), ("index_capacity", cursor::MOST_CURSORS), ("index_total", own)];
    let counts = counts.map(|(name, count)| (Reply::text(name), Reply::Integer(count as i64)));
    put(&mut pairs, "cursor_stats", Reply::Map(counts.to_vec()));
    if let Some(words) = &definition.stop_words {
        put(&mut pairs, "stopwords_list", Reply::Array(words.iter().map(|word| Reply::text(word)).collect()));
    }
    let dialects = tally.dialects.iter().zip(1..).map(|(uses, dialect)| {
        let used = i64::from(uses.load(Ordering::Relaxed) > 0);
        (Reply::text(&format!("dialect_{dialect}")), Reply::Integer(used))
    });
    put(&mut pairs, "dialect_stats", Reply::Map(dialects.collect()));
    put(&mut pairs, "Index Errors", Reply::Map(errors(&tally)));
    Ok(Reply::Map(pairs))
}

/// What the index was made with, in the order in which it is always told: who keeps no places marks nothing either.
fn options(definition: &Definition) -> impl Iterator<Item = &'static str> {
    let has = |option: &str| definition.options.iter().any(|given| given == option);
    ["NOFREQS", "NOFIELDS", "NOOFFSETS", "NOHL", "MAXTEXTFIELDS"]
        .into_iter()
        .filter(move |option| has(option) || (*option == "NOHL" && has("NOOFFSETS")))
}

fn progress(tally: &Tally, scanning: bool) -> f64 {
    let (done, all) = (tally.scanned.load(Ordering::Relaxed), tally.scan_total.load(Ordering::Relaxed));
    if scanning && all > 0 { (done as f64 / all as f64).min(1.0) } else { 1.0 }
}

fn errors(tally: &Tally) -> Pairs {
    let last = tally.last_error.lock().clone();
    let (key, error) = last.unwrap_or_else(|| ("N/A".to_owned(), "N/A".to_owned()));
    vec![
        (Reply::text("indexing failures"), Reply::Integer(tally.failures.load(Ordering::Relaxed) as i64)),
        (Reply::text("last indexing error"), Reply::text(&error)),
        (Reply::text("last indexing error key"), Reply::text(&key)),
    ]
}

fn rule(session: &Session, definition: &Definition) -> Pairs {
    let mut pairs = Pairs::new();
    put(&mut pairs, "key_type", Reply::text(definition.kind.name()));
    let prefixes = definition.prefixes.iter().map(|prefix| Reply::text(prefix));
    put(&mut pairs, "prefixes", Reply::Array(prefixes.collect()));
    if let Some(filter) = &definition.filter {
        put(&mut pairs, "filter", Reply::text(filter));
    }
    if definition.language_given && definition.language != "english" {
        put(&mut pairs, "default_language", Reply::text(&definition.language));
    }
    if let Some(field) = &definition.language_field {
        put(&mut pairs, "language_field", Reply::text(field));
    }
    put(&mut pairs, "default_score", number(session, definition.score));
    if let Some(field) = &definition.score_field {
        put(&mut pairs, "score_field", Reply::text(field));
    }
    if let Some(field) = &definition.payload_field {
        put(&mut pairs, "payload_field", Reply::text(field));
    }
    pairs
}

/// An attribute: a list of words in RESP2, a map with its flags apart in RESP3.
fn described(session: &Session, attribute: &Attribute) -> Reply {
    let mut pairs = Pairs::new();
    put(&mut pairs, "identifier", Reply::text(&attribute.identifier));
    put(&mut pairs, "attribute", Reply::text(&attribute.name));
    put(&mut pairs, "type", Reply::text(attribute.type_name()));
    let mut flags: Vec<&str> = Vec::new();
    let sorted = [(attribute.sortable, "SORTABLE"), (attribute.sortable && attribute.unf, "UNF")];
    let mut named = sorted.to_vec();
    match &attribute.kind {
        AttributeKind::Text { weight, no_stem, .. } => {
            put(&mut pairs, "WEIGHT", number(session, *weight));
            named.push((*no_stem, "NOSTEM"));
        }
        AttributeKind::Tag { separator, case_sensitive } => {
            put(&mut pairs, "SEPARATOR", Reply::text(&separator.map(String::from).unwrap_or_default()));
            flags.extend(case_sensitive.then_some("CASESENSITIVE"));
        }
        AttributeKind::Vector(field) => vectors(&mut pairs, field),
        AttributeKind::Numeric | AttributeKind::Geo => {}
    }
    named.extend([
        (attribute.no_index, "NOINDEX"),
        (attribute.suffixes, "WITHSUFFIXTRIE"),
        (attribute.index_empty, "INDEXEMPTY"),
        (attribute.index_missing, "INDEXMISSING"),
    ]);
    flags.extend(named.iter().filter(|(is, _)| *is).map(|(_, name)| *name));
    let flags = flags.into_iter().map(Reply::text);
    if session.protocol == Protocol::Three {
        put(&mut pairs, "flags", Reply::Array(flags.collect()));
        return Reply::Map(pairs);
    }
    let words = pairs.into_iter().flat_map(|(name, value)| [name, value]);
    Reply::Array(words.chain(flags).collect())
}

fn vectors(pairs: &mut Pairs, field: &VectorField) {
    put(pairs, "algorithm", Reply::text(field.algorithm.name()));
    put(pairs, "data_type", Reply::text(field.element.name()));
    put(pairs, "dim", Reply::Integer(field.dimension.into()));
    put(pairs, "distance_metric", Reply::text(field.metric.name()));
    if field.algorithm == Algorithm::Hnsw {
        put(pairs, "M", Reply::Integer(field.m.into()));
        put(pairs, "ef_construction", Reply::Integer(field.ef_construction.into()));
    }
}

/// `FT.TAGVALS index field`: every value, in lower case unless the field minds case.
pub async fn tag_values(session: &mut Session, mut args: Args) -> Answer {
    let (name, field) = (super::text(args.must()?), super::text(args.must()?));
    let registry = &session.server.registry;
    registry.must(&name, "Unknown Index name")?;
    let searched = Searched::find(registry, &name, None)?;
    let attribute = searched.definition.attribute(&field).ok_or(RespError::line("No such field"))?;
    let AttributeKind::Tag { case_sensitive, .. } = attribute.kind else {
        return Err(RespError::line("Not a tag field"));
    };
    let named = SourceFilter { includes: vec![attribute.name.clone()], ..SourceFilter::everything() };
    let mut request = searched.request(Query::match_all(), named);
    request.track_total_hits = TrackTotal::No;
    let mut values: BTreeMap<String, ()> = BTreeMap::new();
    stream::each(&*session.server.gateway, request, None, |hit| {
        let document = hit.source.as_ref().and_then(|source| serde_json::from_slice(source).ok());
        let Some(serde_json::Value::Object(document)) = document else { return Ok(true) };
        let found = match document.get(&attribute.name) {
            Some(serde_json::Value::Array(items)) => items.clone(),
            Some(value) => vec![value.clone()],
            None => Vec::new(),
        };
        for value in found.iter().filter_map(serde_json::Value::as_str) {
            values.insert(if case_sensitive { value.to_owned() } else { value.to_lowercase() }, ());
        }
        Ok(true)
    })
    .await?;
    Ok(Reply::Set(values.into_keys().map(|value| Reply::text(&value)).collect()))
}

/// `FT.SYNDUMP index`: each word with the groups that it is in.
pub async fn synonyms(session: &mut Session, mut args: Args) -> Answer {
    let name = super::text(args.must()?);
    let (_, definition) = session.server.registry.must(&name, "Unknown index name")?;
    let mut groups: BTreeMap<&str, Vec<Reply>> = BTreeMap::new();
    for (group, words) in &definition.synonyms {
        for word in words {
            groups.entry(word).or_default().push(Reply::text(group));
        }
    }
    Ok(Reply::Map(groups.into_iter().map(|(word, groups)| (Reply::text(word), Reply::Array(groups))).collect()))
}

fn plan(session: &Session, mut args: Args) -> Result<String, RespError> {
    let name = super::text(args.must()?);
    let query = super::text(args.must()?);
    let options = request::read(&mut args)?;
    let registry = &session.server.registry;
    let dialect = options.dialect.or(Some(super::default_dialect(session)));
    let searched = Searched::find(registry, &name, dialect)?;
    let clause = searched.parse(&query, &options)?;
    // What cannot be asked is found here.
    searched.part(registry, &clause, &options)?;
    Measures::of(&clause, &searched.definition)?;
    let gateway = &*session.server.gateway;
    let language = options.language.as_deref().unwrap_or(&searched.definition.language).to_owned();
    let stem = |word: &str| {
        let found = if options.verbatim { None } else { gateway.stems(&language, &[word]) };
        found.and_then(|mut stems| stems.pop())
    };
    let sounds = |fields: Option<&[String]>, word: &str| {
        let mut texts = searched.definition.texts();
        let phonetic = !options.verbatim
            && texts.any(|text| text.is_phonetic() && fields.is_none_or(|fields| fields.contains(&text.name)));
        if phonetic { gateway.sounds(&[word]).pop() } else { None }
    };
    let synonyms = |word: &str| {
        let groups = searched.definition.synonyms.iter().filter(|(_, words)| !options.verbatim && words.contains(word));
        groups.map(|(group, _)| group.clone()).collect()
    };
    let known = |field: &str| searched.definition.attribute(field).is_some_and(Attribute::is_text);
    let forms = Forms { stem: &stem, sounds: &sounds, synonyms: &synonyms, exact: searched.dialect > 1 };
    Ok(syntax::explain(&clause, &forms, &known))
}

pub async fn explain(session: &mut Session, args: Args) -> Answer {
    plan(session, args).map(|plan| Reply::text(&plan))
}

pub async fn explain_lines(session: &mut Session, args: Args) -> Answer {
    let plan = plan(session, args)?;
    Ok(Reply::Array(plan.split('\n').map(Reply::text).collect()))
}
