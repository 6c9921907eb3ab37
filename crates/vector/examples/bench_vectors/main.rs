//! Nearest neighbours beside hnswlib, over the same vectors in the same run: build, queries per second by recall, filters, memory.
//!
//! `cargo xtask bench vectors -- [--fvecs FILE] [--hnswlib DIRECTORY] [--beside PROGRAM] [--curves]`: FILE replaces the generated vectors, DIRECTORY
//! holds `hnswlib/hnswlib.h` (the source archive of PyPI has it; `g++` compiles the peer), PROGRAM is this bench as it was built before. Each engine
//! is a process, and they take turns, so that what else the machine does meets all of them; the fastest pass of each counts. Measured are the points
//! around the recalls of the table; with `--curves` all, and all are printed.

// A bench may unwrap: a panic is how it fails.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use engine::Engine;
use work::{QUERIES, Work};

mod engine;
mod work;

/// Steps so fine that recalls in between are hardly guessed.
const EFFORTS: [usize; 22] =
    [10, 11, 12, 13, 14, 16, 18, 20, 23, 26, 30, 35, 40, 48, 56, 68, 80, 112, 160, 224, 320, 480];
/// The recalls of the table: without a filter, and with one.
const RECALLS: [&[f64]; 4] = [&[0.90, 0.95, 0.99], &[0.95], &[0.95], &[0.95]];
/// Builds of each engine of which the fastest counts.
const BUILDS: usize = 2;
/// Turns of each engine; no more begin after so many seconds.
const TURNS: usize = 25;
const PATIENCE: f64 = 40.0;
/// Passes of a turn: the first fills the caches again.
const PASSES: usize = 3;

/// What was measured of one engine.
#[derive(Default)]
struct Table {
    build: f64,
    bytes: f64,
    curves: Vec<Vec<Point>>,
}

