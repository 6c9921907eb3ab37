//! `FT.HYBRID`: a search by words and one by a vector, their hits ranked as one; then the steps of `FT.AGGREGATE`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use model::query::ranked::Scorer;
use model::search::{Hit, SearchRequest};

use super::aggregate::parse::{self, Asked, Request};
use super::aggregate::pipeline::Pipeline;
use super::aggregate::resolve;
use super::aggregate::row::Row;
use super::create::word;
use super::raw;
use super::request::{Options, counted, scorer};
use super::target::Searched;
use super::vector::{Measures, near};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;
use crate::syntax::{Attributes, Clause, Knn, Node, VectorRange};

type Outcome<T> = Result<T, RespError>;

const KEY: &str = "__key";
const SCORE: &str = "__score";

fn refuse<T>(line: impl Into<std::borrow::Cow<'static, str>>) -> Outcome<T> {
    Err(RespError::line(line))
}

/// How two rankings become one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Combine {
    /// The sum of 1 / (constant + rank) (Cormack, Clarke and Buettcher 2009).
    Ranks { constant: f64 },
    /// A weighted sum of the score of the words and that of the vector.
    Linear { alpha: f64, beta: f64 },
}

/// What is asked before the steps.
#[derive(Debug)]
struct Hybrid {
    query: String,
    scorer: Scorer,
    vector: Vector,
    combine: Combine,
    /// Hits of each ranking that are looked at.
    window: u64,
    /// Names of the scores of words, vector and both.
    names: [Option<String>; 3],
}

#[derive(Debug, Default)]
struct Vector {
    field: String,
    parameter: String,
    neighbours: Option<u64>,
    radius: Option<f64>,
    ef_runtime: Option<String>,
    filter: Option<String>,
}

pub async fn hybrid(session: &mut Session, mut args: Args) -> Outcome<Reply> {
    let begun = Instant::now();
    let name = super::text(args.must()?);
    let hybrid = read(&mut args)?;
    let request = steps(&mut args)?;
    let registry = session.server.registry.clone();
    // Parameters and vectors are of the second dialect.
    let searched = Searched::find(&registry, &name, Some(request.dialect.unwrap_or(2).max(2)))?;
    let (total, rows) = run(session, &searched, &hybrid, &request).await?;
    let three = session.protocol == Protocol::Three;
    let rows = rows.iter().map(|row| Reply::Map(row.fields(&searched.definition, false))).collect();
    let millis = begun.elapsed().as_secs_f64() * 1000.0;
    let time = if three { Reply::Double(millis) } else { Reply::text(&millis.to_string()) };
    Ok(Reply::Map(vec![
        (Reply::text("total_results"), Reply::Integer(total as i64)),
        (Reply::text("results"), Reply::Array(rows)),
        (Reply::text("warnings"), Reply::Array(Vec::new())),
        (Reply::text("execution_time"), time),
    ]))
}

/// Reads up to the steps.
fn read(args: &mut Args) -> Outcome<Hybrid> {
    if !args.take_word("SEARCH") {
        return refuse("SEARCH argument is required");
    }
    let query = word(args, "SEARCH")?;
    let (mut found_by, mut names) = (Scorer::Bm25Std, [None, None, None]);
    loop {
        match () {
            () if args.take_word("SCORER") => found_by = scorer(&word(args, "SCORER")?)?,
            () if args.take_word("YIELD_SCORE_AS") => names[0] = Some(word(args, "YIELD_SCORE_AS")?),
            () => break,
        }
    }
    if !args.take_word("VSIM") {
        return refuse("VSIM argument is required");
    }
    let vector = vector(args, &mut names[1])?;
    let mut hybrid =
        Hybrid { query, scorer: found_by, vector, combine: Combine::Ranks { constant: 60.0 }, window: 20, names };
    if args.take_word("COMBINE") {
        hybrid.combine(args)?;
    }
    Ok(hybrid)
}

fn vector(args: &mut Args, name: &mut Option<String>) -> Outcome<Vector> {
    let (field, parameter) = (word(args, "VSIM")?, word(args, "VSIM")?);
    let Some(field) = field.strip_prefix('@') else {
        return refuse(format!("Missing @ prefix for vector field name `{field}`"));
    };
    let Some(parameter) = parameter.strip_prefix('$') else {
        return refuse("The vector of VSIM is given by a parameter: $name");
    };
    let mut vector = Vector { field: field.to_owned(), parameter: parameter.to_owned(), ..Vector::default() };
    loop {
        match () {
            () if args.take_word("KNN") => {
                for (option, value) in pairs(args, "KNN")? {
                    match option.as_str() {
                        "K" => vector.neighbours = Some(number(&value, "K")? as u64),
                        "EF_RUNTIME" => vector.ef_runtime = Some(value),
                        _ => return refuse(format!("Unknown argument `{option}` in KNN")),
                    }
                }
            }
            () if args.take_word("RANGE") => {
                for (option, value) in pairs(args, "RANGE")? {
                    match option.as_str() {
                        "RADIUS" => vector.radius = Some(number(&value, "RADIUS")?),
                        // Ranges are exact.
                        "EPSILON" => drop(number(&value, "EPSILON")?),
                        _ => return refuse(format!("Unknown argument `{option}` in RANGE")),
                    }
                }
                if vector.radius.is_none() {
                    return refuse("Missing required argument RADIUS");
                }
            }
            () if args.take_word("YIELD_SCORE_AS") => *name = Some(word(args, "YIELD_SCORE_AS")?),
            () if args.take_word("FILTER") => vector.filter = Some(word(args, "FILTER")?),
            () => break,
        }
    }
    match (vector.neighbours, vector.radius) {
        (Some(_), Some(_)) => refuse("VSIM takes KNN or RANGE, not both"),
        _ => Ok(vector),
    }
}

