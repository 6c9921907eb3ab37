//! Completions: inputs and their weights, each kept as one term: the words of the input as analysed, the input, the weight.
//!
//! A value is a text, a list of texts, or an object (or a list of them) with `input` and `weight`.

use analysis::Analyzer;
use model::error::{Error, ErrorKind};
use model::mapping::Field;
use search::suggest::analyze;

use super::json::{Token, Value, token_name};
use super::plan::FieldPlan;
use super::walk::{Done, Failure, Walk, wrap};
use crate::suggest::END;

/// What only fields of completions have.
#[derive(Debug)]
pub(super) struct CompletionPlan {
    analyzer: Analyzer,
    separators: bool,
    increments: bool,
    /// In UTF-16 units.
    longest: usize,
}

impl CompletionPlan {
    pub(super) fn new(field: &Field, registry: &analysis::Registry) -> Result<Self, Error> {
        let (separators, increments, longest) = field.completion();
        let name = field.analyzer.as_deref().unwrap_or("simple");
        let missing = || Error::illegal_argument(format!("analyzer [{name}] not found for field [{}]", field.path));
        Ok(Self { analyzer: registry.analyzer(name).ok_or_else(missing)?, separators, increments, longest })
    }
}

/// An input and its weight.
#[derive(Default)]
struct Entry {
    inputs: Vec<String>,
    weight: u32,
}

impl<'a> Walk<'a> {
    /// Reads the value of the field at `plan`.
    pub(super) fn completion_value(&mut self, plan: &FieldPlan, value: Value<'a>) -> Done {
        match &value.token {
            Token::Null => Ok(()),
            Token::Array => self.array(&mut |walk| {
                let value = walk.value_of(Some(plan))?;
                walk.completion_value(plan, value)
            }),
            Token::Object => {
                let entry = self.completion_entry(plan)?;
                self.complete(plan, &entry)
            }
            Token::String(text) => {
                let entry = Entry { inputs: vec![text.to_string()], weight: 1 };
                self.complete(plan, &entry)?;
                plan.multi_fields.iter().try_for_each(|inner| self.leaf(inner, &value))
            }
            other => {
                let reason =
                    format!("failed to parse [{}]: expected text or object, but got {}", plan.path, token_name(other));
                Err(wrap("failed to parse".to_owned(), Error::new(ErrorKind::Parsing, reason)).into())
            }
        }
    }

    /// The object that was just opened.
    fn completion_entry(&mut self, plan: &FieldPlan) -> Result<Entry, Failure> {
        let mut entry = Entry { inputs: Vec::new(), weight: 1 };
        while let Some(key) = self.reader.next_key()? {
            let value = self.reader.value()?;
            match (&*key, &value.token) {
                ("input", Token::String(text)) => entry.inputs = vec![text.to_string()],
                ("input", Token::Array) => {
                    while self.reader.next_element()? {
                        let item = self.reader.value()?;
                        let Token::String(text) = &item.token else {
                            return Err(refused("input array must have string values, but was [", &item, "]"));
                        };
                        entry.inputs.push(text.to_string());
                    }
                }
                ("weight", Token::Number { text, .. } | Token::String(text)) => entry.weight = weight(text)?,
                ("weight", _) => return Err(refused("weight must be a number or string, but was [", &value, "]")),
                ("input", _) => {
                    return Err(refused("input must be a string or a list of strings, but was [", &value, "]"));
                }
                (other, _) => {
                    let reason = match other {
                        "contexts" => format!("contexts field is not supported for field: [{}]", plan.path),
                        _ => format!("unknown field name [{other}], must be one of [input, weight, contexts]"),
                    };
                    return Err(illegal(reason));
                }
            }
        }
        Ok(entry)
    }

    fn complete(&mut self, plan: &FieldPlan, entry: &Entry) -> Done {
        let Some(completion) = &plan.completion else { return Ok(()) };
        for input in &entry.inputs {
            if let Some(wrong) = input.chars().find(|&c| matches!(c, '\0' | '\u{1e}' | '\u{1f}')) {
                let at = input.find(wrong).unwrap_or(0);
                let reason = format!(
                    "Illegal input [{input}] UTF-16 codepoint [0x{:x}] at position {at} is a reserved character",
                    wrong as u32
                );
                return Err(illegal(reason));
            }
            if input.is_empty() {
                continue;
            }
            let input = cut(input, completion.longest);
            let words = analyze::input(&completion.analyzer, (completion.separators, completion.increments), input);
            let mut term = words.into_bytes();
            term.push(END);
            term.extend_from_slice(input.as_bytes());
            term.push(END);
            term.extend_from_slice(&entry.weight.to_be_bytes());
            self.out.exact(plan.slot, &plan.path, &term).map_err(|refusal| match refusal {
                super::leaf::Refusal::Malformed(error) | super::leaf::Refusal::Whole(error) => Failure::from(error),
            })?;
            self.out.present(&plan.path);
        }
        Ok(())
    }
}

/// The first `longest` UTF-16 units, whole characters.
fn cut(input: &str, longest: usize) -> &str {
    let mut units = 0;
    for (at, c) in input.char_indices() {
        units += c.len_utf16();
        if units > longest {
            return &input[..at];
        }
    }
    input
}

fn weight(text: &str) -> Result<u32, Failure> {
    let number = match text.parse::<i64>() {
        Ok(number) => number,
        Err(_) => return Err(illegal(format!("weight must be an integer, but was [{text}]"))),
    };
    u32::try_from(number)
        .ok()
        .filter(|weight| i32::try_from(*weight).is_ok())
        .ok_or_else(|| illegal(format!("weight must be in the interval [0..2147483647], but was [{number}]")))
}

fn illegal(reason: String) -> Failure {
    wrap("failed to parse".to_owned(), Error::illegal_argument(reason)).into()
}

fn refused(what: &str, value: &Value<'_>, end: &str) -> Failure {
    illegal(format!("{what}{}{end}", token_name(&value.token)))
}
