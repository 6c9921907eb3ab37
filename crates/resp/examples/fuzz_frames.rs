//! Feeds the readers of frames, paths and patterns with mutated input: `fuzz_frames [--seconds N] [--seed S]`.
//!
//! A panic, a stack that runs out, requests that read otherwise when they come in pieces, and a reply that does not read back are failures.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use resp::error::RespError;
use resp::frame::parse;
use resp::frame::reply::{Protocol, Reply};
use resp::frame::request::{Decoder, Limits};
use resp::jsonpath::Path;

#[path = "../../rest/examples/fuzz/random.rs"]
mod random;

use random::{Random, arguments};

const LIMITS: Limits = Limits { arguments: 1000, bulk: 1 << 16, request: 1 << 18 };

const REQUESTS: &[&[u8]] = &[
    b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nva\r\nl\r\n",
    b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n",
    b"SET 'a b' \"c\\x41\\n\\\"\"\r\nPING\n\n*0\r\n*-1\r\n",
    b"*2\r\n$4\r\nECHO\r\n$12\r\n0123456789ab\r\n",
];

const PATHS: &[&str] = &[
    "$..a[?(@.b > 1 && !(@.c =~ \"^x\"))].d[0:-1:2]['e','f']",
    ".a.b[0]..*",
    "$[?(@==null || $.a[*]!='x\\u0041')][1,2,-3]",
];

/// Bytes that mean something to one of the readers.
const SPICE: &[u8] = b"*$\r\n\"'\\-0123456789[](){}.,?@ ";

fn main() {
    let (seconds, seed) = arguments();
    let mut random = Random::new(seed);
    let end = Instant::now() + Duration::from_secs(seconds);
    let document = serde_json::json!({"a": [{"b": 2, "c": "xy", "d": [1, 2, 3]}, null, {"a": {"b": []}}], "b": 1.5, "é": {"a": "x"}});
    let (mut inputs, mut requests, mut paths) = (0_u64, 0_u64, 0_u64);
    while Instant::now() < end {
        for _ in 0..100 {
            inputs += 1;
            let mut bytes = REQUESTS[random.below(REQUESTS.len())].to_vec();
            bytes.extend_from_slice(REQUESTS[random.below(REQUESTS.len())]);
            spoil(&mut bytes, &mut random);
            requests += read_requests(&bytes, &mut random);
            let _ = parse::reply(&bytes);
            read_back(&mut random);
            let mut path = PATHS[random.below(PATHS.len())].as_bytes().to_vec();
            spoil(&mut path, &mut random);
            if let Ok(path) = Path::parse(&String::from_utf8_lossy(&path)) {
                paths += 1;
                let values = path.values(&document).map(|values| values.len());
                assert_eq!(values.ok(), path.locations(&document).map(|places| places.len()).ok());
            }
        }
    }
    println!("{inputs} inputs, {requests} requests and {paths} paths taken, no failure (seed {seed})");
}

/// How many requests there are; the same whether they come whole or in pieces, and the same refusal behind them.
fn read_requests(bytes: &[u8], random: &mut Random) -> u64 {
    let mut outcomes = Vec::new();
    let sizes = [bytes.len().max(1), 1 + random.below(7)];
    for size in sizes {
        let (mut decoder, mut buffer, mut found) = (Decoder::default(), BytesMut::new(), Vec::new());
        let mut refused = None;
        'pieces: for piece in bytes.chunks(size) {
            buffer.extend_from_slice(piece);
            loop {
                match decoder.next(&mut buffer, &LIMITS) {
                    Ok(Some(args)) => found.push(args),
                    Ok(None) => break,
                    Err(error) => {
                        refused = Some(error);
                        break 'pieces;
                    }
                }
            }
        }
        outcomes.push((found, refused));
    }
    assert_eq!(outcomes[0], outcomes[1], "{:?}", String::from_utf8_lossy(bytes));
    outcomes[0].0.len() as u64
}

/// A reply of chance is written and read back, to its last byte.
fn read_back(random: &mut Random) {
    let reply = reply(random, 0);
    for protocol in [Protocol::Two, Protocol::Three] {
        let mut out = Vec::new();
        reply.write(protocol, &mut out);
        let read = parse::reply(&out).map(|(_, taken)| taken);
        assert_eq!(read, Ok(out.len()), "{reply:?}");
    }
}

fn reply(random: &mut Random, depth: usize) -> Reply {
    let mut text: Vec<u8> = (0..random.below(6)).map(|_| random.next() as u8).collect();
    if random.below(2) == 0 {
        text = b"a\r\nb".to_vec();
    }
    let items = |random: &mut Random| (0..random.below(4)).map(|_| reply(random, depth + 1)).collect::<Vec<_>>();
    match random.below(if depth > 5 { 8 } else { 12 }) {
        0 => Reply::OK,
        1 => Reply::Error(RespError::refused(String::from_utf8_lossy(&text).into_owned())),
        2 => Reply::Integer(random.next() as i64),
        3 => Reply::bulk(text),
        4 => Reply::Double(f64::from_bits(random.next())),
        5 => Reply::Bool(random.below(2) == 0),
        6 => Reply::Verbatim("txt", text.into()),
        7 => Reply::Null,
        8 => Reply::Array(items(random)),
        9 => Reply::Set(items(random)),
        10 => Reply::Push(items(random)),
        _ => Reply::Map(items(random).into_iter().map(|value| (Reply::Integer(1), value)).collect()),
    }
}

fn spoil(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.below(5) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes.insert(at, SPICE[random.below(SPICE.len())]),
            2 => drop(bytes.remove(at)),
            3 => bytes.truncate(at),
            _ => {
                let copy = bytes[at..(at + 20).min(bytes.len())].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
}
