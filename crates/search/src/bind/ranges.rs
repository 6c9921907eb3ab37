//! Queries on fields that hold ranges.

use model::mapping::Field;
use model::mapping::range::{End, RangeKind, Relation};
use model::query::term_level::{self, Range};
use serde_json::Value;

use super::fault::{Fault, Outcome};
use super::number::{self, java_text, term_code};
use super::{Binder, ip};
use crate::bound::{BoundKind, BoundQuery};
use crate::feature::BoundRanges;

impl Binder<'_> {
    /// Documents with a range that stands to the query's as it says.
    pub(super) fn ranges(&self, field: &Field, kind: RangeKind, query: &Range) -> Outcome<BoundQuery> {
        if !field.index {
            let path = &field.path;
            return Err(Fault::illegal_argument(format!("Cannot search on field [{path}] since it is not indexed.")));
        }
        let named = query.relation.as_deref().map_or(Some(Relation::default()), Relation::named);
        let relation = named.ok_or_else(|| Fault::illegal_argument("a range query of an unknown relation"))?;
        let (lower, upper) = (query.lower.as_ref(), query.upper.as_ref());
        let ends = match kind {
            RangeKind::Date => {
                let codes = self.range_of_dates(field, query)?;
                let moved = |bound: Option<&term_level::Bound>| i64::from(bound.is_some_and(|bound| !bound.inclusive));
                if let Some((from, to)) = codes.map(|(from, to)| (from - moved(lower), to + moved(upper)))
                    && from > to
                {
                    return Err(backwards(&from.to_string(), &to.to_string()));
                }
                codes.map(|(from, to)| (End::of_code(from), End::of_code(to)))
            }
            _ => plain(field, kind, lower, upper)?,
        };
        Ok(match ends {
            Some((from, to)) if from <= to => {
                let bytes = |end: End| end.bytes(kind).into();
                let ranges = BoundRanges { field: field.path.clone(), relation, from: bytes(from), to: bytes(to) };
                BoundQuery { boost: field.boost, ..BoundQuery::new(BoundKind::Ranges(Box::new(ranges))) }
            }
            _ => BoundQuery::match_none(""),
        })
    }

    /// Documents with a range that holds a value.
    pub(super) fn range_with(&self, field: &Field, kind: RangeKind, value: &Value) -> Outcome<BoundQuery> {
        let end = || Some(term_level::Bound { value: value.clone(), inclusive: true });
        let query = Range {
            field: field.path.to_string(),
            lower: end(),
            upper: end(),
            format: None,
            time_zone: None,
            relation: None,
        };
        self.ranges(field, kind, &query)
    }
}

/// The ends of a query about numbers or addresses; `None`: nothing lies between them.
fn plain(
    field: &Field,
    kind: RangeKind,
    lower: Option<&term_level::Bound>,
    upper: Option<&term_level::Bound>,
) -> Outcome<Option<(End, End)>> {
    let limits = kind.limits();
    let lower = lower.map(|bound| Ok::<_, Fault>((end(field, kind, &bound.value)?, bound))).transpose()?;
    let upper = upper.map(|bound| Ok::<_, Fault>((end(field, kind, &bound.value)?, bound))).transpose()?;
    if let (Some((from, least)), Some((to, greatest))) = (&lower, &upper)
        && from > to
    {
        return Err(backwards(&java_text(&least.value), &java_text(&greatest.value)));
    }
    let inside = |(end, bound): (End, &term_level::Bound), up: bool| {
        if bound.inclusive { Some(end) } else { kind.beside(end, up) }
    };
    let from = lower.map_or(Some(limits.0), |lower| inside(lower, true));
    let to = upper.map_or(Some(limits.1), |upper| inside(upper, false));
    Ok(from.zip(to))
}

fn backwards(from: &str, to: &str) -> Fault {
    Fault::illegal_argument(format!("Range query `from` value ({from}) is greater than `to` value ({to})"))
}

fn end(field: &Field, kind: RangeKind, value: &Value) -> Outcome<End> {
    let model::mapping::FieldKind::Number(number) = kind.ends() else {
        return Ok(End::of_address(ip::address(&java_text(value))?));
    };
    if number.is_float() {
        let float = number::float(value)?;
        return Ok(End::of_code(model::number::ordered_from_f64(number::rounded(number, float))));
    }
    match term_code(field, number, value)? {
        Ok(code) => Ok(End::of_code(code)),
        Err(reason) => Err(Fault::illegal_argument(reason)),
    }
}
