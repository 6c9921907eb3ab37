//! Requests: arrays of bulk strings, or a line of words as a person types it.
//!
//! In: a growing buffer. Out: one [`Args`] after the other. What has been read of a request is kept, so that a request of many pieces is
//! read once however it arrives. Limits hold before anything is allocated for what a client announces.

use bytes::{Buf, Bytes, BytesMut};

use crate::args::Args;

/// What one request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Name and arguments.
    pub arguments: usize,
    /// Bytes of one argument.
    pub bulk: usize,
    /// Bytes of all arguments.
    pub request: usize,
}

impl Limits {
    /// For who has not said the password yet.
    pub const STRANGER: Self = Self { arguments: 10, bulk: 16 << 10, request: 64 << 10 };
}

/// Longest line: a line of words, or an announcement of a length.
const LINE: usize = 64 << 10;

/// What is wrong with the bytes. The connection is of no use after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    #[error("ERR Protocol error: invalid multibulk length")]
    Arguments,
    #[error("ERR Protocol error: unauthenticated multibulk length")]
    StrangersArguments,
    #[error("ERR Protocol error: invalid bulk length")]
    Bulk,
    #[error("ERR Protocol error: unauthenticated bulk length")]
    StrangersBulk,
    #[error("ERR Protocol error: expected '$', got '{}'", shown(*.0))]
    NoBulk(u8),
    #[error("ERR Protocol error: too big inline request")]
    Inline,
    #[error("ERR Protocol error: too big mbulk count string")]
    CountLine,
    #[error("ERR Protocol error: too big bulk count string")]
    BulkLine,
    #[error("ERR Protocol error: unbalanced quotes in request")]
    Quotes,
    #[error("ERR Protocol error: the request is longer than resp.max_request_bytes")]
    Request,
}

/// Reads requests off one connection.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Arguments of the current request that have not begun.
    missing: usize,
    /// The announced length of the current argument.
    bulk: Option<usize>,
    args: Vec<Bytes>,
    bytes: usize,
}

impl Decoder {
    /// The next request in `buffer`, of which it takes what it has read; `None`: more bytes are needed. An empty request is none.
    ///
    /// # Errors
    /// [`ProtocolError`].
    pub fn next(&mut self, buffer: &mut BytesMut, limits: &Limits) -> Result<Option<Args>, ProtocolError> {
        while !buffer.is_empty() || self.missing > 0 {
            if self.missing == 0 {
                match buffer.first() {
                    Some(b'*') => {
                        let Some(count) = self.announced(buffer, ProtocolError::CountLine)? else { return Ok(None) };
                        self.begin(count, limits)?;
                    }
                    _ => match inline(buffer)? {
                        None => return Ok(None),
                        Some(words) if words.is_empty() => {}
                        Some(words) => return Ok(Some(Args::new(words))),
                    },
                }
                continue;
            }
            if !self.argument(buffer, limits)? {
                return Ok(None);
            }
            if self.missing == 0 {
                self.bytes = 0;
                return Ok(Some(Args::new(std::mem::take(&mut self.args))));
            }
        }
        Ok(None)
    }

    /// How many bytes the current argument still needs, so that the buffer can be made large enough at once.
    pub fn wanted(&self) -> usize {
        self.bulk.map_or(0, |length| length + 2)
    }

    /// Bytes of the arguments that have been read of the current request.
    pub fn held(&self) -> usize {
        self.args.iter().map(Bytes::len).sum()
    }

    fn begin(&mut self, count: i64, limits: &Limits) -> Result<(), ProtocolError> {
        if count <= 0 {
            return Ok(());
        }
        self.missing = usize::try_from(count).ok().filter(|count| *count <= limits.arguments).ok_or({
            if *limits == Limits::STRANGER { ProtocolError::StrangersArguments } else { ProtocolError::Arguments }
        })?;
        self.args.reserve(self.missing.min(1024));
        Ok(())
    }

    /// Takes one argument; false when it is not all there.
    fn argument(&mut self, buffer: &mut BytesMut, limits: &Limits) -> Result<bool, ProtocolError> {
        let length = match self.bulk {
            Some(length) => length,
            None => {
                match buffer.first() {
                    None => return Ok(false),
                    Some(b'$') => {}
                    Some(other) => return Err(ProtocolError::NoBulk(*other)),
                }
                let Some(length) = self.announced(buffer, ProtocolError::BulkLine)? else { return Ok(false) };
                let stranger = *limits == Limits::STRANGER && length > limits.bulk as i64;
                let length = usize::try_from(length).ok().filter(|length| *length <= limits.bulk);
                let length = length.ok_or(if stranger { ProtocolError::StrangersBulk } else { ProtocolError::Bulk })?;
                self.bytes = self.bytes.saturating_add(length);
                if self.bytes > limits.request {
                    return Err(ProtocolError::Request);
                }
                self.bulk = Some(length);
                length
            }
        };
        if buffer.len() < length + 2 {
            return Ok(false);
        }
        self.args.push(buffer.split_to(length).freeze());
        // What ends it is passed over unread, as Redis does.
        buffer.advance(2);
        self.bulk = None;
        self.missing -= 1;
        Ok(true)
    }

