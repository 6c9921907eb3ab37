//! `FT.AGGREGATE` and `FT.CURSOR`: matches as rows, through the steps that the command names.
//!
//! Rows come from the gateway in pages and go one by one through `pipeline`; only what groups and sorts keeps any.

pub mod cursor;
pub mod parse;
pub mod pipeline;
pub mod push;
pub mod pushed;
pub mod reduce;
pub mod resolve;
pub mod row;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::gateway::Gateway;
use model::query::ranked::Scorer;
use model::search::SearchRequest;

use super::Shape;
use super::partial::{Policy, Warning};
use super::raw;
use super::registry::Tally;
use super::request::{self as options, Options};
use super::stream;
use super::target::Searched;
use super::vector::Measures;
use super::vector::near::{self, Found};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;
use parse::{CursorAsked, Request};
use pipeline::Pipeline;
use push::{Column, Pushed};
use pushed::Groups;
use row::Row;

type Answer = Result<Reply, RespError>;

/// `FT.AGGREGATE index query ..`
pub async fn aggregate(session: &mut Session, mut args: Args) -> Answer {
    let name = super::text(args.must()?);
    let query = args.take().ok_or(RespError::line("No query string provided"))?;
    let query = super::text(query);
    let registry = session.server.registry.clone();
    registry.find(&name).ok_or_else(|| RespError::line(format!("{name}: no such index")))?;
    let request = parse::read(&mut args)?;
    let dialect = options::format_dialect(session, request.dialect, request.expanded)?;
    let searched = Searched::find(&registry, &name, Some(dialect))?;
    options::format_kind(&searched.definition, request.expanded)?;
    let answered = run(session, &searched, &query, &request).await?;
    let shape =
        Shape { three: session.protocol == Protocol::Three, expanded: request.expanded, warning: answered.warning };
    let total = answered.total;
    let rows =
        answered.rows.into_iter().map(|row| row.reply(&searched.definition, (shape.three, shape.expanded))).collect();
    match request.cursor {
        None => Ok(render(shape, total, rows)),
        Some(asked) => cursor::begin(
            session,
            &searched.known.index,
            (shape, total, rows),
            CursorAsked { expanded: request.expanded, ..asked },
        ),
    }
}

/// Names of distances, each with the documents that have it.
type Distances = Vec<(Arc<str>, Found)>;

/// The same, to be looked up.
type ByDocument = Vec<(Arc<str>, BTreeMap<Arc<str>, f64>)>;

fn by_document(distances: Distances) -> ByDocument {
    distances.into_iter().map(|(name, found)| (name, found.into_iter().collect())).collect()
}

/// Neighbours go through the steps in the order of their distances, the first of `distances`.
async fn nearest(
    gateway: &dyn Gateway,
    (searched, request): (&Searched, &Request),
    (search, scored): (&SearchRequest, bool),
    distances: Distances,
    mut pipeline: Pipeline,
) -> Result<(u64, Vec<Row>), RespError> {
    let ids: Vec<Arc<str>> = distances.iter().take(1).flat_map(|(_, found)| found).map(|(id, _)| id.clone()).collect();
    let distances = by_document(distances);
    for some in ids.chunks(1_000) {
        for mut hit in near::hits(gateway, some, (search, scored)).await? {
            hit.score = hit.score.filter(|_| scored);
            let mut row =
                Row::of(&hit, &searched.definition, (searched.foreign, searched.dialect), request.with_scores);
            for (name, found) in &distances {
                row.measured(name, found.get(&hit.id).copied());
            }
            if !pipeline.push(row).map_err(RespError::line)? {
                return pipeline.finish().map_err(RespError::line);
            }
        }
    }
    pipeline.finish().map_err(RespError::line)
}

/// The first rows by columns, as shards have sorted them, go through all steps.
async fn first(
    gateway: &dyn Gateway,
    (searched, request): (&Searched, &Request),
    (search, sort, rows): (SearchRequest, Vec<(Column, bool)>, u64),
    (mut pipeline, policy, tally): (Pipeline, Policy, &Tally),
) -> Result<Answered, RespError> {
    let sort = sort.iter().map(|(column, descending)| stream::sort_key(&column.field, *descending)).collect();
    let mut search = SearchRequest { size: rows, from: 0, sort, ..search };
    policy.allow(&mut search);
    let response = gateway.search(search).await?;
    let warning = policy.judge(&response, tally)?;
    pipeline.counted(response.total.map_or(0, |total| total.value));
    for hit in &response.hits {
        let row = Row::of(hit, &searched.definition, (searched.foreign, searched.dialect), request.with_scores);
        if !pipeline.push(row).map_err(RespError::line)? {
            break;
        }
    }
    let (total, rows) = pipeline.finish().map_err(RespError::line)?;
    Ok(Answered { total, rows, warning })
}

