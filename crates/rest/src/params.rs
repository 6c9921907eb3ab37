//! URL parameters: ordered, typed, and refused when nobody asked for them.
//!
//! An endpoint takes what it knows; what then is left is a mistake of the client's, and [`Params::finish`] says which.

use std::collections::BTreeSet;

use model::error::{Error, ErrorKind};

use crate::dsl::suggest;

/// The parameters of one request. Of a name given twice, the last counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    given: Vec<(String, String)>,
    /// Names that the endpoint has asked for: what to suggest for a name that it does not know.
    known: BTreeSet<String>,
}

impl Params {
    pub fn new(given: Vec<(String, String)>) -> Self {
        Self { given, known: BTreeSet::new() }
    }

    /// From the part of a URL after `?`, percent-decoded, `+` being a space.
    pub fn parse(query: &str) -> Self {
        let pairs = query.split(['&', ';']).filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self::new(decoded.collect())
    }

    /// The value of `name`, which thereby counts as used.
    pub fn take(&mut self, name: &str) -> Option<String> {
        // Nothing is left that could be unknown.
        if self.given.is_empty() {
            return None;
        }
        if !self.known.contains(name) {
            self.known.insert(name.to_owned());
        }
        let mut found = None;
        self.given.retain_mut(|(given, value)| {
            let same = given == name;
            if same {
                found = Some(std::mem::take(value));
            }
            !same
        });
        found
    }

    /// As [`Params::take`], where an empty value is as none.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).filter(|value| !value.is_empty())
    }

    /// Parts of a path, which nobody has asked for.
    pub(crate) fn put_back(&mut self, parts: Vec<(&'static str, String)>) {
        self.given.extend(parts.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }

    /// Whether `name` is there and has not been taken.
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| given == name)
    }

    /// `true`, `false`, or nothing at all after the name, which is true. `None`: not given.
    ///
    /// # Errors
    /// `illegal_argument_exception` for anything else.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Error> {
        self.take(name).map(|value| if value.is_empty() { Ok(true) } else { boolean(&value) }).transpose()
    }

    /// A 32 bit integer.
    ///
    /// # Errors
    /// `illegal_argument_exception`, caused by `number_format_exception`.
    pub fn int(&mut self, name: &str) -> Result<Option<i32>, Error> {
        self.take(name).map(|value| number("int", name, &value)).transpose()
    }

    /// A 64 bit integer.
    ///
    /// # Errors
    /// As [`Params::int`].
    pub fn long(&mut self, name: &str) -> Result<Option<i64>, Error> {
        self.take(name).map(|value| number("long", name, &value)).transpose()
    }

    /// A floating point number.
    ///
    /// # Errors
    /// As [`Params::int`].
    pub fn float(&mut self, name: &str) -> Result<Option<f32>, Error> {
        self.take(name).map(|value| number("float", name, &value)).transpose()
    }

    /// A time such as `1m`, in milliseconds; `-1`, which means without limit, is `None` inside.
    ///
    /// # Errors
    /// `illegal_argument_exception` for anything else.
    pub fn time_ms(&mut self, name: &str) -> Result<Option<Option<u64>>, Error> {
        self.take(name).map(|value| time_ms(name, &value)).transpose()
    }

    /// Values between commas, empty ones left out. `None`: not given.
    pub fn list(&mut self, name: &str) -> Option<Vec<String>> {
        Some(split(&self.take(name)?))
    }

    /// Refuses what nobody has taken.
    ///
    /// # Errors
    /// `illegal_argument_exception` naming the parameters and those that are alike. `path` is the request's.
    pub fn finish(&self, path: &str) -> Result<(), Error> {
        let unknown: BTreeSet<&str> = self.given.iter().map(|(name, _)| name.as_str()).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let many = if unknown.len() > 1 { "s" } else { "" };
        let named: Vec<String> = unknown
            .iter()
            .map(|name| {
                let alike = suggest::alike(name, self.known.iter().map(String::as_str));
                let arrow = if alike.is_empty() { "" } else { " ->" };
                format!("[{name}]{arrow}{}", suggest::did_you_mean(&alike))
            })
            .collect();
        Err(Error::illegal_argument(format!(
            "request [{path}] contains unrecognized parameter{many}: {}",
            named.join(", ")
        )))
    }
}

/// Values between commas, empty ones left out.
pub fn split(list: &str) -> Vec<String> {
    list.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// `true` or `false`.
///
/// # Errors
/// `illegal_argument_exception` for anything else.
pub fn boolean(value: &str) -> Result<bool, Error> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::illegal_argument(format!(
            "Failed to parse value [{value}] as only [true] or [false] are allowed."
        ))),
    }
}

