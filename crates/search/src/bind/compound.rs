//! Queries made of queries.

use model::query::Query;
use model::query::compound::{Boolean, Boosting, DisMax};
use model::query::hybrid::Hybrid;

use super::fault::{Fault, Outcome};
use super::{Binder, limits, minimum};
use crate::bound::{BoundBool, BoundKind, BoundQuery};

/// A boolean query of prohibited clauses alone means "all but these".
pub(super) fn all_but(clauses: &mut BoundBool) {
    let positive = clauses.must.len() + clauses.should.len() + clauses.filter.len();
    if positive == 0 && !clauses.must_not.is_empty() {
        clauses.filter.push(BoundQuery::new(BoundKind::MatchAll));
        clauses.minimum_should_match = 0;
    }
}

impl Binder<'_> {
    fn queries(&self, queries: &[Query]) -> Outcome<Vec<BoundQuery>> {
        queries.iter().map(|query| self.query(query)).collect()
    }

    pub(super) fn boolean(&self, query: &Boolean) -> Outcome<BoundQuery> {
        let mut clauses = BoundBool {
            must: self.queries(&query.must)?,
            should: self.queries(&query.should)?,
            filter: self.queries(&query.filter)?,
            must_not: self.queries(&query.must_not)?,
            minimum_should_match: 0,
        };
        let count = clauses.must.len() + clauses.should.len() + clauses.filter.len() + clauses.must_not.len();
        if count == 0 {
            return Ok(BoundQuery::new(BoundKind::MatchAll));
        }
        limits::clauses(count, self.context.settings.max_clause_count)?;
        let nothing = |query: &&BoundQuery| matches!(query.kind, BoundKind::MatchNone(_));
        if let Some(never) = clauses.must.iter().chain(&clauses.filter).find(nothing) {
            return Ok(BoundQuery::new(never.kind.clone()));
        }
        let optional = clauses.should.len();
        if clauses.must.is_empty()
            && clauses.filter.is_empty()
            && optional > 0
            && clauses.should.iter().all(|query| nothing(&query))
        {
            return Ok(clauses.should.remove(0));
        }
        let least = u32::from(clauses.must.is_empty() && clauses.filter.is_empty() && optional > 0);
        clauses.minimum_should_match = match &query.minimum_should_match {
            Some(spec) => minimum::required(optional, spec)?.max(least),
            None => least,
        };
        if query.adjust_pure_negative == Some(false) {
            if clauses.must_not.len() == count {
                return Ok(BoundQuery::match_none("only prohibited clauses"));
            }
        } else {
            all_but(&mut clauses);
        }
        Ok(BoundQuery::new(BoundKind::Bool(clauses)))
    }

    /// What any of the queries matches: ranking them together is the coordinator's business.
    pub(super) fn hybrid(&self, query: &Hybrid) -> Outcome<BoundQuery> {
        if self.depth > 1 {
            let reason = "hybrid query must be a top level query and cannot be wrapped into other queries";
            return Err(Fault::illegal_argument(reason));
        }
        self.boolean(&Boolean {
            should: query.queries.clone(),
            filter: query.filter.iter().cloned().collect(),
            minimum_should_match: Some("1".to_owned()),
            ..Boolean::default()
        })
    }

    pub(super) fn boosting(&self, query: &Boosting) -> Outcome<BoundQuery> {
        Ok(BoundQuery::new(BoundKind::Boosting {
            positive: Box::new(self.query(&query.positive)?),
            negative: Box::new(self.query(&query.negative)?),
            negative_boost: query.negative_boost,
        }))
    }

    pub(super) fn dis_max(&self, query: &DisMax) -> Outcome<BoundQuery> {
        let queries = self.queries(&query.queries)?;
        Ok(BoundQuery::new(BoundKind::DisMax { queries, tie_breaker: query.tie_breaker }))
    }
}
