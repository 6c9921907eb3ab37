//! How far a vector is from that of a document: functions that need no class.

use model::error::ErrorKind;

use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::Object;
use crate::program::run::Frame;

/// Their names.
const FUNCTIONS: [&str; 6] = ["l2Squared", "l1Norm", "lInfNorm", "innerProduct", "cosineSimilarity", "hamming"];

/// Whether there is such a function.
pub(crate) fn is_known(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

/// `name(vector, doc['field'])`; `cosineSimilarity` takes the square of the vector's length, too.
///
/// # Errors
/// A document without a vector, vectors of several lengths, what is no vector.
pub(crate) fn call(frame: &Frame<'_, '_>, name: &str, arguments: &[Object], at: usize) -> Result<Object, Fault> {
    let wrong = |reason: String| Fault::new(at, ErrorKind::IllegalArgument, reason);
    let (given, values, square) = match (name, arguments) {
        (_, [given, values]) => (given, values, None),
        ("cosineSimilarity", [given, values, square]) => (given, values, square.as_f64()),
        _ => return Err(wrong(format!("Unknown call [{name}] with [{}] arguments.", arguments.len()))),
    };
    let Object::Values(place) = values else {
        return Err(Fault::cast(at, format!("[{name}] takes the vectors of a document: doc['field']")));
    };
    let Some(vector) = frame.heap.items(*place).first() else {
        let reason = "A document doesn't have a value for a field! Use doc[<field>].size()==0 to check if a document is missing a field!";
        return Err(Fault::new(at, ErrorKind::IllegalState, reason));
    };
    let (given, vector) = (numbers(frame, given, at)?, numbers(frame, vector, at)?);
    if given.len() != vector.len() {
        let (found, wanted) = (given.len(), vector.len());
        return Err(wrong(format!("query vector and input vector mismatch. Dimension: {found}, expected: {wanted}")));
    }
    let pairs = || given.iter().zip(&vector);
    let dot = || pairs().map(|(a, b)| a * b).sum::<f64>();
    let found = match name {
        "l2Squared" => pairs().map(|(a, b)| (a - b) * (a - b)).sum(),
        "l1Norm" => pairs().map(|(a, b)| (a - b).abs()).sum(),
        "lInfNorm" => pairs().map(|(a, b)| (a - b).abs()).fold(0.0, f64::max),
        "innerProduct" => dot(),
        "hamming" => {
            if !of_bytes(frame, values) {
                return Err(wrong("[hamming] takes vectors of bits alone".to_owned()));
            }
            pairs().map(|(a, b)| f64::from((*a as i8 ^ *b as i8).count_ones())).sum()
        }
        _ => {
            let length = |numbers: &[f64]| numbers.iter().map(|number| number * number).sum::<f64>();
            if length(&given) == 0.0 {
                return Err(wrong("zero vector is not supported when space type is [cosinesimil]".to_owned()));
            }
            let product = square.unwrap_or_else(|| length(&given)) * length(&vector);
            if product == 0.0 { 0.0 } else { dot() / product.sqrt() }
        }
    };
    // A float, as in the plugin.
    Ok(Object::Plain(Value::Double(f64::from(found as f32))))
}

/// Whether the vectors of a document are of bytes.
fn of_bytes(frame: &Frame<'_, '_>, values: &Object) -> bool {
    let Object::Values(place) = values else { return false };
    let Some(Object::List(place)) = frame.heap.items(*place).first() else { return false };
    frame.heap.items(*place).iter().all(|item| matches!(item, Object::Plain(Value::Int(_))))
}

/// The numbers of a list, of 32 bits.
fn numbers(frame: &Frame<'_, '_>, list: &Object, at: usize) -> Result<Vec<f64>, Fault> {
    let found: Option<Vec<f64>> = match list {
        Object::List(place) => {
            frame.heap.items(*place).iter().map(|item| item.as_f64().map(|number| f64::from(number as f32))).collect()
        }
        _ => None,
    };
    found.ok_or_else(|| Fault::cast(at, "a vector is a list of numbers"))
}
