//! The functions of expressions.

use super::evaluate::truth;
use super::{Scalar, time};

macro_rules! functions {
    ($($variant:ident $name:literal $least:literal..=$most:literal),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function {
            $($variant),*
        }

        impl Function {
            /// By its name, whatever its case.
            pub(super) fn named(name: &str) -> Option<Self> {
                match name.to_ascii_lowercase().as_str() {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// # Errors
            /// It does not take so many arguments.
            pub(super) fn takes(self, count: usize) -> Result<(), String> {
                let (name, least, most): (&str, usize, usize) = match self {
                    $(Self::$variant => ($name, $least, $most),)*
                };
                if (least..=most).contains(&count) { Ok(()) } else { Err(self.refusal(name)) }
            }
        }
    };
}

functions! {
    Log "log" 1..=1, Abs "abs" 1..=1, Ceil "ceil" 1..=1, Floor "floor" 1..=1, Log2 "log2" 1..=1, Exp "exp" 1..=1,
    Sqrt "sqrt" 1..=1, Upper "upper" 1..=1, Lower "lower" 1..=1, Substr "substr" 3..=3, Format "format" 1..=64,
    Split "split" 1..=3, MatchedTerms "matched_terms" 0..=1024, ToNumber "to_number" 1..=1, ToStr "to_str" 1..=1,
    Exists "exists" 1..=1, StartsWith "startswith" 2..=2, Contains "contains" 2..=2, Strlen "strlen" 1..=1,
    TimeFormat "timefmt" 1..=2, ParseTime "parsetime" 2..=2, ParseTimeOld "parse_time" 2..=2, Hour "hour" 1..=1,
    Minute "minute" 1..=1, Day "day" 1..=1, Month "month" 1..=1, MonthOfYear "monthofyear" 1..=1, Year "year" 1..=1,
    DayOfMonth "dayofmonth" 1..=1, DayOfWeek "dayofweek" 1..=1, DayOfYear "dayofyear" 1..=1,
    GeoDistance "geodistance" 2..=4,
}

impl Function {
    /// What is said of too few or too many arguments.
    fn refusal(self, name: &str) -> String {
        use Function as F;
        match self {
            F::Log | F::Abs | F::Ceil | F::Floor | F::Log2 | F::Exp | F::Sqrt | F::Split => {
                format!("Invalid number of arguments for {name}")
            }
            F::Format => "Need at least one argument for format".to_owned(),
            F::TimeFormat => "Invalid arguments for function 'time'".to_owned(),
            _ => format!("Invalid arguments for function '{name}'"),
        }
    }
}

/// The value of a function.
pub(super) fn call(function: Function, arguments: &[Scalar]) -> Result<Scalar, String> {
    use Function as F;
    function.takes(arguments.len())?;
    typed(function, arguments)?;
    let first = arguments.first().unwrap_or(&Scalar::Null);
    let second = arguments.get(1).unwrap_or(&Scalar::Null);
    Ok(match function {
        F::Log => math(first, f64::ln),
        F::Log2 => math(first, f64::log2),
        F::Exp => math(first, f64::exp),
        F::Sqrt => math(first, f64::sqrt),
        F::Abs => math(first, f64::abs),
        F::Ceil => math(first, f64::ceil),
        F::Floor => math(first, f64::floor),
        F::Upper => text(first).map_or(Scalar::Null, |text| Scalar::Text(text.to_ascii_uppercase())),
        F::Lower => text(first).map_or(Scalar::Null, |text| Scalar::Text(text.to_ascii_lowercase())),
        F::Substr => substr(arguments),
        F::Format => format(arguments)?,
        F::Split => split(arguments),
        // What a document was found by is not kept.
        F::MatchedTerms => Scalar::Null,
        F::ToNumber => match first.number() {
            Some(number) => Scalar::Number(number),
            None => {
                let shown = if *first == Scalar::Null { "(null)".to_owned() } else { first.text() };
                return Err(format!("to_number: cannot convert string '{shown}'"));
            }
        },
        F::ToStr => Scalar::Text(first.text()),
        F::Exists => truth(*first != Scalar::Null),
        F::StartsWith => truth(first.text().starts_with(&second.text())),
        F::Contains => contains(&first.text(), &second.text()),
        F::Strlen => Scalar::Number(first.text().len() as f64),
        F::TimeFormat => time::format(first, arguments.get(1)),
        F::ParseTime | F::ParseTimeOld => time::parse(&first.text(), &second.text()),
        F::Hour => time::floored(first, 3600),
        F::Minute => time::floored(first, 60),
        F::Day => time::floored(first, 86_400),
        F::Month => time::month(first),
        F::MonthOfYear => time::part(first, time::Part::Month),
        F::Year => time::part(first, time::Part::Year),
        F::DayOfMonth => time::part(first, time::Part::DayOfMonth),
        F::DayOfWeek => time::part(first, time::Part::DayOfWeek),
        F::DayOfYear => time::part(first, time::Part::DayOfYear),
        F::GeoDistance => distance(arguments)?,
    })
}

/// Checks the arguments that must be texts (of `substr` two are numbers).
fn typed(function: Function, arguments: &[Scalar]) -> Result<(), String> {
    use Function as F;
    // What messages call the function, and what they say was checked.
    const TEXT: &str = "STRING(v, 0)";
    let (name, checked, kind) = match function {
        F::StartsWith => ("startswith", 0..2, TEXT),
        F::Contains => ("contains", 0..2, TEXT),
        F::Strlen => ("strlen", 0..1, TEXT),
        F::Split => ("split", 0..3, TEXT),
        F::Format => ("format", 0..1, TEXT),
        F::ParseTime | F::ParseTimeOld => ("parsetime", 0..2, TEXT),
        F::TimeFormat => ("time", 1..2, "TYPE(v, RSValue_String)"),
        F::Substr => ("substr", 1..3, "TYPE(v, RSValue_Number)"),
        _ => return Ok(()),
    };
    for (at, value) in arguments.iter().enumerate().filter(|(at, _)| checked.contains(at)) {
        let fits = match function {
            F::Substr => matches!(value, Scalar::Number(_)),
            _ => matches!(value, Scalar::Text(_) | Scalar::Bytes(_)),
        };
        if !fits {
            let code = match value {
                Scalar::Number(_) => 1,
                Scalar::Text(_) | Scalar::Bytes(_) | Scalar::Json(_) => 3,
                Scalar::Null => 4,
                Scalar::List(_) => 6,
            };
            let found = format!("Invalid type ({code}) for argument {at} in function '{name}'");
            return Err(format!("{found}. VALIDATE_ARG__{kind} was false."));
        }
    }
    match (function, arguments.first()) {
        (F::Substr, Some(Scalar::Text(_) | Scalar::Bytes(_)) | None) => Ok(()),
        (F::Substr, _) => Err("Invalid type for substr. Expected string".to_owned()),
        _ => Ok(()),
    }
}

fn text(value: &Scalar) -> Option<String> {
    matches!(value, Scalar::Text(_)).then(|| value.text())
}

fn math(value: &Scalar, function: impl Fn(f64) -> f64) -> Scalar {
    Scalar::Number(value.number().map_or(f64::NAN, function))
}

/// Bytes from an offset on (negative: from the end), so many (negative: but for so many at the end).
fn substr(arguments: &[Scalar]) -> Scalar {
    let [value, from, count] = arguments else { return Scalar::Null };
    let (Scalar::Number(from), Scalar::Number(count)) = (from, count) else { return Scalar::Null };
    let text = value.text();
    let length = text.len() as i64;
    let (from, count) = (*from as i64, *count as i64);
    let from = if from < 0 { length.saturating_add(from).max(0) } else { from.min(length) };
    let count = if count < 0 { (length - from).saturating_add(count).max(0) } else { count.min(length - from) };
    let bytes = &text.as_bytes()[from as usize..(from + count) as usize];
    Scalar::Text(String::from_utf8_lossy(bytes).into_owned())
}

fn format(arguments: &[Scalar]) -> Result<Scalar, String> {
    let pattern = arguments.first().map(Scalar::text).unwrap_or_default();
    let mut rest = arguments.iter().skip(1);
    let mut found = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => match chars.next() {
                Some('%') => found.push('%'),
                Some('s') => match rest.next() {
                    Some(Scalar::Null) => found.push_str("(null)"),
                    Some(value) => found.push_str(&value.text()),
                    None => return Err("Not enough arguments for format".to_owned()),
                },
                Some(_) => return Err("Unknown format specifier passed".to_owned()),
                None => return Err("Bad format string!".to_owned()),
            },
            c => found.push(c),
        }
    }
    Ok(Scalar::Text(found))
}

