//! Recall on vectors that people use, against neighbours that others have computed.

use std::path::Path;
use std::sync::Arc;

use vector::graph::{BuildOptions, Graph, build};
use vector::{Admitted, Block, Effort, Element, Query, Rows, Shape, Space};

fn read(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).expect("whole test data")
}

fn nearest(name: &str) -> Vec<Vec<u32>> {
    let rows = read(name);
    let rows = rows.as_chunks::<20>().0;
    rows.iter()
        .map(|row| row.as_chunks::<2>().0.iter().map(|two| u32::from(u16::from_le_bytes(*two))).collect())
        .collect()
}

fn sift(name: &str) -> Vec<Vec<f32>> {
    read(name).chunks(128).map(|row| row.iter().map(|&x| f32::from(x)).collect()).collect()
}

fn rows_of(shape: Shape, vectors: &[Vec<f32>]) -> Rows {
    let mut bytes = Vec::new();
    vectors.iter().for_each(|vector| shape.push_row(vector, &mut bytes).expect("whole test data"));
    Rows::new(shape, Arc::new(bytes)).expect("whole test data")
}

fn with_graph(rows: &Rows, quantized: bool) -> Block {
    let options = BuildOptions { quantized, ..BuildOptions::default() };
    let graph = Graph::open(Arc::new(build(rows, &options, &|| true).expect("whole test data")), rows, 0)
        .expect("whole test data");
    Block::new(rows.clone(), Some(Arc::new(graph)))
}

/// The part of the ten nearest that is found when `10 + extra` are asked for, and those without `apart(query)`.
fn recall(block: &Block, queries: &[Vec<f32>], wanted: &[Vec<u32>], effort: Effort, leave_one_out: bool) -> f64 {
    let mut hit = 0;
    for (at, (query, wanted)) in queries.iter().zip(wanted).enumerate() {
        let query = Query::new(block.rows().shape(), query).expect("whole test data");
        let found = block.nearest(&query, 10 + usize::from(leave_one_out), None, effort).neighbours;
        let found = found.iter().map(|n| n.row).filter(|row| !leave_one_out || *row != at as u32).take(10);
        hit += found.filter(|row| wanted.contains(row)).count();
    }
    hit as f64 / (10 * queries.len()) as f64
}

#[test]
fn sift_is_found() {
    let rows = rows_of(Shape::new(128, Element::F32, Space::L2).expect("whole test data"), &sift("sift_rows.u8"));
    let (queries, wanted) = (sift("sift_queries.u8"), nearest("sift_nearest.u16"));
    let exact = recall(&Block::new(rows.clone(), None), &queries, &wanted, Effort::default(), false);
    assert!(exact > 0.999, "the scan finds {exact}");
    for quantized in [true, false] {
        let block = with_graph(&rows, quantized);
        for (ef, bar) in [(40, 0.95), (100, 0.98), (200, 0.99)] {
            let found = recall(&block, &queries, &wanted, Effort { ef, ..Effort::default() }, false);
            println!("sift, quantized {quantized}, ef {ef}: {found}");
            assert!(found >= bar, "quantized {quantized}, ef {ef}: {found}");
        }
    }
}

#[test]
fn deep_is_found() {
    let vectors: Vec<Vec<f32>> = {
        let shape = Shape::new(96, Element::F16, Space::L2).expect("whole test data");
        read("deep_rows.f16").chunks(192).map(|row| shape.vector(row)).collect()
    };
    let wanted = nearest("deep_nearest.u16");
    for element in [Element::F32, Element::F16] {
        let rows = rows_of(Shape::new(96, element, Space::L2).expect("whole test data"), &vectors);
        let block = with_graph(&rows, true);
        // So few candidates that the block is not scanned.
        let found = recall(&block, &vectors, &wanted, Effort { ef: 60, ..Effort::default() }, true);
        println!("deep, {element:?}: {found}");
        assert!(found >= 0.95, "{element:?}: {found}");
    }
}

#[test]
fn deleted_rows_are_not_found_and_recall_stays() {
    let vectors = sift("sift_rows.u8");
    let rows = rows_of(Shape::new(128, Element::F32, Space::L2).expect("whole test data"), &vectors);
    let block = with_graph(&rows, true);
    let alive: Vec<u64> = (0..vectors.len().div_ceil(64) as u64)
        .map(|word| {
            (0..64).filter(|bit| (word * 64 + bit) % 10 >= 3 && word * 64 + bit < 4800).map(|bit| 1 << bit).sum()
        })
        .collect();
    let (alive, scan) = (Admitted::new(&alive), Block::new(rows.clone(), None));
    let (mut hit, mut all) = (0, 0);
    for query in sift("sift_queries.u8") {
        let query = Query::new(rows.shape(), &query).expect("whole test data");
        let wanted = scan.nearest(&query, 10, Some(alive), Effort::default()).neighbours;
        let found = block.nearest(&query, 10, Some(alive), Effort { ef: 60, ..Effort::default() }).neighbours;
        assert!(found.len() == 10 && found.iter().all(|n| n.row % 10 >= 3));
        hit += found.iter().filter(|n| wanted.contains(n)).count();
        all += 10;
    }
    assert!(f64::from(hit as u32) >= 0.95 * f64::from(all), "{hit} of {all}");
}
