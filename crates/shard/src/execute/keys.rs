//! Sort keys: a document's value under one key as a code whose order is the sort's order, within one segment.
//!
//! A code is a class (missing first, a value, missing last) and the value's order doubled plus one, so that a value that the
//! segment does not have can stand between two that it has. Descending keys are complemented.

use std::cmp::Ordering;
use std::sync::Arc;

use model::number::{f64_from_ordered, ordered_from_f64, ordered_from_u64, u64_from_ordered};
use model::search::{Missing, SortMode, SortValue};
use search::aggregation::values::number;
use search::bound::NumberCode;
use search::shard_query::{BoundSort, SortBy, SortValues};
use serde_json::Value;

use super::cast::CastColumn;
use super::inner::{self, Inner};
use crate::compile::scorer::numbers_of;
use crate::fields::{Layout, meta};
use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::geo::Distances;
use crate::score::script::ScriptRun;
use crate::segment::DocId;
use crate::segment::column::{NumberColumn, StringColumn};
use crate::segment::fielddata::Fielddata;

pub(super) type Code = u128;

const CLASS: u32 = 67;
const VALUE_MASK: u128 = (1 << 66) - 1;

/// One sort key in one segment.
pub(super) struct Key {
    source: Source,
    mode: SortMode,
    descending: bool,
    missing: Missing,
}

enum Source {
    Score,
    /// Documents of the segments before this one; the shard's place in the upper half.
    Doc(u64),
    Number(Arc<dyn NumberColumn>, NumberCode),
    Bytes(Arc<dyn StringColumn>),
    /// Numbers, or texts.
    Script(ScriptRun, bool),
    /// No document of the segment has the field.
    NoNumber(NumberCode),
    NoBytes,
}

/// Buffers for reading values.
#[derive(Default)]
pub(super) struct Values {
    numbers: Vec<i64>,
    ords: Vec<u64>,
    bytes: Vec<u8>,
}

impl Key {
    pub(super) fn new(reader: &Reader, segment: usize, sort: &BoundSort) -> Outcome<Self> {
        let view = &reader.segments[segment];
        let first = reader.segments[..segment].iter().map(|view| u64::from(view.segment.doc_count())).sum();
        let strings = |column: Option<Arc<dyn StringColumn>>| column.map_or(Source::NoBytes, Source::Bytes);
        let (source, mode, missing) = match &sort.by {
            SortBy::Score => (Source::Score, SortMode::Min, Missing::Last),
            SortBy::Doc => (Source::Doc(first), SortMode::Min, Missing::Last),
            SortBy::ShardDoc(shard) => (Source::Doc(u64::from(*shard) << 32 | first), SortMode::Min, Missing::Last),
            SortBy::Id => (strings(view.segment.strings(meta::ID)?), SortMode::Min, Missing::Last),
            SortBy::Script { script, texts } => {
                let run = ScriptRun::new(script.clone(), view.segment.clone(), reader.fields.clone());
                (Source::Script(run, *texts), SortMode::Min, Missing::Last)
            }
            SortBy::Unmapped { missing } => (Source::NoNumber(NumberCode::Long), SortMode::Min, missing.clone()),
            SortBy::Field { field, values, missing, mode, nested } => {
                let children = nested.as_ref().map(|nested| inner::chosen(reader, segment, nested)).transpose()?;
                let inner = Inner(children);
                let entry = reader.fields.by_path(field);
                let slot = entry.map(|entry| entry.slot);
                let numbers = || match entry {
                    Some(entry) => numbers_of(&*view.segment, entry),
                    None => Ok(None),
                };
                let text = entry.is_some_and(|entry| matches!(entry.layout, Layout::Text { .. }));
                let source = match (values, slot) {
                    (SortValues::Number(code), _) => match inner.numbers(numbers()?) {
                        Some(column) => Source::Number(column, *code),
                        None => Source::NoNumber(*code),
                    },
                    (SortValues::Cast(cast), Some(slot)) => match inner.numbers(view.segment.numbers(slot)?) {
                        Some(column) => Source::Number(Arc::new(CastColumn { column, cast: *cast }), cast.code()),
                        None => Source::NoNumber(cast.code()),
                    },
                    (SortValues::Cast(cast), None) => Source::NoNumber(cast.code()),
                    (SortValues::Distance(asked), Some(slot)) => match inner.numbers(view.segment.numbers(slot)?) {
                        Some(places) => {
                            Source::Number(Arc::new(Distances::new(places, asked.clone())), NumberCode::Double)
                        }
                        None => Source::NoNumber(NumberCode::Double),
                    },
                    (SortValues::Distance(_), None) => Source::NoNumber(NumberCode::Double),
                    (SortValues::Bytes, Some(slot)) if text => {
                        let data = Fielddata::new(&*view.segment, slot)?;
                        strings(inner.strings(data.map(|data| Arc::new(data) as Arc<dyn StringColumn>)))
                    }
                    (SortValues::Bytes, Some(slot)) => strings(inner.strings(view.segment.strings(slot)?)),
                    (SortValues::Bytes, None) => Source::NoBytes,
                };
                (source, *mode, missing.clone())
            }
        };
        Ok(Self { source, mode, descending: sort.descending, missing })
    }

