//! Fields of vectors: `knn_vector` as OpenSearch has it, `dense_vector` as Elasticsearch does; what their parameters come to, and how
//! distances become scores.

use serde_json::{Map, Value, json};

use super::text::java_text;
use super::value::{flag, integer, mapper_parsing, one_of};
use super::{Field, FieldKind};
use crate::error::{Error, ErrorKind};

/// The most dimensions; of single bits eight times as many.
const MAX_DIMENSION: i64 = 16_000;
/// Links a node of a graph, and candidates that they are chosen from, unless the field says otherwise.
const M: u32 = 16;
const EF_CONSTRUCTION: u32 = 100;

/// What a field of vectors holds, and how it is searched.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorField {
    /// Numbers of a vector; bits, where those are what it holds.
    pub dimension: u32,
    pub element: VectorElement,
    pub space: VectorSpace,
    /// What the mapping names; all are served by the same graph.
    pub engine: VectorEngine,
    pub m: u32,
    pub ef_construction: u32,
    /// Candidates of a search, unless it says otherwise.
    pub ef_search: Option<u32>,
    /// Walks go over eight bits a dimension.
    pub quantized: bool,
    /// False: always scanned.
    pub graph: bool,
    /// How many times `k` candidates are compared in full, unless a search says otherwise.
    pub oversample: Option<f32>,
    /// A document may have a list of vectors; the nearest of them counts.
    pub multiple: bool,
}

/// What one number of a vector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorElement {
    Float,
    Half,
    Byte,
    /// Eight bits a number.
    Binary,
}

impl VectorElement {
    /// As in `data_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Half => "half",
            Self::Byte => "byte",
            Self::Binary => "binary",
        }
    }
}

/// How near two vectors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorSpace {
    L2,
    Cosine,
    InnerProduct,
    Hamming,
    /// The inner product of vectors of length one: Elasticsearch's `dot_product`, with scores of its own.
    DotProduct,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorEngine {
    Faiss,
    Lucene,
    /// Of a `dense_vector`, which names none.
    Unnamed,
}

impl VectorSpace {
    /// As in `space_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::L2 => "l2",
            Self::Cosine => "cosinesimil",
            Self::InnerProduct | Self::DotProduct => "innerproduct",
            Self::Hamming => "hamming",
        }
    }
}

impl VectorField {
    /// Numbers that a vector is given as.
    pub fn values(&self) -> usize {
        match self.element {
            VectorElement::Binary => self.dimension as usize / 8,
            _ => self.dimension as usize,
        }
    }

    /// The score at a distance: squared differences, 1 less the cosine, the inner product negated, bits that differ.
    pub fn score(&self, distance: f32) -> f32 {
        match self.space {
            VectorSpace::L2 | VectorSpace::Hamming => 1.0 / (1.0 + distance),
            VectorSpace::Cosine => ((2.0 - distance) / 2.0).max(0.0),
            VectorSpace::InnerProduct if distance > 0.0 => 1.0 / (1.0 + distance),
            VectorSpace::InnerProduct => 1.0 - distance,
            VectorSpace::DotProduct if self.element == VectorElement::Byte => {
                (0.5 - distance / (32_768.0 * self.dimension as f32)).max(0.0)
            }
            VectorSpace::DotProduct => ((1.0 - distance) / 2.0).max(0.0),
        }
    }

    /// The distance at which the score is so high.
    pub fn distance_at(&self, score: f32) -> f32 {
        match self.space {
            VectorSpace::L2 | VectorSpace::Hamming => 1.0 / score - 1.0,
            VectorSpace::Cosine => 2.0 - 2.0 * score,
            VectorSpace::InnerProduct if score > 1.0 => 1.0 - score,
            VectorSpace::InnerProduct => 1.0 / score - 1.0,
            VectorSpace::DotProduct if self.element == VectorElement::Byte => {
                (0.5 - score) * 32_768.0 * self.dimension as f32
            }
            VectorSpace::DotProduct => 1.0 - 2.0 * score,
        }
    }
}

fn validation(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Validation, format!("Validation Failed: 1: {what};"))
}

