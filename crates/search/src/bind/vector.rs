//! `knn`: a vector that fits its field, and what it reaches.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::vector::{VectorElement, VectorEngine, VectorField, VectorSpace};
use model::mapping::{Field, FieldKind};
use model::query::nested::NestedScore;
use model::query::vector::{Knn, Reach};

use super::fault::{Fault, Outcome};
use super::target::Target;
use super::{Around, Binder, none_requested};
use crate::bound::{BoundKind, BoundKnn, BoundNested, BoundQuery, BoundReach, KnnGroups, KnnObjects};

/// Candidates of a walk, unless the search, the field or the index says otherwise.
const EF_SEARCH: u32 = 100;

impl Binder<'_> {
    pub(super) fn knn(&self, query: &Knn) -> Outcome<BoundQuery> {
        let (field, vectors) = match self.target(&query.field) {
            Target::Field(field) => match &field.vector {
                Some(vectors) => (field, &**vectors),
                None => return Err(no_vectors(&query.field)),
            },
            Target::Nothing if query.ignore_unmapped => return Ok(none_requested()),
            _ => return Err(no_vectors(&query.field)),
        };
        check(vectors, &query.vector)?;
        if let Some(unknown) = unknown_parameter(query, vectors) {
            let engine = if vectors.engine == VectorEngine::Lucene { "LUCENE" } else { "FAISS" };
            let asked = match query.reach {
                Reach::Nearest(_) => "k",
                Reach::Distance(_) => "max_distance",
                Reach::Score(_) => "min_score",
            };
            return Err(Fault::illegal_argument(format!(
                "Parameters not valid for [{engine}]:[hnsw]:[{asked}] combination: [Validation Failed: 1: Unknown parameter '{unknown}' found;]"
            )));
        }
        let path = self.context.mapping.nested_path_of(&field.path);
        // Beside the query no `nested` says that documents are meant.
        let by_passage = query.by_passage && self.scope.is_none() && path.is_some();
        let nearest = matches!(query.reach, Reach::Nearest(_));
        if nearest && query.expand_nested_docs && self.joined.is_none() {
            return Err(Fault::illegal_argument(
                "Invalid value provided for the [expand_nested_docs] field. [expand_nested_docs] is only supported with a nested field.",
            ));
        }
        let filter = self.knn_filter(query, path)?;
        let within = query.similarity.map(|similarity| threshold(vectors, similarity));
        let reach = match query.reach {
            Reach::Nearest(k) => BoundReach::Nearest {
                k,
                ef: query.ef_search.or(vectors.ef_search).or(self.context.settings.knn_ef_search).unwrap_or(EF_SEARCH),
                oversample: query.oversample.or(vectors.oversample),
                within,
            },
            Reach::Distance(distance) => BoundReach::Within(radius(vectors, distance)?),
            Reach::Score(score) => BoundReach::Within(score_radius(vectors, score)?),
        };
        let knn = BoundKnn {
            field: field.path.clone(),
            vectors: vectors.clone(),
            vector: query.vector.as_slice().into(),
            reach,
            objects: path.map(|path| self.objects(path, query)),
            filter,
            by_distance: query.by_distance,
        };
        let found = BoundQuery::new(BoundKind::Knn(Box::new(knn)));
        Ok(match path {
            Some(path) if by_passage => BoundQuery::new(BoundKind::Nested(Box::new(BoundNested {
                path: path.into(),
                parent: None,
                query: found,
                score_mode: NestedScore::Max,
            }))),
            Some(path) if self.scope != Some(path) => {
                BoundQuery::match_none(format!("[{path}] are not the objects that are asked for"))
            }
            _ => found,
        })
    }

    fn objects(&self, path: &str, query: &Knn) -> KnnObjects {
        // All that lie near enough are wanted, however many of one document.
        let joined = match query.reach {
            Reach::Nearest(_) if query.by_passage => Some(Around(None)),
            Reach::Nearest(_) => self.joined,
            Reach::Distance(_) | Reach::Score(_) => None,
        };
        let group = |Around(parent)| KnnGroups { parent: parent.map(Arc::from), all: query.expand_nested_docs };
        KnnObjects { path: path.into(), grouped: joined.map(group) }
    }

    /// A filter is about documents, wherever the vectors lie.
    fn knn_filter(&self, query: &Knn, path: Option<&str>) -> Outcome<Option<BoundQuery>> {
        let Some(filter) = &query.filter else { return Ok(None) };
        let bound = Binder { scope: None, joined: None, ..*self }.query(filter)?;
        Ok(Some(match path {
            Some(path) => super::objects::admitted(bound, path, &self.context.mapping),
            None => bound,
        }))
    }
}

