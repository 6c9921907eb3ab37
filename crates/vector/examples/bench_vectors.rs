//! Nearest neighbours beside hnswlib, over the same vectors in the same run: build, queries per second by recall, filters, memory.
//!
//! `cargo xtask bench vectors -- [--fvecs FILE] [--hnswlib DIRECTORY]`: FILE replaces the generated vectors, DIRECTORY holds `hnswlib/hnswlib.h`
//! (the source archive of PyPI has it; `g++` compiles the peer). Times are of the processor's own clock for the thread, so that a busy machine
//! blurs them little; with `--curves` every measured point is printed.

// A bench may unwrap: a panic is how it fails.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use vector::graph::{BuildOptions, Graph, build};
use vector::{Admitted, Block, Effort, Element, Query, Rows, Shape, Space, scan};

const K: usize = 10;
const QUERIES: usize = 1000;
/// Steps so fine that recalls in between are hardly guessed.
const EFFORTS: [usize; 22] =
    [10, 11, 12, 13, 14, 16, 18, 20, 23, 26, 30, 35, 40, 48, 56, 68, 80, 112, 160, 224, 320, 480];
/// No more candidates are tried from here on.
const ENOUGH: f64 = 0.995;
/// Passes over the queries of which the fastest counts; no more begin after so many seconds.
const PASSES: usize = 25;
const PATIENCE: f64 = 1.0;
const SHARES: [f64; 3] = [0.01, 0.1, 0.5];

struct Work {
    dimension: usize,
    rows: Vec<f32>,
    queries: Vec<f32>,
}

/// Numbers from 0 to 1.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.next()).sum::<f32>() - 6.0
    }
}

/// 100,000 vectors of 128 dimensions around 1,000 centres.
fn generated() -> Work {
    let (dimension, mut chance) = (128, Chance(0x5EED));
    let centres: Vec<f32> = (0..1000 * dimension).map(|_| chance.normal()).collect();
    let mut many = |count: usize| -> Vec<f32> {
        let mut all = Vec::with_capacity(count * dimension);
        for _ in 0..count {
            let centre = (chance.next() * 1000.0) as usize % 1000;
            all.extend(centres[centre * dimension..][..dimension].iter().map(|at| at + 0.6 * chance.normal()));
        }
        all
    };
    Work { dimension, rows: many(100_000), queries: many(QUERIES) }
}

/// Rows of an `.fvecs` file; the last are the queries.
fn from_file(path: &Path) -> Work {
    let words: Vec<u32> =
        std::fs::read(path).unwrap().as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
    let dimension = words[0] as usize;
    let rows: Vec<f32> =
        words.chunks(dimension + 1).flat_map(|row| row[1..].iter().map(|bits| f32::from_bits(*bits))).collect();
    let split = rows.len() - QUERIES * dimension;
    Work { dimension, queries: rows[split..].to_vec(), rows: rows[..split].to_vec() }
}

