//! Facts about characters, from tables that the compiler reads.
//!
//! A table's text has one range a line: first and last code point in hexadecimal and one ASCII character, the value; what is in no range
//! has the value `-`. `category.txt` holds general categories (Unicode 16, what the oracle's Java knows).

/// A value for every character: one lookup in the Basic Multilingual Plane, a binary search beyond it.
pub(crate) struct Table<const BEYOND: usize> {
    plane: [u8; PLANE],
    /// First, last, value; ascending.
    beyond: [(u32, u32, u8); BEYOND],
}

const PLANE: usize = 0x1_0000;
const NOTHING: u8 = b'-';

/// How many ranges of a table lie beyond the Basic Multilingual Plane.
pub(crate) const fn beyond(data: &[u8]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < data.len() {
        let (first, _, _, next) = line(data, at);
        if first as usize >= PLANE {
            count += 1;
        }
        at = next;
    }
    count
}

impl<const BEYOND: usize> Table<BEYOND> {
    pub(crate) const fn read(data: &[u8]) -> Self {
        let mut table = Table { plane: [NOTHING; PLANE], beyond: [(0, 0, NOTHING); BEYOND] };
        let (mut at, mut count) = (0, 0);
        while at < data.len() {
            let (first, last, value, next) = line(data, at);
            let mut code = first as usize;
            while code < PLANE && code <= last as usize {
                table.plane[code] = value;
                code += 1;
            }
            if first as usize >= PLANE {
                table.beyond[count] = (first, last, value);
                count += 1;
            }
            at = next;
        }
        table
    }

    pub(crate) fn get(&self, c: char) -> u8 {
        let code = c as u32;
        if let Some(value) = self.plane.get(code as usize) {
            return *value;
        }
        let after = self.beyond.partition_point(|(first, ..)| *first <= code);
        match after.checked_sub(1).and_then(|at| self.beyond.get(at)) {
            Some((_, last, value)) if code <= *last => *value,
            _ => NOTHING,
        }
    }
}

/// Reads the line at `at`: first, last, value, and where the next line begins.
const fn line(data: &[u8], at: usize) -> (u32, u32, u8, usize) {
    let (first, at) = hex(data, at);
    let (last, at) = hex(data, at + 1);
    (first, last, data[at + 1], at + 3)
}

const fn hex(data: &[u8], mut at: usize) -> (u32, usize) {
    let mut number = 0;
    while data[at] != b' ' {
        let digit = if data[at] >= b'a' { data[at] - b'a' + 10 } else { data[at] - b'0' };
        number = number * 16 + digit as u32;
        at += 1;
    }
    (number, at)
}

const CATEGORIES: &[u8] = include_bytes!("category.txt");
static CATEGORY: Table<{ beyond(CATEGORIES) }> = Table::read(CATEGORIES);

/// The general category of a character, as one letter of `category.txt`: `U` Lu, `l` Ll, `T` Lt, `m` Lm, `o` Lo, `n` Mn, `e` Me, `c` Mc,
/// `d` Nd, `L` Nl, `N` No, `s` Zs, `i` Zl, `p` Zp, `C` Cc, `F` Cf, `P` Co, `D` Pd, `(` Ps, `)` Pe, `_` Pc, `.` Po, `<` Pi, `>` Pf,
/// `+` Sm, `$` Sc, `^` Sk, `*` So, `-` none.
pub fn category(c: char) -> u8 {
    CATEGORY.get(c)
}

/// General category L, as Java's `Character.isLetter`.
pub(crate) fn is_letter(c: char) -> bool {
    matches!(category(c), b'U' | b'l' | b'T' | b'm' | b'o')
}

/// General category Nd, as Java's `Character.isDigit`.
pub(crate) fn is_digit(c: char) -> bool {
    category(c) == b'd'
}

/// As Java's `Character.isWhitespace`: separators without the no-break ones, and the ASCII controls that separate.
pub(crate) fn is_whitespace(c: char) -> bool {
    match c {
        '\t'..='\r' | '\u{1c}'..='\u{1f}' | ' ' => true,
        '\u{a0}' | '\u{2007}' | '\u{202f}' => false,
        _ if c.is_ascii() => false,
        _ => matches!(category(c), b's' | b'i' | b'p'),
    }
}
