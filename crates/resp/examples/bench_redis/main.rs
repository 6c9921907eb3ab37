//! One connection's load on a server that speaks RESP, beside another in turns: `bench_redis --server ADDR [--peer ADDR] [--seconds N] [--only WORDS]`,
//! only the workloads whose names hold the words.
//! With `--strings N`: `FT.REGEX` over so many strings on the server alone.
//!
//! Prints for each workload the CPU time of either server for one command, and their ratio. Both must run on this machine (their process
//! is found by `INFO server`), be empty and have a search module: the bench makes indexes `bench` and `whole` of keys `bench:*` and `whole:*`, and drops
//! them at the end.

mod peer;
mod strings;

use std::time::{Duration, Instant};

use peer::Peer;

type Failure = Box<dyn std::error::Error>;
type Words = Vec<Vec<u8>>;

/// Keys that searches find.
const KEYS: u64 = 20_000;
/// Commands between two turns.
const TURN: u64 = 1_000;
const VOCABULARY: u64 = 2_000;
const DIMENSION: usize = 64;
fn line(text: &str) -> Words {
    text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

/// Scrambles a number, the same everywhere.
fn chance(seed: u64) -> u64 {
    let mixed = (seed ^ seed >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 16
}

/// Frequent words are frequent.
fn word(seed: u64) -> String {
    let share = (chance(seed) % 10_000) as f64 / 10_000.0;
    format!("word{}", ((VOCABULARY as f64) * share * share * share) as u64)
}

fn vector(seed: u64) -> Vec<u8> {
    (0..DIMENSION as u64)
        .flat_map(|at| ((chance(seed * 1_009 + at) % 2_000) as f32 / 1_000.0 - 1.0).to_le_bytes())
        .collect()
}

/// A key of 20 fields, one of them a vector when it is asked for.
fn hset(n: u64, with_vector: bool) -> Words {
    let text = (0..12).map(|at| word(n * 31 + at)).collect::<Vec<_>>().join(" ");
    let mut words = line(&format!("HSET bench:{n} number {n} tag tag{} price {}", n % 50, chance(n) % 1_000));
    words.extend([b"title".to_vec(), text.into_bytes(), b"unique".to_vec(), format!("unique{n}").into_bytes()]);
    for at in 0..14 {
        words.extend([format!("more{at}").into_bytes(), format!("value {at} of {n}").into_bytes()]);
    }
    if with_vector {
        words.extend([b"v".to_vec(), vector(n)]);
    }
    words
}

/// A key of ten texts of seven words and ten numbers, each of them indexed.
fn hset_whole(n: u64) -> Words {
    let mut words = line(&format!("HSET whole:{n}"));
    for field in 0..10 {
        let text = (0..6).map(|at| word(n * 67 + field * 7 + at)).collect::<Vec<_>>().join(" ");
        words.extend([format!("text{field}").into_bytes(), format!("{text} own{n}").into_bytes()]);
        words.extend([format!("number{field}").into_bytes(), (n * 7 + field).to_string().into_bytes()]);
    }
    words
}

/// What one turn asks: the commands of the round `n`.
type Round = fn(u64) -> Vec<Words>;

const WORKLOADS: &[(&str, Round)] = &[
    ("PING", |_| vec![line("PING")]),
    ("HSET of 20 fields, indexed", |n| vec![hset(KEYS + n % 5_000, false)]),
    ("HSET of 20 fields, then FT.SEARCH", |n| {
        let n = KEYS + n % 5_000;
        vec![hset(n, false), line(&format!("FT.SEARCH bench unique{n}"))]
    }),
    ("HSET of 20 fields, each indexed", |n| vec![hset_whole(n % 20_000)]),
    ("the same, then FT.SEARCH", |n| {
        let n = n % 20_000;
        vec![hset_whole(n), line(&format!("FT.SEARCH whole own{n}"))]
    }),
    ("FT.SEARCH word", |n| vec![line(&format!("FT.SEARCH bench {} LIMIT 0 10", word(n)))]),
    ("FT.SEARCH two words", |n| {
        let mut words = line("FT.SEARCH bench");
        words.push(format!("{} {}", word(n), word(n + 7_919)).into_bytes());
        vec![words]
    }),
    ("FT.SEARCH prefix", |n| vec![line(&format!("FT.SEARCH bench unique{}* LIMIT 0 10", 100 + n % 900))]),
    ("FT.SEARCH numbers", |n| {
        let from = chance(n) % 990;
        let mut words = line("FT.SEARCH bench");
        words.push(format!("@price:[{from} {}]", from + 5).into_bytes());
        vec![words]
    }),
    ("FT.SEARCH neighbours", |n| {
        let mut words = line("FT.SEARCH bench");
        words.push(b"*=>[KNN 10 @v $b AS d]".to_vec());
        words.extend(line("SORTBY d RETURN 1 number DIALECT 2 PARAMS 2 b"));
        words.push(vector(1_000_000 + n));
        vec![words]
    }),
    ("FT.AGGREGATE groups", |n| {
        vec![line(&format!(
            "FT.AGGREGATE bench {} GROUPBY 1 @tag REDUCE COUNT 0 AS n REDUCE AVG 1 @price AS mean",
            word(n)
        ))]
    }),
];

fn fill(peer: &mut Peer) -> Result<(), Failure> {
    let schema = format!(
        "FT.CREATE bench ON HASH PREFIX 1 bench: SCHEMA title TEXT unique TEXT number NUMERIC SORTABLE price NUMERIC SORTABLE tag TAG SORTABLE v VECTOR HNSW 6 TYPE FLOAT32 DIM {DIMENSION} DISTANCE_METRIC COSINE"
    );
    peer.ask(&line(&schema))?;
    let fields = (0..10).map(|field| format!(" text{field} TEXT number{field} NUMERIC")).collect::<String>();
    peer.ask(&line(&format!("FT.CREATE whole ON HASH PREFIX 1 whole: SCHEMA{fields}")))?;
    for batch in 0..KEYS / 500 {
        for n in 0..500 {
            peer.send(&hset(batch * 500 + n, true))?;
        }
        for _ in 0..500 {
            peer.answer()?;
        }
    }
    Ok(())
}

/// CPU seconds of one round, on each of the peers in turns.
fn measure(peers: &mut [Peer], round: Round, seconds: f64) -> Result<Vec<f64>, Failure> {
    let mut spent = vec![(0.0, 0_u64); peers.len()];
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let mut turn = 0;
    while turn < 2 || Instant::now() < end {
        for (peer, (cpu, rounds)) in peers.iter_mut().zip(&mut spent) {
            let before = peer.cpu()?;
            for n in turn * TURN..(turn + 1) * TURN {
                for command in round(n) {
                    peer.ask(&command)?;
                }
            }
            // The first turn warms.
            if turn > 0 {
                *cpu += peer.cpu()? - before;
                *rounds += TURN;
            }
        }
        turn += 1;
    }
    Ok(spent.into_iter().map(|(cpu, rounds)| cpu / rounds as f64).collect())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.windows(2).find(|pair| pair[0] == name).map(|pair| pair[1].clone());
    let Some(server) = value("--server") else {
        println!("skipped: name a running server with --server ADDR, and one to compare it with by --peer ADDR");
        return Ok(());
    };
    let seconds = value("--seconds").map_or(Ok(6.0), |text| text.parse::<f64>())?;
    if let Some(count) = value("--strings") {
        return strings::run(&mut Peer::connect(&server)?, count.parse()?);
    }
    let addresses: Vec<String> = [Some(server), value("--peer")].into_iter().flatten().collect();
    let mut peers = addresses.iter().map(|address| Peer::connect(address)).collect::<Result<Vec<_>, _>>()?;
    for peer in &mut peers {
        fill(peer)?;
    }
    println!("{:<36} {:>12} {:>12} {:>7}", "CPU microseconds", "server", "peer", "ratio");
    let only = value("--only").unwrap_or_default();
    for (name, round) in WORKLOADS.iter().filter(|(name, _)| name.contains(&only)) {
        let found = measure(&mut peers, *round, seconds)?;
        let micros = |at: usize| found.get(at).map_or_else(|| "-".to_owned(), |cpu| format!("{:.1}", cpu * 1e6));
        let ratio = found.get(1).filter(|peer| **peer > 0.0).map(|peer| format!("{:.2}", found[0] / peer));
        println!("{name:<36} {:>12} {:>12} {:>7}", micros(0), micros(1), ratio.unwrap_or_else(|| "-".to_owned()));
    }
    for peer in &mut peers {
        for index in ["bench", "whole"] {
            peer.ask(&line(&format!("FT.DROPINDEX {index} DD")))?;
        }
    }
    Ok(())
}
