//! Models of similarity beside BM25: `DFR`, `DFI`, `IB`, `LMDirichlet`, `LMJelinekMercer`.

use cluster::settings::flat;
use model::error::Error;
use serde_json::{Map, Value};
use shard::similarity::{AfterEffect, BasicModel, Distribution, IndependenceMeasure, Model, Normalization};

use super::{known, number};

/// What settings of lengths may be named.
const LENGTHS: [&str; 5] =
    ["normalization", "normalization.h1.c", "normalization.h2.c", "normalization.h3.c", "normalization.z.z"];

/// The model of type `kind`; `None`: it is another type.
///
/// # Errors
/// As OpenSearch: `illegal_argument_exception`, `settings_exception`.
pub(super) fn read(kind: &str, given: &Map<String, Value>) -> Result<Option<Model>, Error> {
    let (model, names): (Model, &[&str]) = match kind {
        "DFR" => {
            let (basic, after) = (basic(given)?, after(given)?);
            (Model::Randomness { basic, after, lengths: lengths(given)? }, &["basic_model", "after_effect"])
        }
        "IB" => {
            let (spread, by_documents) = (spread(given)?, by_documents(given)?);
            (Model::Information { spread, by_documents, lengths: lengths(given)? }, &["distribution", "lambda"])
        }
        "DFI" => (Model::Independence(measure(given)?), &["independence_measure"]),
        "LMDirichlet" => (Model::Dirichlet { mu: not_negative(given, "mu", ("mu", 2000.0))? }, &["mu"]),
        "LMJelinekMercer" => {
            let lambda = number(given, "lambda", 0.1)?;
            if !(lambda > 0.0 && lambda <= 1.0) {
                return Err(Error::illegal_argument("lambda must be in the range (0 .. 1]"));
            }
            (Model::JelinekMercer { lambda }, &["lambda"])
        }
        _ => return Ok(None),
    };
    let by_length = matches!(model, Model::Randomness { .. } | Model::Information { .. });
    let names: Vec<&str> = names.iter().chain(LENGTHS.iter().filter(|_| by_length)).copied().collect();
    known(kind, given, &names)?;
    Ok(Some(model))
}

fn text(given: &Map<String, Value>, name: &str) -> String {
    given.get(name).map_or_else(|| "null".to_owned(), flat::text)
}

fn unsupported(what: &str, found: &str, expected: &str) -> Error {
    Error::illegal_argument(format!("Unsupported {what} [{found}]{expected}"))
}

fn basic(given: &Map<String, Value>) -> Result<BasicModel, Error> {
    let name = text(given, "basic_model");
    Ok(match name.as_str() {
        "g" => BasicModel::Geometric,
        "if" => BasicModel::Occurrences,
        "in" => BasicModel::Documents,
        "ine" => BasicModel::ExpectedDocuments,
        "be" | "d" | "p" => {
            let reason = format!("Basic model [{name}] isn't supported anymore, please use another model.");
            return Err(Error::illegal_argument(reason));
        }
        _ => return Err(unsupported("BasicModel", &name, ", expected one of [ine, in, g, if]")),
    })
}

fn after(given: &Map<String, Value>) -> Result<AfterEffect, Error> {
    let name = text(given, "after_effect");
    Ok(match name.as_str() {
        "b" => AfterEffect::Bernoulli,
        "l" => AfterEffect::Laplace,
        "no" => {
            let reason = format!("After effect [{name}] isn't supported anymore, please use another effect.");
            return Err(Error::illegal_argument(reason));
        }
        _ => return Err(unsupported("AfterEffect", &name, ", expected one of [b, l]")),
    })
}

