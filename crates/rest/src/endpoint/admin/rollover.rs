//! `POST /{alias}/_rollover`: a new index takes the place of the one that an alias or a data stream writes to, when it is old, full or large enough.
//!
//! Of an alias, the new index is made first, then the alias moves in one change; a write in between still goes to the old index.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use model::admin::{AliasAction, AliasInfo, CreateIndex, DataStreamInfo, IndexInfo, RollOver};
use model::error::{Error, ErrorKind};
use model::gateway::Gateway;
use model::json::token;
use model::target::{Expand, Target};
use serde_json::{Map, Value, json};

use crate::endpoint::{Server, options};
use crate::json;
use crate::params::time_ms;
use crate::reply::Reply;
use crate::request::Request;

/// What must be so, as it was given.
#[derive(Default)]
struct Conditions {
    max_age: Option<u64>,
    max_docs: Option<i64>,
    /// In bytes.
    max_size: Option<u64>,
    shown: Vec<(String, String)>,
}

pub(super) async fn rollover(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("index")?.to_owned();
    let given = request.part("new_index").map(str::to_owned);
    let bytes = request.body();
    let params = &mut request.params;
    let dry_run = params.flag("dry_run")?.unwrap_or(false);
    let patience = options::cluster_manager_timeout(params)?;
    let mut asked = CreateIndex {
        active_shards: options::active_shards(params)?,
        timeout_ms: options::timeout_ms(params)?,
        ..CreateIndex::default()
    };
    request.finish()?;
    let conditions = read(&bytes, &mut asked)?;
    let stream = stream(&server, &name);
    if stream.is_some() {
        check_of_stream(given.as_deref(), &asked)?;
    }
    let old = source(&server, &name, stream.as_ref())?;
    asked.name = match given {
        Some(given) => given,
        None => following(&old.name)?,
    };
    let taken = server.gateway.indexes(&every(&asked.name));
    if let Some(taken) = taken.ok().and_then(|found| found.into_iter().next()).filter(|one| *one.name == *asked.name) {
        let reason = format!("index [{}/{}] already exists", taken.name, taken.uuid.0);
        let error = Error::new(ErrorKind::ResourceAlreadyExists, reason).with_detail("index", &*taken.name);
        return Err(error.with_detail("index_uuid", &*taken.uuid.0));
    }
    let met = conditions.met(&server, &old).await?;
    let rolls = !dry_run && (met.is_empty() || met.iter().any(|(_, is_met)| *is_met));
    let new = asked.name.clone();
    let mut acknowledged = false;
    if rolls {
        let gateway = server.within(patience);
        acknowledged = match stream {
            Some(stream) => roll_stream(&*gateway, stream.name, &old, asked).await?,
            None => roll(&*gateway, &name, &old, asked).await?,
        };
    }
    let met: Map<String, Value> = met.into_iter().map(|(name, is_met)| (name, is_met.into())).collect();
    Ok(Reply::value(&json!({
        "acknowledged": rolls,
        "shards_acknowledged": acknowledged,
        "old_index": &*old.name,
        "new_index": new,
        "rolled_over": rolls,
        "dry_run": dry_run,
        "conditions": met,
    })))
}

/// A name among all indexes, closed and hidden ones too.
fn every(name: &str) -> Target {
    let mut target = Target::one(name);
    target.options.expand_wildcards = Some(Expand { open: true, closed: true, hidden: true });
    target
}

/// The data stream of that name.
fn stream(server: &Server, name: &str) -> Option<DataStreamInfo> {
    // Of a pattern, nothing is rolled over; a name of nothing is refused later.
    let found = server.gateway.data_streams(&[name.to_owned()]).unwrap_or_default();
    found.into_iter().find(|stream| *stream.name == *name)
}

/// The indexes of a data stream are as its template has them.
fn check_of_stream(given: Option<&str>, asked: &CreateIndex) -> Result<(), Error> {
    if given.is_some() {
        return Err(Error::illegal_argument("new index name may not be specified when rolling over a data stream"));
    }
    if asked.mappings.is_some() || !asked.settings.is_empty() || !asked.aliases.is_empty() {
        let reason = "aliases, mappings, and index settings may not be specified when rolling over a data stream";
        return Err(Error::illegal_argument(reason));
    }
    Ok(())
}

