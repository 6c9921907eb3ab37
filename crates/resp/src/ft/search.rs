//! `FT.SEARCH`.

use std::collections::BinaryHeap;
use std::sync::Arc;

use bytes::Bytes;
use model::gateway::Gateway;
use model::query::ranked::Scorer;
use model::search::{Explanation, Hit, MergeStrategy, SearchRequest, SearchResponse};
use serde_json::Value as Json;

use super::Shape;
use super::definition::{AttributeKind, SORTED};
use super::explain;
use super::expression::{Scalar, exact_text, number_text};
use super::mark::{self, Marks};
use super::partial::Warning;
use super::raw::{self, Raw};
use super::request::{self, Options};
use super::stream::{self, sort_key};
use super::target::Searched;
use super::vector::{Measure, Measures, near};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::keyspace::id::key_of;
use crate::session::Session;

type Answer = Result<Reply, RespError>;

/// `FT.SEARCH index query ..`
pub async fn search(session: &mut Session, mut args: Args) -> Answer {
    let name = super::text(args.must()?);
    let query = args.take().ok_or(RespError::line("No query string provided"))?;
    let query = String::from_utf8_lossy(&query).into_owned();
    let mut options = request::read(&mut args)?;
    let registry = &session.server.registry;
    let dialect = request::format_dialect(session, options.dialect, options.expanded)?;
    let searched = Searched::find(registry, &name, Some(dialect))?;
    request::format_kind(&searched.definition, options.expanded)?;
    if !searched.foreign {
        request::marked(&searched.definition, &options)?;
    }
    request::arrange(&searched.definition, &mut options);
    let found = run(session, &searched, &query, &options).await?;
    Ok(render(session, &searched, &options, found))
}

/// Hits with what is shown of each.
#[derive(Default)]
pub struct Page {
    pub total: u64,
    pub hits: Vec<Shown>,
    marks: Marks,
    warning: Option<Warning>,
}

/// One hit.
pub struct Shown {
    id: Arc<str>,
    key: Bytes,
    /// By name, in the order in which they are shown.
    distances: Vec<(String, f64)>,
    score: Option<f32>,
    explanation: Option<Box<Explanation>>,
    sort_key: Option<Scalar>,
    payload: Option<Bytes>,
    raw: Option<Raw>,
}

/// What a hit's first sort value is.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    None,
    /// Infinity stands for a number that is missing, the greatest there is for an infinite one.
    Numbers,
    Texts,
}

impl Keys {
    fn key(self, hit: &Hit) -> Option<Scalar> {
        let first = hit.sort.first()?;
        match self {
            Self::None => None,
            Self::Texts => Some(Scalar::of_json(first)),
            Self::Numbers => Some(match first.as_f64() {
                None => Scalar::Null,
                Some(number) if number.abs() == f64::MAX => Scalar::Number(number * 2.0),
                Some(number) => Scalar::Number(number),
            }),
        }
    }
}

/// How hits are ordered.
enum Order {
    Score,
    /// By a column behind the gateway.
    Column(String, Keys, bool),
    /// By a value of the key itself.
    Value(String, bool),
    /// By how alike payloads are.
    Payload,
    /// By the distance of this name.
    Distance(String, bool),
}

