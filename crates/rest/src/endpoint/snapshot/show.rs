//! `_snapshot/{repository}/{snapshot}`: shown, deleted.

use std::sync::Arc;

use model::error::Error;
use model::mapping::simple_match;
use model::snapshot::{SnapshotInfo, SnapshotState, missing};
use serde_json::{Value, json};

use super::listed;
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::snapshot;
use crate::reply::Reply;
use crate::request::Request;

const ALL: &str = "_all";
/// Those that are on their way.
const CURRENT: &str = "_current";

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    options::cluster_manager_timeout(&mut request.params)?;
    let ignore_unavailable = request.params.flag("ignore_unavailable")?.unwrap_or(false);
    let verbose = request.params.flag("verbose")?.unwrap_or(true);
    request.finish()?;
    let repository = request.required("repository")?;
    let asked = split(request.required("snapshot")?);
    let mut found = pick(repository, &asked, ignore_unavailable, listed(&server, repository).await?)?;
    let shown: Vec<Value> = if verbose {
        found.iter().map(|one| snapshot::whole(one, &server.settings.version.number)).collect()
    } else {
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.iter().map(snapshot::brief).collect()
    };
    Ok(Reply::value(&json!({"snapshots": shown})))
}

/// Those of `all` that names and patterns stand for, in its order.
fn pick(
    repository: &str,
    asked: &[String],
    ignore_unavailable: bool,
    all: Vec<SnapshotInfo>,
) -> Result<Vec<SnapshotInfo>, Error> {
    let is = |name: &str, word: &str| name.eq_ignore_ascii_case(word);
    let [first, others @ ..] = asked else { return Ok(all) };
    let alone = others.is_empty();
    if alone && is(first, ALL) {
        return Ok(all);
    }
    let fits = |name: &str, one: &SnapshotInfo| match is(name, CURRENT) {
        true => one.state == SnapshotState::InProgress,
        false => simple_match(name, &one.name),
    };
    let loose = |name: &str| name.contains('*') || is(name, CURRENT);
    let lost = asked.iter().find(|name| !loose(name) && !all.iter().any(|one| fits(name, one)));
    if let Some(name) = lost.filter(|_| !ignore_unavailable) {
        return Err(missing(repository, name));
    }
    let found: Vec<SnapshotInfo> = all.into_iter().filter(|one| asked.iter().any(|name| fits(name, one))).collect();
    if found.is_empty() && !ignore_unavailable && !(alone && is(first, CURRENT)) {
        return Err(missing(repository, first));
    }
    Ok(found)
}

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let patience = options::cluster_manager_timeout(&mut request.params)?;
    request.finish()?;
    let patterns = split(request.required("snapshot")?);
    server.within(patience).snapshots()?.delete(request.required("repository")?, patterns).await?;
    Ok(Reply::acknowledged())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::snapshot::ShardCounts;

    fn info(name: &str, state: SnapshotState) -> SnapshotInfo {
        SnapshotInfo {
            name: name.into(),
            uuid: "u".into(),
            state,
            reason: None,
            indexes: Vec::new(),
            data_streams: Vec::new(),
            include_global_state: true,
            metadata: None,
            start_ms: 1,
            end_ms: None,
            shards: ShardCounts::default(),
            failures: Vec::new(),
        }
    }

    fn told(asked: &str, ignore: bool) -> String {
        let all = [("b1", SnapshotState::Success), ("a1", SnapshotState::Partial), ("b2", SnapshotState::InProgress)];
        let all = all.map(|(name, state)| info(name, state)).to_vec();
        match pick("r", &split(asked), ignore, all) {
            Ok(found) => found.iter().map(|one| one.name.as_ref()).collect::<Vec<_>>().join(" "),
            Err(error) => error.reason,
        }
    }

    #[test]
    fn names_patterns_and_words() {
        for (asked, expected) in [
            ("_all", "b1 a1 b2"),
            ("_ALL", "b1 a1 b2"),
            ("*", "b1 a1 b2"),
            ("b*", "b1 b2"),
            ("a1,b1", "b1 a1"),
            ("_current", "b2"),
            ("_current,a1", "a1 b2"),
            ("z", "[r:z] is missing"),
            ("b*,z", "[r:z] is missing"),
            ("z*", "[r:z*] is missing"),
            ("_all,a1", "[r:_all] is missing"),
            ("*,-a1", "[r:-a1] is missing"),
        ] {
            assert_eq!(told(asked, false), expected, "{asked}");
        }
        assert_eq!((told("z,a1", true), told("z*", true)), ("a1".to_owned(), String::new()));
        assert_eq!(pick("r", &split("_current"), false, Vec::new()), Ok(Vec::new()));
        assert_eq!(pick("r", &split("_all"), false, Vec::new()), Ok(Vec::new()));
        assert!(pick("r", &split("*"), false, Vec::new()).is_err());
    }
}
