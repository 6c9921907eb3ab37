//! The words of `FT.AGGREGATE` as steps.

use std::collections::BTreeMap;

use model::query::ranked::Scorer;

use super::super::create::word;
use super::super::expression::{self, Expression};
use super::super::request::{Late, Options, counted, dialect, limit, more, parameters, texts, timeout};
use super::reduce::Reducer;
use crate::args::{Args, loose_integer};
use crate::error::RespError;

type Outcome<T> = Result<T, RespError>;

fn refuse<T>(line: impl Into<std::borrow::Cow<'static, str>>) -> Outcome<T> {
    Err(RespError::line(line))
}

/// More steps than any sensible request has.
const MAX_STEPS: usize = 256;

#[derive(Clone, Debug)]
pub struct Request {
    pub steps: Vec<Asked>,
    pub verbatim: bool,
    pub keep_stop_words: bool,
    pub with_scores: bool,
    pub scorer: Scorer,
    pub parameters: BTreeMap<String, Vec<u8>>,
    /// Options of searches that say what is found.
    pub narrowed: Options,
    pub dialect: Option<u8>,
    pub timeout_ms: Option<u64>,
    pub cursor: Option<CursorAsked>,
    /// `FORMAT EXPAND`
    pub expanded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorAsked {
    pub count: usize,
    pub max_idle_ms: u64,
    /// `FORMAT EXPAND` of its aggregation.
    pub expanded: bool,
}

/// One step as it was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Identifier and name; `None`: everything.
    Load(Option<Vec<(String, String)>>),
    Group {
        keys: Vec<String>,
        reducers: Vec<(Reducer, String)>,
    },
    /// Names, and whether descending.
    Sort {
        keys: Vec<(String, bool)>,
        most: Option<usize>,
    },
    Apply(Expression, String),
    Filter(Expression),
    Limit(u64, u64),
}

/// Reads all that is left.
///
/// # Errors
/// As the search module words them.
pub fn read(args: &mut Args) -> Outcome<Request> {
    let mut request = Request {
        steps: Vec::new(),
        verbatim: false,
        keep_stop_words: false,
        with_scores: false,
        scorer: Scorer::TfIdf,
        parameters: BTreeMap::new(),
        narrowed: Options::default(),
        dialect: None,
        timeout_ms: None,
        cursor: None,
        expanded: false,
    };
    let mut late = Late::default();
    while let Some(next) = args.take() {
        let position = args.all().len().saturating_sub(args.left() + 3);
        let name = String::from_utf8_lossy(&next).to_ascii_uppercase();
        if let Some(step) = step(args, &name)? {
            request.steps.push(step);
            if request.steps.len() > MAX_STEPS {
                return refuse(format!("More than {MAX_STEPS} steps"));
            }
        } else if !option(args, (&mut request, &mut late), &name)? {
            let shown = String::from_utf8_lossy(&next).into_owned();
            return refuse(format!("Unknown argument `{shown}` at position {position} for <main>"));
        }
    }
    late.told().map(|()| request)
}

