//! Ranges: an object of up to two ends, or a network of addresses, as one term.

use model::date::DateResolution;
use model::error::{Error, ErrorKind};
use model::mapping::FieldKind;
use model::mapping::range::{End, RangeKind};

use super::json::{Reader, Token, Value};
use super::leaf::{self, Refusal};
use super::number;
use super::plan::{FieldPlan, Presence};
use super::walk::{Done, Walk};

impl<'a> Walk<'a> {
    /// Reads one range to its end.
    pub(super) fn range_value(&mut self, (plan, kind): (&FieldPlan, RangeKind), value: &Value<'a>) -> Done {
        if value.token == Token::Null {
            return Ok(());
        }
        let outside = self.reader.depth() - usize::from(value.token == Token::Object);
        if let Err(refusal) = self.put_range((plan, kind), value) {
            let cause = match refusal {
                Refusal::Whole(error) => return Err(error.into()),
                Refusal::Malformed(cause) => cause,
            };
            // It may have been left in its middle.
            while self.reader.depth() > outside {
                self.reader.skip_open()?;
            }
            if !plan.ignore_malformed {
                return Err(self.malformed(plan, "", cause).into());
            }
            self.out.ignored(&plan.path);
        }
        let next = plan.multi_fields.first().map(|field| &field.path).or(plan.copy_to.first());
        match next {
            Some(next) if value.token == Token::Object => Err(self.nothing_left(next).into()),
            _ => Ok(()),
        }
    }

    fn put_range(&mut self, (plan, kind): (&FieldPlan, RangeKind), value: &Value<'a>) -> Result<(), Refusal> {
        let (from, to) = match &value.token {
            Token::Object => object((plan, kind), &mut self.reader)?,
            Token::String(text) if kind == RangeKind::Ip => network(text)?,
            _ => {
                let path = &plan.path;
                return Err(mapper_parsing(format!("error parsing field [{path}], expected an object but got {path}")));
            }
        };
        if from > to {
            return Err(Error::illegal_argument("min value of a range is greater than its max value").into());
        }
        self.out.exact(plan.slot, &plan.path, &kind.term(from, to))?;
        if plan.presence == Presence::Listed {
            self.out.present(&plan.path);
        }
        Ok(())
    }
}

fn mapper_parsing(reason: String) -> Refusal {
    Error::new(ErrorKind::MapperParsing, reason).into()
}

/// The ends that the object which was just opened names.
fn object<'a>((plan, kind): (&FieldPlan, RangeKind), reader: &mut Reader<'a>) -> Result<(End, End), Refusal> {
    let (mut from, mut to) = kind.limits();
    while let Some(key) = reader.next_key().map_err(Error::from)? {
        // Read whatever the key is, so that what follows can be passed over.
        let value = reader.value().map_err(Error::from)?;
        let (upper, inside) = match &*key {
            "gte" => (false, true),
            "gt" => (false, false),
            "lte" => (true, true),
            "lt" => (true, false),
            other => {
                let path = &plan.path;
                return Err(mapper_parsing(format!("error parsing field [{path}], with unknown parameter [{other}]")));
            }
        };
        if value.token == Token::Null {
            continue;
        }
        let given = end(plan, &value, reader)?;
        let end = if inside { Some(given) } else { kind.beside(given, !upper) };
        let beyond =
            || Error::illegal_argument(format!("a range of type [{}] cannot begin or end beyond all", kind.name()));
        *(if upper { &mut to } else { &mut from }) = end.ok_or_else(beyond)?;
    }
    Ok((from, to))
}

fn end(plan: &FieldPlan, value: &Value<'_>, reader: &Reader<'_>) -> Result<End, Error> {
    let Some(ends) = plan.ends.as_deref() else {
        return Err(Error::new(ErrorKind::IllegalState, "a field of ranges without ends"));
    };
    match ends.kind {
        FieldKind::Ip => leaf::address(value, reader).map(End::of_address),
        FieldKind::Date => date(ends, &leaf::as_text(value, reader)?).map(End::of_code),
        _ => match number::code(ends, value, reader)? {
            Some(code) => Ok(End::of_code(code)),
            None => Err(Error::new(ErrorKind::NumberFormat, "empty String")),
        },
    }
}

/// A moment in milliseconds; mathematics that do not begin with the present are taken.
fn date(ends: &FieldPlan, text: &str) -> Result<i64, Error> {
    if text.starts_with("now") {
        return Err(Error::illegal_argument("now is not used at indexing time"));
    }
    let Some(format) = &ends.format else { return Err(Error::illegal_argument("a date field without a format")) };
    format.parse_math(text, 0, false, None)?.stored(DateResolution::Millis)
}

/// First and last address of `address/prefix`.
fn network(text: &str) -> Result<(End, End), Error> {
    let malformed = || Error::illegal_argument(format!("Expected [ip/prefix] but was [{text}]"));
    let (base, length) = text.split_once('/').ok_or_else(malformed)?;
    let length: u32 = length.parse().map_err(|_| malformed())?;
    let address: std::net::IpAddr =
        base.parse().map_err(|_| Error::illegal_argument(format!("'{base}' is not an IP string literal.")))?;
    let (bytes, most) = match address {
        std::net::IpAddr::V4(address) => (address.to_ipv6_mapped().octets(), 32),
        std::net::IpAddr::V6(address) => (address.octets(), 128),
    };
    if length > most {
        return Err(Error::illegal_argument(format!(
            "Illegal prefix length [{length}] in [{text}]. Must be 0-32 for IPv4 ranges, 0-128 for IPv6 ranges"
        )));
    }
    let mask = u128::MAX.checked_shr(128 - (most - length)).unwrap_or(0);
    let first = u128::from_be_bytes(bytes) & !mask;
    Ok((End::of_address(first.to_be_bytes()), End::of_address((first | mask).to_be_bytes())))
}
