//! `FT.CREATE` and `FT.ALTER`: a schema as words, to a definition.

use crate::args::{Args, loose_number};
use crate::error::RespError;
use crate::jsonpath::Path;

use super::definition::{Attribute, AttributeKind, Definition, KeyKind};
use super::expression;
use super::vector::VectorField;
use crate::server::now_ms;

type Outcome<T> = Result<T, RespError>;

fn refuse<T>(line: impl Into<std::borrow::Cow<'static, str>>) -> Outcome<T> {
    Err(RespError::line(line))
}

/// What there is besides the definition.
pub struct Created {
    pub definition: Definition,
    pub skip_scan: bool,
}

/// Languages by name, each with whether there are stems for it is the gateway's to say.
pub const LANGUAGES: [&str; 26] = [
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
];

pub fn language(given: &str) -> Option<String> {
    let lower = given.to_ascii_lowercase();
    LANGUAGES.contains(&lower.as_str()).then_some(lower)
}

fn number_after(args: &mut Args, option: &str) -> Outcome<f64> {
    let number = args.take().and_then(|text| loose_number(&text));
    number.ok_or_else(|| {
        RespError::line(format!("Bad arguments for {option}: Could not convert argument to expected type"))
    })
}

pub(super) fn word(args: &mut Args, option: &str) -> Outcome<String> {
    let missing = || RespError::line(format!("Bad arguments for {option}: Expected an argument, but none provided"));
    let bytes = args.take().ok_or_else(missing)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads everything behind `FT.CREATE`.
///
/// # Errors
/// As the search module words them; what is not there yet by its name.
pub fn read(args: &mut Args) -> Outcome<Created> {
    let arity = || RespError::Arity { command: "FT.CREATE".to_owned() };
    let name = args.text()?;
    let mut created = Created { definition: empty(name), skip_scan: false };
    let mut prefixes: Option<Vec<String>> = None;
    while !args.take_word("SCHEMA") {
        let option = word(args, "SCHEMA").map_err(|_| arity())?;
        match option.to_ascii_uppercase().as_str() {
            "PREFIX" => prefixes = Some(list(args, "PREFIX")?),
            "STOPWORDS" => {
                let words = list(args, "STOPWORDS")?;
                created.definition.stop_words = Some(words.iter().map(|word| word.to_ascii_lowercase()).collect());
            }
            "SKIPINITIALSCAN" => created.skip_scan = true,
            _ => simple_option(args, &mut created.definition, &option)?,
        }
    }
    created.definition.prefixes = prefixes.unwrap_or_else(|| vec![String::new()]);
    if args.is_empty() {
        return Err(arity());
    }
    attributes(args, &mut created.definition)?;
    Ok(created)
}

fn empty(name: String) -> Definition {
    Definition {
        name,
        kind: KeyKind::Hash,
        prefixes: Vec::new(),
        filter: None,
        language: "english".to_owned(),
        language_given: false,
        score: 1.0,
        score_field: None,
        payload_field: None,
        language_field: None,
        temporary_s: None,
        used_ms: 0,
        next: None,
        stop_words: None,
        options: Vec::new(),
        attributes: Vec::new(),
        synonyms: Default::default(),
    }
}

fn simple_option(args: &mut Args, definition: &mut Definition, given: &str) -> Outcome<()> {
    let option = given.to_ascii_uppercase();
    match option.as_str() {
        "ON" => {
            let kind = word(args, "ON")?;
            definition.kind = match kind.to_ascii_uppercase().as_str() {
                "HASH" => KeyKind::Hash,
                "JSON" => KeyKind::Json,
                _ => return refuse(format!("Invalid rule type: {kind}")),
            };
        }
        "FILTER" => {
            let filter = word(args, "FILTER")?;
            expression::parse(&filter).map_err(RespError::line)?;
            definition.filter = Some(filter);
        }
        "LANGUAGE" => {
            let given = word(args, "LANGUAGE")?;
            definition.language = language(&given).ok_or(RespError::line("Invalid language"))?;
            definition.language_given = true;
        }
        "LANGUAGE_FIELD" => definition.language_field = Some(word(args, "LANGUAGE_FIELD")?),
        "PAYLOAD_FIELD" => definition.payload_field = Some(word(args, "PAYLOAD_FIELD")?),
        "TEMPORARY" => {
            let seconds = number_after(args, "TEMPORARY")?;
            // Zero and less: for good.
            definition.temporary_s = (seconds >= 1.0).then_some(seconds as u64);
            definition.used_ms = now_ms();
        }
        "SCORE" => {
            definition.score = number_after(args, "SCORE").unwrap_or(-1.0);
            if !(0.0..=1.0).contains(&definition.score) {
                return refuse("Invalid score");
            }
        }
        "SCORE_FIELD" => definition.score_field = Some(word(args, "SCORE_FIELD")?),
        // What they save is not worth losing phrases and highlights for; they are shown and change nothing else.
        "NOOFFSETS" | "NOHL" | "NOFIELDS" | "NOFREQS" | "MAXTEXTFIELDS" => definition.options.push(option),
        _ => return refuse(format!("Unknown argument `{given}`")),
    }
    Ok(())
}

fn list(args: &mut Args, option: &str) -> Outcome<Vec<String>> {
    let count = number_after(args, option)?;
    if !(count >= 0.0 && count.fract() == 0.0) || count as usize > args.left() {
        return refuse(format!("Bad arguments for {option}: Expected an argument, but none provided"));
    }
    (0..count as usize).map(|_| word(args, option)).collect()
}

/// Reads attributes to the end.
pub fn attributes(args: &mut Args, definition: &mut Definition) -> Outcome<()> {
    while !args.is_empty() {
        let attribute = attribute(args, (definition.kind, &definition.name))?;
        if definition.attribute(&attribute.name).is_some() {
            return refuse(format!("Duplicate field in schema - {}", attribute.name));
        }
        if attribute.name.starts_with("__") || attribute.name.is_empty() {
            return refuse(format!("Attribute names that begin with two underscores are reserved: {}", attribute.name));
        }
        definition.attributes.push(attribute);
        if definition.attributes.len() > 1024 {
            return refuse("Schema is limited to 1024 fields");
        }
    }
    Ok(())
}

fn attribute(args: &mut Args, (kind, index): (KeyKind, &str)) -> Outcome<Attribute> {
    let identifier = word(args, "SCHEMA")?;
    let mut name = identifier.clone();
    if args.take_word("AS") {
        name = word(args, "AS")?;
        if kind == KeyKind::Json && (!identifier.starts_with('$') || Path::parse(&identifier).is_err()) {
            return refuse(format!("Invalid JSONPath '{identifier}' in attribute '{name}' in index '{index}'"));
        }
    }
    let Some(kind_name) = args.take() else {
        return match args.all().len() {
            0..=4 => Err(RespError::Arity { command: "FT.CREATE".to_owned() }),
            _ => refuse(format!("Field `{identifier}` does not have a type")),
        };
    };
    let type_name = String::from_utf8_lossy(&kind_name).to_ascii_uppercase();
    let found = match type_name.as_str() {
        "TEXT" => AttributeKind::Text { weight: 1.0, no_stem: false, phonetic: false },
        "TAG" => {
            let separator = (kind == KeyKind::Hash).then_some(',');
            AttributeKind::Tag { separator, case_sensitive: false }
        }
        "NUMERIC" => AttributeKind::Numeric,
        "GEO" => AttributeKind::Geo,
        "GEOSHAPE" => return refuse("GEOSHAPE fields are not implemented"),
        "VECTOR" => AttributeKind::Vector(VectorField::read(args)?),
        _ => return refuse(format!("Invalid field type for field `{identifier}`")),
    };
    let mut attribute = Attribute {
        identifier,
        name,
        kind: found,
        sortable: false,
        unf: false,
        no_index: false,
        index_missing: false,
        index_empty: false,
        suffixes: false,
    };
    options(args, &mut attribute)?;
    // Numbers, tags that mind case, and texts of JSON are sorted as they are.
    let as_it_is = matches!(attribute.kind, AttributeKind::Numeric | AttributeKind::Tag { case_sensitive: true, .. });
    attribute.unf |= attribute.sortable && (kind == KeyKind::Json || as_it_is);
    if attribute.no_index && attribute.index_missing {
        let name = &attribute.name;
        return refuse(format!("'Field `{name}` cannot be defined with both `NOINDEX` and `INDEXMISSING`'"));
    }
    Ok(attribute)
}

/// Double metaphone, of languages that it treats alike.
fn matcher(args: &mut Args) -> Outcome<()> {
    let given = args.take().ok_or(RespError::line("PHONETIC requires an argument"))?;
    match given.to_ascii_lowercase().as_slice() {
        b"dm:en" | b"dm:fr" | b"dm:pt" | b"dm:es" => Ok(()),
        _ => refuse(
            "Matcher Format: <2 chars algorithm>:<2 chars language>. Support algorithms: double metaphone (dm). Supported \
             languages: English (en), French (fr), Portuguese (pt) and Spanish (es)",
        ),
    }
}

fn options(args: &mut Args, attribute: &mut Attribute) -> Outcome<()> {
    let words = attribute.is_text() || attribute.is_tag();
    loop {
        match () {
            () if attribute.is_vector() && !args.take_word("INDEXMISSING") => return Ok(()),
            () if attribute.is_vector() => attribute.index_missing = true,
            () if args.take_word("SORTABLE") => attribute.sortable = true,
            () if attribute.sortable && args.take_word("UNF") => attribute.unf = true,
            () if args.take_word("NOINDEX") => attribute.no_index = true,
            // Behind these nothing else comes.
            () if attribute.sortable || attribute.no_index => return Ok(()),
            () if option_of_kind(args, &mut attribute.kind)? => {}
            () if args.take_word("INDEXMISSING") => attribute.index_missing = true,
            () if words && args.take_word("INDEXEMPTY") => attribute.index_empty = true,
            () if words && args.take_word("WITHSUFFIXTRIE") => attribute.suffixes = true,
            () => return Ok(()),
        }
    }
}

/// Whether what comes next was an option that only fields of this kind have.
fn option_of_kind(args: &mut Args, kind: &mut AttributeKind) -> Outcome<bool> {
    match kind {
        AttributeKind::Text { weight, .. } if args.take_word("WEIGHT") => *weight = number_after(args, "weight")?,
        AttributeKind::Text { no_stem, .. } if args.take_word("NOSTEM") => *no_stem = true,
        AttributeKind::Text { phonetic, .. } if args.take_word("PHONETIC") => {
            matcher(args)?;
            *phonetic = true;
        }
        AttributeKind::Tag { separator, .. } if args.take_word("SEPARATOR") => {
            let given = word(args, "SEPARATOR").map_err(|_| RespError::line("SEPARATOR requires an argument"))?;
            let mut chars = given.chars();
            *separator = chars.next().filter(|_| chars.next().is_none());
            if separator.is_none() {
                return refuse(format!("Tag separator must be a single character. Got `{given}`"));
            }
        }
        AttributeKind::Tag { case_sensitive, .. } if args.take_word("CASESENSITIVE") => *case_sensitive = true,
        _ => return Ok(false),
    }
    Ok(true)
}
