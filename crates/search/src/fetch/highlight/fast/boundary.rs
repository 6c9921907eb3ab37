//! Where a fragment really begins and ends: at the nearest of certain characters, or where words or sentences do.

use model::search::BoundaryScanner;

use super::super::scanner::{Fragments, Scanner};
use super::super::text::Text;

pub(super) enum Boundary {
    /// The characters, and how many are looked at.
    Chars(Vec<u16>, usize),
    Words,
    Sentences,
}

impl Boundary {
    pub(super) fn new(scanner: BoundaryScanner, chars: &str, most: u32) -> Self {
        match scanner {
            BoundaryScanner::Word => Self::Words,
            BoundaryScanner::Sentence => Self::Sentences,
            BoundaryScanner::Usual | BoundaryScanner::Chars => {
                Self::Chars(chars.encode_utf16().collect(), most as usize)
            }
        }
    }

    /// The beginning for a fragment that would begin at `at`.
    pub(super) fn start(&self, text: &[u16], at: usize) -> usize {
        let Some(before) = text.get(..at).filter(|before| !before.is_empty()) else { return at };
        let (chars, most) = match self {
            Self::Chars(chars, most) => (chars, *most),
            Self::Words => return scan(before, |scanner| scanner.word(before.len() as u32 - 1).0),
            Self::Sentences => return scan(before, |scanner| scanner.sentence_before(before.len() as u32)),
        };
        let near = before.iter().rev().take(most).position(|unit| chars.contains(unit));
        match near {
            Some(back) => at - back,
            None if at <= most => 0,
            None => at,
        }
    }

    /// The end for a fragment that would end at `at`.
    pub(super) fn end(&self, text: &[u16], at: usize) -> usize {
        let Some(behind) = text.get(at..).filter(|behind| !behind.is_empty()) else { return at };
        match self {
            Self::Chars(chars, most) => {
                at + behind.iter().take(*most).position(|unit| chars.contains(unit)).unwrap_or(0)
            }
            Self::Words => at + scan(behind, |scanner| scanner.word(0).1),
            Self::Sentences => at + scan(behind, |scanner| scanner.sentence_behind(0).unwrap_or(behind.len() as u32)),
        }
    }
}

fn scan(text: &[u16], ask: impl FnOnce(&mut Scanner<'_>) -> u32) -> usize {
    let text = Text::new(String::from_utf16_lossy(text));
    ask(&mut Scanner::new(&text, Fragments::Sentences)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(boundary: &Boundary, text: &str, around: &str, expected: &str) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let from = text.find(around).expect("is there");
        let (from, to) = (boundary.start(&units, from), boundary.end(&units, from + around.len()));
        assert_eq!(String::from_utf16_lossy(&units[from..to]), expected);
    }

    #[test]
    fn fragments_go_to_the_nearest_boundary() {
        let text = "One bird. Two birds sing. A long sentence goes on";
        let chars = |chars, most| Boundary::new(BoundaryScanner::Usual, chars, most);
        check(&chars(". ", 20), text, "rds si", "birds sing");
        check(&chars(". ", 2), text, "rds si", "rds si");
        check(&chars("", 20), text, "Two birds", "One bird. Two birds");
        check(&chars("x", 5), text, "Two birds", "Two birds");
        check(&Boundary::Words, text, "rds si", "birds sing");
        check(&Boundary::Sentences, text, "rds si", "Two birds sing. ");
    }
}
