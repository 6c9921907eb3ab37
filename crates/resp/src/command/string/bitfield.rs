//! BITFIELD: numbers of any width at any bit of a text.

use parking_lot::Mutex;

use super::bits::{bit, offset};
use super::{DENYOOM, FAST, READONLY, WRITE, edit, text};
use crate::args::{Args, integer};
use crate::command::{Keys, commands};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

commands! { "bitmap";
    "bitfield" -2, WRITE | DENYOOM, Keys::FIRST, "Performs arbitrary bitfield integer operations on strings." => bitfield;
    "bitfield_ro" -2, READONLY | FAST, Keys::FIRST, "Performs arbitrary read-only bitfield integer operations on strings." => bitfield_ro;
}

type Answer = Result<Reply, RespError>;

/// A number's width, and whether it has a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    signed: bool,
    width: u32,
}

/// What becomes of a number that is too large for its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Get,
    Set(i64),
    Increment(i64),
}

#[derive(Clone, Copy, Debug)]
struct Operation {
    shape: Shape,
    at: usize,
    action: Action,
    overflow: Overflow,
}

impl Shape {
    fn of(word: &[u8]) -> Result<Self, RespError> {
        let wrong = "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
        let signed = word.first() == Some(&b'i');
        let width = word.get(1..).and_then(integer).and_then(|width| u32::try_from(width).ok());
        let most = if signed { 64 } else { 63 };
        match (word.first(), width) {
            (Some(b'i' | b'u'), Some(width)) if (1..=most).contains(&width) => Ok(Self { signed, width }),
            _ => Err(RespError::refused(wrong)),
        }
    }

    /// The least and the greatest number.
    fn bounds(self) -> (i128, i128) {
        if self.signed { (-(1 << (self.width - 1)), (1 << (self.width - 1)) - 1) } else { (0, (1 << self.width) - 1) }
    }

    /// `number` within the bounds, or why there is none.
    fn fit(self, number: i128, overflow: Overflow) -> Option<i64> {
        let (least, greatest) = self.bounds();
        let fitting = match overflow {
            _ if (least..=greatest).contains(&number) => number,
            Overflow::Fail => return None,
            Overflow::Saturate => number.clamp(least, greatest),
            Overflow::Wrap => self.read(number as u64),
        };
        Some(fitting as i64)
    }

    /// The number that the lowest bits are.
    fn read(self, bits: u64) -> i128 {
        let low = i128::from(bits) & ((1 << self.width) - 1);
        if self.signed && low >> (self.width - 1) == 1 { low - (1 << self.width) } else { low }
    }

    fn get(self, text: &[u8], at: usize) -> i64 {
        let bits = (at..at + self.width as usize).fold(0, |bits: u64, at| bits << 1 | u64::from(bit(text, at)));
        self.read(bits) as i64
    }

    /// The text is long enough.
    fn set(self, text: &mut [u8], at: usize, number: i64) {
        let width = self.width as usize;
        for (place, low) in (at..at + width).zip((0..width).rev()) {
            let mask = 128 >> (place % 8);
            let byte = &mut text[place / 8];
            *byte = if number >> low & 1 == 1 { *byte | mask } else { *byte & !mask };
        }
    }
}

impl Operation {
    /// Carries it out; `None`: it would overflow, and nothing was done.
    fn run(&self, text: &mut [u8]) -> Option<i64> {
        let before = self.shape.get(text, self.at);
        let (wanted, answers_new) = match self.action {
            Action::Get => return Some(before),
            Action::Set(number) => (self.wanted(number), false),
            Action::Increment(by) => (i128::from(before) + i128::from(by), true),
        };
        let number = self.shape.fit(wanted, self.overflow)?;
        self.shape.set(text, self.at, number);
        Some(if answers_new { number } else { before })
    }

    /// A number to be set: without a sign, one below zero is what its bits are.
    fn wanted(&self, number: i64) -> i128 {
        if self.shape.signed { i128::from(number) } else { i128::from(number as u64) }
    }
}

