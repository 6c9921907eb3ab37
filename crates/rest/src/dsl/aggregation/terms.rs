//! `terms`, `multi_terms`, `rare_terms`.

use model::aggregation::request::terms::{Cut, Exclude, Include, MultiTerms, RareTerms, Terms};
use model::aggregation::request::{Kind, Source};
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use super::super::field::{Field, fields};
use super::declared::At;
use super::order::order;
use super::range::items;
use super::source::{ConfigKeys, Keys, SourceReader, config};
use super::{Asked, late};

const CUT_KEYS: [&str; 4] = ["size", "shard_size", "min_doc_count", "shard_min_doc_count"];

/// Whether `field` was one of the keys of a cut.
pub(super) fn take_cut(asked: Asked<'_>, field: Field<'_>, cut: &mut Cut) -> Result<bool, Error> {
    match field.key {
        "size" => cut.size = size(asked, field, "size")?,
        "shard_size" => cut.shard_size = Some(size(asked, field, "shardSize")?),
        "min_doc_count" => cut.min_doc_count = count(asked, field, "minDocCount")?,
        "shard_min_doc_count" => cut.shard_min_doc_count = count(asked, field, "shardMinDocCount")?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// A number above zero; `what` is what errors call it.
pub(super) fn size(asked: Asked<'_>, field: Field<'_>, what: &str) -> Result<u32, Error> {
    let size = field.declared_int()?;
    asked.above_zero(what, size).at(field).map(i32::unsigned_abs)
}

/// A number from zero.
pub(super) fn count(asked: Asked<'_>, field: Field<'_>, what: &str) -> Result<u64, Error> {
    let count = field.declared_long()?;
    asked.not_negative(what, count).at(field).map(i64::unsigned_abs)
}

/// Checked and without effect: how counts are collected never changes what is counted.
fn collect_mode(field: Field<'_>) -> Result<(), Error> {
    match field.string()? {
        "depth_first" | "breadth_first" => Ok(()),
        other => Err(Error::new(ErrorKind::Parse, format!("no [collect_mode] found for value [{other}]"))).at(field),
    }
}

/// Checked and without effect. OpenSearch finds what it does not know on its shards.
pub(super) fn execution_hint(field: Field<'_>, known: [&str; 2]) -> Result<(), Error> {
    let hint = field.string()?;
    if known.contains(&hint) {
        return Ok(());
    }
    let reason = format!("Unknown `execution_hint`: [{hint}], expected any of [{}]", known.join(", "));
    Err(late(Error::illegal_argument(reason)))
}

/// `terms`.
pub(super) fn terms(asked: Asked<'_>) -> Result<Kind, Error> {
    const OWN: [&str; 9] = [
        "show_term_doc_count_error",
        "order",
        "include",
        "exclude",
        "size",
        "shard_size",
        "min_doc_count",
        "shard_min_doc_count",
        "collect_mode",
    ];
    let mut source = SourceReader::new(asked, Keys::USUAL);
    let mut cut = Cut { size: 10, shard_size: None, min_doc_count: 1, shard_min_doc_count: 0 };
    let mut chosen = Chosen::default();
    let (mut orders, mut show_error, mut exact) = (Vec::new(), false, false);
    for field in asked.fields() {
        match field.key {
            "order" => orders = order(field)?,
            "include" | "exclude" => chosen.read(field)?,
            "show_term_doc_count_error" => show_error = field.declared_flag()?,
            "exact" => exact = field.declared_flag()?,
            "collect_mode" => collect_mode(field)?,
            "execution_hint" => execution_hint(field, ["map", "global_ordinals"])?,
            _ if take_cut(asked, field, &mut cut)? => {}
            _ => source.take_last(field, &OWN)?,
        }
    }
    let source = source.finish()?;
    let Chosen { include, exclude } = chosen;
    Ok(Kind::Terms(Box::new(Terms { source, cut, order: orders, include, exclude, show_error, exact })))
}

/// `multi_terms`.
pub(super) fn multi_terms(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut cut = Cut { size: 10, shard_size: None, min_doc_count: 1, shard_min_doc_count: 0 };
    let (mut sources, mut orders, mut show_error) = (None, Vec::new(), false);
    for field in asked.fields() {
        match field.key {
            "terms" => sources = Some(several(asked, items(field)?).at(field)?),
            "order" => orders = order(field)?,
            "show_term_doc_count_error" => show_error = field.declared_flag()?,
            "collect_mode" => collect_mode(field)?,
            _ if take_cut(asked, field, &mut cut)? => {}
            _ => return Err(field.unknown(&CUT_KEYS)),
        }
    }
    let terms = sources.ok_or_else(|| late(Error::illegal_argument("Required [terms]")))?;
    Ok(Kind::MultiTerms(Box::new(MultiTerms { terms, cut, order: orders, show_error })))
}

fn several(asked: Asked<'_>, items: &[Value]) -> Result<Vec<Source>, Error> {
    const KEYS: ConfigKeys = ConfigKeys { format: true, time_zone: true, value_type: true, both: true };
    let sources: Vec<Source> = items.iter().map(|item| config(item, KEYS)).collect::<Result<_, _>>()?;
    if sources.len() > 1 {
        return Ok(sources);
    }
    let few = format!("Found [{}] in [{}]", sources.len(), asked.name);
    let instead = if sources.is_empty() { "" } else { " Use terms aggregation for single term aggregation" };
    Err(Error::illegal_argument(format!("multi term aggregation must has at least 2 terms. {few}{instead}")))
}

/// `rare_terms`.
pub(super) fn rare_terms(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::USUAL);
    let (mut max_doc_count, mut precision) = (1, 0.001);
    let mut chosen = Chosen::default();
    for field in asked.fields() {
        match field.key {
            "max_doc_count" => max_doc_count = max_docs(asked, field.declared_long()?).at(field)?,
            "precision" => {
                precision = field.declared_double()?;
                if precision < 0.00001 {
                    let reason = "[precision] must be greater than 0.00001";
                    return Err(Error::illegal_argument(reason)).at(field);
                }
            }
            "include" | "exclude" => chosen.read(field)?,
            _ => source.take_last(field, &["max_doc_count", "precision", "include", "exclude"])?,
        }
    }
    let source = source.finish()?;
    let Chosen { include, exclude } = chosen;
    Ok(Kind::RareTerms(Box::new(RareTerms { source, max_doc_count, precision, include, exclude })))
}

fn max_docs(asked: Asked<'_>, count: i64) -> Result<u32, Error> {
    match asked.above_zero("max_doc_count", count)? {
        count @ 1..=100 => Ok(count as u32),
        _ => {
            let reason = format!("[max_doc_count] must be smallerthan 100in [{}]", asked.name);
            Err(Error::illegal_argument(reason))
        }
    }
}

/// `include` and `exclude`, which must be of one kind.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) include: Option<Include>,
    pub(super) exclude: Option<Exclude>,
}

