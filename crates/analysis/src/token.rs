//! What an analyzer gives out: tokens, for three kinds of callers.

/// One token, as `_analyze` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The term as it is indexed.
    pub text: String,
    /// Counted from 0. Removed tokens leave holes; several tokens may share a position.
    pub position: u32,
    /// Where the token begins in the original text, in UTF-16 code units.
    pub start_offset: u32,
    /// Where the token ends in the original text, in UTF-16 code units, exclusive.
    pub end_offset: u32,
    /// How many positions the token spans: 1, except for tokens of a graph (multi-word synonyms, shingles).
    pub position_length: u32,
    pub kind: TokenKind,
}

/// One token with UTF-8 offsets, for highlighting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteToken {
    pub text: String,
    pub position: u32,
    /// Where the token begins in the original text, in bytes; always on a character boundary.
    pub start_byte: usize,
    /// Where the token ends in the original text, in bytes, exclusive; always on a character boundary.
    pub end_byte: usize,
}

/// All tokens of one text, and where the next text of the same field goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analyzed {
    pub tokens: Vec<Token>,
    /// How many positions the text takes, with the holes that removed tokens left at its end.
    pub positions: u32,
    /// Length of the original text in UTF-16 code units.
    pub end_offset: u32,
}

/// What a tokenizer or filter says that a token is: the `type` of `_analyze`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// What every tokenizer without a grammar emits.
    #[default]
    Word,
    Alphanumeric,
    Number,
    SoutheastAsian,
    Ideographic,
    Hiragana,
    Katakana,
    Hangul,
    Emoji,
    Single,
    Double,
    Synonym,
    Shingle,
    Url,
    Email,
    Apostrophe,
    Acronym,
    Company,
    Host,
    ClassicNumber,
    ClassicCjk,
    AcronymDepartment,
    Fingerprint,
    Gram,
    MinHash,
}

impl TokenKind {
    /// The name in `_analyze`.
    pub fn as_str(self) -> &'static str {
        match self {
            TokenKind::Word => "word",
            TokenKind::Alphanumeric => "<ALPHANUM>",
            TokenKind::Number | TokenKind::ClassicNumber => "<NUM>",
            TokenKind::SoutheastAsian => "<SOUTHEAST_ASIAN>",
            TokenKind::Ideographic => "<IDEOGRAPHIC>",
            TokenKind::Hiragana => "<HIRAGANA>",
            TokenKind::Katakana => "<KATAKANA>",
            TokenKind::Hangul => "<HANGUL>",
            TokenKind::Emoji => "<EMOJI>",
            TokenKind::Single => "<SINGLE>",
            TokenKind::Double => "<DOUBLE>",
            TokenKind::Synonym => "SYNONYM",
            TokenKind::Shingle => "shingle",
            TokenKind::Url => "<URL>",
            TokenKind::Email => "<EMAIL>",
            TokenKind::Apostrophe => "<APOSTROPHE>",
            TokenKind::Acronym => "<ACRONYM>",
            TokenKind::Company => "<COMPANY>",
            TokenKind::Host => "<HOST>",
            TokenKind::ClassicCjk => "<CJ>",
            TokenKind::AcronymDepartment => "<ACRONYM_DEP>",
            TokenKind::Fingerprint => "fingerprint",
            TokenKind::Gram => "gram",
            TokenKind::MinHash => "MIN_HASH",
        }
    }
}