    /// Different values may have one code; those of greater values are never less.
    pub(super) fn is_coarse(&self) -> bool {
        matches!(self.source, Source::Script(_, true))
    }

    /// What the key makes of a value of its segment's order.
    fn value_code(&self, doubled: u128) -> Code {
        (1 << CLASS) | if self.descending { VALUE_MASK - doubled } else { doubled }
    }

    fn missing_code(&self) -> Outcome<Code> {
        Ok(match &self.missing {
            Missing::First => 0,
            Missing::Last => 2 << CLASS,
            Missing::Value(_) => match self.missing_value() {
                Some(value) => self.code_of(&value)?,
                None => 2 << CLASS,
            },
        })
    }

    /// The value that stands for a missing one.
    fn missing_value(&self) -> Option<SortValue> {
        let Missing::Value(value) = &self.missing else { return None };
        match &self.source {
            Source::Bytes(_) | Source::NoBytes => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Some(SortValue::Bytes(text.as_bytes().into()))
            }
            Source::Number(_, code) | Source::NoNumber(code) => read_number(value, *code),
            Source::Score | Source::Doc(_) | Source::Script(..) => None,
        }
    }

    /// The code of a value from anywhere, for comparison with this segment's.
    pub(super) fn code_of(&self, value: &SortValue) -> Outcome<Code> {
        let doubled = match (&self.source, value) {
            (_, SortValue::Missing) => return Ok(if matches!(self.missing, Missing::First) { 0 } else { 2 << CLASS }),
            (Source::Bytes(column), SortValue::Bytes(bytes)) => match column.find(bytes)? {
                Ok(ord) => u128::from(ord) * 2 + 1,
                Err(next) => u128::from(next) * 2,
            },
            (Source::Number(_, code) | Source::NoNumber(code), value) => doubled_number(value, *code),
            (Source::Score, value) => doubled(ordered_from_f64(double(value))),
            (Source::Doc(_), value) => doubled_number(value, NumberCode::Long),
            (Source::NoBytes, SortValue::Bytes(bytes)) => match self.missing_value() {
                Some(SortValue::Bytes(own)) => (bytes.cmp(&own) as i8 + 1) as u128,
                _ => 0,
            },
            (Source::Script(_, true), SortValue::Bytes(bytes)) => begins(bytes),
            (Source::Script(_, true), _) => 0,
            (Source::Script(_, false), value) => doubled(ordered_from_f64(double(value))),
            (Source::Bytes(_) | Source::NoBytes, _) => 0,
        };
        Ok(self.value_code(doubled))
    }

    /// The codes of ascending documents; `scores` parallel to them where scores are computed.
    pub(super) fn codes(
        &self,
        docs: &[DocId],
        scores: &[f32],
        out: &mut Vec<Code>,
        values: &mut Values,
    ) -> Outcome<()> {
        out.clear();
        match &self.source {
            Source::Number(column, code) if column.is_single() && !matches!(code, NumberCode::Scaled(_)) => {
                // A value that is a column's least possible is told from a missing one by asking.
                values.numbers.clear();
                values.numbers.resize(docs.len(), i64::MIN);
                column.first_batch(docs, i64::MIN, &mut values.numbers);
                let missing = self.missing_code()?;
                for (&doc, &value) in docs.iter().zip(&values.numbers) {
                    let absent = value == i64::MIN && !column.has(doc);
                    out.push(if absent { missing } else { self.value_code(doubled(value)) });
                }
            }
            Source::Bytes(column) if column.is_single() || self.mode == SortMode::Min => {
                values.ords.clear();
                values.ords.resize(docs.len(), u64::MAX);
                column.first_batch(docs, &mut values.ords);
                let missing = self.missing_code()?;
                let code =
                    |&ord: &u64| if ord == u64::MAX { missing } else { self.value_code(u128::from(ord) * 2 + 1) };
                out.extend(values.ords.iter().map(code));
            }
            _ => {
                for (at, &doc) in docs.iter().enumerate() {
                    let score = scores.get(at).copied().unwrap_or(f32::NAN);
                    out.push(self.code(doc, score, values)?);
                }
            }
        }
        Ok(())
    }

    /// The code of one document.
    pub(super) fn code(&self, doc: DocId, score: f32, values: &mut Values) -> Outcome<Code> {
        let found = match &self.source {
            Source::Score => Some(doubled(ordered_from_f64(f64::from(score)))),
            Source::Doc(first) => Some(doubled((first + u64::from(doc)) as i64)),
            Source::Number(column, code) => self.chosen_number(&**column, *code, doc, values).map(doubled),
            Source::Bytes(column) => self.chosen_ord(&**column, doc, values).map(|ord| u128::from(ord) * 2 + 1),
            Source::Script(run, true) => run.text(doc, known(score))?.map(|text| begins(text.as_bytes())),
            Source::Script(run, false) => Some(doubled(ordered_from_f64(run.number(doc, known(score))?))),
            Source::NoNumber(_) | Source::NoBytes => None,
        };
        match found {
            Some(doubled) => Ok(self.value_code(doubled)),
            None => self.missing_code(),
        }
    }

    /// The value of one document, as it is shown.
    pub(super) fn value(&self, doc: DocId, score: f32, values: &mut Values) -> Outcome<SortValue> {
        let found = match &self.source {
            Source::Score => Some(SortValue::Double(f64::from(score))),
            Source::Doc(first) => Some(SortValue::Long((first + u64::from(doc)) as i64)),
            Source::Number(column, code) => self.chosen_number(&**column, *code, doc, values).map(|v| shown(v, *code)),
            Source::Bytes(column) => match self.chosen_ord(&**column, doc, values) {
                Some(ord) => {
                    column.value(ord, &mut values.bytes)?;
                    Some(SortValue::Bytes(values.bytes.as_slice().into()))
                }
                None => None,
            },
            Source::Script(run, true) => {
                run.text(doc, known(score))?.map(|text| SortValue::Bytes(text.as_bytes().into()))
            }
            Source::Script(run, false) => Some(SortValue::Double(run.number(doc, known(score))?)),
            Source::NoNumber(_) | Source::NoBytes => None,
        };
        Ok(found.or_else(|| self.missing_value()).unwrap_or(SortValue::Missing))
    }

    /// The code that stands for a document's numbers; of scaled ones as a float.
    fn chosen_number(
        &self,
        column: &dyn NumberColumn,
        code: NumberCode,
        doc: DocId,
        values: &mut Values,
    ) -> Option<i64> {
        let scaled = |value: i64| match code {
            NumberCode::Scaled(_) => ordered_from_f64(number(value, code)),
            _ => value,
        };
        if column.is_single() || self.mode == SortMode::Min {
            return column.first(doc).map(scaled);
        }
        values.numbers.clear();
        column.values(doc, &mut values.numbers);
        let (least, greatest) = (values.numbers.first().copied()?, values.numbers.last().copied()?);
        match self.mode {
            SortMode::Min => Some(scaled(least)),
            SortMode::Max => Some(scaled(greatest)),
            SortMode::Sum | SortMode::Avg | SortMode::Median => Some(combined(&values.numbers, code, self.mode)),
        }
    }

    fn chosen_ord(&self, column: &dyn StringColumn, doc: DocId, values: &mut Values) -> Option<u64> {
        if column.is_single() || self.mode != SortMode::Max {
            return column.first(doc);
        }
        values.ords.clear();
        column.ords(doc, &mut values.ords);
        values.ords.last().copied()
    }
}

