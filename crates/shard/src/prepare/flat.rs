//! Flat objects: every leaf is a keyword, under the field itself and under its path.

use model::error::{Error, ErrorKind};

use super::json::{Reader, Token, Value, token_name};
use super::leaf::Refusal;
use super::output::Output;
use super::plan::FieldPlan;

/// Reads a flat object to its end.
///
/// # Errors
/// `parsing_exception` for anything but an object or null; terms that are too long.
pub(super) fn put<'a>(
    plan: &FieldPlan,
    value: &Value<'a>,
    reader: &mut Reader<'a>,
    out: &mut Output,
) -> Result<(), Refusal> {
    match value.token {
        Token::Null => return Ok(()),
        Token::Object => {}
        _ => {
            let (line, column) = reader.line_and_column(value.start);
            let name = token_name(&value.token);
            let error = Error::new(
                ErrorKind::Parsing,
                format!("[{}] unexpected token [{name}] in flat_object field value", plan.path),
            );
            return Err(error.with_detail("line", line).with_detail("col", column).into());
        }
    }
    let outside = reader.depth() - 1;
    let mut path = plan.path.to_string();
    // How long the path was before each object or array that is open, and before the last key.
    let mut lengths = vec![path.len()];
    while reader.depth() > outside {
        let Some(&length) = lengths.last() else { break };
        path.truncate(length);
        let more = if reader.in_object() {
            let key = reader.next_key().map_err(Error::from)?;
            if let Some(key) = &key {
                path.push('.');
                path.push_str(key);
            }
            key.is_some()
        } else {
            reader.next_element().map_err(Error::from)?
        };
        if !more {
            lengths.pop();
            continue;
        }
        let value = reader.value().map_err(Error::from)?;
        match &value.token {
            Token::Object | Token::Array => lengths.push(path.len()),
            Token::String(text) | Token::Number { text, .. } => leaf(plan, &path, text, out)?,
            Token::Bool(value) => leaf(plan, &path, if *value { "true" } else { "false" }, out)?,
            Token::Null => {}
        }
    }
    Ok(())
}

fn leaf(plan: &FieldPlan, path: &str, text: &str, out: &mut Output) -> Result<(), Refusal> {
    out.exact(plan.slot, &format!("{}._value", plan.path), text.as_bytes())?;
    let term = format!("{path}={text}");
    out.exact(plan.by_path, &format!("{}._valueAndPath", plan.path), term.as_bytes())
}
