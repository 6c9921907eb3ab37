//! `=> {$name: value; ..}` behind a clause.

use super::SyntaxError;
use super::ast::Attributes;
use super::lexer::Token;
use super::parse::{Outcome, Parser};

impl Parser<'_> {
    /// `of_vectors`: whether the clause takes what only vectors have.
    pub(super) fn attributes(&mut self, of_vectors: bool) -> Outcome<Attributes> {
        self.next();
        self.expect('{')?;
        let mut found = Attributes::default();
        while !self.take('}') {
            let Token::Parameter(name) = self.next() else { return Err(self.unexpected()) };
            self.expect(':')?;
            let value = match self.next() {
                Token::Word(value) | Token::Number(value, _) => value,
                Token::Parameter(name) => self.text_parameter(&name)?,
                _ => return Err(self.unexpected()),
            };
            if !(of_vectors && set_of_vectors(&mut found, &name, &value)) {
                set(&mut found, &name, &value)?;
            }
            if !self.take(';') {
                self.expect('}')?;
                break;
            }
        }
        Ok(found)
    }
}

/// Whether it is an attribute of vectors; what its value is worth is judged with the field.
fn set_of_vectors(attributes: &mut Attributes, name: &str, value: &str) -> bool {
    match name.to_ascii_lowercase().as_str() {
        "yield_distance_as" => attributes.yield_distance_as = Some(value.to_owned()),
        "epsilon" | "ef_runtime" | "hybrid_policy" | "batch_size" => {
            attributes.vector.push((name.to_owned(), value.to_owned()));
        }
        _ => return false,
    }
    true
}

fn set(attributes: &mut Attributes, name: &str, value: &str) -> Outcome<()> {
    let wrong = || SyntaxError(format!("Invalid value ({value}) for `{name}`"));
    match name.to_ascii_lowercase().as_str() {
        "weight" => {
            let weight: f64 = value.parse().map_err(|_| wrong())?;
            attributes.weight = Some(weight).filter(|weight| *weight >= 0.0);
            attributes.weight.ok_or_else(wrong)?;
        }
        "slop" => attributes.slop = Some(value.parse().map_err(|_| wrong())?),
        "inorder" => attributes.inorder = Some(flag(value).ok_or_else(wrong)?),
        "phonetic" => attributes.phonetic = Some(flag(value).ok_or_else(wrong)?),
        _ => return Err(SyntaxError(format!("Invalid attribute {name}"))),
    }
    Ok(())
}

fn flag(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