/// Scripts see 0 where no score was asked for, as in OpenSearch.
fn known(score: f32) -> f32 {
    if score.is_nan() { 0.0 } else { score }
}

/// The first eight bytes of a text, as a number of the texts' order.
fn begins(text: &[u8]) -> u128 {
    let mut first = [0; 8];
    let length = text.len().min(8);
    first[..length].copy_from_slice(&text[..length]);
    u128::from(u64::from_be_bytes(first)) * 2 + 1
}

fn doubled(code: i64) -> u128 {
    u128::from(u64_from_ordered(code)) * 2 + 1
}

/// Several numbers as one, in the code that `shown` reads.
fn combined(numbers: &[i64], code: NumberCode, mode: SortMode) -> i64 {
    let count = numbers.len() as f64;
    let middle = numbers.len() / 2;
    if code == NumberCode::Long {
        return match mode {
            SortMode::Avg => (numbers.iter().map(|&v| v as f64).sum::<f64>() / count).round() as i64,
            SortMode::Median if numbers.len().is_multiple_of(2) => {
                ((numbers[middle - 1] as f64 + numbers[middle] as f64) / 2.0).round() as i64
            }
            SortMode::Median => numbers[middle],
            _ => numbers.iter().fold(0i64, |sum, &value| sum.wrapping_add(value)),
        };
    }
    let value = |at: usize| number(numbers[at], code);
    let sum: f64 = numbers.iter().map(|&found| number(found, code)).sum();
    let result = match mode {
        SortMode::Avg => sum / count,
        SortMode::Median if numbers.len().is_multiple_of(2) => (value(middle - 1) + value(middle)) / 2.0,
        SortMode::Median => value(middle),
        _ => sum,
    };
    if code == NumberCode::Unsigned { ordered_from_u64(result.round() as u64) } else { ordered_from_f64(result) }
}

