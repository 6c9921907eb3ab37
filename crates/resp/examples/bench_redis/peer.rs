//! A connection to a server that speaks RESP, and the CPU time of its process.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use resp::frame::parse::{self, Parsed, Unread};

use crate::{Failure, line};

pub(crate) struct Peer {
    stream: TcpStream,
    read: Vec<u8>,
    process: String,
}

impl Peer {
    pub(crate) fn connect(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        let mut peer = Self { stream, read: Vec::new(), process: String::new() };
        let Parsed::Bulk(info) = peer.ask(&line("INFO server"))? else { return Err("INFO gave no text".into()) };
        let info = String::from_utf8_lossy(&info).into_owned();
        let process = info.lines().find_map(|line| line.strip_prefix("process_id:"));
        peer.process = process.ok_or("INFO tells no process_id")?.trim().to_owned();
        Ok(peer)
    }

    pub(crate) fn send(&mut self, words: &[Vec<u8>]) -> Result<(), Failure> {
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            bytes.extend_from_slice(word);
            bytes.extend_from_slice(b"\r\n");
        }
        Ok(self.stream.write_all(&bytes)?)
    }

    pub(crate) fn answer(&mut self) -> Result<Parsed, Failure> {
        loop {
            match parse::reply(&self.read) {
                Ok((parsed, taken)) => {
                    self.read.drain(..taken);
                    return match parsed {
                        Parsed::Error(text) => Err(text.into()),
                        parsed => Ok(parsed),
                    };
                }
                Err(Unread::Malformed) => return Err("an answer does not read".into()),
                Err(Unread::Incomplete) => {
                    let mut chunk = [0; 64 << 10];
                    match self.stream.read(&mut chunk)? {
                        0 => return Err("the server has closed the connection".into()),
                        count => self.read.extend_from_slice(&chunk[..count]),
                    }
                }
            }
        }
    }

    pub(crate) fn ask(&mut self, words: &[Vec<u8>]) -> Result<Parsed, Failure> {
        self.send(words)?;
        self.answer()
    }

    /// Seconds of CPU that the process has taken so far, exact to less than a microsecond; of threads that have ended none.
    pub(crate) fn cpu(&self) -> Result<f64, Failure> {
        let mut nanoseconds = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.process))? {
            // Threads may end meanwhile.
            let Ok(told) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            nanoseconds += told.split_whitespace().next().ok_or("a strange schedstat")?.parse::<u64>()?;
        }
        Ok(nanoseconds as f64 / 1e9)
    }
}
