//! `fingerprint`: a hash of fields, by which documents that say the same can be told.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use md5::{Digest, Md5};
use model::binary::to_padded_base64;
use model::error::Error;
use script::program::java_text;
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;
use sha3::Sha3_256;

use crate::document::{Document, type_name};
use crate::options::Options;

/// Names that are no fields of a document.
const META: [&str; 5] = ["_index", "_id", "_routing", "_version", "_version_type"];
/// Objects within each other at most.
const MAX_DEPTH: usize = 200;

#[derive(Clone, Debug)]
pub(crate) struct Fingerprint {
    which: Which,
    method: Method,
    target: String,
    ignore_missing: bool,
}

#[derive(Clone, Debug)]
enum Which {
    /// Sorted; empty: all of them.
    These(BTreeSet<String>),
    /// All but these of the outermost.
    Without(BTreeSet<String>),
}

#[derive(Clone, Copy, Debug)]
enum Method {
    Md5,
    Sha1,
    Sha256,
    Sha3,
}

impl Method {
    /// As requests and fingerprints name it: with the version that defined what is hashed.
    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5@2.16.0",
            Self::Sha1 => "SHA-1@2.16.0",
            Self::Sha256 => "SHA-256@2.16.0",
            Self::Sha3 => "SHA3-256@2.16.0",
        }
    }

    fn hash(self, text: &str) -> Vec<u8> {
        match self {
            Self::Md5 => Md5::digest(text).to_vec(),
            Self::Sha1 => Sha1::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
            Self::Sha3 => Sha3_256::digest(text).to_vec(),
        }
    }
}

impl Fingerprint {
    pub(super) fn read(options: &mut Options) -> Result<Self, Error> {
        let (these, without) = (names(options, "fields")?, names(options, "exclude_fields")?);
        let which = match (these, without) {
            (Some(these), Some(without)) if !these.is_empty() && !without.is_empty() => {
                return Err(options.refused("fields", "either fields or exclude_fields can be set"));
            }
            (_, Some(without)) if !without.is_empty() => Which::Without(without),
            (these, _) => Which::These(these.unwrap_or_default()),
        };
        let method = match options.text("hash_method")? {
            None => Method::Sha1,
            Some(name) => {
                let all = [Method::Md5, Method::Sha1, Method::Sha256, Method::Sha3];
                let why = "hash method must be MD5@2.16.0, SHA-1@2.16.0, SHA-256@2.16.0 or SHA3-256@2.16.0";
                all.into_iter().find(|one| one.name() == name).ok_or_else(|| options.refused("hash_method", why))?
            }
        };
        let target = options.text("target_field")?.unwrap_or_else(|| "fingerprint".to_owned());
        Ok(Self { which, method, target, ignore_missing: options.flag("ignore_missing", false)? })
    }

    pub(super) fn process(&self, document: &mut Document) -> Result<(), Error> {
        let mut told = String::new();
        match &self.which {
            Which::These(names) if !names.is_empty() => {
                for name in names.iter().filter(|name| !META.contains(&name.as_str())) {
                    match document.find(name) {
                        Some(value) => tell(name, value, MAX_DEPTH, &mut told)?,
                        None if self.ignore_missing => {}
                        None => return Err(Error::illegal_argument(format!("field [{name}] doesn't exist"))),
                    }
                }
            }
            Which::These(_) => all(document, &BTreeSet::new(), &mut told)?,
            Which::Without(names) => all(document, names, &mut told)?,
        }
        if told.is_empty() {
            return Ok(());
        }
        told.push('|');
        let hash = to_padded_base64(&self.method.hash(&told));
        if self.target.is_empty() {
            return Err(Error::illegal_argument("path cannot be null nor empty"));
        }
        document.set(&self.target, format!("{}:{hash}", self.method.name()).into())
    }
}

fn names(options: &mut Options, key: &str) -> Result<Option<BTreeSet<String>>, Error> {
    let items = match options.take(key) {
        None => return Ok(None),
        Some(Value::Array(items)) => items,
        Some(other) => {
            let why = format!("property isn't a list, but of type [{}]", type_name(&other));
            return Err(options.refused(key, &why));
        }
    };
    let mut names = BTreeSet::new();
    for item in items {
        match item {
            Value::String(name) if !name.is_empty() => names.insert(name),
            _ => return Err(options.refused(key, "field name cannot be null nor empty")),
        };
    }
    Ok(Some(names))
}

/// All of the outermost fields but those.
fn all(document: &Document, without: &BTreeSet<String>, told: &mut String) -> Result<(), Error> {
    let names: BTreeSet<&String> = document.source.keys().filter(|name| !without.contains(*name)).collect();
    names.into_iter().try_for_each(|name| tell(name, &document.source[name], MAX_DEPTH, told))
}

/// `|name|length:value`, for each field of an object in order of their names.
fn tell(name: &str, value: &Value, depth: usize, told: &mut String) -> Result<(), Error> {
    if let Value::Object(fields) = value {
        let deeper = depth.checked_sub(1).ok_or_else(|| {
            Error::illegal_argument(format!("field [{name}] is nested deeper than {MAX_DEPTH} levels"))
        })?;
        let names: BTreeSet<&String> = fields.keys().collect();
        return names.into_iter().try_for_each(|inner| tell(&format!("{name}.{inner}"), &fields[inner], deeper, told));
    }
    let text = java_text(value)?;
    // Writing to a string cannot fail.
    let _ = write!(told, "|{name}|{}:{text}", text.encode_utf16().count());
    Ok(())
}
