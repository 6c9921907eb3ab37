//! `percolate`.

use model::error::{Error, ErrorKind};
use model::json::token;
use model::query::percolate::{Documents, Percolate, StoredDocument};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, build_failed, fields, required};
use super::queries::parsing_of;
use super::suggest;

/// The keys that may be declared.
const DECLARED: [&str; 11] =
    ["_name", "boost", "document", "documents", "field", "id", "index", "name", "preference", "routing", "version"];

/// What was given of the document.
#[derive(Default)]
struct Given {
    field: Option<String>,
    name: Option<String>,
    documents: Option<Vec<Value>>,
    index: Option<String>,
    id: Option<String>,
    routing: Option<String>,
    preference: Option<String>,
    version: Option<i64>,
    /// Those of which only one may be, in their order.
    exclusive: Vec<String>,
}

pub(super) fn percolate(object: &Map<String, Value>) -> Result<Query, Error> {
    let (mut carried, mut given) = (Carried::new(), Given::default());
    for field in fields("percolate", object) {
        if !given.take(field)? && !carried.take_declared(field)? {
            let meant = suggest::did_you_mean(&suggest::alike(field.key, DECLARED.into_iter()));
            let unknown = field.undeclared();
            return Err(Error::new(ErrorKind::XContentParse, format!("{}{meant}", unknown.reason)));
        }
    }
    given.finish().map(|percolate| carried.query(Kind::Percolate(Box::new(percolate))))
}

impl Given {
    /// Whether the key is one of its own.
    fn take(&mut self, field: Field<'_>) -> Result<bool, Error> {
        let text = || field.typed(&["VALUE_STRING"])?.text().map(Some);
        match field.key {
            "field" => self.field = text()?,
            "name" => self.name = text()?,
            "index" => self.index = text()?,
            "id" => self.id = text()?,
            "routing" => self.routing = text()?,
            "preference" => self.preference = text()?,
            "version" => self.version = Some(version(field)?),
            "document" => {
                field.typed(&["START_OBJECT"])?;
                self.documents = Some(vec![field.value.clone()]);
            }
            "documents" => self.documents = Some(documents(field)?),
            _ => return Ok(false),
        }
        if matches!(field.key, "document" | "documents" | "id") {
            self.exclusive.push(field.key.to_owned());
        }
        Ok(true)
    }

    fn finish(self) -> Result<Percolate, Error> {
        if self.exclusive.len() > 1 {
            let names = self.exclusive.join(", ");
            return Err(Error::illegal_argument(format!("The following fields are not allowed together: [{names}] ")));
        }
        if self.exclusive.is_empty() {
            let reason = "Required one of fields [document, documents, id], but none were specified. ";
            return Err(Error::illegal_argument(reason));
        }
        let field = self.field.ok_or_else(|| required("field"))?;
        let documents = match (self.documents, self.id) {
            (Some(documents), _) if documents.is_empty() => return Err(nothing_named()),
            (Some(documents), _) => Documents::Given(documents),
            (None, id) => {
                let missing = || Error::illegal_argument("[index] is a required argument");
                let index = self.index.ok_or_else(|| build_failed("percolate", missing()))?;
                Documents::Stored(StoredDocument {
                    index,
                    id: id.unwrap_or_default(),
                    routing: self.routing,
                    preference: self.preference,
                    version: self.version,
                })
            }
        };
        Ok(Percolate { field, name: self.name, documents })
    }
}

/// No documents are one that is to be looked up, without saying which.
fn nothing_named() -> Error {
    Error::new(ErrorKind::ActionRequestValidation, "Validation Failed: 1: index is missing;2: id is missing;")
}

fn version(field: Field<'_>) -> Result<i64, Error> {
    let typed = field.typed(&["VALUE_NUMBER", "VALUE_STRING"])?;
    if let Some(whole) = typed.value.as_i64() {
        return Ok(whole);
    }
    let number = typed.double().map_err(|error| parsing_of(field.failed(error)))?;
    Ok(number as i64)
}

fn documents(field: Field<'_>) -> Result<Vec<Value>, Error> {
    field.typed(&["START_OBJECT", "START_ARRAY"])?;
    let Value::Array(all) = field.value else { return Ok(vec![field.value.clone()]) };
    if let Some(list) = all.iter().find(|one| one.is_array()) {
        let reason = format!("expected value but got [{}]", token(list));
        return Err(field.failed(Error::new(ErrorKind::IllegalState, reason)));
    }
    Ok(all.clone())
}