impl Chosen {
    pub(super) fn read(&mut self, field: Field<'_>) -> Result<(), Error> {
        match field.key {
            "include" => self.include = Some(include(field)?),
            _ => self.exclude = Some(exclude(field)?),
        }
        self.check().at(field)
    }

    fn check(&self) -> Result<(), Error> {
        let reason = match (&self.include, &self.exclude) {
            (Some(Include::Values(_)), Some(Exclude::Pattern(_))) => {
                "Cannot mix a set-based include with a regex-based method"
            }
            (Some(Include::Pattern(_)), Some(Exclude::Values(_))) => {
                "Cannot mix a regex-based include with a set-based method"
            }
            (Some(Include::Partition { .. }), Some(_)) => {
                "Cannot specify any excludes when using a partition-based include"
            }
            _ => return Ok(()),
        };
        Err(Error::illegal_argument(reason))
    }
}

fn include(field: Field<'_>) -> Result<Include, Error> {
    match field.value {
        Value::String(pattern) => Ok(Include::Pattern(pattern.clone())),
        Value::Array(items) => values(items).map(Include::Values).at(field),
        Value::Object(object) => partition(object).at(field),
        _ => Err(field.mistyped()),
    }
}

fn exclude(field: Field<'_>) -> Result<Exclude, Error> {
    match field.value {
        Value::String(pattern) => Ok(Exclude::Pattern(pattern.clone())),
        Value::Array(items) => values(items).map(Exclude::Values).at(field),
        _ => Err(field.mistyped()),
    }
}

fn values(items: &[Value]) -> Result<Vec<Value>, Error> {
    let scalar = |item: &Value| match item {
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let reason = "Array elements in include/exclude clauses should be string values";
            Err(Error::new(ErrorKind::Parse, reason))
        }
        value => Ok(value.clone()),
    };
    items.iter().map(scalar).collect()
}

fn partition(object: &Map<String, Value>) -> Result<Include, Error> {
    let (mut partition, mut num_partitions) = (None, None);
    for field in fields("include", object) {
        match field.key {
            "partition" => partition = Some(field.int()?),
            "num_partitions" => num_partitions = Some(field.int()?),
            key => {
                let reason = format!("Unknown parameter in Include/Exclude clause: {key}");
                return Err(Error::new(ErrorKind::Parse, reason));
            }
        }
    }
    let missing =
        |what: &str| Error::illegal_argument(format!("Missing [{what}] parameter for partition-based include"));
    let partition = partition.ok_or_else(|| missing("partition"))?;
    let num_partitions = num_partitions.ok_or_else(|| missing("num_partitions"))?;
    match (u32::try_from(partition), u32::try_from(num_partitions)) {
        (Ok(partition), Ok(num_partitions)) if partition < num_partitions => {
            Ok(Include::Partition { partition, num_partitions })
        }
        _ => {
            let reason = format!("Partition must be >=0 and < numPartition which is {num_partitions}");
            Err(Error::illegal_argument(reason))
        }
    }
}
