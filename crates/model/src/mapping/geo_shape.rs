//! What only fields of type `geo_shape` have: the way in which their rings run.

use serde_json::Value;

use super::Field;
use super::text::java_text;
use crate::error::{Error, ErrorKind};
use crate::geo::shape::Orientation;
use crate::geo::shape::read::{Reader, Reading};

/// What an update that does not name it leaves as it was.
pub(super) const KEPT: [&str; 4] = ["ignore_malformed", "ignore_z_value", "coerce", "orientation"];

impl Field {
    /// Of a shape: the way in which rings run that do not say theirs.
    pub fn orientation(&self) -> Orientation {
        let given = self.explicit.get("orientation").and_then(Value::as_str);
        given.and_then(Orientation::parse).unwrap_or_default()
    }

    /// Of a shape: how its values are read.
    pub fn shapes(&self) -> Reading {
        let (orientation, coerce, ignore_z) = (self.orientation(), self.coerce, self.ignore_z_value());
        Reading { reader: Reader::Document, orientation, coerce, ignore_z }
    }
}

pub(super) fn orientation(value: &Value) -> Result<Value, Error> {
    let name = java_text(value);
    let read = Orientation::parse(&name);
    read.map(|orientation| orientation.name().into())
        .ok_or_else(|| Error::new(ErrorKind::IllegalArgument, format!("Unknown orientation [{name}]")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mapping::Mapping;

    fn mapping(parameters: Value) -> Result<Mapping, Error> {
        let mut field = json!({"type": "geo_shape"});
        if let (Value::Object(field), Value::Object(given)) = (&mut field, parameters) {
            field.extend(given);
        }
        Mapping::parse(&json!({"properties": {"s": field}}))
    }

    #[test]
    fn orientation_has_many_names_and_two_meanings() {
        for (name, meaning) in
            [("cw", Orientation::Left), ("Clockwise", Orientation::Left), ("ccw", Orientation::Right)]
        {
            let mapping = mapping(json!({"orientation": name})).expect(name);
            let field = mapping.field("s").expect("there");
            assert_eq!(field.orientation(), meaning);
            assert_eq!(field.explicit.get("orientation"), Some(&meaning.name().into()));
        }
        let refused = mapping(json!({"orientation": "up"})).expect_err("no orientation");
        assert_eq!(refused.reason, "Unknown orientation [up]");
    }

    #[test]
    fn updates_leave_what_they_do_not_name() {
        let old = mapping(json!({"orientation": "left", "coerce": true})).expect("a mapping");
        let new = old.merge(&mapping(json!({"ignore_malformed": true})).expect("a mapping")).expect("fits");
        let field = new.field("s").expect("there");
        assert!(field.coerce && field.ignore_malformed && field.orientation() == Orientation::Left);
        assert!(old.merge(&mapping(json!({"doc_values": false})).expect("a mapping")).is_err());
    }

    #[test]
    fn trees_are_not_here() {
        let refused = mapping(json!({"strategy": "recursive"})).expect_err("not here");
        assert_eq!(refused.kind, ErrorKind::NotImplemented);
    }
}
