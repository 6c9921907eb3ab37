//! `scripted_metric`: scripts that gather what they like.

use std::sync::Arc;

use model::aggregation::request::metric::ScriptedMetric as Asked;
use model::error::Error;
use model::script::Script;

use super::Binding;
use crate::aggregation::Kind;
use crate::aggregation::metric::ScriptedMetric;
use crate::bind::scripted::gathering_script;

impl Binding<'_> {
    pub(super) fn scripted_metric(self, asked: &Asked, name: &str) -> Result<Kind, Error> {
        let missing = |which: &str| Error::illegal_argument(format!("[{which}] must not be null: [{name}]"));
        let combine = asked.combine.as_ref().ok_or_else(|| missing("combineScript"))?;
        let reduce = asked.reduce.as_ref().ok_or_else(|| missing("reduceScript"))?;
        let mapping = &self.context.mapping;
        let bound = |script: &Script, over_documents: bool| {
            gathering_script(&with_params(script, asked)?, over_documents, mapping)
        };
        Ok(Kind::ScriptedMetric(Arc::new(ScriptedMetric {
            init: asked.init.as_ref().map(|script| bound(script, false)).transpose()?,
            map: bound(&asked.map, true)?,
            combine: bound(combine, false)?,
            reduce: with_params(reduce, asked)?,
        })))
    }
}

/// A script with the parameters of all.
fn with_params(script: &Script, asked: &Asked) -> Result<Script, Error> {
    let mut params = script.params.clone();
    for (name, value) in &asked.params {
        if params.iter().any(|(own, _)| own == name) {
            let reason = format!("Parameter name \"{name}\" used in both aggregation and script parameters");
            return Err(Error::illegal_argument(reason));
        }
        params.push((name.clone(), value.clone()));
    }
    Ok(Script { params, ..script.clone() })
}
