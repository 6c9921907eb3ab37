//! How a `function_score` came about.

use model::query::compound::{BoostMode, DecayShape, Modifier, MultiValueMode, ScoreMode};
use model::search::Explanation;
use search::aggregation::values::number;
use search::bound::{BoundFunction, RandomOf, ScoreFunction};

use super::explain::Explainer;
use super::notation;
use crate::compile::FunctionWeight;
use crate::score::Outcome;
use crate::score::function::DecayCurve;
use crate::score::geo::distances;

pub(super) fn explain(explainer: &Explainer<'_>, function: &FunctionWeight) -> Outcome<Explanation> {
    let query = explainer.weight(&function.query)?;
    if !query.matched {
        return Ok(query);
    }
    let mut scorer = explainer.leaf.function(function)?;
    let values = scorer.values(explainer.doc, query.value)?;
    let score = scorer.combined(query.value, &values) * function.factor;
    let mut parts = Vec::new();
    for ((bound, filter), value) in function.bound.functions.iter().zip(&function.filters).zip(&values.each) {
        let Some(value) = value else { continue };
        let mut one = weighted(explainer, bound, *value)?;
        if let Some(filter) = filter {
            let filter = Explanation::matched(1.0, format!("match filter: {}", notation::constant(filter)), Vec::new());
            one = Explanation::matched(one.value, "function score, product of:", vec![filter, one]);
        }
        parts.push(one);
    }
    let combined = values.combined.unwrap_or(1.0) as f32;
    let functions = match (values.combined, parts.len(), function.bound.functions.len()) {
        (None, ..) => Explanation::matched(1.0, "No function matched", Vec::new()),
        (Some(_), 1, 1) => parts.remove(0),
        _ => {
            let name = score_mode(function.modes.score_mode);
            Explanation::matched(combined, format!("function score, score mode [{name}]"), parts)
        }
    };
    let limit = Explanation::matched(function.modes.max_boost, "maxBoost", Vec::new());
    let capped = Explanation::matched(combined.min(function.modes.max_boost), "min of:", vec![functions, limit]);
    let description = boost_mode(function.modes.boost_mode);
    let details = if function.modes.boost_mode == BoostMode::Replace { vec![capped] } else { vec![query, capped] };
    let result = Explanation::matched(score, description, details);
    Ok(match function.bound.min_score {
        Some(least) if score < least => {
            let reason = format!("Score value is too low, expected at least {least:?} but got {score:?}");
            Explanation::unmatched(reason, vec![result])
        }
        _ => result,
    })
}

fn weighted(explainer: &Explainer<'_>, bound: &BoundFunction, value: f64) -> Outcome<Explanation> {
    let weight = bound.weight;
    let own = value / weight.map_or(1.0, f64::from);
    let inner = match &bound.function {
        None => Explanation::matched(1.0, "constant score 1.0 - no function provided", Vec::new()),
        Some(function) => score_function(explainer, function, own as f32)?,
    };
    Ok(match weight {
        Some(weight) => Explanation::matched(
            value as f32,
            "product of:",
            vec![inner, Explanation::matched(weight, "weight", Vec::new())],
        ),
        None => inner,
    })
}

fn score_function(explainer: &Explainer<'_>, function: &ScoreFunction, value: f32) -> Outcome<Explanation> {
    Ok(match function {
        ScoreFunction::Random { seed, of, .. } => {
            let field = match of {
                RandomOf::Id => "_id",
                RandomOf::Number(field, _) | RandomOf::Term(field) => field,
            };
            Explanation::matched(value, format!("random score function (seed: {seed}, field: {field})"), Vec::new())
        }
        ScoreFunction::FieldValue { field, factor, modifier, missing, .. } => {
            let missing = missing.map_or_else(String::new, |missing| format!("?:{missing:?}"));
            let modifier = modifier_name(*modifier);
            let text = format!("field value function: {modifier}(doc['{field}'].value{missing} * factor={factor:?})");
            Explanation::matched(value, text, Vec::new())
        }
        ScoreFunction::Decay { shape, field, code, place, origin, scale, offset, decay, mode } => {
            let mut values = Vec::new();
            if let Some(entry) = explainer.leaf.fields.by_path(field)
                && let Some(column) = explainer.leaf.segment.numbers(entry.slot)?
            {
                distances(column, *place).values(explainer.doc, &mut values);
            }
            let one = |&value: &i64| {
                let value = java(number(value, *code));
                if place.is_some() {
                    return format!("Math.max(arcDistance({value}(=doc value)) - {}(=offset), 0)", java(*offset));
                }
                format!(
                    "Math.max(Math.abs({value}(=doc value) - {}(=origin))) - {}(=offset), 0)",
                    java(*origin),
                    java(*offset)
                )
            };
            let distances: Vec<String> = values.iter().map(one).collect();
            let distances = if distances.is_empty() { "0.0".to_owned() } else { distances.join(", ") };
            let distance = format!("{}[{distances}]", mode_name(*mode));
            let curve = DecayCurve::new(*shape, *origin, *offset, (*scale, *decay));
            let text = match shape {
                DecayShape::Gauss => format!("exp(-0.5*pow({distance},2.0)/{})", java(-curve.parameter)),
                DecayShape::Exp => format!("exp(- {distance} * {})", java(-curve.parameter)),
                DecayShape::Linear => {
                    format!("max(0.0, (({} - {distance})/{})", java(curve.parameter), java(curve.parameter))
                }
            };
            Explanation::matched(
                value,
                format!("Function for field {field}:"),
                vec![Explanation::matched(value, text, Vec::new())],
            )
        }
        ScoreFunction::Script(script) => Explanation::matched(
            value,
            format!("script score function, computed with script:\"{}\"", script.source),
            Vec::new(),
        ),
        ScoreFunction::Distance { field, pivot, .. } => {
            Explanation::matched(value, format!("Distance score of field {field}, pivot {pivot}"), Vec::new())
        }
    })
}

/// A float as Java prints it.
fn java(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

fn score_mode(mode: ScoreMode) -> &'static str {
    match mode {
        ScoreMode::Multiply => "multiply",
        ScoreMode::Sum => "sum",
        ScoreMode::Avg => "avg",
        ScoreMode::First => "first",
        ScoreMode::Max => "max",
        ScoreMode::Min => "min",
    }
}

fn boost_mode(mode: BoostMode) -> &'static str {
    match mode {
        BoostMode::Multiply => "function score, product of:",
        BoostMode::Replace | BoostMode::Min => "min of:",
        BoostMode::Sum => "sum of",
        BoostMode::Avg => "avg of",
        BoostMode::Max => "max of:",
    }
}

fn modifier_name(modifier: Modifier) -> &'static str {
    match modifier {
        Modifier::None => "none",
        Modifier::Log => "log",
        Modifier::Log1p => "log1p",
        Modifier::Log2p => "log2p",
        Modifier::Ln => "ln",
        Modifier::Ln1p => "ln1p",
        Modifier::Ln2p => "ln2p",
        Modifier::Square => "square",
        Modifier::Sqrt => "sqrt",
        Modifier::Reciprocal => "reciprocal",
    }
}

fn mode_name(mode: MultiValueMode) -> &'static str {
    match mode {
        MultiValueMode::Min => "MIN",
        MultiValueMode::Max => "MAX",
        MultiValueMode::Avg => "AVG",
        MultiValueMode::Sum => "SUM",
        MultiValueMode::Median => "MEDIAN",
    }
}
