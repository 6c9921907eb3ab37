//! `_doc_count`: for how many documents one stands.

use model::error::{Error, ErrorKind};

use super::json::{Token, Value, token_name};
use super::preview;
use super::walk::{Done, Walk};
use crate::layout::DOC_COUNT;

impl<'a> Walk<'a> {
    pub(super) fn doc_count(&mut self, value: &Value<'a>) -> Done {
        if value.token == Token::Array {
            return self.array(&mut |walk| {
                let value = walk.value_of(None)?;
                walk.doc_count(&value)
            });
        }
        let slot = self.preparer.fields().by_path(DOC_COUNT).map(|entry| entry.slot);
        match self.count_of(value) {
            Ok(_) if slot.is_some_and(|slot| self.out.numbers_of(slot).next().is_some()) => {
                let reason = format!(
                    "DocValuesField \"{DOC_COUNT}\" appears more than once in this document (only one value is allowed per field)"
                );
                Err(Error::illegal_argument(reason).into())
            }
            Ok(count) => {
                self.out.number(slot, count);
                Ok(())
            }
            Err(cause) => {
                let shown = preview::preview(value, &mut self.reader)?;
                Err(self.named(DOC_COUNT, DOC_COUNT, &shown, cause).into())
            }
        }
    }

    fn count_of(&self, value: &Value<'a>) -> Result<i64, Error> {
        let count = match &value.token {
            Token::Number { text, float: false } => text.parse().map_err(|_| {
                let reason = format!(
                    "Numeric value ({text}) out of range of long ({} - {})\n at {}",
                    i64::MIN,
                    i64::MAX,
                    self.reader.place(value.end)
                );
                Error::new(ErrorKind::InputCoercion, reason)
            })?,
            Token::Number { text, .. } => {
                let number = text.parse::<f64>().unwrap_or(f64::NAN);
                if number.fract() != 0.0 {
                    let reason = format!("{number:?} cannot be converted to Long without data loss");
                    return Err(Error::illegal_argument(reason));
                }
                number as i64
            }
            other => {
                let (line, column) = self.reader.line_and_column(value.start);
                let reason = format!(
                    "Failed to parse object: expecting token of type [VALUE_NUMBER] but found [{}]",
                    token_name(other)
                );
                return Err(Error::parsing(reason).with_detail("line", line).with_detail("col", column));
            }
        };
        if count <= 0 {
            return Err(Error::illegal_argument(format!("Field [{DOC_COUNT}] must be a positive integer.")));
        }
        Ok(count)
    }
}