/// Seconds that this thread has had of a processor, to the nanosecond: what `/proc` tells moves by whole ticks.
fn processor() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|it| it == name).map(|at| PathBuf::from(&arguments[at + 1]));
    let work = value("--fvecs").map_or_else(generated, |path| from_file(&path));
    let shape = Shape::new(work.dimension, Element::F32, Space::L2).unwrap();
    let mut bytes = Vec::new();
    work.rows.chunks(work.dimension).for_each(|row| shape.push_row(row, &mut bytes).unwrap());
    let rows = Rows::new(shape, Arc::new(bytes)).unwrap();
    let queries: Vec<Query> = work.queries.chunks(work.dimension).map(|it| Query::new(shape, it).unwrap()).collect();
    println!("{} vectors of {} dimensions, {} queries, k {K}, l2", rows.count(), work.dimension, queries.len());

    let filters: Vec<Vec<u64>> = SHARES.iter().map(|share| filter(rows.count(), *share)).collect();
    let truths: Vec<Vec<Vec<u32>>> = std::iter::once(None)
        .chain(filters.iter().map(|words| Some(Admitted::new(words))))
        .map(|admitted| queries.iter().map(|q| ids(&scan(&rows, q, admitted, K))).collect())
        .collect();

    let folder = std::env::temp_dir().join(format!("shoal-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let peer = value("--hnswlib").map(|include| hnswlib(&include, &folder, &work, &filters, &truths));
    let mut tables = BTreeMap::new();
    for (name, quantized) in [("ours, 8 bits", true), ("ours, f32", false)] {
        tables.insert(name, ours(quantized, (&rows, &queries), (&filters, &truths)));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    report(&tables, peer.as_ref());
    if arguments.iter().any(|it| it == "--curves") {
        let all = peer.iter().map(|table| (&"hnswlib", table)).chain(&tables);
        for (curve, (name, at)) in
            all.flat_map(|(name, table)| table.curves.iter().zip(0..).map(move |c| (c.0, (name, c.1))))
        {
            print!("{name}, filter {at}:");
            curve.iter().zip(EFFORTS).for_each(|((recall, qps), ef)| print!(" {ef} {recall:.4} {qps:.0},"));
            println!();
        }
    }
}

fn ids(found: &[vector::Neighbour]) -> Vec<u32> {
    found.iter().map(|it| it.row).collect()
}

fn filter(count: u32, share: f64) -> Vec<u64> {
    let mut chance = Chance(0xF117E4 + (share * 1000.0) as u64);
    let mut words = vec![0u64; count.div_ceil(64) as usize];
    for row in 0..count {
        words[row as usize / 64] |= u64::from(f64::from(chance.next()) < share) << (row % 64);
    }
    words
}

/// What was measured of one engine: seconds of build, bytes, and recall with queries per second for each effort, unfiltered first.
#[derive(Default)]
struct Table {
    build: f64,
    bytes: f64,
    curves: Vec<Vec<(f64, f64)>>,
}

fn ours(
    quantized: bool,
    (rows, queries): (&Rows, &[Query]),
    (filters, truths): (&[Vec<u64>], &[Vec<Vec<u32>>]),
) -> Table {
    let options = BuildOptions { quantized, threads: 1, ..BuildOptions::default() };
    let before = processor();
    let bytes = build(rows, &options, &|| true).unwrap();
    let mut table = Table { build: processor() - before, bytes: bytes.len() as f64, ..Table::default() };
    if !quantized {
        table.bytes += f64::from(rows.count()) * rows.shape().row_bytes() as f64;
    }
    let block = Block::new(rows.clone(), Some(Arc::new(Graph::open(Arc::new(bytes), rows, 0).unwrap())));
    let admitted = std::iter::once(None).chain(filters.iter().map(|words| Some(Admitted::new(words))));
    for (admitted, truth) in admitted.zip(truths) {
        let measure = |ef| {
            let run = || -> Vec<Vec<u32>> {
                let effort = Effort { ef, ..Effort::default() };
                queries.iter().map(|query| ids(&block.nearest(query, K, admitted, effort).neighbours)).collect()
            };
            let found = run();
            let (start, mut best) = (processor(), f64::INFINITY);
            for _ in 0..PASSES {
                let before = processor();
                std::hint::black_box(run());
                best = best.min(processor() - before);
                if processor() - start > PATIENCE {
                    break;
                }
            }
            (recall(&found, truth), queries.len() as f64 / best)
        };
        let mut curve: Vec<(f64, f64)> = Vec::new();
        for ef in EFFORTS {
            curve.push(measure(ef));
            if curve.last().is_some_and(|(recall, _)| *recall >= ENOUGH) {
                break;
            }
        }
        table.curves.push(curve);
    }
    table
}

fn recall(found: &[Vec<u32>], truth: &[Vec<u32>]) -> f64 {
    let hit: usize = found.iter().zip(truth).map(|(f, t)| f.iter().filter(|row| t.contains(row)).count()).sum();
    hit as f64 / truth.iter().map(Vec::len).sum::<usize>() as f64
}

/// Queries per second at a recall, between the efforts that were measured.
fn at(curve: &[(f64, f64)], recall: f64) -> Option<f64> {
    let above = curve.iter().position(|(found, _)| *found >= recall)?;
    let (high, qps) = curve[above];
    let Some((low, faster)) = above.checked_sub(1).map(|at| curve[at]) else { return Some(qps) };
    let part = (recall - low) / (high - low).max(1e-9);
    Some((faster.ln() * (1.0 - part) + qps.ln() * part).exp())
}

fn report(tables: &BTreeMap<&str, Table>, peer: Option<&Table>) {
    let all = peer.map(|table| ("hnswlib", table)).into_iter().chain(tables.iter().map(|(name, it)| (*name, it)));
    println!(
        "\n| engine | build s | walk MB | at .90 | at .95 | at .99 | 1 % | 10 % | 50 % |\n|---|---|---|---|---|---|---|---|---|"
    );
    let ratio = |own: f64, of: Option<f64>| of.map_or(String::new(), |of| format!(" ({:.2}x)", own / of));
    for (name, table) in all {
        let cell = |filter: usize, wanted: f64| {
            let peers = peer.and_then(|peer| at(&peer.curves[filter], wanted));
            at(&table.curves[filter], wanted).map_or("-".to_owned(), |qps| format!("{qps:.0}{}", ratio(qps, peers)))
        };
        let (build, bytes) = (ratio(table.build, peer.map(|it| it.build)), ratio(table.bytes, peer.map(|it| it.bytes)));
        print!("| {name} | {:.1}{build} | {:.0}{bytes} |", table.build, table.bytes / 1e6);
        println!(
            " {} | {} | {} | {} | {} | {} |",
            cell(0, 0.90),
            cell(0, 0.95),
            cell(0, 0.99),
            cell(1, 0.95),
            cell(2, 0.95),
            cell(3, 0.95)
        );
    }
    println!("\nQueries per second of one thread; filtered ones at recall .95; in parentheses the ratio to hnswlib.");
}

/// Compiles and runs the peer over the same vectors.
fn hnswlib(include: &Path, folder: &Path, work: &Work, filters: &[Vec<u64>], truths: &[Vec<Vec<u32>>]) -> Table {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/peers/hnswlib.cpp");
    let binary = folder.join("hnswlib");
    let flags = ["-O3", "-march=native", "-std=c++17", "-pthread", "-I"];
    let compiled = Command::new("g++").args(flags).arg(include).arg(source).arg("-o").arg(&binary).status().unwrap();
    assert!(compiled.success(), "the peer does not compile");
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).unwrap();
    let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    write("rows", floats(&work.rows));
    write("queries", floats(&work.queries));
    write("filters", filters.iter().flatten().flat_map(|word| word.to_le_bytes()).collect());
    write("truths", truths.iter().flatten().flatten().flat_map(|row| row.to_le_bytes()).collect());
    let numbers = [work.dimension.to_string(), ENOUGH.to_string(), PASSES.to_string(), PATIENCE.to_string()];
    let efforts = EFFORTS.map(|ef| ef.to_string());
    let output = Command::new(binary).arg(folder).args(numbers).args(efforts).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut table = Table { curves: vec![Vec::new(); truths.len()], ..Table::default() };
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let words: Vec<f64> = line.split(' ').skip(1).map(|word| word.parse().unwrap()).collect();
        match line.split(' ').next() {
            Some("build") => (table.build, table.bytes) = (words[0], words[1]),
            _ => table.curves[words[0] as usize].push((words[1], words[2])),
        }
    }
    table
}
