//! `csv`: one line of values between separators, some of them in quotes, each into a field of its own.

use model::error::Error;
use serde_json::Value;

use super::Of;
use crate::document::{Document, not_castable};
use crate::options::Options;

#[derive(Clone, Debug)]
pub(crate) struct Csv {
    of: Of,
    targets: Vec<String>,
    separator: char,
    quote: char,
    trim: bool,
    /// Of fields without a value; `None`: they are not made.
    empty: Option<Value>,
}

impl Csv {
    pub(super) fn read(options: &mut Options) -> Result<Self, Error> {
        let field = options.required_text("field")?;
        let targets = options.texts("target_fields")?;
        let targets = targets.ok_or_else(|| options.refused("target_fields", "required property is missing"))?;
        let separator = letter(options, "separator", ',', "separator has to be single character like , or ;")?;
        let quote = letter(options, "quote", '"', "quote has to be single character like \" or '")?;
        if targets.is_empty() {
            return Err(options.refused("target_fields", "target fields list can't be empty"));
        }
        let (trim, empty) = (options.flag("trim", false)?, options.take("empty_value"));
        let of = Of { target: field.clone(), field, ignore_missing: options.flag("ignore_missing", false)? };
        Ok(Self { of, targets, separator, quote, trim, empty })
    }

    pub(super) fn process(&self, document: &mut Document) -> Result<(), Error> {
        let Some(value) = self.of.value(document)? else { return Ok(()) };
        let text = value.as_str().ok_or_else(|| not_castable(&self.of.field, value, "java.lang.String"))?;
        for (name, value) in self.targets.iter().zip(self.values(text)?) {
            match value {
                value if !value.is_empty() => document.set(name, value.into())?,
                _ => {
                    if let Some(empty) = &self.empty {
                        document.set(name, empty.clone())?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The values of a line. Spaces before a quote do not count, nor do those behind the closing one.
    fn values(&self, line: &str) -> Result<Vec<String>, Error> {
        if line.is_empty() {
            return Ok(Vec::new());
        }
        let letters: Vec<char> = line.chars().collect();
        let (mut values, mut at) = (Vec::new(), 0);
        loop {
            let begun = at + letters[at..].iter().take_while(|letter| blank(**letter)).count();
            if letters.get(begun) == Some(&self.quote) {
                let (value, end) = self.quoted(&letters, begun)?;
                values.push(value);
                at = end;
            } else {
                let end = letters[at..].iter().position(|letter| *letter == self.separator);
                let end = end.map_or(letters.len(), |length| at + length);
                if let Some(stray) = letters[at..end].iter().position(|letter| *letter == self.quote) {
                    let reason = format!("Illegal character inside unquoted field at {}", at + stray);
                    return Err(Error::illegal_argument(reason));
                }
                let value: String = letters[at..end].iter().collect();
                values.push(if self.trim { value.trim_start_matches(blank).to_owned() } else { value });
                at = end;
            }
            if at >= letters.len() {
                return Ok(values);
            }
            // Past the separator; behind the last one there is no value.
            at += 1;
            if at == letters.len() {
                return Ok(values);
            }
        }
    }

    /// A value in quotes, which two quotes inside of it are one of; and where it ends: at a separator, or with the line.
    fn quoted(&self, letters: &[char], opened: usize) -> Result<(String, usize), Error> {
        let (mut value, mut at) = (String::new(), opened + 1);
        loop {
            match letters.get(at) {
                None => return Err(Error::illegal_argument("Unmatched quote")),
                Some(letter) if *letter == self.quote => {
                    if letters.get(at + 1) != Some(&self.quote) {
                        break;
                    }
                    value.push(self.quote);
                    at += 2;
                }
                Some(letter) => {
                    value.push(*letter);
                    at += 1;
                }
            }
        }
        at += 1;
        loop {
            match letters.get(at) {
                None => return Ok((value, at)),
                Some(letter) if *letter == self.separator => return Ok((value, at)),
                Some(letter) if blank(*letter) => at += 1,
                Some(letter) => {
                    let reason = format!("character '{letter}' after quoted field at {at}");
                    return Err(Error::illegal_argument(reason));
                }
            }
        }
    }
}

fn blank(letter: char) -> bool {
    letter == ' ' || letter == '\t'
}

fn letter(options: &mut Options, name: &str, default: char, why: &str) -> Result<char, Error> {
    let Some(text) = options.text(name)? else { return Ok(default) };
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Ok(letter),
        _ => Err(options.refused(name, why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(trim: bool, line: &str, expected: Result<&[&str], &str>) {
        let of = Of { field: "m".into(), target: "m".into(), ignore_missing: false };
        let csv = Csv { of, targets: Vec::new(), separator: ',', quote: '"', trim, empty: None };
        let found = csv.values(line).map_err(|error| error.reason);
        let expected = expected.map(|values| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        assert_eq!(found, expected.map_err(str::to_owned), "{line}");
    }

    #[test]
    fn lines() {
        check(false, "1, \"x,y\" ,\"q\"\"z\"", Ok(&["1", "x,y", "q\"z"]));
        check(false, "1,, 3 ", Ok(&["1", "", " 3 "]));
        check(true, "1,, 3 ", Ok(&["1", "", "3 "]));
        check(false, "1,,", Ok(&["1", ""]));
        check(false, "", Ok(&[]));
        check(false, "1,\"2", Err("Unmatched quote"));
        check(false, "1,2\"x\"", Err("Illegal character inside unquoted field at 3"));
        check(false, "\"1\"x,2", Err("character 'x' after quoted field at 3"));
    }
}
