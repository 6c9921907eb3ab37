//! A Redis client of the tests: words out, answers as the records write them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use resp::frame::parse::{self, Parsed, Unread};
use serde_json::{Value, json};

use crate::server::Server;

pub(super) const PATIENCE: Duration = Duration::from_secs(120);
const ANSWERS_ON: &str = "answers Redis clients on ";

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

/// Where the node's last start listens for Redis clients.
pub(crate) fn address(server: &Server) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let log = server.log();
        let last = log.rsplit(ANSWERS_ON).next().filter(|_| log.contains(ANSWERS_ON));
        if let Some((address, _)) = last.and_then(|said| said.split_once('\n')) {
            return address.trim().to_owned();
        }
        assert!(Instant::now() < deadline, "the node does not answer Redis clients:\n{log}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Client {
    pub(crate) fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(address(server)).expect("the address that the node has logged");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, read: Vec::new() }
    }

    /// Sends one command and waits for its answer.
    pub(crate) fn ask(&mut self, words: &[Vec<u8>]) -> Value {
        self.send(words);
        self.answer()
    }

    /// As [`Client::ask`], the words between spaces.
    pub(crate) fn say(&mut self, line: &str) -> Value {
        let words: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        self.ask(&words)
    }

    pub(crate) fn send(&mut self, words: &[Vec<u8>]) {
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            bytes.extend_from_slice(word);
            bytes.extend_from_slice(b"\r\n");
        }
        self.stream.write_all(&bytes).expect("the node reads");
    }

    /// The next answer.
    pub(crate) fn answer(&mut self) -> Value {
        loop {
            match parse::reply(&self.read) {
                Ok((parsed, taken)) => {
                    self.read.drain(..taken);
                    return value(&parsed);
                }
                Err(Unread::Malformed) => panic!("no reply: {:?}", String::from_utf8_lossy(&self.read)),
                Err(Unread::Incomplete) => {
                    let mut chunk = [0; 16 << 10];
                    let count = self.stream.read(&mut chunk).expect("an answer in time");
                    assert!(
                        count > 0,
                        "the node closed the connection after {:?}",
                        String::from_utf8_lossy(&self.read)
                    );
                    self.read.extend_from_slice(&chunk[..count]);
                }
            }
        }
    }

    /// Whether the node closes the connection, in time and without another word.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut chunk = [0; 1024];
        matches!(self.stream.read(&mut chunk), Ok(0) | Err(_))
    }
}

/// As the records write it: errors as `{"error": ..}`, maps as `{"map": [[key, value], ..]}`, bytes that are no text with `\xNN`.
fn value(parsed: &Parsed) -> Value {
    match parsed {
        Parsed::Simple(text) => json!(text),
        Parsed::Error(text) => json!({"error": text}),
        Parsed::Integer(number) => json!(number),
        Parsed::Double(number) => json!(number),
        Parsed::Bool(value) => json!(value),
        Parsed::Null => Value::Null,
        Parsed::Bulk(bytes) => json!(text(bytes)),
        Parsed::Verbatim(format, bytes) => json!(format!("{format}:{}", text(bytes))),
        Parsed::Array(items) | Parsed::Set(items) | Parsed::Push(items) => items.iter().map(value).collect(),
        Parsed::Map(pairs) => {
            let pairs: Vec<Value> = pairs.iter().map(|(key, item)| json!([value(key), value(item)])).collect();
            json!({"map": pairs})
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}
