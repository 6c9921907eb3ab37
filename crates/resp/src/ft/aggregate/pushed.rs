//! Groups that shards make: the request, and its answer as rows.
//!
//! Groups by one value come as one aggregation of terms, with those that lack it beside; where they are too many, and where groups are of
//! several values, page by page as combinations. Too many distinct values inside of groups: `None`, and rows travel after all.

use std::sync::Arc;

use model::aggregation::answer::{Answer, Body, Bucket, Buckets};
use model::aggregation::request::bucket::{Composite, CompositeKind, CompositeSource, MissingOrder};
use model::aggregation::request::metric::ExtendedStats;
use model::aggregation::request::terms::{Cut, Terms};
use model::aggregation::request::{Aggregation, Kind, Order, OrderBy, Source};
use model::error::{Error, ErrorKind};
use model::gateway::Gateway;
use model::search::{SearchRequest, SearchResponse, SourceFilter};
use serde_json::Value as Json;

use super::super::partial::{Policy, Warning};
use super::super::registry::Tally;
use super::push::{Column, Reduced, ReducedKind};
use super::row::Row;
use crate::ft::expression::Scalar;

/// Groups of one answer, and distinct values of one group.
const AT_ONCE: u32 = 10_000;
/// Groups of one request.
const MOST_GROUPS: usize = 2_000_000;

type Outcome<T> = Result<Option<T>, Error>;

/// Rows, and what is to be said of them.
type Found = (Vec<Row>, Option<Warning>);

/// What groups are made of.
pub struct Groups<'g> {
    pub keys: &'g [(Arc<str>, Column)],
    pub reducers: &'g [Reduced],
    pub policy: Policy,
    pub tally: &'g Tally,
}

impl Groups<'_> {
    /// A row for each group, in the order of their keys; `None`: this cannot be told exactly by shards.
    ///
    /// # Errors
    /// What the gateway answers; more groups than may be held.
    pub async fn rows(&self, gateway: &dyn Gateway, search: &SearchRequest) -> Outcome<Found> {
        let fetch = SourceFilter::nothing();
        let mut request = SearchRequest { size: 0, from: 0, sort: Vec::new(), ..search.clone() };
        request.fetch.source = Some(fetch);
        request.track_scores = false;
        self.policy.allow(&mut request);
        let found = match self.keys {
            [] => self.one(gateway, request).await,
            [(_, column)] => match self.by_terms(gateway, &request, column).await {
                Ok(None) => self.by_pages(gateway, request).await,
                found => found,
            },
            _ => self.by_pages(gateway, request).await,
        };
        match found {
            Err(error) if error.kind == ErrorKind::TooManyBuckets => Ok(None),
            found => found,
        }
    }

    /// All rows as one group.
    async fn one(&self, gateway: &dyn Gateway, request: SearchRequest) -> Outcome<Found> {
        let request = SearchRequest { aggregations: self.inside(), ..request };
        let response = gateway.search(request).await?;
        let warning = self.policy.judge(&response, self.tally)?;
        let doc_count = response.total.map_or(0, |total| total.value);
        if doc_count == 0 {
            return Ok(Some((Vec::new(), warning)));
        }
        let bucket = Bucket { doc_count, answers: response.aggregations.unwrap_or_default(), ..Bucket::default() };
        Ok(self.row(&bucket, Vec::new()).map(|row| (vec![row], warning)))
    }

    async fn by_terms(&self, gateway: &dyn Gateway, request: &SearchRequest, column: &Column) -> Outcome<Found> {
        let terms = aggregation("groups", terms(column), self.inside());
        let missing = aggregation("missing", Kind::Missing(source(column)), self.inside());
        let request = SearchRequest { aggregations: vec![terms, missing], ..request.clone() };
        let response = gateway.search(request).await?;
        let warning = self.policy.judge(&response, self.tally)?;
        let mut rows = Vec::new();
        for answer in response.aggregations.unwrap_or_default() {
            match answer.body {
                Body::Bucket(bucket) if bucket.doc_count > 0 => match self.row(&bucket, vec![Scalar::Null]) {
                    Some(row) => rows.push(row),
                    None => return Ok(None),
                },
                Body::Buckets(buckets) => {
                    if !is_whole(&buckets) {
                        return Ok(None);
                    }
                    for bucket in &buckets.list {
                        let Some(row) = self.row(bucket, vec![column.scalar(&bucket.key)]) else { return Ok(None) };
                        rows.push(row);
                    }
                }
                _ => {}
            }
        }
        Ok(Some((rows, warning)))
    }

    async fn by_pages(&self, gateway: &dyn Gateway, mut request: SearchRequest) -> Outcome<Found> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let composite = Composite { size: AT_ONCE, sources: self.sources(), after: after.take() };
            let kind = Kind::Composite(Box::new(composite));
            request.aggregations = vec![aggregation("groups", kind, self.inside())];
            let response: SearchResponse = gateway.search(request.clone()).await?;
            let warning = self.policy.judge(&response, self.tally)?;
            let Some(Answer { body: Body::Buckets(buckets), .. }) = response.aggregations.into_iter().flatten().next()
            else {
                return Ok(Some((rows, warning)));
            };
            for bucket in &buckets.list {
                let Some(row) = self.row(bucket, self.values(bucket)) else { return Ok(None) };
                rows.push(row);
            }
            if rows.len() > MOST_GROUPS {
                let reason = format!("the aggregation would hold more than {MOST_GROUPS} groups");
                return Err(Error::illegal_argument(reason));
            }
            after = behind(&buckets);
            if after.is_none() || buckets.list.len() < AT_ONCE as usize || warning.is_some() {
                return Ok(Some((rows, warning)));
            }
        }
    }

    fn sources(&self) -> Vec<CompositeSource> {
        let sources = self.keys.iter().enumerate().map(|(at, (_, column))| CompositeSource {
            name: at.to_string(),
            kind: CompositeKind::Terms,
            source: source(column),
            descending: false,
            missing_bucket: true,
            missing_order: MissingOrder::Default,
        });
        sources.collect()
    }

    /// The values of a combination, by what it shows of its key.
    fn values(&self, bucket: &Bucket) -> Vec<Scalar> {
        let shown = bucket.shown_key.as_ref();
        let value = |at: usize| match shown.and_then(|shown| shown.get(at.to_string())) {
            Some(Json::String(text)) => Scalar::Text(text.clone()),
            Some(Json::Number(number)) => Scalar::Number(number.as_f64().unwrap_or(f64::NAN) + 0.0),
            _ => Scalar::Null,
        };
        (0..self.keys.len()).map(value).collect()
    }

    /// What shards find out of each group.
    fn inside(&self) -> Vec<Aggregation> {
        let kinds = self.reducers.iter().enumerate().filter_map(|(at, reduced)| {
            let column = reduced.column.as_ref()?;
            let kind = match reduced.kind {
                ReducedKind::Count => return None,
                ReducedKind::Sum | ReducedKind::Average => Kind::Sum(source(column)),
                ReducedKind::Least => Kind::Min(source(column)),
                ReducedKind::Most => Kind::Max(source(column)),
                ReducedKind::Deviation => {
                    Kind::ExtendedStats(Box::new(ExtendedStats { source: source(column), sigma: 2.0 }))
                }
                ReducedKind::Distinct | ReducedKind::List | ReducedKind::Quantile(_) => terms(column),
            };
            Some(aggregation(&at.to_string(), kind, Vec::new()))
        });
        kinds.collect()
    }

    /// `None`: one of the reducers was cut.
    fn row(&self, bucket: &Bucket, keys: Vec<Scalar>) -> Option<Row> {
        let mut values: Vec<(Arc<str>, Scalar)> = self.keys.iter().map(|(name, _)| name.clone()).zip(keys).collect();
        for (at, reduced) in self.reducers.iter().enumerate() {
            let name = at.to_string();
            let answer = bucket.answers.iter().find(|answer| *answer.name == *name);
            values.push((reduced.name.clone(), reduced.value(bucket.doc_count, answer)?));
        }
        Some(Row::new(values))
    }
}

