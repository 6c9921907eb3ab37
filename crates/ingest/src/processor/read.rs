//! Definitions to processors.

use model::error::{Error, ErrorKind};
use regex::Regex;
use serde_json::Value;

use super::community_id::CommunityId;
use super::csv::Csv;
use super::dates::Dates;
use super::dissect::Dissect;
use super::fingerprint::Fingerprint;
use super::grok::Grok;
use super::index_name::IndexName;
use super::structure::KeyValue;
use super::{Change, Kind, Of, Type};
use crate::options::Options;
use crate::pipeline::one;
use crate::script::Script;
use crate::text::{Given, Text};

/// Processors of OpenSearch that Shoal has not: they need data or rules of their own.
const MISSING: [&str; 6] = ["acl_routing", "geoip", "hierarchical_routing", "ip2geo", "temporal_routing", "user_agent"];

/// Reads a processor by its name; `inside`: how deep it lies, and how many more there may be.
pub(crate) fn read(name: &str, options: &mut Options, inside: (usize, &mut usize)) -> Result<Kind, Error> {
    if let Some(kind) = of_fields(name, options)? {
        return Ok(kind);
    }
    if let Some(kind) = of_values(name, options)? {
        return Ok(kind);
    }
    Ok(match name {
        "community_id" => Kind::CommunityId(Box::new(CommunityId::read(options)?)),
        "fingerprint" => Kind::Fingerprint(Box::new(Fingerprint::read(options)?)),
        "csv" => Kind::Csv(Box::new(Csv::read(options)?)),
        "date" => Kind::Date(Box::new(Dates::read(options)?)),
        "date_index_name" => Kind::IndexName(Box::new(IndexName::read(options)?)),
        "dissect" => Kind::Dissect(Box::new(Dissect::read(options)?)),
        "dot_expander" => {
            let (field, path) = (options.required_text("field")?, options.text("path")?);
            if !field.trim_matches('.').contains('.') || field.starts_with('.') || field.ends_with('.') {
                let why = "field does not contain a dot";
                return Err(options.refused("field", why));
            }
            Kind::DotExpander { field, path }
        }
        "drop" => Kind::Drop,
        "fail" => Kind::Fail { message: options.template("message")? },
        "foreach" => {
            let field = options.required_text("field")?;
            let inner = options.required("processor")?;
            let ignore_missing = options.flag("ignore_missing", false)?;
            let (depth, left) = inside;
            let deep = || Error::new(ErrorKind::Parse, "[foreach] nests too deep");
            let inner = if depth < 8 { one(&inner, depth + 1, left)? } else { return Err(deep()) };
            Kind::Foreach { field, inner: Box::new(inner), ignore_missing }
        }
        "grok" => Kind::Grok(Box::new(Grok::read(options)?)),
        "json" => {
            let field = options.required_text("field")?;
            let target = options.text("target_field")?;
            let to_root = options.flag("add_to_root", false)?;
            if to_root && target.is_some() {
                return Err(options
                    .refused("target_field", "Cannot set a target field while also setting `add_to_root` to true"));
            }
            let target = target.unwrap_or_else(|| field.clone());
            Kind::Json { of: Of { field, target, ignore_missing: false }, to_root }
        }
        "kv" => Kind::KeyValue(Box::new(KeyValue::read(options)?)),
        "script" => {
            let given = script_options(options);
            Kind::Script(script_of(options, &given)?)
        }
        "pipeline" => Kind::Call { name: options.template("name")? },
        _ if MISSING.contains(&name) => return Err(Error::not_implemented(format!("the processor [{name}]"))),
        _ => {
            let error = Error::new(ErrorKind::Parse, format!("No processor type exists with name [{name}]"));
            return Err(error.with_detail("processor_type", name));
        }
    })
}

/// Processors that add, remove and move fields.
fn of_fields(name: &str, options: &mut Options) -> Result<Option<Kind>, Error> {
    Ok(Some(match name {
        "copy" => Kind::Copy {
            source: options.template("source_field")?,
            target: options.template("target_field")?,
            ignore_missing: options.flag("ignore_missing", false)?,
            override_target: options.flag("override_target", false)?,
            remove_source: options.flag("remove_source", false)?,
        },
        "append" => Kind::Append {
            field: options.template("field")?,
            value: given(options, "value")?,
            allow_duplicates: options.flag("allow_duplicates", true)?,
        },
        "remove" => remove(options)?,
        "remove_by_pattern" => {
            let (given, excluded) = (options.texts("field_pattern")?, options.texts("exclude_field_pattern")?);
            match (given, excluded) {
                (Some(patterns), None) => Kind::RemoveByPattern { patterns, exclude: false },
                (None, Some(patterns)) => Kind::RemoveByPattern { patterns, exclude: true },
                _ => {
                    let why = "either field_pattern or exclude_field_pattern must be set";
                    return Err(options.refused("field_pattern", why));
                }
            }
        }
        "rename" => Kind::Rename {
            field: options.template("field")?,
            target: options.template("target_field")?,
            ignore_missing: options.flag("ignore_missing", false)?,
            override_target: options.flag("override_target", false)?,
        },
        "set" => Kind::Set {
            field: options.template("field")?,
            value: given(options, "value")?,
            override_value: options.flag("override", true)?,
            ignore_empty: options.flag("ignore_empty_value", false)?,
        },
        _ => return Ok(None),
    }))
}

