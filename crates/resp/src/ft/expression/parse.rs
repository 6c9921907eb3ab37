//! Text to an expression.

use super::functions::Function;
use super::{Comparison, Expression, Operator, Scalar};

const MAX_DEPTH: u32 = 100;

/// Operators between two values: each may lie one level deeper than the one before.
const MAX_OPERATORS: u32 = 2000;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Property(String),
    Name(String),
    Sign(&'static str),
    End,
}

const SIGNS: [&str; 17] = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "^", "(", ")"];

/// The expression of a text.
///
/// # Errors
/// What is wrong with it and where, or a function that there is not.
pub fn parse(text: &str) -> Result<Expression, String> {
    let tokens = lex(text)?;
    let mut parser = Parser { text, tokens, at: 0, depth: 0, operators: 0 };
    let found = parser.or()?;
    match parser.token() {
        Token::End => Ok(found),
        _ => Err(parser.unexpected()),
    }
}

fn lex(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(c) = rest.chars().next() else {
            // What is missing is said to be so where the last one stands.
            tokens.push((Token::End, tokens.last().map_or(at, |(_, at)| *at)));
            return Ok(tokens);
        };
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let name = |rest: &str| rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        let (token, length) = match c {
            '@' => {
                let length = name(&rest[1..]) + 1;
                (Token::Property(rest[1..length].to_owned()), length)
            }
            '"' | '\'' => match quoted(rest, c) {
                Some(text) => text,
                None => {
                    rest = &rest[1..];
                    continue;
                }
            },
            '0'..='9' | '.' => {
                let length = number(rest);
                let value = rest[..length].parse();
                (Token::Number(value.map_err(|_| format!("Syntax error at offset {at} near '{rest}'"))?), length)
            }
            ',' => (Token::Sign(","), 1),
            c if is_name(c) => {
                let length = name(rest);
                (Token::Name(rest[..length].to_owned()), length)
            }
            _ => {
                // Signs that mean nothing say nothing.
                let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) else {
                    rest = &rest[c.len_utf8()..];
                    continue;
                };
                (Token::Sign(sign), sign.len())
            }
        };
        tokens.push((token, at));
        rest = &rest[length..];
    }
}

/// A value as it stands at the beginning of `rest`; of a property its name.
fn written<'t>(token: &Token, rest: &'t str) -> &'t str {
    match token {
        Token::Text(_) => {
            let quote = rest.chars().next().unwrap_or('"');
            quoted(rest, quote).map_or(rest, |(_, length)| &rest[..length])
        }
        Token::Property(name) => &rest[1..=name.len()],
        Token::Name(name) => &rest[..name.len()],
        Token::Number(_) => &rest[..number(rest)],
        Token::Sign(_) | Token::End => "",
    }
}

/// A text between quotes, `\` before what is meant as it is, and its length.
fn quoted(rest: &str, quote: char) -> Option<(Token, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next()?.1 {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                other => text.push(other),
            },
            c if c == quote => return Some((Token::Text(text), at + 1)),
            c => text.push(c),
        }
    }
    None
}

fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let behind = digits((end + 1 + sign).min(bytes.len()));
        if behind > end + 1 + sign {
            end = behind;
        }
    }
    end
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: u32,
    operators: u32,
}

type Outcome = Result<Expression, String>;

