//! The tokenizer `classic`: words of European languages with what stands inside of names, addresses and numbers; Chinese and Japanese
//! characters one by one.
//!
//! At each place the longest of several forms is a token; of forms of one length the first. What is too long is left out whole.

use regex::Regex;

use crate::error::AnalysisError;
use crate::filter::term::utf16_len;
use crate::stream::{Raw, Tokenizer};
use crate::token::TokenKind;

/// Characters that are words each.
const CJ: &str = r"\u3100-\u312F\u3040-\u309F\u30A0-\u30FF\u31F0-\u31FF\u3300-\u337F\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\uFF65-\uFF9F";

pub(crate) struct Classic {
    /// By rank.
    forms: Vec<(Regex, TokenKind)>,
    /// In UTF-16 units.
    longest: usize,
}

impl Classic {
    pub(crate) fn new(longest: usize) -> Result<Self, AnalysisError> {
        let forms = patterns().into_iter().map(|(pattern, kind)| {
            let regex = Regex::new(&format!("^(?:{pattern})"));
            let regex = regex.map_err(|error| AnalysisError::setting(format!("[classic] does not read: {error}")))?;
            Ok((regex, kind))
        });
        Ok(Self { forms: forms.collect::<Result<_, AnalysisError>>()?, longest })
    }

    /// The longest form that begins here.
    fn form(&self, rest: &str) -> Option<(usize, TokenKind)> {
        let mut best: Option<(usize, TokenKind)> = None;
        for (regex, kind) in &self.forms {
            let end = regex.find(rest).map_or(0, |found| found.end());
            if end > best.map_or(0, |(end, _)| end) {
                best = Some((end, *kind));
            }
        }
        best
    }
}

/// The forms, each one that is followed by what it may go on with, so that the greediest match is the longest.
fn patterns() -> Vec<(String, TokenKind)> {
    use TokenKind as K;
    let letter = format!(r"[\p{{L}}&&[\u0000-\uFFFF]--[{CJ}]]");
    let word = format!(r"[{letter}\p{{Nd}}\u0E00-\u0E59]+");
    let digits = format!(r"[{letter}\p{{Nd}}]*\p{{Nd}}[{letter}\p{{Nd}}]*");
    let p = r"[_\-/.,]";
    let numbers = [
        format!("{word}{p}{digits}"),
        format!("{digits}{p}{word}"),
        format!("{word}(?:{p}{digits}{p}{word})+"),
        format!("{digits}(?:{p}{word}{p}{digits})+"),
        format!("{word}{p}{digits}(?:{p}{word}{p}{digits})+"),
        format!("{digits}{p}{word}(?:{p}{digits}{p}{word})+"),
    ];
    let mut all = vec![
        (word.clone(), K::Alphanumeric),
        (format!("{letter}+(?:'{letter}+)+"), K::Apostrophe),
        (format!(r"{letter}\.(?:{letter}\.)+"), K::Acronym),
        (format!("{letter}+[&@]{letter}+"), K::Company),
        (format!(r"{word}(?:[.\-_]{word})*@{word}(?:[.\-]{word})+"), K::Email),
        (format!(r"{word}(?:\.{word})+"), K::Host),
    ];
    all.extend(numbers.map(|number| (number, K::ClassicNumber)));
    all.push((format!("[{CJ}]"), K::ClassicCjk));
    all.push((format!(r"{word}\.(?:{word}\.)+"), K::AcronymDepartment));
    all
}

impl Tokenizer for Classic {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        let (mut start, mut skipped) = (0, 0);
        while let Some(next) = text[start..].chars().next() {
            let Some((length, kind)) = self.form(&text[start..]) else {
                start += next.len_utf8();
                continue;
            };
            let (from, end) = (start, start + length);
            start = end;
            if utf16_len(&text[from..end]) > self.longest {
                skipped += 1;
                continue;
            }
            // A name that ends with a dot is a host without it.
            let (shown, kind) = match kind {
                TokenKind::AcronymDepartment => (&text[from..end - 1], TokenKind::Host),
                kind => (&text[from..end], kind),
            };
            let increment = 1 + std::mem::take(&mut skipped);
            sink(Raw { text: shown, start: from, end, increment, kind });
        }
        skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str, longest: usize) -> String {
        let mut shown = Vec::new();
        let end = Classic::new(longest).unwrap().tokenize(text, &mut |token| {
            shown.push(format!("{}{}+{}", token.text, token.kind.as_str(), token.increment));
        });
        format!("{} {end}", shown.join(" "))
    }

    #[test]
    fn the_longest_form_is_a_token() {
        let names = "a.b. ab.cd. o'neil at&t a_b@c-d.e x.y.z";
        let expected =
            "a.b.<ACRONYM>+1 ab.cd<HOST>+1 o'neil<APOSTROPHE>+1 at&t<COMPANY>+1 a_b@c-d.e<EMAIL>+1 x.y.z<HOST>+1 0";
        assert_eq!(tokens(names, 255), expected);
        let numbers = "1-2-a 12_a_3_b a/b/1 1.2.3";
        let expected = "1-2-a<NUM>+1 12_a_3_b<NUM>+1 a<ALPHANUM>+1 b/1<NUM>+1 1.2.3<HOST>+1 0";
        assert_eq!(tokens(numbers, 255), expected);
        assert_eq!(tokens("é日x", 255), "é<ALPHANUM>+1 日<CJ>+1 x<ALPHANUM>+1 0");
    }

    #[test]
    fn what_is_too_long_leaves_a_hole() {
        assert_eq!(tokens("abcd abcde ab abcdef", 4), "abcd<ALPHANUM>+1 ab<ALPHANUM>+2 1");
    }
}
