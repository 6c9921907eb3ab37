//! Completions: inputs and their weights, each kept as one term: the words of the input as analysed, the input, the weight.
//!
//! A value is a text, a list of texts, or an object (or a list of them) with `input` and `weight`. In a field with contexts there is a term for
//! each context, which begins with it; they are written when all of the document has been read ([`super::contexts`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use analysis::Analyzer;
use model::error::{Error, ErrorKind};
use model::mapping::{Context, Field};
use search::suggest::analyze;

use super::contexts::Pending;
use super::json::{Token, Value, token_name};
use super::leaf::Refusal;
use super::plan::FieldPlan;
use super::walk::{Done, Failure, Walk, wrap};
use crate::suggest::completion::{CONTEXT_END, END};

/// What only fields of completions have.
#[derive(Debug)]
pub(super) struct CompletionPlan {
    analyzer: Analyzer,
    separators: bool,
    increments: bool,
    /// In UTF-16 units.
    longest: usize,
    pub(super) contexts: Arc<[Context]>,
}

impl CompletionPlan {
    pub(super) fn new(field: &Field, registry: &analysis::Registry) -> Result<Self, Error> {
        let (separators, increments, longest) = field.completion();
        let name = field.analyzer.as_deref().unwrap_or("simple");
        let missing = || Error::illegal_argument(format!("analyzer [{name}] not found for field [{}]", field.path));
        let analyzer = registry.analyzer(name).ok_or_else(missing)?;
        Ok(Self { analyzer, separators, increments, longest, contexts: field.contexts().into() })
    }
}

/// An input, its weight and its contexts, by their numbers.
struct Entry {
    inputs: Vec<String>,
    weight: u32,
    contexts: BTreeSet<(u8, String)>,
}

impl Entry {
    fn new(inputs: Vec<String>) -> Self {
        Self { inputs, weight: 1, contexts: BTreeSet::new() }
    }
}

impl<'a> Walk<'a> {
    /// Reads the value of the field at `plan`.
    pub(super) fn completion_value(&mut self, plan: &FieldPlan, value: Value<'a>) -> Done {
        match &value.token {
            Token::Array => self.array(&mut |walk| {
                let value = walk.value_of(Some(plan))?;
                walk.completion_value(plan, value)
            }),
            Token::Object => {
                let entry = self.completion_entry(plan)?;
                self.complete(plan, &entry)
            }
            _ => self.completion_leaf(plan, &value),
        }
    }

    /// A value that is no object and no list.
    pub(super) fn completion_leaf(&mut self, plan: &FieldPlan, value: &Value<'a>) -> Done {
        match &value.token {
            Token::Null => Ok(()),
            Token::String(text) => {
                self.complete(plan, &Entry::new(vec![text.to_string()]))?;
                plan.multi_fields.iter().try_for_each(|inner| self.leaf(inner, value))
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
        let mut entry = Entry::new(Vec::new());
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
                ("contexts", _) => self.contexts_value(plan, &value, &mut entry.contexts)?,
                (other, _) => {
                    let reason = format!("unknown field name [{other}], must be one of [input, weight, contexts]");
                    return Err(illegal(reason));
                }
            }
        }
        Ok(entry)
    }

    fn complete(&mut self, plan: &FieldPlan, entry: &Entry) -> Done {
        let Some(completion) = &plan.completion else { return Ok(()) };
        for input in &entry.inputs {
            check(input, !completion.contexts.is_empty())?;
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
            if completion.contexts.is_empty() {
                self.out.exact(plan.slot, &plan.path, &term).map_err(too_long)?;
            } else {
                self.pending.push(Pending {
                    plan: (plan.path.clone(), plan.slot),
                    declared: completion.contexts.clone(),
                    contexts: entry.contexts.clone(),
                    term,
                });
            }
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

/// Refuses what stands between the parts of a term.
fn check(input: &str, contexts: bool) -> Done {
    let is_reserved = |c: char| matches!(c, '\0' | '\u{1e}' | '\u{1f}') || contexts && c == char::from(CONTEXT_END);
    match input.char_indices().find(|(_, c)| is_reserved(*c)) {
        Some(found) => Err(illegal(reserved(("input", input), found))),
        None => Ok(()),
    }
}

/// Says that a text, which is an input or a value, has a character that stands between the parts of a term, and where.
pub(super) fn reserved((of, text): (&str, &str), (at, found): (usize, char)) -> String {
    let code = found as u32;
    format!("Illegal {of} [{text}] UTF-16 codepoint [0x{code:x}] at position {at} is a reserved character")
}

pub(super) fn too_long(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Malformed(error) | Refusal::Whole(error) => Failure::from(error),
    }
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

pub(super) fn illegal(reason: String) -> Failure {
    wrap("failed to parse".to_owned(), Error::illegal_argument(reason)).into()
}

fn refused(what: &str, value: &Value<'_>, end: &str) -> Failure {
    illegal(format!("{what}{}{end}", token_name(&value.token)))
}
