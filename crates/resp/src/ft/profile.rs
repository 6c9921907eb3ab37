//! `FT.PROFILE`: what a search or an aggregation answers, and how long it took.

use std::time::Instant;

use super::aggregate;
use super::search;
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;

/// `FT.PROFILE index SEARCH|AGGREGATE [LIMITED] QUERY query ..`
pub async fn profile(session: &mut Session, mut args: Args) -> Result<Reply, RespError> {
    let index = args.must()?;
    let is_search = args.take_word("SEARCH");
    if !is_search && !args.take_word("AGGREGATE") {
        return Err(RespError::line("No `SEARCH` or `AGGREGATE` provided"));
    }
    args.take_word("LIMITED");
    if !args.take_word("QUERY") {
        return Err(RespError::line("The QUERY keyword is expected"));
    }
    let name = if is_search { "FT.SEARCH" } else { "FT.AGGREGATE" };
    let words = [name.into(), index].into_iter().chain(args.rest().iter().cloned());
    let inner = Args::new(words.collect());
    let begun = Instant::now();
    let answer = match is_search {
        true => search::search(session, inner).await?,
        false => aggregate::aggregate(session, inner).await?,
    };
    let spent_ms = begun.elapsed().as_secs_f64() * 1000.0;
    Ok(match (session.protocol, answer) {
        (Protocol::Three, Reply::Map(mut pairs)) => {
            let profile = vec![(Reply::text("Total profile time"), Reply::Double(spent_ms))];
            pairs.push((Reply::text("profile"), Reply::Map(profile)));
            Reply::Map(pairs)
        }
        (_, answer) => {
            let time = Reply::Array(vec![Reply::text("Total profile time"), Reply::text(&spent_ms.to_string())]);
            Reply::Array(vec![answer, Reply::Array(vec![time])])
        }
    })
}
