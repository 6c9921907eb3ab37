//! Vectors: a value of a field of vectors, read whole, checked as OpenSearch checks it, and turned into the row that segments hold.

use model::error::{Error, ErrorKind};
use model::mapping::vector::{VectorElement, VectorField, VectorSpace};

use super::java::parse_float;
use super::json::{Token, Value, reader_name};
use super::plan::FieldPlan;
use super::preview;
use super::walk::{Done, Walk};

/// How far the length of a vector may be from one under `dot_product`.
const UNIT: f32 = 1e-4;

/// What only fields of vectors have.
#[derive(Clone, Debug)]
pub(super) struct VectorPlan {
    pub(super) field: VectorField,
    pub(super) shape: vector::Shape,
}

impl<'a> Walk<'a> {
    /// Reads the value of the field at `plan`.
    pub(super) fn vector_value(&mut self, plan: &FieldPlan, value: Value<'a>) -> Done {
        let Some(vectors) = &plan.vectors else { return Ok(self.reader.skip(&value)?) };
        let mut numbers = Vec::with_capacity(vectors.field.values());
        match value.token {
            Token::Null => return Ok(()),
            Token::Array => {
                let mut lists = false;
                while self.reader.next_element()? {
                    let number = self.value_of(Some(plan))?;
                    if vectors.field.multiple && numbers.is_empty() && matches!(number.token, Token::Array) {
                        lists = true;
                        self.listed(plan, vectors)?;
                        continue;
                    }
                    self.number(plan, &vectors.field, &number, &mut numbers)?;
                }
                if lists && numbers.is_empty() {
                    return Ok(());
                }
            }
            Token::Number { .. } => self.number(plan, &vectors.field, &value, &mut numbers)?,
            // As OpenSearch: what is no list has no numbers.
            _ => {
                let shown = preview::preview(&value, &mut self.reader)?;
                let cause = check(&vectors.field, &[]).err().unwrap_or_else(|| Error::illegal_argument("no vector"));
                return Err(self.malformed(plan, &shown, cause).into());
            }
        }
        self.row(plan, vectors, &numbers)
    }

    /// One of several vectors, its bracket read.
    fn listed(&mut self, plan: &FieldPlan, vectors: &VectorPlan) -> Done {
        let mut numbers = Vec::with_capacity(vectors.field.values());
        while self.reader.next_element()? {
            let number = self.value_of(Some(plan))?;
            self.number(plan, &vectors.field, &number, &mut numbers)?;
        }
        self.row(plan, vectors, &numbers)
    }

    fn row(&mut self, plan: &FieldPlan, vectors: &VectorPlan, numbers: &[f32]) -> Done {
        if let Err(cause) = check(&vectors.field, numbers) {
            return Err(self.malformed(plan, "null", cause).into());
        }
        let mut row = Vec::with_capacity(vectors.shape.row_bytes());
        if let Err(error) = vectors.shape.push_row(numbers, &mut row) {
            return Err(self.malformed(plan, "null", Error::illegal_argument(error.to_string())).into());
        }
        self.out.vector(plan.slot, vectors.shape, (row, vectors.field.multiple));
        self.out.present(&plan.path);
        Ok(())
    }

    fn number(&mut self, plan: &FieldPlan, field: &VectorField, value: &Value<'a>, out: &mut Vec<f32>) -> Done {
        let read = match &value.token {
            Token::Number { text, .. } => Ok(text.parse::<f32>().unwrap_or(f32::NAN)),
            Token::String(text) => parse_float::<f32>(text),
            other => {
                let reason = format!(
                    "Current token ({}) not numeric, can not use numeric value accessors\n at {}",
                    reader_name(other),
                    self.reader.place(value.end)
                );
                Err(Error::new(ErrorKind::JsonParse, reason))
            }
        };
        match read.and_then(|number| finite(field, number)) {
            // What is too long is counted, not kept.
            Ok(number) if out.len() <= field.values() + MOST_BEYOND => out.push(number),
            Ok(_) => {}
            Err(cause) => {
                let shown = match &value.token {
                    Token::Number { text, .. } if text.parse::<f32>().is_ok_and(f32::is_infinite) => {
                        if text.starts_with('-') { "-Infinity".to_owned() } else { "Infinity".to_owned() }
                    }
                    _ => preview::preview(value, &mut self.reader)?,
                };
                return Err(self.malformed(plan, &shown, cause).into());
            }
        }
        Ok(())
    }
}

/// Numbers beyond the dimension that are still counted for the refusal's sake.
const MOST_BEYOND: usize = 1 << 16;

/// Whether one number fits.
fn finite(field: &VectorField, value: f32) -> Result<f32, Error> {
    if value.is_nan() {
        return Err(Error::illegal_argument("KNN vector values cannot be NaN"));
    }
    if value.is_infinite() {
        return Err(Error::illegal_argument("KNN vector values cannot be infinity"));
    }
    let refused = |what: &str| {
        let element = field.element.name();
        Err(Error::illegal_argument(format!(
            "[data_type] field was set as [{element}] in index mapping. But, KNN vector values are {what}"
        )))
    };
    match field.element {
        VectorElement::Byte | VectorElement::Binary if value.fract() != 0.0 => {
            refused("floats instead of byte integers")
        }
        VectorElement::Byte | VectorElement::Binary if !(-128.0..=127.0).contains(&value) => {
            refused("not within in the byte range [-128, 127]")
        }
        VectorElement::Half if value.abs() >= 65_520.0 => refused("beyond 16 bits"),
        _ => Ok(value),
    }
}

/// Whether a whole vector fits.
fn check(field: &VectorField, vector: &[f32]) -> Result<(), Error> {
    let wanted = field.dimension;
    if vector.len() != field.values() {
        return Err(Error::illegal_argument(if field.element == VectorElement::Binary {
            let found = 8 * vector.len();
            format!(
                "The dimension of the binary vector must be 8 times the length of the provided vector. Expected: {wanted}, Given: {found}"
            )
        } else {
            format!("Vector dimension mismatch. Expected: {wanted}, Given: {}", vector.len())
        }));
    }
    match field.space {
        VectorSpace::Cosine if vector.iter().all(|value| *value == 0.0) => {
            Err(Error::illegal_argument("zero vector is not supported when space type is [cosinesimil]"))
        }
        VectorSpace::DotProduct if field.element == VectorElement::Float => {
            let square: f32 = vector.iter().map(|value| value * value).sum();
            if (square - 1.0).abs() <= UNIT {
                return Ok(());
            }
            Err(Error::illegal_argument("The [dot_product] similarity can only be used with unit-length vectors."))
        }
        _ => Ok(()),
    }
}