fn operations(session: &Session, args: &mut Args) -> Result<Vec<Operation>, RespError> {
    let mut overflow = Overflow::Wrap;
    let mut found = Vec::new();
    while let Some(word) = args.take() {
        let name = word.to_ascii_uppercase();
        if name == b"OVERFLOW" && !args.is_empty() {
            overflow = match args.must()?.to_ascii_uppercase().as_slice() {
                b"WRAP" => Overflow::Wrap,
                b"SAT" => Overflow::Saturate,
                b"FAIL" => Overflow::Fail,
                _ => return Err(RespError::refused("Invalid OVERFLOW type specified")),
            };
            continue;
        }
        let needed = match name.as_slice() {
            b"GET" => 2,
            b"SET" | b"INCRBY" => 3,
            _ => return Err(RespError::Syntax),
        };
        if args.left() < needed {
            return Err(RespError::Syntax);
        }
        let shape = Shape::of(&args.must()?)?;
        let at = place(session, &args.must()?, shape)?;
        let action = match name.as_slice() {
            b"GET" => Action::Get,
            b"SET" => Action::Set(args.integer()?),
            _ => Action::Increment(args.integer()?),
        };
        found.push(Operation { shape, at, action, overflow });
    }
    Ok(found)
}

/// Where a number begins: a bit, or behind `#` how many numbers of its width lie before it.
fn place(session: &Session, word: &[u8], shape: Shape) -> Result<usize, RespError> {
    let wrong = || RespError::refused("bit offset is not an integer or out of range");
    let bit = match word.strip_prefix(b"#") {
        None => offset(session, word)?,
        Some(count) => {
            let count = integer(count).and_then(|count| usize::try_from(count).ok()).ok_or_else(wrong)?;
            count.checked_mul(shape.width as usize).ok_or_else(wrong)?
        }
    };
    let end = bit.checked_add(shape.width as usize).ok_or_else(wrong)?;
    if end.div_ceil(8) <= session.server.settings.max_bulk_bytes { Ok(bit) } else { Err(wrong()) }
}

async fn bitfield(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let operations = operations(session, &mut args)?;
    if operations.iter().all(|operation| operation.action == Action::Get) {
        return read(session, &key, &operations).await;
    }
    let answers = Mutex::new(Vec::new());
    edit(session, &key, |text| {
        let before = text.clone();
        let written = operations.iter().filter(|operation| operation.action != Action::Get);
        let end = written.map(|operation| operation.at + operation.shape.width as usize).max().unwrap_or(0);
        text.resize(text.len().max(end.div_ceil(8)), 0);
        *answers.lock() = operations.iter().map(|operation| operation.run(text)).collect();
        Ok(*text != before)
    })
    .await?;
    let shown = |answer: Option<i64>| answer.map_or(Reply::Null, Reply::Integer);
    Ok(Reply::Array(answers.into_inner().into_iter().map(shown).collect()))
}

async fn bitfield_ro(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let operations = operations(session, &mut args)?;
    if operations.iter().any(|operation| operation.action != Action::Get) {
        return Err(RespError::refused("BITFIELD_RO only supports the GET subcommand"));
    }
    read(session, &key, &operations).await
}

async fn read(session: &Session, key: &[u8], operations: &[Operation]) -> Answer {
    let text = text(session, key).await?.unwrap_or_default();
    Ok(Reply::Array(operations.iter().map(|each| Reply::Integer(each.shape.get(&text, each.at))).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(word: &str) -> Shape {
        Shape::of(word.as_bytes()).expect("a shape")
    }

    #[test]
    fn numbers_of_any_width_come_back_as_they_were_set() {
        for (word, number) in
            [("u1", 1), ("i1", -1), ("u8", 200), ("i8", -128), ("i64", i64::MIN), ("u63", i64::MAX), ("i5", -7)]
        {
            for at in [0, 3, 8, 13] {
                let mut text = vec![0xa5; 12];
                shape(word).set(&mut text, at, number);
                assert_eq!(shape(word).get(&text, at), number, "{word} {at}");
                let beside = (0..at).chain(at + shape(word).width as usize..96);
                assert!(beside.into_iter().all(|at| bit(&text, at) == bit(&[0xa5; 12], at)), "{word} {at}");
            }
        }
        for wrong in ["u64", "i65", "u0", "x8", "", "u", "U8", "u+8"] {
            assert!(Shape::of(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_too_large_wraps_stays_or_fails() {
        let check = |word: &str, number: i128, expected: [Option<i64>; 3]| {
            let all = [Overflow::Wrap, Overflow::Saturate, Overflow::Fail];
            assert_eq!(all.map(|overflow| shape(word).fit(number, overflow)), expected, "{word} {number}");
        };
        check("u2", 4, [Some(0), Some(3), None]);
        check("u2", -1, [Some(3), Some(0), None]);
        check("i8", 128, [Some(-128), Some(127), None]);
        check("i8", -129, [Some(127), Some(-128), None]);
        check("i64", i128::from(i64::MAX) + 1, [Some(i64::MIN), Some(i64::MAX), None]);
        check("u8", 7, [Some(7); 3]);
    }
}
