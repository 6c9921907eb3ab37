//! Texts cut into words as the index cuts them: for counting how often words occur, and for marking them.

use model::gateway::Gateway;

use super::definition::{Attribute, Definition};

/// A word in lower case, and where it stands in the text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    pub word: String,
    pub from: usize,
    pub to: usize,
}

fn separates(c: char) -> bool {
    c != '_' && (c.is_ascii_punctuation() || c.is_ascii_whitespace() || c.is_ascii_control())
}

/// Every word, stop words too.
pub fn all(text: &str) -> Vec<Spot> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut from = 0;
    let mut chars = text.char_indices().peekable();
    let mut end = |word: &mut String, from: usize, to: usize| {
        if !word.is_empty() {
            found.push(Spot { word: std::mem::take(word), from, to });
        }
    };
    while let Some((at, c)) = chars.next() {
        let escaped = if c == '\\' { chars.next_if(|(_, next)| separates(*next)) } else { None };
        match escaped {
            None if separates(c) => end(&mut word, from, at),
            escaped => {
                if word.is_empty() {
                    from = at;
                }
                word.push(escaped.map_or(c, |(_, next)| next).to_ascii_lowercase());
            }
        }
    }
    end(&mut word, from, text.len());
    found
}

/// The words that are indexed.
pub fn indexed(text: &str, definition: &Definition) -> Vec<String> {
    let words = all(text).into_iter().map(|spot| spot.word);
    words.filter(|word| !definition.is_stop_word(word)).collect()
}

/// What words of a text are found by besides themselves.
pub struct Beside {
    stems: Option<Vec<String>>,
    sounds: Option<Vec<String>>,
}

impl Beside {
    /// Of words in lower case, in a text of this language.
    pub fn of(gateway: &dyn Gateway, words: &[String], (attribute, language): (&Attribute, &str)) -> Self {
        let plain: Vec<&str> = words.iter().map(String::as_str).collect();
        Self {
            stems: if attribute.is_stemmed() { gateway.stems(language, &plain) } else { None },
            sounds: attribute.is_phonetic().then(|| gateway.sounds(&plain)),
        }
    }

    /// Of the word at this place.
    pub fn stem(&self, at: usize) -> Option<&str> {
        self.stems.as_ref()?.get(at).map(String::as_str)
    }

    /// Of the word at this place; `None`: it is not kept, or there is nothing to hear.
    pub fn sound(&self, at: usize) -> Option<&str> {
        self.sounds.as_ref()?.get(at).map(String::as_str).filter(|code| !code.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_separates_unless_it_is_escaped() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<String> = all(text).into_iter().map(|spot| spot.word).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("Hello, World! foo_bar", &["hello", "world", "foo_bar"]);
        check(r"hello\-world it's", &["hello-world", "it", "s"]);
        check("größe Ärger", &["größe", "Ärger"]);
        check("", &[]);
    }
}