/// A time such as `500ms`, `1m` or `2d`, in milliseconds; parts of one are rounded down, except that more than nothing stays at
/// least one. `None`: `-1`, without limit. `name` is what the error calls it.
///
/// # Errors
/// `illegal_argument_exception` for anything else.
pub fn time_ms(name: &str, value: &str) -> Result<Option<u64>, Error> {
    let refuse = |why: &str| {
        Error::illegal_argument(format!("failed to parse setting [{name}] with value [{value}] as a time value: {why}"))
    };
    let text = value.trim().to_lowercase();
    if text == "-1" {
        return Ok(None);
    }
    if !text.is_empty() && text.bytes().all(|b| b == b'0') {
        return Ok(Some(0));
    }
    // Longer units first: `s` ends `nanos`, `micros` and `ms` too.
    const UNITS: [(&str, u64); 7] = [
        ("nanos", 1),
        ("micros", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ];
    let unit = UNITS.iter().find_map(|(unit, nanos)| Some((text.strip_suffix(unit)?.trim_end(), *nanos)));
    let Some((count, nanos)) = unit else { return Err(refuse("unit is missing or unrecognized")) };
    if count == "-1" {
        return Ok(None);
    }
    if count.starts_with('-') && count[1..].bytes().all(|b| b.is_ascii_digit()) {
        return Err(refuse("negative durations are not supported"));
    }
    if count.contains('.') && count.parse::<f64>().is_ok() {
        return Err(Error::illegal_argument(format!(
            "failed to parse [{value}], fractional time values are not supported"
        ))
        .with_cause(number_format(count)));
    }
    let count: u64 = count
        .parse()
        .map_err(|_| Error::illegal_argument(format!("failed to parse [{value}]")).with_cause(number_format(count)))?;
    let total = u128::from(count) * u128::from(nanos);
    let ms = u64::try_from(total / 1_000_000).map_err(|_| refuse("it is too large"))?;
    Ok(Some(if ms == 0 && total > 0 { 1 } else { ms }))
}

/// `number_format_exception` about `text`.
pub(crate) fn number_format(text: &str) -> Error {
    let shown: String = text.chars().take(100).collect();
    Error::new(ErrorKind::NumberFormat, format!("For input string: \"{shown}\""))
}

fn number<N: std::str::FromStr>(kind: &str, name: &str, value: &str) -> Result<N, Error> {
    value.parse().map_err(|_| {
        Error::illegal_argument(format!("Failed to parse {kind} parameter [{name}] with value [{value}]"))
            .with_cause(number_format(value))
    })
}

/// Percent-decoding; what is not a valid escape stays as it is, what is not UTF-8 becomes U+FFFD.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).and_then(|pair| {
            let high = (pair[0] as char).to_digit(16)?;
            let low = (pair[1] as char).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        });
        match (bytes[at], escape) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_the_last_of_a_name_counts() {
        let mut params = Params::parse("a=1&b=x%20y+z%2C%C3%A9&c&a=2&d=%zz&&e==");
        assert_eq!(params.take("a").as_deref(), Some("2"));
        assert_eq!(params.take("b").as_deref(), Some("x y z,é"));
        assert_eq!(params.flag("c").unwrap(), Some(true));
        assert_eq!(params.take("d").as_deref(), Some("%zz"));
        assert_eq!(params.take("e").as_deref(), Some("="));
        assert_eq!(params.take("a"), None);
        params.finish("/").unwrap();
    }

    #[test]
    fn what_nobody_takes_is_refused_with_what_is_alike() {
        let mut params = Params::parse("rouing=a&zzz=1");
        params.take("routing");
        assert_eq!(
            params.finish("/x/_search").unwrap_err().reason,
            "request [/x/_search] contains unrecognized parameters: [rouing] -> did you mean [routing]?, [zzz]"
        );
    }

    #[test]
    fn types_are_checked() {
        let refused =
            |query: &str, ask: fn(&mut Params) -> Option<Error>| ask(&mut Params::parse(query)).expect("refused");
        let error = refused("n=1.5", |params| params.int("n").err());
        assert_eq!(error.kind, ErrorKind::IllegalArgument);
        assert_eq!(error.cause.unwrap().kind, ErrorKind::NumberFormat);
        refused("n=99999999999", |params| params.int("n").err());
        refused("b=yes", |params| params.flag("b").err());
        refused("t=5", |params| params.time_ms("t").err());
        assert_eq!(Params::parse("n=-7").long("n").unwrap(), Some(-7));
        assert_eq!(Params::parse("l=a,,b,").list("l").unwrap(), ["a", "b"]);
    }

    #[test]
    fn times() {
        for (text, expected) in [
            ("1s", Some(1000)),
            (" 2 M ", Some(120_000)),
            ("1500micros", Some(1)),
            ("1nanos", Some(1)),
            ("3h", Some(10_800_000)),
            ("1d", Some(86_400_000)),
            ("0", Some(0)),
            ("-1", None),
        ] {
            assert_eq!(time_ms("timeout", text).expect(text), expected, "{text}");
        }
        for text in ["", "x", "1", "1w", "-5s", "1.5s", "s", "é", "99999999999999999999d", "9999999999999999d"] {
            assert_eq!(time_ms("timeout", text).expect_err(text).status(), 400, "{text}");
        }
    }
}
