//! The tokenizer `uax_url_email`: words as `standard` cuts them, and addresses of pages and of people whole.
//!
//! At each place the longest of word and address is a token, an address where both are as long. In: text. Out: tokens of the kinds of
//! `standard`, `<URL>` and `<EMAIL>`. What counts as an address is what OpenSearch's tokenizer of this name answers. Addresses end with
//! `max_token_length`: what is longer goes on as other tokens.

mod email;
mod host;
mod url;

use super::standard::Standard;
use crate::stream::{Raw, Tokenizer};
use crate::token::TokenKind;

/// Stands before addresses of people.
const MAIL: &[u8] = b"mailto:";

pub(crate) struct Addresses {
    words: Standard,
    /// In UTF-16 units.
    longest: usize,
    domains: host::Domains,
}

impl Addresses {
    pub(crate) fn new(longest: usize) -> Self {
        Self { words: Standard::new(longest), longest, domains: host::Domains::new() }
    }

    /// The address that begins the text, and how far it was looked at to know that. `behind`: what follows the text.
    fn address(&self, text: &[u8], behind: Option<char>) -> Option<(usize, usize, TokenKind)> {
        let url = url::find(text, behind, &self.domains).map(|(end, seen)| (end, seen, TokenKind::Url));
        let email = email::find(text, &self.domains).map(|end| (end, end, TokenKind::Email));
        // A word of its own before an address, as which it would go on otherwise.
        let (word, behind) = text.split_at_checked(MAIL.len()).unwrap_or_default();
        let mail = word.eq_ignore_ascii_case(MAIL).then(|| email::find(behind, &self.domains)).flatten();
        if let Some(end) = mail {
            return Some((MAIL.len() - 1, MAIL.len() + end, TokenKind::Alphanumeric));
        }
        match (url, email) {
            (Some(url), Some(email)) => Some(if email.1 > url.1 { email } else { url }),
            (url, email) => url.or(email),
        }
    }
}

impl Tokenizer for Addresses {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let word = self.words.token(text, at);
            // An address is ASCII, so that its bytes are units.
            let rest = &text.as_bytes()[at..];
            let ascii = rest.iter().take(self.longest).take_while(|byte| byte.is_ascii()).count();
            let behind = text[at + ascii..].chars().next();
            let near = rest.get(..ascii).filter(|near| may_begin(near));
            let address = near.and_then(|near| self.address(near, behind));
            let address = address.map(|(end, seen, kind)| (at + end, at + seen, kind));
            let token = match (address, word) {
                (Some((end, seen, kind)), Some(word)) => Some(if seen >= word.0 { (end, kind) } else { word }),
                (Some((end, _, kind)), None) => Some((end, kind)),
                (None, word) => word,
            };
            match token {
                Some((end, kind)) => {
                    sink(Raw { text: &text[at..end], start: at, end, increment: 1, kind });
                    at = end;
                }
                None => at += c.len_utf8(),
            }
        }
        0
    }
}

/// Whether looking for an address is worth it.
fn may_begin(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_graphic) && text.iter().any(|byte| matches!(byte, b'.' | b'@' | b':'))
}

/// Behind all bytes from `at` on that `takes` accepts, and all that are written as `%` and two digits.
fn run(text: &[u8], mut at: usize, takes: impl Fn(u8) -> bool) -> usize {
    loop {
        match text.get(at..).unwrap_or_default() {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => at += 3,
            [byte, ..] if takes(*byte) => at += 1,
            _ => return at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let mut found = Vec::new();
        Addresses::new(255).tokenize(text, &mut |token| {
            let mark = match token.kind {
                TokenKind::Url => "url ",
                TokenKind::Email => "email ",
                _ => "",
            };
            found.push(format!("{mark}{}", token.text));
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn addresses_are_whole() {
        check("see http://a.de/x?y=1#z, or x.com/a.", &["see", "url http://a.de/x?y=1#z,", "or", "url x.com/a."]);
        check("<joe+x@mail.example.co.uk>", &["email joe+x@mail.example.co.uk"]);
        check("(http://example.com/a(b)c)", &["url http://example.com/a", "b", "c"]);
        check("http://u:p@[::1]:80/a 1.2.3.4/a", &["url http://u:p@[::1]:80/a", "url 1.2.3.4/a"]);
        check("\"joe doe\"@x.com a@[1.2.3.4]", &["email \"joe doe\"@x.com", "email a@[1.2.3.4]"]);
        check("ftp://h/a;type=i file:///a ftp://h", &["url ftp://h/a;type=i", "url file:///a", "ftp", "h"]);
    }

    #[test]
    fn words_that_are_longer_stay_words() {
        check("example.foobarbaz x.com's x.com-foo", &["example.foobarbaz", "x.com's", "x.com", "foo"]);
        check("mail example.com. Next x.com.", &["mail", "url example.com.", "Next", "url x.com"]);
        check("mailto:a@b.com foo:a@b.com", &["mailto", "email a@b.com", "foo:a", "url b.com"]);
        check("foo@bar.comx a@localhost", &["email foo@bar.com", "x", "a", "localhost"]);
        check("x.com.9z 1.2.3.256", &["url x.com", "9z", "1.2.3.256"]);
        check("\u{e4}.com x.com\u{65e5}", &["\u{e4}.com", "x.com", "\u{65e5}"]);
    }
}