/// A count, and so many words as names and values.
fn pairs(args: &mut Args, option: &str) -> Outcome<Vec<(String, String)>> {
    let words = super::request::texts(counted(args, option)?);
    if !words.len().is_multiple_of(2) {
        return refuse(format!("Bad arguments for {option}: names and values are expected"));
    }
    Ok(words.chunks_exact(2).map(|pair| (pair[0].to_ascii_uppercase(), pair[1].clone())).collect())
}

fn number(text: &str, option: &str) -> Outcome<f64> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| RespError::line(format!("Invalid {option} value")))
}

impl Hybrid {
    fn combine(&mut self, args: &mut Args) -> Outcome<()> {
        let ranks = args.take_word("RRF");
        if !ranks && !args.take_word("LINEAR") {
            return refuse("Unknown COMBINE method");
        }
        let (mut constant, mut alpha, mut beta) = (60.0, 0.3, 0.7);
        for (option, value) in pairs(args, "COMBINE")? {
            match option.as_str() {
                "CONSTANT" if ranks => constant = number(&value, "CONSTANT")?,
                "ALPHA" if !ranks => alpha = number(&value, "ALPHA")?,
                "BETA" if !ranks => beta = number(&value, "BETA")?,
                "WINDOW" => self.window = number(&value, "WINDOW")? as u64,
                "YIELD_SCORE_AS" => self.names[2] = Some(value),
                _ => return refuse(format!("Unknown argument `{option}` in COMBINE")),
            }
        }
        if args.take_word("YIELD_SCORE_AS") {
            self.names[2] = Some(word(args, "YIELD_SCORE_AS")?);
        }
        if !(1..=10_000).contains(&self.window) {
            return refuse("Invalid WINDOW value");
        }
        self.combine = if ranks { Combine::Ranks { constant } } else { Combine::Linear { alpha, beta } };
        Ok(())
    }

    /// What one hit scores: its rank from 1 and its score by words and by the vector.
    fn score(&self, words: Option<(usize, f64)>, vector: Option<(usize, f64)>) -> f64 {
        match self.combine {
            Combine::Ranks { constant } => {
                [words, vector].into_iter().flatten().map(|(rank, _)| 1.0 / (constant + rank as f64)).sum()
            }
            Combine::Linear { alpha, beta } => {
                alpha * words.map_or(0.0, |(_, score)| score) + beta * vector.map_or(0.0, |(_, score)| score)
            }
        }
    }

    /// The vector's part as a query's tree.
    fn near(&self, searched: &Searched, options: &Options) -> Outcome<Clause> {
        let Vector { field, parameter, .. } = &self.vector;
        let vector = options.parameters.get(parameter);
        let vector = vector.ok_or_else(|| RespError::line(format!("No such parameter `{parameter}`")))?.clone();
        let filter = match &self.vector.filter {
            Some(filter) => searched.parse(filter, options)?,
            None => Clause::new(Node::All),
        };
        let (field, name) = (field.clone(), parameter.clone());
        if let Some(radius) = self.vector.radius {
            let attributes = Attributes { yield_distance_as: Some("__distance".to_owned()), ..Attributes::default() };
            let range =
                Clause { attributes, ..Clause::new(Node::VectorRange(VectorRange { field, radius, name, vector })) };
            return Ok(Clause::new(Node::And(vec![range, filter])));
        }
        let k = self.vector.neighbours.unwrap_or(10);
        let options = self.vector.ef_runtime.iter().map(|ef| ("EF_RUNTIME".to_owned(), ef.clone())).collect();
        let distance_as = Some("__distance".to_owned());
        Ok(Clause::new(Node::Knn(Box::new(filter), Knn { k, field, name, vector, options, distance_as })))
    }
}

/// The steps behind; ten rows unless they say otherwise.
fn steps(args: &mut Args) -> Outcome<Request> {
    let words: Vec<_> = args.rest().iter().filter(|word| !word.eq_ignore_ascii_case(b"NOSORT")).cloned().collect();
    let mut rest = Args::new([args.all()[0].clone()].into_iter().chain(words).collect());
    let mut request = parse::read(&mut rest)?;
    if request.cursor.is_some() {
        return refuse("WITHCURSOR of FT.HYBRID is not implemented yet");
    }
    if !request.steps.iter().any(|step| matches!(step, Asked::Limit(..))) {
        request.steps.push(Asked::Limit(0, 10));
    }
    Ok(request)
}

