//! Formats of numbers like `#,##0.00`: a pattern of digits with a text before and behind.
//!
//! `0` a digit, `#` a digit unless it is a leading or trailing zero, `,` groups, `.` the point, `%` per cent, `'` quotes a text; rounds half
//! to even. Not here: exponents, patterns for negative numbers.

use model::error::Error;

/// More digits of a fraction than a double has are refused.
const MAX_DIGITS: usize = 340;

/// What stands for digits and the signs between them.
const DIGITS: [char; 4] = ['#', '0', ',', '.'];

/// One format.
#[derive(Clone, Debug, PartialEq)]
pub struct DecimalFormat {
    prefix: String,
    suffix: String,
    min_whole: usize,
    min_fraction: usize,
    max_fraction: usize,
    /// Digits in a group; 0: no groups.
    group: usize,
    point: bool,
    percent: bool,
}

impl DecimalFormat {
    /// Reads a pattern.
    ///
    /// # Errors
    /// `not_implemented_exception` for what patterns can say and this does not; `illegal_argument_exception` for what they cannot.
    pub fn parse(pattern: &str) -> Result<Self, Error> {
        let (text, quoted) = unquoted(pattern);
        let has = |part: &str, begin: usize, of: &[char]| {
            part.char_indices().any(|(at, c)| of.contains(&c) && !quoted[begin + at])
        };
        if has(&text, 0, &[';', '\u{2030}', '\u{a4}']) {
            return Err(Error::not_implemented(format!("the number format [{pattern}]")));
        }
        let is_digit = |(at, c): (usize, char)| DIGITS.contains(&c) && !quoted[at];
        let begin = text.char_indices().find(|one| is_digit(*one)).map_or(text.len(), |(at, _)| at);
        let after = text.char_indices().skip_while(|(at, _)| *at < begin).find(|one| !is_digit(*one));
        let end = after.map_or(text.len(), |(at, _)| at);
        let (prefix, digits, suffix) = (&text[..begin], &text[begin..end], &text[end..]);
        if has(suffix.get(..1).unwrap_or_default(), end, &['E']) && suffix[1..].starts_with('0') {
            return Err(Error::not_implemented(format!("the number format [{pattern}]")));
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let malformed = whole.trim_start_matches(['#', ',']).contains('#')
            || fraction.trim_start_matches('0').contains(['0', ',', '.'])
            || has(suffix, end, &DIGITS)
            || digits.len() > MAX_DIGITS;
        if malformed {
            return Err(Error::illegal_argument(format!("Malformed pattern \"{pattern}\"")));
        }
        let point = digits.contains('.');
        let zeros = whole.matches('0').count();
        // A pattern without any zero shows one before the point.
        let min_whole = if point && !digits.contains('0') { 1 } else { zeros };
        Ok(Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            min_whole,
            min_fraction: fraction.matches('0').count(),
            max_fraction: fraction.len(),
            group: whole.rsplit_once(',').map_or(0, |(_, last)| last.len()),
            point: point && fraction.is_empty(),
            percent: has(prefix, 0, &['%']) || has(suffix, end, &['%']),
        })
    }

    pub fn whole(&self, value: i64) -> String {
        let value = i128::from(value) * if self.percent { 100 } else { 1 };
        self.assemble(value < 0, &value.unsigned_abs().to_string(), "")
    }

    pub fn float(&self, value: f64) -> String {
        let value = if self.percent { value * 100.0 } else { value };
        let text = format!("{:.*}", self.max_fraction, value.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        self.assemble(value.is_sign_negative(), whole, fraction)
    }

    fn assemble(&self, negative: bool, whole: &str, fraction: &str) -> String {
        let mut fraction = fraction.trim_end_matches('0').to_owned();
        while fraction.len() < self.min_fraction {
            fraction.push('0');
        }
        let mut whole = whole.trim_start_matches('0').to_owned();
        let at_least = if fraction.is_empty() { self.min_whole.max(1) } else { self.min_whole };
        let missing = at_least.saturating_sub(whole.len());
        whole.insert_str(0, &"0".repeat(missing));
        let mut text = String::from(if negative { "-" } else { "" });
        text.push_str(&self.prefix);
        for (at, digit) in whole.chars().enumerate() {
            if self.group > 0 && at > 0 && (whole.len() - at).is_multiple_of(self.group) {
                text.push(',');
            }
            text.push(digit);
        }
        if !fraction.is_empty() || self.point {
            text.push('.');
        }
        text.push_str(&fraction);
        text.push_str(&self.suffix);
        text
    }
}

/// A pattern without its quotes, and which bytes of it stood between some; two quotes are one that is meant.
fn unquoted(pattern: &str) -> (String, Vec<bool>) {
    let (mut text, mut quoted, mut within) = (String::new(), Vec::new(), false);
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\'' && rest.next_if_eq(&'\'').is_none() {
            within = !within;
            continue;
        }
        text.push(c);
        quoted.resize(text.len(), within || c == '\'');
    }
    (text, quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, value: f64, expected: &str) {
        assert_eq!(DecimalFormat::parse(pattern).unwrap().float(value), expected, "{pattern} of {value}");
    }

    #[test]
    fn numbers_are_shown_by_pattern() {
        check("000.0", 5.0, "005.0");
        check("#.00", 3.0, "3.00");
        check("#.00", 0.5, ".50");
        check("#.##", 0.5, "0.5");
        check("#,##0.00", 1_234_567.891, "1,234,567.89");
        check("#", 0.1, "0");
        check("0", 12.35, "12");
        check("pre 0.# post", 12.345, "pre 12.3 post");
        check("0%", 12.345000267028809, "1235%");
        check("0.0", -0.25, "-0.2");
        check("yyyy", 12.0, "yyyy12");
        check("'n='0", 4.0, "n=4");
        check("0.0 '0#%' ''", 1.0, "1.0 0#% '");
        assert_eq!(DecimalFormat::parse("00,00").unwrap().whole(12), "00,12");
        assert_eq!(DecimalFormat::parse("#.00").unwrap().whole(i64::MIN), "-9223372036854775808.00");
    }

    #[test]
    fn other_patterns_are_refused() {
        for pattern in ["0.##E0", "0;(0)", "0#", "0.0.0", "0 0"] {
            assert!(DecimalFormat::parse(pattern).is_err(), "{pattern}");
        }
    }
}
