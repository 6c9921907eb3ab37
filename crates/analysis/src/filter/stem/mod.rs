//! Stemmers: they cut a word to what its forms share.
//!
//! Each name means what it means in OpenSearch, checked on tens of thousands of words of its language. A name whose stemmer is not here
//! exactly is refused, because an index full of other stems would find other documents.

mod arabic;
mod brazilian;
mod cuts;
mod finnish;
mod french;
mod greek;
mod indonesian;
mod latvian;
mod letters;
mod light;
mod norwegian;
mod porter;
mod slavic;
mod snowball;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use self::norwegian::Language;
use crate::recent::Recent;
use crate::stream::{Filter, Term, TermFilter};
use crate::token::TokenKind;

/// Changes a word to its stem.
type Rule = Arc<dyn Fn(&mut String) + Send + Sync>;

struct Stem {
    rule: Rule,
    /// Whether keywords are left alone, and known as such.
    keywords: bool,
}

impl TermFilter for Stem {
    fn apply(&self, term: &mut Term) -> bool {
        if !(self.keywords && term.keyword) {
            (self.rule)(&mut term.text);
        }
        true
    }

    fn knows_keywords(&self) -> bool {
        self.keywords
    }

    fn is_costly(&self) -> bool {
        true
    }
}

/// A stemmer by its name in the setting `language` of the `stemmer` filter, in lower case.
pub(crate) fn by_name(name: &str) -> Option<Filter> {
    let rule: Rule = match name {
        "arabic" => Arc::new(arabic::stem),
        "bengali" => Arc::new(cuts::bengali),
        "brazilian" => Arc::new(brazilian::stem),
        "bulgarian" => Arc::new(slavic::bulgarian),
        "czech" => Arc::new(slavic::czech),
        "english" | "porter" => Arc::new(porter::stem),
        "greek" => Arc::new(greek::stem),
        "hindi" => Arc::new(cuts::hindi),
        "indonesian" => Arc::new(indonesian::indonesian),
        "latvian" => Arc::new(latvian::latvian),
        "persian" => Arc::new(cuts::persian),
        "sorani" => Arc::new(cuts::sorani),
        "light_finnish" => Arc::new(finnish::light),
        "light_french" => Arc::new(french::light),
        "light_german" => Arc::new(light::german),
        "light_hungarian" => Arc::new(light::hungarian),
        "light_italian" => Arc::new(light::italian),
        "light_norwegian" => Arc::new(|word: &mut String| norwegian::light(word, Language::Bokmal)),
        "light_nynorsk" => Arc::new(|word: &mut String| norwegian::light(word, Language::Nynorsk)),
        "light_portuguese" => Arc::new(light::portuguese),
        "light_russian" => Arc::new(light::russian),
        "light_spanish" => Arc::new(light::spanish),
        "light_swedish" => Arc::new(light::swedish),
        "minimal_english" => Arc::new(light::minimal_english),
        "minimal_french" => Arc::new(light::minimal_french),
        "minimal_german" => Arc::new(light::minimal_german),
        "minimal_norwegian" => Arc::new(|word: &mut String| norwegian::minimal(word, Language::Bokmal)),
        "minimal_nynorsk" => Arc::new(|word: &mut String| norwegian::minimal(word, Language::Nynorsk)),
        "possessive_english" => Arc::new(light::possessive_english),
        _ => snowball::by_name(name)?,
    };
    Some(Filter::term(Stem { rule, keywords: name != "possessive_english" }))
}

/// The filter `german_stem`, which is none of those that `stemmer` names.
pub(crate) fn german_stem() -> Filter {
    Filter::term(Stem { rule: Arc::new(cuts::german), keywords: true })
}

/// A stemmer by its name in the setting `language` of the `snowball` filter, in lower case.
pub(crate) fn snowball_by_name(name: &str) -> Option<Filter> {
    let rule: Rule = match name {
        "porter" => Arc::new(porter::stem),
        "english" => snowball::by_name("porter2")?,
        "german2" => return None,
        _ => snowball::by_name(name)?,
    };
    Some(Filter::term(Stem { rule, keywords: true }))
}

/// `changed_stem`: stems alone, of the words that differ from theirs; the others leave holes.
struct Changed {
    rule: Rule,
}

impl TermFilter for Changed {
    fn apply(&self, term: &mut Term) -> bool {
        let before = term.text.clone();
        (self.rule)(&mut term.text);
        term.text != before
    }

    fn is_costly(&self) -> bool {
        true
    }
}