/// Processors that make a field's value another.
fn of_values(name: &str, options: &mut Options) -> Result<Option<Kind>, Error> {
    Ok(Some(match name {
        "join" => Kind::Join { of: of_present(options)?, separator: options.required_text("separator")? },
        "convert" => {
            let of = of(options)?;
            Kind::Convert { to: kind(options)?, of }
        }
        "sort" => {
            let of = of_present(options)?;
            let descending = match options.text("order")?.as_deref() {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(_) => return Err(options.refused("order", "Sort direction can only be `asc` or `desc`")),
            };
            Kind::Sort { of, descending }
        }
        "split" => {
            let of = of(options)?;
            let separator = pattern(options, "separator")?;
            Kind::Split { of, separator, preserve_trailing: options.flag("preserve_trailing", false)? }
        }
        "lowercase" => Kind::Strings { of: of(options)?, change: Change::Lower },
        "uppercase" => Kind::Strings { of: of(options)?, change: Change::Upper },
        "trim" => Kind::Strings { of: of(options)?, change: Change::Trim },
        "urldecode" => Kind::Strings { of: of(options)?, change: Change::UrlDecode },
        "bytes" => Kind::Strings { of: of(options)?, change: Change::Bytes },
        "html_strip" => Kind::Strings { of: of(options)?, change: Change::StripHtml },
        "gsub" => {
            let of = of(options)?;
            let pattern = pattern(options, "pattern")?;
            let replacement = script::program::replacement(&options.required_text("replacement")?);
            Kind::Strings { of, change: Change::Replace(pattern, replacement) }
        }
        _ => return Ok(None),
    }))
}

fn given(options: &mut Options, name: &str) -> Result<Given, Error> {
    let value = options.required(name)?;
    Given::read(&value).map_err(|why| options.refused(name, &why))
}

/// As [`of`], of a processor that cannot pass over what is missing.
fn of_present(options: &mut Options) -> Result<Of, Error> {
    let field = options.required_text("field")?;
    let target = options.text("target_field")?.unwrap_or_else(|| field.clone());
    Ok(Of { field, target, ignore_missing: false })
}

/// `field`, `target_field` (the same where it is not given), `ignore_missing`.
pub(super) fn of(options: &mut Options) -> Result<Of, Error> {
    let field = options.required_text("field")?;
    let target = options.text("target_field")?.unwrap_or_else(|| field.clone());
    Ok(Of { field, target, ignore_missing: options.flag("ignore_missing", false)? })
}

/// A pattern; look-around and back-references are refused, which need time without bound.
pub(super) fn pattern(options: &mut Options, name: &str) -> Result<Regex, Error> {
    let text = options.required_text(name)?;
    Regex::new(&text).map_err(|why| options.refused(name, &format!("Invalid regex pattern. {why}")))
}

fn kind(options: &mut Options) -> Result<Type, Error> {
    let text = options.required_text("type")?;
    Ok(match text.to_ascii_lowercase().as_str() {
        "integer" => Type::Integer,
        "long" => Type::Long,
        "float" => Type::Float,
        "double" => Type::Double,
        "boolean" => Type::Boolean,
        "string" => Type::Text,
        "ip" => Type::Ip,
        "auto" => Type::Auto,
        _ => return Err(options.refused("type", &format!("type [{text}] not supported, cannot convert field."))),
    })
}

fn remove(options: &mut Options) -> Result<Kind, Error> {
    let mut texts = |name: &str| -> Result<Option<Vec<Text>>, Error> {
        let Some(given) = options.texts(name)? else { return Ok(None) };
        let read = |text: &String| Text::read(text).map_err(|why| options.refused(name, &why));
        given.iter().map(read).collect::<Result<_, _>>().map(Some)
    };
    let (fields, kept) = (texts("field")?, texts("exclude_field")?);
    match (&fields, &kept) {
        (None, None) | (Some(_), Some(_)) => Err(options.refused("field", "either field or exclude_field must be set")),
        _ => {
            let ignore_missing = options.flag("ignore_missing", false)?;
            Ok(Kind::Remove { fields: fields.unwrap_or_default(), kept: kept.unwrap_or_default(), ignore_missing })
        }
    }
}

/// The options of a processor that is a script.
fn script_options(options: &mut Options) -> Value {
    let names = ["source", "inline", "id", "lang", "params"];
    Value::Object(names.into_iter().filter_map(|name| Some((name.to_owned(), options.take(name)?))).collect())
}

/// A script: its source, or an object with that and parameters.
///
/// # Errors
/// A source that does not read, 501 for stored scripts and other languages.
pub(crate) fn script_of(options: &mut Options, given: &Value) -> Result<Script, Error> {
    let object = match given {
        Value::String(source) => return compiled(options, source, Value::Null),
        Value::Object(object) => object,
        _ => return Err(options.refused("if", "property isn't a script")),
    };
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    if let Some(id) = text("id") {
        return Err(Error::not_implemented(format!("stored script [{id}]")));
    }
    match text("lang") {
        None | Some("painless") => {}
        Some(lang) => return Err(Error::not_implemented(format!("script language [{lang}]"))),
    }
    let Some(source) = text("source").or_else(|| text("inline")) else {
        let why = "must specify either [source] for an inline script or [id] for a stored script";
        return Err(options.refused("source", why));
    };
    compiled(options, source, object.get("params").cloned().unwrap_or_default())
}

fn compiled(options: &Options, source: &str, params: Value) -> Result<Script, Error> {
    let params = if params.is_null() { Value::Object(serde_json::Map::new()) } else { params };
    Script::compile(source, params).map_err(|error| options.named(error))
}
