//! Objects inside of hits: which object of its document a hit is, its part of the source, and inner hits.
//!
//! In: a request's nested queries, the documents that won. Out: hits inside of hits. Which objects match is `execute`'s business.

use std::sync::Arc;

use model::document::Source;
use model::error::{Error, ErrorKind};
use model::query::Query;
use model::query::nested::{InnerHits, Nested as NestedQuery};
use model::search::{Hit, InnerFound, NestedIdentity, SearchRequest};
use model::target::Target;
use search::bind::{BindContext, bind_inner, bind_sort_within, render_sort_value};
use search::shard_query::{BoundSort, DocAddress, ShardHit};
use search::statistics::Statistics;
use serde_json::{Map, Value};

use super::{FetchPlan, Fetched, unreadable};
use crate::execute::{InnerSearch, Patience};
use crate::reader::Reader;
use crate::score::bits;
use crate::segment::{DocId, Nested, Segment};

/// `inner_hits` of one nested query, bound to one index.
pub(super) struct InnerPlan {
    name: String,
    path: String,
    /// The nested objects whose hits these are shown with; `None`: documents.
    parent: Option<String>,
    asked: InnerHits,
    sort: Arc<[BoundSort]>,
    plan: FetchPlan,
    context: Arc<BindContext>,
}

impl InnerPlan {
    /// All that a request asks for. `scope`: the path of the nested objects that it is about.
    ///
    /// # Errors
    /// `illegal_argument_exception` for two of one name, and for more hits than are allowed; as binding a query, a sort and a fetch.
    pub(super) fn all(context: &BindContext, request: &SearchRequest, scope: Option<&str>) -> Result<Vec<Self>, Error> {
        let mut queries = request.query.inner_hits();
        queries.extend(request.post_filter.iter().flat_map(Query::inner_hits));
        let mut plans: Vec<Self> = Vec::with_capacity(queries.len());
        for query in queries {
            let Some(plan) = Self::new(context, query, scope)? else { continue };
            if plans.iter().any(|known| known.name == plan.name) {
                let reason = format!("[inner_hits] already contains an entry for key [{}]", plan.name);
                return Err(Error::illegal_argument(reason));
            }
            plans.push(plan);
        }
        Ok(plans)
    }

    fn new(context: &BindContext, query: &NestedQuery, scope: Option<&str>) -> Result<Option<Self>, Error> {
        let Some(asked) = query.inner_hits.as_deref() else { return Ok(None) };
        check_window(asked, context)?;
        let path = query.path.as_str();
        if context.mapping.nested_path_of(path) != Some(path) {
            return Ok(None);
        }
        let bound = Arc::new(bind_inner(&query.query, context, path, scope)?);
        let sort: Arc<[BoundSort]> = bind_sort_within(&asked.sort, context, Some(path))?.into();
        let mut request = SearchRequest::new(Target { names: Vec::new(), ..Target::default() });
        request.query = query.query.clone();
        request.fetch = asked.fetch.clone();
        request.explain = asked.explain;
        Ok(Some(Self {
            name: asked.name.clone().unwrap_or_else(|| query.path.clone()),
            path: query.path.clone(),
            parent: scope.map(str::to_owned),
            asked: asked.clone(),
            sort,
            plan: FetchPlan::within(context, bound, &request, Some(path))?,
            context: Arc::new(context.clone()),
        }))
    }

    /// The objects inside of each document, added to what is shown of it.
    pub(super) fn fetch(
        &self,
        (reader, statistics): (&Reader, Option<&Statistics>),
        addresses: &[DocAddress],
        shown: &mut [Fetched],
        patience: &dyn Patience,
    ) -> Result<(), Error> {
        let among = (self.path.as_str(), self.parent.as_deref());
        let scored = self.asked.track_scores;
        let search = InnerSearch::new((reader, statistics), among, &self.plan.query, &self.sort, scored)?;
        let (from, size) = (self.asked.from as usize, self.asked.size as usize);
        for (address, shown) in addresses.iter().zip(shown) {
            let mut matches = search.of(*address, from + size)?;
            matches.hits.drain(..from.min(matches.hits.len()));
            if self.asked.fetch.seq_no_primary_term && !matches.hits.is_empty() {
                let reason = "nested documents are not assigned sequence numbers";
                return Err(Error::new(ErrorKind::UnsupportedOperation, reason));
            }
            let places: Vec<DocAddress> = matches.hits.iter().map(|hit| hit.address).collect();
            let fetched = self.plan.fetch_scored((reader, statistics), &places, patience)?;
            let hits = matches.hits.into_iter().zip(fetched).map(|(hit, fetched)| self.hit(hit, fetched)).collect();
            let keeps_scores = self.sort.is_empty() || scored;
            let max_score = matches.max_score.filter(|_| keeps_scores && size > 0);
            shown.inner_hits.push((self.name.clone(), InnerFound { total: matches.total, max_score, hits }));
        }
        Ok(())
    }

