//! An engine is a process of its own that answers lines, so that all are asked in turns: `build` with seconds and bytes, `recall FILTER EF` with what
//! part of the true answers it finds, `pass FILTER EF` with the seconds that all queries took. Times are of the processor's clock for the thread.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use vector::graph::{BuildOptions, Graph, build};
use vector::{Admitted, Block, Effort, Query, Rows};

use crate::work::{K, Work, ids};

/// An engine at work.
pub(crate) struct Engine {
    pub(crate) name: String,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Engine {
    pub(crate) fn start(name: String, mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { name, child, to, from }
    }

    /// The numbers that it answers with.
    pub(crate) fn ask(&mut self, line: &str) -> Vec<f64> {
        writeln!(self.to, "{line}").unwrap();
        let mut answer = String::new();
        self.from.read_line(&mut answer).unwrap();
        assert!(!answer.is_empty(), "{} has ended", self.name);
        answer.split_whitespace().map(|word| word.parse().unwrap()).collect()
    }

    pub(crate) fn stop(self) {
        let Self { mut child, to, .. } = self;
        drop(to);
        child.wait().unwrap();
    }
}

/// Our own library as such a process: answers until its input ends.
pub(crate) fn serve(quantized: bool, folder: &Path, dimension: usize) {
    let (work, filters, truths) = Work::read(folder, dimension);
    let (rows, queries) = (work.rows(), work.queries());
    drop(work);
    let mut block = Block::new(rows.clone(), None);
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let mut words = line.split(' ');
        let command = words.next().unwrap();
        let mut number = || words.next().map_or(0, |word| word.parse::<usize>().unwrap());
        let (filter, ef) = (number(), number());
        let admitted = filter.checked_sub(1).map(|at| Admitted::new(&filters[at]));
        let run = || pass(&block, &queries, admitted, ef);
        match command {
            "build" => {
                let (built, seconds, bytes) = built(&rows, quantized);
                block = built;
                println!("{seconds} {bytes}");
            }
            "recall" => println!("{}", recall(&run(), &truths[filter])),
            _ => {
                let before = processor();
                std::hint::black_box(run());
                println!("{}", processor() - before);
            }
        }
    }
}

fn built(rows: &Rows, quantized: bool) -> (Block, f64, usize) {
    let options = BuildOptions { quantized, threads: 1, ..BuildOptions::default() };
    let before = processor();
    let bytes = build(rows, &options, &|| true).unwrap();
    let seconds = processor() - before;
    let walked = bytes.len() + if quantized { 0 } else { rows.count() as usize * rows.shape().row_bytes() };
    let graph = Graph::open(Arc::new(bytes), rows, 0).unwrap();
    (Block::new(rows.clone(), Some(Arc::new(graph))), seconds, walked)
}

fn pass(block: &Block, queries: &[Query], admitted: Option<Admitted<'_>>, ef: usize) -> Vec<Vec<u32>> {
    let effort = Effort { ef, ..Effort::default() };
    queries.iter().map(|query| ids(&block.nearest(query, K, admitted, effort).neighbours)).collect()
}

fn recall(found: &[Vec<u32>], truth: &[u32]) -> f64 {
    let hit: usize =
        found.iter().zip(truth.chunks(K)).map(|(f, t)| f.iter().filter(|row| t.contains(row)).count()).sum();
    hit as f64 / truth.len() as f64
}

/// Seconds that this thread has had of a processor, to the nanosecond: what `/proc` tells moves by whole ticks.
fn processor() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}