impl Parser<'_> {
    fn token(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn next(&mut self) -> Token {
        let token = self.token().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.token(), Token::Sign(this) if *this == sign);
        if found {
            self.next();
        }
        found
    }

    /// One more operator between two values.
    fn operator(&mut self) -> Result<(), String> {
        self.operators += 1;
        match self.operators > MAX_OPERATORS {
            true => Err(format!("Expression has more than {MAX_OPERATORS} operators")),
            false => Ok(()),
        }
    }

    fn unexpected(&self) -> String {
        let at = self.tokens.get(self.at).map_or(0, |(_, at)| *at);
        // Of signs the last value before them is shown.
        let is_value = |token: &Token| !matches!(token, Token::Sign(_) | Token::End);
        let near = self.tokens[..=self.at].iter().rfind(|(token, _)| is_value(token));
        let near = near.map_or("", |(token, at)| written(token, &self.text[*at..]));
        format!("Syntax error at offset {at} near '{near}'")
    }

    fn or(&mut self) -> Outcome {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("Expression is nested deeper than {MAX_DEPTH} levels"));
        }
        let mut left = self.and()?;
        while self.take("||") {
            self.operator()?;
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Outcome {
        let mut left = self.comparison()?;
        while self.take("&&") {
            self.operator()?;
            left = Expression::And(Box::new(left), Box::new(self.comparison()?));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Outcome {
        const SIGNS: [(&str, Comparison); 6] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let mut left = self.sum()?;
        while let Some((_, comparison)) = SIGNS.iter().find(|(sign, _)| self.take(sign)) {
            self.operator()?;
            left = Expression::Compare(*comparison, Box::new(left), Box::new(self.sum()?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Outcome {
        let mut left = self.product()?;
        loop {
            let operator = match () {
                () if self.take("+") => Operator::Add,
                () if self.take("-") => Operator::Subtract,
                () => return Ok(left),
            };
            self.operator()?;
            left = Expression::Arithmetic(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Outcome {
        let mut left = self.unary()?;
        loop {
            // A power binds no closer than a product: `2*3^2` is 36.
            let operator = match () {
                () if self.take("*") => Operator::Multiply,
                () if self.take("/") => Operator::Divide,
                () if self.take("%") => Operator::Remainder,
                () if self.take("^") => Operator::Power,
                () => return Ok(left),
            };
            self.operator()?;
            left = Expression::Arithmetic(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Outcome {
        let mut negations = 0;
        while self.take("!") {
            negations += 1;
            if negations > MAX_DEPTH {
                return Err(format!("Expression is nested deeper than {MAX_DEPTH} levels"));
            }
        }
        if negations == 0 {
            return self.primary();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("Expression is nested deeper than {MAX_DEPTH} levels"));
        }
        // It is all that is compared or reckoned behind it that is denied.
        let inner = self.comparison()?;
        self.depth -= 1;
        Ok((0..negations).fold(inner, |inner, _| Expression::Not(Box::new(inner))))
    }

    fn primary(&mut self) -> Outcome {
        match self.token().clone() {
            Token::Number(number) => {
                self.next();
                Ok(Expression::Value(Scalar::Number(number)))
            }
            Token::Text(text) => {
                self.next();
                Ok(Expression::Value(Scalar::Text(text)))
            }
            Token::Property(name) => {
                self.next();
                Ok(Expression::Property(name))
            }
            Token::Name(name) => {
                self.next();
                self.named(&name)
            }
            Token::Sign("-") => {
                self.next();
                match self.next() {
                    Token::Number(number) => Ok(Expression::Value(Scalar::Number(-number))),
                    _ => {
                        self.at = self.at.saturating_sub(1);
                        Err(self.unexpected())
                    }
                }
            }
            Token::Sign("(") => {
                self.next();
                let inner = self.or()?;
                match self.take(")") {
                    true => Ok(inner),
                    false => Err(self.unexpected()),
                }
            }
            _ => Err(self.unexpected()),
        }
    }

    fn named(&mut self, name: &str) -> Outcome {
        if !self.take("(") {
            return match name {
                "NULL" => Ok(Expression::Value(Scalar::Null)),
                "inf" => Ok(Expression::Value(Scalar::Number(f64::INFINITY))),
                _ => Err(format!("Unknown symbol '{name}'")),
            };
        }
        let function = Function::named(name).ok_or_else(|| format!("Unknown function name '{name}'"))?;
        let mut arguments = Vec::new();
        if !self.take(")") {
            loop {
                arguments.push(self.or()?);
                if self.take(")") {
                    break;
                }
                if !self.take(",") {
                    return Err(self.unexpected());
                }
            }
        }
        Ok(Expression::Call(function, arguments))
    }
}
