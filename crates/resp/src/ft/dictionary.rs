//! `FT.DICTADD`, `FT.DICTDEL`, `FT.DICTDUMP`, and `FT.SPELLCHECK`, which looks into them.

use std::collections::{BTreeMap, BTreeSet};

use model::query::ranked::{Part, PartKind, Scorer, WordPattern};
use model::search::SourceFilter;

use super::edits;
use super::request;
use super::stream;
use super::target::Searched;
use super::words;
use super::words_index::{Purpose, Word, Words};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;
use crate::syntax::{Clause, Node};

type Answer = Result<Reply, RespError>;

fn dictionary(session: &Session, name: String) -> Words<'_> {
    Words { server: &session.server, purpose: Purpose::Dictionary, list: name }
}

pub async fn add(session: &mut Session, mut args: Args) -> Answer {
    let words = dictionary(session, super::text(args.must()?));
    let mut new = 0;
    while let Some(text) = args.take() {
        let text = super::text(text);
        let word = Word { list: words.list.clone(), folded: text.to_lowercase(), text, score: 0.0, payload: None };
        new += i64::from(words.put(&word).await?);
    }
    Ok(Reply::Integer(new))
}

pub async fn delete(session: &mut Session, mut args: Args) -> Answer {
    let words = dictionary(session, super::text(args.must()?));
    let mut gone = 0;
    while let Some(text) = args.take() {
        gone += i64::from(words.remove(&super::text(text)).await?);
    }
    Ok(Reply::Integer(gone))
}

async fn all(words: &Words<'_>) -> Result<BTreeSet<String>, RespError> {
    let mut found = BTreeSet::new();
    words
        .each("", |word| {
            found.insert(word.text);
        })
        .await?;
    Ok(found)
}

pub async fn dump(session: &mut Session, mut args: Args) -> Answer {
    let found = all(&dictionary(session, super::text(args.must()?))).await?;
    match found.is_empty() {
        true => Err(RespError::line("could not open dict key")),
        false => Ok(Reply::Set(found.iter().map(|text| Reply::text(text)).collect())),
    }
}

/// The options of `FT.SPELLCHECK`.
struct Asked {
    distance: usize,
    include: Vec<String>,
    exclude: Vec<String>,
    dialect: Option<u8>,
}

fn asked(args: &mut Args) -> Result<Asked, RespError> {
    let mut found = Asked { distance: 1, include: Vec::new(), exclude: Vec::new(), dialect: None };
    while !args.is_empty() {
        if args.take_word("DISTANCE") {
            if args.is_empty() {
                return Err(RespError::line("DISTANCE arg is given but no DISTANCE comes after"));
            }
            let distance =
                args.take().and_then(|distance| integer(&distance)).filter(|distance| (1..=4).contains(distance));
            found.distance = distance
                .ok_or(RespError::line("bad distance given, distance must be a natural number between 1 to 4"))?
                as usize;
        } else if args.take_word("TERMS") {
            let include = args.take_word("INCLUDE");
            if !include && !args.take_word("EXCLUDE") {
                return Err(RespError::line("bad format, exclude/include operation was not given"));
            }
            let name = super::text(args.take().ok_or(RespError::line("Term dictionary is not given"))?);
            if include { &mut found.include } else { &mut found.exclude }.push(name);
        } else if args.take_word("DIALECT") {
            found.dialect = Some(request::dialect(args)?);
        } else {
            // What is not known is passed over.
            args.take();
        }
    }
    Ok(found)
}

/// Every plain word of a query, in order, each once.
fn sought(clause: &Clause, found: &mut Vec<String>) {
    match &clause.node {
        Node::Word { text, .. } if !found.contains(text) => found.push(text.clone()),
        Node::Exact(words) => words.iter().for_each(|word| {
            if !found.contains(word) {
                found.push(word.clone());
            }
        }),
        Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| sought(part, found)),
        Node::Not(inner) | Node::Optional(inner) | Node::Knn(inner, _) => sought(inner, found),
        _ => {}
    }
}

