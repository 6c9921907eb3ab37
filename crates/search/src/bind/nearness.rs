//! The scoring scripts of vectors (`"lang": "knn"`), as programs: how near the vector of a document is to one that is given.

use model::error::{Error, ErrorKind};
use model::mapping::vector::VectorElement;
use model::mapping::{FieldKind, Mapping};
use model::script::Script;
use serde_json::Value;

use super::fault::{Fault, Outcome};

/// The one name that such a script has.
const NAME: &str = "knn_score";

/// What a script asks for, as a program that scores documents without a vector 0.
///
/// # Errors
/// A name that is not known, parameters that are missing or do not fit the field.
pub(super) fn program(script: &Script, mapping: &Mapping) -> Outcome<Script> {
    if script.source != NAME {
        return Err(Fault::illegal_argument(format!("Unknown script name {}", script.source)));
    }
    let given = |name: &str| {
        let value = script.params.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let value = value.filter(|value| !value.is_null());
        value.ok_or_else(|| Fault::illegal_argument(format!("Missing parameter [{name}]")))
    };
    let (field, vector, space) = (given("field")?, given("query_value")?, given("space_type")?);
    let space = space.as_str().unwrap_or_default();
    let score = match space {
        "l2" => "1.0 / (1.0 + l2Squared(params.query_value, values))",
        "l1" => "1.0 / (1.0 + l1Norm(params.query_value, values))",
        "linf" => "1.0 / (1.0 + lInfNorm(params.query_value, values))",
        "hamming" => "1.0 / (1.0 + hamming(params.query_value, values))",
        "cosinesimil" => "(1.0 + cosineSimilarity(params.query_value, values)) / 2.0",
        "innerproduct" => {
            "innerProduct(params.query_value, values) < 0 ? 1.0 / (1.0 - innerProduct(params.query_value, values)) : innerProduct(params.query_value, values) + 1.0"
        }
        "hammingbit" => return Err(no_bits(field, mapping)),
        _ => return Err(Fault::illegal_argument("Invalid space type. Please refer to the available space types.")),
    };
    fits(space, (field, vector), mapping)?;
    let source = format!("def values = doc[params.field]; if (values.size() == 0) {{ return 0.0; }} return {score};");
    Ok(Script::painless(source, script.params.clone()))
}

/// Bits of numbers and binary values are compared nowhere here.
fn no_bits(field: &Value, mapping: &Mapping) -> Fault {
    let found = field.as_str().and_then(|name| mapping.field(name));
    match found.map(|field| field.type_name()) {
        Some("long" | "binary") => {
            Fault::AsIs(Error::not_implemented("the space [hammingbit] over fields of type long and binary"))
        }
        _ => Fault::illegal_argument(
            "Incompatible field_type for hammingbit space. The field type must of type long or binary.",
        ),
    }
}

fn fits(space: &str, (field, vector): (&Value, &Value), mapping: &Mapping) -> Outcome<()> {
    let found = field.as_str().and_then(|name| mapping.field(name));
    let found = found.filter(|field| matches!(field.kind, FieldKind::KnnVector | FieldKind::DenseVector));
    let Some(vectors) = found.and_then(|field| field.vector.as_deref()) else {
        let reason = format!("Incompatible field_type for {space} space. The field type must be knn_vector.");
        return Err(Fault::illegal_argument(reason));
    };
    let bits = vectors.element == VectorElement::Binary;
    if bits != (space == "hamming") {
        let wanted = if bits { "either float or byte" } else { "[BINARY]" };
        let reason = format!("Incompatible field_type for {space} space. The data type should be {wanted}");
        return Err(Fault::illegal_argument(reason));
    }
    let cast = |what: &str| {
        Fault::Create(Error::new(ErrorKind::ClassCast, format!("the parameter [query_value] must be {what}")))
    };
    let items = vector.as_array().ok_or_else(|| cast("a list of numbers"))?;
    let wanted = if bits { vectors.dimension / 8 } else { vectors.dimension };
    if items.len() != wanted as usize {
        let reason = format!("Object's length={} does not match the expected length={wanted}.", items.len());
        return Err(Fault::Create(Error::new(ErrorKind::IllegalState, reason)));
    }
    let numbers: Option<Vec<f64>> = items.iter().map(Value::as_f64).collect();
    let numbers = numbers.ok_or_else(|| cast("a list of numbers"))?;
    let whole = numbers.iter().all(|number| number.fract() == 0.0);
    let of_bytes = bits || vectors.element == VectorElement::Byte;
    if of_bytes && !(whole && numbers.iter().all(|number| (-128.0..=127.0).contains(number))) {
        let why = if whole { "not within in the byte range [-128, 127]" } else { "floats instead of byte integers" };
        let reason = format!("[data_type] field was set as [byte] in index mapping. But, KNN vector values are {why}");
        return Err(Fault::illegal_argument(reason));
    }
    if space == "cosinesimil" && numbers.iter().all(|number| *number == 0.0) {
        let reason = "zero vector is not supported when space type is [cosinesimil]";
        return Err(Fault::illegal_argument(reason));
    }
    Ok(())
}
