//! The text of a path to its steps.

use super::filter::{Comparison, Expression, Operand};
use super::{Path, PathError, Step};

/// Nesting of filters.
const DEPTH: usize = 32;

/// Steps of one path.
const STEPS: usize = 512;

impl Path {
    /// Reads `text`: with `$` first, or in the older spelling (`.`, `.a.b`, `a[0]`).
    ///
    /// # Errors
    /// [`PathError::Syntax`] naming the place.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let legacy = !text.starts_with('$');
        if text == "." {
            return Ok(Self { legacy, steps: Vec::new() });
        }
        let mut parser = Parser { text, at: usize::from(!legacy), depth: 0 };
        let mut steps = Vec::new();
        if legacy && !text.starts_with(['.', '[']) {
            steps.push(Step::Keys(vec![parser.name()?]));
        }
        parser.steps(&mut steps)?;
        if parser.at < text.len() {
            return Err(parser.expected("a dot or a bracket"));
        }
        Ok(Self { legacy, steps })
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn expected(&self, expected: &'static str) -> PathError {
        PathError::Syntax { path: self.text.to_owned(), at: self.at, expected }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self.rest().starts_with(word);
        self.at += if taken { word.len() } else { 0 };
        taken
    }

    fn spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Steps as far as they go.
    fn steps(&mut self, steps: &mut Vec<Step>) -> Result<(), PathError> {
        loop {
            if steps.len() >= STEPS {
                return Err(self.expected("fewer steps"));
            }
            if self.take("..") {
                steps.push(Step::Deep);
                let step = self.step()?;
                steps.push(step);
            } else if self.take(".") || self.peek() == Some('[') {
                let step = self.step()?;
                steps.push(step);
            } else {
                return Ok(());
            }
        }
    }

    fn step(&mut self) -> Result<Step, PathError> {
        if self.take("*") {
            return Ok(Step::All);
        }
        if self.take("[") {
            self.spaces();
            let step = self.bracket()?;
            self.spaces();
            return if self.take("]") { Ok(step) } else { Err(self.expected("a closing bracket")) };
        }
        Ok(Step::Keys(vec![self.name()?]))
    }

    fn name(&mut self) -> Result<String, PathError> {
        let ends = |c: char| c.is_whitespace() || ".[](){}<>=!&|,'\"?*@".contains(c);
        let end = self.rest().find(ends).unwrap_or(self.rest().len());
        if end == 0 {
            return Err(self.expected("a name"));
        }
        let name = self.rest()[..end].to_owned();
        self.at += end;
        Ok(name)
    }

    /// What stands between brackets.
    fn bracket(&mut self) -> Result<Step, PathError> {
        match self.peek() {
            Some('*') => {
                self.at += 1;
                Ok(Step::All)
            }
            Some('?') => {
                self.at += 1;
                self.spaces();
                Ok(Step::Filter(Box::new(self.any_of()?)))
            }
            Some('\'' | '"') => {
                let mut keys = vec![self.string()?];
                while self.comma() {
                    keys.push(self.string()?);
                }
                Ok(Step::Keys(keys))
            }
            _ => self.numbers(),
        }
    }

    fn comma(&mut self) -> bool {
        self.spaces();
        let taken = self.take(",");
        self.spaces();
        taken
    }

    fn numbers(&mut self) -> Result<Step, PathError> {
        let first = self.whole_number();
        self.spaces();
        if !self.take(":") {
            let mut indexes =
                vec![first.ok_or_else(|| self.expected("a name, a number, a range, a star or a filter"))?];
            while self.comma() {
                indexes.push(self.whole_number().ok_or_else(|| self.expected("a number"))?);
            }
            return Ok(Step::Indexes(indexes));
        }
        self.spaces();
        let to = self.whole_number();
        self.spaces();
        let step = if self.take(":") { self.whole_number().unwrap_or(1) } else { 1 };
        if step <= 0 {
            return Err(self.expected("a step of 1 or more"));
        }
        Ok(Step::Slice { from: first, to, step })
    }