/// `FT.SPELLCHECK index query ..`: for each word that the index does not have, those that are near to it.
pub async fn spell_check(session: &mut Session, mut args: Args) -> Answer {
    let (name, query) = (super::text(args.must()?), super::text(args.must()?));
    let asked = asked(&mut args)?;
    let registry = &session.server.registry;
    registry.must(&name, "Unknown Index name")?;
    let searched = Searched::find(registry, &name, asked.dialect)?;
    let clause = searched.parse(&query, &request::Options::default())?;
    let mut terms = Vec::new();
    sought(&clause, &mut terms);
    let mut dictionaries = Vec::new();
    for (names, include) in [(&asked.include, true), (&asked.exclude, false)] {
        for name in names {
            let found = all(&dictionary(session, name.clone())).await?;
            if found.is_empty() {
                return Err(RespError::line(format!("Dict does not exist: {name}")));
            }
            dictionaries.push((found, include));
        }
    }
    let total = count(session, &searched, Part::new(PartKind::Everything)).await?;
    let mut results = Vec::new();
    for term in terms {
        let excluded = dictionaries.iter().any(|(words, include)| !include && words.contains(&term));
        if excluded || count(session, &searched, plain(&term)).await? > 0 {
            continue;
        }
        let mut near = near(session, &searched, &term, asked.distance).await?;
        for (words, _) in dictionaries.iter().filter(|(_, include)| *include) {
            for word in words.iter().filter(|word| edits::within(&term, word, asked.distance).is_some()) {
                near.entry(word.clone()).or_insert(0);
            }
        }
        let mut near: Vec<(String, f64)> =
            near.into_iter().map(|(word, docs)| (word, docs as f64 / total.max(1) as f64)).collect();
        near.sort_by(|(one, a), (other, b)| b.total_cmp(a).then_with(|| one.cmp(other)));
        results.push((term, near));
    }
    Ok(render(session.protocol == Protocol::Three, results))
}

fn render(three: bool, results: Vec<(String, Vec<(String, f64)>)>) -> Reply {
    if three {
        let terms = results.into_iter().map(|(term, near)| {
            let near =
                near.into_iter().map(|(word, score)| Reply::Map(vec![(Reply::text(&word), Reply::Double(score))]));
            (Reply::text(&term), Reply::Array(near.collect()))
        });
        return Reply::Map(vec![(Reply::word("results"), Reply::Map(terms.collect()))]);
    }
    let terms = results.into_iter().map(|(term, near)| {
        let near = near
            .into_iter()
            .map(|(word, score)| Reply::Array(vec![Reply::text(&score.to_string()), Reply::text(&word)]));
        Reply::Array(vec![Reply::word("TERM"), Reply::text(&term), Reply::Array(near.collect())])
    });
    Reply::Array(terms.collect())
}

fn plain(term: &str) -> Part {
    Part::new(PartKind::Word { term: term.to_owned(), stem: false, fields: None })
}

async fn count(session: &Session, searched: &Searched, part: Part) -> Result<u64, RespError> {
    let mut request = searched.request(searched.query(part, Scorer::None), SourceFilter::nothing());
    request.size = 0;
    let response = session.server.gateway.search(request).await?;
    Ok(response.total.map_or(0, |total| total.value))
}

/// The words of the index within so many edits, each with how many documents have it.
async fn near(
    session: &Session,
    searched: &Searched,
    term: &str,
    distance: usize,
) -> Result<BTreeMap<String, u64>, RespError> {
    // Automata go as far as two edits; beyond, every document is looked at.
    let part = match u8::try_from(distance) {
        Ok(edits @ 1..=2) => {
            PartKind::Words { pattern: WordPattern::Fuzzy(term.to_owned(), edits), stem: false, fields: None }
        }
        _ => PartKind::Everything,
    };
    let definition = searched.definition.clone();
    let texts: Vec<String> = definition.texts().map(|text| text.name.clone()).collect();
    let request = searched.request(
        searched.query(Part::new(part), Scorer::None),
        SourceFilter { includes: texts.clone(), ..SourceFilter::everything() },
    );
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    stream::each(&*session.server.gateway, request, None, |hit| {
        let document = hit.source.as_ref().and_then(|source| serde_json::from_slice(source).ok());
        let Some(serde_json::Value::Object(document)) = document else { return Ok(true) };
        let mut here: BTreeSet<String> = BTreeSet::new();
        for value in texts.iter().filter_map(|name| document.get(name)) {
            let items = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            for text in items.iter().filter_map(serde_json::Value::as_str) {
                here.extend(words::indexed(text, &definition));
            }
        }
        for word in here.into_iter().filter(|word| edits::within(term, word, distance).is_some()) {
            *found.entry(word).or_default() += 1;
        }
        Ok(true)
    })
    .await?;
    Ok(found)
}
