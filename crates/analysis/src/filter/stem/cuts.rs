//! Stemmers that only cut: Bengali (after P. Sengupta, B. B. Chaudhuri: "Natural language processing in an Indian language (Bengali): verb phrase analysis",
//! 1993, and J. Savoy's light stemmer), Persian, Hindi (A. Ramanathan, D. Rao: "A lightweight stemmer for Hindi", 2003) and Central Kurdish (after S. Salavati, K. Sheykh Esmaili, F.
//! Akhlaghian: "Stemming for Kurdish information retrieval", 2013); and the German one of J. Caumanns ("A fast and simple stemming algorithm
//! for German words", 1999), which cuts whatever may be an ending.
//!
//! Words come in lower case and normalized.

use super::letters::Letters;

/// The longest suffix that leaves two letters.
pub(super) fn bengali(word: &mut String) {
    /// By length, the longest first.
    const SUFFIXES: [&[&str]; 8] = [
        &["িয়াছিলাম", "িতেছিলাম", "িতেছিলেন", "ইতেছিলেন", "িয়াছিলেন", "ইয়াছিলেন"],
        &["িতেছিলি", "িতেছিলে", "িয়াছিলা", "িয়াছিলে", "িতেছিলা", "িয়াছিলি", "য়েদেরকে"],
        &["িতেছিস", "িতেছেন", "িয়াছিস", "িয়াছেন", "েছিলাম", "েছিলেন", "েদেরকে"],
        &["িতেছি", "িতেছা", "িতেছে", "ছিলাম", "ছিলেন", "িয়াছি", "িয়াছা", "িয়াছে", "েছিলে", "েছিলা", "য়েদের", "দেরকে"],
        &[
            "িলাম",
            "িলেন",
            "িতাম",
            "িতেন",
            "িবেন",
            "ছিলি",
            "ছিলে",
            "ছিলা",
            "তেছে",
            "িতেছ",
            "খানা",
            "খানি",
            "গুলো",
            "গুলি",
            "য়েরা",
            "েদের",
        ],
        &[
            "লাম",
            "িলি",
            "ইলি",
            "িলে",
            "ইলে",
            "লেন",
            "িলা",
            "ইলা",
            "তাম",
            "িতি",
            "ইতি",
            "িতে",
            "ইতে",
            "তেন",
            "িতা",
            "িবা",
            "ইবা",
            "িবি",
            "ইবি",
            "বেন",
            "িবে",
            "ইবে",
            "ছেন",
            "য়োন",
            "য়ের",
            "েরা",
            "দের",
        ],
        &[
            "িস", "েন", "লি", "লে", "লা", "তি", "তে", "তা", "বি", "বে", "বা", "ছি", "ছা", "ছে", "ুন", "ুক", "টা", "টি", "নি",
            "ের", "রা", "কে",
        ],
        &["ি", "ী", "া", "ো", "ে", "ব", "ত"],
    ];
    cut_longest(word, &SUFFIXES);
}

/// Cuts the longest suffix that leaves two letters. `suffixes`: by length, the longest first, down to one letter.
fn cut_longest(word: &mut String, suffixes: &[&[&str]]) {
    let mut w = Letters::of(word);
    let lengths = (1..=suffixes.len()).rev();
    if let Some((length, _)) = lengths.zip(suffixes).find(|(length, all)| w.len() > length + 1 && w.ends_any(all)) {
        w.cut(length);
        w.write(word);
    }
}

/// Suffixes one after the other, each where it leaves two letters.
pub(super) fn persian(word: &mut String) {
    const SUFFIXES: [&str; 8] = [
        "\u{627}\u{62a}",
        "\u{627}\u{646}",
        "\u{62a}\u{631}\u{64a}\u{646}",
        "\u{62a}\u{631}",
        "\u{64a}\u{64a}",
        "\u{64a}",
        "\u{647}\u{627}",
        "\u{200c}",
    ];
    let mut w = Letters::of(word);
    for suffix in SUFFIXES {
        let length = suffix.chars().count();
        if w.len() >= length + 2 && w.ends(suffix) {
            w.cut(length);
        }
    }
    w.write(word);
}

/// The longest suffix that leaves two letters.
pub(super) fn hindi(word: &mut String) {
    /// By length, the longest first.
    const SUFFIXES: [&[&str]; 5] = [
        &["ाएंगी", "ाएंगे", "ाऊंगी", "ाऊंगा", "ाइयाँ", "ाइयों", "ाइयां"],
        &[
            "ाएगी",
            "ाएगा",
            "ाओगी",
            "ाओगे",
            "एंगी",
            "ेंगी",
            "एंगे",
            "ेंगे",
            "ूंगी",
            "ूंगा",
            "ातीं",
            "नाओं",
            "नाएं",
            "ताओं",
            "ताएं",
            "ियाँ",
            "ियों",
            "ियां",
        ],
        &[
            "ाकर",
            "ाइए",
            "ाईं",
            "ाया",
            "ेगी",
            "ेगा",
            "ोगी",
            "ोगे",
            "ाने",
            "ाना",
            "ाते",
            "ाती",
            "ाता",
            "तीं",
            "ाओं",
            "ाएं",
            "ुओं",
            "ुएं",
            "ुआं",
        ],
        &["कर", "ाओ", "िए", "ाई", "ाए", "ने", "नी", "ना", "ते", "ीं", "ती", "ता", "ाँ", "ां", "ों", "ें"],
        &["ो", "े", "ू", "ु", "ी", "ि", "ा"],
    ];
    cut_longest(word, &SUFFIXES);
}

