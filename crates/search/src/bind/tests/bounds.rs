//! Ranges checked against comparison itself.

use model::number::{f64_from_ordered, ordered_from_f64};
use model::query::term_level::{Bound, Range};
use model::query::{Kind, Query};
use proptest::prelude::*;
use serde_json::json;

use super::context;
use crate::bind::bind;
use crate::bound::BoundKind;

/// The codes of `field` between two bounds; `None`: none.
fn codes(field: &str, lower: (f64, bool), upper: (f64, bool)) -> Option<(i64, i64)> {
    let bound = |(value, inclusive): (f64, bool)| Some(Bound { value: json!(value), inclusive });
    let range = Range {
        field: field.into(),
        lower: bound(lower),
        upper: bound(upper),
        format: None,
        time_zone: None,
        relation: None,
    };
    match bind(&Query::new(Kind::Range(Box::new(range))), &context()).expect("a range").kind {
        BoundKind::NumberRange(_, from, to) => Some((from, to)),
        BoundKind::MatchNone(_) => None,
        other => panic!("{other:?}"),
    }
}

fn inside(value: f64, lower: (f64, bool), upper: (f64, bool)) -> bool {
    let above = if lower.1 { value >= lower.0 } else { value > lower.0 };
    let below = if upper.1 { value <= upper.0 } else { value < upper.0 };
    above && below
}

fn bound() -> impl Strategy<Value = (f64, bool)> {
    // Quarters hit whole numbers and fractions of both signs.
    ((-40i32..40).prop_map(|quarters| f64::from(quarters) / 4.0), any::<bool>())
}

proptest! {
    #[test]
    fn a_range_holds_what_lies_between_its_bounds(lower in bound(), upper in bound(), value in -12i64..12) {
        let found = codes("l", lower, upper).is_some_and(|(from, to)| (from..=to).contains(&value));
        prop_assert_eq!(found, inside(value as f64, lower, upper));
        let code = ordered_from_f64(value as f64);
        for field in ["d", "f", "h"] {
            let found = codes(field, lower, upper).is_some_and(|(from, to)| (from..=to).contains(&code));
            // Zero stands above minus zero, which no bound here is.
            prop_assert_eq!(found, inside(f64_from_ordered(code), lower, upper), "{}", field);
        }
        let found = codes("s", lower, upper).is_some_and(|(from, to)| (from..=to).contains(&(value * 100)));
        prop_assert_eq!(found, inside(value as f64, lower, upper));
    }
}