/// At any of the separators (`,`), each part without what is stripped (spaces); empty parts go.
fn split(arguments: &[Scalar]) -> Scalar {
    let word = |at: usize, default: &str| arguments.get(at).map_or_else(|| default.to_owned(), Scalar::text);
    let (separators, stripped) = (word(1, ","), word(2, " "));
    let Some(Scalar::Text(text)) = arguments.first() else { return Scalar::Null };
    let parts = text.split(|c| separators.contains(c)).map(|part| part.trim_matches(|c| stripped.contains(c)));
    Scalar::List(parts.filter(|part| !part.is_empty()).map(|part| Scalar::Text(part.to_owned())).collect())
}

/// How often one text stands in another.
fn contains(text: &str, sought: &str) -> Scalar {
    let count = match sought.is_empty() {
        true => text.len() + 1,
        false => text.matches(sought).count(),
    };
    Scalar::Number(count as f64)
}

/// Metres between two places: each `longitude,latitude` or two numbers.
fn distance(arguments: &[Scalar]) -> Result<Scalar, String> {
    let mut numbers = Vec::new();
    for argument in arguments {
        match argument {
            Scalar::Number(number) => numbers.push(*number),
            Scalar::Text(text) => {
                for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
                    numbers.push(part.parse::<f64>().map_err(|_| "Invalid geo string".to_owned())?);
                }
            }
            _ => {}
        }
    }
    let [longitude, latitude, other_longitude, other_latitude] = numbers[..] else {
        return Ok(Scalar::Number(f64::NAN));
    };
    let metres = haversine((longitude, latitude), (other_longitude, other_latitude));
    Ok(Scalar::Number((metres * 100.0).round() / 100.0))
}

/// As Redis computes it.
fn haversine(one: (f64, f64), other: (f64, f64)) -> f64 {
    const EARTH_M: f64 = 6_372_797.560_856;
    let u = ((other.1 - one.1).to_radians() / 2.0).sin();
    let v = ((other.0 - one.0).to_radians() / 2.0).sin();
    let square = u * u + one.1.to_radians().cos() * other.1.to_radians().cos() * v * v;
    2.0 * EARTH_M * square.sqrt().min(1.0).asin()
}
