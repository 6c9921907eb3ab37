//! The smallest clauses: words, phrases, patterns, and what stands behind `@field:`.

use super::SyntaxError;
use super::ast::{Affix, Clause, Node, TagValue};
use super::lexer::Token;
use super::parse::{Outcome, Parser};

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Outcome<Option<Clause>> {
        match self.token().clone() {
            Token::Sign('(') => {
                self.next();
                let inner = self.union()?;
                self.expect(')')?;
                Ok(inner)
            }
            Token::Field(_) => self.restricted(),
            Token::Word(word) if self.options.dialect >= 2 && word.eq_ignore_ascii_case("ismissing") => {
                if *self.ahead(1) == Token::Sign('(') { self.missing().map(Some) } else { self.text() }
            }
            _ => self.text(),
        }
    }

    fn missing(&mut self) -> Outcome<Clause> {
        self.next();
        self.next();
        let Token::Field(field) = self.next() else { return Err(self.unexpected()) };
        self.expect(')')?;
        Ok(Clause::new(Node::Missing(field)))
    }

    /// `@a|b: ..`
    fn restricted(&mut self) -> Outcome<Option<Clause>> {
        let Token::Field(first) = self.next() else { return Err(self.unexpected()) };
        let mut fields = vec![first];
        if let Token::Compare(sign) = *self.token() {
            self.next();
            return self.comparison(&fields, sign).map(Some);
        }
        while self.take('|') {
            match self.next() {
                Token::Word(name) | Token::Field(name) => fields.push(name),
                _ => return Err(self.unexpected()),
            }
        }
        // A field without a colon, or the sign alone, says nothing.
        if !self.take(':') {
            return Err(self.unexpected());
        }
        let found = match self.token() {
            Token::Sign('[') => Some(self.bracketed(&fields)?),
            Token::Sign('{') => Some(self.tags(&fields)?),
            Token::Sign('(') if self.options.dialect >= 2 => self.primary()?.map(|inner| inner.within(&fields)),
            Token::Sign('-') if self.options.dialect >= 2 => self.clause()?.map(|inner| inner.within(&fields)),
            _ if self.options.dialect == 1 => self.old_union()?.map(|inner| inner.within(&fields)),
            _ => self.text()?.map(|inner| inner.within(&fields)),
        };
        Ok(found)
    }

    /// `[..]` behind a field.
    fn bracketed(&mut self, fields: &[String]) -> Outcome<Clause> {
        self.next();
        let node = match self.token().clone() {
            Token::Word(word) if word.eq_ignore_ascii_case("VECTOR_RANGE") && self.options.dialect >= 2 => {
                self.next();
                self.vector_range(fields)?
            }
            Token::Word(word) if is_shape(&word) => {
                return Err(SyntaxError("GEOSHAPE queries are not implemented yet".to_owned()));
            }
            _ => self.range_or_place()?,
        };
        self.expect(']')?;
        Ok(Clause::new(node).within(fields))
    }

    fn text(&mut self) -> Outcome<Option<Clause>> {
        if self.starts_affix() {
            return self.affix().map(|affix| Some(Clause::new(Node::Affix(affix))));
        }
        match self.token().clone() {
            Token::Word(word) => {
                self.next();
                Ok(self.word(&word).map(|text| Clause::new(Node::Word { text, number: false })))
            }
            Token::Number(written, _) => {
                self.next();
                // The first dialect knows no numbers here: words are words.
                let number = self.options.dialect >= 2;
                Ok(Some(Clause::new(Node::Word { text: written, number })))
            }
            Token::Parameter(name) => {
                let text = self.text_parameter(&name)?.to_ascii_lowercase();
                self.next();
                let number = text.parse::<f64>().is_ok();
                let node = if text.is_empty() { Node::Blank } else { Node::Word { text, number } };
                Ok(Some(Clause::new(node)))
            }
            Token::Wildcard(pattern) => {
                self.next();
                Ok(Some(Clause::new(Node::Affix(Affix::Wildcard(pattern)))))
            }
            Token::Quoted(text) if text.is_empty() => {
                self.next();
                Ok(Some(Clause::new(Node::Blank)))
            }
            Token::Sign('"') => self.exact(),
            Token::Sign('%') => self.fuzzy().map(Some),
            _ => Err(self.unexpected()),
        }
    }

    /// Whether a stop word is next.
    pub(super) fn stops(&self) -> bool {
        matches!(self.token(), Token::Word(word) if self.word(word).is_none())
    }

    /// A word in lower case; `None`: a stop word.
    fn word(&self, word: &str) -> Option<String> {
        let lower = word.to_ascii_lowercase();
        let stop = !self.options.keep_stop_words && self.options.stop_words.contains(&lower);
        (!stop).then_some(lower)
    }

    fn exact(&mut self) -> Outcome<Option<Clause>> {
        self.next();
        if *self.token() == Token::Sign('"') && self.joined(0) {
            if self.options.dialect == 1 {
                return Err(self.unexpected());
            }
            self.next();
            return Ok(Some(Clause::new(Node::Blank)));
        }
        let mut words = Vec::new();
        loop {
            // Between quotes a stop word is a word like any other, which nothing has; the first dialect does not take it.
            if self.options.dialect == 1
                && let Token::Word(word) = self.token()
                && self.word(word).is_none()
            {
                return Err(self.unexpected());
            }
            match self.next() {
                Token::Sign('"') => break,
                Token::Word(word) => words.push(word.to_ascii_lowercase()),
                Token::Number(written, _) => words.push(written),
                Token::Parameter(name) => words.push(self.text_parameter(&name)?.to_ascii_lowercase()),
                Token::End => return Err(self.unexpected()),
                // Between quotes signs separate words.
                _ => {}
            }
        }
        Ok(match words.len() {
            0 => None,
            _ => Some(Clause::new(Node::Exact(words))),
        })
    }

    fn fuzzy(&mut self) -> Outcome<Clause> {
        let mut edits = 0_u8;
        while edits < 3 && self.take('%') {
            edits += 1;
        }
        let text = match self.next() {
            Token::Word(word) => word.to_ascii_lowercase(),
            Token::Number(written, _) => written,
            Token::Parameter(name) => self.text_parameter(&name)?.to_ascii_lowercase(),
            _ => return Err(self.unexpected()),
        };
        for _ in 0..edits {
            self.expect('%')?;
        }
        Ok(Clause::new(Node::Fuzzy { text, edits }))
    }

    /// Whether `foo*`, `*foo`, `*foo*` stands here, its signs right at the word.
    pub(super) fn starts_affix(&self) -> bool {
        let star = Token::Sign('*');
        let is_text = |token: &Token| matches!(token, Token::Word(_) | Token::Number(..) | Token::Parameter(_));
        match self.token() {
            Token::Sign('*') => is_text(self.ahead(1)) && self.joined(1),
            token if is_text(token) => *self.ahead(1) == star && self.joined(1),
            _ => false,
        }
    }

    pub(super) fn affix(&mut self) -> Outcome<Affix> {
        let before = self.take('*');
        let text = match self.next() {
            Token::Word(word) => word,
            Token::Number(written, _) => written,
            Token::Parameter(name) => self.text_parameter(&name)?,
            _ => return Err(self.unexpected()),
        };
        let after = *self.token() == Token::Sign('*') && self.joined(0);
        if after {
            self.next();
        }
        Ok(match (before, after) {
            (true, true) => Affix::Infix(text),
            (true, false) => Affix::Suffix(text),
            _ => Affix::Prefix(text),
        })
    }

    /// `{a | b c | d*}`: values keep their case.
    fn tags(&mut self, fields: &[String]) -> Outcome<Clause> {
        self.next();
        let mut values = Vec::new();
        loop {
            values.push(self.tag()?);
            if self.take('}') {
                break;
            }
            self.expect('|')?;
        }
        // In the first dialect values go on behind the braces.
        let is_value = |token: &Token| matches!(token, Token::Word(_) | Token::Number(..) | Token::Wildcard(_));
        while self.options.dialect == 1 && *self.token() == Token::Sign('|') && is_value(self.ahead(1)) {
            self.next();
            values.push(self.tag()?);
        }
        Ok(Clause::new(Node::Tag(values)).within(fields))
    }

    fn tag(&mut self) -> Outcome<TagValue> {
        if self.starts_affix() {
            return self.affix().map(TagValue::Affix);
        }
        match self.token().clone() {
            Token::Wildcard(pattern) => {
                self.next();
                return Ok(TagValue::Affix(Affix::Wildcard(pattern)));
            }
            Token::Quoted(value) => {
                self.next();
                let shown = if value.is_empty() { "\"\"".to_owned() } else { value.clone() };
                return Ok(TagValue::Whole { shown: vec![shown], value });
            }
            Token::Sign('"') if self.options.dialect >= 2 => return self.quoted_tag(),
            _ => {}
        }
        let mut words: Vec<String> = Vec::new();
        loop {
            let word = match self.token().clone() {
                Token::Word(word) => word,
                Token::Number(written, _) => written,
                Token::Parameter(name) => self.text_parameter(&name)?,
                _ => break,
            };
            // In the first dialect no stop word is one of the first two.
            if let [first] = words.as_slice()
                && self.options.dialect == 1
                && (self.word(first).is_none() || self.word(&word).is_none())
            {
                break;
            }
            words.push(word);
            self.next();
        }
        if words.is_empty() {
            return Err(self.unexpected());
        }
        let value = words.join(" ");
        if words.len() > 1 {
            words.iter_mut().for_each(|word| *word = word.to_lowercase());
        }
        Ok(TagValue::Whole { shown: words, value })
    }

    fn quoted_tag(&mut self) -> Outcome<TagValue> {
        self.next();
        let mut words = Vec::new();
        loop {
            match self.next() {
                Token::Sign('"') => break,
                Token::Word(word) | Token::Number(word, _) => words.push(word),
                Token::End => return Err(self.unexpected()),
                _ => {}
            }
        }
        let value = words.join(" ");
        Ok(TagValue::Whole { shown: vec![if value.is_empty() { "\"\"".to_owned() } else { value.clone() }], value })
    }

    /// The value of `$name` as text.
    pub(super) fn text_parameter(&self, name: &str) -> Outcome<String> {
        self.parameter(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    pub(super) fn parameter(&self, name: &str) -> Outcome<&[u8]> {
        if self.options.dialect == 1 {
            return Err(self.unexpected());
        }
        let found = self.options.parameters.get(name).map(Vec::as_slice);
        found.ok_or_else(|| SyntaxError(format!("No such parameter `{name}`")))
    }
}

fn is_shape(word: &str) -> bool {
    ["WITHIN", "CONTAINS", "INTERSECTS", "DISJOINT"].iter().any(|name| word.eq_ignore_ascii_case(name))
}