/// The index that an alias or a data stream writes to.
fn source(server: &Server, name: &str, stream: Option<&DataStreamInfo>) -> Result<IndexInfo, Error> {
    let missing = || Error::illegal_argument(format!("rollover target [{name}] does not exist"));
    let found = server.gateway.indexes(&every(name)).map_err(|_| missing())?;
    if let Some(newest) = stream.and_then(|stream| stream.indexes.last()) {
        return found.into_iter().find(|index| index.uuid == newest.uuid).ok_or_else(missing);
    }
    if !server.gateway.is_alias(name) {
        let reason = "rollover target is a [concrete index] but one of [alias,data_stream] was expected";
        return Err(if found.is_empty() { missing() } else { Error::illegal_argument(reason) });
    }
    let only = found.len() == 1;
    let writes = |index: &IndexInfo| {
        let is_write = index.aliases.get(name).and_then(|alias| alias.is_write_index);
        is_write.unwrap_or(only)
    };
    found
        .into_iter()
        .find(writes)
        .ok_or_else(|| Error::illegal_argument(format!("rollover target [{name}] does not point to a write index")))
}

/// The name with the next number, in at least six digits.
fn following(name: &str) -> Result<String, Error> {
    let wrong = || Error::illegal_argument(format!("index name [{name}] does not match pattern '^.*-\\d+$'"));
    let (stem, number) = name.rsplit_once('-').ok_or_else(wrong)?;
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = number.parse().map_err(|_| wrong())?;
    Ok(format!("{stem}-{:06}", number.saturating_add(1)))
}

async fn roll(gateway: &dyn Gateway, alias: &str, old: &IndexInfo, asked: CreateIndex) -> Result<bool, Error> {
    let info = old.aliases.get(alias).cloned().unwrap_or_default();
    let new = vec![asked.name.clone()];
    let made = gateway.create_index(asked).await?;
    let (indexes, aliases) = (vec![old.name.to_string()], vec![alias.to_owned()]);
    let add = |indexes: Vec<String>, is_write_index: Option<bool>| AliasAction::Add {
        indexes,
        aliases: aliases.clone(),
        alias: AliasInfo { is_write_index, ..info.clone() },
        must_exist: None,
    };
    // An alias that says where it writes keeps its old indexes; one that does not moves.
    let actions = match info.is_write_index {
        Some(true) => vec![add(new, Some(true)), add(indexes, Some(false))],
        _ => vec![add(new, None), AliasAction::Remove { indexes, aliases: aliases.clone(), must_exist: None }],
    };
    gateway.update_aliases(actions).await?;
    Ok(made.shards_acknowledged)
}

async fn roll_stream(
    gateway: &dyn Gateway,
    stream: Arc<str>,
    old: &IndexInfo,
    asked: CreateIndex,
) -> Result<bool, Error> {
    let CreateIndex { active_shards, timeout_ms, .. } = asked;
    let request = RollOver { stream, from: old.name.clone(), active_shards, timeout_ms };
    Ok(gateway.roll_over(request).await?.shards_acknowledged)
}

