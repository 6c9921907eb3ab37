//! Texts as bits: the first bit is the highest of the first byte.

use bytes::Bytes;

use super::{DENYOOM, FAST, READONLY, WRITE, edit, text, text_of};
use crate::args::{Args, integer};
use crate::command::{Keys, commands};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::value::Value;
use crate::keyspace::{Entry, Next};
use crate::session::Session;

/// All words but the name and the one behind it.
const BEHIND: Keys = Keys { first: 2, last: -1, step: 1 };

commands! { "bitmap";
    "getbit" 3, READONLY | FAST, Keys::FIRST, "Returns a bit value by offset." => getbit;
    "setbit" 4, WRITE | DENYOOM, Keys::FIRST, "Sets or clears the bit at offset of the string value." => setbit;
    "bitcount" -2, READONLY, Keys::FIRST, "Counts the number of set bits (population counting) in a string." => bitcount;
    "bitpos" -3, READONLY, Keys::FIRST, "Finds the first set (1) or clear (0) bit in a string." => bitpos;
    "bitop" -4, WRITE | DENYOOM, BEHIND, "Performs bitwise operations on multiple strings, and stores the result." => bitop;
}

type Answer = Result<Reply, RespError>;

/// The number of a bit; there are as many as a text may have.
pub(super) fn offset(session: &Session, word: &[u8]) -> Result<usize, RespError> {
    let wrong = || RespError::refused("bit offset is not an integer or out of range");
    let offset = integer(word).and_then(|offset| usize::try_from(offset).ok()).ok_or_else(wrong)?;
    if offset / 8 < session.server.settings.max_bulk_bytes { Ok(offset) } else { Err(wrong()) }
}

pub(super) fn bit(text: &[u8], at: usize) -> bool {
    text.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
}

async fn getbit(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let at = offset(session, &args.must()?)?;
    let text = text(session, &key).await?.unwrap_or_default();
    Ok(Reply::Integer(i64::from(bit(&text, at))))
}

async fn setbit(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let at = offset(session, &args.must()?)?;
    let on = match integer(&args.must()?) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(RespError::refused("bit is not an integer or out of range")),
    };
    let before = std::sync::atomic::AtomicBool::new(false);
    edit(session, &key, |text| {
        before.store(bit(text, at), std::sync::atomic::Ordering::Relaxed);
        text.resize(text.len().max(at / 8 + 1), 0);
        let mask = 128 >> (at % 8);
        text[at / 8] = if on { text[at / 8] | mask } else { text[at / 8] & !mask };
        Ok(true)
    })
    .await?;
    Ok(Reply::Integer(i64::from(before.into_inner())))
}

/// A part of a text, in bits.
struct Part {
    from: i64,
    to: i64,
    in_bits: bool,
}

impl Part {
    fn of(args: &mut Args) -> Result<Self, RespError> {
        let (from, to) = (args.must()?, args.must()?);
        let unit = args.take().map(|unit| unit.to_ascii_uppercase());
        let (from, to) = (integer(&from).ok_or(RespError::NotAnInteger)?, integer(&to).ok_or(RespError::NotAnInteger)?);
        let in_bits = match unit.as_deref() {
            None | Some(b"BYTE") => false,
            Some(b"BIT") => true,
            Some(_) => return Err(RespError::Syntax),
        };
        if args.is_empty() { Ok(Self { from, to, in_bits }) } else { Err(RespError::Syntax) }
    }

    /// Whether it ends before it begins, whatever it is a part of.
    fn is_reversed(&self) -> bool {
        self.from < 0 && self.to < 0 && self.from > self.to
    }

    /// The bits that it covers of a text of `bytes` bytes: from, and behind the last.
    fn bits(&self, bytes: usize) -> Option<(usize, usize)> {
        let length = if self.in_bits { bytes * 8 } else { bytes } as i64;
        let place = |at: i64| if at < 0 { at.saturating_add(length).max(0) } else { at };
        let (from, to) = (place(self.from), place(self.to).min(length - 1));
        let unit = if self.in_bits { 1 } else { 8 };
        (from <= to).then(|| (from as usize * unit, (to as usize + 1) * unit))
    }
}

async fn bitcount(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let part = match args.left() {
        0 => None,
        2 | 3 => Some(Part::of(&mut args)?),
        _ => return Err(RespError::Syntax),
    };
    let text = text(session, &key).await?.unwrap_or_default();
    let all = (0, text.len() * 8);
    let range = match part {
        None => Some(all),
        Some(part) => part.bits(text.len()).filter(|_| !part.is_reversed()),
    };
    Ok(Reply::Integer(range.map_or(0, |(from, until)| ones(&text, from, until)) as i64))
}

/// How many bits are set from one to before another.
fn ones(text: &[u8], from: usize, until: usize) -> u64 {
    let (first, last) = (from.div_ceil(8), until / 8);
    if first >= last {
        return (from..until).filter(|at| bit(text, *at)).count() as u64;
    }
    let whole: u64 = text[first..last].iter().map(|byte| u64::from(byte.count_ones())).sum();
    let ends = (from..first * 8).chain(last * 8..until);
    whole + ends.filter(|at| bit(text, *at)).count() as u64
}