/// The filter `changed_stem` for a language by its English name in lower case, where there is a stemmer of Snowball for it.
pub(crate) fn changed(language: &str) -> Option<Filter> {
    Some(Filter::term(Changed { rule: of_language(language)? }))
}

fn of_language(language: &str) -> Option<Rule> {
    match language {
        "english" => snowball::by_name("porter2"),
        "german2" | "porter" | "porter2" => None,
        _ => snowball::by_name(language),
    }
}

/// Snowball's stemmers by language, each with what it made of recent words.
#[derive(Default)]
pub struct Stemmers {
    known: Mutex<BTreeMap<String, Arc<Stemmer>>>,
}

impl Stemmers {
    /// By the language's English name in lower case; `None`: there is none.
    pub fn of(&self, language: &str) -> Option<Arc<Stemmer>> {
        let mut known = self.known.lock().ok()?;
        if let Some(stemmer) = known.get(language) {
            return Some(stemmer.clone());
        }
        let stemmer = Arc::new(Stemmer { rule: of_language(language)?, recent: Recent::new(true) });
        known.insert(language.to_owned(), stemmer.clone());
        Some(stemmer)
    }
}

/// Snowball's stemmer of one language.
pub struct Stemmer {
    rule: Rule,
    recent: Recent,
}

impl Stemmer {
    /// Of each word, in lower case, what its forms share.
    pub fn stems(&self, words: &[&str]) -> Vec<String> {
        let mut recent = self.recent.shelf();
        let stem = |word: &&str| {
            if let Some(Some(known)) = recent.as_ref().and_then(|recent| recent.get(word, TokenKind::Word)) {
                return known.to_owned();
            }
            let mut stem = (*word).to_owned();
            (self.rule)(&mut stem);
            if let Some(recent) = &mut recent {
                recent.put(word, TokenKind::Word, Some(&stem));
            }
            stem
        };
        words.iter().map(stem).collect()
    }
}

/// Names that OpenSearch knows, whether they are here or not.
const KNOWN: &[&str] = &[
    "arabic",
    "armenian",
    "basque",
    "bengali",
    "brazilian",
    "bulgarian",
    "catalan",
    "czech",
    "danish",
    "dutch",
    "dutch_kp",
    "english",
    "estonian",
    "finnish",
    "french",
    "galician",
    "german",
    "german2",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "kp",
    "kstem",
    "latvian",
    "light_english",
    "light_finnish",
    "light_french",
    "light_german",
    "light_hungarian",
    "light_italian",
    "light_norwegian",
    "light_nynorsk",
    "light_portuguese",
    "light_russian",
    "light_spanish",
    "light_swedish",
    "lithuanian",
    "lovins",
    "minimal_english",
    "minimal_french",
    "minimal_galician",
    "minimal_german",
    "minimal_norwegian",
    "minimal_nynorsk",
    "minimal_portuguese",
    "norwegian",
    "persian",
    "porter",
    "porter2",
    "portuguese",
    "portuguese_rslp",
    "possessive_english",
    "romanian",
    "russian",
    "serbian",
    "sorani",
    "spanish",
    "swedish",
    "turkish",
    "yiddish",
];

/// Is it a stemmer of OpenSearch?
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// Lower case without accents, and one sigma: the form in which the Greek stemmer and stop words are written.
pub(crate) fn greek_lowercase(text: &str) -> String {
    let letter = |c| match c {
        'ς' => 'σ',
        'Ά' | 'ά' => 'α',
        'Έ' | 'έ' => 'ε',
        'Ή' | 'ή' => 'η',
        'Ί' | 'Ϊ' | 'ί' | 'ϊ' | 'ΐ' => 'ι',
        'Ύ' | 'Ϋ' | 'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'Ό' | 'ό' => 'ο',
        'Ώ' | 'ώ' => 'ω',
        other => crate::filter::case::lower(other),
    };
    text.chars().map(letter).collect()
}

/// Lower case that keeps the n and t before a capital vowel apart (`nAthair`, `tUisce`).
pub(crate) fn irish_lowercase(text: &str) -> String {
    let mut chars = text.chars();
    let (first, second) = (chars.next(), chars.next());
    let prefixed = matches!(first, Some('n' | 't'))
        && matches!(second, Some('A' | 'E' | 'I' | 'O' | 'U' | 'Á' | 'É' | 'Í' | 'Ó' | 'Ú'));
    let mut lower: String = text.chars().map(crate::filter::case::lower).collect();
    if prefixed {
        lower.insert(1, '-');
    }
    lower
}
