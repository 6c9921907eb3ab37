//! What `REDUCE` makes of the rows of a group.

use std::collections::BTreeSet;

use super::super::expression::Scalar;
use super::row::Row;
use crate::args::loose_number;
use crate::error::RespError;

#[derive(Clone, Debug, PartialEq)]
pub enum Reducer {
    Count,
    Distinct(String),
    Sum(String),
    Min(String),
    Max(String),
    Average(String),
    Deviation(String),
    Quantile(String, f64),
    List(String),
    /// The value of the row that comes first by another property.
    First {
        property: String,
        by: Option<(String, bool)>,
    },
    Sample(String, usize),
}

fn refuse<T>(line: impl Into<std::borrow::Cow<'static, str>>) -> Result<T, RespError> {
    Err(RespError::line(line))
}

impl Reducer {
    /// # Errors
    /// No such reducer, or not with such arguments.
    pub fn read(name: &str, arguments: &[String]) -> Result<Self, RespError> {
        let property = |at: usize| {
            let given = arguments.get(at).ok_or_else(|| {
                RespError::line(format!("Bad arguments for {name}: Expected an argument, but none provided"))
            })?;
            Ok::<String, RespError>(given.strip_prefix('@').unwrap_or(given).to_owned())
        };
        let number = |at: usize| arguments.get(at).and_then(|text| loose_number(text.as_bytes()));
        Ok(match name {
            "COUNT" if arguments.is_empty() => Self::Count,
            "COUNT" => return refuse("Count accepts 0 values only"),
            // Distinct values are counted exactly under both names.
            "COUNT_DISTINCT" | "COUNT_DISTINCTISH" => Self::Distinct(property(0)?),
            "SUM" => Self::Sum(property(0)?),
            "MIN" => Self::Min(property(0)?),
            "MAX" => Self::Max(property(0)?),
            "AVG" => Self::Average(property(0)?),
            "STDDEV" => Self::Deviation(property(0)?),
            "QUANTILE" => {
                let quantile = number(1).ok_or(RespError::line(
                    "Bad arguments for <percentile>: Could not convert argument to expected type",
                ))?;
                if !(0.0..=1.0).contains(&quantile) {
                    return refuse("Percentage must be between 0.0 and 1.0");
                }
                Self::Quantile(property(0)?, quantile)
            }
            "TOLIST" => Self::List(property(0)?),
            "FIRST_VALUE" => first(arguments, property(0)?)?,
            "RANDOM_SAMPLE" => match number(1) {
                Some(size) if (1.0..=1000.0).contains(&size) => Self::Sample(property(0)?, size as usize),
                Some(_) => return refuse("Sample size too large"),
                None => return refuse("Bad arguments for <sample size>: Could not convert argument to expected type"),
            },
            "HLL" | "HLL_SUM" => return refuse(format!("Reducer {name} is not implemented yet")),
            _ => return refuse(format!("No such reducer: {name}")),
        })
    }

    /// What it reads of rows.
    pub fn properties(&self) -> Vec<&str> {
        match self {
            Self::Count => Vec::new(),
            Self::First { property, by: Some((by, _)) } => vec![property, by],
            Self::First { property, by: None }
            | Self::Distinct(property)
            | Self::Sum(property)
            | Self::Min(property)
            | Self::Max(property)
            | Self::Average(property)
            | Self::Deviation(property)
            | Self::Quantile(property, _)
            | Self::List(property)
            | Self::Sample(property, _) => vec![property],
        }
    }
}

/// `@property [BY @other [ASC|DESC]]`
fn first(arguments: &[String], property: String) -> Result<Reducer, RespError> {
    let by = match arguments.get(1) {
        None => None,
        Some(word) if word.eq_ignore_ascii_case("BY") => {
            let Some(name) = arguments.get(2) else { return refuse("Missing property for BY") };
            let descending = match arguments.get(3).map(|word| word.to_ascii_uppercase()) {
                None => false,
                Some(word) if word == "ASC" => false,
                Some(word) if word == "DESC" => true,
                Some(_) => return refuse("Unknown sort order: expected ASC or DESC"),
            };
            Some((name.strip_prefix('@').unwrap_or(name).to_owned(), descending))
        }
        Some(word) => return refuse(format!("Unknown argument `{word}`: expected BY")),
    };
    Ok(Reducer::First { property, by })
}

/// What one reducer knows of one group.
#[derive(Clone, Debug)]
pub enum State {
    Count(u64),
    Distinct(BTreeSet<Vec<u8>>),
    Sum(f64),
    Least(Option<f64>),
    Most(Option<f64>),
    Average {
        sum: f64,
        count: u64,
    },
    /// Welford (1962).
    Deviation {
        count: u64,
        mean: f64,
        squares: f64,
    },
    Quantile(Vec<f64>, f64),
    List(Vec<Scalar>, BTreeSet<Vec<u8>>),
    First {
        value: Option<Scalar>,
        by: Scalar,
    },
    /// Vitter's algorithm R (1985), its chance from a counter, so that the same rows give the same sample.
    Sample {
        kept: Vec<Scalar>,
        seen: u64,
        seed: u64,
    },
}

/// A value as bytes that are equal where values are.
fn key(value: &Scalar) -> Vec<u8> {
    match value {
        Scalar::Null => vec![0],
        Scalar::Number(number) => [1].into_iter().chain((number + 0.0).to_bits().to_be_bytes()).collect(),
        Scalar::Json(json) => [3].into_iter().chain(json.to_string().into_bytes()).collect(),
        Scalar::Bytes(bytes) => [2].into_iter().chain(bytes.iter().copied()).collect(),
        other => [2].into_iter().chain(other.text().into_bytes()).collect(),
    }
}

