//! What a pattern is made of, and how Java's pattern letters become it.

use crate::error::Error;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) items: Vec<Item>,
    /// What is written, where that differs from what is read.
    pub(super) printed: Option<Vec<Item>>,
    /// Whether the hand-written reader may try first.
    pub(super) iso: bool,
    /// Whether a time needs an offset (RFC 3339).
    pub(super) offset_required: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Literal(char),
    /// Any of these; the first is written (`T`, `t`, space).
    OneOf(&'static str),
    Number(Number),
    /// The last two digits of a year from 2000.
    Reduced(Unit),
    /// Digits of the second's fraction.
    Fraction {
        min: usize,
        max: usize,
        point: bool,
    },
    Text(Text),
    Offset(Offset),
    /// A region or an offset in any notation.
    Zone {
        regions: bool,
    },
    /// Tried; left out when it does not fit.
    Optional(Vec<Item>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) unit: Unit,
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) sign: Sign,
    /// Digits that the numbers right behind it need.
    pub(super) reserve: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Never,
    /// Minus where negative.
    Normal,
    /// Also a plus, exactly where there are more digits than `min`.
    ExceedsPad,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Month,
    Weekday,
    HalfDay,
    Era,
}

/// An offset's notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    pub(super) colon: bool,
    pub(super) minutes: Minutes,
    pub(super) seconds: bool,
    /// How no offset is written.
    pub(super) zero: &'static str,
    /// `GMT` before it.
    pub(super) prefix: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Minutes {
    Always,
    Unless0,
}

/// A quantity that a pattern reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    YearOfEra,
    Quarter,
    Month,
    Day,
    DayOfYear,
    WeekYear,
    Week,
    Weekday,
    Hour,
    /// 1 to 24.
    ClockHour,
    /// 0 to 11.
    HalfDayHour,
    /// 1 to 12.
    HalfDayClockHour,
    /// 0: AM, 1: PM.
    HalfDay,
    Minute,
    Second,
    Nano,
    MilliOfDay,
    NanoOfDay,
    /// 0: before the common era, 1: in it.
    Era,
}

impl Unit {
    pub(super) const COUNT: usize = Unit::Era as usize + 1;
}

/// How deep optional sections may nest.
const MAX_DEPTH: usize = 16;

impl Layout {
    /// Compiles a Java pattern.
    ///
    /// # Errors
    /// `illegal_argument_exception` as Java words it; 501 for the rare letters that are not here.
    pub(super) fn java(pattern: &str) -> Result<Self, Error> {
        let items = Compiler::new(pattern, false).compile()?;
        Ok(Self { items, printed: None, iso: false, offset_required: false })
    }

    pub(super) fn has_names(&self) -> bool {
        fn any(items: &[Item]) -> bool {
            items.iter().any(|item| match item {
                Item::Text(kind) => *kind != Text::HalfDay,
                Item::Optional(items) => any(items),
                _ => false,
            })
        }
        any(&self.items)
    }

    /// Compiles one of our own patterns for a named format: as Java's, and `f` a fraction with its point (its count: digits
    /// at most in the lenient form, one means nine), `F` one without, `v` a zone in any notation, `t` one of `T`, `t` and space. `lenient`: numbers need not be padded.
    pub(super) fn named(pattern: &str, lenient: bool) -> Option<Self> {
        let items = Compiler { named: true, ..Compiler::new(pattern, lenient) }.compile().ok()?;
        Some(Self { items, printed: None, iso: false, offset_required: false })
    }
}

struct Compiler<'a> {
    pattern: &'a str,
    lenient: bool,
    named: bool,
    /// Open optional sections, the outermost first; the last one is being filled.
    open: Vec<Vec<Item>>,
    /// Position, in the section being filled, of the number that digits behind it are reserved for.
    run: Option<usize>,
}

impl<'a> Compiler<'a> {
    fn new(pattern: &'a str, lenient: bool) -> Self {
        Self { pattern, lenient, named: false, open: vec![Vec::new()], run: None }
    }

