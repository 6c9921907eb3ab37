//! Answers made of counts, extremes and sums.

use model::aggregation::answer::{Body, Metric};
use model::aggregation::partial::{Partial, Stats as Found};
use serde_json::{Map, Value};

use super::json;
use crate::aggregation::format::Format;
use crate::aggregation::metric::{Stats, StatsShown};

pub(super) fn answer(stats: &Stats, partial: Partial) -> (&'static str, Body) {
    let found = if let Partial::Stats(found) = partial { *found } else { Found::default() };
    let (count, sum) = (found.count as f64, found.sum.value());
    let format = &stats.values.format;
    let one = |value: f64| {
        let (value, text) = format.value(value);
        Body::Value { value, text }
    };
    match stats.shown {
        StatsShown::Avg => ("avg", one(sum / count)),
        StatsShown::Min => ("min", one(found.min)),
        StatsShown::Max => ("max", one(found.max)),
        StatsShown::Sum => ("sum", one(sum)),
        StatsShown::Stats => ("stats", Body::Metric(plain(&found, format))),
        StatsShown::Extended { sigma } => ("extended_stats", Body::Metric(extended(&found, sigma, format))),
    }
}

/// Collects numbers with their texts.
struct Writer<'a> {
    metric: Metric,
    format: &'a Format,
    /// There are values.
    shows_text: bool,
}

impl Writer<'_> {
    fn put(&mut self, name: &'static str, value: f64) {
        self.metric.numbers.push((name.into(), value));
        self.metric.shown.insert(name.to_owned(), self.shown(value));
    }

    /// What one value alone does not define is written as Java writes it; without values there is nothing to write.
    fn shown(&self, value: f64) -> Value {
        if value.is_nan() && self.shows_text { "NaN".into() } else { json(value) }
    }

    fn text(&mut self, name: &str, value: f64) {
        if !self.shows_text {
            return;
        }
        let text = match self.format {
            // Of these a boolean stays one, whatever the key says.
            Format::Boolean if PLAIN.contains(&name) || name == "sum_of_squares" => Some(Value::Bool(value != 0.0)),
            format => format.number(value).map(Value::String),
        };
        self.metric.shown.extend(text.map(|text| (format!("{name}_as_string"), text)));
    }
}

const PLAIN: [&str; 4] = ["min", "max", "avg", "sum"];

pub(in crate::merge) fn plain(found: &Found, format: &Format) -> Metric {
    let mut writer = Writer { metric: Metric::default(), format, shows_text: found.count > 0 };
    write_plain(&mut writer, found);
    writer.metric
}

fn write_plain(writer: &mut Writer<'_>, found: &Found) {
    let sum = found.sum.value();
    writer.metric.numbers.push(("count".into(), found.count as f64));
    writer.metric.shown.insert("count".to_owned(), found.count.into());
    let avg = if found.count == 0 { f64::NAN } else { sum / found.count as f64 };
    let values = [found.min, found.max, avg, sum];
    PLAIN.iter().zip(values).for_each(|(name, value)| writer.put(name, value));
    PLAIN.iter().zip(values).for_each(|(name, value)| writer.text(name, value));
}

/// Variances of the matches as a whole, and of them as a sample.
pub(in crate::merge) fn extended(found: &Found, sigma: f64, format: &Format) -> Metric {
    let mut writer = Writer { metric: Metric::default(), format, shows_text: found.count > 0 };
    write_plain(&mut writer, found);
    let (count, sum, squares) = (found.count as f64, found.sum.value(), found.squares.value());
    // Rounding must not make a variance negative.
    let spread = (squares - sum * sum / count).max(0.0);
    let spread = if found.count == 0 { f64::NAN } else { spread };
    let population = spread / count;
    let sampling = spread / (count - 1.0);
    let (population_deviation, sampling_deviation) = (population.sqrt(), sampling.sqrt());
    let avg = sum / count;
    let named = [
        ("sum_of_squares", if found.count == 0 { f64::NAN } else { squares }),
        ("variance", population),
        ("variance_population", population),
        ("variance_sampling", sampling),
        ("std_deviation", population_deviation),
        ("std_deviation_population", population_deviation),
        ("std_deviation_sampling", sampling_deviation),
    ];
    named.iter().for_each(|(name, value)| writer.put(name, *value));
    let bounds = [
        ("upper", avg + sigma * population_deviation),
        ("lower", avg - sigma * population_deviation),
        ("upper_population", avg + sigma * population_deviation),
        ("lower_population", avg - sigma * population_deviation),
        ("upper_sampling", avg + sigma * sampling_deviation),
        ("lower_sampling", avg - sigma * sampling_deviation),
    ];
    writer
        .metric
        .shown
        .insert("std_deviation_bounds".to_owned(), Value::Object(object(&bounds, |value| writer.shown(value))));
    writer.metric.numbers.extend(bounds.iter().map(|(name, value)| (format!("std_{name}").into(), *value)));
    named.iter().for_each(|(name, value)| writer.text(name, *value));
    if writer.shows_text {
        let texts = bounds.iter().filter_map(|(name, value)| Some(((*name).to_owned(), format.number(*value)?.into())));
        let texts: Map<String, Value> = texts.collect();
        if !texts.is_empty() {
            writer.metric.shown.insert("std_deviation_bounds_as_string".to_owned(), Value::Object(texts));
        }
    }
    writer.metric
}

fn object(numbers: &[(&'static str, f64)], shown: impl Fn(f64) -> Value) -> Map<String, Value> {
    numbers.iter().map(|(name, value)| ((*name).to_owned(), shown(*value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_written_as_booleans() {
        let mut found = Found { count: 2, min: 0.0, max: 1.0, ..Found::default() };
        found.sum.add_whole(1);
        found.squares.add(1.0);
        let shown = extended(&found, 2.0, &Format::Boolean).shown;
        assert_eq!(shown["min_as_string"], false);
        assert_eq!(shown["max_as_string"], true);
        assert_eq!(shown["std_deviation_as_string"], "true");
    }
}
