//! `function_score`.

use search::bound::BoundFunctionScore;

use super::{Compiler, Context, FunctionWeight, Kind, Weight, modes};
use crate::score::Outcome;

impl Compiler<'_, '_> {
    pub(super) fn function_score(&mut self, score: &BoundFunctionScore, context: Context) -> Outcome<Weight> {
        if !context.scoring && score.min_score.is_none() {
            return self.weight(&score.query, context);
        }
        // With `min_score` the score decides what matches, whoever asks.
        let factor = if score.boosts_result { context.boost } else { 1.0 };
        let boost = if score.boosts_result { 1.0 } else { context.boost };
        let query = self.weight(&score.query, Context { scoring: true, boost })?;
        let filters = score
            .functions
            .iter()
            .map(|function| function.filter.as_ref().map(|filter| self.weight(filter, context.filter())).transpose())
            .collect::<Outcome<Vec<_>>>()?;
        let weight = FunctionWeight { query, filters, bound: score.clone(), modes: modes(score), factor };
        Ok(Weight::new(Kind::Function(Box::new(weight)), context.boost))
    }
}