    fn compile(mut self) -> Result<Vec<Item>, Error> {
        let mut rest = self.pattern;
        while let Some(c) = rest.chars().next() {
            let taken = match c {
                'A'..='Z' | 'a'..='z' => {
                    let count = rest.len() - rest.trim_start_matches(c).len();
                    self.letter(c, count)?;
                    count
                }
                '\'' => self.quoted(rest)?,
                '[' => self.begin()?,
                ']' => self.end()?,
                '{' | '}' | '#' => {
                    return Err(Error::illegal_argument(format!("Pattern includes reserved character: '{c}'")));
                }
                _ => {
                    self.push(Item::Literal(c));
                    c.len_utf8()
                }
            };
            rest = &rest[taken..];
        }
        while self.open.len() > 1 {
            self.end()?;
        }
        Ok(self.open.pop().unwrap_or_default())
    }

    fn quoted(&mut self, rest: &str) -> Result<usize, Error> {
        let mut chars = rest.char_indices().skip(1).peekable();
        let mut empty = true;
        while let Some((at, c)) = chars.next() {
            if c != '\'' {
                self.push(Item::Literal(c));
                empty = false;
            } else if !empty && chars.peek().is_some_and(|(_, next)| *next == '\'') {
                chars.next();
                self.push(Item::Literal('\''));
            } else {
                if empty {
                    self.push(Item::Literal('\''));
                }
                return Ok(at + 1);
            }
        }
        Err(Error::illegal_argument(format!("Pattern ends with an incomplete string literal: {}", self.pattern)))
    }

    fn begin(&mut self) -> Result<usize, Error> {
        if self.open.len() > MAX_DEPTH {
            return Err(Error::illegal_argument(format!("more than {MAX_DEPTH} optional sections in one another")));
        }
        self.run = None;
        self.open.push(Vec::new());
        Ok(1)
    }

    fn end(&mut self) -> Result<usize, Error> {
        self.run = None;
        let section = if self.open.len() > 1 { self.open.pop() } else { None };
        let Some(section) = section else {
            return Err(Error::illegal_argument("Pattern invalid as it contains ] without previous ["));
        };
        self.push(Item::Optional(section));
        Ok(1)
    }

    fn push(&mut self, item: Item) {
        let Some(items) = self.open.last_mut() else { return };
        let fixed = match &item {
            Item::Number(number) if number.sign == Sign::Never && number.min == number.max => Some(number.max),
            Item::Fraction { min, max, point: false } if min == max => Some(*max),
            _ => None,
        };
        match (fixed, self.run.and_then(|at| items.get_mut(at)), &item) {
            (Some(width), Some(Item::Number(first)), _) => first.reserve += width,
            (_, _, Item::Number(_)) => self.run = Some(items.len()),
            _ => self.run = None,
        }
        items.push(item);
    }

    fn number(&mut self, unit: Unit, min: usize, max: usize, sign: Sign) {
        self.push(Item::Number(Number { unit, min, max, sign, reserve: 0 }));
    }

    /// A unit of at most `limit` letters: as many digits as letters, or any number of digits for one letter.
    fn plain(&mut self, unit: Unit, c: char, count: usize, limit: usize) -> Result<(), Error> {
        match count {
            _ if count > limit => return Err(Error::illegal_argument(format!("Too many pattern letters: {c}"))),
            1 if self.named => self.number(unit, 1, 1, Sign::Never),
            1 => self.number(unit, 1, 19, Sign::Normal),
            _ if self.lenient => self.number(unit, 1, count, Sign::Never),
            _ => self.number(unit, count, limit, Sign::Never),
        }
        Ok(())
    }

    fn year(&mut self, unit: Unit, count: usize) {
        match count {
            _ if self.named && self.lenient => self.number(unit, 1, if count > 4 { 9 } else { 5 }, Sign::Normal),
            // Basic formats: four digits, for others follow at once.
            3 if self.named => self.number(unit, 4, 4, Sign::Normal),
            4.. if self.named => self.number(unit, 4, 9, Sign::ExceedsPad),
            2 => self.push(Item::Reduced(unit)),
            1 | 3 => self.number(unit, count, 19, Sign::Normal),
            _ => self.number(unit, count, 19, Sign::ExceedsPad),
        }
    }