/// What an aggregation has found.
pub struct Answered {
    /// As it is told.
    pub total: u64,
    pub rows: Vec<Row>,
    /// It is not whole.
    pub warning: Option<Warning>,
}

impl From<(u64, Vec<Row>)> for Answered {
    fn from((total, rows): (u64, Vec<Row>)) -> Self {
        Self { total, rows, warning: None }
    }
}

/// Rows as the client's protocol shows them.
pub(super) fn render(shape: Shape, total: u64, rows: Vec<Reply>) -> Reply {
    if shape.three {
        return super::answer_map(total, rows, shape);
    }
    Reply::Array([Reply::Integer(total as i64)].into_iter().chain(rows).collect())
}

/// The total that is told, and all rows.
///
/// # Errors
/// As the search module words them; what the gateway answers.
pub async fn run(
    session: &Session,
    searched: &Searched,
    query: &str,
    request: &Request,
) -> Result<Answered, RespError> {
    let options = Options {
        verbatim: request.verbatim,
        keep_stop_words: request.keep_stop_words,
        parameters: request.parameters.clone(),
        ..request.narrowed.clone()
    };
    let registry = &session.server.registry;
    let clause = searched.parse(query, &options)?;
    let measures = Measures::of(&clause, &searched.definition)?;
    let part = searched.part(registry, &clause, &options)?;
    let steps = resolve::steps(request, searched, measures.all().map(|measure| measure.name.clone()))?;
    let scorer = if request.with_scores { request.scorer } else { Scorer::None };
    let mut search = searched.request(searched.query(part, scorer), raw::wanted(true));
    search.track_scores = request.with_scores;
    let pushed = match measures.all().next().is_none() && !searched.foreign && !request.with_scores {
        true => push::of(&steps, &searched.definition, &searched.known.mapping),
        false => None,
    };
    let pipeline = Pipeline::new(steps);
    if measures.is_nothing(&clause) {
        return Ok(pipeline.finish().map_err(RespError::line)?.into());
    }
    let gateway = &*session.server.gateway;
    let mut distances = Distances::new();
    for measure in measures.all() {
        distances.push((measure.name.as_str().into(), near::all(gateway, measure, &search).await?));
    }
    if measures.nearest.is_some() {
        let scored = request.with_scores && measures.scored(&clause, &options);
        return Ok(nearest(gateway, (searched, request), (&search, scored), distances, pipeline).await?.into());
    }
    let timeout_ms = request.timeout_ms.or_else(|| registry.configuration.timeout_ms());
    search.timeout_ms = timeout_ms.filter(|timeout| *timeout > 0);
    let (policy, tally) = (registry.configuration.policy(), registry.tally(&searched.known.index));
    let mut wanted = u64::MAX;
    match pushed {
        Some(Pushed::Group { keys, reducers, rest }) => {
            let groups = Groups { keys: &keys, reducers: &reducers, policy, tally: &tally };
            if let Some((rows, warning)) = groups.rows(gateway, &search).await? {
                let (total, rows) = Pipeline::new(rest).finish_with(rows).map_err(RespError::line)?;
                return Ok(Answered { total, rows, warning });
            }
        }
        Some(Pushed::First { sort, rows }) if !sort.is_empty() => {
            return first(gateway, (searched, request), (search, sort, rows), (pipeline, policy, &tally)).await;
        }
        Some(Pushed::First { rows, .. }) => wanted = rows,
        None => {}
    }
    let whole = stream::Whole { first: wanted, policy, tally: &tally };
    every(gateway, (searched, request), (search, whole), distances, pipeline).await
}

/// Every row goes through the steps, where the client's node is.
async fn every(
    gateway: &dyn Gateway,
    (searched, request): (&Searched, &Request),
    (search, whole): (SearchRequest, stream::Whole<'_>),
    distances: Distances,
    mut pipeline: Pipeline,
) -> Result<Answered, RespError> {
    let timeout_ms = search.timeout_ms;
    let distances = by_document(distances);
    let refused = |error: String| Error::new(ErrorKind::IllegalArgument, error);
    let (definition, foreign) = (&searched.definition, searched.foreign);
    let warning = stream::paged(gateway, (search, whole), timeout_ms, |hit| {
        let mut row = Row::of(&hit, definition, (foreign, searched.dialect), request.with_scores);
        for (name, found) in &distances {
            row.measured(name, found.get(&hit.id).copied());
        }
        pipeline.push(row).map_err(refused)
    })
    .await
    .map_err(|error| match error.kind {
        ErrorKind::IllegalArgument => RespError::line(error.reason),
        _ => RespError::from(error),
    })?;
    let (total, rows) = pipeline.finish().map_err(RespError::line)?;
    Ok(Answered { total, rows, warning })
}