/// A parameter of a field of vectors in its normal form.
pub(super) fn read(field: &str, name: &str, value: &Value) -> Result<Value, Error> {
    match name {
        "dimension" | "dims" => {
            let unreadable = || {
                let shown = java_text(value);
                Error::illegal_argument(format!(
                    "Unable to parse [{name}] from provided value [{shown}] for vector [{field}]"
                ))
            };
            let whole = value.as_f64().is_none_or(|number| number.fract() == 0.0);
            let dimension = integer(value).ok().filter(|_| whole).ok_or_else(unreadable)?;
            if dimension <= 0 {
                let what = if name == "dims" { "dims" } else { "Dimension value" };
                return Err(Error::illegal_argument(format!("{what} must be greater than 0 for vector: {field}")));
            }
            Ok(dimension.into())
        }
        "data_type" => match java_text(value).to_ascii_lowercase().as_str() {
            known @ ("float" | "byte" | "binary" | "half") => Ok(known.to_ascii_uppercase().into()),
            _ => Err(Error::illegal_argument(
                "Invalid value provided for [data_type] field. Supported values are [binary,byte,float]",
            )),
        },
        "space_type" => Ok(space(value)?.map_or_else(|| java_text(value).into(), |space| space.name().into())),
        "mode" => one_of(name, &["in_memory", "on_disk"], value).map_err(|_| {
            let shown = java_text(value);
            mapper_parsing(format!(
                "Unknown value [{shown}] for field [mode] - accepted values are [null, in_memory, on_disk]"
            ))
        }),
        "compression_level" => one_of(name, &["", "1x", "2x", "4x", "8x", "16x", "32x"], value),
        "method" => method(value),
        "element_type" => match java_text(value).as_str() {
            known @ ("float" | "byte") => Ok(known.into()),
            "bit" => Err(Error::not_implemented("[element_type] [bit] of a dense_vector")),
            other => {
                Err(mapper_parsing(format!("invalid element_type [{other}]; available types are [bit, byte, float]")))
            }
        },
        "similarity" => one_of(name, &["cosine", "l2_norm", "dot_product", "max_inner_product"], value),
        "index_options" if value.is_object() => Ok(value.clone()),
        "index_options" => Err(mapper_parsing("[index_options] must be an object")),
        "model_id" => Err(Error::not_implemented("a k-NN model [model_id]: give [dimension] and [method]")),
        _ => Ok(value.clone()),
    }
}

/// `None`: not said.
fn space(value: &Value) -> Result<Option<VectorSpace>, Error> {
    Ok(Some(match java_text(value).to_ascii_lowercase().as_str() {
        "l2" => VectorSpace::L2,
        "cosinesimil" => VectorSpace::Cosine,
        "innerproduct" => VectorSpace::InnerProduct,
        "hamming" => VectorSpace::Hamming,
        // They are known, and refused where they are used.
        "undefined" | "" | "l1" | "linf" => return Ok(None),
        other => return Err(mapper_parsing(format!("Invalid space_type: {other}"))),
    }))
}

/// `method` with what it does not say filled in, but for the space.
fn method(value: &Value) -> Result<Value, Error> {
    let Value::Object(given) = value else {
        return Err(mapper_parsing(format!("Unable to parse method from provided value [{}]", java_text(value))));
    };
    let mut known = Map::new();
    known.insert("engine".into(), "faiss".into());
    for (key, value) in given {
        match key.as_str() {
            "name" => drop(known.insert(key.clone(), java_text(value).into())),
            "engine" => match java_text(value).to_ascii_lowercase().as_str() {
                engine @ ("faiss" | "lucene") => drop(known.insert(key.clone(), engine.into())),
                "nmslib" => {
                    return Err(Error::illegal_argument(
                        "nmslib engine is deprecated in OpenSearch  and cannot be used for new index creation in OpenSearch from  3.0.0.",
                    ));
                }
                other => return Err(mapper_parsing(format!("Invalid engine: {other}"))),
            },
            "space_type" => {
                let space = space(value)?;
                let name = space.map_or_else(|| java_text(value), |space| space.name().to_owned());
                known.insert(key.clone(), name.into());
            }
            "parameters" if value.is_object() => drop(known.insert(key.clone(), value.clone())),
            "parameters" if value.is_null() => {}
            "parameters" => return Err(mapper_parsing("Unable to parse parameters for main method component")),
            other => return Err(mapper_parsing(format!("Invalid parameter: {other}"))),
        }
    }
    let Some(name) = known.get("name").and_then(Value::as_str) else {
        return Err(mapper_parsing("name needs to be set"));
    };
    match name {
        "hnsw" => {}
        "ivf" if known["engine"] == "faiss" => return Err(Error::not_implemented("k-NN method [ivf]")),
        other => return Err(Error::illegal_argument(format!("Invalid method name: {other}"))),
    }
    known.entry("parameters").or_insert_with(|| json!({}));
    Ok(known.into())
}

