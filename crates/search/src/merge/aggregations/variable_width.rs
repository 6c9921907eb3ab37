//! Clusters of all shards, joined until they are few enough: always the two neighbours that are closest.

use model::aggregation::answer::{Body, Bucket as Shown, Buckets};
use model::aggregation::key::Key;
use model::aggregation::partial::{Cluster, Clusters, Partial};
use model::error::Error;

use super::{Limit, answers, json};
use crate::aggregation::BoundAggregation;
use crate::aggregation::histogram::VariableWidth;

pub(super) fn answer(
    asked: &BoundAggregation,
    variable: &VariableWidth,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let mut found = if let Partial::Clusters(found) = partial { found } else { Clusters::default() };
    found.list.sort_by(|a, b| a.centroid().total_cmp(&b.centroid()));
    let clusters = apart(joined(found.list, variable.buckets as usize)?)?;
    limit.count(clusters.len())?;
    let mut list = Vec::with_capacity(clusters.len());
    for cluster in clusters {
        list.push(bucket(asked, variable, cluster, limit)?);
    }
    Ok(("variable_width_histogram", Body::Buckets(Buckets { list, keyed: false, beside: Vec::new() })))
}

fn bucket(
    asked: &BoundAggregation,
    variable: &VariableWidth,
    cluster: Cluster,
    limit: &mut Limit,
) -> Result<Shown, Error> {
    let format = &variable.values.format;
    let mut made = format.bucket(Key::Double(cluster.centroid()));
    for (name, text, value) in [("min", "min_as_string", cluster.min), ("max", "max_as_string", cluster.max)] {
        made.beside.push((name, json(value)));
        made.beside.extend(format.number(value).map(|shown| (text, shown.into())));
    }
    made.doc_count = cluster.bucket.doc_count;
    made.answers = answers(&asked.children, cluster.bucket.children, limit)?;
    Ok(made)
}

/// Joins neighbours until there are at most `most`; clusters of one centroid first.
fn joined(clusters: Vec<Cluster>, most: usize) -> Result<Vec<Cluster>, Error> {
    let mut list: Vec<Cluster> = Vec::with_capacity(clusters.len());
    for cluster in clusters {
        match list.last_mut() {
            Some(last) if last.centroid() == cluster.centroid() => last.merge(cluster)?,
            _ => list.push(cluster),
        }
    }
    while list.len() > most.max(1) {
        let distance = |at: &usize| list[at + 1].centroid() - list[*at].centroid();
        let Some(closest) = (0..list.len() - 1).min_by(|a, b| distance(a).total_cmp(&distance(b))) else { break };
        let other = list.remove(closest + 1);
        list[closest].merge(other)?;
    }
    Ok(list)
}

/// Clusters of one least value are one; ends that overlap meet in the middle.
fn apart(clusters: Vec<Cluster>) -> Result<Vec<Cluster>, Error> {
    let mut list: Vec<Cluster> = Vec::with_capacity(clusters.len());
    for cluster in clusters {
        match list.last_mut() {
            Some(last) if last.min == cluster.min => last.merge(cluster)?,
            _ => list.push(cluster),
        }
    }
    for at in 1..list.len() {
        if list[at].min < list[at - 1].max {
            let middle = f64::midpoint(list[at].min, list[at - 1].max);
            list[at - 1].max = middle;
            list[at].min = middle;
        }
    }
    Ok(list)
}
