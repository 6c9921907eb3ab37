//! Shapes on the earth: a value of a `geo_shape` field, read whole, brought to the globe, and kept as bytes with the box around it.
//!
//! The bytes of a long shape are several terms, which [`crate::score::shape`] puts together again.

use model::error::Error;
use model::geo::shape::{code, ground};

use super::geo::tree;
use super::json::{Token, Value};
use super::plan::{FieldPlan, ShapesPlan};
use super::walk::{Done, Walk, wrap};
use crate::shapes;

/// How deep the values of a shape can mean anything: collections in collections, each an object in an array of another.
const DEPTH: u32 = 2 * 100 + 6;

impl<'a> Walk<'a> {
    /// Reads one value of the field at `plan`, or an array of them.
    pub(super) fn shape_value(&mut self, plan: &FieldPlan, shapes: &ShapesPlan, value: Value<'a>) -> Done {
        if value.token == Token::Array {
            return self.array(&mut |walk| {
                let value = walk.value_of(Some(plan))?;
                walk.shape_value(plan, shapes, value)
            });
        }
        if value.token != Token::Null {
            let failed = |cause| wrap(format!("failed to parse field [{}] of type [geo_shape]", plan.path), cause);
            let json = tree(&mut self.reader, &value, DEPTH).map_err(|fault| failed(fault.error))?;
            let read = shapes.reading.read(&json);
            let pieces = read.and_then(|shape| match shape {
                Some(shape) => ground::pieces(shape),
                None => Ok(Vec::new()),
            });
            match pieces {
                Ok(pieces) => self.keep_shape(plan, shapes, code::encode(&pieces))?,
                Err(_) if plan.ignore_malformed => self.out.ignored(&plan.path),
                Err(cause) => return Err(failed(cause).into()),
            }
        }
        match plan.copy_to.first() {
            None => Ok(()),
            Some(_) if self.copying => Ok(()),
            Some(target) if value.token == Token::Object => Err(self.nothing_to_copy(target)),
            Some(_) => self.copy(plan, &value),
        }
    }

    fn keep_shape(&mut self, plan: &FieldPlan, shapes: &ShapesPlan, coded: Option<(Vec<u8>, code::Steps)>) -> Done {
        let (Some((bytes, steps)), Some(slot)) = (coded, plan.slot) else { return Ok(()) };
        let several = self.out.terms_of(slot).next().is_some();
        if several && shapes.single {
            let path = &plan.path;
            let reason = format!(
                "DocValuesField \"{path}\" appears more than once in this document (only one value is allowed per field)"
            );
            return Err(Error::illegal_argument(reason).into());
        }
        shapes::terms(&bytes, &mut |term| self.out.piece(slot, term));
        for (side, step) in shapes.sides.iter().zip(steps) {
            self.out.number(*side, i64::from(step));
        }
        Ok(())
    }
}