/// What is found.
///
/// # Errors
/// As the search module words them; what the gateway answers.
pub async fn run(session: &Session, searched: &Searched, query: &str, options: &Options) -> Result<Page, RespError> {
    let registry = &session.server.registry;
    let clause = searched.parse(query, options)?;
    let measures = Measures::of(&clause, &searched.definition)?;
    let part = searched.part(registry, &clause, options)?;
    let order = order(searched, options, &measures)?;
    if measures.is_nothing(&clause) {
        return Ok(Page::default());
    }
    let marks =
        if options.highlight.is_some() || options.summarize.is_some() { Marks::of(&part) } else { Marks::default() };
    let by_score = options.with_scores || options.merge == Some(MergeStrategy::Score);
    let scored = (matches!(order, Order::Score) || by_score) && measures.scored(&clause, options);
    let scorer = if scored && options.count > 0 { options.scorer } else { Scorer::None };
    let content = !options.no_content && options.returned.as_ref().is_none_or(|returned| !returned.is_empty());
    let by_value = matches!(order, Order::Value(..)) || options.with_payloads || options.hamming;
    let source = raw::wanted(content || by_value);
    let candidates = measures.all().next().map(|_| searched.query(part.clone(), Scorer::None));
    let mut request = searched.request(searched.query(part, scorer), source);
    let timeout_ms = options.timeout_ms.or_else(|| registry.configuration.timeout_ms());
    request.timeout_ms = timeout_ms.filter(|timeout| *timeout > 0);
    request.explain = options.explain_score;
    request.merge = options.merge;
    (request.from, request.size) = (options.offset, options.count);
    if options.count == 0 {
        request.from = 0;
    }
    let gateway = &*session.server.gateway;
    let Some(candidates) = candidates else {
        return ordered(session, (searched, options), request, order, marks).await;
    };
    let asked = SearchRequest { query: candidates, ..request.clone() };
    if let Order::Distance(name, descending) = &order
        && let Some(measure) = measures.named(name)
    {
        let everywhere = measures.nearest.is_some() || measures.conjunctive;
        let sorted = near::sorted(gateway, measure, &asked, (*descending, everywhere)).await?;
        let hits = sorted.hits.into_iter().map(|(hit, distance)| {
            let hit = Hit { score: None, ..hit };
            let asked = (searched, options.returned.as_deref());
            let mut shown = shown(asked, hit, Some(distance.map_or(Scalar::Null, Scalar::Number)));
            shown.distances.extend(distance.map(|distance| (name.clone(), distance)));
            shown
        });
        let mut page = Page { hits: hits.collect(), total: sorted.total, marks, warning: None };
        let others: Vec<&Measure> = measures.all().filter(|measure| measure.name != *name).collect();
        measured(gateway, &others, &asked, &mut page).await?;
        return Ok(page);
    }
    if let Some(nearest) = &measures.nearest {
        let found = near::all(gateway, nearest, &asked).await?;
        request.query = near::among(request.query, found.iter().map(|(id, _)| id));
    }
    let mut page = ordered(session, (searched, options), request, order, marks).await?;
    if !scored {
        page.hits.iter_mut().for_each(|hit| hit.score = None);
    }
    measured(gateway, &measures.all().collect::<Vec<_>>(), &asked, &mut page).await?;
    Ok(page)
}

/// Adds distances to hits.
async fn measured(
    gateway: &dyn Gateway,
    measures: &[&Measure],
    asked: &SearchRequest,
    page: &mut Page,
) -> Result<(), RespError> {
    let ids: Vec<Arc<str>> = page.hits.iter().map(|hit| hit.id.clone()).collect();
    for measure in measures {
        let distances = near::of(gateway, measure, &ids, asked).await?;
        for hit in &mut page.hits {
            hit.distances.extend(distances.get(&hit.id).map(|distance| (measure.name.clone(), *distance)));
        }
    }
    Ok(())
}

/// A page in an order that is not of distances.
async fn ordered(
    session: &Session,
    (searched, options): (&Searched, &Options),
    mut request: SearchRequest,
    order: Order,
    marks: Marks,
) -> Result<Page, RespError> {
    // Where it is not the score that orders, it is told only when that is asked for.
    if !matches!(order, Order::Score | Order::Distance(..)) {
        request.track_scores = options.with_scores || options.merge == Some(MergeStrategy::Score);
    }
    let keys = match order {
        Order::Value(field, descending) => {
            let identifier = searched.definition.attribute(&field).map_or(&field, |attribute| &attribute.identifier);
            let key = |hit: &Hit| value_of(searched, hit, identifier);
            return by_values(session, searched, (request, options), (&key, descending), marks).await;
        }
        Order::Payload => {
            let asked = options.payload.as_ref();
            let key = |hit: &Hit| {
                let payload = raw::payload(hit.source.as_ref(), &searched.definition);
                Scalar::Number(raw::likeness(asked, payload.as_ref()).into())
            };
            return by_values(session, searched, (request, options), (&key, true), marks).await;
        }
        Order::Score | Order::Distance(..) => Keys::None,
        Order::Column(column, keys, descending) => {
            request.sort = vec![sort_key(&column, descending)];
            keys
        }
    };
    let registry = &session.server.registry;
    let policy = registry.configuration.policy();
    policy.allow(&mut request);
    let response = session.server.gateway.search(request).await?;
    let warning = policy.judge(&response, &registry.tally(&searched.known.index))?;
    Ok(Page { warning, ..page((searched, options.returned.as_deref()), response, keys, marks) })
}

