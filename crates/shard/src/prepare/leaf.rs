//! One value of one field: checked, typed, put where the field lies.

use std::borrow::Cow;
use std::net::IpAddr;

use model::date::DateResolution;
use model::error::{Error, ErrorKind};
use model::mapping::{FieldKind, Variant};

use super::json::{Reader, Token, Value, reader_name};
use super::number;
use super::output::Output;
use super::plan::{FieldPlan, Presence};

/// Longest term, in bytes.
pub(super) const MAX_TERM: usize = 32_766;
/// Texts that are longer may hold a token that is too long.
const SAFE_TEXT: usize = MAX_TERM;

/// Puts a value of the field itself (not of its multi-fields) into `out`.
///
/// # Errors
/// The cause why the value is malformed, still to be named with the field; or what is refused however the field takes malformed values
/// ([`Refusal::Whole`]).
pub(super) fn put(plan: &FieldPlan, value: &Value<'_>, reader: &Reader<'_>, out: &mut Output) -> Result<(), Refusal> {
    if let Some(constant) = &plan.constant {
        return Ok(same(plan, constant, value, reader)?);
    }
    let value = match (&value.token, &plan.null_value) {
        (Token::Null, None) => return Ok(()),
        (Token::Null, Some(constant)) => &Value { token: constant.clone(), start: value.start, end: value.end },
        _ => value,
    };
    match &plan.kind {
        FieldKind::Text => text(plan, value, reader, out)?,
        FieldKind::Keyword => keyword(plan, value, reader, out)?,
        FieldKind::Number(_) if plan.variant == Variant::TokenCount => words(plan, value, reader, out)?,
        FieldKind::Number(_) => return numbers(plan, value, reader, out),
        FieldKind::Boolean => {
            let term: &[u8] = if boolean(value, reader)? { b"T" } else { b"F" };
            out.exact(plan.slot, &plan.path, term)?;
        }
        FieldKind::Date | FieldKind::DateNanos => out.number(plan.slot, date(plan, value, reader)?),
        FieldKind::Ip => out.exact(plan.slot, &plan.path, &address(value, reader)?)?,
        FieldKind::Binary => {
            if plan.presence != Presence::Listed {
                return Ok(());
            }
            binary(value, reader)?;
        }
        FieldKind::FlatObject
        | FieldKind::GeoPoint
        | FieldKind::Percolator
        | FieldKind::GeoShape
        | FieldKind::Range(_)
        | FieldKind::Features { .. }
        | FieldKind::KnnVector
        | FieldKind::DenseVector
        | FieldKind::Alias(_) => return Ok(()),
    }
    if plan.presence == Presence::Listed {
        out.present(&plan.path);
    }
    Ok(())
}

/// Checks a value that every document has.
fn same(plan: &FieldPlan, constant: &str, value: &Value<'_>, reader: &Reader<'_>) -> Result<(), Error> {
    let path = &plan.path;
    if value.token == Token::Null {
        return Err(Error::illegal_argument(format!("constant keyword field [{path}] must have a value")));
    }
    if as_text(value, reader)? != constant {
        let reason = format!("constant keyword field [{path}] must have a value of [{constant}]");
        return Err(Error::illegal_argument(reason));
    }
    Ok(())
}

/// Why a value is not taken.
pub(super) enum Refusal {
    /// The field may be asked to leave it out.
    Malformed(Error),
    /// Nothing can save the document.
    Whole(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Malformed(error)
    }
}

/// The value as text: strings, and the digits of numbers as given.
pub(super) fn as_text<'v>(value: &'v Value<'_>, reader: &Reader<'_>) -> Result<Cow<'v, str>, Error> {
    match &value.token {
        Token::String(text) | Token::Number { text, .. } => Ok(Cow::Borrowed(text)),
        Token::Bool(value) => Ok(Cow::Borrowed(if *value { "true" } else { "false" })),
        Token::Null => Ok(Cow::Borrowed("null")),
        Token::Object | Token::Array => {
            let (line, column) = reader.line_and_column(value.start);
            let name = super::json::token_name(&value.token);
            Err(Error::new(ErrorKind::IllegalState, format!("Can't get text on a {name} at {line}:{column}")))
        }
    }
}

fn text(plan: &FieldPlan, value: &Value<'_>, reader: &Reader<'_>, out: &mut Output) -> Result<(), Refusal> {
    let text = as_text(value, reader)?;
    let Some(slot) = plan.slot else { return Ok(()) };
    if text.len() > SAFE_TEXT
        && let Some(analyzer) = &plan.analyzer
    {
        let mut immense = None;
        analyzer.each(&text, &mut |term, _| {
            if term.len() > MAX_TERM && immense.is_none() {
                immense = Some(immense_term(&plan.path, term.as_bytes()));
            }
        });
        immense.map_or(Ok(()), |error| Err(Refusal::Whole(error)))?;
    }
    out.text(slot, &text);
    Ok(())
}

/// How many words the text has.
fn words(plan: &FieldPlan, value: &Value<'_>, reader: &Reader<'_>, out: &mut Output) -> Result<(), Refusal> {
    let text = as_text(value, reader)?;
    // A value that stands for none is a count, not a text.
    if matches!(value.token, Token::Number { .. }) && plan.null_value.as_ref() == Some(&value.token) {
        return numbers(plan, value, reader, out);
    }
    let Some(analyzer) = &plan.analyzer else { return Ok(()) };
    let (mut count, mut last) = (0, None);
    let positions = analyzer.each(&text, &mut |_, position| {
        count += i64::from(last != Some(position));
        last = Some(position);
    });
    out.number(plan.slot, if plan.counts_holes { i64::from(positions) } else { count });
    Ok(())
}

