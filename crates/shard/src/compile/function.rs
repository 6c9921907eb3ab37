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
        let query = self.weight(&score.query, Context { scoring: true, ..context })?;
        let filters = score
            .functions
            .iter()
            .map(|function| function.filter.as_ref().map(|filter| self.weight(filter, context.filter())).transpose())
            .collect::<Outcome<Vec<_>>>()?;
        let weight = FunctionWeight { query, filters, bound: score.clone(), modes: modes(score) };
        Ok(Weight::new(Kind::Function(Box::new(weight)), context.boost))
    }
}
