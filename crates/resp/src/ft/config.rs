//! `FT.CONFIG`: what can be set is set for this node until it stops; the rest is shown as it is.

use std::collections::BTreeMap;

use parking_lot::RwLock;

use super::partial::Policy;
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;

type Answer = Result<Reply, RespError>;

/// Name, value, what it is; whether it is set while running.
const KNOWN: &[(&str, &str, &str, bool)] = &[
    ("DEFAULT_DIALECT", "1", "Set RediSearch default dialect version throught the lifetime of the server.", true),
    ("TIMEOUT", "0", "Query (search) timeout", true),
    ("ON_TIMEOUT", "fail", "Action to perform when search timeout is exceeded (choose RETURN or FAIL)", true),
    ("MAXSEARCHRESULTS", "1000000", "Maximum number of results from ft.search command", false),
    ("MAXAGGREGATERESULTS", "unlimited", "Maximum number of results from ft.aggregate command", false),
    ("MAXEXPANSIONS", "200", "Maximum prefix expansions to be used in a query", false),
    ("MAXPREFIXEXPANSIONS", "200", "Maximum prefix expansions to be used in a query", false),
    ("MINPREFIX", "2", "Set the minimum prefix for expansions (`*`)", true),
    ("MINSTEMLEN", "1", "Set the minimum word length to stem", false),
    (
        "CURSOR_MAX_IDLE",
        "300000",
        "max idle time allowed to be set for cursor, setting it hight might cause high memory consumption.",
        false,
    ),
    (
        "MULTI_TEXT_SLOP",
        "0",
        "Set RediSearch delta used to increase positional offsets between array slots for multi text values.",
        false,
    ),
];

/// What has been set.
#[derive(Debug, Default)]
pub struct Configuration {
    set: RwLock<BTreeMap<&'static str, String>>,
}

impl Configuration {
    fn value(&self, name: &'static str, default: &str) -> String {
        self.set.read().get(name).cloned().unwrap_or_else(|| default.to_owned())
    }

    /// How long requests that do not say may take, where that has been set; 0: for ever.
    pub fn timeout_ms(&self) -> Option<u64> {
        self.set.read().get("TIMEOUT").and_then(|timeout| timeout.parse().ok())
    }

    /// What comes of searches that do not get to their end.
    pub fn policy(&self) -> Policy {
        self.set.read().get("ON_TIMEOUT").and_then(|policy| Policy::of(policy)).unwrap_or_default()
    }

    /// Bytes of a beginning, an end or a middle that finds words and tags, at least.
    pub fn min_prefix(&self) -> usize {
        self.set.read().get("MINPREFIX").and_then(|least| least.parse().ok()).unwrap_or(2)
    }

    /// The dialect of requests that name none.
    pub fn dialect(&self) -> u8 {
        self.set.read().get("DEFAULT_DIALECT").and_then(|dialect| dialect.parse().ok()).unwrap_or(1)
    }
}

pub async fn config(session: &mut Session, mut args: Args) -> Answer {
    let arity = || RespError::Arity { command: "FT.CONFIG".to_owned() };
    let action = super::text(args.must()?).to_ascii_uppercase();
    let name = args.take().map(super::text).ok_or_else(arity)?.to_ascii_uppercase();
    let configuration = &session.server.registry.configuration;
    let found = KNOWN.iter().filter(|(known, ..)| name == "*" || *known == name);
    match action.as_str() {
        "GET" => {
            let pairs: Vec<(Reply, Reply)> = found
                .map(|(name, default, ..)| (Reply::word(name), Reply::text(&configuration.value(name, default))))
                .collect();
            Ok(match session.protocol {
                Protocol::Three => Reply::Map(pairs),
                Protocol::Two => {
                    Reply::Array(pairs.into_iter().map(|(name, value)| Reply::Array(vec![name, value])).collect())
                }
            })
        }
        "HELP" if session.protocol == Protocol::Three => Ok(Reply::Map(
            found
                .map(|(name, default, what, _)| {
                    let value = configuration.value(name, default);
                    let about = [("Description", *what), ("Value", value.as_str())];
                    let about = about.iter().map(|(name, text)| (Reply::text(name), Reply::text(text)));
                    (Reply::text(name), Reply::Map(about.collect()))
                })
                .collect(),
        )),
        "HELP" => Ok(Reply::Array(
            found
                .map(|(name, default, what, _)| {
                    let value = configuration.value(name, default);
                    Reply::bulks([*name, "Description", what, "Value"].map(str::to_owned).into_iter().chain([value]))
                })
                .collect(),
        )),
        "SET" => set(configuration, found.collect::<Vec<_>>().first().copied(), &mut args),
        _ => Err(arity()),
    }
}

fn set(configuration: &Configuration, known: Option<&(&'static str, &str, &str, bool)>, args: &mut Args) -> Answer {
    let Some((name, _, _, settable)) = known else { return Err(RespError::line("Invalid option")) };
    if !settable {
        return Err(RespError::line("Not modifiable at runtime"));
    }
    let value = args.take().map(super::text).ok_or(RespError::line("Expected an argument, but none provided"))?;
    if args.take().is_some() {
        return Ok(Reply::word("EXCESSARGS"));
    }
    if *name == "ON_TIMEOUT" {
        let policy = Policy::of(&value).ok_or(RespError::line("Invalid ON_TIMEOUT value"))?;
        configuration.set.write().insert(name, policy.name().to_owned());
        return Ok(Reply::OK);
    }
    let number: i64 = value.parse().map_err(|_| RespError::line("Could not convert argument to expected type"))?;
    if number < i64::from(*name == "MINPREFIX") {
        return Err(RespError::line("Value is outside acceptable bounds"));
    }
    if *name == "DEFAULT_DIALECT" && !(1..=4).contains(&number) {
        return Err(RespError::line("Default dialect version cannot be higher than 4"));
    }
    configuration.set.write().insert(name, value);
    Ok(Reply::OK)
}
