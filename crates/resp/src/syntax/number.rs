//! What stands between brackets: ranges of numbers, circles on the globe, vectors.

use super::SyntaxError;
use super::ast::{Clause, Knn, Limit, Node, VectorRange};
use super::lexer::Token;
use super::parse::{Outcome, Parser};

impl Parser<'_> {
    /// `@field == 5`
    pub(super) fn comparison(&mut self, fields: &[String], sign: &str) -> Outcome<Clause> {
        let value = self.number("lower range")?;
        let at = |inclusive| Limit { value, inclusive };
        let least = Limit { value: f64::NEG_INFINITY, inclusive: true };
        let most = Limit { value: f64::INFINITY, inclusive: true };
        let (from, to) = match sign {
            ">" => (at(false), most),
            ">=" => (at(true), most),
            "<" => (least, at(false)),
            "<=" => (least, at(true)),
            _ => (at(true), at(true)),
        };
        let range = Clause::new(Node::Numeric { from, to }).within(fields);
        Ok(if sign == "!=" { Clause::new(Node::Not(Box::new(range))) } else { range })
    }

    /// `from to]`, `value]`, or `longitude latitude radius unit]`
    pub(super) fn range_or_place(&mut self) -> Outcome<Node> {
        let from = self.limit("lower range")?;
        if *self.token() == Token::Sign(']') {
            return Ok(Node::Numeric { from, to: from });
        }
        let to = self.limit("upper range")?;
        if *self.token() == Token::Sign(']') {
            return Ok(Node::Numeric { from, to });
        }
        let radius = self.number("geo radius")?;
        let unit = match self.next() {
            Token::Word(unit) => unit,
            Token::Parameter(name) => self.text_parameter(&name)?,
            _ => return Err(self.unexpected()),
        };
        let unit = unit.to_ascii_lowercase();
        if !matches!(unit.as_str(), "m" | "km" | "mi" | "ft") {
            return Err(SyntaxError("Invalid GeoFilter unit".to_owned()));
        }
        Ok(Node::Geo { longitude: from.value, latitude: to.value, radius, unit })
    }

    /// A number, with `(` before it when it is not part of the range.
    fn limit(&mut self, what: &str) -> Outcome<Limit> {
        let inclusive = !self.take('(');
        let value = self.number(what)?;
        Ok(Limit { value, inclusive })
    }

    fn number(&mut self, what: &str) -> Outcome<f64> {
        let negative = self.take('-');
        let value = match self.token().clone() {
            Token::Number(_, value) => value,
            Token::Parameter(name) => {
                let text = self.text_parameter(&name)?;
                let plain = text.trim();
                plain.parse().map_err(|_| SyntaxError(format!("Bad {what}: {text}")))?
            }
            _ => return Err(self.unexpected()),
        };
        self.next();
        Ok(if negative { -value } else { value })
    }

    /// How many neighbours: digits, or a parameter of digits. More than 64 bits hold is as many as they hold.
    fn neighbours(&mut self) -> Outcome<u64> {
        let whole = |text: &str| {
            let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_whole.then(|| text.parse().unwrap_or(u64::MAX))
        };
        let found = match self.token().clone() {
            Token::Number(written, _) => whole(&written).ok_or_else(|| self.unexpected())?,
            Token::Parameter(name) => {
                let text = self.text_parameter(&name)?;
                let digits = text.trim_start();
                let digits = digits.strip_prefix('+').unwrap_or(digits);
                let found = if text.is_empty() { Some(0) } else { whole(digits) };
                found.ok_or_else(|| no_number(&text, &name))?
            }
            _ => return Err(self.unexpected()),
        };
        self.next();
        Ok(found)
    }

    /// How far a range of vectors reaches.
    fn radius(&mut self) -> Outcome<f64> {
        let Token::Parameter(name) = self.token().clone() else { return self.number("vector range radius") };
        let text = self.text_parameter(&name)?;
        let found = if text.is_empty() { Some(0.0) } else { text.trim_start().parse().ok() };
        self.next();
        found.ok_or_else(|| no_number(&text, &name))
    }

    /// `KNN k @field $vector ..]`
    pub(super) fn knn(&mut self) -> Outcome<Knn> {
        match self.token() {
            Token::Word(word) if word.eq_ignore_ascii_case("KNN") => self.next(),
            Token::Word(_) => {
                let SyntaxError(said) = self.unexpected();
                let expecting = "Syntax error: Expecting Vector Similarity command";
                return Err(SyntaxError(said.replacen("Syntax error", expecting, 1)));
            }
            _ => return Err(self.unexpected()),
        };
        let k = self.neighbours()?;
        let Token::Field(field) = self.token().clone() else { return Err(self.unexpected()) };
        self.next();
        let (name, vector) = self.vector()?;
        let mut knn = Knn { k, field, name, vector, options: Vec::new(), distance_as: None };
        while !self.take(']') {
            // The name of the distance stands last.
            if knn.distance_as.is_some() {
                return Err(self.unexpected());
            }
            let Token::Word(option) = self.next() else { return Err(self.unexpected()) };
            let value = match self.next() {
                Token::Word(value) | Token::Number(value, _) => value,
                Token::Parameter(name) => self.text_parameter(&name)?,
                _ => return Err(self.unexpected()),
            };
            match option.eq_ignore_ascii_case("AS") {
                true => knn.distance_as = Some(value),
                false => knn.options.push((option, value)),
            }
        }
        Ok(knn)
    }

    /// `VECTOR_RANGE radius $vector]`, the bracket left.
    pub(super) fn vector_range(&mut self, fields: &[String]) -> Outcome<Node> {
        let radius = self.radius()?;
        let (name, vector) = self.vector()?;
        let field = fields.first().cloned().unwrap_or_default();
        Ok(Node::VectorRange(VectorRange { field, radius, name, vector }))
    }

    fn vector(&mut self) -> Outcome<(String, Vec<u8>)> {
        let Token::Parameter(name) = self.token().clone() else { return Err(self.unexpected()) };
        let vector = self.parameter(&name)?.to_vec();
        self.next();
        Ok((name, vector))
    }
}

fn no_number(value: &str, parameter: &str) -> SyntaxError {
    SyntaxError(format!("Invalid numeric value ({value}) for parameter `{parameter}`"))
}