impl Reduced {
    fn value(&self, doc_count: u64, answer: Option<&Answer>) -> Option<Scalar> {
        let Some(column) = &self.column else { return Some(Scalar::Number(doc_count as f64)) };
        let number = |number: f64| Some(Scalar::Number(if number.is_finite() { number } else { 0.0 }));
        match &answer?.body {
            // Rows without a value count as zero.
            Body::Value { value, .. } if self.kind == ReducedKind::Average => number(value.as_f64() / doc_count as f64),
            Body::Value { value, .. } => number(value.as_f64()),
            Body::Metric(metric) => {
                let found = metric.numbers.iter().find(|(name, _)| &**name == "std_deviation_sampling");
                number(found.map_or(0.0, |(_, value)| *value))
            }
            Body::Buckets(buckets) if is_whole(buckets) => Some(match self.kind {
                ReducedKind::Distinct => Scalar::Number(buckets.list.len() as f64),
                ReducedKind::Quantile(quantile) => cut(&buckets.list, quantile),
                _ => Scalar::List(buckets.list.iter().map(|bucket| column.scalar(&bucket.key)).collect()),
            }),
            _ => None,
        }
    }
}

/// The value that this part of all values, in their order, does not go above.
fn cut(values: &[Bucket], quantile: f64) -> Scalar {
    let count: u64 = values.iter().map(|value| value.doc_count).sum();
    let mut left = ((quantile * count as f64).ceil() as u64).max(1);
    for value in values {
        if value.doc_count >= left {
            return Scalar::Number(value.key.as_f64().unwrap_or(0.0));
        }
        left -= value.doc_count;
    }
    Scalar::Number(0.0)
}

/// Whether all values are there.
fn is_whole(buckets: &Buckets) -> bool {
    let others = buckets.beside.iter().find(|(name, _)| *name == "sum_other_doc_count");
    others.is_none_or(|(_, count)| count.as_u64() == Some(0))
}

/// Where the next page begins.
fn behind(buckets: &Buckets) -> Option<Vec<(String, Json)>> {
    let (_, key) = buckets.beside.iter().find(|(name, _)| *name == "after_key")?;
    Some(key.as_object()?.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn aggregation(name: &str, kind: Kind, children: Vec<Aggregation>) -> Aggregation {
    Aggregation { name: name.into(), kind, children, meta: None }
}

fn source(column: &Column) -> Source {
    Source { field: column.field.clone(), ..Source::default() }
}

fn terms(column: &Column) -> Kind {
    let cut = Cut { size: AT_ONCE, shard_size: Some(AT_ONCE + 1), min_doc_count: 1, shard_min_doc_count: 0 };
    Kind::Terms(Box::new(Terms {
        source: source(column),
        cut,
        order: vec![Order { by: OrderBy::Key, descending: false }],
        include: None,
        exclude: None,
        show_error: false,
        exact: false,
    }))
}