fn order(searched: &Searched, options: &Options, measures: &Measures) -> Result<Order, RespError> {
    let Some((field, descending)) = &options.sort else {
        return Ok(if options.hamming { Order::Payload } else { Order::Score });
    };
    if measures.named(field).is_some() {
        return Ok(Order::Distance(field.clone(), *descending));
    }
    let missing = || RespError::line(format!("Property `{field}` not loaded nor in schema"));
    let attribute = searched.definition.attribute(field).ok_or_else(missing)?;
    let (column, keys) = match (&attribute.kind, attribute.sortable) {
        (AttributeKind::Numeric, _) => (attribute.name.clone(), Keys::Numbers),
        (AttributeKind::Text { .. } | AttributeKind::Tag { .. }, true) => {
            (format!("{SORTED}.{}", attribute.name), Keys::Texts)
        }
        (AttributeKind::Tag { .. }, false) if searched.foreign => (attribute.name.clone(), Keys::Texts),
        _ => return Ok(Order::Value(attribute.name.clone(), *descending)),
    };
    Ok(Order::Column(column, keys, *descending))
}

/// A page as the gateway has ordered it.
pub(super) fn page(asked: Asked<'_>, response: SearchResponse, keys: Keys, marks: Marks) -> Page {
    let hits = response.hits.into_iter().map(|hit| {
        let sort_key = keys.key(&hit);
        shown(asked, hit, sort_key)
    });
    Page { hits: hits.collect(), total: response.total.map_or(0, |total| total.value), marks, warning: None }
}

/// Where hits are from, and the fields of them that are shown; `None`: all.
type Asked<'a> = (&'a Searched, Option<&'a [(String, String)]>);

fn shown((searched, returned): Asked<'_>, hit: Hit, sort_key: Option<Scalar>) -> Shown {
    let raw = Raw::of_fields(hit.source.as_ref(), &searched.definition, searched.foreign, returned);
    let payload = raw::payload(hit.source.as_ref(), &searched.definition);
    let (key, distances) = (key_of(&hit.id), Vec::new());
    Shown { key, id: hit.id, distances, score: hit.score, explanation: hit.explanation, sort_key, payload, raw }
}

/// A hit in the heap: the worst on top.
struct Ranked {
    key: Scalar,
    descending: bool,
    hit: Hit,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let missing = |scalar: &Scalar| *scalar == Scalar::Null;
        let order = match (missing(&self.key), missing(&other.key)) {
            (false, false) if self.descending => other.key.order(&self.key),
            (false, false) => self.key.order(&other.key),
            (one, other) => one.cmp(&other),
        };
        order.then_with(|| self.hit.id.cmp(&other.hit.id))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

fn value_of(searched: &Searched, hit: &Hit, identifier: &str) -> Scalar {
    let raw = Raw::of(hit.source.as_ref(), &searched.definition, searched.foreign);
    match raw.and_then(|raw| raw.json(identifier)) {
        // Several values are one text.
        Some(value @ Json::Array(_)) => Scalar::Text(value.to_string()),
        Some(value) => Scalar::of_json(&value),
        None => Scalar::Null,
    }
}

/// What hits are sorted by, and whether descending.
type Key<'k> = (&'k (dyn Fn(&Hit) -> Scalar + Sync), bool);

/// Sorted here, by values that have no column: every match is looked at, the best are kept.
async fn by_values(
    session: &Session,
    searched: &Searched,
    (request, options): (model::search::SearchRequest, &Options),
    (key, descending): Key<'_>,
    marks: Marks,
) -> Result<Page, RespError> {
    let keep = (options.offset + options.count) as usize;
    let mut best: BinaryHeap<Ranked> = BinaryHeap::new();
    let mut total = 0;
    let timeout_ms = request.timeout_ms;
    stream::each(&*session.server.gateway, request, timeout_ms, |hit| {
        total += 1;
        let key = key(&hit);
        best.push(Ranked { key, descending, hit });
        if best.len() > keep {
            best.pop();
        }
        Ok(true)
    })
    .await?;
    let sorted = best.into_sorted_vec().into_iter().skip(options.offset as usize);
    let asked = (searched, options.returned.as_deref());
    let hits = sorted.map(|ranked| shown(asked, ranked.hit, Some(ranked.key)));
    Ok(Page { hits: hits.collect(), total, marks, warning: None })
}

