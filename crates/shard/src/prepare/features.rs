//! Features: numbers above zero, each a term of its name and sixteen bits of its value.

use model::error::{Error, ErrorKind};

use super::java::parse_float;
use super::json::{Token, Value, reader_name};
use super::leaf::Refusal;
use super::plan::{FieldPlan, Presence};
use super::walk::{Done, Walk, failed};
use crate::features;

impl<'a> Walk<'a> {
    /// The one feature of a `rank_feature` field.
    pub(super) fn feature_value(&mut self, plan: &FieldPlan, value: &Value<'a>) -> Done {
        if value.token == Token::Null {
            return Ok(());
        }
        let put = self.feature(plan, None, value);
        if let Err(refusal) = put {
            let cause = match refusal {
                Refusal::Whole(error) => return Err(error.into()),
                Refusal::Malformed(cause) => cause,
            };
            let shown = super::preview::preview(value, &mut self.reader)?;
            return Err(self.malformed(plan, &shown, cause).into());
        }
        if plan.presence == Presence::Listed {
            self.out.present(&plan.path);
        }
        Ok(())
    }

    /// The features of a `rank_features` field, by name.
    pub(super) fn features_value(&mut self, plan: &FieldPlan, value: &Value<'a>) -> Done {
        if value.token != Token::Object {
            let name = reader_name(&value.token);
            let reason =
                format!("[rank_features] fields must be json objects, expected a START_OBJECT but got: {name}");
            return Err(failed(Error::illegal_argument(reason)).into());
        }
        while let Some(name) = self.reader.next_key()? {
            let value = self.reader.value()?;
            let put = match value.token {
                Token::Null => Ok(()),
                Token::Number { .. } | Token::String(_) => self.feature(plan, Some(&name), &value),
                ref other => {
                    let reason = format!(
                        "[rank_features] fields take hashes that map a feature to a strictly positive float, but got unexpected token {}",
                        reader_name(other)
                    );
                    Err(Error::illegal_argument(reason).into())
                }
            };
            put.map_err(|refusal| match refusal {
                Refusal::Whole(error) => error,
                Refusal::Malformed(cause) => failed(cause),
            })?;
        }
        Ok(())
    }

    /// One feature; `name` of several.
    fn feature(&mut self, plan: &FieldPlan, name: Option<&str>, value: &Value<'a>) -> Result<(), Refusal> {
        let given: f32 = match &value.token {
            Token::String(text) => parse_float(text)?,
            Token::Number { text, .. } => text.parse().unwrap_or(f32::NAN),
            other => {
                let reason =
                    format!("Current token ({}) not numeric, can not use numeric value accessors", reader_name(other));
                return Err(Error::new(ErrorKind::JsonParse, reason).into());
            }
        };
        let shown = name.unwrap_or(&plan.path);
        let positive = plan.positive_impact;
        let code = features::encode(given, positive).ok_or_else(|| {
            Error::illegal_argument(format!(
                "featureValue must be a positive normal float, got: {given:?} for feature {shown} on field {}",
                plan.path
            ))
        })?;
        let prefix = features::prefix(name);
        if plan.slot.is_some_and(|slot| self.out.has_feature(slot, &prefix)) {
            let reason = match name {
                None => format!(
                    "[rank_feature] fields do not support indexing multiple values for the same field [{}] in the same document",
                    plan.path
                ),
                Some(name) => format!(
                    "[rank_features] fields do not support indexing multiple values for the same rank feature [{}.{name}] in the same document",
                    plan.path
                ),
            };
            return Err(Error::illegal_argument(reason).into());
        }
        self.out.exact(plan.slot, &plan.path, &features::term(prefix, code))
    }
}
