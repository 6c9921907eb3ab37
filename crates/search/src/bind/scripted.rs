//! Queries by scripts and distances, and by a number of terms that each document says.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::geo::read::{Corner, point};
use model::mapping::{FieldKind, Mapping};
use model::query::compound::{BoostMode, ScoreMode};
use model::query::scripted::{DistanceFeature, ScriptScore, TermsMinimum, TermsSet};
use model::script::{Language, Script};
use script::program::Program;

use super::fault::{Fault, Outcome};
use super::functions::{interval_ms, number_code};
use super::geo::length;
use super::nearness;
use super::number::java_text;
use super::target::Target;
use super::{BindContext, Binder};
use crate::bound::{
    BoundBool, BoundFunction, BoundFunctionScore, BoundKind, BoundMinimum, BoundQuery, BoundScript, BoundTermsSet,
    FieldName, NumberCode, ScoreFunction,
};

/// What scripts of queries and of sort keys may name.
const GLOBALS: [&str; 3] = ["doc", "params", "_score"];
/// What scripts of fields may name.
const FIELD_GLOBALS: [&str; 2] = ["doc", "params"];
/// What scripts of aggregations may name.
const VALUE_GLOBALS: [&str; 4] = ["doc", "params", "_score", "_value"];

/// Reads a script that a sort key goes by.
pub(super) fn sort_script(script: &Script, mapping: &Arc<Mapping>) -> Result<Arc<BoundScript>, Error> {
    read(script, (&GLOBALS, "number_sort"), mapping)
}

/// Reads a script that makes a field of a hit.
///
/// # Errors
/// `script_exception` for a source that does not read, 501 for what is not in the language here.
pub fn bind_script_field(script: &Script, context: &BindContext) -> Result<Arc<BoundScript>, Error> {
    read(script, (&FIELD_GLOBALS, "field"), &context.mapping)
}

/// Reads a script that is tried on one document. `scores`: it gives a number, and sees what a query gives.
///
/// # Errors
/// As [`bind_script_field`].
pub fn bind_tried_script(script: &Script, scores: bool, context: &BindContext) -> Result<Arc<BoundScript>, Error> {
    let place = if scores { (&GLOBALS[..], "score") } else { (&FIELD_GLOBALS[..], "filter") };
    read(script, place, &context.mapping)
}

/// Reads a script that makes values of an aggregation.
pub(super) fn value_script(script: &Script, mapping: &Arc<Mapping>) -> Result<Arc<BoundScript>, Error> {
    read(script, (&VALUE_GLOBALS, "aggs"), mapping)
}

/// Reads a script that gathers: over documents, or over what was gathered.
pub(super) fn gathering_script(
    script: &Script,
    over_documents: bool,
    mapping: &Arc<Mapping>,
) -> Result<Arc<BoundScript>, Error> {
    let globals = if over_documents { &["state", "params", "doc", "_score"][..] } else { &["state", "params"] };
    read(script, (globals, "aggs_map"), mapping)
}

/// `context`: what OpenSearch calls the place where the script stands.
fn read(
    script: &Script,
    (globals, context): (&[&str], &str),
    mapping: &Arc<Mapping>,
) -> Result<Arc<BoundScript>, Error> {
    if script.language == Language::Knn {
        let reason = format!("knn KNN scoring scripts cannot be used for context [{context}]");
        return Err(Error::illegal_argument(reason));
    }
    Ok(Arc::new(BoundScript {
        program: Program::compile(&script.source, globals)?,
        source: script.source.clone(),
        params: script.params.iter().cloned().collect(),
        mapping: mapping.clone(),
    }))
}

/// A query scored by nothing but one function.
fn scored(query: BoundQuery, function: ScoreFunction, min_score: Option<f32>) -> BoundQuery {
    BoundQuery::new(BoundKind::FunctionScore(Box::new(BoundFunctionScore {
        query,
        functions: vec![BoundFunction { filter: None, weight: None, function: Some(function) }],
        score_mode: ScoreMode::Multiply,
        boost_mode: BoostMode::Replace,
        max_boost: f32::MAX,
        min_score,
        boosts_result: true,
    })))
}

