//! The query `geo_shape`: a shape, inline or in a document, and how those of documents stand to it.

use model::error::Error;
use model::geo::shape::read::Reading;
use model::geo::shape::relate::Relation;
use model::query::geo::{AskedShape, ByShape};
use model::query::term_level::Lookup;
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields, text_of};

/// Where shapes are looked up unless it is said.
const INDEX: &str = "shapes";
/// The path of a shape in its document unless it is said.
const PATH: &str = "shape";

fn unsupported(field: Field<'_>) -> Error {
    Error::parsing(format!("query does not support [{}]", field.key))
}

/// What stands under the name of the field.
#[derive(Default)]
struct Asked {
    shape: Option<AskedShape>,
    indexed: Option<Lookup>,
    relation: Relation,
}

/// `geo_shape`. It scores its boost, which is 0 where none is given.
pub(super) fn geo_shape(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::silent();
    let (mut asked, mut ignore_unmapped) = (None, false);
    for field in fields("geo_shape", object) {
        match field.value {
            Value::Object(_) if asked.is_some() => {
                return Err(Error::parsing(format!("point specified twice. [{}]", field.key)));
            }
            Value::Object(inner) => asked = Some((field.key.to_owned(), read(inner)?)),
            Value::Null | Value::Array(_) => return Err(unsupported(field)),
            _ if field.key == "ignore_unmapped" => ignore_unmapped = field.flag()?,
            _ if carried.take(field)? => {}
            _ => return Err(unsupported(field)),
        }
    }
    let Some((field, Asked { shape, indexed, relation })) = asked else {
        return Err(Error::illegal_argument("fieldName is required"));
    };
    let shape = shape.or(indexed.map(AskedShape::Indexed));
    let shape = shape.ok_or_else(|| Error::illegal_argument("either shape or indexedShapeId is required"))?;
    Ok(carried.query(Kind::ByShape(Box::new(ByShape { field, shape, relation, ignore_unmapped }))))
}

fn read(object: &Map<String, Value>) -> Result<Asked, Error> {
    let mut asked = Asked::default();
    for option in fields("geo_shape", object) {
        match (option.key, option.value) {
            ("shape", value) => asked.shape = Reading::QUERY.read(value)?.map(AskedShape::Given),
            ("indexed_shape", Value::Object(place)) => asked.indexed = indexed(place),
            ("indexed_shape", _) => {}
            ("relation", _) => {
                let name = option.text()?;
                let unknown = || Error::parsing(format!("Unknown shape operation [{name} ]"));
                asked.relation = Relation::parse(&name).ok_or_else(unknown)?;
            }
            // How OpenSearch would cover shapes with cells, which it does no more.
            ("strategy", _) => {
                let name = option.text()?;
                if !matches!(name.to_lowercase().as_str(), "recursive" | "term") {
                    return Err(Error::parsing(format!("Unknown strategy [{name} ]")));
                }
            }
            _ => return Err(unsupported(option)),
        }
    }
    Ok(asked)
}

/// `None`: no document is named.
fn indexed(place: &Map<String, Value>) -> Option<Lookup> {
    let text = |name: &str| place.get(name).and_then(text_of);
    Some(Lookup {
        id: text("id")?,
        index: text("index").unwrap_or_else(|| INDEX.to_owned()),
        path: text("path").unwrap_or_else(|| PATH.to_owned()),
        routing: text("routing"),
    })
}
