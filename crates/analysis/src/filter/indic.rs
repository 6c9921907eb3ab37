//! Normalizations of the scripts of India: letters that are written in parts as one (all scripts), and Bengali spelling.

/// First, second and, where it is not 0, third letter of a group, then the letter that it is; offsets within the script's block. `JOINER` is a
/// joiner outside of it. Longer groups come before shorter ones that begin alike.
type Groups = &'static [[u8; 4]];

/// U+200D
const JOINER: u8 = 0xff;

/// The scripts by the beginning of their blocks, as OpenSearch 3.4 was seen to join their letters.
const SCRIPTS: [(u32, Groups); 9] = [
    (
        0x900,
        &[
            [0x05, 0x3e, 0x45, 0x11],
            [0x05, 0x3e, 0x46, 0x12],
            [0x05, 0x3e, 0x47, 0x13],
            [0x05, 0x3e, 0x48, 0x14],
            [0x05, 0x3e, 0, 0x06],
            [0x05, 0x45, 0, 0x72],
            [0x05, 0x46, 0, 0x04],
            [0x05, 0x49, 0, 0x11],
            [0x05, 0x4a, 0, 0x12],
            [0x05, 0x4b, 0, 0x13],
            [0x05, 0x4c, 0, 0x14],
            [0x06, 0x45, 0, 0x11],
            [0x06, 0x46, 0, 0x12],
            [0x06, 0x47, 0, 0x13],
            [0x06, 0x48, 0, 0x14],
            [0x09, 0x41, 0, 0x0a],
            [0x0f, 0x45, 0, 0x0d],
            [0x0f, 0x46, 0, 0x0e],
            [0x0f, 0x47, 0, 0x10],
            [0x15, 0x3c, 0, 0x58],
            [0x16, 0x3c, 0, 0x59],
            [0x17, 0x3c, 0, 0x5a],
            [0x1c, 0x3c, 0, 0x5b],
            [0x21, 0x3c, 0, 0x5c],
            [0x22, 0x3c, 0, 0x5d],
            [0x28, 0x3c, 0, 0x29],
            [0x2b, 0x3c, 0, 0x5e],
            [0x2f, 0x3c, 0, 0x5f],
            [0x30, 0x3c, 0, 0x31],
            [0x33, 0x3c, 0, 0x34],
            [0x3e, 0x45, 0, 0x49],
            [0x3e, 0x46, 0, 0x4a],
            [0x3e, 0x47, 0, 0x4b],
            [0x3e, 0x48, 0, 0x4c],
        ],
    ),
    (
        0x980,
        &[
            [0x05, 0x3e, 0, 0x06],
            [0x21, 0x3c, 0, 0x5c],
            [0x22, 0x3c, 0, 0x5d],
            [0x24, 0x4d, JOINER, 0x4e],
            [0x2f, 0x3c, 0, 0x5f],
            [0x47, 0x3e, 0, 0x4b],
            [0x47, 0x57, 0, 0x4c],
        ],
    ),
    (
        0xa00,
        &[
            [0x05, 0x3e, 0, 0x06],
            [0x05, 0x48, 0, 0x10],
            [0x05, 0x4c, 0, 0x14],
            [0x16, 0x3c, 0, 0x59],
            [0x17, 0x3c, 0, 0x5a],
            [0x1c, 0x3c, 0, 0x5b],
            [0x2b, 0x3c, 0, 0x5e],
            [0x41, 0x41, 0, 0x42],
            [0x72, 0x3f, 0, 0x07],
            [0x72, 0x40, 0, 0x08],
            [0x72, 0x47, 0, 0x0f],
            [0x73, 0x41, 0, 0x09],
            [0x73, 0x42, 0, 0x0a],
            [0x73, 0x4b, 0, 0x13],
        ],
    ),
    (
        0xa80,
        &[
            [0x05, 0x3e, 0x45, 0x11],
            [0x05, 0x3e, 0x47, 0x13],
            [0x05, 0x3e, 0x48, 0x14],
            [0x05, 0x3e, 0, 0x06],
            [0x05, 0x45, 0, 0x0d],
            [0x05, 0x47, 0, 0x0f],
            [0x05, 0x48, 0, 0x10],
            [0x05, 0x49, 0, 0x11],
            [0x05, 0x4b, 0, 0x13],
            [0x05, 0x4c, 0, 0x14],
            [0x06, 0x45, 0, 0x11],
            [0x06, 0x47, 0, 0x13],
            [0x06, 0x48, 0, 0x14],
            [0x3e, 0x45, 0, 0x49],
            [0x3e, 0x47, 0, 0x4b],
            [0x3e, 0x48, 0, 0x4c],
        ],
    ),
    (
        0xb00,
        &[
            [0x05, 0x3e, 0, 0x06],
            [0x0f, 0x57, 0, 0x10],
            [0x13, 0x57, 0, 0x14],
            [0x21, 0x3c, 0, 0x5c],
            [0x22, 0x3c, 0, 0x5d],
            [0x47, 0x3e, 0, 0x4b],
            [0x47, 0x57, 0, 0x4c],
        ],
    ),
    (
        0xb80,
        &[
            [0x09, 0x57, 0, 0x0a],
            [0x12, 0x57, 0, 0x14],
            [0x46, 0x3e, 0, 0x4a],
            [0x46, 0x57, 0, 0x4c],
            [0x47, 0x3e, 0, 0x4b],
        ],
    ),
    (
        0xc00,
        &[
            [0x12, 0x4c, 0, 0x14],
            [0x12, 0x55, 0, 0x13],
            [0x35, 0x41, 0, 0x2e],
            [0x46, 0x55, 0, 0x47],
            [0x46, 0x56, 0, 0x48],
        ],
    ),
    (
        0xc80,
        &[
            [0x12, 0x4c, 0, 0x14],
            [0x3f, 0x55, 0, 0x40],
            [0x46, 0x42, 0x55, 0x4b],
            [0x46, 0x42, 0, 0x4a],
            [0x46, 0x55, 0, 0x47],
            [0x46, 0x56, 0, 0x48],
            [0x4a, 0x55, 0, 0x4b],
        ],
    ),
    (
        0xd00,
        &[
            [0x07, 0x57, 0, 0x08],
            [0x09, 0x57, 0, 0x0a],
            [0x0e, 0x46, 0, 0x10],
            [0x12, 0x3e, 0, 0x13],
            [0x12, 0x57, 0, 0x14],
            [0x23, 0x4d, JOINER, 0x7a],
            [0x28, 0x4d, JOINER, 0x7b],
            [0x30, 0x4d, JOINER, 0x7c],
            [0x32, 0x4d, JOINER, 0x7d],
            [0x33, 0x4d, JOINER, 0x7e],
            [0x46, 0x3e, 0, 0x4a],
            [0x46, 0x46, 0, 0x48],
            [0x46, 0x57, 0, 0x4c],
            [0x47, 0x3e, 0, 0x4b],
        ],
    ),
];