/// A parameter of the method that means nothing to the field's engine.
fn unknown_parameter(query: &Knn, vectors: &VectorField) -> Option<&'static str> {
    let radial = !matches!(query.reach, Reach::Nearest(_));
    if query.nprobes {
        return Some("nprobes");
    }
    (radial && query.ef_search.is_some() && vectors.engine == VectorEngine::Lucene).then_some("ef_search")
}

fn no_vectors(name: &str) -> Fault {
    Fault::illegal_argument(format!("Field '{name}' is not knn_vector type."))
}

/// Whether a vector to search with fits the field.
fn check(vectors: &VectorField, vector: &[f32]) -> Outcome<()> {
    if vector.len() != vectors.values() {
        let found = if vectors.element == VectorElement::Binary { 8 * vector.len() } else { vector.len() };
        let wanted = vectors.dimension;
        return Err(Fault::illegal_argument(format!(
            "Query vector has invalid dimension: {found}. Dimension should be: {wanted}"
        )));
    }
    for &value in vector {
        let refused = |what: &str| {
            let element = vectors.element.name();
            Fault::illegal_argument(format!(
                "[data_type] field was set as [{element}] in index mapping. But, KNN vector values are {what}"
            ))
        };
        if value.is_nan() {
            return Err(Fault::illegal_argument("KNN vector values cannot be NaN"));
        }
        if value.is_infinite() {
            return Err(Fault::illegal_argument("KNN vector values cannot be infinity"));
        }
        match vectors.element {
            VectorElement::Byte | VectorElement::Binary if value.fract() != 0.0 => {
                return Err(refused("floats instead of byte integers"));
            }
            VectorElement::Byte | VectorElement::Binary if !(-128.0..=127.0).contains(&value) => {
                return Err(refused("not within in the byte range [-128, 127]"));
            }
            // Half the precision reaches to 65,504; what rounds beyond is no number of it.
            VectorElement::Half if value.abs() >= 65_520.0 => return Err(refused("beyond 16 bits")),
            _ => {}
        }
    }
    if vectors.space == VectorSpace::Cosine && vector.iter().all(|value| *value == 0.0) {
        return Err(Fault::illegal_argument("zero vector is not supported when space type is [cosinesimil]"));
    }
    Ok(())
}

/// The distance that a `similarity` of Elasticsearch's stands for.
fn threshold(vectors: &VectorField, similarity: f32) -> f32 {
    match vectors.space {
        VectorSpace::L2 => similarity * similarity,
        VectorSpace::Cosine => 1.0 - similarity,
        VectorSpace::InnerProduct | VectorSpace::DotProduct => -similarity,
        VectorSpace::Hamming => similarity,
    }
}

fn no_radius_of_bits(vectors: &VectorField) -> Outcome<()> {
    if vectors.element == VectorElement::Binary {
        let reason = "Binary data type does not support radial search";
        return Err(Fault::Create(Error::new(ErrorKind::UnsupportedOperation, reason)));
    }
    Ok(())
}

/// `max_distance`: of inner products lucene means the product itself, faiss its opposite.
fn radius(vectors: &VectorField, distance: f32) -> Outcome<f32> {
    no_radius_of_bits(vectors)?;
    let product = matches!(vectors.space, VectorSpace::InnerProduct | VectorSpace::DotProduct);
    if distance < 0.0 && !product {
        let space = vectors.space.name().to_ascii_uppercase();
        return Err(Fault::illegal_argument(format!(
            "[knn] requires distance to be non-negative for space type: {space}"
        )));
    }
    Ok(if product && vectors.engine == VectorEngine::Lucene { -distance } else { distance })
}

/// `min_score`.
fn score_radius(vectors: &VectorField, score: f32) -> Outcome<f32> {
    no_radius_of_bits(vectors)?;
    if score > 1.0 && vectors.space != VectorSpace::InnerProduct {
        let space = vectors.space.name().to_ascii_uppercase();
        return Err(Fault::illegal_argument(format!(
            "[knn] requires score to be in the range [0, 1] for space type: {space}"
        )));
    }
    Ok(vectors.distance_at(score))
}

/// Whether the field holds vectors.
pub(super) fn holds(field: &Field) -> bool {
    matches!(field.kind, FieldKind::KnnVector | FieldKind::DenseVector)
}

/// The refusal of a field of vectors where words and numbers are asked for.
pub(super) fn not_exact(field: &Field) -> Fault {
    let path = &field.path;
    Fault::query_shard(format!("KNN vector do not support exact searching, use KNN queries instead: [{path}]"))
}
