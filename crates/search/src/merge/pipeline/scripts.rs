//! Pipelines that run a script over the numbers of a bucket.

use std::sync::Arc;

use model::aggregation::answer::{Bucket, Buckets};
use model::aggregation::request::pipeline::{BucketsPath, GapPolicy};
use model::error::Error;
use model::script::Script;
use script::expression::value::Value;
use script::expression::{Expression, Params, Purpose};

use super::Step;
use super::path::{self, Path};

/// The parameters that a script was given.
pub(super) fn params(script: &Script) -> Params {
    script.params.iter().map(|(name, value)| (Arc::from(name.as_str()), Value::from_json(value))).collect()
}

/// Names under which a script sees numbers, with their paths.
struct Variables<'a>(Vec<(Arc<str>, Vec<&'a str>)>);

impl<'a> Variables<'a> {
    fn parse(paths: &'a [(String, BucketsPath)]) -> Result<Self, Error> {
        let parsed = paths.iter().map(|(name, path)| Ok((Arc::from(name.as_str()), Path::parse(path)?.flat())));
        parsed.collect::<Result<_, Error>>().map(Self)
    }

    /// Adds the numbers of a bucket; false: a gap is among them and gaps are skipped.
    fn fill(&self, step: &Step, bucket: &Bucket, params: &mut Params) -> Result<bool, Error> {
        let gap = step.pipeline.gap_policy;
        let mut whole = true;
        for (name, path) in &self.0 {
            let value = path::value(bucket, path, gap, &step.name)?;
            whole &= gap != GapPolicy::Skip || value.is_some_and(|value| !value.is_nan());
            params.insert(name.clone(), value.map_or(Value::Null, Value::Double));
        }
        Ok(whole)
    }
}

/// `bucket_script`: a number for each bucket without gaps.
pub(super) fn compute(
    step: &Step,
    paths: &[(String, BucketsPath)],
    script: &Script,
    buckets: &mut Buckets,
) -> Result<(), Error> {
    let format = step.format()?;
    let expression = Expression::compile(&script.source, Purpose::Number)?;
    let (variables, mut params) = (Variables::parse(paths)?, params(script));
    for bucket in &mut buckets.list {
        if variables.fill(step, bucket, &mut params)?
            && let Some(number) = expression.run(&params, &[])?.as_f64()
        {
            bucket.answers.push(step.number(number, &format));
        }
    }
    Ok(())
}

/// `bucket_selector`: keeps the buckets for which the script says true.
pub(super) fn select(
    step: &Step,
    paths: &[(String, BucketsPath)],
    script: &Script,
    buckets: &mut Buckets,
) -> Result<(), Error> {
    let expression = Expression::compile(&script.source, Purpose::Boolean)?;
    let (variables, mut params) = (Variables::parse(paths)?, params(script));
    let mut keep = Vec::with_capacity(buckets.list.len());
    for bucket in &buckets.list {
        variables.fill(step, bucket, &mut params)?;
        keep.push(expression.run(&params, &[])? == Value::Bool(true));
    }
    let mut keep = keep.into_iter();
    buckets.list.retain(|_| keep.next().unwrap_or(true));
    Ok(())
}
