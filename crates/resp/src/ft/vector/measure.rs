//! The vector clauses of a query as searches: which field, how far, and under which name the distance is shown.

use model::query::vector::{Knn, Reach};

use super::super::definition::{AttributeKind, Definition};
use super::super::request::Options;
use super::field::{Element, Metric, VectorField};
use super::parameters::{self, Asked};
use super::value;
use crate::error::RespError;
use crate::syntax::{self, Attributes, Clause, Node};

type Outcome<T> = Result<T, RespError>;

/// One distance that hits are shown with.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The name of the distance.
    pub name: String,
    /// Without a filter.
    pub knn: Knn,
    metric: Metric,
    element: Element,
}

/// The distances of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures {
    /// `KNN`: no more than these are found at all; `None` also where its field holds no vectors.
    pub nearest: Option<Measure>,
    /// Ranges that name their distance.
    pub ranges: Vec<Measure>,
    /// Whether all that is found lies within the first of them.
    pub conjunctive: bool,
}

/// As many documents as one search may be asked for.
pub const MOST: u64 = 1_000_000;

fn refuse<T>(line: impl Into<std::borrow::Cow<'static, str>>) -> Outcome<T> {
    Err(RespError::line(line))
}

/// The attribute of vectors of this name.
fn field<'d>(definition: &'d Definition, name: &str) -> Option<&'d VectorField> {
    match &definition.attribute(name)?.kind {
        AttributeKind::Vector(field) => Some(field),
        _ => None,
    }
}

fn numbers(field: &VectorField, bytes: &[u8]) -> Outcome<Vec<f32>> {
    let found = value::of_bytes(field, bytes);
    found.ok_or_else(|| {
        let (given, wanted) = (bytes.len(), field.element.width() * field.dimension as usize);
        RespError::line(format!(
            "Error parsing vector similarity query: query vector blob size ({given}) does not match index's expected size ({wanted})."
        ))
    })
}

fn free(definition: &Definition, name: &str) -> Outcome<()> {
    match definition.attribute(name) {
        Some(_) => refuse(format!("Property `{name}` already exists in schema")),
        None => Ok(()),
    }
}

impl Measures {
    /// The distances of `clause`.
    ///
    /// # Errors
    /// As the search module words them.
    pub fn of(clause: &Clause, definition: &Definition) -> Outcome<Self> {
        let mut found = Self { conjunctive: conjunctive(clause), ..Self::default() };
        found.gather(clause, definition)?;
        let mut names: Vec<&str> = found.all().map(|measure| measure.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return refuse(format!("Property `{}` specified more than once", twice[0]));
        }
        Ok(found)
    }

    /// Every distance, in the order in which they are shown.
    pub fn all(&self) -> impl Iterator<Item = &Measure> {
        self.nearest.iter().chain(&self.ranges)
    }

    /// Whether the query asks for neighbours and can have none.
    pub fn is_nothing(&self, clause: &Clause) -> bool {
        let none = self.nearest.as_ref().is_none_or(|nearest| nearest.most() == Some(0));
        matches!(clause.node, Node::Knn(..)) && none
    }

    /// Whether hits have scores: among neighbours of everything, and neighbours that are sorted, none does.
    pub fn scored(&self, clause: &Clause, options: &Options) -> bool {
        match &clause.node {
            Node::Knn(inner, _) => !matches!(inner.node, Node::All) && options.sort.is_none(),
            _ => true,
        }
    }

    pub fn named(&self, name: &str) -> Option<&Measure> {
        self.all().find(|measure| measure.name == name)
    }

    fn gather(&mut self, clause: &Clause, definition: &Definition) -> Outcome<()> {
        match &clause.node {
            Node::And(parts) | Node::Or(parts) => parts.iter().try_for_each(|part| self.gather(part, definition)),
            Node::Not(inner) | Node::Optional(inner) => self.gather(inner, definition),
            Node::Knn(inner, knn) => {
                self.gather(inner, definition)?;
                self.nearest = nearest(knn, &clause.attributes, definition, matches!(inner.node, Node::All))?;
                Ok(())
            }
            Node::VectorRange(range) => {
                let (Some(name), Some(within)) =
                    (&clause.attributes.yield_distance_as, within(range, &clause.attributes, definition)?)
                else {
                    return Ok(());
                };
                free(definition, name)?;
                self.ranges.push(Measure { name: name.clone(), ..within });
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Whether the first range that names its distance holds for all that is found.
fn conjunctive(clause: &Clause) -> bool {
    match &clause.node {
        Node::And(parts) => parts.iter().any(conjunctive),
        Node::VectorRange(_) => clause.attributes.yield_distance_as.is_some(),
        _ => false,
    }
}

fn nearest(
    knn: &syntax::Knn,
    attributes: &Attributes,
    definition: &Definition,
    everything: bool,
) -> Outcome<Option<Measure>> {
    let Some(field) = field(definition, &knn.field) else { return Ok(None) };
    let vector = numbers(field, &knn.vector)?;
    let mut search = Knn::new(&knn.field, vector, Reach::Nearest(knn.k.min(MOST) as u32));
    search.by_distance = true;
    let asked = if everything { Asked::Neighbours } else { Asked::NeighboursAmong };
    search.ef_search = parameters::effort(knn.options.iter().chain(&attributes.vector), field.algorithm, asked)?;
    let own = format!("__{}_score", knn.field);
    let name = knn.distance_as.clone().unwrap_or(own);
    free(definition, &name)?;
    Ok(Some(Measure { name, knn: search, metric: field.metric, element: field.element }))
}

/// A range as a search; `None`: its field holds no vectors, so nothing is in it. The name is the caller's.
///
/// # Errors
/// As the search module words them.
pub fn within(
    range: &syntax::VectorRange,
    attributes: &Attributes,
    definition: &Definition,
) -> Outcome<Option<Measure>> {
    let Some(field) = field(definition, &range.field) else { return Ok(None) };
    let vector = numbers(field, &range.vector)?;
    if range.radius < 0.0 {
        let radius = super::super::expression::number_text(range.radius);
        return refuse(format!(
            "Error parsing vector similarity query: negative radius ({radius}) given in a range query"
        ));
    }
    parameters::effort(&attributes.vector, field.algorithm, Asked::Range)?;
    let radius = range.radius as f32;
    let reach = Reach::Distance(if field.metric == Metric::Ip { radius - 1.0 } else { radius });
    let mut knn = Knn::new(&range.field, vector, reach);
    knn.by_distance = true;
    Ok(Some(Measure { name: String::new(), knn, metric: field.metric, element: field.element }))
}

impl Measure {
    /// The most documents that it finds; `None`: as many as there are.
    pub fn most(&self) -> Option<u64> {
        match self.knn.reach {
            Reach::Nearest(k) => Some(u64::from(k)),
            _ => None,
        }
    }

    /// How alike vectors at a distance are, from 0 to 1: as `FT.HYBRID` scores them.
    pub fn similarity(&self, distance: f64) -> f64 {
        match self.metric {
            Metric::L2 => 1.0 / (1.0 + distance),
            Metric::Ip | Metric::Cosine => (2.0 - distance) / 2.0,
        }
    }

    /// The distance that a hit's score stands for, as the search module shows it.
    pub fn distance(&self, score: f32) -> f64 {
        let distance = match self.metric {
            Metric::Ip => 1.0 - score,
            _ => -score,
        };
        let plain = f64::from(if distance == 0.0 { 0.0 } else { distance });
        match self.element {
            // No digits that the vectors do not have.
            Element::Float64 => distance.to_string().parse().unwrap_or(plain),
            _ => plain,
        }
    }
}
