//! Names of indexes that hold dates: `<logs-{now/d}>`, `<logs-{now-1M/M{yyyy.MM|+01:00}}>`.
//!
//! Between `{` and `}` stands date math, then in braces of its own a format and behind `|` a zone. A backslash makes braces plain letters.

use crate::date::{DateFormat, Zone};
use crate::error::{Error, ErrorKind};

/// How dates are written where nobody says.
const LAYOUT: &str = "uuuu.MM.dd";

/// Names between commas, those in `<` and `>` with their dates filled in; `now_ms`: what `now` is.
///
/// # Errors
/// `parse_exception` for braces that do not pair and math that does not read, `zone_rules_exception`.
pub fn dated_list(names: &str, now_ms: i64) -> Result<String, Error> {
    if !names.contains('<') {
        return Ok(names.to_owned());
    }
    let dated: Result<Vec<String>, Error> = names.split(',').map(|name| dated(name, now_ms)).collect();
    Ok(dated?.join(","))
}

/// As [`dated_list`], of one name.
///
/// # Errors
/// As [`dated_list`].
pub fn dated(name: &str, now_ms: i64) -> Result<String, Error> {
    let Some(text) = name.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) else {
        return Ok(name.to_owned());
    };
    let wrong = |why: &str| Error::new(ErrorKind::Parse, format!("invalid dynamic name expression [{text}>]. {why}"));
    let (mut out, mut at) = (String::new(), 0);
    while let Some(letter) = text[at..].chars().next() {
        at += letter.len_utf8();
        match letter {
            '\\' => {
                let escaped = text[at..].chars().next();
                out.extend(escaped);
                at += escaped.map_or(0, char::len_utf8);
            }
            '}' => {
                return Err(wrong(&format!(
                    "invalid character at position [{at}]. `{{` and `}}` are reserved characters and should be escaped when used as part \
                     of the index name using `\\` (e.g. `\\{{text\\}}`)"
                )));
            }
            '{' => {
                let (inside, length) =
                    placeholder(&text[at..]).ok_or_else(|| wrong("date math placeholder is open ended"))?;
                out.push_str(&written(inside, now_ms)?);
                at += length;
            }
            letter => out.push(letter),
        }
    }
    if out.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "nothing captured"));
    }
    Ok(out)
}

/// What stands between an open brace and its own closing one, and how far that reaches.
fn placeholder(text: &str) -> Option<(&str, usize)> {
    let mut depth = 1u32;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[..at], at + 1));
        }
    }
    None
}

/// `now/d{yyyy|zone}` as the date that it is.
fn written(inside: &str, now_ms: i64) -> Result<String, Error> {
    let utc = Zone::utc();
    let Some((math, rest)) = inside.split_once('{') else {
        let layout = DateFormat::parse_pattern(LAYOUT)?;
        return Ok(layout.format(layout.parse_math(inside, now_ms, false, Some(&utc))?, Some(&utc)));
    };
    let format = rest.strip_suffix('}').ok_or_else(|| {
        let why = "missing closing `}` for date math format";
        Error::new(ErrorKind::Parse, format!("invalid dynamic name expression [{inside}]. {why}"))
    })?;
    if format.is_empty() {
        let reason = format!("invalid dynamic name expression [{inside}]. missing date format");
        return Err(Error::new(ErrorKind::Parse, reason));
    }
    let (layout, zone) = match format.split_once('|') {
        Some((layout, zone)) => (layout, Zone::parse(zone)?),
        None => (format, utc),
    };
    let layout = DateFormat::parse_pattern(layout)?;
    Ok(layout.format(layout.parse_math(math, now_ms, false, Some(&zone))?, Some(&zone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-03-31T22:30:00Z
    const NOW: i64 = 1_711_924_200_000;

    fn check(name: &str, expected: &str) {
        assert_eq!(dated_list(name, NOW).unwrap_or_else(|error| error.reason), expected, "{name}");
    }

    #[test]
    fn dates_are_filled_in() {
        check("plain,other*", "plain,other*");
        check("<logs-{now/d}>", "logs-2024.03.31");
        check("<logs-{now/d}>,x,<{now-1M/M{yyyy-MM}}-y>", "logs-2024.03.31,x,2024-02-y");
        check("<a-{now/d{yyyy.MM.dd|+02:00}}>", "a-2024.04.01");
        check("<p-{2016-04||/M{yyyy-MM|UTC}}>", "p-2016-04");
        check("<{now/d}-{now/y{yyyy}}>", "2024.03.31-2024");
        check("<a-\\{x\\}-{now+1d/d}>", "a-{x}-2024.04.01");
        check("<a*>", "a*");
    }

    #[test]
    fn what_does_not_read_is_refused() {
        check("<a-{now/d>", "invalid dynamic name expression [a-{now/d>]. date math placeholder is open ended");
        check("<a-{now{}}>", "invalid dynamic name expression [now{}]. missing date format");
        check("<a-{now/zz}>", "unit [z] not supported for date math [/zz]");
        check("<>", "nothing captured");
        assert!(dated_list("<a-}>", NOW).is_err());
    }
}