/// A document in either ranking.
#[derive(Default)]
struct Found {
    hit: Option<Hit>,
    words: Option<(usize, f64)>,
    vector: Option<(usize, f64)>,
}

async fn run(session: &Session, searched: &Searched, hybrid: &Hybrid, request: &Request) -> Outcome<(u64, Vec<Row>)> {
    let yields = hybrid.names.iter().flatten().cloned();
    let known = [KEY.to_owned(), SCORE.to_owned()].into_iter().chain(yields);
    let mut pipeline = Pipeline::new(resolve::steps(request, searched, known)?);
    let found = both(session, searched, hybrid, request).await?;
    let mut ranked: Vec<(f64, Found)> =
        found.into_values().map(|found| (hybrid.score(found.words, found.vector), found)).collect();
    // Stable: what scores the same stays in the order of keys.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total = ranked.len() as u64;
    let names: Vec<Option<Arc<str>>> = hybrid.names.iter().map(|name| name.as_deref().map(Arc::from)).collect();
    for (score, found) in ranked {
        let Some(hit) = &found.hit else { continue };
        let mut row = Row::of(hit, &searched.definition, (searched.foreign, searched.dialect), false);
        row.load(KEY, &KEY.into(), false);
        row.measured(&SCORE.into(), Some(score));
        let scores = [found.words.map(|(_, score)| score), found.vector.map(|(_, score)| score), Some(score)];
        for (name, score) in names.iter().zip(scores) {
            if let Some(name) = name {
                row.measured(name, score);
            }
        }
        if !pipeline.push(row).map_err(RespError::line)? {
            break;
        }
    }
    let (_, mut rows) = pipeline.finish().map_err(RespError::line)?;
    let loads = request.steps.iter().filter_map(|step| match step {
        Asked::Load(fields) => Some(fields.as_deref().unwrap_or_default()),
        _ => None,
    });
    let loads: Vec<&[(String, String)]> = loads.collect();
    if !loads.is_empty() {
        let wanted = |name: &str| loads.iter().any(|fields| fields.iter().any(|(_, shown)| shown == name));
        rows.iter_mut().for_each(|row| row.values.retain(|(name, _)| !matches!(&**name, KEY | SCORE) || wanted(name)));
    }
    Ok((total, rows))
}

/// Both rankings, by document.
async fn both(
    session: &Session,
    searched: &Searched,
    hybrid: &Hybrid,
    request: &Request,
) -> Outcome<BTreeMap<Arc<str>, Found>> {
    let options = Options {
        verbatim: request.verbatim,
        keep_stop_words: request.keep_stop_words,
        parameters: request.parameters.clone(),
        ..Options::default()
    };
    let registry = &session.server.registry;
    let gateway = &*session.server.gateway;
    let timeout_ms = request.timeout_ms.or_else(|| registry.configuration.timeout_ms());
    let asked = |query| SearchRequest {
        size: hybrid.window,
        timeout_ms: timeout_ms.filter(|timeout| *timeout > 0),
        ..searched.request(query, raw::wanted(true))
    };
    let clause = searched.parse(&hybrid.query, &options)?;
    if matches!(clause.node, Node::Knn(..)) {
        return refuse("The SEARCH part of FT.HYBRID takes no KNN: that is what VSIM is for");
    }
    let words = searched.query(searched.part(registry, &clause, &options)?, hybrid.scorer);
    let near_clause = hybrid.near(searched, &options)?;
    let measures = Measures::of(&near_clause, &searched.definition)?;
    let mut found: BTreeMap<Arc<str>, Found> = BTreeMap::new();
    for (rank, hit) in (1..).zip(gateway.search(asked(words)).await?.hits) {
        let entry = found.entry(hit.id.clone()).or_default();
        entry.words = Some((rank, f64::from(hit.score.unwrap_or_default())));
        entry.hit = Some(hit);
    }
    let Some(measure) = measures.all().next().filter(|_| !measures.is_nothing(&near_clause)) else {
        if searched.definition.attribute(&hybrid.vector.field).is_none_or(|field| !field.is_vector()) {
            return refuse(format!("`{}` is no vector field", hybrid.vector.field));
        }
        return Ok(found);
    };
    let filter = searched.query(searched.part(registry, &near_clause, &options)?, Scorer::None);
    let sorted = near::sorted(gateway, measure, &asked(filter), (false, true)).await?;
    for (rank, (hit, distance)) in (1..).zip(sorted.hits) {
        let entry = found.entry(hit.id.clone()).or_default();
        entry.vector = distance.map(|distance| (rank, measure.similarity(distance)));
        entry.hit.get_or_insert(hit);
    }
    Ok(found)
}
