//! How fast `Analyzer::each` is: `speed ANALYZER FILE`, MB of UTF-8 a second over the lines of a file, best of five.

use std::time::Instant;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| String::from("standard"));
    let Some(analyzer) = analysis::Registry::builtin().analyzer(&name) else {
        return eprintln!("no analyzer [{name}]");
    };
    let path = arguments.next().unwrap_or_default();
    let Ok(text) = std::fs::read_to_string(&path) else { return eprintln!("cannot read [{path}]") };
    let mut best = f64::MAX;
    let (mut terms, mut bytes) = (0usize, 0usize);
    for _ in 0..5 {
        (terms, bytes) = (0, 0);
        let start = Instant::now();
        for line in text.lines() {
            analyzer.each(line, &mut |term, _| {
                terms += 1;
                bytes += term.len();
            });
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name}: {:.0} MB/s, {terms} terms of {bytes} bytes", text.len() as f64 / best / 1e6);
}
