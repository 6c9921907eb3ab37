//! What a vector clause may say of how it is answered: between the brackets of `KNN`, or as attributes behind a clause.

use super::field::Algorithm;
use crate::error::RespError;

/// What a clause of vectors asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Neighbours among all.
    Neighbours,
    /// Neighbours among what a filter finds.
    NeighboursAmong,
    Range,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parameter {
    Effort,
    Epsilon,
    BatchSize,
    Policy,
}

fn wrong(why: &str) -> RespError {
    RespError::line(format!("Error parsing vector similarity parameters: {why}"))
}

/// The candidates that a walk over the graph keeps, where they are said. How a filter is brought in is decided by how many documents
/// pass it, and ranges are exact, so that the others are checked and change nothing.
///
/// # Errors
/// What the search module refuses, in its words and its order: as they are given, then what does not go together.
pub fn effort<'p>(
    given: impl IntoIterator<Item = &'p (String, String)>,
    algorithm: Algorithm,
    asked: Asked,
) -> Result<Option<u32>, RespError> {
    let (mut seen, mut effort, mut scans) = (Vec::new(), None, false);
    for (name, value) in given {
        let parameter = known(name, algorithm, asked)?;
        if seen.contains(&parameter) {
            return Err(wrong("Parameter was specified twice"));
        }
        seen.push(parameter);
        match parameter {
            Parameter::Effort => effort = Some(whole(value)?),
            Parameter::BatchSize => drop(whole(value)?),
            Parameter::Epsilon => {
                let epsilon = value.parse::<f64>().ok().filter(|epsilon| *epsilon > 0.0);
                epsilon.ok_or_else(|| wrong("Invalid value was given"))?;
            }
            Parameter::Policy => {
                scans = value.eq_ignore_ascii_case("ADHOC_BF");
                if !scans && !value.eq_ignore_ascii_case("BATCHES") {
                    return Err(wrong("invalid hybrid policy was given"));
                }
            }
        }
    }
    // A scan has neither batches nor a walk.
    for (parameter, shown) in [(Parameter::BatchSize, "batch size"), (Parameter::Effort, "EF_RUNTIME")] {
        if scans && seen.contains(&parameter) {
            return Err(wrong(&format!("'{shown}' is irrelevant for 'ADHOC_BF' policy")));
        }
    }
    Ok(effort)
}

fn known(name: &str, algorithm: Algorithm, asked: Asked) -> Result<Parameter, RespError> {
    let graph = algorithm == Algorithm::Hnsw;
    let parameter = match name.to_ascii_uppercase().as_str() {
        "EF_RUNTIME" if graph && asked != Asked::Range => Parameter::Effort,
        "EPSILON" if graph => Parameter::Epsilon,
        "BATCH_SIZE" => Parameter::BatchSize,
        "HYBRID_POLICY" => Parameter::Policy,
        _ => return Err(wrong("Invalid option")),
    };
    match parameter {
        Parameter::Epsilon if asked != Asked::Range => {
            Err(wrong("range query attributes were sent for a non-range query"))
        }
        Parameter::BatchSize | Parameter::Policy if asked != Asked::NeighboursAmong => {
            Err(wrong("hybrid query attributes were sent for a non-hybrid query"))
        }
        _ => Ok(parameter),
    }
}

fn whole(value: &str) -> Result<u32, RespError> {
    let number = value.parse::<u64>().ok().filter(|number| *number > 0);
    number.map(|number| u32::try_from(number).unwrap_or(u32::MAX)).ok_or_else(|| wrong("Invalid value was given"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(given: &[(&str, &str)], algorithm: Algorithm, asked: Asked) -> Result<Option<u32>, String> {
        let given: Vec<(String, String)> =
            given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        effort(&given, algorithm, asked).map_err(|error| error.to_string())
    }

    #[test]
    fn effort_is_what_a_walk_is_told() {
        let among = Asked::NeighboursAmong;
        assert_eq!(said(&[], Algorithm::Hnsw, among), Ok(None));
        assert_eq!(said(&[("ef_runtime", "7"), ("HYBRID_POLICY", "batches")], Algorithm::Hnsw, among), Ok(Some(7)));
        assert_eq!(said(&[("epsilon", "0.1")], Algorithm::Hnsw, Asked::Range), Ok(None));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_its_reason() {
        let (flat, graph, among) = (Algorithm::Flat, Algorithm::Hnsw, Asked::NeighboursAmong);
        let check = |given: &[(&str, &str)], algorithm, asked, why: &str| {
            let error = said(given, algorithm, asked).unwrap_err();
            assert!(error.contains(why), "{given:?}: {error}");
        };
        check(&[("EF_RUNTIME", "7")], flat, among, "Invalid option");
        check(&[("EF_RUNTIME", "7")], graph, Asked::Range, "Invalid option");
        check(&[("EF_RUNTIME", "0")], graph, among, "Invalid value");
        check(&[("EF_RUNTIME", "7"), ("ef_runtime", "7")], graph, among, "twice");
        check(&[("EPSILON", "0.1")], graph, among, "range query attributes");
        check(&[("EPSILON", "0")], graph, Asked::Range, "Invalid value");
        check(&[("BATCH_SIZE", "7")], flat, Asked::Neighbours, "hybrid query attributes");
        check(&[("HYBRID_POLICY", "none")], flat, among, "invalid hybrid policy");
        check(&[("BATCH_SIZE", "7"), ("HYBRID_POLICY", "adhoc_bf")], flat, among, "batch size");
        check(&[("EF_RUNTIME", "7"), ("HYBRID_POLICY", "adhoc_bf")], graph, among, "'EF_RUNTIME' is irrelevant");
    }
}
