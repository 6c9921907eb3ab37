//! A hash's fields and values out of the list of texts that its document keeps: taken one after the other, no further than they are asked for.

use crate::frame::pairs::Pairs;
use crate::keyspace::id::append_bytes_of;

/// Which fields are taken.
pub(super) trait Wanted {
    fn is(&self, field: &[u8]) -> bool;

    /// How many there are at most.
    fn count(&self) -> usize;
}

/// The fields that are wanted, and their values; `None`: it is no list of texts. What stands behind the last one that may be wanted is not read.
pub(super) fn pairs(json: &[u8], wanted: &impl Wanted) -> Option<Pairs> {
    let all = wanted.count() == usize::MAX;
    let mut texts = Texts { left: json.trim_ascii_start().strip_prefix(b"[")?, begun: false };
    let (mut buffer, mut places) = (Vec::with_capacity(if all { json.len() } else { 0 }), Vec::new());
    while places.len() < wanted.count() {
        let Some(name) = texts.next()? else { break };
        let from = buffer.len();
        name.append_to(&mut buffer)?;
        let is_wanted = wanted.is(&buffer[from..]);
        let middle = buffer.len();
        let Some(value) = texts.next()? else { break };
        if is_wanted {
            value.append_to(&mut buffer)?;
            places.push((from..middle, middle..buffer.len()));
        } else {
            buffer.truncate(from);
        }
    }
    Some(Pairs::new(buffer, places))
}

/// The texts of a list in JSON behind its bracket.
struct Texts<'j> {
    left: &'j [u8],
    begun: bool,
}

/// A text in JSON with its quotation marks.
struct Text<'j> {
    quoted: &'j [u8],
    escaped: bool,
}

impl<'j> Texts<'j> {
    /// `Some(None)`: the list has ended; `None`: something else stands there.
    fn next(&mut self) -> Option<Option<Text<'j>>> {
        let mut left = self.left.trim_ascii_start();
        if left.first() == Some(&b']') {
            return Some(None);
        }
        if self.begun {
            left = left.strip_prefix(b",")?.trim_ascii_start();
        }
        let text = Text::at_start(left)?;
        (self.left, self.begun) = (&left[text.quoted.len()..], true);
        Some(Some(text))
    }
}

impl<'j> Text<'j> {
    fn at_start(json: &'j [u8]) -> Option<Self> {
        let (mut at, mut escaped) = (1, false);
        json.strip_prefix(b"\"")?;
        loop {
            at += memchr::memchr2(b'"', b'\\', json.get(at..)?)?;
            if json[at] == b'"' {
                return Some(Self { quoted: &json[..=at], escaped });
            }
            (at, escaped) = (at + 2, true);
        }
    }

    /// Appends the bytes that the text stands for.
    fn append_to(&self, out: &mut Vec<u8>) -> Option<()> {
        if self.escaped {
            append_bytes_of(&serde_json::from_slice::<String>(self.quoted).ok()?, out);
        } else {
            out.extend_from_slice(&self.quoted[1..self.quoted.len() - 1]);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names(&'static [&'static str]);

    impl Wanted for Names {
        fn is(&self, field: &[u8]) -> bool {
            self.0.iter().any(|name| name.as_bytes() == field)
        }

        fn count(&self) -> usize {
            self.0.len()
        }
    }

    #[test]
    fn nothing_is_read_behind_what_is_wanted() {
        let check = |json: &str, names: &'static [&'static str], expected: Option<&[(&'static str, &'static str)]>| {
            let found = pairs(json.as_bytes(), &Names(names));
            let found: Option<Vec<_>> = found.as_ref().map(|found| found.iter().collect());
            let bytes = |(name, value): &(&'static str, &'static str)| (name.as_bytes(), value.as_bytes());
            let expected = expected.map(|pairs| pairs.iter().map(bytes).collect());
            assert_eq!(found, expected, "{json} {names:?}");
        };
        let hash = r#"["a","1","\u0000YiI=","2\n","c","3"] and more"#;
        check(hash, &["a"], Some(&[("a", "1")]));
        check(hash, &["c", "b\""], Some(&[("b\"", "2\n"), ("c", "3")]));
        check(hash, &["d"], Some(&[]));
        check(r#"["a","1",}"#, &["a"], Some(&[("a", "1")]));
        check(r#"["a","1",}"#, &["a", "c"], None);
        check(r#"{"a":"1"}"#, &["a"], None);
        check("[]", &["a"], Some(&[]));
        check(r#" [ "a" , "\\\"" ] "#, &["a", "b"], Some(&[("a", "\\\"")]));
        for broken in ["", "[", r#"["a"#, r#"["a\"#, r#"["a","\x"]"#, r#"["a" "1"]"#, r#"["a",1]"#] {
            check(broken, &["a"], None);
        }
    }
}