/// What the parameters of a field come to; fills in what they leave open.
pub(super) fn complete(name: &str, field: &mut Field) -> Result<(), Error> {
    let resolved = match field.kind {
        FieldKind::KnnVector => knn_vector(name, &mut field.explicit)?,
        FieldKind::DenseVector => dense_vector(name, &field.explicit)?,
        _ => return Ok(()),
    };
    field.vector = Some(Box::new(resolved));
    Ok(())
}

fn knn_vector(name: &str, given: &mut Map<String, Value>) -> Result<VectorField, Error> {
    let dimension = given.get("dimension").and_then(Value::as_i64);
    let dimension =
        dimension.ok_or_else(|| Error::illegal_argument(format!("Dimension value missing for vector: {name}")))?;
    let element = match given.get("data_type").and_then(Value::as_str) {
        Some("BYTE") => VectorElement::Byte,
        Some("BINARY") => VectorElement::Binary,
        Some("HALF") => VectorElement::Half,
        _ => VectorElement::Float,
    };
    if element == VectorElement::Float {
        given.shift_remove("data_type");
    }
    let space = space_of(given, element)?;
    let lucene = given.get("method").is_some_and(|method| method["engine"] == "lucene");
    let engine = if lucene { VectorEngine::Lucene } else { VectorEngine::Faiss };
    let engine_name = if lucene { "lucene" } else { "faiss" };
    if dimension > MAX_DIMENSION {
        let reason =
            format!("Dimension value cannot be greater than {MAX_DIMENSION} for vector with engine: {engine_name}");
        return Err(validation(reason));
    }
    if element == VectorElement::Binary && dimension % 8 != 0 {
        return Err(validation("Dimension should be multiply of 8 for binary vector data type"));
    }
    let compression = given.get("compression_level").and_then(Value::as_str).unwrap_or_default();
    if lucene && !matches!(compression, "" | "1x" | "4x") {
        return Err(validation(format!("\"lucene\" does not support \"{compression}\" compression")));
    }
    let on_disk = given.get("mode").and_then(Value::as_str) == Some("on_disk");
    let mut field = VectorField {
        dimension: dimension as u32,
        element,
        space,
        engine,
        m: M,
        ef_construction: EF_CONSTRUCTION,
        ef_search: None,
        quantized: compression != "1x",
        graph: true,
        oversample: on_disk.then_some(5.0),
        multiple: given.get("multiple").is_some_and(|value| value == true),
    };
    if let Some(Value::Object(method)) = given.get_mut("method") {
        method.insert("space_type".into(), space.name().into());
        parameters(method.get("parameters").and_then(Value::as_object), lucene, &mut field)?;
    }
    Ok(field)
}

/// The name of a space; `None`: there is none.
fn named(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|name| !matches!(*name, "" | "undefined"))
}

/// The space that the field or its method names.
fn space_of(given: &Map<String, Value>, element: VectorElement) -> Result<VectorSpace, Error> {
    let (own, of_method) =
        (named(given.get("space_type")), named(given.get("method").and_then(|method| method.get("space_type"))));
    if let (Some(own), Some(of_method)) = (own, of_method)
        && own != of_method
    {
        return Err(mapper_parsing(format!("Cannot specify conflicting space types: \"[{of_method}]\" \"[{own}]\"")));
    }
    let bits = element == VectorElement::Binary;
    let Some(name) = of_method.or(own) else {
        return Ok(if bits { VectorSpace::Hamming } else { VectorSpace::L2 });
    };
    let found = space(&name.into())?;
    if bits != (found == Some(VectorSpace::Hamming)) {
        let element = element.name();
        return Err(Error::illegal_argument(format!(
            "Space type [{name}] is not supported with [{element}] data type"
        )));
    }
    found.ok_or_else(|| {
        let engine = given.get("method").and_then(|method| method["engine"].as_str()).unwrap_or("faiss");
        validation(format!("\"hnsw\" with \"{engine}\" configuration does not support space type: \"{name}\"."))
    })
}

