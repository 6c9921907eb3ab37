//! `significant_terms`.

use model::aggregation::request::Kind;
use model::aggregation::request::terms::{Cut, Heuristic, SignificantTerms};
use model::error::{Error, ErrorKind};

use super::super::field::{Field, fields};
use super::super::queries::query;
use super::super::suggest;
use super::Asked;
use super::declared::{At, object_of};
use super::source::{Keys, SourceReader};
use super::terms::{Chosen, execution_hint, take_cut};

/// `significant_terms`.
pub(super) fn significant_terms(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::USUAL);
    let mut cut = Cut { size: 10, shard_size: None, min_doc_count: 3, shard_min_doc_count: 0 };
    let mut chosen = Chosen::default();
    let (mut background_filter, mut heuristic) = (None, Heuristic::Jlh);
    for field in asked.fields() {
        match field.key {
            "background_filter" => {
                field.object()?;
                background_filter = Some(query(field.value).at(field)?);
            }
            "include" | "exclude" => chosen.read(field)?,
            "execution_hint" => execution_hint(field, ["map", "global_ordinals"])?,
            "jlh" | "chi_square" | "mutual_information" | "gnd" | "percentage" => heuristic = scored(field)?,
            "script_heuristic" => {
                object_of(field.key, field.value)?;
                return Err(field.not_implemented());
            }
            _ if take_cut(asked, field, &mut cut)? => {}
            _ if source.take(field)? => {}
            _ => return Err(unknown(field)),
        }
    }
    let source = source.finish()?;
    let Chosen { include, exclude } = chosen;
    let found = SignificantTerms { source, cut, include, exclude, background_filter, heuristic };
    Ok(Kind::SignificantTerms(Box::new(found)))
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
