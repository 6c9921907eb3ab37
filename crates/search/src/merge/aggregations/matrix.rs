//! `matrix_stats`: moments of several fields together.

use model::aggregation::answer::{Body, Metric};
use model::aggregation::partial::{Moments, Partial};
use serde_json::{Map, Value};

use super::json;
use crate::aggregation::metric::MatrixStats;

pub(super) fn matrix_stats(asked: &MatrixStats, partial: &Partial) -> (&'static str, Body) {
    let mut metric = Metric::default();
    let found = if let Partial::Moments(found) = partial { Some(found) } else { None };
    let count = found.map_or(0, |found| found.count());
    metric.shown.insert("doc_count".to_owned(), count.into());
    if let Some(found) = found.filter(|_| count > 0) {
        let order = order(&asked.fields.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>());
        let fields = order.iter().map(|field| Value::Object(moments(asked, found, (*field, &order))));
        metric.shown.insert("fields".to_owned(), fields.collect());
    }
    ("matrix_stats", Body::Metric(metric))
}

/// Those of one field, beside each of the others in their order.
fn moments(asked: &MatrixStats, found: &Moments, (field, order): (usize, &[usize])) -> Map<String, Value> {
    let name = |field: usize| asked.fields[field].0.clone();
    let each = |of: &dyn Fn(usize) -> f64| {
        Value::Object(order.iter().map(|other| (name(*other), undefined(of(*other)))).collect())
    };
    let mut shown = Map::new();
    shown.insert("name".to_owned(), name(field).into());
    shown.insert("count".to_owned(), found.count().into());
    let numbers = [
        ("mean", found.mean(field)),
        ("variance", found.variance(field)),
        ("skewness", found.skewness(field)),
        ("kurtosis", found.kurtosis(field)),
    ];
    shown.extend(numbers.map(|(name, number)| (name.to_owned(), undefined(number))));
    shown.insert("covariance".to_owned(), each(&|other| found.covariance(field, other)));
    shown.insert("correlation".to_owned(), each(&|other| found.correlation(field, other)));
    shown
}

/// Moments that are not defined are written as Java writes them.
fn undefined(number: f64) -> Value {
    if number.is_nan() { "NaN".into() } else { json(number) }
}

/// The fields in the order in which OpenSearch names them, which is that of a hash map of Java's that was filled by name; each once.
fn order(names: &[&str]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|field| names[*field]);
    order.dedup_by_key(|field| names[*field]);
    let places = (order.len() * 4).div_ceil(3).next_power_of_two().max(16) as u32;
    let place = |field: usize| {
        let hash =
            names[field].encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()));
        (hash ^ hash >> 16) & (places - 1)
    };
    order.sort_by_key(|field| place(*field));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_as_in_a_hash_map_of_java() {
        let check = |names: &[&str], expected: &[&str]| {
            let found: Vec<&str> = order(names).into_iter().map(|field| names[field]).collect();
            assert_eq!(found, expected);
        };
        check(&["n", "i"], &["i", "n"]);
        check(&["zz", "p1", "n", "price", "a", "n"], &["zz", "a", "p1", "price", "n"]);
        let fourteen: Vec<String> = (1..15).map(|n| format!("p{n}")).collect();
        let fourteen: Vec<&str> = fourteen.iter().map(String::as_str).collect();
        let expected = ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p12", "p11", "p14", "p13"];
        check(&fourteen, &expected);
    }
}
