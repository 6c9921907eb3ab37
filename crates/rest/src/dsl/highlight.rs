//! `highlight`: options of the request, merged into those of each field.

use model::error::{Error, ErrorKind};
use model::json::token;
use model::query::Query;
use model::search::{BoundaryScanner, FastHighlight, Highlight, HighlightField, HighlightKind};
use serde_json::{Map, Value};

use super::field::{Field, fields, in_field, text_of};
use super::queries::query;

/// What may be said for the request and for a field. `None`: not said.
#[derive(Clone, Default)]
struct Options {
    pre_tags: Option<Vec<String>>,
    post_tags: Option<Vec<String>>,
    fragment_size: Option<u32>,
    number_of_fragments: Option<u32>,
    no_match_size: Option<u32>,
    order_by_score: Option<bool>,
    require_field_match: Option<bool>,
    highlight_query: Option<Query>,
    boundary_scanner: Option<BoundaryScanner>,
    kind: Option<HighlightKind>,
    max_analyzed_offset: Option<u32>,
    fragmenter_simple: Option<bool>,
    /// Of a field alone.
    fragment_offset: Option<i32>,
    /// Of a field alone.
    matched_fields: Vec<String>,
    boundary_chars: Option<String>,
    boundary_max_scan: Option<u32>,
    phrase_limit: Option<u32>,
}

/// The whole of `highlight`.
pub(super) fn highlight(object: &Map<String, Value>) -> Result<Highlight, Error> {
    let mut options = Options::default();
    let mut html_encoder = false;
    let mut named: Vec<(String, Options)> = Vec::new();
    for field in fields("highlight", object) {
        match field.key {
            "encoder" => html_encoder = string(field)? == "html",
            "tags_schema" => styled(field, &mut options)?,
            "fields" => named = highlighted(field)?,
            _ => options.read(field)?,
        }
    }
    options.check()?;
    let merged = named.into_iter().map(|(field, own)| own.merged(&options, field, html_encoder)).collect();
    Ok(Highlight { fields: merged })
}

fn string(field: Field<'_>) -> Result<String, Error> {
    field.typed(&["VALUE_STRING"])?.text()
}

/// `styled`: ten tags with classes from `hlt1` to `hlt10`; `default`: the usual ones.
fn styled(field: Field<'_>, options: &mut Options) -> Result<(), Error> {
    match string(field)?.as_str() {
        "styled" => {
            options.pre_tags = Some((1..=10).map(|n| format!("<em class=\"hlt{n}\">")).collect());
            options.post_tags = Some(vec!["</em>".to_owned()]);
            Ok(())
        }
        "default" => {
            options.pre_tags = Some(vec!["<em>".to_owned()]);
            options.post_tags = Some(vec!["</em>".to_owned()]);
            Ok(())
        }
        other => Err(field.failed(Error::illegal_argument(format!("Unknown tag schema [{other}]")))),
    }
}

/// `fields`: an object, or an array of objects with one field each.
fn highlighted(field: Field<'_>) -> Result<Vec<(String, Options)>, Error> {
    let alone = |item: &Value| match item {
        Value::Object(object) if object.len() == 1 => named(field, object),
        _ => {
            let shape = "can be a single object with any number of fields or an array where each entry is an object with a single field";
            Err(field.failed(Error::new(ErrorKind::XContentParse, format!("[fields] {shape}"))))
        }
    };
    match field.typed(&["START_OBJECT", "START_ARRAY"])?.value {
        Value::Object(object) => named(field, object),
        Value::Array(items) => {
            let mut all = Vec::with_capacity(items.len());
            for item in items {
                all.append(&mut alone(item)?);
            }
            Ok(all)
        }
        _ => Ok(Vec::new()),
    }
}

fn named(field: Field<'_>, object: &Map<String, Value>) -> Result<Vec<(String, Options)>, Error> {
    let read = |(name, value): (&String, &Value)| {
        let options = field_options(value).map_err(|error| field.failed(in_field("fields", name, error)))?;
        Ok((name.clone(), options))
    };
    object.iter().map(read).collect()
}