    fn whole_number(&mut self) -> Option<i64> {
        let rest = self.rest();
        let sign = usize::from(rest.starts_with('-'));
        let end = rest[sign..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |end| end + sign);
        let number = rest[..end].parse().ok()?;
        self.at += end;
        Some(number)
    }

    /// A text in either kind of quotes, with escapes as in JSON.
    fn string(&mut self) -> Result<String, PathError> {
        let quote = self.peek().filter(|c| *c == '\'' || *c == '"').ok_or_else(|| self.expected("a quoted name"))?;
        self.at += 1;
        let mut out = String::new();
        loop {
            let c = self.peek().ok_or_else(|| self.expected("a closing quote"))?;
            self.at += c.len_utf8();
            match c {
                _ if c == quote => return Ok(out),
                '\\' => {
                    let escaped = self.peek().ok_or_else(|| self.expected("an escaped character"))?;
                    self.at += escaped.len_utf8();
                    out.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'u' => self.unicode()?,
                        other => other,
                    });
                }
                other => out.push(other),
            }
        }
    }

    fn unicode(&mut self) -> Result<char, PathError> {
        let digits = self.rest().get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let found = digits.and_then(char::from_u32).ok_or_else(|| self.expected("four hexadecimal digits"))?;
        self.at += 4;
        Ok(found)
    }

    fn any_of(&mut self) -> Result<Expression, PathError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.expected("less nesting"));
        }
        let mut all = vec![self.all_of()?];
        while self.operator("||") {
            all.push(self.all_of()?);
        }
        self.depth -= 1;
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::Any(all) })
    }

    fn all_of(&mut self) -> Result<Expression, PathError> {
        let mut all = vec![self.one()?];
        while self.operator("&&") {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::All(all) })
    }

    fn operator(&mut self, word: &str) -> bool {
        self.spaces();
        let taken = self.take(word);
        self.spaces();
        taken
    }

    fn one(&mut self) -> Result<Expression, PathError> {
        self.spaces();
        let mut negated = false;
        while self.peek() == Some('!') {
            self.at += 1;
            self.spaces();
            negated = !negated;
        }
        let found = if self.take("(") {
            let inner = self.any_of()?;
            self.spaces();
            if !self.take(")") {
                return Err(self.expected("a closing parenthesis"));
            }
            inner
        } else {
            self.comparison()?
        };
        Ok(if negated { Expression::Not(Box::new(found)) } else { found })
    }

    fn comparison(&mut self) -> Result<Expression, PathError> {
        let left = self.operand()?;
        self.spaces();
        let operators = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("=~", Comparison::Matches),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        for (word, comparison) in operators {
            if self.take(word) {
                self.spaces();
                return Ok(Expression::Compare(left, comparison, self.operand()?));
            }
        }
        Ok(Expression::Exists(left))
    }

    fn operand(&mut self) -> Result<Operand, PathError> {
        match self.peek() {
            Some(c @ ('@' | '$')) => {
                self.at += 1;
                let mut steps = Vec::new();
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(self.expected("less nesting"));
                }
                self.steps(&mut steps)?;
                self.depth -= 1;
                let path = Path { legacy: false, steps };
                Ok(if c == '@' { Operand::Here(path) } else { Operand::Root(path) })
            }
            Some('\'' | '"') => Ok(Operand::Value(self.string()?.into())),
            _ => self.literal(),
        }
    }

    fn literal(&mut self) -> Result<Operand, PathError> {
        let end =
            self.rest().find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(self.rest().len());
        let value = serde_json::from_str::<serde_json::Value>(&self.rest()[..end]).ok();
        let value = value.ok_or_else(|| self.expected("a path, a text, a number, true, false or null"))?;
        self.at += end;
        Ok(Operand::Value(value))
    }
}