impl Binder<'_> {
    /// A script that scores.
    pub(super) fn script(&self, script: &Script) -> Outcome<Arc<BoundScript>> {
        let mapping = &self.context.mapping;
        match script.language {
            Language::Painless => Ok(read(script, (&GLOBALS, "score"), mapping)?),
            Language::Knn => Ok(read(&nearness::program(script, mapping)?, (&GLOBALS, "score"), mapping)?),
        }
    }

    pub(super) fn script_query(&self, script: &Script) -> Outcome<BoundQuery> {
        let function = ScoreFunction::Script(read(script, (&GLOBALS, "filter"), &self.context.mapping)?);
        Ok(scored(self.everything_here(), function, Some(1.0)))
    }

    /// All documents, or all objects, that are asked for here: a script is to see no others.
    fn everything_here(&self) -> BoundQuery {
        let path = || FieldName::from("_nested_path");
        let all = BoundQuery::new(BoundKind::MatchAll);
        BoundQuery::new(match self.scope {
            Some(scope) => BoundKind::Terms(path(), vec![scope.as_bytes().into()]),
            None if self.context.mapping.has_nested() => {
                let paths = self.context.mapping.nested_paths().iter().map(|path| path.as_bytes().into()).collect();
                let inside = BoundQuery::new(BoundKind::Terms(path(), paths));
                BoundKind::Bool(BoundBool { must: vec![all], must_not: vec![inside], ..BoundBool::default() })
            }
            None => return all,
        })
    }

    pub(super) fn script_score(&self, query: &ScriptScore) -> Outcome<BoundQuery> {
        let function = ScoreFunction::Script(self.script(&query.script)?);
        let among = match self.query(&query.query)? {
            all if all.kind == BoundKind::MatchAll && all.name.is_none() && query.min_score.is_some() => {
                self.everything_here()
            }
            among => among,
        };
        Ok(scored(among, function, query.min_score))
    }

    pub(super) fn distance_feature(&self, query: &DistanceFeature) -> Outcome<BoundQuery> {
        let name = query.field.as_str();
        let field = match self.target(name) {
            Target::Field(field) => field,
            Target::Nothing => {
                let reason = format!(
                    "Can't load fielddata on [{name}] because fielddata is unsupported on fields that are not mapped"
                );
                return Ok(BoundQuery::match_none(reason));
            }
            target => return Err(no_distance(target.type_name())),
        };
        let (place, origin, pivot) = match field.kind {
            FieldKind::Date | FieldKind::DateNanos => {
                let origin = self.date_end_ms(field, &java_text(&query.origin))?;
                (None, origin as f64, interval_ms("pivot", &query.pivot)?)
            }
            FieldKind::GeoPoint => {
                let place = point(&query.origin, true, Corner::default()).map_err(Fault::from)?;
                (Some(place), 0.0, length(&query.pivot.as_str().into())?)
            }
            _ => return Err(no_distance(field.type_name())),
        };
        let code = number_code(field).unwrap_or(NumberCode::Double);
        let function = ScoreFunction::Distance { field: field.path.clone(), code, place, origin, pivot };
        Ok(scored(BoundQuery::new(BoundKind::Exists(vec![field.path.clone()])), function, None))
    }

    pub(super) fn terms_set(&self, query: &TermsSet) -> Outcome<BoundQuery> {
        if query.terms.is_empty() {
            return Ok(BoundQuery::match_none("No terms supplied for \"terms_set\" query."));
        }
        super::limits::clauses(query.terms.len(), self.context.settings.max_clause_count)?;
        let target = self.target(&query.field);
        let terms: Outcome<Vec<BoundQuery>> = query.terms.iter().map(|term| self.term(&target, term)).collect();
        let refused = || Error::new(ErrorKind::IllegalState, "No minimum should match has been specified");
        let minimum = match query.minimum.as_ref().ok_or_else(|| Fault::Create(refused()))? {
            TermsMinimum::Field(name) => match self.target(name) {
                Target::Field(field) => {
                    let refused = || {
                        let reason = format!("the field [{name}] of [minimum_should_match_field] has no numbers");
                        Fault::Create(Error::new(ErrorKind::IllegalArgument, reason))
                    };
                    if !field.doc_values {
                        return Err(Error::no_doc_values(name, field.type_name()).into());
                    }
                    BoundMinimum::Field(field.path.clone(), number_code(field).ok_or_else(refused)?)
                }
                _ => {
                    let reason = format!("failed to find minimum_should_match field [{name}]");
                    return Err(Fault::query_shard(reason));
                }
            },
            TermsMinimum::Script(script) => {
                let mut script = script.clone();
                script.params.push(("num_terms".to_owned(), query.terms.len().into()));
                BoundMinimum::Script(self.script(&script)?)
            }
        };
        Ok(BoundQuery::new(BoundKind::TermsSet(Box::new(BoundTermsSet { terms: terms?, minimum }))))
    }
}

fn no_distance(kind: &str) -> Fault {
    Fault::illegal_argument(format!(
        "Illegal data type of [{kind}]![distance_feature] query can only be run on a date, date_nanos or geo_point field type!"
    ))
}
