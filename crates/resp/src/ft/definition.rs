//! What `FT.CREATE` says of an index, as it is kept in its mapping's `_meta`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::vector::VectorField;
use crate::jsonpath::Path;

/// Under which key of `_meta` a definition lies.
pub const META: &str = "redis";
/// The fields of an index' documents that are not attributes.
pub const POOL: &str = "__text";
pub const LENGTH: &str = "__rank.len";
pub const MAX_FREQ: &str = "__rank.max";
pub const SCORE: &str = "__rank.score";
/// What says something of a key, unless its index names other fields.
pub const LANGUAGE: &str = "__language";
pub const DOCUMENT_SCORE: &str = "__score";
pub const PAYLOAD: &str = "__payload";
/// Object of the values to sort and group by, by attribute.
pub const SORTED: &str = "__sort";
/// Object of the values of tags as they were written, not cut, to group by.
pub const GROUPED: &str = "__group";
/// The key's value as it was written.
pub const RAW: &str = "__raw";
/// Attributes that the key lacks, of those that say so.
pub const MISSING: &str = "__missing";
/// Attributes of text that hold the empty text, of those that mind it.
pub const EMPTY: &str = "__empty";
/// Sub-field of texts that holds stems.
pub const STEMS: &str = "stem";
/// Object of what stands beside the words of each text, where an analyzer cannot know it: stems in the document's own language, sounds.
pub const FORMS: &str = "__forms";

/// Words that are not indexed unless an index says which.
pub const STOP_WORDS: [&str; 33] = [
    "a", "is", "the", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "it", "no", "not",
    "of", "on", "or", "such", "that", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyKind {
    Hash,
    Json,
}

impl KeyKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Hash => "HASH",
            Self::Json => "JSON",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// As clients call it.
    pub name: String,
    pub kind: KeyKind,
    pub prefixes: Vec<String>,
    #[serde(default)]
    pub filter: Option<String>,
    pub language: String,
    /// Whether the client gave it.
    #[serde(default)]
    pub language_given: bool,
    /// Of documents without a score of their own.
    pub score: f64,
    #[serde(default)]
    pub score_field: Option<String>,
    #[serde(default)]
    pub payload_field: Option<String>,
    /// Which field of a document says what language it is in.
    #[serde(default)]
    pub language_field: Option<String>,
    /// The index goes, its keys too, when nobody has searched it for so many seconds.
    #[serde(default)]
    pub temporary_s: Option<u64>,
    /// When it was last searched, as far as all nodes have been told; milliseconds since 1970.
    #[serde(default)]
    pub used_ms: u64,
    /// What it will be when every key has been written as that says: documents are made for both, searches know the present one.
    #[serde(default)]
    pub next: Option<Box<Definition>>,
    /// `None`: the usual ones.
    #[serde(default)]
    pub stop_words: Option<BTreeSet<String>>,
    /// `NOOFFSETS`, `NOHL` .. as `FT.INFO` shows them.
    #[serde(default)]
    pub options: Vec<String>,
    pub attributes: Vec<Attribute>,
    /// Groups of words that mean the same.
    #[serde(default)]
    pub synonyms: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// Field of the hash, or path in the JSON document.
    pub identifier: String,
    pub name: String,
    pub kind: AttributeKind,
    #[serde(default)]
    pub sortable: bool,
    /// Sorted as written, not in lower case.
    #[serde(default)]
    pub unf: bool,
    #[serde(default)]
    pub no_index: bool,
    #[serde(default)]
    pub index_missing: bool,
    #[serde(default)]
    pub index_empty: bool,
    #[serde(default)]
    pub suffixes: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AttributeKind {
    Text {
        weight: f64,
        no_stem: bool,
        /// Found by words that sound like its own, too.
        #[serde(default)]
        phonetic: bool,
    },
    Tag {
        /// `None`: values are whole (JSON).
        separator: Option<char>,
        case_sensitive: bool,
    },
    Numeric,
    Geo,
    Vector(VectorField),
}

impl Attribute {
    pub fn is_text(&self) -> bool {
        matches!(self.kind, AttributeKind::Text { .. })
    }

    /// Whether a text is found by the stems of its words.
    pub fn is_stemmed(&self) -> bool {
        matches!(self.kind, AttributeKind::Text { no_stem: false, .. })
    }

    pub fn is_phonetic(&self) -> bool {
        matches!(self.kind, AttributeKind::Text { phonetic: true, .. })
    }

    pub fn is_tag(&self) -> bool {
        matches!(self.kind, AttributeKind::Tag { .. })
    }

    pub fn is_vector(&self) -> bool {
        matches!(self.kind, AttributeKind::Vector(_))
    }

    /// Whether its path may select more than one value of a JSON document.
    pub fn may_be_several(&self) -> bool {
        self.identifier.starts_with('$') && Path::parse(&self.identifier).is_ok_and(|path| !path.is_definite())
    }

    /// As `FT.INFO` names its type.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            AttributeKind::Text { .. } => "TEXT",
            AttributeKind::Tag { .. } => "TAG",
            AttributeKind::Numeric => "NUMERIC",
            AttributeKind::Geo => "GEO",
            AttributeKind::Vector(_) => "VECTOR",
        }
    }
}