async fn bitpos(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let wanted = match args.integer()? {
        0 => false,
        1 => true,
        _ => return Err(RespError::refused("The bit argument must be 1 or 0.")),
    };
    let found = text(session, &key).await?;
    let (part, open) = match args.left() {
        0 => (Part { from: 0, to: -1, in_bits: false }, true),
        1 => (Part { from: args.integer()?, to: -1, in_bits: false }, true),
        2 | 3 => (Part::of(&mut args)?, false),
        _ => return Err(RespError::Syntax),
    };
    let Some(text) = found else { return Ok(Reply::Integer(if wanted { -1 } else { 0 })) };
    let Some((from, until)) = part.bits(text.len()) else { return Ok(Reply::Integer(-1)) };
    let position = position(&text, wanted, from, until);
    // Behind a text there are bits that are not set, unless its end is given.
    let beyond = (!wanted && open).then_some(until);
    Ok(Reply::Integer(position.or(beyond).map_or(-1, |at| at as i64)))
}

/// The first bit that is as `wanted`.
fn position(text: &[u8], wanted: bool, from: usize, until: usize) -> Option<usize> {
    let same = if wanted { 0 } else { u8::MAX };
    let mut at = from;
    while at < until {
        if at.is_multiple_of(8) && text[at / 8] == same {
            at += 8;
        } else if bit(text, at) == wanted {
            return Some(at);
        } else {
            at += 1;
        }
    }
    None
}

async fn bitop(session: &mut Session, mut args: Args) -> Answer {
    let operation: fn(u8, u8) -> u8 = match args.must()?.to_ascii_uppercase().as_slice() {
        b"AND" => |a, b| a & b,
        b"OR" => |a, b| a | b,
        b"XOR" => |a, b| a ^ b,
        b"NOT" if args.left() == 2 => |a, _| !a,
        b"NOT" => return Err(RespError::refused("BITOP NOT must be called with a single source key.")),
        _ => return Err(RespError::Syntax),
    };
    let (to, from) = (args.must()?, args.rest());
    let _held = session.hold(args.all().get(2..).unwrap_or_default()).await;
    let mut texts: Vec<Bytes> = Vec::with_capacity(from.len());
    for key in from {
        texts.push(text_of(session.get(key).await?)?.map(|(text, _)| text).unwrap_or_default());
    }
    let result = combined(&texts, operation);
    let length = result.len();
    let entry = Entry::new(Value::Text(result.into()));
    let keyspace = &session.server.keyspace;
    // Nothing is no text.
    let next = || if length == 0 { Next::Delete } else { Next::Put(entry.clone()) };
    keyspace.change(&to, |_| Ok((next(), ()))).await?;
    Ok(Reply::count(length))
}

/// All texts by one operation, as long as the longest: shorter ones go on with zeros.
fn combined(texts: &[Bytes], operation: fn(u8, u8) -> u8) -> Vec<u8> {
    let longest = texts.iter().map(Bytes::len).max().unwrap_or(0);
    let byte = |text: &Bytes, at: usize| text.get(at).copied().unwrap_or(0);
    let Some((first, others)) = texts.split_first() else { return Vec::new() };
    let one = |at: usize| match others {
        // The one operation of one text does not look at another.
        [] if operation(0, 0) != 0 => operation(byte(first, at), 0),
        _ => others.iter().fold(byte(first, at), |so_far, text| operation(so_far, byte(text, at))),
    };
    (0..longest).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_and_found_from_the_highest_on() {
        let text = [0b1000_0001, 0, 0xff, 0b0111_1111];
        for from in 0..=32 {
            for until in from..=32 {
                let slow = (from..until).filter(|at| bit(&text, *at)).count() as u64;
                assert_eq!(ones(&text, from, until), slow, "{from} {until}");
                for wanted in [false, true] {
                    let slow = (from..until).find(|at| bit(&text, *at) == wanted);
                    assert_eq!(position(&text, wanted, from, until), slow, "{wanted} {from} {until}");
                }
            }
        }
    }

    #[test]
    fn texts_are_combined_to_the_length_of_the_longest() {
        let text = |bytes: &'static [u8]| Bytes::from_static(bytes);
        let texts = [text(&[0b1100, 7]), text(&[0b1010])];
        assert_eq!(combined(&texts, |a, b| a & b), [0b1000, 0]);
        assert_eq!(combined(&texts, |a, b| a | b), [0b1110, 7]);
        assert_eq!(combined(&texts, |a, b| a ^ b), [0b0110, 7]);
        assert_eq!(combined(&texts[1..], |a, _| !a), [0b1111_0101]);
        assert_eq!(combined(&texts[1..], |a, b| a & b), [0b1010]);
        assert!(combined(&[text(&[])], |a, _| !a).is_empty());
    }
}
