//! Replies read back: what a client needs, here for tests.

/// One reply as it came, any version of the protocol.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    Simple(String),
    Error(String),
    Integer(i64),
    Double(f64),
    Bool(bool),
    Bulk(Vec<u8>),
    Verbatim(String, Vec<u8>),
    Null,
    Array(Vec<Parsed>),
    Set(Vec<Parsed>),
    Map(Vec<(Parsed, Parsed)>),
    Push(Vec<Parsed>),
}

/// Why bytes are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// More bytes may make it one.
    Incomplete,
    Malformed,
}

/// How deep replies may nest.
const DEPTH: usize = 64;

/// The first reply in `bytes`, and how many bytes it took.
///
/// # Errors
/// [`Unread`].
pub fn reply(bytes: &[u8]) -> Result<(Parsed, usize), Unread> {
    let mut reader = Reader { bytes, at: 0 };
    let parsed = reader.reply(0)?;
    Ok((parsed, reader.at))
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn reply(&mut self, depth: usize) -> Result<Parsed, Unread> {
        if depth > DEPTH {
            return Err(Unread::Malformed);
        }
        let line = self.line()?;
        let (kind, rest) = line.split_first().ok_or(Unread::Malformed)?;
        let text = || String::from_utf8_lossy(rest).into_owned();
        Ok(match kind {
            b'+' => Parsed::Simple(text()),
            b'-' => Parsed::Error(text()),
            b':' => Parsed::Integer(number(rest)?),
            b',' => Parsed::Double(text().parse().map_err(|_| Unread::Malformed)?),
            b'#' => Parsed::Bool(rest == b"t"),
            b'_' => Parsed::Null,
            b'$' if rest == b"-1" => Parsed::Null,
            b'*' if rest == b"-1" => Parsed::Null,
            b'$' => Parsed::Bulk(self.bulk(number(rest)?)?),
            b'=' => {
                let whole = self.bulk(number(rest)?)?;
                let (format, text) = whole.split_at_checked(4).ok_or(Unread::Malformed)?;
                Parsed::Verbatim(String::from_utf8_lossy(&format[..3]).into_owned(), text.to_vec())
            }
            b'*' => Parsed::Array(self.items(number(rest)?, depth)?),
            b'~' => Parsed::Set(self.items(number(rest)?, depth)?),
            b'>' => Parsed::Push(self.items(number(rest)?, depth)?),
            b'%' => {
                let count = number(rest)?;
                let mut pairs = Vec::new();
                for _ in 0..count {
                    pairs.push((self.reply(depth + 1)?, self.reply(depth + 1)?));
                }
                Parsed::Map(pairs)
            }
            _ => return Err(Unread::Malformed),
        })
    }

    fn items(&mut self, count: i64, depth: usize) -> Result<Vec<Parsed>, Unread> {
        (0..count).map(|_| self.reply(depth + 1)).collect()
    }

    fn line(&mut self) -> Result<Vec<u8>, Unread> {
        let left = &self.bytes[self.at..];
        let end = left.windows(2).position(|pair| pair == b"\r\n").ok_or(Unread::Incomplete)?;
        self.at += end + 2;
        Ok(left[..end].to_vec())
    }

    fn bulk(&mut self, length: i64) -> Result<Vec<u8>, Unread> {
        let length = usize::try_from(length).map_err(|_| Unread::Malformed)?;
        let left = &self.bytes[self.at..];
        let end = length.checked_add(2).ok_or(Unread::Malformed)?;
        if left.len() < end {
            return Err(Unread::Incomplete);
        }
        if &left[length..end] != b"\r\n" {
            return Err(Unread::Malformed);
        }
        self.at += end;
        Ok(left[..length].to_vec())
    }
}

fn number(digits: &[u8]) -> Result<i64, Unread> {
    std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).ok_or(Unread::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_read_back() {
        let bytes = b"%1\r\n$1\r\nk\r\n*3\r\n:1\r\n,1.5\r\n_\r\n+rest\r\n";
        let (parsed, taken) = reply(bytes).unwrap();
        assert_eq!(taken, bytes.len() - 7);
        let list = Parsed::Array(vec![Parsed::Integer(1), Parsed::Double(1.5), Parsed::Null]);
        assert_eq!(parsed, Parsed::Map(vec![(Parsed::Bulk(b"k".to_vec()), list)]));
        for end in 0..taken {
            assert_eq!(reply(&bytes[..end]), Err(Unread::Incomplete));
        }
        assert_eq!(reply(b"?\r\n"), Err(Unread::Malformed));
        assert_eq!(reply("*1\r\n".repeat(100).as_bytes()), Err(Unread::Malformed));
    }
}