/// A score as a text: as many digits as it has.
fn score_text(score: Option<f32>) -> String {
    let score = score.unwrap_or(0.0);
    if score.fract() == 0.0 && score.abs() < 1e15 { format!("{score:.0}") } else { score.to_string() }
}

fn sort_key_text(key: &Scalar) -> Reply {
    match key {
        Scalar::Null => Reply::Null,
        Scalar::Number(number) => Reply::text(&format!("#{}", exact_text(*number))),
        other => Reply::text(&format!("${}", other.text())),
    }
}

/// The answer in the form of the client's protocol.
pub fn render(session: &Session, searched: &Searched, options: &Options, mut page: Page) -> Reply {
    if options.hamming {
        for hit in &mut page.hits {
            let payloads = (options.payload.as_ref(), hit.payload.as_ref());
            hit.score = Some(raw::likeness(payloads.0, payloads.1));
            hit.explanation = Some(Box::new(explain::likeness(payloads)));
        }
    }
    let three = session.protocol == Protocol::Three;
    let content = !options.no_content && options.returned.as_ref().is_none_or(|returned| !returned.is_empty());
    let marking = (&page.marks, options);
    let mut flat = vec![Reply::Integer(page.total as i64)];
    let mut results = Vec::new();
    for mut hit in page.hits {
        let raw = hit.raw.take();
        let fields = content.then(|| content_of(session, searched, (&hit, raw), marking));
        if !three {
            flat.push(Reply::Bulk(hit.key));
            if options.with_scores {
                let score = Reply::text(&score_text(hit.score));
                flat.push(explain::beside(score, hit.explanation.as_deref(), options));
            }
            if options.with_payloads {
                flat.push(Reply::optional(hit.payload));
            }
            if options.with_sort_keys {
                flat.push(hit.sort_key.as_ref().map_or(Reply::Null, sort_key_text));
            }
            flat.extend(fields);
            continue;
        }
        let mut result = vec![(Reply::word("id"), Reply::Bulk(hit.key))];
        if options.with_scores {
            let score = score_text(hit.score).parse().unwrap_or_default();
            let score = explain::beside(Reply::Double(score), hit.explanation.as_deref(), options);
            result.push((Reply::word("score"), score));
        }
        if options.with_payloads {
            result.push((Reply::word("payload"), Reply::optional(hit.payload)));
        }
        if options.with_sort_keys {
            result.push((Reply::word("sortkey"), hit.sort_key.as_ref().map_or(Reply::Null, sort_key_text)));
        }
        if let Some(fields) = fields {
            result.push((Reply::word("extra_attributes"), fields));
        }
        result.push((Reply::word("values"), Reply::Array(Vec::new())));
        results.push(Reply::Map(result));
    }
    let shape = Shape { three, expanded: options.expanded, warning: page.warning };
    if three { super::answer_map(page.total, results, shape) } else { Reply::Array(flat) }
}

/// The distances of a hit: they come before everything else.
fn distances(hit: &Shown, returned: Option<&[(String, String)]>) -> Vec<(Reply, Reply)> {
    let mut found = Vec::with_capacity(hit.distances.len());
    for (name, distance) in &hit.distances {
        let name = match returned {
            None => Some(name),
            Some(returned) => returned.iter().find(|(field, _)| field == name).map(|(_, shown)| shown),
        };
        found.extend(name.map(|name| (Reply::text(name), Reply::text(&number_text(*distance)))));
    }
    found
}

/// The fields that `HIGHLIGHT` and `SUMMARIZE` name come first.
fn marked_first(fields: &mut [(Bytes, Option<Bytes>)], options: &Options) {
    let highlighted = options.highlight.iter().filter_map(|highlight| highlight.fields.as_deref());
    let summarized = options.summarize.iter().filter_map(|summarize| summarize.fields.as_deref());
    let named: Vec<&String> = summarized.chain(highlighted).flatten().collect();
    fields.sort_by_key(|(name, _)| named.iter().position(|known| known.as_bytes() == name).unwrap_or(named.len()));
}