/// `indic_normalization`: groups of letters that are another letter, as that letter.
pub(crate) fn indic(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (mut folded, mut at) = (String::with_capacity(text.len()), 0);
    while at < letters.len() {
        let (letter, length) = joined(&letters[at..]).unwrap_or((letters[at], 1));
        folded.push(letter);
        at += length;
    }
    folded
}

/// The letter that the first letters are together, and how many they are.
fn joined(letters: &[char]) -> Option<(char, usize)> {
    let first = u32::from(*letters.first()?);
    let (base, groups) = SCRIPTS.iter().find(|(base, _)| (*base..*base + 0x80).contains(&first))?;
    let place = |at: usize| {
        let letter = u32::from(*letters.get(at)?);
        match letter {
            0x200d => Some(JOINER),
            _ => letter.checked_sub(*base).filter(|place| *place < 0x80).map(|place| place as u8),
        }
    };
    let [first, second, third] = [place(0)?, place(1)?, place(2).unwrap_or(0)];
    let found = groups.iter().find(|group| group[..2] == [first, second] && (group[2] == 0 || group[2] == third))?;
    let length = if found[2] == 0 { 2 } else { 3 };
    Some((char::from_u32(base + u32::from(found[3]))?, length))
}

const VIRAMA: char = '\u{9cd}';

