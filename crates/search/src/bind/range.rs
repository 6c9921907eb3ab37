//! `range`, and what dates mean in queries.

use std::ops::Bound;

use model::date::{DateFormat, DateResolution, Zone};
use model::mapping::{Field, FieldKind, Variant};
use model::query::term_level::{self, Range};
use serde_json::Value;

use super::fault::{Fault, Outcome};
use super::number::{End, java_text, range_codes, sequence_range};
use super::target::{Meta, Target, searchable};
use super::term::{boolean, boolean_term, bytes};
use super::{Binder, ip, none_requested, vector};
use crate::bound::{BoundKind, BoundQuery, FieldName, TermBytes};

/// How a date query reads text: format and zone.
struct DateReading {
    format: DateFormat,
    zone: Option<Zone>,
    resolution: DateResolution,
}

fn end(bound: Option<&term_level::Bound>) -> Option<End<'_>> {
    bound.map(|bound| End { value: &bound.value, inclusive: bound.inclusive })
}

fn numbers(path: FieldName, codes: Option<(i64, i64)>) -> BoundQuery {
    match codes {
        Some((from, to)) => BoundQuery::new(BoundKind::NumberRange(path, from, to)),
        None => BoundQuery::match_none(""),
    }
}

impl Binder<'_> {
    pub(super) fn range_query(&self, query: &Range) -> Outcome<BoundQuery> {
        let target = self.target(&query.field);
        if query.lower.is_none() && query.upper.is_none() && !matches!(target, Target::Nothing) {
            return self.exists(&query.field);
        }
        let bound = self.range(&target, query);
        match (&target, bound) {
            // OpenSearch looks at dates before it makes the query, so nobody wraps what it finds.
            (Target::Field(field), Err(Fault::Create(error)))
                if matches!(field.kind, FieldKind::Date | FieldKind::DateNanos) && field.index =>
            {
                Err(Fault::AsIs(error))
            }
            (_, bound) => bound,
        }
    }

    pub(super) fn range(&self, target: &Target<'_>, query: &Range) -> Outcome<BoundQuery> {
        match target {
            Target::Nothing => Ok(none_requested()),
            Target::Field(field) => self.field_range(field, query),
            Target::Flat(flat) => {
                let term = |value: &Value| bytes(&format!("{}{}", flat.prefix, java_text(value)));
                let (mut from, mut to) = term_bounds(query, |value| Ok(term(value)))?;
                if from == Bound::Unbounded {
                    from = Bound::Included(bytes(&flat.prefix));
                }
                if to == Bound::Unbounded {
                    // `>` follows `=`.
                    let behind = format!("{}>", flat.prefix.trim_end_matches('='));
                    to = Bound::Excluded(bytes(&behind));
                }
                Ok(BoundQuery::new(BoundKind::TermRange(flat.storage.clone(), from, to)))
            }
            Target::Meta(Meta::SeqNo) => {
                Ok(numbers("_seq_no".into(), sequence_range(end(query.lower.as_ref()), end(query.upper.as_ref()))?))
            }
            Target::Meta(meta) if meta.is_keyword() => {
                let (from, to) = term_bounds(query, |value| Ok(bytes(&java_text(value))))?;
                Ok(BoundQuery::new(BoundKind::TermRange(meta.name().into(), from, to)))
            }
            Target::Meta(_) => Err(no_ranges(&query.field, target)),
        }
    }

    fn field_range(&self, field: &Field, query: &Range) -> Outcome<BoundQuery> {
        if matches!(
            field.kind,
            FieldKind::Binary | FieldKind::Features { .. } | FieldKind::Percolator | FieldKind::Alias(_)
        ) || field.kind.is_geo()
            || field.variant == Variant::Completion
            || vector::holds(field)
        {
            return Err(no_ranges(&query.field, &Target::Field(field)));
        }
        if let FieldKind::Range(kind) = field.kind {
            return self.ranges(field, kind, query);
        }
        if field.kind != FieldKind::FlatObject {
            searchable(field)?;
        }
        let (lower, upper) = (end(query.lower.as_ref()), end(query.upper.as_ref()));
        match &field.kind {
            FieldKind::Number(kind) => Ok(numbers(field.path.clone(), range_codes(field, *kind, lower, upper)?)),
            FieldKind::Date | FieldKind::DateNanos => {
                let reading = DateReading::of(field, query.format.as_deref(), query.time_zone.as_deref())?;
                self.date_range(field, &reading, lower, upper)
            }
            FieldKind::Boolean => boolean_range(field, lower, upper),
            FieldKind::Ip => ip_range(field, lower, upper),
            _ => {
                let (from, to) = term_bounds(query, |value| Ok(bytes(&self.normalized(field, &java_text(value))?)))?;
                Ok(BoundQuery::new(BoundKind::TermRange(field.path.clone(), from, to)))
            }
        }
    }

    fn date_range(
        &self,
        field: &Field,
        reading: &DateReading,
        lower: Option<End<'_>>,
        upper: Option<End<'_>>,
    ) -> Outcome<BoundQuery> {
        let ends = self.dates(reading, lower, upper)?;
        Ok(numbers(field.path.clone(), ends.filter(|(from, to)| from <= to)))
    }

    /// The first and the last moment of a query on a field of ranges.
    pub(super) fn range_of_dates(&self, field: &Field, query: &Range) -> Outcome<Option<(i64, i64)>> {
        let reading = DateReading::of(field, query.format.as_deref(), query.time_zone.as_deref())?;
        self.dates(&reading, end(query.lower.as_ref()), end(query.upper.as_ref()))
    }

    /// `None`: no moment lies beyond an end. The first may come behind the last.
    fn dates(
        &self,
        reading: &DateReading,
        lower: Option<End<'_>>,
        upper: Option<End<'_>>,
    ) -> Outcome<Option<(i64, i64)>> {
        let now = self.context.now_ms;
        let from = match lower {
            Some(End { value, inclusive }) => {
                let moment = reading.read(value, now, !inclusive)?;
                if inclusive { Some(moment) } else { moment.checked_add(1) }
            }
            None => Some(i64::MIN),
        };
        let to = match upper {
            Some(End { value, inclusive }) => {
                let moment = reading.read(value, now, inclusive)?;
                if inclusive { Some(moment) } else { moment.checked_sub(1) }
            }
            None => Some(i64::MAX),
        };
        Ok(from.zip(to))
    }

    /// A day as a term is all its milliseconds.
    pub(super) fn date_term(&self, field: &Field, value: &Value) -> Outcome<BoundQuery> {
        let reading = DateReading::of(field, None, None)?;
        let both = Some(End { value, inclusive: true });
        self.date_range(field, &reading, both, both)
    }

    /// The moment that a date text names, in milliseconds.
    pub(super) fn date_ms(&self, field: &Field, text: &str) -> Outcome<i64> {
        let format = DateFormat::parse_pattern(field.format.as_deref().unwrap_or_default())?;
        Ok(format.parse_math(text, self.context.now_ms, false, None)?.ms)
    }

    /// The last moment that a date text means (`2020-01-10`: the end of the day), in milliseconds.
    pub(super) fn date_end_ms(&self, field: &Field, text: &str) -> Outcome<i64> {
        let format = DateFormat::parse_pattern(field.format.as_deref().unwrap_or_default())?;
        Ok(format.parse_math(text, self.context.now_ms, true, None)?.ms)
    }
}