impl Conditions {
    /// Each as it is shown, and whether it is met.
    async fn met(&self, server: &Server, old: &IndexInfo) -> Result<Vec<(String, bool)>, Error> {
        let (mut docs, mut bytes) = (0, 0);
        if self.max_docs.is_some() || self.max_size.is_some() {
            for copy in server.gateway.stats(Target::one(&*old.name)).await?.copies {
                if copy.shard.primary {
                    docs += copy.stats.docs;
                    bytes += copy.stats.store_bytes;
                }
            }
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
        let age = now.saturating_sub(old.creation_date_ms);
        let met = |name: &str| match name {
            "max_docs" => self.max_docs.is_some_and(|most| i64::try_from(docs).unwrap_or(i64::MAX) >= most),
            "max_size" => self.max_size.is_some_and(|most| bytes >= most),
            _ => self.max_age.is_some_and(|most| age >= most),
        };
        Ok(self.shown.iter().map(|(name, value)| (format!("[{name}: {value}]"), met(name))).collect())
    }
}

fn read(bytes: &[u8], asked: &mut CreateIndex) -> Result<Conditions, Error> {
    let mut conditions = Conditions::default();
    for (key, value) in json::named_object(bytes, "rollover")?.unwrap_or_default() {
        match (key.as_str(), value) {
            ("conditions", Value::Object(given)) => {
                conditions = read_conditions(given).map_err(|cause| {
                    let reason = "[rollover] failed to parse field [conditions]";
                    Error::new(ErrorKind::XContentParse, reason).with_cause(cause)
                })?;
            }
            ("settings", Value::Object(settings)) => asked.settings = settings,
            ("mappings", Value::Object(mappings)) if mappings.len() == 1 && mappings.contains_key("_doc") => {
                let cause = Error::illegal_argument("The mapping definition cannot be nested under a type");
                let reason = "[rollover] failed to parse field [mappings]";
                return Err(Error::new(ErrorKind::XContentParse, reason).with_cause(cause));
            }
            ("mappings", value @ Value::Object(_)) => asked.mappings = Some(value),
            ("aliases", Value::Object(aliases)) => asked.aliases = aliases,
            ("conditions" | "settings" | "mappings" | "aliases", other) => {
                let reason = format!("[rollover] {key} doesn't support values of type: {}", token(&other));
                return Err(Error::new(ErrorKind::XContentParse, reason));
            }
            _ => return Err(Error::new(ErrorKind::XContentParse, format!("[rollover] unknown field [{key}]"))),
        }
    }
    Ok(conditions)
}

fn read_conditions(given: Map<String, Value>) -> Result<Conditions, Error> {
    let mut conditions = Conditions::default();
    for (key, value) in given {
        let of_parser = |why: String| Error::new(ErrorKind::XContentParse, format!("[conditions] {why}"));
        let unfit = || of_parser(format!("{key} doesn't support values of type: {}", token(&value)));
        let wrong = |cause: Error| of_parser(format!("failed to parse field [{key}]")).with_cause(cause);
        let text = || value.as_str().ok_or_else(unfit);
        let shown = match key.as_str() {
            "max_age" => {
                let given = text()?;
                // A time without end, as `-1` elsewhere, is no time here.
                let ms = time_ms("max_age", given).map_err(wrong)?.unwrap_or(0);
                conditions.max_age = Some(ms);
                if ms == 0 && given != "-1" { "0s".to_owned() } else { given.to_owned() }
            }
            "max_docs" => {
                let most = count(&value).ok_or_else(unfit)?.map_err(wrong)?;
                conditions.max_docs = Some(most);
                most.to_string()
            }
            "max_size" => {
                let given = text()?;
                let unread = || {
                    let why = "as a size in bytes: unit is missing or unrecognized";
                    let reason = format!("failed to parse setting [max_size] with value [{given}] {why}");
                    wrong(Error::new(ErrorKind::Parse, reason))
                };
                conditions.max_size = Some(size(given).ok_or_else(unread)?);
                given.to_owned()
            }
            _ => return Err(of_parser(format!("unknown field [{key}]"))),
        };
        conditions.shown.push((key, shown));
    }
    Ok(conditions)
}

/// A whole number; fractions are cut off. `None`: neither number nor text.
fn count(value: &Value) -> Option<Result<i64, Error>> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().filter(|given| given.abs() < 9e18).map(|given| given as i64))
            .map(Ok),
        Value::String(text) => {
            Some(text.parse().map_err(|_| Error::illegal_argument(format!("For input string: \"{text}\""))))
        }
        _ => None,
    }
}

/// `5gb` in bytes.
pub(in crate::endpoint) fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let units = [("kb", 1u64 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("tb", 1 << 40), ("pb", 1 << 50), ("b", 1)];
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    let bytes = number.trim().parse::<f64>().ok()? * unit as f64;
    (0.0..9e18).contains(&bytes).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_on() {
        assert_eq!(following("logs-000009").unwrap(), "logs-000010");
        assert_eq!(following("a-b-1").unwrap(), "a-b-000002");
        for wrong in ["logs", "logs-", "logs-x1", "logs-1x"] {
            assert!(following(wrong).is_err(), "{wrong}");
        }
        let read = |body: &str| read(body.as_bytes(), &mut CreateIndex::default());
        assert_eq!(read(r#"{"conditions": {"max_docs": 1.5}}"#).map(|read| read.max_docs), Ok(Some(1)));
        assert_eq!(read(r#"{"conditions": {"max_age": "-1"}}"#).map(|read| read.max_age), Ok(Some(0)));
        for wrong in [r#"{"max_docs": true}"#, r#"{"max_age": 1}"#, r#"{"max_size": "x"}"#, r#"{"min_docs": 1}"#] {
            assert!(read(&format!(r#"{{"conditions": {wrong}}}"#)).is_err(), "{wrong}");
        }
        assert_eq!(size("1.5kb"), Some(1536));
        assert_eq!((size("5"), size("-1b")), (None, None));
    }
}
