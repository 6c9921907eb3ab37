//! Tantivy's numbers of variable length: seven bits a byte, lowest first, the last byte marked.

use std::io;

use super::blocks::broken;

/// The mark of a last byte.
const LAST: u8 = 128;
/// Numbers that are read at once where each is one byte.
const AT_ONCE: usize = 8;

/// Reads a number at `at`, which is moved behind it.
pub(super) fn read_vint(bytes: &[u8], at: &mut usize) -> io::Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at).ok_or_else(|| broken("a number is cut off"))?;
        *at += 1;
        value |= u64::from(byte & !LAST) << shift;
        if byte & LAST != 0 {
            return Ok(value);
        }
    }
    Err(broken("a number is too long"))
}

/// Fills `out` with the numbers that begin at `at`, which is moved behind them. Of numbers of more than 32 bits these stay.
pub(super) fn read_vints(bytes: &[u8], at: &mut usize, out: &mut [u32]) -> io::Result<()> {
    for out in out.chunks_mut(AT_ONCE) {
        match bytes.get(*at..).and_then(<[u8]>::first_chunk).filter(|eight| out.len() == AT_ONCE && are_last(eight)) {
            Some(eight) => {
                out.iter_mut().zip(eight).for_each(|(out, byte)| *out = u32::from(byte & !LAST));
                *at += AT_ONCE;
            }
            None => {
                for out in out {
                    *out = read_vint(bytes, at)? as u32;
                }
            }
        }
    }
    Ok(())
}

/// How many numbers `bytes` holds.
pub(super) fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & LAST != 0).count()
}

fn are_last(bytes: &[u8; AT_ONCE]) -> bool {
    const MARKS: u64 = u64::from_ne_bytes([LAST; AT_ONCE]);
    u64::from_ne_bytes(*bytes) & MARKS == MARKS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(numbers: &[u32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &number in numbers {
            let mut left = number;
            while left >= 128 {
                bytes.push(left as u8 & !LAST);
                left >>= 7;
            }
            bytes.push(left as u8 | LAST);
        }
        bytes
    }

    #[test]
    fn numbers_of_any_length_are_read_as_they_were_written() {
        let small: Vec<u32> = (0..29).collect();
        let mixed: Vec<u32> = (0..100).map(|at| if at % 23 == 9 { u32::MAX - at } else { at * at % 130 }).collect();
        for numbers in [small, mixed, vec![u32::MAX; 9], vec![]] {
            let bytes = written(&numbers);
            let (mut at, mut read) = (0, vec![0; numbers.len()]);
            read_vints(&bytes, &mut at, &mut read).unwrap();
            assert_eq!((read, at, count(&bytes)), (numbers.clone(), bytes.len(), numbers.len()));
            let mut more = vec![0; numbers.len() + 1];
            assert!(read_vints(&bytes, &mut 0, &mut more).is_err());
        }
        assert!(read_vint(&[1; 11], &mut 0).is_err());
    }
}
