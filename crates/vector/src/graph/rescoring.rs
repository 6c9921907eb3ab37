//! That comparing fewer candidates by their full vectors loses nothing.

use std::sync::Arc;

use super::tests::{Chance, clustered, rows_of};
use super::*;
use crate::{Block, Effort, Element, Shape, Space};

const SPACES: [Space; 3] = [Space::L2, Space::Cosine, Space::InnerProduct];

fn opened(rows: &Rows) -> Arc<Graph> {
    let bytes = build(rows, &BuildOptions::default(), &|| true).unwrap();
    Arc::new(Graph::open(Arc::new(bytes), rows, 0).unwrap())
}

#[test]
fn a_unit_of_codes_is_as_much_in_every_space() {
    let vectors = clustered(3000, 24, Element::F32);
    let (queries, vectors) = vectors.split_at(10);
    for space in SPACES {
        let shape = Shape::new(24, Element::F32, space).unwrap();
        let rows = rows_of(shape, vectors);
        let graph = opened(&rows);
        for query in queries {
            let query = Query::new(shape, query).unwrap();
            let unit = graph.unit(&query).unwrap();
            let found = graph.nearest(&rows, &query, 200);
            let (first, last) = (found.first().unwrap(), found.last().unwrap());
            let guess = unit * (last.distance - first.distance);
            let truth = rows.distance(&query, last.row) - rows.distance(&query, first.row);
            assert!((guess - truth).abs() < 0.1 * truth, "{space:?}: {guess} instead of {truth}");
        }
    }
}

#[test]
fn what_is_not_compared_would_not_have_been_among_the_nearest() {
    let mut chance = Chance(0x0DD);
    // Two dimensions go far beyond what codes hold: their errors are large, and differ from row to row.
    let wild = |mut vector: Vec<f32>, chance: &mut Chance| {
        vector[3] *= 30.0 * chance.next();
        vector[7] += 60.0 * chance.next();
        vector
    };
    let plain = clustered(4000, 24, Element::F32);
    let wild: Vec<Vec<f32>> = plain.iter().map(|vector| wild(vector.clone(), &mut chance)).collect();
    for (vectors, space) in [&plain, &wild].into_iter().flat_map(|it| SPACES.map(|space| (it, space))) {
        let (queries, vectors) = vectors.split_at(60);
        let shape = Shape::new(24, Element::F32, space).unwrap();
        let rows = rows_of(shape, vectors);
        let graph = opened(&rows);
        let block = Block::new(rows.clone(), Some(graph.clone()));
        let (mut same, k) = (0, 10);
        for query in queries {
            let query = Query::new(shape, query).unwrap();
            let mut all = graph.nearest(&rows, &query, 100);
            all.truncate(3 * k);
            all.iter_mut().for_each(|found| found.distance = rows.distance(&query, found.row));
            all.sort_by(Neighbour::order);
            all.truncate(k);
            let found = block.nearest(&query, k, None, Effort { ef: 100, oversample: 3.0 }).neighbours;
            same += found.iter().filter(|found| all.contains(found)).count();
        }
        assert!(same >= queries.len() * k * 99 / 100, "{space:?}: {same} of {}", queries.len() * k);
    }
}