fn parameters(given: Option<&Map<String, Value>>, lucene: bool, field: &mut VectorField) -> Result<(), Error> {
    for (name, value) in given.into_iter().flatten() {
        let number = || {
            let whole = value.as_i64().ok_or_else(|| {
                validation(format!("value is not an instance of Integer for Integer parameter [{name}]."))
            })?;
            let bounded = u32::try_from(whole).ok().filter(|number| *number > 0);
            bounded.ok_or_else(|| validation(format!("parameter validation failed for Integer parameter [{name}].")))
        };
        match name.as_str() {
            "m" => field.m = number()?,
            "ef_construction" => field.ef_construction = number()?,
            "ef_search" if !lucene => field.ef_search = Some(number()?),
            "encoder" => match value.get("name").and_then(Value::as_str) {
                Some("flat") => field.quantized = false,
                Some("sq" | "binary") => {}
                Some("pq") => return Err(Error::not_implemented("k-NN encoder [pq]")),
                other => {
                    let other = other.unwrap_or("null");
                    return Err(validation(format!("Invalid value for nested component [encoder]: {other}")));
                }
            },
            other => return Err(validation(format!("Unknown parameter '{other}' found"))),
        }
    }
    Ok(())
}

fn dense_vector(name: &str, given: &Map<String, Value>) -> Result<VectorField, Error> {
    let dimension = given.get("dims").and_then(Value::as_i64);
    let dimension =
        dimension.ok_or_else(|| mapper_parsing(format!("Missing required parameter [dims] for field [{name}]")))?;
    if dimension > MAX_DIMENSION {
        let reason =
            format!("The number of dimensions should be in the range [1, {MAX_DIMENSION}] but was [{dimension}]");
        return Err(mapper_parsing(reason));
    }
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let space = match text("similarity") {
        Some("l2_norm") => VectorSpace::L2,
        Some("dot_product") => VectorSpace::DotProduct,
        Some("max_inner_product") => VectorSpace::InnerProduct,
        _ => VectorSpace::Cosine,
    };
    let element = if text("element_type") == Some("byte") { VectorElement::Byte } else { VectorElement::Float };
    let empty = Map::new();
    let options = given.get("index_options").and_then(Value::as_object).unwrap_or(&empty);
    let kind = options.get("type").and_then(Value::as_str).unwrap_or("int8_hnsw");
    let (graph, quantized) = match kind {
        "hnsw" => (true, false),
        "int8_hnsw" | "int4_hnsw" | "bbq_hnsw" => (true, true),
        "flat" | "int8_flat" | "int4_flat" | "bbq_flat" => (false, false),
        other => return Err(mapper_parsing(format!("Unknown vector index options type [{other}] for field [{name}]"))),
    };
    let number = |key: &str, default| -> Result<u32, Error> {
        let Some(value) = options.get(key) else { return Ok(default) };
        let bounded = u32::try_from(integer(value)?).ok().filter(|number| *number > 0);
        bounded.ok_or_else(|| mapper_parsing(format!("[{key}] must be greater than 0")))
    };
    let indexed = given.get("index").map(flag).transpose()?.unwrap_or(true);
    Ok(VectorField {
        dimension: dimension as u32,
        element,
        space,
        engine: VectorEngine::Unnamed,
        m: number("m", M)?,
        ef_construction: number("ef_construction", EF_CONSTRUCTION)?,
        ef_search: None,
        quantized,
        graph: graph && indexed,
        oversample: None,
        multiple: given.get("multiple").is_some_and(|value| value == true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;

    fn parsed(definition: &Value) -> Result<(VectorField, Value), Error> {
        let mapping = Mapping::parse(&json!({"properties": {"v": definition}}))?;
        let field = mapping.field("v").cloned().expect("there");
        Ok((*field.vector.clone().expect("a vector"), field.render()))
    }

    #[test]
    fn definitions_come_to_what_they_mean() {
        let check = |definition: Value, expected: &dyn Fn(&VectorField) -> bool| {
            let (found, _) = parsed(&definition).expect("a definition");
            assert!(expected(&found), "{definition}: {found:?}");
        };
        let knn = |more: Value| {
            let mut definition = json!({"type": "knn_vector", "dimension": 8});
            more.as_object().expect("an object").iter().for_each(|(key, value)| definition[key] = value.clone());
            definition
        };
        check(knn(json!({})), &|f| f.space == VectorSpace::L2 && f.m == 16 && f.quantized && f.graph);
        check(knn(json!({"space_type": "cosinesimil"})), &|f| f.space == VectorSpace::Cosine);
        check(knn(json!({"data_type": "binary"})), &|f| f.space == VectorSpace::Hamming && f.values() == 1);
        check(knn(json!({"compression_level": "1x"})), &|f| !f.quantized);
        let method = json!({"name": "hnsw", "engine": "lucene", "space_type": "innerproduct", "parameters": {"m": 7}});
        check(knn(json!({"method": method})), &|f| f.space == VectorSpace::InnerProduct && f.m == 7);
        check(json!({"type": "dense_vector", "dims": 3}), &|f| f.space == VectorSpace::Cosine && f.quantized);
        check(json!({"type": "dense_vector", "dims": 3, "index": false}), &|f| !f.graph);
    }

    #[test]
    fn methods_are_shown_whole() {
        let (_, shown) =
            parsed(&json!({"type": "knn_vector", "dimension": 3, "method": {"name": "hnsw"}})).expect("one");
        let method = json!({"engine": "faiss", "name": "hnsw", "parameters": {}, "space_type": "l2"});
        assert_eq!(shown, json!({"type": "knn_vector", "dimension": 3, "method": method}));
        let again = parsed(&shown).expect("reads back").1;
        assert_eq!(again, shown);
    }

    #[test]
    fn wrong_definitions_are_refused_in_opensearchs_words() {
        let check = |definition: Value, expected: &str| {
            let error = parsed(&definition).expect_err("refused");
            assert_eq!(error.reason, expected, "{definition}");
        };
        let knn = |rest: &str| serde_json::from_str(&format!("{{\"type\": \"knn_vector\"{rest}}}")).expect("JSON");
        check(knn(""), "Dimension value missing for vector: v");
        check(knn(r#","dimension":0"#), "Dimension value must be greater than 0 for vector: v");
        check(knn(r#","dimension":2.5"#), "Unable to parse [dimension] from provided value [2.5] for vector [v]");
        check(
            knn(r#","dimension":16001"#),
            "Validation Failed: 1: Dimension value cannot be greater than 16000 for vector with engine: faiss;",
        );
        check(
            knn(r#","dimension":3,"space_type":"l1""#),
            "Validation Failed: 1: \"hnsw\" with \"faiss\" configuration does not support space type: \"l1\".;",
        );
        check(
            knn(r#","dimension":3,"space_type":"hamming""#),
            "Space type [hamming] is not supported with [float] data type",
        );
        check(knn(r#","dimension":3,"method":{"engine":"lucene"}"#), "name needs to be set");
        check(
            knn(r#","dimension":3,"method":{"name":"hnsw","engine":"lucene","parameters":{"m":0}}"#),
            "Validation Failed: 1: parameter validation failed for Integer parameter [m].;",
        );
        check(
            knn(r#","dimension":9,"data_type":"binary""#),
            "Validation Failed: 1: Dimension should be multiply of 8 for binary vector data type;",
        );
    }

    #[test]
    fn scores_and_distances_are_inverse() {
        for space in ["l2", "cosinesimil", "innerproduct"] {
            let (field, _) = parsed(&json!({"type": "knn_vector", "dimension": 3, "space_type": space})).expect("one");
            for score in [0.1f32, 0.5, 0.9, 1.0] {
                assert!((field.score(field.distance_at(score)) - score).abs() < 1e-5, "{space} {score}");
            }
        }
    }
}