/// A step of a curve.
struct Point {
    ef: usize,
    recall: f64,
    /// Seconds of a pass; infinite where none was measured.
    seconds: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str, at: usize| arguments.iter().position(|it| it == name).map(|it| arguments[it + at].clone());
    let path = |name: &str, at| value(name, at).map(PathBuf::from);
    if let Some(folder) = path("--engine", 2) {
        let dimension = value("--engine", 3).unwrap().parse().unwrap();
        return engine::serve(value("--engine", 1).as_deref() == Some("codes"), &folder, dimension);
    }
    let work = path("--fvecs", 1).map_or_else(Work::generated, |path| Work::from_file(&path));
    let folder = std::env::temp_dir().join(format!("shoal-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    work.write(&folder);
    let dimension = work.dimension;
    drop(work);
    let mut engines = Vec::new();
    if let Some(include) = path("--hnswlib", 1) {
        let mut command = Command::new(compiled(&include, &folder));
        command.arg(&folder).arg(dimension.to_string());
        engines.push(Engine::start("hnswlib".to_owned(), command));
    }
    let own = [(Some(std::env::current_exe().unwrap()), "ours"), (path("--beside", 1), "before")];
    for (program, whose) in own {
        for (kind, name) in [("codes", "8 bits"), ("rows", "f32")] {
            let Some(program) = &program else { continue };
            let mut command = Command::new(program);
            command.args(["--engine", kind]).arg(&folder).arg(dimension.to_string());
            engines.push(Engine::start(format!("{whose}, {name}"), command));
        }
    }
    let curves = arguments.iter().any(|it| it == "--curves");
    let tables = measured(&mut engines, curves);
    let names: Vec<String> = engines.iter().map(|engine| engine.name.clone()).collect();
    engines.into_iter().for_each(Engine::stop);
    std::fs::remove_dir_all(&folder).unwrap();
    report(&names, &tables);
    if curves {
        print_curves(&names, &tables);
    }
}

fn compiled(include: &Path, folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/peers/hnswlib.cpp");
    let binary = folder.join("hnswlib");
    let flags = ["-O3", "-march=native", "-std=c++17", "-pthread", "-I"];
    let status = Command::new("g++").args(flags).arg(include).arg(source).arg("-o").arg(&binary).status().unwrap();
    assert!(status.success(), "the peer does not compile");
    binary
}

/// Everything of all engines, in turns.
fn measured(engines: &mut [Engine], all: bool) -> Vec<Table> {
    let mut tables: Vec<Table> = engines.iter().map(|_| Table { build: f64::INFINITY, ..Table::default() }).collect();
    for _ in 0..BUILDS {
        for (engine, table) in engines.iter_mut().zip(&mut tables) {
            let answer = engine.ask("build");
            (table.build, table.bytes) = (table.build.min(answer[0]), answer[1]);
        }
    }
    for (filter, recalls) in RECALLS.iter().enumerate() {
        let mut timed: Vec<(usize, usize)> = Vec::new();
        for (at, (engine, table)) in engines.iter_mut().zip(&mut tables).enumerate() {
            let curve = curve(engine, filter, recalls);
            let around = |step: usize| all || recalls.iter().any(|recall| brackets(&curve, step, *recall));
            timed.extend((0..curve.len()).filter(|step| around(*step)).map(|step| (at, step)));
            table.curves.push(curve);
        }
        let start = Instant::now();
        for _ in 0..TURNS {
            for &(at, step) in &timed {
                let point = &mut tables[at].curves[filter][step];
                for _ in 0..PASSES {
                    let seconds = engines[at].ask(&format!("pass {filter} {}", point.ef))[0];
                    point.seconds = point.seconds.min(seconds);
                }
            }
            if start.elapsed().as_secs_f64() > PATIENCE {
                break;
            }
        }
    }
    tables
}

/// What an engine finds with each effort, up to the greatest of `recalls`.
fn curve(engine: &mut Engine, filter: usize, recalls: &[f64]) -> Vec<Point> {
    let mut curve: Vec<Point> = Vec::new();
    for ef in EFFORTS {
        let recall = engine.ask(&format!("recall {filter} {ef}"))[0];
        curve.push(Point { ef, recall, seconds: f64::INFINITY });
        if recalls.iter().all(|wanted| recall >= *wanted) {
            break;
        }
    }
    curve
}

/// Whether a step is the first that reaches `recall`, or the last that does not.
fn brackets(curve: &[Point], step: usize, recall: f64) -> bool {
    curve.iter().position(|point| point.recall >= recall).is_some_and(|first| step == first || step + 1 == first)
}

/// Queries per second at a recall, between the efforts that were measured.
fn at(curve: &[Point], recall: f64) -> Option<f64> {
    let above = curve.iter().position(|point| point.recall >= recall)?;
    let high = &curve[above];
    let Some(low) = above.checked_sub(1).map(|at| &curve[at]) else { return Some(QUERIES as f64 / high.seconds) };
    let part = (recall - low.recall) / (high.recall - low.recall).max(1e-9);
    Some(QUERIES as f64 / (low.seconds.ln() * (1.0 - part) + high.seconds.ln() * part).exp())
}

fn report(names: &[String], tables: &[Table]) {
    println!(
        "| engine | build s | walk MB | at .90 | at .95 | at .99 | 1 % | 10 % | 50 % |\n|---|---|---|---|---|---|---|---|---|"
    );
    let first = &tables[0];
    let ratio = |own: f64, of: f64| format!("{:.2}x", own / of);
    for (name, table) in names.iter().zip(tables) {
        print!("| {name} | {:.1} ({}) |", table.build, ratio(table.build, first.build));
        print!(" {:.0} ({}) |", table.bytes / 1e6, ratio(table.bytes, first.bytes));
        for (filter, recalls) in RECALLS.iter().enumerate() {
            for recall in *recalls {
                match (at(&table.curves[filter], *recall), at(&first.curves[filter], *recall)) {
                    (Some(own), Some(of)) => print!(" {own:.0} ({}) |", ratio(own, of)),
                    (Some(own), None) => print!(" {own:.0} |"),
                    (None, _) => print!(" - |"),
                }
            }
        }
        println!();
    }
    println!(
        "\nQueries per second of one thread; filtered ones at recall .95; in parentheses the ratio to {}.",
        names[0]
    );
}

fn print_curves(names: &[String], tables: &[Table]) {
    for (name, table) in names.iter().zip(tables) {
        for (filter, curve) in table.curves.iter().enumerate() {
            print!("{name}, filter {filter}:");
            curve.iter().for_each(|it| print!(" {} {:.4} {:.0},", it.ef, it.recall, QUERIES as f64 / it.seconds));
            println!();
        }
    }
}