/// A postposition, a possessive, an article or number.
pub(super) fn sorani(word: &mut String) {
    /// Suffixes, and how many letters the word must have more than.
    type Rules = &'static [(&'static str, usize)];
    const POSTPOSITIONS: Rules = &[("دا", 5), ("نا", 4), ("ەوە", 6)];
    const POSSESSIVES: Rules = &[("مان", 6), ("یان", 6), ("تان", 6)];
    const REST: Rules = &[
        ("ێکی", 6),
        ("یەکی", 7),
        ("ێک", 5),
        ("یەک", 6),
        ("ەکە", 6),
        ("کە", 5),
        ("ەکان", 7),
        ("کان", 6),
        ("یانی", 7),
        ("انی", 6),
        ("یان", 6),
        ("ان", 5),
        ("یانە", 7),
        ("انە", 6),
        ("ایە", 5),
        ("ەیە", 5),
        ("ە", 4),
        ("ی", 4),
    ];
    let mut w = Letters::of(word);
    for (at, rules) in [POSTPOSITIONS, POSSESSIVES, REST].into_iter().enumerate() {
        let Some((suffix, _)) = rules.iter().find(|(suffix, more)| w.len() > *more && w.ends(suffix)) else { continue };
        // The first letter of some belongs to the word.
        let cut = match *suffix {
            "نا" if at == 0 => 1,
            "ایە" | "ەیە" => 2,
            suffix => suffix.chars().count(),
        };
        w.cut(cut);
    }
    w.write(word);
}

/// Endings are cut one after the other, while groups of letters that are one sound stand as one.
pub(super) fn german(word: &mut String) {
    if !word.chars().all(char::is_alphabetic) {
        return;
    }
    let (mut letters, shortened) = together(&word.to_lowercase());
    strip(&mut letters, shortened);
    if letters.len() > 5 && letters.ends_with(&['e', 'r', 'i', 'n', '*']) {
        letters.pop();
        strip(&mut letters, shortened);
    }
    if let Some(last) = letters.last_mut().filter(|last| **last == 'z') {
        *last = 'x';
    }
    let mut apart = String::with_capacity(word.len());
    for c in letters {
        match c {
            '*' => apart.extend(apart.chars().next_back()),
            '#' => apart.push_str("ig"),
            '&' => apart.push_str("ie"),
            '%' => apart.push_str("ei"),
            '$' => apart.push_str("sch"),
            '§' => apart.push_str("ch"),
            '!' => apart.push_str("st"),
            other => apart.push(other),
        }
    }
    *word = without_participle(apart);
}

/// The letters with groups as one, doubled ones as a mark; and how many letters the word seems to have lost by that.
fn together(word: &str) -> (Vec<char>, usize) {
    let mut source: Vec<char> = word.chars().collect();
    let (mut letters, mut shortened): (Vec<char>, usize) = (Vec::with_capacity(source.len()), 0);
    let mut at = 0;
    while at < source.len() {
        let doubled = letters.last() == Some(&source[at]);
        let folded = match source[at] {
            _ if doubled => '*',
            'ä' => 'a',
            'ö' => 'o',
            'ü' => 'u',
            'ß' => {
                source.insert(at + 1, 's');
                shortened += 1;
                's'
            }
            other => other,
        };
        let rest = &source[at..];
        let (mark, length) = match rest {
            _ if folded != source[at] && folded != 's' => (folded, 1),
            ['s', 'c', 'h', ..] => ('$', 3),
            ['c', 'h', ..] => ('§', 2),
            ['e', 'i', ..] => ('%', 2),
            ['i', 'e', ..] => ('&', 2),
            ['i', 'g', ..] => ('#', 2),
            ['s', 't', ..] => ('!', 2),
            _ => (folded, 1),
        };
        shortened += length - 1;
        letters.push(mark);
        at += length;
    }
    (letters, shortened)
}

fn strip(letters: &mut Vec<char>, shortened: usize) {
    while letters.len() > 3 {
        let length = letters.len() + shortened;
        let cut = match letters.as_slice() {
            [.., 'n', 'd'] if length > 5 => 2,
            [.., 'e', 'm' | 'r'] if length > 4 => 2,
            [.., 'e' | 's' | 'n' | 't'] => 1,
            _ => return,
        };
        letters.truncate(letters.len() - cut);
    }
}

/// Without the `ge` of a participle behind another `ge`.
fn without_participle(mut word: String) -> String {
    if word.chars().count() > 4
        && let Some(at) = word.find("gege")
    {
        word.replace_range(at..at + 2, "");
    }
    word
}