fn shown(code: i64, as_what: NumberCode) -> SortValue {
    match as_what {
        NumberCode::Long | NumberCode::Nanos => SortValue::Long(code),
        NumberCode::Unsigned => SortValue::Unsigned(u64_from_ordered(code)),
        NumberCode::Double | NumberCode::Scaled(_) => SortValue::Double(f64_from_ordered(code)),
    }
}

fn read_number(value: &Value, code: NumberCode) -> Option<SortValue> {
    let text = value.as_str();
    Some(match code {
        NumberCode::Long | NumberCode::Nanos => match value.as_i64().or_else(|| text?.parse().ok()) {
            Some(long) => SortValue::Long(long),
            None => SortValue::Long(value.as_f64().or_else(|| text?.parse().ok())? as i64),
        },
        NumberCode::Unsigned => SortValue::Unsigned(value.as_u64().or_else(|| text?.parse().ok())?),
        NumberCode::Double | NumberCode::Scaled(_) => SortValue::Double(value.as_f64().or_else(|| text?.parse().ok())?),
    })
}

fn double(value: &SortValue) -> f64 {
    match value {
        SortValue::Long(v) => *v as f64,
        SortValue::Unsigned(v) => *v as f64,
        SortValue::Double(v) => *v,
        SortValue::Missing | SortValue::Bytes(_) => f64::NAN,
    }
}