    fn hit(&self, hit: ShardHit, fetched: Fetched) -> Hit {
        let sort = self.sort.iter().zip(&hit.sort).zip(&self.asked.sort);
        let mapping = &self.context.mapping;
        let sort = sort.map(|((bound, value), key)| render_sort_value(value, key, bound, mapping)).collect();
        let score = hit.score;
        let shown = !score.is_nan() && (self.sort.is_empty() || self.asked.track_scores);
        Hit {
            index: self.context.index.name.clone(),
            id: hit.id,
            routing: None,
            score: shown.then_some(score),
            source: fetched.source,
            version: fetched.version.filter(|_| self.asked.fetch.version),
            seq_no: None,
            sort,
            fields: fetched.fields,
            ignored: fetched.ignored,
            highlight: fetched.highlight,
            matched_queries: fetched.matched_queries,
            explanation: fetched.explanation,
            shard: None,
            nested: fetched.nested,
            inner_hits: fetched.inner_hits,
        }
    }
}

fn check_window(asked: &InnerHits, context: &BindContext) -> Result<(), Error> {
    let (most, wanted) = (u64::from(context.settings.max_inner_result_window), asked.from.saturating_add(asked.size));
    if wanted <= most {
        return Ok(());
    }
    let name = asked.name.as_deref().unwrap_or("null");
    Err(Error::illegal_argument(format!(
        "Inner result window is too large, the inner hit definition's [{name}]'s from + size must be less than or equal to: [{most}] but \
         was [{wanted}]. This limit can be set by changing the [index.max_inner_result_window] index level setting."
    )))
}

/// An object inside of a document, by where it lies.
pub(super) struct Inside {
    root: DocId,
    /// Full path and place of each object from outside in; the last is the object itself.
    levels: Vec<(String, u32)>,
}

impl Inside {
    /// `None`: the document lies inside of none.
    pub(super) fn of(nested: &Nested, doc: DocId) -> Option<Self> {
        let path = nested.path_of(doc)?;
        let mut paths: Vec<&str> = nested.paths().filter(|outer| is_around(outer, path)).collect();
        paths.sort_by_key(|path| path.len());
        let (mut levels, mut child, mut inner) = (Vec::new(), doc, path);
        for outer in paths.into_iter().rev().map(Some).chain([None]) {
            let parents = outer.map_or(Some(nested.outermost()), |outer| nested.inside(outer))?;
            let first = bits::last_before(parents, child).map_or(0, |before| before + 1);
            let siblings = nested.inside(inner)?;
            let offset = (first..child).filter(|doc| bits::contains(siblings, *doc)).count() as u32;
            levels.push((inner.to_owned(), offset));
            child = bits::next(parents, child)?;
            inner = outer.unwrap_or_default();
        }
        levels.reverse();
        Some(Self { root: child, levels })
    }

    pub(super) fn identity(&self) -> Option<Box<NestedIdentity>> {
        let mut identity = None;
        for (at, (path, offset)) in self.levels.iter().enumerate().rev() {
            identity = Some(Box::new(NestedIdentity {
                field: self.relative(at, path).to_owned(),
                offset: *offset,
                inner: identity,
            }));
        }
        identity
    }

    /// The path of a level's objects from the objects around them.
    fn relative<'p>(&self, level: usize, path: &'p str) -> &'p str {
        let outer = level.checked_sub(1).and_then(|outer| self.levels.get(outer));
        outer.and_then(|(outer, _)| path.get(outer.len() + 1..)).unwrap_or(path)
    }

    /// The part of the document's source that the object is, at its path and without all else; empty where no source is kept.
    pub(super) fn source(&self, segment: &dyn Segment) -> Result<Source, Error> {
        let source = segment.source(self.root).map_err(super::broken)?;
        if source.is_empty() {
            return Ok(source);
        }
        let whole: Value = serde_json::from_slice(&source).map_err(unreadable)?;
        let mut found = &whole;
        for (at, (path, offset)) in self.levels.iter().enumerate() {
            let steps: Vec<&str> = self.relative(at, path).split('.').collect();
            let mut objects = Vec::new();
            collect(&steps, found, &mut objects);
            let Some(object) = objects.get(*offset as usize) else { return Ok(Arc::default()) };
            found = *object;
        }
        let (path, _) = &self.levels[self.levels.len() - 1];
        let mut wrapped = found.clone();
        for step in path.rsplit('.') {
            wrapped = Value::Object(Map::from_iter([(step.to_owned(), wrapped)]));
        }
        Ok(serde_json::to_vec(&wrapped).map_err(unreadable)?.into())
    }

    /// The object alone, of what [`Inside::source`] made or a filter left of it.
    pub(super) fn unwrapped(&self, source: &Source) -> Result<Source, Error> {
        let whole: Value = serde_json::from_slice(source).map_err(unreadable)?;
        let path = self.levels.last().map_or("", |(path, _)| path);
        let found = path.split('.').try_fold(&whole, |value, step| value.get(step));
        let object = found.filter(|value| value.is_object());
        Ok(serde_json::to_vec(object.unwrap_or(&Value::Object(Map::new()))).map_err(unreadable)?.into())
    }
}

fn is_around(outer: &str, path: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// The objects at a path, in the order in which they were read.
fn collect<'v>(path: &[&str], value: &'v Value, out: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(path, item, out)),
        Value::Object(_) if path.is_empty() => out.push(value),
        Value::Object(entries) => {
            let mut key = String::new();
            for (at, step) in path.iter().enumerate() {
                if at > 0 {
                    key.push('.');
                }
                key.push_str(step);
                if let Some(inner) = entries.get(&key) {
                    collect(&path[at + 1..], inner, out);
                }
            }
        }
        _ => {}
    }
}