fn lengths(given: &Map<String, Value>) -> Result<Normalization, Error> {
    let name = text(given, "normalization");
    Ok(match name.as_str() {
        "no" => Normalization::AsTheyAre,
        "h1" => Normalization::Even { c: not_negative(given, "normalization.h1.c", ("c", 1.0))? },
        "h2" => Normalization::Falling { c: not_negative(given, "normalization.h2.c", ("c", 1.0))? },
        "h3" => Normalization::Prior { mu: not_negative(given, "normalization.h3.c", ("mu", 800.0))? },
        "z" => {
            let z = number(given, "normalization.z.z", 0.3)?;
            if !(z > 0.0 && z < 0.5) {
                let reason = format!("illegal z value: {z:?}, must be in the range (0 .. 0.5)");
                return Err(Error::illegal_argument(reason));
            }
            Normalization::Power { z }
        }
        _ => return Err(unsupported("Normalization", &name, "")),
    })
}

/// The number that `name` gives to what Lucene calls `called`.
fn not_negative(given: &Map<String, Value>, name: &str, (called, default): (&str, f32)) -> Result<f32, Error> {
    let value = number(given, name, default)?;
    match value.is_finite() && value >= 0.0 {
        true => Ok(value),
        false => {
            let reason = format!("illegal {called} value: {value:?}, must be a non-negative finite value");
            Err(Error::illegal_argument(reason))
        }
    }
}

fn spread(given: &Map<String, Value>) -> Result<Distribution, Error> {
    match text(given, "distribution").as_str() {
        "ll" => Ok(Distribution::LogLogistic),
        "spl" => Ok(Distribution::PowerLaw),
        other => Err(unsupported("Distribution", other, "")),
    }
}

fn by_documents(given: &Map<String, Value>) -> Result<bool, Error> {
    match text(given, "lambda").as_str() {
        "df" => Ok(true),
        "ttf" => Ok(false),
        other => Err(unsupported("Lambda", other, "")),
    }
}

fn measure(given: &Map<String, Value>) -> Result<IndependenceMeasure, Error> {
    match text(given, "independence_measure").as_str() {
        "standardized" => Ok(IndependenceMeasure::Standardized),
        "saturated" => Ok(IndependenceMeasure::Saturated),
        "chisquared" => Ok(IndependenceMeasure::ChiSquared),
        other => {
            Err(unsupported("IndependenceMeasure", other, ", expected one of [standardized, saturated, chisquared]"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: &str, given: Value, expected: Result<Option<Model>, &str>) {
        let given = given.as_object().unwrap();
        let found = read(kind, given).map_err(|error| error.reason);
        assert_eq!(found, expected.map_err(str::to_owned), "{kind} {given:?}");
    }

    #[test]
    fn models_are_read() {
        let randomness = Model::Randomness {
            basic: BasicModel::Documents,
            after: AfterEffect::Laplace,
            lengths: Normalization::Falling { c: 3.0 },
        };
        let given = json!({"type": "DFR", "basic_model": "in", "after_effect": "l", "normalization": "h2", "normalization.h2.c": "3.0"});
        check("DFR", given, Ok(Some(randomness)));
        check("LMDirichlet", json!({"type": "LMDirichlet"}), Ok(Some(Model::Dirichlet { mu: 2000.0 })));
        check("BM25", json!({}), Ok(None));
    }

    #[test]
    fn what_is_no_model_is_refused() {
        check("DFR", json!({}), Err("Unsupported BasicModel [null], expected one of [ine, in, g, if]"));
        let old = json!({"basic_model": "be"});
        check("DFR", old, Err("Basic model [be] isn't supported anymore, please use another model."));
        let far = json!({"distribution": "ll", "lambda": "df", "normalization": "z", "normalization.z.z": 0.7});
        check("IB", far, Err("illegal z value: 0.7, must be in the range (0 .. 0.5)"));
        let unknown = json!({"mu": 1, "lambda": 2});
        check("LMDirichlet", unknown, Err("Unknown settings for similarity of type [LMDirichlet]: [lambda]"));
        check("LMJelinekMercer", json!({"lambda": 0}), Err("lambda must be in the range (0 .. 1]"));
    }
}