/// Where a number stands among the codes of a column; between two where the column cannot hold it.
fn doubled_number(value: &SortValue, code: NumberCode) -> u128 {
    match (code, value) {
        (NumberCode::Double | NumberCode::Scaled(_), value) => doubled(ordered_from_f64(double(value))),
        (NumberCode::Long, SortValue::Long(v)) => doubled(*v),
        (NumberCode::Unsigned, SortValue::Unsigned(v)) => doubled(ordered_from_u64(*v)),
        (NumberCode::Long, SortValue::Unsigned(v)) => i64::try_from(*v).map_or(VALUE_MASK, doubled),
        (NumberCode::Unsigned, SortValue::Long(v)) => u64::try_from(*v).map_or(0, |v| doubled(ordered_from_u64(v))),
        (_, value) => between(double(value), code),
    }
}

fn between(value: f64, code: NumberCode) -> u128 {
    let up = value.ceil();
    let (least, greatest) =
        if code == NumberCode::Long { (i64::MIN as f64, i64::MAX as f64) } else { (0.0, u64::MAX as f64) };
    if up < least {
        return 0;
    }
    if value.is_nan() || up >= greatest {
        return VALUE_MASK;
    }
    let exact = if code == NumberCode::Long { up as i64 } else { ordered_from_u64(up as u64) };
    doubled(exact) - u128::from(up != value)
}

/// The order of two hits' values under one key.
pub(super) fn compare(sort: &BoundSort, a: &SortValue, b: &SortValue) -> Ordering {
    let missing = match &sort.by {
        SortBy::Field { missing, .. } | SortBy::Unmapped { missing } => missing,
        SortBy::Score | SortBy::Doc | SortBy::ShardDoc(_) | SortBy::Id | SortBy::Script { .. } => &Missing::Last,
    };
    let order = match (a, b) {
        (SortValue::Missing, SortValue::Missing) => return Ordering::Equal,
        (SortValue::Missing, _) => Ordering::Greater,
        (_, SortValue::Missing) => Ordering::Less,
        (a, b) if sort.descending => return b.order(a),
        (a, b) => return a.order(b),
    };
    if matches!(missing, Missing::First) { order.reverse() } else { order }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_where_they_belong_whatever_their_type() {
        let long = |v| doubled_number(&SortValue::Long(v), NumberCode::Long);
        let double = |v| doubled_number(&SortValue::Double(v), NumberCode::Long);
        assert!(long(3) < double(3.5) && double(3.5) < long(4) && double(4.0) == long(4));
        assert!(double(-1e300) < long(i64::MIN) && double(1e300) > long(i64::MAX));
        assert!(
            doubled_number(&SortValue::Long(-1), NumberCode::Unsigned)
                < doubled_number(&SortValue::Unsigned(0), NumberCode::Unsigned)
        );
    }

    #[test]
    fn several_numbers_become_one() {
        assert_eq!(combined(&[1, 2, 5], NumberCode::Long, SortMode::Avg), 3);
        assert_eq!(combined(&[1, 2, 5, 6], NumberCode::Long, SortMode::Median), 4);
        assert_eq!(combined(&[1, 2, 5], NumberCode::Long, SortMode::Sum), 8);
        let codes: Vec<i64> = [0.5, 1.0].map(ordered_from_f64).to_vec();
        assert_eq!(f64_from_ordered(combined(&codes, NumberCode::Double, SortMode::Sum)), 1.5);
    }
}