    /// The number of a line `*3` or `$5`.
    fn announced(&self, buffer: &mut BytesMut, too_long: ProtocolError) -> Result<Option<i64>, ProtocolError> {
        let Some(end) = buffer.iter().take(LINE).position(|byte| *byte == b'\r') else {
            return if buffer.len() >= LINE { Err(too_long) } else { Ok(None) };
        };
        if buffer.len() < end + 2 {
            return Ok(None);
        }
        let wrong = if self.missing == 0 { ProtocolError::Arguments } else { ProtocolError::Bulk };
        let number = crate::args::integer(&buffer[1..end]).ok_or(wrong)?;
        buffer.advance(end + 2);
        Ok(Some(number))
    }
}

/// One line of words; `None`: the line has not ended.
fn inline(buffer: &mut BytesMut) -> Result<Option<Vec<Bytes>>, ProtocolError> {
    let Some(end) = buffer.iter().take(LINE).position(|byte| *byte == b'\n') else {
        return if buffer.len() >= LINE { Err(ProtocolError::Inline) } else { Ok(None) };
    };
    let line = buffer.split_to(end + 1);
    words(line[..end].strip_suffix(b"\r").unwrap_or(&line[..end])).map(Some).ok_or(ProtocolError::Quotes)
}

/// Words between spaces; `"..."` with escapes and `'...'` may hold spaces. `None`: quotes that do not close, or go on.
pub fn words(line: &[u8]) -> Option<Vec<Bytes>> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        while line.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if at >= line.len() {
            return Some(found);
        }
        let mut word = Vec::new();
        while let Some(byte) = line.get(at).filter(|byte| !byte.is_ascii_whitespace()) {
            match byte {
                b'"' | b'\'' => {
                    at = quoted(line, at, &mut word)?;
                    if line.get(at).is_some_and(|next| !next.is_ascii_whitespace()) {
                        return None;
                    }
                }
                plain => {
                    word.push(*plain);
                    at += 1;
                }
            }
        }
        found.push(Bytes::from(word));
    }
}

/// Reads from the quote at `at` to the one that closes it; returns the place behind that.
fn quoted(line: &[u8], at: usize, word: &mut Vec<u8>) -> Option<usize> {
    let quote = line[at];
    let mut at = at + 1;
    loop {
        match (line.get(at)?, line.get(at + 1)) {
            (byte, _) if *byte == quote => return Some(at + 1),
            (b'\\', Some(b'x')) if quote == b'"' => {
                let hex = line.get(at + 2..at + 4).and_then(|hex| std::str::from_utf8(hex).ok());
                if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    word.push(byte);
                    at += 4;
                } else {
                    word.push(b'x');
                    at += 2;
                }
            }
            (b'\\', Some(next)) if quote == b'"' => {
                word.push(match next {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                at += 2;
            }
            (b'\\', Some(b'\'')) => {
                word.push(b'\'');
                at += 2;
            }
            (byte, _) => {
                word.push(*byte);
                at += 1;
            }
        }
    }
}

fn shown(byte: u8) -> String {
    String::from_utf8_lossy(&[byte]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { arguments: 4, bulk: 8, request: 20 };

    /// Every request in `input`, words joined by `|`, given whole and byte by byte; then the error if there is one.
    fn check(input: &[u8], expected: &[&str], error: Option<ProtocolError>) {
        for step in [input.len().max(1), 1] {
            let (mut decoder, mut buffer, mut found, mut failed) =
                (Decoder::default(), BytesMut::new(), Vec::new(), None);
            for piece in input.chunks(step) {
                buffer.extend_from_slice(piece);
                loop {
                    match decoder.next(&mut buffer, &LIMITS) {
                        Ok(Some(args)) => {
                            let words: Vec<_> = args.all().iter().map(|word| String::from_utf8_lossy(word)).collect();
                            found.push(words.join("|"));
                        }
                        Ok(None) => break,
                        Err(e) => {
                            failed.get_or_insert(e);
                            break;
                        }
                    }
                }
                if failed.is_some() {
                    break;
                }
            }
            assert_eq!((found, failed), (expected.iter().map(|s| (*s).to_owned()).collect(), error.clone()));
        }
    }

    #[test]
    fn arrays_and_lines() {
        check(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n", &["GET|k", "PING"], None);
        check(b"*0\r\n\r\n*-1\r\nPING\r\n  SET 'a b' \"c\\x41\\n\"\n", &["PING", "SET|a b|cA\n"], None);
        check(b"*1\r\n$0\r\n\r\n", &[""], None);
    }

    #[test]
    fn what_is_no_request() {
        check(b"*9\r\n", &[], Some(ProtocolError::Arguments));
        check(b"*a\r\n", &[], Some(ProtocolError::Arguments));
        check(b"*1\r\n$9\r\n", &[], Some(ProtocolError::Bulk));
        check(b"*1\r\n$-1\r\n", &[], Some(ProtocolError::Bulk));
        check(b"*1\r\n:3\r\n", &[], Some(ProtocolError::NoBulk(b':')));
        check(b"*3\r\n$8\r\n12345678\r\n$8\r\n12345678\r\n$5\r\n", &[], Some(ProtocolError::Request));
        check(b"PING\nSET 'a\n", &["PING"], Some(ProtocolError::Quotes));
        check(b"SET 'a'b\n", &[], Some(ProtocolError::Quotes));
    }
}
