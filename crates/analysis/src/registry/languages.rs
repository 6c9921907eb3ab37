//! The analyzers of languages: which tokenizer, filters and stop words each has in Lucene.

/// A step of a language's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A filter by name, without settings.
    Filter(&'static str),
    /// `lowercase` with the rules of a language.
    Lowercase(&'static str),
    /// Articles cut off before an apostrophe, in any case.
    Elision(&'static [&'static str]),
    /// The stop words of the settings, or those of the language.
    Stop,
    /// The words of the setting `stem_exclusion`.
    Exclusion,
    /// These words dropped, in any case.
    Drop(&'static [&'static str]),
    /// Stems of some words that no rule finds.
    Override(&'static [(&'static str, &'static str)]),
    /// A stemmer by name.
    Stem(&'static str),
}

use Step::{Drop, Elision, Exclusion, Filter, Lowercase, Override, Stem, Stop};

/// The articles that the `elision` filter cuts when nobody says.
pub(crate) const FRENCH_ARTICLES: &[&str] =
    &["l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu"];

const ITALIAN_ARTICLES: &[&str] = &[
    "c", "l", "all", "dall", "dell", "nell", "sull", "coll", "pell", "gl", "agl", "dagl", "degl", "negl", "sugl", "un",
    "m", "t", "s", "v", "d",
];

const CATALAN_ARTICLES: &[&str] = &["d", "l", "m", "n", "s", "t"];
const IRISH_ARTICLES: &[&str] = &["d", "m", "b"];
/// What stands before a hyphen in `n-athair`, and would be a word of its own.
const IRISH_HYPHENATIONS: &[&str] = &["h", "n", "t"];
const DUTCH_STEMS: &[(&str, &str)] =
    &[("fiets", "fiets"), ("bromfiets", "bromfiets"), ("ei", "eier"), ("kind", "kinder")];

/// The filters behind the standard tokenizer, in order; `None` for a language without an analyzer here.
pub(crate) fn steps(language: &str) -> Option<&'static [Step]> {
    const LOWER: Step = Filter("lowercase");
    Some(match language {
        "arabic" => &[LOWER, Filter("decimal_digit"), Stop, Filter("arabic_normalization"), Exclusion, Stem("arabic")],
        "armenian" => &[LOWER, Stop, Exclusion, Stem("armenian")],
        "basque" => &[LOWER, Stop, Exclusion, Stem("basque")],
        "bengali" => &[
            LOWER,
            Filter("decimal_digit"),
            Exclusion,
            Filter("indic_normalization"),
            Filter("bengali_normalization"),
            Stop,
            Stem("bengali"),
        ],
        "brazilian" => &[LOWER, Stop, Exclusion, Stem("brazilian")],
        "bulgarian" => &[LOWER, Stop, Exclusion, Stem("bulgarian")],
        "catalan" => &[Elision(CATALAN_ARTICLES), LOWER, Stop, Exclusion, Stem("catalan")],
        "cjk" => &[Filter("cjk_width"), LOWER, Filter("cjk_bigram"), Stop],
        "czech" => &[LOWER, Stop, Exclusion, Stem("czech")],
        "danish" => &[LOWER, Stop, Exclusion, Stem("danish")],
        "dutch" => &[LOWER, Stop, Exclusion, Override(DUTCH_STEMS), Stem("dutch")],
        "english" => &[Stem("possessive_english"), LOWER, Stop, Exclusion, Stem("porter")],
        "estonian" => &[LOWER, Stop, Exclusion, Stem("estonian")],
        "finnish" => &[LOWER, Stop, Exclusion, Stem("finnish")],
        "french" => &[Elision(FRENCH_ARTICLES), LOWER, Stop, Exclusion, Stem("light_french")],
        "german" => &[LOWER, Stop, Exclusion, Filter("german_normalization"), Stem("light_german")],
        "greek" => &[Lowercase("greek"), Stop, Stem("greek")],
        "hindi" => &[
            LOWER,
            Filter("decimal_digit"),
            Exclusion,
            Filter("indic_normalization"),
            Filter("hindi_normalization"),
            Stop,
            Stem("hindi"),
        ],
        "hungarian" => &[LOWER, Stop, Exclusion, Stem("hungarian")],
        "indonesian" => &[LOWER, Stop, Exclusion, Stem("indonesian")],
        "irish" => {
            &[Drop(IRISH_HYPHENATIONS), Elision(IRISH_ARTICLES), Lowercase("irish"), Stop, Exclusion, Stem("irish")]
        }
        "italian" => &[Elision(ITALIAN_ARTICLES), LOWER, Stop, Exclusion, Stem("light_italian")],
        "latvian" => &[LOWER, Stop, Exclusion, Stem("latvian")],
        "lithuanian" => &[LOWER, Stop, Exclusion, Stem("lithuanian")],
        "norwegian" => &[LOWER, Stop, Exclusion, Stem("norwegian")],
        "persian" => &[
            LOWER,
            Filter("decimal_digit"),
            Filter("arabic_normalization"),
            Filter("persian_normalization"),
            Stop,
            Exclusion,
            Stem("persian"),
        ],
        "portuguese" => &[LOWER, Stop, Exclusion, Stem("light_portuguese")],
        "romanian" => &[LOWER, Stop, Exclusion, Stem("romanian")],
        "russian" => &[LOWER, Stop, Exclusion, Stem("russian")],
        "sorani" => &[Filter("sorani_normalization"), LOWER, Filter("decimal_digit"), Stop, Exclusion, Stem("sorani")],
        "spanish" => &[LOWER, Stop, Exclusion, Stem("light_spanish")],
        "swedish" => &[LOWER, Stop, Exclusion, Stem("swedish")],
        "turkish" => &[Filter("apostrophe"), Lowercase("turkish"), Stop, Exclusion, Stem("turkish")],
        _ => return None,
    })
}

/// Analyzers that OpenSearch has and this program has not.
pub(crate) const MISSING: &[&str] = &["galician", "thai"];