fn keyword(plan: &FieldPlan, value: &Value<'_>, reader: &Reader<'_>, out: &mut Output) -> Result<(), Refusal> {
    let text = as_text(value, reader)?;
    if let Some(limit) = plan.ignore_above
        && text.len() > limit
        && text.encode_utf16().count() > limit
    {
        return Ok(());
    }
    match &plan.normalizer {
        Some(normalizer) => {
            let normal = normalizer.normalize(&text).map_err(|e| Error::new(ErrorKind::IllegalState, e.to_string()))?;
            out.exact(plan.slot, &plan.path, normal.as_bytes())
        }
        None => out.exact(plan.slot, &plan.path, text.as_bytes()),
    }
}

fn numbers(plan: &FieldPlan, value: &Value<'_>, reader: &Reader<'_>, out: &mut Output) -> Result<(), Refusal> {
    let mut code = number::code(plan, value, reader)?;
    if let (None, Some(constant)) = (code, &plan.null_value) {
        let value = Value { token: constant.clone(), start: value.start, end: value.end };
        code = number::code(plan, &value, reader)?;
    }
    if let Some(code) = code {
        out.number(plan.slot, code);
        if plan.presence == Presence::Listed {
            out.present(&plan.path);
        }
    }
    Ok(())
}

fn boolean(value: &Value<'_>, reader: &Reader<'_>) -> Result<bool, Error> {
    match &value.token {
        Token::Bool(value) => Ok(*value),
        Token::String(text) => match &**text {
            "true" => Ok(true),
            "false" | "" => Ok(false),
            other => Err(Error::illegal_argument(format!(
                "Failed to parse value [{other}] as only [true] or [false] are allowed."
            ))),
        },
        other => {
            let name = reader_name(other);
            let reason = format!("Current token ({name}) not of boolean type\n at {}", reader.place(value.end));
            Err(Error::new(ErrorKind::JsonParse, reason))
        }
    }
}

fn date(plan: &FieldPlan, value: &Value<'_>, reader: &Reader<'_>) -> Result<i64, Error> {
    let text = as_text(value, reader)?;
    let Some(format) = &plan.format else { return Err(Error::illegal_argument("a date field without a format")) };
    let resolution = match plan.kind {
        FieldKind::DateNanos => DateResolution::Nanos,
        _ => DateResolution::Millis,
    };
    format.parse(&text, None)?.stored(resolution)
}

/// Sixteen bytes; IPv4 addresses as IPv6 ones that map them.
pub(super) fn address(value: &Value<'_>, reader: &Reader<'_>) -> Result<[u8; 16], Error> {
    let text = as_text(value, reader)?;
    let plain = match text.split_once('%') {
        Some((address, zone)) if address.contains(':') && !zone.is_empty() => address,
        _ => &text,
    };
    match plain.parse() {
        Ok(IpAddr::V4(address)) => Ok(address.to_ipv6_mapped().octets()),
        Ok(IpAddr::V6(address)) => Ok(address.octets()),
        Err(_) => Err(Error::illegal_argument(format!("'{text}' is not an IP string literal."))),
    }
}

/// Checks base64 text; white space within is passed over.
fn binary(value: &Value<'_>, reader: &Reader<'_>) -> Result<(), Error> {
    let refused =
        |what: String| Err(Error::new(ErrorKind::JsonParse, format!("{what}\n at {}", reader.place(value.end))));
    let Token::String(text) = &value.token else {
        let name = reader_name(&value.token);
        return refused(format!(
            "Current token ({name}) not VALUE_STRING or VALUE_EMBEDDED_OBJECT, can not access as binary"
        ));
    };
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let is_digit = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    if let Some(wrong) = digits.chars().find(|&c| c > ' ' && !is_digit(c)) {
        return refused(format!(
            "Failed to decode VALUE_STRING as base64 (MIME-NO-LINEFEEDS): Illegal character '{wrong}' (code 0x{:x}) in base64 content",
            wrong as u32
        ));
    }
    let count = digits.chars().filter(|&c| c > ' ').count();
    if count % 4 == 1 || padding != (4 - count % 4) % 4 {
        return refused(
            "Unexpected end of base64-encoded String: base64 variant 'MIME-NO-LINEFEEDS' expects padding (one or more '=' characters) at the end. This Base64Variant might have been incorrectly configured"
                .to_owned(),
        );
    }
    Ok(())
}

/// The refusal of a document for one term.
pub(super) fn immense_term(path: &str, term: &[u8]) -> Error {
    let prefix: Vec<String> = term.iter().take(30).map(|&byte| (byte as i8).to_string()).collect();
    let length = format!("bytes can be at most {MAX_TERM} in length; got {}", term.len());
    let reason = format!(
        "Document contains at least one immense term in field=\"{path}\" (whose UTF8 encoding is longer than the max length \
         {MAX_TERM}), all of which were skipped.  Please correct the analyzer to not produce such terms.  The prefix of the first \
         immense term is: '[{}]...', original message: {length}",
        prefix.join(", ")
    );
    Error::illegal_argument(reason).with_cause(Error::new(ErrorKind::MaxBytesLength, length))
}
