//! Contexts of completions in a document: those that an entry names, and those that other fields of the document have.
//!
//! Entries wait until their document is read whole, since the fields that contexts are taken from may stand behind them.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::geo::{decode, read};
use model::mapping::{Context, ContextKind, FieldKind, Variant};
use search::suggest::contexts::{hash_of, number_of};

use super::completion::{illegal, reserved, too_long};
use super::geo::tree;
use super::json::{Token, Value, token_name};
use super::plan::FieldPlan;
use super::walk::{Done, Failure, Walk, wrap};
use crate::fields::FieldSlot;
use crate::suggest::completion::CONTEXT_END;

/// An input whose contexts are not all known yet.
pub(super) struct Pending {
    pub(super) plan: (Arc<str>, Option<FieldSlot>),
    /// Those of the field, by their numbers.
    pub(super) declared: Arc<[Context]>,
    pub(super) contexts: BTreeSet<(u8, String)>,
    /// Without a context.
    pub(super) term: Vec<u8>,
}

/// How deep a place can mean anything.
const DEPTH: u32 = 3;

fn parse(reason: impl Into<String>) -> Failure {
    wrap("failed to parse".to_owned(), Error::new(ErrorKind::Parse, reason)).into()
}

impl<'a> Walk<'a> {
    /// Reads what stands under `contexts` of an entry.
    pub(super) fn contexts_value(
        &mut self,
        plan: &FieldPlan,
        value: &Value<'a>,
        found: &mut BTreeSet<(u8, String)>,
    ) -> Done {
        let contexts = plan.completion.as_ref().map_or(&[][..], |completion| &completion.contexts);
        if contexts.is_empty() {
            return Err(illegal(format!("contexts field is not supported for field: [{}]", plan.path)));
        }
        if value.token != Token::Object {
            let reason = format!("contexts must be an object or an array , but was [{}]", token_name(&value.token));
            return Err(illegal(reason));
        }
        // A name that is given twice counts as it stands last.
        let mut by_number = vec![Vec::new(); contexts.len()];
        while let Some(name) = self.reader.next_key()? {
            let number = number_of(contexts, &name).map_err(|error| wrap("failed to parse".to_owned(), error))?;
            let value = self.reader.value()?;
            by_number[number] = match contexts[number].kind {
                ContextKind::Category => self.categories(&value)?,
                ContextKind::Geo { precision } => self.cells(&value, precision)?,
            };
        }
        for (number, texts) in (0_u8..).zip(by_number) {
            found.extend(texts.into_iter().map(|text| (number, text)));
        }
        Ok(())
    }

    fn categories(&mut self, value: &Value<'a>) -> Result<Vec<String>, Failure> {
        if let Some(text) = category(value) {
            return Ok(vec![text]);
        }
        if value.token != Token::Array {
            let reason = format!(
                "contexts must be a string, number or boolean or a list of string, number or boolean, but was [{}]",
                token_name(&value.token)
            );
            return Err(parse(reason));
        }
        let mut texts = Vec::new();
        while self.reader.next_element()? {
            let item = self.reader.value()?;
            let wrong = || {
                let reason = "context array must have string, number or boolean values, but was";
                parse(format!("{reason} [{}]", token_name(&item.token)))
            };
            texts.push(category(&item).ok_or_else(wrong)?);
        }
        Ok(texts)
    }

    /// A single text is the beginning of a geohash as it stands.
    fn cells(&mut self, value: &Value<'a>, precision: usize) -> Result<Vec<String>, Failure> {
        if let Token::String(text) = &value.token {
            return Ok(vec![text.chars().take(precision).collect()]);
        }
        let json = tree(&mut self.reader, value, DEPTH)?;
        if json.as_array().is_some_and(|items| items.len() > 2 && items[0].is_number()) {
            return Err(parse("only two values [lon, lat] expected"));
        }
        let mut cells = Vec::new();
        for part in read::points(&json, true) {
            let points = part.map_err(|cause| wrap("failed to parse".to_owned(), cause))?;
            cells.extend(points.into_iter().map(|point| hash_of(point, precision)));
        }
        Ok(cells)
    }

    /// Writes the entries that wait from `first` on, each under all of its contexts.
    pub(super) fn end_contexts(&mut self, first: usize) {
        for pending in self.pending.split_off(first) {
            if let Err(Failure(error)) = self.pend(pending) {
                // The document may be read again with fields that the mapping lacks now.
                self.late.get_or_insert(error);
            }
        }
    }

    fn pend(&mut self, Pending { plan: (path, slot), declared, mut contexts, term }: Pending) -> Done {
        for (number, context) in (0_u8..).zip(&*declared) {
            contexts.extend(self.taken(context)?.into_iter().map(|text| (number, text)));
        }
        if contexts.is_empty() {
            let reason = format!("Contexts are mandatory in context enabled completion field [{path}]");
            return Err(Error::illegal_argument(reason).into());
        }
        for (number, context) in contexts {
            if let Some(found) = context.char_indices().find(|(_, c)| *c == char::from(CONTEXT_END)) {
                return Err(Error::illegal_argument(reserved(("value", &context), found)).into());
            }
            let whole = [&[number + 1], context.as_bytes(), &[CONTEXT_END], &term].concat();
            self.out.exact(slot, &path, &whole).map_err(too_long)?;
        }
        Ok(())
    }

    /// The values of the field that a context is taken from.
    fn taken(&self, context: &Context) -> Result<Vec<String>, Error> {
        let Some(path) = context.path.as_deref() else { return Ok(Vec::new()) };
        let refused = || {
            let reason = format!("Failed to parse context field [{path}], only keyword and text fields are accepted");
            Error::illegal_argument(reason)
        };
        if path == "_id" && context.kind == ContextKind::Category {
            return Err(refused());
        }
        let Some(field) = self.preparer.mapping.field(path).filter(|field| *field.path == *path) else {
            return Ok(Vec::new());
        };
        let Some(slot) = self.preparer.fields.by_path(path).map(|entry| entry.slot) else { return Ok(Vec::new()) };
        Ok(match (context.kind, &field.kind) {
            (ContextKind::Geo { precision }, _) => {
                self.out.numbers_of(slot).map(|code| hash_of(decode(code), precision)).collect()
            }
            (_, FieldKind::Text) => self.out.texts_of(slot).map(str::to_owned).collect(),
            (_, FieldKind::Keyword) if field.variant == Variant::Plain && !field.index => Vec::new(),
            (_, FieldKind::Keyword) if field.variant == Variant::Plain => {
                self.out.terms_of(slot).map(|term| String::from_utf8_lossy(term).into_owned()).collect()
            }
            // As they lie in the index, and as a column has them.
            (_, FieldKind::Boolean) => {
                let both = |term: &[u8]| if term == b"T" { ["1", "T"] } else { ["0", "F"] };
                self.out.terms_of(slot).flat_map(both).map(str::to_owned).collect()
            }
            _ if self.out.numbers_of(slot).next().is_some() || self.out.terms_of(slot).next().is_some() => {
                return Err(refused());
            }
            _ => Vec::new(),
        })
    }
}

fn category(value: &Value<'_>) -> Option<String> {
    match &value.token {
        Token::String(text) => Some(text.to_string()),
        Token::Number { text, .. } => Some(text.to_string()),
        Token::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
