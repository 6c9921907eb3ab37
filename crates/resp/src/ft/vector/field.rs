//! `VECTOR` in a schema: what it says, and the field that it becomes.

use model::mapping::vector::{self as mapping, VectorElement, VectorSpace};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::super::create::word;
use crate::args::{Args, loose_integer};
use crate::error::RespError;

type Outcome<T> = Result<T, RespError>;

fn refuse<T>(line: impl Into<std::borrow::Cow<'static, str>>) -> Outcome<T> {
    Err(RespError::line(line))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Algorithm {
    Flat,
    Hnsw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Element {
    Float32,
    Float64,
    Float16,
    BFloat16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Metric {
    L2,
    Ip,
    Cosine,
}

impl Algorithm {
    pub fn name(self) -> &'static str {
        match self {
            Self::Flat => "FLAT",
            Self::Hnsw => "HNSW",
        }
    }
}

impl Element {
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "FLOAT32",
            Self::Float64 => "FLOAT64",
            Self::Float16 => "FLOAT16",
            Self::BFloat16 => "BFLOAT16",
        }
    }

    /// Bytes of one number.
    pub fn width(self) -> usize {
        match self {
            Self::Float64 => 8,
            Self::Float32 => 4,
            Self::Float16 | Self::BFloat16 => 2,
        }
    }
}

impl Metric {
    pub fn name(self) -> &'static str {
        match self {
            Self::L2 => "L2",
            Self::Ip => "IP",
            Self::Cosine => "COSINE",
        }
    }
}

/// An attribute of vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VectorField {
    pub algorithm: Algorithm,
    pub element: Element,
    pub dimension: u32,
    pub metric: Metric,
    /// Links of a node of the graph.
    pub m: u32,
    pub ef_construction: u32,
    /// Candidates of a search that names no number.
    pub ef_runtime: u32,
}

/// Most numbers of a vector.
const MAX_DIMENSION: u32 = 16_000;

impl VectorField {
    /// Reads what stands behind `VECTOR`.
    ///
    /// # Errors
    /// As the search module words them.
    pub fn read(args: &mut Args) -> Outcome<Self> {
        let missing =
            |what: &str| format!("Bad arguments for vector similarity {what}: Expected an argument, but none provided");
        let algorithm = word(args, "VECTOR").map_err(|_| RespError::line(missing("algorithm")))?;
        let algorithm = match algorithm.to_ascii_uppercase().as_str() {
            "FLAT" => Algorithm::Flat,
            "HNSW" => Algorithm::Hnsw,
            _ => return refuse("Bad arguments for vector similarity algorithm: Unknown argument"),
        };
        let what = "number of parameters";
        let count = word(args, "VECTOR").map_err(|_| RespError::line(missing(what)))?;
        let count = loose_integer(count.as_bytes()).and_then(|count| usize::try_from(count).ok());
        let count = count.ok_or_else(|| not_a_number(what))?;
        if !count.is_multiple_of(2) {
            return refuse(format!(
                "Bad number of arguments for vector similarity index: got {count} but expected even number as algorithm parameters (should be submitted as named arguments)"
            ));
        }
        let mut given = Given { algorithm, element: None, dimension: None, metric: None, numbers: [16, 200, 10] };
        for _ in 0..count / 2 {
            given.parameter(args)?;
        }
        given.finish()
    }

    /// A field of vectors of another dialect, asked with numbers of 32 bits; `None`: it holds none such.
    pub fn of(field: &mapping::VectorField) -> Option<Self> {
        let metric = match field.space {
            VectorSpace::L2 => Metric::L2,
            VectorSpace::Cosine => Metric::Cosine,
            VectorSpace::InnerProduct | VectorSpace::DotProduct => Metric::Ip,
            VectorSpace::Hamming => return None,
        };
        let numbers = matches!(field.element, VectorElement::Float | VectorElement::Half);
        numbers.then_some(Self {
            algorithm: if field.graph { Algorithm::Hnsw } else { Algorithm::Flat },
            element: Element::Float32,
            dimension: field.dimension,
            metric,
            m: field.m,
            ef_construction: field.ef_construction,
            ef_runtime: field.ef_search.unwrap_or(100),
        })
    }

