//! `FT.AGGREGATE` and `FT.CURSOR`: matches as rows, through the steps that the command names.
//!
//! Rows come from the gateway in pages and go one by one through `pipeline`; only what groups and sorts keeps any.

pub mod cursor;
pub mod parse;
pub mod pipeline;
pub mod reduce;
pub mod resolve;
pub mod row;

use model::error::{Error, ErrorKind};
use model::query::ranked::Scorer;

use super::raw;
use super::request::Options;
use super::stream;
use super::target::Searched;
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;
use parse::Request;
use pipeline::Pipeline;
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
    let searched = Searched::find(&registry, &name, request.dialect.or(Some(super::default_dialect(session))))?;
    let (total, rows) = run(session, &searched, &query, &request).await?;
    let three = session.protocol == Protocol::Three;
    let rows = rows.into_iter().map(|row| row.reply(three)).collect();
    match request.cursor {
        None => Ok(render(three, total, rows)),
        Some(asked) => cursor::begin(session, &searched.known.index, (total, rows), asked),
    }
}

/// Rows as the client's protocol shows them.
pub fn render(three: bool, total: u64, rows: Vec<Reply>) -> Reply {
    if three {
        return super::answer_map(total, rows);
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
) -> Result<(u64, Vec<Row>), RespError> {
    let options = Options {
        verbatim: request.verbatim,
        keep_stop_words: request.keep_stop_words,
        parameters: request.parameters.clone(),
        ..Options::default()
    };
    let registry = &session.server.registry;
    let clause = searched.parse(query, &options)?;
    let part = searched.part(registry, &clause, &options)?;
    let steps = resolve::steps(request, &searched.definition)?;
    let scorer = if request.with_scores { request.scorer } else { Scorer::None };
    let mut search = searched.request(searched.query(part, scorer), Some(raw::includes(searched.foreign)));
    search.track_scores = request.with_scores;
    let mut pipeline = Pipeline::new(steps);
    let refused = |error: String| Error::new(ErrorKind::IllegalArgument, error);
    let (definition, foreign) = (&searched.definition, searched.foreign);
    let timeout_ms = request.timeout_ms.or_else(|| registry.configuration.timeout_ms());
    stream::each(&*session.server.gateway, search, timeout_ms.filter(|timeout| *timeout > 0), |hit| {
        let row = Row::of(&hit, definition, (foreign, searched.dialect), request.with_scores);
        pipeline.push(row).map_err(refused)
    })
    .await
    .map_err(|error| match error.kind {
        ErrorKind::IllegalArgument => RespError::line(error.reason),
        _ => RespError::from(error),
    })?;
    pipeline.finish().map_err(RespError::line)
}
