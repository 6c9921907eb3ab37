//! LCS: the longest text that two texts have in common, not necessarily in one piece.

use bytes::Bytes;

use super::READONLY;
use crate::args::Args;
use crate::command::{Keys, commands};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::Entry;
use crate::keyspace::value::Value;
use crate::session::Session;

commands! { "string";
    "lcs" -3, READONLY, Keys::TWO, "Finds the longest common substring." => lcs;
}

type Answer = Result<Reply, RespError>;

/// Pairs of bytes that are looked at, at most: four bytes of memory each.
const MOST_PAIRS: usize = 256 << 20;

/// A stretch that is the same in both: where it begins and ends (inclusive) in either.
type Match = ((usize, usize), (usize, usize));

struct Options {
    length: bool,
    places: bool,
    shortest: usize,
    with_lengths: bool,
}

async fn lcs(session: &mut Session, mut args: Args) -> Answer {
    let (first, second) = (args.must()?, args.must()?);
    let (first, second) = (text(session, &first).await?, text(session, &second).await?);
    let options = options(&mut args)?;
    if options.length && options.places {
        return Err(RespError::refused("If you want both the length and indexes, please just use IDX."));
    }
    let (common, matches) = longest(&first, &second, options.shortest)?;
    if options.length {
        return Ok(Reply::count(common.len()));
    }
    if !options.places {
        return Ok(Reply::bulk(common));
    }
    let range = |(from, to): (usize, usize)| Reply::Array(vec![Reply::count(from), Reply::count(to)]);
    let shown = |(one, other): Match| {
        let mut told = vec![range(one), range(other)];
        told.extend(options.with_lengths.then(|| Reply::count(one.1 - one.0 + 1)));
        Reply::Array(told)
    };
    let matches = Reply::Array(matches.into_iter().map(shown).collect());
    Ok(Reply::Map(vec![(Reply::text("matches"), matches), (Reply::text("len"), Reply::count(common.len()))]))
}

async fn text(session: &Session, key: &[u8]) -> Result<Bytes, RespError> {
    match session.get(key).await? {
        None => Ok(Bytes::new()),
        Some(Entry { value: Value::Text(text), .. }) => Ok(text),
        Some(_) => Err(RespError::refused("The specified keys must contain string values")),
    }
}

fn options(args: &mut Args) -> Result<Options, RespError> {
    let mut options = Options { length: false, places: false, shortest: 0, with_lengths: false };
    while let Some(word) = args.take() {
        match word.to_ascii_uppercase().as_slice() {
            b"LEN" => options.length = true,
            b"IDX" => options.places = true,
            b"WITHMATCHLEN" => options.with_lengths = true,
            b"MINMATCHLEN" => options.shortest = usize::try_from(args.integer()?).unwrap_or(0),
            _ => return Err(RespError::Syntax),
        }
    }
    Ok(options)
}

/// The longest common subsequence and the stretches that it is made of, the last first; of those only the ones of `shortest` bytes and more.
fn longest(first: &[u8], second: &[u8], shortest: usize) -> Result<(Vec<u8>, Vec<Match>), RespError> {
    let width = second.len() + 1;
    let pairs = width.checked_mul(first.len() + 1).filter(|pairs| *pairs <= MOST_PAIRS);
    let pairs =
        pairs.ok_or_else(|| RespError::refused("Insufficient memory, transient memory for LCS exceeds the limit"))?;
    // The length of the longest of the beginnings of both.
    let mut lengths = vec![0_u32; pairs];
    for (at, byte) in first.iter().enumerate() {
        for (beside, other) in second.iter().enumerate() {
            let here = (at + 1) * width + beside + 1;
            lengths[here] = if byte == other {
                lengths[here - width - 1] + 1
            } else {
                lengths[here - width].max(lengths[here - 1])
            };
        }
    }
    let (mut at, mut beside) = (first.len(), second.len());
    let mut common = Vec::with_capacity(lengths[pairs - 1] as usize);
    let mut matches: Vec<Match> = Vec::new();
    while at > 0 && beside > 0 {
        let here = at * width + beside;
        if first[at - 1] == second[beside - 1] {
            common.push(first[at - 1]);
            (at, beside) = (at - 1, beside - 1);
            match matches.last_mut() {
                Some((one, other)) if one.0 == at + 1 && other.0 == beside + 1 => (one.0, other.0) = (at, beside),
                _ => matches.push(((at, at), (beside, beside))),
            }
        } else if lengths[here - width] > lengths[here - 1] {
            at -= 1;
        } else {
            beside -= 1;
        }
    }
    common.reverse();
    matches.retain(|(one, _)| one.1 - one.0 + 1 >= shortest);
    Ok((common, matches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_common_text_is_found_with_its_stretches() {
        let check = |first: &str, second: &str, common: &str, stretches: &[Match]| {
            let found = longest(first.as_bytes(), second.as_bytes(), 0).expect("few enough pairs");
            assert_eq!((found.0.as_slice(), found.1.as_slice()), (common.as_bytes(), stretches), "{first} {second}");
        };
        check("ohmytext", "mynewtext", "mytext", &[((4, 7), (5, 8)), ((2, 3), (0, 1))]);
        check("abc", "xyz", "", &[]);
        check("", "a", "", &[]);
        check("aaa", "aa", "aa", &[((1, 2), (0, 1))]);
    }
}
