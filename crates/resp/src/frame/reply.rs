//! An answer, and its bytes in either version of the protocol.
//!
//! Handlers speak RESP3's types; for a client of RESP2 maps and sets become flat arrays, doubles, booleans and verbatim texts what RESP2
//! clients expect of them.

use std::borrow::Cow;

use bytes::Bytes;

use super::double;
use super::pairs::Pairs;
use crate::error::RespError;

/// Bytes of a frame besides its text: its kind, a length, two breaks.
const LONGEST_FRAME: usize = 25;

/// The version of the protocol that a client has asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    #[default]
    Two,
    Three,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// One line without a break: `OK`, `PONG`.
    Simple(Cow<'static, str>),
    Error(RespError),
    Integer(i64),
    Bulk(Bytes),
    Double(f64),
    Bool(bool),
    /// A text with its format, of three letters: `txt`, `mkd`.
    Verbatim(&'static str, Bytes),
    Null,
    /// No list: RESP2 tells it from no text.
    NullArray,
    Array(Vec<Reply>),
    Set(Vec<Reply>),
    /// Keys and values in order.
    Map(Vec<(Reply, Reply)>),
    /// The same, of texts alone.
    Pairs(Pairs),
    /// Out of turn (RESP3); an array to RESP2.
    Push(Vec<Reply>),
}

impl Reply {
    pub const OK: Self = Self::Simple(Cow::Borrowed("OK"));

    pub fn bulk(bytes: impl Into<Bytes>) -> Self {
        Self::Bulk(bytes.into())
    }

    /// A word of the dialect's own, such as the name of a part of an answer.
    pub fn word(word: &'static str) -> Self {
        Self::Simple(Cow::Borrowed(word))
    }

    /// A text that is copied.
    pub fn text(text: &str) -> Self {
        Self::Bulk(Bytes::copy_from_slice(text.as_bytes()))
    }

    /// The text, or [`Reply::Null`].
    pub fn optional(bytes: Option<Bytes>) -> Self {
        bytes.map_or(Self::Null, Self::Bulk)
    }

    pub fn bulks(items: impl IntoIterator<Item = impl Into<Bytes>>) -> Self {
        Self::Array(items.into_iter().map(|item| Self::Bulk(item.into())).collect())
    }

    /// A number of things.
    pub fn count(count: usize) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Appends its bytes.
    pub fn write(&self, protocol: Protocol, out: &mut Vec<u8>) {
        let three = protocol == Protocol::Three;
        match self {
            Self::Simple(text) => line(out, b'+', text.as_bytes()),
            Self::Error(error) => line(out, b'-', one_line(&error.to_string()).as_bytes()),
            Self::Integer(value) => number(out, b':', *value),
            Self::Bulk(bytes) => bulk(out, b'$', bytes),
            Self::Double(value) if three => line(out, b',', double::text(*value).as_bytes()),
            Self::Double(value) => bulk(out, b'$', double::text(*value).as_bytes()),
            Self::Bool(value) if three => line(out, b'#', if *value { b"t" } else { b"f" }),
            Self::Bool(value) => number(out, b':', i64::from(*value)),
            Self::Verbatim(format, text) if three => {
                number(out, b'=', text.len() as i64 + 4);
                out.extend_from_slice(format.as_bytes());
                out.push(b':');
                out.extend_from_slice(text);
                out.extend_from_slice(b"\r\n");
            }
            Self::Verbatim(_, text) => bulk(out, b'$', text),
            Self::Null | Self::NullArray if three => out.extend_from_slice(b"_\r\n"),
            Self::Null => out.extend_from_slice(b"$-1\r\n"),
            Self::NullArray => out.extend_from_slice(b"*-1\r\n"),
            Self::Array(items) => list(out, b'*', items, protocol),
            Self::Set(items) => list(out, if three { b'~' } else { b'*' }, items, protocol),
            Self::Push(items) => list(out, if three { b'>' } else { b'*' }, items, protocol),
            Self::Map(pairs) => {
                begin_map(out, pairs.len(), protocol);
                for (key, value) in pairs {
                    key.write(protocol, out);
                    value.write(protocol, out);
                }
            }
            Self::Pairs(pairs) => {
                begin_map(out, pairs.len(), protocol);
                for (key, value) in pairs.iter() {
                    bulk(out, b'$', key);
                    bulk(out, b'$', value);
                }
            }
        }
    }
}

impl From<RespError> for Reply {
    fn from(error: RespError) -> Self {
        Self::Error(error)
    }
}

fn begin_map(out: &mut Vec<u8>, pairs: usize, protocol: Protocol) {
    match protocol {
        Protocol::Two => number(out, b'*', 2 * pairs as i64),
        Protocol::Three => number(out, b'%', pairs as i64),
    }
}

fn list(out: &mut Vec<u8>, kind: u8, items: &[Reply], protocol: Protocol) {
    number(out, kind, items.len() as i64);
    items.iter().for_each(|item| item.write(protocol, out));
}

fn line(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    out.push(kind);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

fn bulk(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    out.reserve(text.len() + LONGEST_FRAME);
    number(out, kind, text.len() as i64);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

fn number(out: &mut Vec<u8>, kind: u8, value: i64) {
    out.push(kind);
    if let 0..=9 = value {
        out.extend_from_slice(&[b'0' + value as u8, b'\r', b'\n']);
        return;
    }
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut left = value.unsigned_abs();
    while left > 0 {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
    out.extend_from_slice(b"\r\n");
}

/// An error's text may hold what a client sent; a break in it would end the frame.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\r', '\n']) { Cow::Owned(text.replace(['\r', '\n'], " ")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reply: Reply, two: &str, three: &str) {
        for (protocol, expected) in [(Protocol::Two, two), (Protocol::Three, three)] {
            let mut out = Vec::new();
            reply.write(protocol, &mut out);
            assert_eq!(String::from_utf8(out).unwrap().replace("\r\n", " "), expected);
        }
    }

    #[test]
    fn each_type_in_both_protocols() {
        check(Reply::OK, "+OK ", "+OK ");
        check(Reply::Error(RespError::refused("a\r\nb")), "-ERR a  b ", "-ERR a  b ");
        check(Reply::Integer(i64::MIN), ":-9223372036854775808 ", ":-9223372036854775808 ");
        check(Reply::text("hi"), "$2 hi ", "$2 hi ");
        check(Reply::Double(1.5), "$3 1.5 ", ",1.5 ");
        check(Reply::Bool(true), ":1 ", "#t ");
        check(Reply::Verbatim("txt", "a b".into()), "$3 a b ", "=7 txt:a b ");
        check(Reply::Null, "$-1 ", "_ ");
        check(Reply::NullArray, "*-1 ", "_ ");
        check(Reply::Set(vec![Reply::Integer(1)]), "*1 :1 ", "~1 :1 ");
        check(Reply::Map(vec![(Reply::text("k"), Reply::Integer(1))]), "*2 $1 k :1 ", "%1 $1 k :1 ");
        let pairs = Pairs::new("kay12", vec![(0..1, 3..5), (1..3, 0..0)]);
        check(Reply::Pairs(pairs), "*4 $1 k $2 12 $2 ay $0  ", "%2 $1 k $2 12 $2 ay $0  ");
        check(Reply::Push(vec![]), "*0 ", ">0 ");
    }
}
