//! Bound queries about ranges and features.

use model::mapping::range::Relation;

use crate::bound::{FieldName, TermBytes};

/// Documents with a range that stands as `relation` says to the one from `from` to `to`, both inside; ends as a range's term holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundRanges {
    pub field: FieldName,
    pub relation: Relation,
    pub from: TermBytes,
    pub to: TermBytes,
}

impl BoundRanges {
    /// In Lucene's notation, without the field.
    pub fn notation(&self) -> String {
        let hex = |bytes: &TermBytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("<ranges:[{} : {}]>", hex(&self.from), hex(&self.to))
    }
}

/// All documents with a value of a feature.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundFeature {
    pub field: FieldName,
    /// Of a field of several.
    pub feature: Option<String>,
    pub function: FeatureFunction,
}

/// What makes a score of a value `v`. Where little is good, `v` is the inverse (a pivot is not).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FeatureFunction {
    /// `v / (v + pivot)`; without a pivot, near the geometric mean of all values.
    Saturation { pivot: Option<f32> },
    /// `ln(scaling_factor + v)`
    Log { scaling_factor: f32 },
    /// `v^exponent / (v^exponent + pivot^exponent)`
    Sigmoid { pivot: f32, exponent: f32 },
    /// `v`
    Linear,
}

impl BoundFeature {
    /// In Lucene's notation.
    pub fn notation(&self) -> String {
        let (field, feature) = match &self.feature {
            Some(feature) => (&*self.field, feature.as_str()),
            None => ("_feature", &*self.field),
        };
        let function = match self.function {
            FeatureFunction::Saturation { pivot: Some(pivot) } => format!("SaturationFunction(pivot={pivot:?})"),
            FeatureFunction::Saturation { pivot: None } => "SaturationFunction(pivot=null)".to_owned(),
            FeatureFunction::Log { scaling_factor } => format!("LogFunction(scalingFactor={scaling_factor:?})"),
            FeatureFunction::Sigmoid { pivot, exponent } => format!("SigmoidFunction(pivot={pivot:?}, a={exponent:?})"),
            FeatureFunction::Linear => "LinearFunction".to_owned(),
        };
        format!("FeatureQuery(field={field}, feature={feature}, function={function})")
    }
}