impl Definition {
    /// The definition that a mapping carries; `None`: it was not made by `FT.CREATE`.
    pub fn of(meta: Option<&Value>) -> Option<Self> {
        serde_json::from_value(meta?.get(META)?.clone()).ok()
    }

    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Attributes of text that are indexed.
    pub fn texts(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.is_text() && !attribute.no_index)
    }

    /// The field that holds all words: a text of its own unless there is but one.
    pub fn pool(&self) -> &str {
        let mut texts = self.texts();
        match (texts.next(), texts.next()) {
            (Some(only), None) => &only.name,
            _ => POOL,
        }
    }

    /// Whether stems and sounds are kept in [`FORMS`]. An analyzer of all texts would stem those that are not to be stemmed, too.
    pub fn keeps_forms(&self) -> bool {
        let stems = |wanted: bool| self.texts().any(|text| text.is_stemmed() == wanted);
        self.language_field.is_some() || self.texts().any(Attribute::is_phonetic) || (stems(true) && stems(false))
    }

    /// Whether a field says something of the key and is shown to nobody, by the name that it would be shown under.
    pub fn hides(&self, name: &[u8]) -> bool {
        let named =
            [(&self.language_field, LANGUAGE), (&self.score_field, DOCUMENT_SCORE), (&self.payload_field, PAYLOAD)];
        named.into_iter().any(|(field, own)| field.as_deref().unwrap_or(own).as_bytes() == name)
    }

    /// What documents are made for.
    pub fn written(&self) -> &Definition {
        self.next.as_deref().unwrap_or(self)
    }

    /// Whether documents that were made for this serve a changed definition as they are.
    pub fn serves(&self, changed: &Definition) -> bool {
        let same = self.pool() == changed.pool() && self.keeps_forms() == changed.keeps_forms();
        same || self.texts().next().is_none()
    }

    /// Whether documents of this key may belong to it.
    pub fn takes(&self, key: &[u8]) -> bool {
        self.prefixes.iter().any(|prefix| key.starts_with(prefix.as_bytes()))
    }

    pub fn is_stop_word(&self, word: &str) -> bool {
        match &self.stop_words {
            Some(words) => words.contains(word),
            None => STOP_WORDS.contains(&word),
        }
    }

    pub fn stop_words(&self) -> BTreeSet<String> {
        match &self.stop_words {
            Some(words) => words.clone(),
            None => STOP_WORDS.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    /// How much an occurrence of a word in this text counts.
    pub fn weight(attribute: &Attribute) -> u32 {
        match attribute.kind {
            AttributeKind::Text { weight, .. } => (weight as u32).max(1),
            _ => 1,
        }
    }
}

/// The name of the index that a name of `FT.CREATE` stands for: itself, or with what index names may not hold as `%xx`.
pub fn index_name(name: &str) -> String {
    let mut found = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        let plain =
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || (at > 0 && matches!(byte, b'-' | b'_' | b'.' | b'+'));
        if plain || (at == 0 && byte == b'.' && name.len() > 2) {
            found.push(byte as char);
        } else {
            found.push_str(&format!("%{byte:02x}"));
        }
    }
    found
}

/// What [`index_name`] made a name of.
pub fn client_name(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, behind)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let escaped = behind.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(b'%'));
        rest = if escaped.is_some() { &behind[2..] } else { behind };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_indexes_are_names_that_an_index_may_have() {
        let check = |name: &str, expected: &str| {
            assert_eq!(index_name(name), expected, "{name}");
            assert_eq!(client_name(expected), name);
        };
        check("größe", "gr%c3%b6%c3%9fe");
        check("films", "films");
        check("idx:Movie", "idx%3a%4dovie");
        check("-a_b-c.d", "%2da_b-c.d");
        check("%", "%25");
    }
}