    /// The field of the mapping. `several`: a document may have many of them.
    pub fn mapping(&self, several: bool) -> Json {
        let mut field = match self.algorithm {
            Algorithm::Flat => {
                let similarity = match self.metric {
                    Metric::L2 => "l2_norm",
                    Metric::Ip => "max_inner_product",
                    Metric::Cosine => "cosine",
                };
                let options = json!({"type": "flat"});
                json!({"type": "dense_vector", "dims": self.dimension, "similarity": similarity, "index_options": options})
            }
            Algorithm::Hnsw => {
                let space = match self.metric {
                    Metric::L2 => "l2",
                    Metric::Ip => "innerproduct",
                    Metric::Cosine => "cosinesimil",
                };
                let parameters =
                    json!({"m": self.m, "ef_construction": self.ef_construction, "ef_search": self.ef_runtime});
                let method = json!({"name": "hnsw", "engine": "faiss", "space_type": space, "parameters": parameters});
                let element = if self.element == Element::Float16 { "half" } else { "float" };
                json!({"type": "knn_vector", "dimension": self.dimension, "data_type": element, "method": method})
            }
        };
        if several {
            field["multiple"] = true.into();
        }
        field
    }
}

fn not_a_number(what: &str) -> RespError {
    RespError::line(format!("Bad arguments for vector similarity {what}: Could not convert argument to expected type"))
}

/// What has been read so far.
struct Given {
    algorithm: Algorithm,
    element: Option<Element>,
    dimension: Option<u32>,
    metric: Option<Metric>,
    /// `M`, `EF_CONSTRUCTION`, `EF_RUNTIME`.
    numbers: [u32; 3],
}

impl Given {
    fn parameter(&mut self, args: &mut Args) -> Outcome<()> {
        let algorithm = self.algorithm.name();
        let name = word(args, "VECTOR")?;
        let unknown = |what: &str| {
            RespError::line(format!("Bad arguments for vector similarity {algorithm} index {what}: Unknown argument"))
        };
        match (name.to_ascii_uppercase().as_str(), self.algorithm) {
            ("TYPE", _) => {
                self.element = Some(match word(args, "TYPE")?.to_ascii_uppercase().as_str() {
                    "FLOAT32" => Element::Float32,
                    "FLOAT64" => Element::Float64,
                    "FLOAT16" => Element::Float16,
                    "BFLOAT16" => Element::BFloat16,
                    _ => return Err(unknown("type")),
                });
            }
            ("DIM", _) => self.dimension = Some(self.number(args, "dim", 1)?),
            ("DISTANCE_METRIC", _) => {
                self.metric = Some(match word(args, "DISTANCE_METRIC")?.to_ascii_uppercase().as_str() {
                    "L2" => Metric::L2,
                    "IP" => Metric::Ip,
                    "COSINE" => Metric::Cosine,
                    _ => return Err(unknown("metric")),
                });
            }
            ("M", Algorithm::Hnsw) => self.numbers[0] = self.number(args, "m", 1)?,
            ("EF_CONSTRUCTION", Algorithm::Hnsw) => self.numbers[1] = self.number(args, "efConstruction", 1)?,
            ("EF_RUNTIME", Algorithm::Hnsw) => self.numbers[2] = self.number(args, "efRuntime", 1)?,
            // They are about how memory is taken, and about how far beyond a range a walk looks: ranges are exact here.
            ("INITIAL_CAP", _) => drop(self.number(args, "initial cap", 0)?),
            ("BLOCK_SIZE", Algorithm::Flat) => drop(self.number(args, "blocksize", 0)?),
            ("EPSILON", Algorithm::Hnsw) => {
                let text = word(args, "EPSILON")?;
                text.parse::<f64>().ok().filter(|value| *value >= 0.0).ok_or_else(|| not_a_number("epsilon"))?;
            }
            _ => return refuse(format!("Bad arguments for algorithm {algorithm}: {name}")),
        }
        Ok(())
    }

    fn number(&self, args: &mut Args, what: &str, least: u32) -> Outcome<u32> {
        let what = format!("{} index {what}", self.algorithm.name());
        let number = loose_integer(word(args, "VECTOR")?.as_bytes()).ok_or_else(|| not_a_number(&what))?;
        let bounded = u32::try_from(number).ok().filter(|number| *number >= least);
        bounded.ok_or_else(|| {
            RespError::line(format!("Bad arguments for vector similarity {what}: Value is outside acceptable bounds"))
        })
    }

    fn finish(self) -> Outcome<VectorField> {
        let missing = |what: &str| {
            let algorithm = self.algorithm.name();
            RespError::line(format!(
                "Missing mandatory parameter: cannot create {algorithm} index without specifying {what} argument"
            ))
        };
        let dimension = self.dimension.ok_or_else(|| missing("DIM"))?;
        if dimension > MAX_DIMENSION {
            return refuse(format!("Vectors of more than {MAX_DIMENSION} dimensions are not implemented yet"));
        }
        let [m, ef_construction, ef_runtime] = self.numbers;
        Ok(VectorField {
            algorithm: self.algorithm,
            element: self.element.ok_or_else(|| missing("TYPE"))?,
            dimension,
            metric: self.metric.ok_or_else(|| missing("DISTANCE_METRIC"))?,
            m,
            ef_construction,
            ef_runtime,
        })
    }
}