impl State {
    pub fn new(reducer: &Reducer) -> Self {
        match reducer {
            Reducer::Count => Self::Count(0),
            Reducer::Distinct(_) => Self::Distinct(BTreeSet::new()),
            Reducer::Sum(_) => Self::Sum(0.0),
            Reducer::Min(_) => Self::Least(None),
            Reducer::Max(_) => Self::Most(None),
            Reducer::Average(_) => Self::Average { sum: 0.0, count: 0 },
            Reducer::Deviation(_) => Self::Deviation { count: 0, mean: 0.0, squares: 0.0 },
            Reducer::Quantile(_, quantile) => Self::Quantile(Vec::new(), *quantile),
            Reducer::List(_) => Self::List(Vec::new(), BTreeSet::new()),
            Reducer::First { .. } => Self::First { value: None, by: Scalar::Null },
            Reducer::Sample(..) => Self::Sample { kept: Vec::new(), seen: 0, seed: 0x9e37_79b9_7f4a_7c15 },
        }
    }

    /// Adds a row; how many values more are held now.
    pub fn add(&mut self, reducer: &Reducer, row: &Row) -> usize {
        let value = reducer.properties().first().and_then(|name| row.get(name));
        let number = value.and_then(Scalar::number);
        match self {
            Self::Count(count) => *count += 1,
            Self::Sum(sum) => *sum += number.unwrap_or(0.0),
            Self::Least(least) => {
                if let Some(number) = number {
                    *least = Some(least.map_or(number, |least| least.min(number)));
                }
            }
            Self::Most(most) => {
                if let Some(number) = number {
                    *most = Some(most.map_or(number, |most| most.max(number)));
                }
            }
            Self::Average { sum, count } => {
                // Rows without a value count as zero.
                *sum += number.unwrap_or(0.0);
                *count += 1;
            }
            Self::Deviation { count, mean, squares } => {
                if let Some(number) = number {
                    *count += 1;
                    let before = number - *mean;
                    *mean += before / *count as f64;
                    *squares += before * (number - *mean);
                }
            }
            Self::Quantile(values, _) => {
                values.extend(number);
                return usize::from(number.is_some());
            }
            Self::Distinct(_) | Self::List(..) => return value.map_or(0, |value| self.gather(value)),
            Self::First { value: first, by } => take_first((reducer, row), value, (first, by)),
            Self::Sample { kept, seen, seed } => {
                let (Some(value), Reducer::Sample(_, size)) = (value, reducer) else { return 0 };
                *seen += 1;
                if kept.len() < *size {
                    kept.push(value.clone());
                    return 1;
                }
                *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (*seed >> 33) % *seen;
                if let Some(kept) = usize::try_from(at).ok().and_then(|at| kept.get_mut(at)) {
                    *kept = value.clone();
                }
            }
        }
        0
    }

    /// Adds a value, or those of a list, where each counts once.
    fn gather(&mut self, value: &Scalar) -> usize {
        match value {
            Scalar::Null => 0,
            Scalar::List(items) => items.iter().map(|item| self.gather(item)).sum(),
            value => match self {
                Self::Distinct(known) => usize::from(known.insert(key(value))),
                Self::List(values, known) => {
                    let new = known.insert(key(value));
                    if new {
                        values.push(value.clone());
                    }
                    2 * usize::from(new)
                }
                _ => 0,
            },
        }
    }

    pub fn finish(self) -> Scalar {
        match self {
            Self::Count(count) => Scalar::Number(count as f64),
            Self::Distinct(known) => Scalar::Number(known.len() as f64),
            Self::Sum(sum) => Scalar::Number(sum),
            Self::Least(number) | Self::Most(number) => Scalar::Number(number.unwrap_or(0.0)),
            Self::Average { sum, count } => Scalar::Number(if count == 0 { 0.0 } else { sum / count as f64 }),
            Self::Deviation { count, squares, .. } => {
                Scalar::Number(if count < 2 { 0.0 } else { (squares / (count - 1) as f64).sqrt() })
            }
            Self::Quantile(mut values, quantile) => {
                values.sort_by(f64::total_cmp);
                let at = (quantile * values.len() as f64).ceil() as usize;
                Scalar::Number(values.get(at.saturating_sub(1)).copied().unwrap_or(0.0))
            }
            Self::List(values, _) => Scalar::List(values),
            Self::First { value, .. } => value.unwrap_or(Scalar::Null),
            Self::Sample { kept, .. } => Scalar::List(kept),
        }
    }
}

/// Keeps the value of the row that comes first.
fn take_first(
    (reducer, row): (&Reducer, &Row),
    value: Option<&Scalar>,
    (first, by): (&mut Option<Scalar>, &mut Scalar),
) {
    let Reducer::First { by: sorted, .. } = reducer else { return };
    let value = value.cloned().unwrap_or(Scalar::Null);
    let Some((name, descending)) = sorted else {
        first.get_or_insert(value);
        return;
    };
    let key = row.get(name).cloned().unwrap_or(Scalar::Null);
    let better = match (first.is_some(), key == Scalar::Null, *by == Scalar::Null) {
        (false, ..) => true,
        (_, true, _) => false,
        (_, false, true) => true,
        _ if *descending => key.order(by).is_gt(),
        _ => key.order(by).is_lt(),
    };
    if better {
        (*first, *by) = (Some(value), key);
    }
}