fn field_options(value: &Value) -> Result<Options, Error> {
    let Value::Object(object) = value else {
        let reason = format!("[highlight_field] Expected START_OBJECT but was: {}", token(value));
        return Err(Error::new(ErrorKind::XContentParse, reason));
    };
    let mut options = Options::default();
    for field in fields("highlight_field", object) {
        match field.key {
            "fragment_offset" => options.fragment_offset = Some(integer(field)?).filter(|offset| *offset != -1),
            "matched_fields" => options.matched_fields = strings(field)?,
            _ => options.read(field)?,
        }
    }
    options.check()?;
    Ok(options)
}

fn integer(field: Field<'_>) -> Result<i32, Error> {
    let typed = field.typed(&["VALUE_NUMBER", "VALUE_STRING"])?;
    typed.int().map_err(|error| field.failed(error))
}

/// A number; negative ones count as 0.
fn number(field: Field<'_>) -> Result<u32, Error> {
    Ok(u32::try_from(integer(field)?).unwrap_or(0))
}

/// A number; negative ones count as not said.
fn limit(field: Field<'_>) -> Result<Option<u32>, Error> {
    Ok(u32::try_from(integer(field)?).ok())
}

fn flag(field: Field<'_>) -> Result<bool, Error> {
    field.typed(&["VALUE_BOOLEAN", "VALUE_STRING"])?.flag().map_err(|error| field.failed(error))
}

fn strings(field: Field<'_>) -> Result<Vec<String>, Error> {
    let one = std::slice::from_ref(field.value);
    let items = match field.typed(&["VALUE_STRING", "START_ARRAY"])?.value {
        Value::Array(items) => items,
        _ => one,
    };
    let wrong = || field.failed(Error::parsing(format!("[{}] must be strings", field.key)));
    items.iter().map(|item| text_of(item).ok_or_else(wrong)).collect()
}

fn kind(field: Field<'_>) -> Result<HighlightKind, Error> {
    match string(field)?.as_str() {
        "unified" => Ok(HighlightKind::Unified),
        "plain" => Ok(HighlightKind::Plain),
        "fvh" => Ok(HighlightKind::Fast),
        other @ "semantic" => Err(Error::not_implemented(format!("highlighter [{other}]"))),
        other => Ok(HighlightKind::Unknown(other.to_owned())),
    }
}

/// The breaks of words and sentences are those of English; the rules of another language would place them elsewhere.
fn boundary_scanner_locale(field: Field<'_>) -> Result<(), Error> {
    let tag = string(field)?;
    let language = tag.split(['-', '_']).next().unwrap_or_default();
    if language.eq_ignore_ascii_case("en") { Ok(()) } else { Err(field.not_implemented()) }
}

fn boundary_scanner(field: Field<'_>) -> Result<BoundaryScanner, Error> {
    match string(field)?.to_ascii_lowercase().as_str() {
        "sentence" => Ok(BoundaryScanner::Sentence),
        "word" => Ok(BoundaryScanner::Word),
        "chars" => Ok(BoundaryScanner::Chars),
        other => {
            let constant = other.to_uppercase();
            let reason = format!("No enum constant HighlightBuilder.BoundaryScannerType.{constant}");
            Err(field.failed(Error::illegal_argument(reason)))
        }
    }
}