impl DateReading {
    fn of(field: &Field, format: Option<&str>, zone: Option<&str>) -> Outcome<Self> {
        let pattern = format.or(field.format.as_deref()).unwrap_or_default();
        Ok(Self {
            format: DateFormat::parse_pattern(pattern)?,
            zone: zone.map(Zone::parse).transpose()?,
            resolution: match field.kind {
                FieldKind::DateNanos => DateResolution::Nanos,
                _ => DateResolution::Millis,
            },
        })
    }

    fn read(&self, value: &Value, now_ms: i64, round_up: bool) -> Outcome<i64> {
        let moment = self.format.parse_math(&java_text(value), now_ms, round_up, self.zone.as_ref())?;
        Ok(moment.stored(self.resolution)?)
    }
}

fn no_ranges(name: &str, target: &Target<'_>) -> Fault {
    Fault::illegal_argument(format!("Field [{name}] of type [{}] does not support range queries", target.type_name()))
}

fn term_bounds(
    query: &Range,
    term: impl Fn(&Value) -> Outcome<TermBytes>,
) -> Outcome<(Bound<TermBytes>, Bound<TermBytes>)> {
    let bound = |bound: Option<&term_level::Bound>| -> Outcome<Bound<TermBytes>> {
        Ok(match bound {
            None => Bound::Unbounded,
            Some(bound) if bound.inclusive => Bound::Included(term(&bound.value)?),
            Some(bound) => Bound::Excluded(term(&bound.value)?),
        })
    };
    Ok((bound(query.lower.as_ref())?, bound(query.upper.as_ref())?))
}

fn boolean_range(field: &Field, lower: Option<End<'_>>, upper: Option<End<'_>>) -> Outcome<BoundQuery> {
    let at = |end: End<'_>, step: i8| -> Outcome<i8> {
        Ok(i8::from(boolean(end.value)?) + if end.inclusive { 0 } else { step })
    };
    let from = lower.map_or(Ok(0), |end| at(end, 1))?;
    let to = upper.map_or(Ok(1), |end| at(end, -1))?;
    Ok(match (from <= 0 && to >= 0, from <= 1 && to >= 1) {
        (true, true) => BoundQuery::new(BoundKind::Exists(vec![field.path.clone()])),
        (false, false) => BoundQuery::match_none(""),
        (_, value) => boolean_term(field, value),
    })
}

fn ip_range(field: &Field, lower: Option<End<'_>>, upper: Option<End<'_>>) -> Outcome<BoundQuery> {
    let address = |end: End<'_>, step: fn([u8; 16]) -> Option<[u8; 16]>| -> Outcome<Option<[u8; 16]>> {
        let address = ip::address(&java_text(end.value))?;
        Ok(if end.inclusive { Some(address) } else { step(address) })
    };
    let from = lower.map_or(Ok(Some([0; 16])), |end| address(end, ip::next))?;
    let to = upper.map_or(Ok(Some([u8::MAX; 16])), |end| address(end, ip::previous))?;
    Ok(match from.zip(to).filter(|(from, to)| from <= to) {
        Some((from, to)) => {
            let inside = |bytes: [u8; 16]| Bound::Included(bytes.as_slice().into());
            BoundQuery::new(BoundKind::TermRange(field.path.clone(), inside(from), inside(to)))
        }
        None => BoundQuery::match_none(""),
    })
}
