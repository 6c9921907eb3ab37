//! The language of `simple_query_string`: what is not in it is read as text, so that there are no mistakes.
//!
//! Operators apply from left to right; a change of operator makes what came before one clause of the new one. Follows the rules of
//! Lucene's simple query parser. A [`Clause::Text`] is always one clause, whatever its tokens.

use model::error::{Error, ErrorKind};
use model::query::full_text::{Fuzziness, Operator};
use model::query::query_string::{Clause, Occur};

use super::MAX_GROUPS;

/// Operators that are in force, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub i32);

impl Flags {
    pub const ALL: Self = Self(-1);
    const AND: i32 = 1;
    const NOT: i32 = 1 << 1;
    const OR: i32 = 1 << 2;
    const PREFIX: i32 = 1 << 3;
    const PHRASE: i32 = 1 << 4;
    const PRECEDENCE: i32 = 1 << 5;
    const ESCAPE: i32 = 1 << 6;
    const WHITESPACE: i32 = 1 << 7;
    const FUZZY: i32 = 1 << 8;
    const NEAR: i32 = 1 << 9;

    /// From names between `|`.
    ///
    /// # Errors
    /// `illegal_argument_exception` for a name that is none.
    pub fn parse(names: &str) -> Result<Self, Error> {
        let mut bits = 0;
        for name in names.split('|').filter(|name| !name.is_empty()) {
            bits |= match name.to_ascii_uppercase().as_str() {
                "ALL" => return Ok(Self::ALL),
                "NONE" => return Ok(Self(0)),
                "AND" => Self::AND,
                "NOT" => Self::NOT,
                "OR" => Self::OR,
                "PREFIX" => Self::PREFIX,
                "PHRASE" => Self::PHRASE,
                "PRECEDENCE" => Self::PRECEDENCE,
                "ESCAPE" => Self::ESCAPE,
                "WHITESPACE" => Self::WHITESPACE,
                "FUZZY" => Self::FUZZY,
                "NEAR" | "SLOP" => Self::NEAR,
                _ => return Err(Error::illegal_argument(format!("Unknown simple_query_string flag [{name}]"))),
            };
        }
        Ok(if names.is_empty() { Self::ALL } else { Self(bits) })
    }
}

/// The clause that `text` is.
///
/// # Errors
/// `too_many_nested_clauses` when groups, or changes of operator, nest deeper than [`MAX_GROUPS`]; nothing else.
pub fn parse(text: &str, operator: Operator, flags: Flags) -> Result<Clause, Error> {
    if text.trim() == "*" {
        return Ok(Clause::All);
    }
    let text: Vec<char> = text.chars().collect();
    let closes = if flags.0 & Flags::PRECEDENCE != 0 { closes(&text, flags) } else { Vec::new() };
    let default = if operator == Operator::And { Occur::Must } else { Occur::Should };
    let parser = Parser { text: &text, closes, flags, default };
    let mut state = State { at: 0, end: text.len(), depth: 0, ..State::default() };
    parser.run(&mut state)?;
    Ok(state.top.map_or(Clause::Empty, |(clause, _)| clause))
}

/// For each `(` that is not escaped, where its `)` is.
fn closes(text: &[char], flags: Flags) -> Vec<Option<usize>> {
    let mut found = vec![None; text.len()];
    let mut open = Vec::new();
    let mut escaped = false;
    for (at, &c) in text.iter().enumerate() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = flags.0 & Flags::ESCAPE != 0,
            '(' => open.push(at),
            ')' => {
                if let Some(start) = open.pop() {
                    found[start] = Some(at);
                }
            }
            _ => {}
        }
    }
    found
}

struct Parser<'a> {
    text: &'a [char],
    closes: Vec<Option<usize>>,
    flags: Flags,
    default: Occur,
}

/// What has been read of one group.
#[derive(Default)]
struct State {
    at: usize,
    end: usize,
    /// Groups around this one.
    depth: usize,
    /// The operator before what comes next.
    current: Option<Occur>,
    previous: Option<Occur>,
    negations: usize,
    /// What there is so far, and how deep it nests.
    top: Option<(Clause, usize)>,
}