impl Options {
    fn read(&mut self, field: Field<'_>) -> Result<(), Error> {
        match field.key {
            "pre_tags" => self.pre_tags = Some(strings(field)?),
            "post_tags" => self.post_tags = Some(strings(field)?),
            "fragment_size" => self.fragment_size = Some(number(field)?),
            "number_of_fragments" => self.number_of_fragments = Some(number(field)?),
            "no_match_size" => self.no_match_size = Some(number(field)?),
            "order" => self.order_by_score = Some(string(field)?.eq_ignore_ascii_case("score")),
            "require_field_match" => self.require_field_match = Some(flag(field)?),
            "highlight_query" => {
                let typed = field.typed(&["START_OBJECT"])?;
                self.highlight_query = Some(query(typed.value).map_err(|error| field.failed(error))?);
            }
            "boundary_scanner" => self.boundary_scanner = Some(boundary_scanner(field)?),
            "type" => self.kind = Some(kind(field)?),
            "max_analyzer_offset" => {
                let offset =
                    field.typed(&["VALUE_NUMBER", "VALUE_STRING"])?.int().map_err(|error| field.failed(error))?;
                let refuse =
                    |_| Error::illegal_argument(format!("the value [{offset}] of max_analyzer_offset is invalid"));
                self.max_analyzed_offset = Some(u32::try_from(offset).map_err(refuse)?);
            }
            "fragmenter" => self.fragmenter_simple = Some(string(field)? == "simple"),
            "boundary_chars" => self.boundary_chars = Some(string(field)?),
            "boundary_max_scan" => self.boundary_max_scan = limit(field)?,
            "phrase_limit" => self.phrase_limit = limit(field)?,
            // Without effect in OpenSearch too.
            "force_source" => drop(flag(field)?),
            "boundary_scanner_locale" => boundary_scanner_locale(field)?,
            "options" => match field.typed(&["START_OBJECT"])?.value {
                Value::Object(object) if object.is_empty() => {}
                _ => return Err(field.not_implemented()),
            },
            _ => return Err(field.undeclared()),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        match (&self.pre_tags, &self.post_tags) {
            (Some(_), None) => Err(Error::parsing("pre_tags are set but post_tags are not set")),
            _ => Ok(()),
        }
    }

    fn merged(self, request: &Options, field: String, html_encoder: bool) -> HighlightField {
        let tag = |own: Option<Vec<String>>, outer: &Option<Vec<String>>, usual: &str| {
            own.or_else(|| outer.clone()).filter(|tags| !tags.is_empty()).unwrap_or_else(|| vec![usual.to_owned()])
        };
        let usual = FastHighlight::default();
        let chars = self.boundary_chars.or_else(|| request.boundary_chars.clone());
        let fast = FastHighlight {
            margin: self.fragment_offset,
            boundary_chars: chars.unwrap_or(usual.boundary_chars),
            boundary_max_scan: self.boundary_max_scan.or(request.boundary_max_scan).unwrap_or(usual.boundary_max_scan),
            phrase_limit: self.phrase_limit.or(request.phrase_limit).unwrap_or(usual.phrase_limit),
        };
        HighlightField {
            field,
            pre_tags: tag(self.pre_tags, &request.pre_tags, "<em>"),
            post_tags: tag(self.post_tags, &request.post_tags, "</em>"),
            fragment_size: self.fragment_size.or(request.fragment_size).unwrap_or(100),
            number_of_fragments: self.number_of_fragments.or(request.number_of_fragments).unwrap_or(5),
            no_match_size: self.no_match_size.or(request.no_match_size).unwrap_or(0),
            order_by_score: self.order_by_score.or(request.order_by_score).unwrap_or(false),
            require_field_match: self.require_field_match.or(request.require_field_match).unwrap_or(true),
            highlight_query: self.highlight_query.or_else(|| request.highlight_query.clone()),
            html_encoder,
            boundary_scanner: self.boundary_scanner.or(request.boundary_scanner).unwrap_or(BoundaryScanner::Usual),
            kind: self.kind.or_else(|| request.kind.clone()).unwrap_or(HighlightKind::Unified),
            max_analyzed_offset: self.max_analyzed_offset.or(request.max_analyzed_offset),
            fragmenter_simple: self.fragmenter_simple.or(request.fragmenter_simple).unwrap_or(false),
            matched_fields: self.matched_fields,
            fast,
        }
    }
}
