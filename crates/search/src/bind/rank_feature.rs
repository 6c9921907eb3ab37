//! `rank_feature`: which feature, and what is made of its values.

use model::mapping::FieldKind;
use model::query::scripted::{FeatureScore, RankFeature};

use super::fault::{Fault, Outcome};
use super::target::Target;
use super::{Binder, none_requested};
use crate::bound::{BoundKind, BoundQuery};
use crate::feature::{BoundFeature, FeatureFunction};

impl Binder<'_> {
    pub(super) fn rank_feature(&self, query: &RankFeature) -> Outcome<BoundQuery> {
        let name = query.field.as_str();
        let (field, feature) = match self.target(name) {
            Target::Field(field) if field.kind == (FieldKind::Features { many: false }) => (field, None),
            Target::Nothing => {
                let mapping = &self.context.mapping;
                let parent = |(at, _)| {
                    let field = mapping.field(&name[..at])?;
                    let many = field.kind == FieldKind::Features { many: true };
                    many.then(|| (&**field, Some(name[at + 1..].to_owned())))
                };
                match name.match_indices('.').find_map(parent) {
                    Some(found) => found,
                    None => return Ok(none_requested()),
                }
            }
            target => {
                return Err(Fault::illegal_argument(format!(
                    "[rank_feature] query only works on [rank_feature] fields and features of [rank_features] fields, not [{}]",
                    target.type_name()
                )));
            }
        };
        let function = function(query.function, field.positive_impact())?;
        let feature = BoundFeature { field: field.path.clone(), feature, function };
        Ok(BoundQuery::new(BoundKind::Feature(Box::new(feature))))
    }
}

fn function(asked: FeatureScore, positive: bool) -> Outcome<FeatureFunction> {
    let sound = |name: &str, value: f32, least: &str, ok: bool| match ok {
        true => Ok(value),
        false => Err(Fault::illegal_argument(format!("{name} must be {least}, got: {value:?}"))),
    };
    let pivot = |pivot: f32| sound("pivot", pivot, "> 0", pivot > 0.0);
    Ok(match asked {
        FeatureScore::Saturation { pivot: given } => {
            FeatureFunction::Saturation { pivot: given.map(pivot).transpose()? }
        }
        FeatureScore::Log { .. } if !positive => {
            return Err(Fault::illegal_argument(
                "Cannot use the [log] function with a field that has a negative score impact as it would trigger negative scores",
            ));
        }
        FeatureScore::Log { scaling_factor } => {
            let scaling_factor = sound("scalingFactor", scaling_factor, ">= 1", scaling_factor >= 1.0)?;
            FeatureFunction::Log { scaling_factor }
        }
        FeatureScore::Sigmoid { pivot: given, exponent } => {
            let exponent = sound("exp", exponent, "> 0", exponent > 0.0)?;
            FeatureFunction::Sigmoid { pivot: pivot(given)?, exponent }
        }
        FeatureScore::Linear => FeatureFunction::Linear,
    })
}