    fn letter(&mut self, c: char, count: usize) -> Result<(), Error> {
        let unknown = || Error::illegal_argument(format!("Unknown pattern letter: {c}"));
        let too_many = || Error::illegal_argument(format!("Too many pattern letters: {c}"));
        match c {
            'u' => self.year(Unit::Year, count),
            'y' => self.year(Unit::YearOfEra, count),
            'Y' => self.year(Unit::WeekYear, count),
            'M' | 'L' if count <= 2 => self.plain(Unit::Month, c, count, 2)?,
            'M' | 'L' if count <= 4 => self.push(Item::Text(Text::Month)),
            'Q' | 'q' if count <= 2 => self.plain(Unit::Quarter, c, count, 2)?,
            'D' => self.plain(Unit::DayOfYear, c, count, 3)?,
            'd' => self.plain(Unit::Day, c, count, 2)?,
            'e' | 'c' if count == 1 => self.number(Unit::Weekday, 1, 1, Sign::Never),
            'e' if count == 2 => self.number(Unit::Weekday, 2, 2, Sign::Never),
            'e' | 'c' if (3..=4).contains(&count) => self.push(Item::Text(Text::Weekday)),
            'E' if count <= 4 => self.push(Item::Text(Text::Weekday)),
            'w' => self.plain(Unit::Week, c, count, 2)?,
            'a' if count == 1 => self.push(Item::Text(Text::HalfDay)),
            'a' => return Err(too_many()),
            'G' if count <= 4 => self.push(Item::Text(Text::Era)),
            'H' => self.plain(Unit::Hour, c, count, 2)?,
            'k' => self.plain(Unit::ClockHour, c, count, 2)?,
            'K' => self.plain(Unit::HalfDayHour, c, count, 2)?,
            'h' => self.plain(Unit::HalfDayClockHour, c, count, 2)?,
            'm' => self.plain(Unit::Minute, c, count, 2)?,
            's' => self.plain(Unit::Second, c, count, 2)?,
            'S' if count <= 9 => self.push(Item::Fraction { min: count, max: count, point: false }),
            'n' => self.number(Unit::Nano, count.min(19), 19, Sign::Normal),
            'A' => self.number(Unit::MilliOfDay, count.min(19), 19, Sign::Never),
            'N' => self.number(Unit::NanoOfDay, count.min(19), 19, Sign::Never),
            'f' if self.named => self.push(Item::Fraction {
                min: 1,
                max: if self.lenient && count > 1 { count } else { 9 },
                point: true,
            }),
            'F' if self.named => self.push(Item::Fraction { min: 1, max: 9, point: false }),
            't' if self.named => self.push(Item::OneOf("Tt ")),
            'v' if self.named => self.push(Item::Zone { regions: true }),
            'o' if self.named => self.push(Item::Zone { regions: false }),
            'X' | 'x' | 'Z' | 'O' => self.push(Item::Offset(offset(c, count).ok_or_else(too_many)?)),
            'V' if count != 2 => {
                return Err(Error::illegal_argument(format!("Pattern letter count must be 2: {c}")));
            }
            'z' if count > 4 => return Err(too_many()),
            'V' | 'z' => self.push(Item::Zone { regions: true }),
            'v' | 'p' | 'B' | 'W' | 'F' | 'g' | 'M' | 'L' | 'Q' | 'q' | 'E' | 'e' | 'c' | 'G' | 'S' => {
                return Err(Error::not_implemented(format!(
                    "pattern letter [{}] of a date format",
                    c.to_string().repeat(count)
                )));
            }
            _ => return Err(unknown()),
        }
        Ok(())
    }
}

fn offset(c: char, count: usize) -> Option<Offset> {
    let plain = Offset { colon: false, minutes: Minutes::Always, seconds: false, zero: "", prefix: "" };
    Some(match (c, count) {
        ('Z', 1..=3) => Offset { zero: "+0000", ..plain },
        ('Z', 4) | ('O', 4) => Offset { colon: true, zero: "GMT", prefix: "GMT", ..plain },
        ('O', 1) => Offset { colon: true, minutes: Minutes::Unless0, zero: "GMT", prefix: "GMT", ..plain },
        ('Z', 5) => Offset { colon: true, seconds: true, zero: "Z", ..plain },
        ('X', 1) => Offset { minutes: Minutes::Unless0, zero: "Z", ..plain },
        ('x', 1) => Offset { minutes: Minutes::Unless0, zero: "+00", ..plain },
        ('X' | 'x', 2..=5) => {
            let colon = count % 2 == 1;
            let zero = match (c, colon) {
                ('X', _) => "Z",
                (_, true) => "+00:00",
                (_, false) => "+0000",
            };
            Offset { colon, seconds: count > 3, zero, ..plain }
        }
        _ => return None,
    })
}
