//! Percentiles, distinct counts, weighted averages, deviations, moments and best hits.

use std::sync::Arc;

use model::aggregation::request::Source;
use model::aggregation::request::metric as asked;
use model::error::{Error, ErrorKind};
use model::search::SortMode;

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::format::Format;
use crate::aggregation::metric::{
    Cardinality, MatrixStats, MedianAbsoluteDeviation, Percentiles, TopHits, WeightedAvg,
};
use crate::aggregation::values::{Column, Values};
use crate::bind::bind_sort_within;
use crate::fetch::decimal::DecimalFormat;

impl Binding<'_> {
    pub(super) fn percentiles(self, asked: &asked::Percentiles, ranks: bool, name: &str) -> Result<Kind, Error> {
        let mut points = asked.points.clone();
        points.sort_unstable_by(f64::total_cmp);
        Ok(Kind::Percentiles(Box::new(Percentiles {
            values: self.computed_values(&asked.source, Accepts::Numbers, name)?,
            points,
            ranks,
            keyed: asked.keyed,
            method: asked.method,
        })))
    }

    pub(super) fn cardinality(self, asked: &asked::Cardinality) -> Result<Kind, Error> {
        let values = self.values(&asked.source, Accepts::Any, "cardinality")?;
        Ok(Kind::Cardinality(Box::new(Cardinality { values, threshold: asked.precision_threshold })))
    }

    pub(super) fn weighted_avg(self, asked: &asked::WeightedAvg) -> Result<Kind, Error> {
        let numbers = |source: &Source| {
            if source.script.is_some() {
                return self.values(source, Accepts::Numbers, "weighted_avg");
            }
            let values = self.computed_values(source, Accepts::Keys, "weighted_avg")?;
            match values.column {
                Column::Strings(_) | Column::Constant(_) => Err(Error::illegal_argument(format!(
                    "Expected numeric type on field [{}], but got [keyword]",
                    source.field
                ))),
                // What is not there is read as a number all the same.
                Column::Nothing(_) => self.values(source, Accepts::Numbers, "weighted_avg"),
                _ => Ok(values),
            }
        };
        let format = match &asked.format {
            Some(pattern) => Format::Decimal(DecimalFormat::parse(pattern)?),
            None => Format::Raw,
        };
        let (value, weight) = (numbers(&asked.value)?, numbers(&asked.weight)?);
        Ok(Kind::WeightedAvg(Box::new(WeightedAvg { value, weight, format })))
    }

    pub(super) fn median_absolute_deviation(self, asked: &asked::MedianAbsoluteDeviation) -> Result<Kind, Error> {
        let values = self.values(&asked.source, Accepts::PlainNumbers, "median_absolute_deviation")?;
        Ok(Kind::MedianAbsoluteDeviation(Box::new(MedianAbsoluteDeviation { values, compression: asked.compression })))
    }

    pub(super) fn matrix_stats(self, asked: &asked::MatrixStats, name: &str) -> Result<Kind, Error> {
        let mut fields: Vec<(String, Values)> = Vec::with_capacity(asked.fields.len());
        for source in &asked.fields {
            let values = self.computed_values(source, Accepts::Keys, "matrix_stats")?;
            match values.column {
                Column::Strings(_) | Column::Constant(_) => {
                    let reason = format!("ValuesSource type keyword is not supported for aggregation {name}");
                    return Err(Error::new(ErrorKind::AggregationExecution, reason));
                }
                Column::Nothing(_) if values.missing.is_none() => {}
                Column::Nothing(_) => {
                    fields.push((source.field.clone(), self.values(source, Accepts::Numbers, "matrix_stats")?));
                }
                _ => fields.push((source.field.clone(), values)),
            }
        }
        let mode = if asked.mode == SortMode::Median { SortMode::Avg } else { asked.mode };
        Ok(Kind::MatrixStats(Box::new(MatrixStats { fields, mode })))
    }

    pub(super) fn top_hits(self, asked: &asked::TopHits, name: &str) -> Result<Kind, Error> {
        let most = u64::from(self.context.settings.max_inner_result_window);
        let wanted = u64::from(asked.from) + u64::from(asked.size);
        if wanted > most {
            return Err(Error::illegal_argument(format!(
                "Top hits result window is too large, the top hits aggregator [{name}]'s from + size must be less than or equal to: \
                 [{most}] but was [{wanted}]. This limit can be set by changing the [index.max_inner_result_window] index level setting."
            )));
        }
        if wanted == 0 {
            return Err(Error::illegal_argument(
                "numHits must be > 0; please use TotalHitCountCollectorManager if you just need the total hit count",
            ));
        }
        let sort = bind_sort_within(&asked.sort, self.context, self.scope)?;
        let context = Arc::new(self.context.clone());
        Ok(Kind::TopHits(Box::new(TopHits { asked: asked.clone(), sort: sort.into(), context })))
    }
}
