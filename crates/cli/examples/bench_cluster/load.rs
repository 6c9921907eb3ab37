//! What clients do to a cluster, and what it costs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::corpus;
use crate::server::{Server, cpu};
use crate::{Body, Outcome};

/// Clients that ask at a time.
pub(crate) const CONNECTIONS: u64 = 4;
const BATCH: u64 = 2_000;
/// Searches between two turns.
const TURN: u64 = 200;

/// Where something is measured: a door, and the processes behind it.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) processes: Vec<u64>,
    /// What part of a core its processes take when nobody asks.
    pub(crate) idle: f64,
}

impl Site {
    /// Looks at the processes for a while in which nobody asks.
    ///
    /// # Errors
    /// When one of them is gone.
    pub(crate) fn new(server: Server, processes: Vec<u64>) -> Outcome<Self> {
        let mut site = Self { processes, server, idle: 0.0 };
        let ((), seconds, used) = site.spend(|| {
            std::thread::sleep(Duration::from_secs(3));
            Ok(())
        })?;
        site.idle = used / seconds;
        Ok(site)
    }

    /// As seen through another node of the cluster.
    pub(crate) fn through(&self, server: &Server) -> Self {
        Self { server: server.clone(), ..self.clone() }
    }

    /// Does something. Out: what came of it, the seconds it took, and the processor seconds of all processes beyond those of idle ones.
    ///
    /// # Errors
    /// As `work`.
    pub(crate) fn spend<T>(&self, work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, f64, f64)> {
        let (begun, before) = (Instant::now(), cpu(&self.processes)?);
        let done = work()?;
        let seconds = begun.elapsed().as_secs_f64();
        Ok((done, seconds, cpu(&self.processes)? - before - self.idle * seconds))
    }

    /// Waits until its processes take no more than idle ones, or a little.
    ///
    /// # Errors
    /// When one of them is gone.
    pub(crate) fn settle(&self) -> Outcome<()> {
        loop {
            let look = || {
                std::thread::sleep(Duration::from_millis(500));
                Ok(())
            };
            let ((), seconds, used) = self.spend(look)?;
            if used < 0.06 * seconds {
                return Ok(());
            }
        }
    }

    /// Writes the documents of these numbers with [`CONNECTIONS`] clients.
    ///
    /// # Errors
    /// When one was not written.
    pub(crate) fn fill(&self, index: &str, documents: u64) -> Outcome<()> {
        let next = AtomicU64::new(0);
        each_client(|_| {
            loop {
                let from = next.fetch_add(BATCH, Ordering::Relaxed);
                if from >= documents {
                    return Ok(());
                }
                let lines = corpus::lines(index, from..(from + BATCH).min(documents));
                let answer: Value =
                    serde_json::from_str(&self.server.send("POST", "/_bulk?filter_path=errors", &lines)?)?;
                if answer["errors"] != false {
                    return Err(format!("documents of {index} were not written").into());
                }
            }
        })
        .map(drop)
    }

    /// Brings an index into its final form: refreshed, one segment a shard.
    ///
    /// # Errors
    /// As [`Server::ask`].
    pub(crate) fn finish(&self, index: &str) -> Outcome<()> {
        for step in ["_refresh", "_forcemerge?max_num_segments=1", "_flush", "_refresh"] {
            self.server.ask("POST", &format!("/{index}/{step}"), &json!({}))?;
        }
        Ok(())
    }

    /// Searches with [`CONNECTIONS`] clients, `count` times in all. Out: how long each took.
    ///
    /// # Errors
    /// When a search fails, or not all shards answer.
    pub(crate) fn search(&self, index: &str, body: Body, numbers: std::ops::Range<u64>) -> Outcome<Vec<Duration>> {
        let path = format!("/{index}/_search?request_cache=false");
        let next = AtomicU64::new(numbers.start);
        let times = each_client(|_| {
            let mut times = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= numbers.end {
                    return Ok(times);
                }
                let body = body(n).to_string();
                let begun = Instant::now();
                let answer = self.server.send("POST", &path, body.as_bytes())?;
                times.push(begun.elapsed());
                if !answer.contains("\"failed\":0") {
                    return Err(format!("a search is not whole: {answer}").into());
                }
            }
        })?;
        Ok(times.into_iter().flatten().collect())
    }
}

/// Runs `work` once for each client, at the same time.
fn each_client<T: Send>(work: impl Fn(u64) -> Outcome<T> + Sync) -> Outcome<Vec<T>> {
    std::thread::scope(|scope| {
        let work = &work;
        let clients: Vec<_> =
            (0..CONNECTIONS).map(|at| scope.spawn(move || work(at).map_err(|error| error.to_string()))).collect();
        clients.into_iter().map(|client| Ok(client.join().map_err(|_| "a client panicked")??)).collect()
    })
}

/// Processor milliseconds of a search at each place, asked in turns for so long: the same searches everywhere.
///
/// # Errors
/// As [`Site::search`].
pub(crate) fn in_turns(places: &[(&Site, &str)], body: Body, time: Duration) -> Outcome<Vec<f64>> {
    let (begun, mut from, mut used) = (Instant::now(), 0, vec![0.0; places.len()]);
    for (site, index) in places {
        site.search(index, body, 0..TURN)?;
    }
    while from == 0 || begun.elapsed() < time * places.len() as u32 {
        for ((site, index), used) in places.iter().zip(&mut used) {
            let (_, _, spent) = site.spend(|| site.search(index, body, from..from + TURN))?;
            *used += spent;
        }
        from += TURN;
    }
    Ok(used.iter().map(|used| used * 1e3 / from as f64).collect())
}