/// `bengali_normalization`, after Pingali and Varma ("Hindi and Telugu to English cross language information retrieval", 2006) and the phonetic rules of Uzzaman
/// and Khan ("A double metaphone encoding for Bangla", 2004): sounds that are spelled in several ways in one.
pub(crate) fn bengali(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < letters.len() {
        at = bengali_at(&mut letters, at);
    }
    letters.into_iter().collect()
}

/// Writes what stands at `at` as it sounds. Out: where to go on.
fn bengali_at(letters: &mut Vec<char>, at: usize) -> usize {
    let after_virama = at > 0 && letters[at - 1] == VIRAMA;
    letters[at] = match letters[at] {
        '\u{981}' => {
            letters.remove(at);
            return at;
        }
        '\u{9c0}' => '\u{9bf}',
        '\u{9c2}' => '\u{9c1}',
        '\u{999}' => '\u{982}',
        '\u{9b6}' | '\u{9b7}' => '\u{9b8}',
        '\u{9a3}' => '\u{9a8}',
        '\u{9dc}' | '\u{9dd}' => '\u{9b0}',
        '\u{9ce}' => '\u{9a4}',
        // The first two letters of a cluster become one, behind the first letter of a word.
        '\u{995}' if letters[at + 1..].starts_with(&[VIRAMA, '\u{9bf}']) => {
            let keep = usize::from(at > 0);
            letters.splice(at + keep..at + 3, ['\u{996}']);
            return at + 1;
        }
        '\u{9af}' if after_virama => return ya(letters, at),
        '\u{9ac}' if after_virama => return ba(letters, at),
        '\u{983}' => match letters.get(at + 1) {
            Some(&next) => next,
            None if letters.len() <= 3 => '\u{9b9}',
            None => {
                letters.pop();
                return at;
            }
        },
        other => other,
    };
    at + 1
}

/// A `ya` behind a virama: a vowel behind the first letter, silent further on.
fn ya(letters: &mut Vec<char>, at: usize) -> usize {
    if at != 2 {
        letters.drain(at - 1..=at);
        return at - 1;
    }
    letters[1] = '\u{9c7}';
    if letters.get(3) == Some(&'\u{9be}') {
        letters.remove(3);
    }
    letters.remove(2);
    2
}

/// A `ba` behind a virama: silent in the first cluster and in clusters of three, otherwise the letter before it is doubled.
fn ba(letters: &mut Vec<char>, at: usize) -> usize {
    if at == 2 || (at >= 5 && letters[at - 3] == VIRAMA) {
        letters.drain(at - 1..=at);
        return at - 1;
    }
    if at >= 2 {
        letters[at - 1] = letters[at - 2];
        letters.remove(at);
        return at;
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_one_letter() {
        assert_eq!(indic("\u{905}\u{93e}"), "\u{906}");
        assert_eq!(indic("\u{905}\u{93e}\u{945}\u{915}"), "\u{911}\u{915}", "the longer group");
        assert_eq!(indic("\u{9a4}\u{9cd}\u{200d}"), "\u{9ce}", "with a joiner");
        assert_eq!(indic("\u{905}\u{9be}"), "\u{905}\u{9be}", "of two scripts");
        assert_eq!(indic("\u{905}"), "\u{905}");
    }

    #[test]
    fn bengali_is_written_as_it_sounds() {
        assert_eq!(bengali("\u{99a}\u{9be}\u{981}\u{9a6}"), "\u{99a}\u{9be}\u{9a6}");
        assert_eq!(bengali("\u{9a6}\u{9c1}\u{983}\u{996}"), "\u{9a6}\u{9c1}\u{996}\u{996}");
        assert_eq!(bengali("\u{986}\u{983}"), "\u{986}\u{9b9}");
        assert_eq!(bengali("\u{9b8}\u{9cd}\u{9ac}"), "\u{9b8}");
        assert_eq!(bengali("\u{9ac}\u{9bf}\u{9b6}\u{9cd}\u{9ac}"), "\u{9ac}\u{9bf}\u{9b8}\u{9b8}");
    }
}