/// What is shown of a hit's key.
fn content_of(
    session: &Session,
    searched: &Searched,
    (hit, raw): (&Shown, Option<Raw>),
    (marks, options): (&Marks, &Options),
) -> Reply {
    let definition = &searched.definition;
    let marked = options.highlight.is_some() || options.summarize.is_some();
    let whole = options.returned.is_none() && !options.expanded && !marked && hit.distances.is_empty();
    match raw {
        Some(Raw::Hash(mut pairs)) if whole => {
            pairs.retain(|name| !definition.hides(name));
            if let Some((sorted, _)) = &options.sort {
                pairs.sort_by_key(|name| name != sorted.as_bytes());
            }
            Reply::Pairs(pairs)
        }
        raw => {
            let mut found = fields(session, searched, (hit, raw), (marks, options));
            let hides = |name: &Reply| matches!(name, Reply::Bulk(name) if definition.hides(name));
            found.retain(|(name, _)| !hides(name));
            Reply::Map(found)
        }
    }
}

fn fields(
    session: &Session,
    searched: &Searched,
    (hit, raw): (&Shown, Option<Raw>),
    marking: (&Marks, &Options),
) -> Vec<(Reply, Reply)> {
    let mut found = distances(hit, marking.1.returned.as_deref());
    let Some(raw) = raw else { return found };
    let definition = &searched.definition;
    let gateway = &*session.server.gateway;
    let language = marking.1.language.as_deref().unwrap_or(&definition.language);
    let text = |name: &str, value: Bytes| {
        let marked =
            definition.attributes.iter().find(|attribute| attribute.identifier == name || attribute.name == name);
        let marked = marked.filter(|attribute| attribute.is_text() && !attribute.no_index).and_then(|attribute| {
            let text = std::str::from_utf8(&value).ok()?;
            mark::shown(text, &attribute.name, marking, (gateway, language))
        });
        marked.map_or(Reply::Bulk(value), |marked| Reply::text(&marked))
    };
    match &marking.1.returned {
        None if marking.1.expanded => {
            if let Some((field, _)) = &marking.1.sort {
                found.extend(raw.expanded(field, definition).map(|value| (Reply::text(field), value)));
            }
            found.extend(raw.expanded("$", definition).map(|value| (Reply::text("$"), value)));
        }
        Some(returned) if marking.1.expanded => {
            // What hits are sorted by is there before the rest is loaded.
            let is_sorted = |field: &str| marking.1.sort.as_ref().is_some_and(|(sorted, _)| sorted == field);
            let mut ordered: Vec<&(String, String)> = returned.iter().collect();
            ordered.sort_by_key(|(field, _)| !is_sorted(field));
            for (field, shown) in ordered {
                found.extend(raw.expanded(field, definition).map(|value| (Reply::text(shown), value)));
            }
        }
        None => {
            for (name, value) in whole(raw, searched, marking.1) {
                let shown = value.map_or(Reply::Null, |value| text(&String::from_utf8_lossy(&name), value));
                found.push((Reply::Bulk(name), shown));
            }
        }
        Some(returned) => {
            for (field, shown) in returned {
                let value = raw.field(field, definition, searched.dialect);
                let key = || (field == "__key").then(|| Some(hit.key.clone()));
                let Some(value) = value.or_else(key) else { continue };
                // Under another name a field is shown as it is.
                let value = match value {
                    Some(value) if field == shown => text(field, value),
                    value => Reply::optional(value),
                };
                found.push((Reply::text(shown), value));
            }
        }
    }
    found
}

/// All that a key holds. What the hits are sorted by comes first, as the search module has loaded it by then.
fn whole(raw: Raw, searched: &Searched, options: &Options) -> Vec<(Bytes, Option<Bytes>)> {
    let is_hash = matches!(raw, Raw::Hash(_));
    let sorted = options.sort.as_ref().map(|(field, _)| field);
    let first = sorted.filter(|_| matches!(raw, Raw::Json(..))).and_then(|field| {
        Some((Bytes::from(field.clone()), raw.sorted(field, &searched.definition, searched.dialect)?))
    });
    let mut all: Vec<_> =
        raw.into_fields(searched.dialect).into_iter().map(|(name, value)| (name, Some(value))).collect();
    match sorted {
        Some(field) if is_hash => all.sort_by_key(|(name, _)| name != field.as_bytes()),
        None if is_hash => marked_first(&mut all, options),
        _ => all.splice(0..0, first).for_each(drop),
    }
    all
}
