//! Sets of 32 bit numbers as Roaring bitmaps, in the form that all their libraries share (the format's specification, "RoaringFormatSpec").
//!
//! In: bytes. Out: the numbers, or nothing for what is no such set. Not here: base64, which numbers a field may have.

/// The first number of a bitmap without and with runs.
const PLAIN: u32 = 12346;
const WITH_RUNS: u32 = 12347;
/// Bitmaps with runs and fewer containers do not say where these begin.
const FEW_CONTAINERS: usize = 4;
/// Numbers of a container that are kept as a list; of more it is a bit each.
const LISTED: usize = 4096;
const BITS_BYTES: usize = 8192;

/// Why there are no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The bytes are no bitmap.
    Malformed,
    /// There are more than were asked for.
    TooMany,
}

/// The numbers of a bitmap, `most` at most, ascending as unsigned ones.
pub(super) fn numbers(bytes: &[u8], most: usize) -> Result<Vec<u32>, Refused> {
    let mut input = Input(bytes);
    let cookie = input.long()?;
    let (containers, runs) = match cookie & 0xffff {
        WITH_RUNS => {
            let containers = (cookie >> 16) as usize + 1;
            (containers, input.take(containers.div_ceil(8))?)
        }
        _ if cookie == PLAIN => (input.long()? as usize, &[][..]),
        _ => return Err(Refused::Malformed),
    };
    if containers > 1 << 16 {
        return Err(Refused::Malformed);
    }
    let mut heads = Vec::with_capacity(containers);
    for _ in 0..containers {
        heads.push((u32::from(input.short()?) << 16, usize::from(input.short()?) + 1));
    }
    if cookie == PLAIN || containers >= FEW_CONTAINERS {
        input.take(containers * size_of::<u32>())?;
    }
    let mut found = Vec::new();
    for (at, (high, count)) in heads.into_iter().enumerate() {
        let is_runs = runs.get(at / 8).is_some_and(|bits| bits >> (at % 8) & 1 == 1);
        if found.len() + count > most {
            return Err(Refused::TooMany);
        }
        match (is_runs, count) {
            (true, _) => input.runs(high, &mut found, most)?,
            (false, ..=LISTED) => {
                for _ in 0..count {
                    found.push(high | u32::from(input.short()?));
                }
            }
            (false, _) => {
                let bits = input.take(BITS_BYTES)?;
                found.extend((0..1 << 16).filter(|at| bits[at / 8] >> (at % 8) & 1 == 1).map(|at| high | at as u32));
            }
        }
    }
    Ok(found)
}

/// What is left of the bytes.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Refused> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Refused::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn short(&mut self) -> Result<u16, Refused> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Refused::Malformed)?;
        self.0 = rest;
        Ok(u16::from_le_bytes(*taken))
    }

    fn long(&mut self) -> Result<u32, Refused> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Refused::Malformed)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*taken))
    }

    /// Firsts, and how many follow each.
    fn runs(&mut self, high: u32, found: &mut Vec<u32>, most: usize) -> Result<(), Refused> {
        for _ in 0..self.short()? {
            let (first, more) = (u32::from(self.short()?), u32::from(self.short()?));
            if first + more > u32::from(u16::MAX) {
                return Err(Refused::Malformed);
            }
            if found.len() + more as usize >= most {
                return Err(Refused::TooMany);
            }
            found.extend((first..=first + more).map(|low| high | low));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], most: usize, expected: Result<&[u32], Refused>) {
        assert_eq!(numbers(bytes, most), expected.map(<[u32]>::to_vec), "{bytes:?}");
    }

    #[test]
    fn lists_runs_and_bits() {
        let listed = [58, 48, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 24, 0, 0, 0, 28, 0, 0, 0, 1, 0, 5, 0, 112, 17];
        check(&listed, 9, Ok(&[1, 5, 70000]));
        check(&listed, 2, Err(Refused::TooMany));
        check(&listed[..29], 9, Err(Refused::Malformed));
        let run = [59, 48, 0, 0, 1, 0, 0, 4, 0, 1, 0, 1, 0, 4, 0];
        check(&run, 9, Ok(&[1, 2, 3, 4, 5]));
        let mut bits = vec![58, 48, 0, 0, 1, 0, 0, 0, 3, 0, 0, 16, 16, 0, 0, 0];
        bits.resize(16 + BITS_BYTES, 255);
        check(&bits, 9, Err(Refused::TooMany));
        assert_eq!(numbers(&bits, 1 << 16).map(|found| (found[0], found.len())), Ok((3 << 16, 1 << 16)));
        check(b"abc", 9, Err(Refused::Malformed));
        check(&[58, 48, 0, 0, 0, 0, 0, 0], 9, Ok(&[]));
    }
}