fn option(args: &mut Args, (request, late): (&mut Request, &mut Late), name: &str) -> Outcome<bool> {
    match name {
        "INKEYS" | "INFIELDS" | "SLOP" | "LANGUAGE" | "EXPANDER" | "PAYLOAD" => {
            return more(args, (&mut request.narrowed, late), name);
        }
        "INORDER" => request.narrowed.in_order = true,
        "RETURN" | "HIGHLIGHT" | "SUMMARIZE" => return refuse(format!("{name} is not supported on FT.AGGREGATE")),
        "VERBATIM" => request.verbatim = true,
        "NOSTOPWORDS" => request.keep_stop_words = true,
        "ADDSCORES" => request.with_scores = true,
        "SCORER" => request.scorer = super::super::request::scorer(&word(args, "SCORER")?)?,
        "PARAMS" => request.parameters = parameters(args)?,
        "DIALECT" => request.dialect = Some(dialect(args)?),
        "TIMEOUT" => request.timeout_ms = Some(timeout(args)?),
        "FORMAT" => request.expanded = super::super::request::format(args)?,
        "WITHCURSOR" => request.cursor = Some(cursor(args)?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn cursor(args: &mut Args) -> Outcome<CursorAsked> {
    let mut asked = CursorAsked { count: 1000, max_idle_ms: 300_000, expanded: false };
    loop {
        let option = match () {
            () if args.take_word("COUNT") => "COUNT",
            () if args.take_word("MAXIDLE") => "MAXIDLE",
            () => return Ok(asked),
        };
        let bad = |why: &str| RespError::line(format!("Bad arguments for {option}: {why}"));
        let value = args.take().and_then(|value| loose_integer(&value));
        let value = value.ok_or_else(|| bad("Could not convert argument to expected type"))?;
        if value <= 0 {
            return Err(bad("Value is outside acceptable bounds"));
        }
        match option {
            "COUNT" => asked.count = value as usize,
            _ => asked.max_idle_ms = (value as u64).min(300_000),
        }
    }
}

fn step(args: &mut Args, name: &str) -> Outcome<Option<Asked>> {
    Ok(Some(match name {
        "LOAD" => Asked::Load(load(args)?),
        "GROUPBY" => group(args)?,
        "SORTBY" => sort(args)?,
        "APPLY" => {
            let text = word(args, "APPLY/FILTER")?;
            let parsed = expression::parse(&text).map_err(RespError::line)?;
            let name = if args.take_word("AS") { word(args, "AS")? } else { text };
            Asked::Apply(parsed, name)
        }
        "FILTER" => Asked::Filter(expression::parse(&word(args, "APPLY/FILTER")?).map_err(RespError::line)?),
        "LIMIT" => {
            let (offset, count) = limit(args)?;
            Asked::Limit(offset, count)
        }
        _ => return Ok(None),
    }))
}

fn bare(name: &str) -> String {
    name.strip_prefix('@').unwrap_or(name).to_owned()
}

fn load(args: &mut Args) -> Outcome<Option<Vec<(String, String)>>> {
    if args.take_word("*") {
        return Ok(None);
    }
    let words = texts(counted(args, "LOAD")?);
    let mut found = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(field) = words.next() {
        let field = bare(&field);
        let renamed = words.next_if(|word| word.eq_ignore_ascii_case("AS"));
        let name = match renamed {
            Some(_) => words.next().ok_or(RespError::line("LOAD path AS name - must be accompanied with NAME"))?,
            None => field.clone(),
        };
        found.push((field, name));
    }
    Ok(Some(found))
}

fn group(args: &mut Args) -> Outcome<Asked> {
    let words = texts(counted(args, "GROUPBY")?);
    let mut keys = Vec::with_capacity(words.len());
    for word in words {
        if !word.starts_with('@') {
            return refuse(format!("Bad arguments for GROUPBY: Unknown property `{word}`. Did you mean `@{word}`?"));
        }
        keys.push(bare(&word));
    }
    let mut reducers = Vec::new();
    while args.take_word("REDUCE") {
        let given = word(args, "REDUCE")?;
        let (name, arguments) = (given.to_ascii_uppercase(), texts(counted(args, &given)?));
        let generated = arguments.iter().map(|argument| bare(argument).to_ascii_lowercase()).collect::<Vec<_>>();
        let generated = format!("__generated_alias{}{}", name.to_ascii_lowercase(), generated.join(","));
        let reducer = Reducer::read(&name, &arguments)?;
        let shown = if args.take_word("AS") { word(args, "AS")? } else { generated };
        reducers.push((reducer, shown));
    }
    Ok(Asked::Group { keys, reducers })
}

fn sort(args: &mut Args) -> Outcome<Asked> {
    let words = texts(counted(args, "SORTBY")?);
    let mut keys: Vec<(String, bool)> = Vec::new();
    for word in words {
        match word.to_ascii_uppercase().as_str() {
            "ASC" | "DESC" if !keys.is_empty() => {
                if let Some((_, descending)) = keys.last_mut() {
                    *descending = word.eq_ignore_ascii_case("DESC");
                }
            }
            _ if word.starts_with('@') => keys.push((bare(&word), false)),
            _ => return refuse(format!("MISSING ASC or DESC after sort field ({word})")),
        }
    }
    let mut most = None;
    if args.take_word("MAX") {
        let count = args.take().and_then(|count| loose_integer(&count)).and_then(|count| usize::try_from(count).ok());
        most =
            Some(count.ok_or(RespError::line("Bad arguments for MAX: Could not convert argument to expected type"))?);
    }
    Ok(Asked::Sort { keys, most })
}