impl Parser<'_> {
    fn on(&self, flag: i32) -> bool {
        self.flags.0 & flag != 0
    }

    fn run(&self, state: &mut State) -> Result<(), Error> {
        while state.at < state.end {
            match self.text[state.at] {
                '(' if self.on(Flags::PRECEDENCE) => self.group(state)?,
                ')' if self.on(Flags::PRECEDENCE) => state.at += 1,
                '"' if self.on(Flags::PHRASE) => self.phrase(state)?,
                '+' if self.on(Flags::AND) => state.operator(Occur::Must),
                '|' if self.on(Flags::OR) => state.operator(Occur::Should),
                '-' if self.on(Flags::NOT) => {
                    // Stands as long as no other character comes between it and what it negates.
                    state.negations += 1;
                    state.at += 1;
                    continue;
                }
                c if is_space(c) && self.on(Flags::WHITESPACE) => state.at += 1,
                _ => self.token(state)?,
            }
            state.negations = 0;
        }
        Ok(())
    }

    fn group(&self, state: &mut State) -> Result<(), Error> {
        let start = state.at + 1;
        match self.closes[state.at].filter(|&close| close < state.end) {
            // Never closed: it does not count.
            None => state.at = start,
            Some(close) if close == start => {
                state.current = None;
                state.at = close + 1;
            }
            Some(close) => {
                if state.depth >= MAX_GROUPS {
                    return Err(too_deep());
                }
                let mut inner = State { at: start, end: close, depth: state.depth + 1, ..State::default() };
                self.run(&mut inner)?;
                self.add(state, inner.top)?;
                state.at = close + 1;
            }
        }
        Ok(())
    }

    fn phrase(&self, state: &mut State) -> Result<(), Error> {
        let start = state.at + 1;
        let mut phrase = String::new();
        let mut at = start;
        let mut escaped = false;
        while at < state.end {
            let c = self.text[at];
            if !escaped && c == '\\' && self.on(Flags::ESCAPE) {
                escaped = true;
                at += 1;
                continue;
            }
            if !escaped && c == '"' {
                break;
            }
            escaped = false;
            phrase.push(c);
            at += 1;
        }
        if at == state.end {
            state.at = start;
        } else if at == start {
            state.current = None;
            state.at = at + 1;
        } else {
            let near = self.on(Flags::NEAR) && at + 1 < state.end && self.text[at + 1] == '~';
            let mut slop = 0;
            state.at = at;
            if near {
                state.at += 1;
                if state.at + 1 < state.end {
                    slop = self.number_after_tilde(state);
                }
            }
            self.add(state, Some((Clause::Phrase { text: phrase, slop: Some(slop) }, 0)))?;
            state.at += 1;
        }
        Ok(())
    }

    fn token(&self, state: &mut State) -> Result<(), Error> {
        let mut word = String::new();
        let (mut escaped, mut prefix, mut fuzzy) = (false, false, false);
        while state.at < state.end {
            let c = self.text[state.at];
            if !escaped {
                if c == '\\' && self.on(Flags::ESCAPE) {
                    escaped = true;
                    prefix = false;
                    state.at += 1;
                    continue;
                }
                if self.finished(c) {
                    break;
                }
                if !word.is_empty() && c == '~' && self.on(Flags::FUZZY) {
                    fuzzy = true;
                    break;
                }
                prefix = !word.is_empty() && c == '*' && self.on(Flags::PREFIX);
            }
            escaped = false;
            word.push(c);
            state.at += 1;
        }
        if word.is_empty() {
            return Ok(());
        }
        let clause = if fuzzy {
            match self.number_after_tilde(state).min(2) {
                0 => Clause::Text(word),
                edits => Clause::Fuzzy { text: word, edits: Some(Fuzziness::Edits(edits.min(2) as u8)) },
            }
        } else if prefix {
            word.pop();
            Clause::Prefix(word)
        } else {
            Clause::Text(word)
        };
        self.add(state, Some((clause, 0)))
    }

    /// From a `~` to the end of its token: 2 for nothing, 0 for what is no number.
    fn number_after_tilde(&self, state: &mut State) -> u32 {
        if self.text.get(state.at) != Some(&'~') {
            return 0;
        }
        let start = state.at + 1;
        let rest = &self.text[start.min(state.end)..state.end];
        let length = rest.iter().position(|&c| self.finished(c)).unwrap_or(rest.len());
        state.at = start + length;
        let digits: String = rest[..length].iter().collect();
        if digits.is_empty() { 2 } else { digits.parse::<i32>().map_or(0, |n| n.max(0) as u32) }
    }

    fn finished(&self, c: char) -> bool {
        match c {
            '"' => self.on(Flags::PHRASE),
            '|' => self.on(Flags::OR),
            '+' => self.on(Flags::AND),
            '(' | ')' => self.on(Flags::PRECEDENCE),
            c => is_space(c) && self.on(Flags::WHITESPACE),
        }
    }

    fn add(&self, state: &mut State, branch: Option<(Clause, usize)>) -> Result<(), Error> {
        let Some((mut branch, mut depth)) = branch else { return Ok(()) };
        if state.negations % 2 == 1 {
            branch = Clause::Group(vec![(Occur::MustNot, branch), (Occur::Should, Clause::All)]);
            depth += 1;
        }
        let operator = state.current.take().unwrap_or(self.default);
        let Some((top, deep)) = state.top.take() else {
            state.top = Some((branch, depth));
            return Ok(());
        };
        state.top = Some(match top {
            Clause::Group(mut clauses) if state.previous == Some(operator) => {
                clauses.push((operator, branch));
                (Clause::Group(clauses), deep.max(depth + 1))
            }
            top => (Clause::Group(vec![(operator, top), (operator, branch)]), 1 + deep.max(depth)),
        });
        state.previous = Some(operator);
        match &state.top {
            Some((_, deep)) if *deep > MAX_GROUPS => Err(too_deep()),
            _ => Ok(()),
        }
    }
}

impl State {
    /// An operator counts when something stands before it and none has been given since.
    fn operator(&mut self, occur: Occur) {
        if self.current.is_none() && self.top.is_some() {
            self.current = Some(occur);
        }
        self.at += 1;
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn too_deep() -> Error {
    Error::new(
        ErrorKind::TooManyClauses,
        format!("[simple_query_string] nests deeper than the allowed {MAX_GROUPS} levels"),
    )
}

#[cfg(test)]
#[path = "simple_tests.rs"]
mod tests;
