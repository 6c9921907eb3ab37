//! The options of `FT.SEARCH`, in any order behind the query.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use model::query::ranked::Scorer;
use model::search::MergeStrategy;

use super::create::word;
use super::definition::{Definition, KeyKind};
use crate::args::{Args, loose_integer, loose_number};
use crate::error::RespError;
use crate::frame::reply::Protocol;
use crate::session::Session;

type Outcome<T> = Result<T, RespError>;

fn refuse<T>(line: impl Into<std::borrow::Cow<'static, str>>) -> Outcome<T> {
    Err(RespError::line(line))
}

/// What is asked of a search besides its query.
#[derive(Clone, Debug)]
pub struct Options {
    pub no_content: bool,
    pub verbatim: bool,
    pub keep_stop_words: bool,
    pub with_scores: bool,
    pub with_payloads: bool,
    pub with_sort_keys: bool,
    pub explain_score: bool,
    pub filters: Vec<NumericFilter>,
    pub places: Vec<PlaceFilter>,
    pub keys: Option<Vec<Bytes>>,
    pub fields: Option<Vec<String>>,
    /// Identifier or attribute, and the name to show it by; `None`: everything.
    pub returned: Option<Vec<(String, String)>>,
    pub summarize: Option<Summarize>,
    pub highlight: Option<Highlight>,
    pub slop: Option<i64>,
    pub in_order: bool,
    pub language: Option<String>,
    pub scorer: Scorer,
    /// Scored by how alike `payload` and the hits' payloads are.
    pub hamming: bool,
    pub payload: Option<Bytes>,
    pub sort: Option<(String, bool)>,
    pub offset: u64,
    pub count: u64,
    pub timeout_ms: Option<u64>,
    pub parameters: BTreeMap<String, Vec<u8>>,
    pub dialect: Option<u8>,
    /// `FORMAT EXPAND`: values of JSON documents in the types of RESP3.
    pub expanded: bool,
    /// How the lists of shards become one; ours.
    pub merge: Option<MergeStrategy>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NumericFilter {
    pub field: String,
    pub from: crate::syntax::Limit,
    pub to: crate::syntax::Limit,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlaceFilter {
    pub field: String,
    pub longitude: f64,
    pub latitude: f64,
    pub radius_m: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Summarize {
    pub fields: Option<Vec<String>>,
    pub fragments: usize,
    /// Words of one fragment.
    pub length: usize,
    pub separator: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Highlight {
    pub fields: Option<Vec<String>>,
    pub open: String,
    pub close: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            no_content: false,
            verbatim: false,
            keep_stop_words: false,
            with_scores: false,
            with_payloads: false,
            with_sort_keys: false,
            explain_score: false,
            filters: Vec::new(),
            places: Vec::new(),
            keys: None,
            fields: None,
            returned: None,
            summarize: None,
            highlight: None,
            slop: None,
            in_order: false,
            language: None,
            scorer: Scorer::TfIdf,
            hamming: false,
            payload: None,
            sort: None,
            offset: 0,
            count: 10,
            timeout_ms: None,
            parameters: BTreeMap::new(),
            dialect: None,
            expanded: false,
            merge: None,
        }
    }
}

/// `MAXSEARCHRESULTS`
const MAX_RESULTS: i64 = 1_000_000;

/// Reads all that is left.
///
/// # Errors
/// As the search module words them.
pub fn read(args: &mut Args) -> Outcome<Options> {
    let (mut options, mut late) = (Options::default(), Late::default());
    while let Some(next) = args.peek() {
        let name = String::from_utf8_lossy(next).to_ascii_uppercase();
        let position = args.all().len().saturating_sub(args.left() + 2);
        let given = args.take();
        match name.as_str() {
            "NOCONTENT" => options.no_content = true,
            "VERBATIM" => options.verbatim = true,
            "NOSTOPWORDS" => options.keep_stop_words = true,
            "WITHSCORES" => options.with_scores = true,
            "WITHPAYLOADS" => options.with_payloads = true,
            "WITHSORTKEYS" => options.with_sort_keys = true,
            "EXPLAINSCORE" => options.explain_score = true,
            "INORDER" => options.in_order = true,
            // The total is always counted.
            "WITHCOUNT" | "WITHOUTCOUNT" => {}
            _ if more(args, (&mut options, &mut late), &name)? => {}
            _ => {
                let shown = given.map(|given| String::from_utf8_lossy(&given).into_owned()).unwrap_or_default();
                return refuse(format!("Unknown argument `{shown}` at position {position} for <main>"));
            }
        }
    }
    if options.explain_score && !options.with_scores {
        return refuse("EXPLAINSCORE must be accompanied with WITHSCORES");
    }
    late.told().map(|()| options)
}

/// What is wrong with values that are looked at when all options have been read.
#[derive(Default)]
pub(super) struct Late {
    language: Option<RespError>,
    scorer: Option<RespError>,
    place: Option<RespError>,
}

impl Late {
    /// # Errors
    /// The first there is.
    pub(super) fn told(self) -> Outcome<()> {
        self.language.or(self.scorer).or(self.place).map_or(Ok(()), Err)
    }
}

/// Options with values; false: not one of them.
pub(super) fn more(args: &mut Args, (options, late): (&mut Options, &mut Late), name: &str) -> Outcome<bool> {
    match name {
        "FILTER" => options.filters.push(numeric_filter(args)?),
        "GEOFILTER" => {
            let place = place_filter(args)?;
            late.place = late.place.take().or(place.refusal());
            options.places.push(place);
        }
        "INKEYS" => options.keys = Some(counted(args, "INKEYS")?),
        // None named: all.
        "INFIELDS" => options.fields = Some(texts(counted(args, "INFIELDS")?)).filter(|fields| !fields.is_empty()),
        "RETURN" => options.returned = Some(returned(args)?),
        "SUMMARIZE" => options.summarize = Some(summarize(args)?),
        "HIGHLIGHT" => options.highlight = Some(highlight(args)?),
        "SLOP" => {
            let given = word(args, "SLOP")?;
            let slop = loose_integer(given.as_bytes());
            let refused = "Bad arguments for SLOP: Could not convert argument to expected type";
            options.slop = Some(slop.ok_or(RespError::line(refused))?);
        }
        "LANGUAGE" => {
            options.language = super::create::language(&word(args, "LANGUAGE")?);
            late.language = options.language.is_none().then_some(RespError::line("No such language"));
        }
        "EXPANDER" => {
            // One that is not known changes nothing.
            word(args, "EXPANDER")?;
        }
        "SCORER" => {
            let name = word(args, "SCORER")?;
            options.hamming = name == "HAMMING";
            match scorer(&name) {
                _ if options.hamming => (options.scorer, late.scorer) = (Scorer::None, None),
                Ok(scorer) => (options.scorer, late.scorer) = (scorer, None),
                Err(error) => late.scorer = Some(error),
            }
        }
        "SORTBY" if options.sort.is_some() => return refuse("Multiple SORTBY steps are not allowed"),
        "SORTBY" => {
            let field = word(args, "SORTBY").map_err(|_| RespError::line("Bad SORTBY arguments"))?;
            let descending = args.take_word("DESC");
            if !descending {
                args.take_word("ASC");
            }
            options.sort = Some((field, descending));
        }
        "LIMIT" => (options.offset, options.count) = limit(args)?,
        "TIMEOUT" => options.timeout_ms = Some(timeout(args)?),
        "PARAMS" => options.parameters = parameters(args)?,
        "DIALECT" => options.dialect = Some(dialect(args)?),
        "FORMAT" => options.expanded = format(args)?,
        "MERGE" => options.merge = Some(merge(args)?),
        "PAYLOAD" => {
            let missing = RespError::line("Bad arguments for PAYLOAD: Expected an argument, but none provided");
            options.payload = Some(args.take().ok_or(missing)?);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn whole(args: &mut Args) -> Option<i64> {
    loose_integer(&args.take()?)
}

fn merge(args: &mut Args) -> Outcome<MergeStrategy> {
    let given = word(args, "MERGE")?;
    let names = MergeStrategy::NAMES;
    MergeStrategy::of(&given).ok_or_else(|| RespError::line(format!("MERGE is one of {names}, not {given}")))
}

/// Whether it is `EXPAND`.
pub(super) fn format(args: &mut Args) -> Outcome<bool> {
    let given = args.take().ok_or(RespError::line("Need an argument for FORMAT"))?;
    match given.to_ascii_uppercase().as_slice() {
        b"EXPAND" => Ok(true),
        b"STRING" => Ok(false),
        _ => refuse(format!("FORMAT {} is not supported", String::from_utf8_lossy(&given))),
    }
}

/// The dialect of a request, which `FORMAT EXPAND` has a say in.
///
/// # Errors
/// It cannot be so with this dialect or protocol.
pub(super) fn format_dialect(session: &Session, given: Option<u8>, expanded: bool) -> Outcome<u8> {
    match (expanded, given) {
        (false, given) => Ok(given.unwrap_or(super::default_dialect(session))),
        (true, Some(dialect)) if dialect < 3 => refuse("EXPAND format requires dialect 3 or greater"),
        (true, _) if session.protocol == Protocol::Two => refuse("EXPAND format is only supported with RESP3"),
        (true, given) => Ok(given.unwrap_or(3)),
    }
}

/// What is returned, as one row of names: of two fields under one name the first; what the hits are sorted by stands before the rest.
pub(super) fn arrange(definition: &Definition, options: &mut Options) {
    let Some(returned) = &mut options.returned else { return };
    let mut names = BTreeSet::new();
    returned.retain(|(_, shown)| names.insert(shown.clone()));
    let sorted = options.sort.as_ref().map(|(field, _)| field).filter(|field| definition.attribute(field).is_some());
    let place = sorted.and_then(|sorted| returned.iter().position(|(_, shown)| shown == sorted));
    let (Some(sorted), Some(place)) = (sorted, place) else { return };
    let (field, shown) = returned.remove(place);
    let known = definition.attributes.iter().find(|known| known.name == field || known.identifier == field);
    // It is loaded before the others. They are put in its place when they are at hand too.
    let at_hand = match known {
        Some(known) => known.name != *sorted && (known.sortable || definition.kind == KeyKind::Json),
        None => definition.kind == KeyKind::Json,
    };
    returned.insert(0, (if at_hand { field } else { sorted.clone() }, shown));
}

/// # Errors
/// `HIGHLIGHT` or `SUMMARIZE` of what is shown and no attribute.
pub(super) fn marked(definition: &Definition, options: &Options) -> Outcome<()> {
    if options.no_content {
        return Ok(());
    }
    let unknown = |name: &String| definition.attribute(name).is_none();
    let highlight = options.highlight.as_ref().map(|highlight| &highlight.fields);
    let summarize = options.summarize.as_ref().map(|summarize| &summarize.fields);
    for fields in summarize.into_iter().chain(highlight) {
        let fields = fields.as_deref().unwrap_or_default();
        let Some(returned) = &options.returned else {
            match fields.iter().find(|name| unknown(name)) {
                Some(name) => return refuse(format!("No such property `{name}`")),
                None => continue,
            }
        };
        let cannot = |(field, shown): &&(String, String)| unknown(field) || fields.contains(shown) && unknown(shown);
        if let Some((_, name)) = returned.iter().find(cannot) {
            return refuse(format!("Property `{name}` is not in schema"));
        }
    }
    Ok(())
}

/// # Errors
/// Values of hashes have no types.
pub(super) fn format_kind(definition: &Definition, expanded: bool) -> Outcome<()> {
    match expanded && definition.kind != KeyKind::Json {
        true => refuse("EXPAND format is only supported with JSON"),
        false => Ok(()),
    }
}

/// `offset count`
pub(super) fn limit(args: &mut Args) -> Outcome<(u64, u64)> {
    let (Some(offset), Some(count)) = (args.take(), args.take()) else {
        return refuse("LIMIT requires two arguments");
    };
    let (Some(offset), Some(count)) = (loose_integer(&offset), loose_integer(&count)) else {
        return refuse("LIMIT needs two numeric arguments");
    };
    if offset < 0 || count < 0 {
        return refuse("LIMIT needs two numeric arguments");
    }
    if count > MAX_RESULTS {
        return refuse(format!("LIMIT exceeds maximum of {MAX_RESULTS}"));
    }
    if offset > MAX_RESULTS {
        return refuse(format!("OFFSET exceeds maximum of {MAX_RESULTS}"));
    }
    Ok((offset as u64, count as u64))
}

pub(super) fn timeout(args: &mut Args) -> Outcome<u64> {
    if args.left() == 0 {
        return refuse("Need argument for TIMEOUT");
    }
    let found = whole(args).and_then(|timeout| u64::try_from(timeout).ok());
    found.ok_or(RespError::line("TIMEOUT requires a non negative integer"))
}

pub(super) fn dialect(args: &mut Args) -> Outcome<u8> {
    if args.left() == 0 {
        return refuse("Need an argument for DIALECT");
    }
    let found = whole(args).filter(|dialect| (1..=4).contains(dialect));
    let found = found.ok_or(RespError::line("DIALECT requires a non negative integer >=1 and <= 4"))?;
    Ok(found as u8)
}

/// `PARAMS count name value ..`
pub(super) fn parameters(args: &mut Args) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let words = counted(args, "PARAMS")?;
    if words.len() % 2 != 0 {
        return refuse("Parameters must be specified in PARAM VALUE pairs");
    }
    let mut found = BTreeMap::new();
    for pair in words.chunks_exact(2) {
        let name = String::from_utf8_lossy(&pair[0]).into_owned();
        if found.insert(name.clone(), pair[1].to_vec()).is_some() {
            return refuse(format!("Duplicate parameter `{name}`"));
        }
    }
    Ok(found)
}

/// A count and so many words.
pub(super) fn counted(args: &mut Args, option: &str) -> Outcome<Vec<Bytes>> {
    if args.left() == 0 {
        return refuse(format!("Bad arguments for {option}: Expected an argument, but none provided"));
    }
    let Some(count) = whole(args) else {
        return refuse(format!("Bad arguments for {option}: Could not convert argument to expected type"));
    };
    let Ok(count) = usize::try_from(count) else {
        return refuse(format!("Bad arguments for {option}: Value is outside acceptable bounds"));
    };
    if count > args.left() {
        return refuse(format!("Bad arguments for {option}: Expected an argument, but none provided"));
    }
    Ok((0..count).filter_map(|_| args.take()).collect())
}

pub(super) fn texts(words: Vec<Bytes>) -> Vec<String> {
    words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

fn returned(args: &mut Args) -> Outcome<Vec<(String, String)>> {
    let words = texts(counted(args, "RETURN")?);
    let mut found = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(field) = words.next() {
        let renamed = words.next_if(|word| word.eq_ignore_ascii_case("AS"));
        let shown = match renamed {
            Some(_) => words.next().ok_or(RespError::line("RETURN: Name is expected after AS"))?,
            None => field.clone(),
        };
        found.push((field, shown));
    }
    Ok(found)
}

fn numeric_filter(args: &mut Args) -> Outcome<NumericFilter> {
    let (Some(field), Some(from), Some(to)) = (args.take(), args.take(), args.take()) else {
        return refuse("FILTER requires 3 arguments");
    };
    let limit = |word: &Bytes, what: &str| {
        let text = String::from_utf8_lossy(word).into_owned();
        let (number, inclusive) = match text.strip_prefix('(') {
            Some(number) => (number, false),
            None => (text.as_str(), true),
        };
        let value = loose_number(number.as_bytes());
        let value = value.ok_or_else(|| RespError::line(format!("Bad {what} range: {text}")))?;
        Ok::<_, RespError>(crate::syntax::Limit { value, inclusive })
    };
    Ok(NumericFilter {
        field: String::from_utf8_lossy(&field).into_owned(),
        from: limit(&from, "lower")?,
        to: limit(&to, "upper")?,
    })
}

fn place_filter(args: &mut Args) -> Outcome<PlaceFilter> {
    if args.left() < 5 {
        return refuse("GEOFILTER requires 5 arguments");
    }
    let field = word(args, "GEOFILTER")?;
    let mut number = |what: &str| {
        let text = word(args, "GEOFILTER")?;
        loose_number(text.as_bytes()).ok_or_else(|| {
            RespError::line(format!("Bad arguments for <{what}>: Could not convert argument to expected type"))
        })
    };
    let (longitude, latitude, radius) = (number("lon")?, number("lat")?, number("radius")?);
    let given = word(args, "GEOFILTER")?;
    let unit = given.to_ascii_lowercase();
    if !matches!(unit.as_str(), "m" | "km" | "mi" | "ft") {
        return refuse(format!("Unknown distance unit {given}"));
    }
    Ok(PlaceFilter { field, longitude, latitude, radius_m: super::lower::metres(radius, &unit) })
}

impl PlaceFilter {
    /// What is wrong with the circle.
    fn refusal(&self) -> Option<RespError> {
        let on_globe =
            (-180.0..=180.0).contains(&self.longitude) && (-85.051_128_78..=85.051_128_78).contains(&self.latitude);
        match () {
            () if self.radius_m.is_nan() || self.radius_m <= 0.0 => Some(RespError::line("Invalid GeoFilter radius")),
            () if !on_globe => Some(RespError::line("Invalid GeoFilter lat/lon")),
            () => None,
        }
    }
}

fn fields(args: &mut Args, option: &str) -> Outcome<Option<Vec<String>>> {
    match args.take_word("FIELDS") {
        true => Ok(Some(texts(counted(args, option)?))),
        false => Ok(None),
    }
}

fn summarize(args: &mut Args) -> Outcome<Summarize> {
    let mut found =
        Summarize { fields: fields(args, "SUMMARIZE")?, fragments: 3, length: 20, separator: "... ".to_owned() };
    let bad = || RespError::line("Bad arguments for `SUMMARIZE`");
    loop {
        if args.take_word("FRAGS") {
            found.fragments = whole(args).and_then(|count| usize::try_from(count).ok()).ok_or_else(bad)?;
        } else if args.take_word("LEN") {
            found.length = whole(args).and_then(|count| usize::try_from(count).ok()).ok_or_else(bad)?;
        } else if args.take_word("SEPARATOR") {
            found.separator = word(args, "SUMMARIZE")?;
        } else {
            return Ok(found);
        }
    }
}

fn highlight(args: &mut Args) -> Outcome<Highlight> {
    let fields = fields(args, "HIGHLIGHT")?;
    let (mut open, mut close) = ("<b>".to_owned(), "</b>".to_owned());
    if args.take_word("TAGS") {
        if args.left() < 2 {
            return refuse("Bad arguments for `HIGHLIGHT`");
        }
        (open, close) = (word(args, "HIGHLIGHT")?, word(args, "HIGHLIGHT")?);
    }
    Ok(Highlight { fields, open, close })
}

pub(super) fn scorer(name: &str) -> Outcome<Scorer> {
    Ok(match name {
        "TFIDF" => Scorer::TfIdf,
        "TFIDF.DOCNORM" => Scorer::TfIdfDocNorm,
        "BM25" => Scorer::Bm25,
        "BM25STD" => Scorer::Bm25Std,
        "DISMAX" => Scorer::DisMax,
        "DOCSCORE" => Scorer::DocScore,
        "HAMMING" => return refuse("Scorer HAMMING is one of FT.SEARCH: it compares payloads"),
        _ => return refuse(format!("No such scorer {name}")),
    })
}
