//! `significant_terms` and `significant_text`.

use model::aggregation::request::terms::{Cut, Heuristic, SignificantTerms, SignificantText};
use model::aggregation::request::{Kind, Source};
use model::error::{Error, ErrorKind};
use model::query::Query;
use serde_json::Value;

use super::super::field::{Field, fields, required, text_of};
use super::super::queries::query;
use super::super::suggest;
use super::Asked;
use super::declared::{At, object_of};
use super::source::{Keys, SourceReader};
use super::terms::{Chosen, execution_hint, take_cut};

/// What both have: which buckets are shown, and how they stand out.
struct Standing {
    cut: Cut,
    chosen: Chosen,
    background_filter: Option<Query>,
    heuristic: Heuristic,
}

impl Standing {
    fn new() -> Self {
        Self {
            cut: Cut { size: 10, shard_size: None, min_doc_count: 3, shard_min_doc_count: 0 },
            chosen: Chosen::default(),
            background_filter: None,
            heuristic: Heuristic::Jlh,
        }
    }

    /// Whether `field` was one of its keys.
    fn take(&mut self, asked: Asked<'_>, field: Field<'_>) -> Result<bool, Error> {
        match field.key {
            "background_filter" => {
                field.object()?;
                self.background_filter = Some(query(field.value).at(field)?);
            }
            "include" | "exclude" => self.chosen.read(field)?,
            "jlh" | "chi_square" | "mutual_information" | "gnd" | "percentage" => self.heuristic = scored(field)?,
            "script_heuristic" => {
                object_of(field.key, field.value)?;
                return Err(field.not_implemented());
            }
            _ => return take_cut(asked, field, &mut self.cut),
        }
        Ok(true)
    }

    fn of(self, source: Source) -> SignificantTerms {
        let Self { cut, chosen: Chosen { include, exclude }, background_filter, heuristic } = self;
        SignificantTerms { source, cut, include, exclude, background_filter, heuristic }
    }
}

/// `significant_terms`.
pub(super) fn significant_terms(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut source, mut standing) = (SourceReader::new(asked, Keys::USUAL), Standing::new());
    for field in asked.fields() {
        match field.key {
            "execution_hint" => execution_hint(field, ["map", "global_ordinals"])?,
            _ if standing.take(asked, field)? => {}
            _ if source.take(field)? => {}
            _ => return Err(unknown(field)),
        }
    }
    Ok(Kind::SignificantTerms(Box::new(standing.of(source.finish()?))))
}

/// `significant_text`.
pub(super) fn significant_text(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut standing, mut source) = (Standing::new(), Source::default());
    let (mut source_fields, mut filter_duplicate_text) = (Vec::new(), false);
    for field in asked.fields() {
        match field.key {
            "field" => source.field = field.string()?.to_owned(),
            "source_fields" => source_fields = names(field)?,
            "filter_duplicate_text" => filter_duplicate_text = field.declared_flag()?,
            _ if standing.take(asked, field)? => {}
            _ => return Err(unknown(field)),
        }
    }
    if source.field.is_empty() {
        return Err(required("field"));
    }
    let terms = standing.of(source);
    Ok(Kind::SignificantText(Box::new(SignificantText { terms, source_fields, filter_duplicate_text })))
}

fn names(field: Field<'_>) -> Result<Vec<String>, Error> {
    let one = std::slice::from_ref(field.value);
    let given = if let Value::Array(items) = field.value { items.as_slice() } else { one };
    given.iter().map(|item| text_of(item).ok_or_else(|| field.mistyped())).collect()
}

/// A key that could have been the name of a heuristic.
fn unknown(field: Field<'_>) -> Error {
    const KNOWN: [&str; 12] = [
        "field",
        "missing",
        "format",
        "size",
        "shard_size",
        "min_doc_count",
        "include",
        "exclude",
        "background_filter",
        "chi_square",
        "mutual_information",
        "percentage",
    ];
    let meant = suggest::did_you_mean(&suggest::alike(field.key, KNOWN.into_iter()));
    let cause = Error::new(ErrorKind::NamedObjectNotFound, format!("unknown field [{}]", field.key));
    let reason = format!("[{}] unknown field [{}]{meant}", field.owner, field.key);
    Error { root_causes: vec![cause.clone()], ..Error::new(ErrorKind::XContentParse, reason).with_cause(cause) }
}

fn scored(field: Field<'_>) -> Result<Heuristic, Error> {
    let name = field.key;
    let (negatives, superset) = match name {
        "chi_square" | "mutual_information" => (true, true),
        "gnd" => (false, true),
        _ => (false, false),
    };
    let (mut include_negatives, mut background_is_superset) = (false, true);
    for option in fields(name, object_of(name, field.value)?) {
        match option.key {
            "include_negatives" if negatives => include_negatives = option.declared_flag()?,
            "background_is_superset" if superset => background_is_superset = option.declared_flag()?,
            _ => return Err(option.unknown(&["include_negatives", "background_is_superset"])),
        }
    }
    Ok(match name {
        "chi_square" => Heuristic::ChiSquare { include_negatives, background_is_superset },
        "mutual_information" => Heuristic::MutualInformation { include_negatives, background_is_superset },
        "gnd" => Heuristic::Gnd { background_is_superset },
        "percentage" => Heuristic::Percentage,
        _ => Heuristic::Jlh,
    })
}
