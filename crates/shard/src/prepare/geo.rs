//! Points on the earth: a value of a `geo_point` field, read whole (an array of two numbers is one point), checked, and given to the
//! field, its multi-fields and the fields it is copied to.

use std::borrow::Cow;

use model::error::{Error, ErrorKind};
use model::geo::{GeoPoint, encode, hash, read};
use model::mapping::FieldKind;
use serde_json::{Map, Value as Json};

use super::json::{Fault, Reader, Token, Value};
use super::plan::{FieldPlan, Presence};
use super::walk::{Done, Failure, Walk, wrap};

/// How deep the values of a point can mean anything: an array of GeoJSON objects with an array of coordinates.
const DEPTH: u32 = 3;

impl<'a> Walk<'a> {
    /// Reads one value of the field at `plan`.
    pub(super) fn geo_value(&mut self, plan: &FieldPlan, value: Value<'a>) -> Done {
        if value.token == Token::Null {
            if let Some(point) = plan.places.as_ref().and_then(|places| places.null) {
                self.place(plan, &[point]);
            }
        } else {
            let json = tree(&mut self.reader, &value, DEPTH).map_err(|fault| geo_failed(&plan.path, fault.error))?;
            let ignore_z = plan.places.as_ref().is_none_or(|places| places.ignore_z_value);
            for part in read::points(&json, ignore_z) {
                match part.and_then(|points| on_globe(plan, points)) {
                    Ok(points) => self.geo_leaves(plan, &points)?,
                    Err(_) if plan.ignore_malformed => self.out.ignored(&plan.path),
                    Err(cause) => return Err(geo_failed(&plan.path, cause).into()),
                }
            }
        }
        match plan.copy_to.first() {
            None => Ok(()),
            Some(_) if self.copying => Ok(()),
            Some(target) if matches!(value.token, Token::Object | Token::Array) => Err(self.nothing_to_copy(target)),
            Some(_) => self.copy(plan, &value),
        }
    }

    /// Gives the points to the field, and their geohashes to its multi-fields.
    fn geo_leaves(&mut self, plan: &FieldPlan, points: &[GeoPoint]) -> Done {
        self.place(plan, points);
        if plan.multi_fields.is_empty() || points.is_empty() {
            return Ok(());
        }
        let hashes: Vec<String> = points.iter().map(|&point| hash::encode(point, hash::MAX_PRECISION)).collect();
        let text = match hashes.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(",")),
        };
        let offset = self.reader.offset();
        let value = Value { token: Token::String(Cow::Owned(text)), start: offset, end: offset };
        plan.multi_fields.iter().try_for_each(|inner| match inner.kind {
            FieldKind::GeoPoint => self.geo_leaves(inner, points),
            _ => self.leaf(inner, &value),
        })
    }

    fn place(&mut self, plan: &FieldPlan, points: &[GeoPoint]) {
        for &point in points {
            self.out.number(plan.slot, encode(point));
        }
        if plan.presence == Presence::Listed && !points.is_empty() {
            self.out.present(&plan.path);
        }
    }

    /// Only single texts can be copied: the target reads what stands behind a value of several tokens.
    pub(super) fn nothing_to_copy(&self, target: &str) -> Failure {
        let kind = self.preparer.mapping().field(target).map(|field| field.kind.clone());
        match kind {
            Some(FieldKind::GeoPoint) => geo_failed(target, Error::new(ErrorKind::Parse, "geo_point expected")).into(),
            _ => self.nothing_left(target).into(),
        }
    }
}

/// Brings points back to the globe when the field takes malformed values, else refuses those beyond it.
fn on_globe(plan: &FieldPlan, mut points: Vec<GeoPoint>) -> Result<Vec<GeoPoint>, Error> {
    for point in &mut points {
        if plan.ignore_malformed && point.lat.is_finite() && point.lon.is_finite() {
            *point = point.normalized();
        }
        read::check(*point, &format!(" for {}", plan.path))?;
    }
    Ok(points)
}

fn geo_failed(path: &str, cause: Error) -> Error {
    wrap(format!("failed to parse field [{path}] of type [geo_point]"), cause)
}

/// A value as a tree; what lies deeper than `depth` is an empty array.
pub(super) fn tree<'a>(reader: &mut Reader<'a>, value: &Value<'a>, depth: u32) -> Result<Json, Fault> {
    Ok(match &value.token {
        Token::Null => Json::Null,
        Token::Bool(flag) => Json::Bool(*flag),
        Token::String(text) => Json::String(text.to_string()),
        Token::Number { text, .. } => match text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
            Some(number) => Json::Number(number),
            // Beyond what a float can be: read as the text is.
            None => Json::String(text.to_string()),
        },
        Token::Object | Token::Array if depth == 0 => {
            reader.skip_open()?;
            Json::Array(Vec::new())
        }
        Token::Object => {
            let mut object = Map::new();
            while let Some(key) = reader.next_key()? {
                let inner = reader.value()?;
                object.insert(key.into_owned(), tree(reader, &inner, depth - 1)?);
            }
            Json::Object(object)
        }
        Token::Array => {
            let mut items = Vec::new();
            while reader.next_element()? {
                let inner = reader.value()?;
                items.push(tree(reader, &inner, depth - 1)?);
            }
            Json::Array(items)
        }
    })
}
