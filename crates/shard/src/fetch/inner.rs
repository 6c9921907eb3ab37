//! Hits inside of hits: objects inside of documents, and others of their families; which object of its document a hit is, and its part of
//! the source.
//!
//! In: a request's queries with inner hits, the documents that won. Out: hits inside of hits. What matches is `execute`'s business.

use std::sync::Arc;

use model::document::Source;
use model::error::{Error, ErrorKind};
use model::query::nested::{InnerHits, WithInner};
use model::query::{Kind, Query};
use model::search::{Hit, InnerFound, NestedIdentity, SearchRequest};
use model::target::Target;
use search::bind::{BindContext, bind, bind_inner, bind_sort_within, render_sort_value};
use search::bound::{BoundJoined, BoundKind, BoundQuery};
use search::shard_query::{BoundSort, DocAddress, ShardHit};
use search::statistics::Statistics;
use serde_json::{Map, Value};

use super::{FetchPlan, Fetched, unreadable};
use crate::execute::{InnerSearch, Patience, Verdict};
use crate::reader::Reader;
use crate::score::bits;
use crate::segment::{DocId, Nested, Segment};

/// What belongs to a document and can be shown with it.
enum Among {
    /// The objects at `path`, of a document or of the object at `parent` that it is.
    Inside { path: String, parent: Option<String> },
    /// The others of its family.
    Family(Box<BoundJoined>),
    /// Nothing.
    Nobody,
}

/// `inner_hits` of one query, bound to one index.
pub(super) struct InnerPlan {
    name: String,
    among: Among,
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

    /// `None`: the index has nothing of the kind.
    fn new(context: &BindContext, found: WithInner<'_>, scope: Option<&str>) -> Result<Option<Self>, Error> {
        let WithInner { outer, query, place, asked } = found;
        check_window(asked, context)?;
        let Some((among, bound)) = bind_among(context, found, scope)? else { return Ok(None) };
        let path = matches!(outer.kind, Kind::Nested(_)).then_some(place);
        let sort: Arc<[BoundSort]> = bind_sort_within(&asked.sort, context, path)?.into();
        let mut request = SearchRequest::new(Target { names: Vec::new(), ..Target::default() });
        request.query = query.clone();
        request.fetch = asked.fetch.clone();
        request.explain = asked.explain;
        Ok(Some(Self {
            name: asked.name.clone().unwrap_or_else(|| place.to_owned()),
            among,
            asked: asked.clone(),
            sort,
            plan: FetchPlan::within(context, bound.into(), &request, path)?,
            context: Arc::new(context.clone()),
        }))
    }

    /// What belongs to each document, added to what is shown of it.
    pub(super) fn fetch(
        &self,
        (reader, statistics): (&Reader, Option<&Statistics>),
        addresses: &[DocAddress],
        shown: &mut [Fetched],
        patience: &dyn Patience,
    ) -> Result<(), Error> {
        let scored = self.asked.track_scores;
        let search = self.search((reader, statistics))?;
        let (from, size) = (self.asked.from as usize, self.asked.size as usize);
        let is_nested = matches!(self.among, Among::Inside { .. });
        for (address, shown) in addresses.iter().zip(shown) {
            if patience.verdict() == Verdict::Cancelled {
                return Err(Error::new(ErrorKind::TaskCancelled, "the search was cancelled"));
            }
            let matches = search.as_ref().map(|search| search.of(*address, from + size)).transpose()?;
            let mut matches = matches.unwrap_or_default();
            matches.hits.drain(..from.min(matches.hits.len()));
            if is_nested && self.asked.fetch.seq_no_primary_term && !matches.hits.is_empty() {
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

    /// `None`: nothing can be found.
    fn search<'s>(
        &'s self,
        (reader, statistics): (&'s Reader, Option<&Statistics>),
    ) -> Result<Option<InnerSearch<'s>>, Error> {
        let (sort, scored) = (&self.sort, self.asked.track_scores);
        Ok(match &self.among {
            Among::Inside { path, parent } => {
                let among = (path.as_str(), parent.as_deref());
                Some(InnerSearch::inside((reader, statistics), among, &self.plan.query, sort, scored)?)
            }
            Among::Family(family) => Some(InnerSearch::of_family((reader, statistics), family, sort, scored)?),
            Among::Nobody => None,
        })
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
            routing: fetched.routing.filter(|_| fetched.nested.is_none()),
            score: shown.then_some(score),
            source: fetched.source,
            version: fetched.version.filter(|_| self.asked.fetch.version),
            seq_no: fetched.seq_no.filter(|_| self.asked.fetch.seq_no_primary_term),
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

/// What the hits lie among, and the query that finds them there.
fn bind_among(
    context: &BindContext,
    found: WithInner<'_>,
    scope: Option<&str>,
) -> Result<Option<(Among, BoundQuery)>, Error> {
    let WithInner { outer, query, place, .. } = found;
    if let Kind::Nested(_) = outer.kind {
        if context.mapping.nested_path_of(place) != Some(place) {
            return Ok(None);
        }
        let among = Among::Inside { path: place.to_owned(), parent: scope.map(str::to_owned) };
        return Ok(Some((among, bind_inner(query, context, place, scope)?)));
    }
    if context.mapping.join().is_none() {
        return Ok(None);
    }
    let BoundKind::Joined(mut family) = bind(outer, context)?.kind else {
        return Ok(Some((Among::Nobody, BoundQuery::new(BoundKind::MatchNone(String::new())))));
    };
    if let Kind::HasParent(_) = outer.kind {
        // A parent is shown with itself, too.
        family.to = BoundQuery::new(BoundKind::MatchAll);
    }
    Ok(Some((Among::Family(family), bind(query, context)?)))
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
