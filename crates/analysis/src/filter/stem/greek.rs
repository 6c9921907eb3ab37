//! The stemmer for Greek of G. Ntais ("Development of a stemmer for the Greek language", 2006) with the corrections of S. Saroukos (2008).
//!
//! Words come in lower case, without accents and with one sigma. Each rule cuts the first of its suffixes that fits; stems that would be
//! wrong get the beginning of the suffix back. Lists are words with a space between.

use super::letters::Letters;

/// When a stem gets letters back, and how many.
struct Back {
    letters: usize,
    /// Stems that are exactly one of these.
    whole: &'static str,
    /// Stems that end with one of these.
    ends: &'static str,
    vowel: Vowel,
}

/// Whether a stem that ends with a vowel gets its letters back, too.
#[derive(PartialEq)]
enum Vowel {
    No,
    Any,
    /// Any but upsilon.
    NotUpsilon,
}

pub(super) fn stem(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() < 4 {
        return;
    }
    let length = w.len();
    irregular(&mut w);
    plurals(&mut w);
    diminutives(&mut w);
    verbs(&mut w);
    passives(&mut w);
    imperatives(&mut w);
    if w.len() == length {
        endings(&mut w);
    }
    comparatives(&mut w);
    w.write(word);
}

/// The first suffix that is shorter than the word and ends it.
fn suffix(w: &Letters, suffixes: &'static str) -> Option<&'static str> {
    suffixes.split(' ').find(|suffix| w.len() > suffix.chars().count() && w.ends(suffix))
}

fn cut(w: &mut Letters, suffixes: &'static str) -> Option<&'static str> {
    let found = suffix(w, suffixes)?;
    w.cut(found.chars().count());
    Some(found)
}

/// Cuts a suffix and puts its beginning back where the rule says.
fn rule(w: &mut Letters, suffixes: &'static str, back: &Back) {
    let Some(found) = cut(w, suffixes) else { return };
    give_back(w, found, back);
}

fn give_back(w: &mut Letters, found: &str, back: &Back) {
    let vowel = match back.vowel {
        Vowel::No => false,
        Vowel::Any => vowel(w.last(1)),
        Vowel::NotUpsilon => vowel(w.last(1)) && w.last(1) != 'υ',
    };
    if vowel || is_any(w, back.whole) || ends_any(w, back.ends) {
        w.push(found.chars().take(back.letters));
    }
}

/// Is the word one of a list?
fn is_any(w: &Letters, words: &str) -> bool {
    words.split(' ').any(|word| w.is(word))
}

/// Does the word end with one of a list?
fn ends_any(w: &Letters, words: &str) -> bool {
    !words.is_empty() && words.split(' ').any(|word| w.ends(word))
}

fn vowel(c: char) -> bool {
    matches!(c, 'α' | 'ε' | 'η' | 'ι' | 'ο' | 'υ' | 'ω')
}

/// Nouns with stems of their own: suffix and how much of it goes.
fn irregular(w: &mut Letters) {
    const WORDS: &[(&str, usize)] = &[
        (
            "καθεστωτοσ καθεστωτων γεγονοτοσ γεγονοτων τατογιου τατογιων σκαγιου σκαγιων ολογιου ολογιων \
            κρεατοσ κρεατων περατοσ περατων τερατοσ τερατων φαγιου φαγιων σογιου σογιων",
            4,
        ),
        ("καθεστωτα γεγονοτα τατογια σκαγια ολογια κρεατα περατα τερατα φαγια σογια φωτοσ φωτων", 3),
        ("καθεστωσ γεγονοσ κρεασ περασ τερασ φωτα", 2),
        ("φωσ", 1),
    ];
    if let Some((_, count)) = WORDS.iter().find(|(words, _)| ends_any(w, words)) {
        w.cut(*count);
    }
}

fn plurals(w: &mut Letters) {
    const FAMILY: &str = "οκ μαμ μαν μπαμπ πατερ γιαγι νταντ κυρ θει πεθερ";
    if let Some(found) = cut(w, "αδεσ αδων")
        && !ends_any(w, FAMILY)
    {
        w.push(found.chars().take(2));
    }
    let back = |letters, whole, ends| Back { letters, whole, ends, vowel: Vowel::No };
    rule(w, "εδεσ εδων", &back(2, "", "οπ ιπ εμπ υπ γηπ δαπ κρασπ μιλ"));
    let few = "αρκ καλιακ πεταλ λιχ πλεξ σκ σ φλ φρ βελ λουλ χν σπ τραγ φε";
    rule(w, "ουδεσ ουδων", &back(3, "", few));
    rule(w, "εωσ εων", &back(1, "θ δ ελ γαλ ν π ιδ παρ", ""));
}

fn diminutives(w: &mut Letters) {
    if cut(w, "ιου ιων ια").is_some() && vowel(w.last(1)) {
        w.push("ι".chars());
    }
    let back = Back {
        letters: 2,
        whole: "αλ αδ ενδ αμαν αμμοχαλ ηθ ανηθ αντιδ φυσ βρωμ γερ εξωδ καλπ καλλιν καταδ μουλ μπαν μπαγιατ μπολ \
            μποσ νιτ ξικ συνομηλ πετσ πιτσ πικαντ πλιατσ ποστελν πρωτοδ σερτ συναδ τσαμ υποδ φιλον φυλοδ χασ",
        ends: "",
        vowel: Vowel::Any,
    };
    rule(w, "ικου ικων ικα ικο", &back);
}

fn verbs(w: &mut Letters) {
    if w.len() == 5 && w.ends("αγαμε") {
        w.cut(1);
    }
    cut(w, "ηθηκαμε ουσαμε αγαμε ησαμε ηκαμε");
    let back =
        Back {
            letters: 2, whole: "αναπ αποθ αποκ αποστ βουβ ξεθ ουλ πεθ πικρ ποτ σιχ χ", ends: "", vowel: Vowel::No
        };
    rule(w, "αμε", &back);
    let long = "ιουντανε ιοντανε ουντανε ηθηκανε ιοτανε οντανε ουσανε αγανε ησανε οτανε ηκανε";
    if cut(w, long).is_some() && is_any(w, "τρ τσ") {
        w.push("αγαν".chars());
    }
    rule(w, "ανε", &Back { letters: 2, whole: ANE, ends: "", vowel: Vowel::NotUpsilon });
    cut(w, "ησετε");
    let back = Back {
        letters: 2,
        whole: "αβαρ βεν εναρ αβρ αδ αθ αν απλ βαρον ντρ σκ κοπ μπορ νιφ παγ παρακαλ σερπ σκελ συρφ τοκ υ δ εμ \
            θαρρ θ",
        ends: "οδ αιρ φορ ταθ διαθ σχ ενδ ευρ τιθ υπερθ ραθ ενθ ροθ σθ πυρ αιν συνδ συν συνθ χωρ πον βρ καθ ευθ \
            εκθ νετ ρον αρκ βαρ βολ ωφελ",
        vowel: Vowel::NotUpsilon,
    };
    rule(w, "ετε", &back);
    if cut(w, "οντασ ωντασ").is_some() {
        if is_any(w, "αρχ") {
            w.push("οντ".chars());
        } else if w.ends("κρε") {
            w.push("ωντ".chars());
        }
    }
}

/// Stems that keep the `αν` of `ανε`.
const ANE: &str = "βετερ βουλκ βραχμ γ δραδουμ θ καλπουζ καστελ κορμορ λαοπλ μωαμεθ μ μουσουλμ ν ουλ π πελεκ πλ πολισ \
    πορτολ σαρακατσ σουλτ τσαρλατ ορφ τσιγγ τσοπ φωτοστεφ χ ψυχοπλ αγ γαλ γερ δεκ διπλ αμερικαν ουρ πιθ \
    πουριτ σ ζωντ ικ καστ κοπ λιχ λουθηρ μαιντ μελ σιγ σπ στεγ τραγ τσαγ φ ερ αδαπ αθιγγ αμηχ ανικ ανοργ \
    απηγ απιθ ατσιγγ βασ βασκ βαθυγαλ βιομηχ βραχυκ διατ διαφ ενοργ θυσ καπνοβιομηχ καταγαλ κλιβ κοιλαρφ λιβ \
    μεγλοβιομηχ μικροβιομηχ νταβ ξηροκλιβ ολιγοδαμ ολογαλ πενταρφ περηφ περιτρ πλατ πολυδαπ πολυμηχ στεφ ταβ \
    τετ υπερηφ υποκοπ χαμηλοδαπ ψηλοταβ";

fn passives(w: &mut Letters) {
    if cut(w, "ομαστε").is_some() && is_any(w, "ον") {
        w.push("ομαστ".chars());
    }
    let back = |letters, whole, ends| Back { letters, whole, ends, vowel: Vowel::No };
    rule(w, "ιεστε", &back(4, "π απ συμπ ασυμπ ακαταπ αμεταμφ", ""));
    rule(w, "εστε", &back(3, "αλ αρ εκτελ ζ μ ξ παρακαλ προ νισ", ""));
    cut(w, "ηθηκεσ ηθηκα ηθηκε");
    let kept = back(2, "διαθ θ παρακαταθ προσθ συνθ", "σκωλ σκουλ ναρθ σφ οθ πιθ");
    rule(w, "ηκεσ ηκα ηκε", &kept);
    let participle = Back {
        letters: 3,
        whole: "φαρμακ χαδ αγκ αναρρ βρομ εκλιπ λαμπιδ λεχ μ πατ ρ λ μεδ μεσαζ υποτειν αμ αιθ ανηκ δεσποζ \
            ενδιαφερ δε δευτερευ καθαρευ πλε τσα",
        ends: "ποδ βλεπ πανταχ φρυδ μαντιλ μαλλ κυματ λαχ ληγ φαγ ομ πρωτ",
        vowel: Vowel::Any,
    };
    rule(w, "ουσεσ ουσα ουσε", &participle);
    if let Some(found) = cut(w, "αγεσ αγα αγε")
        && (is_any(w, AGE) || ends_any(w, "οφ πελ χορτ λλ σφ ρπ φρ πρ λοχ σμην"))
        && !is_any(w, "ψοφ ναυλοχ")
        && !w.ends("κολλ")
    {
        w.push(found.chars().take(2));
    }
}

/// Stems that keep the `αγ` of `αγεσ`.
const AGE: &str = "αβαστ πολυφ αδηφ παμφ ρ ασπ αφ αμαλ αμαλλι ανυστ απερ ασπαρ αχαρ δερβεν δροσοπ ξεφ νεοπ νομοτ ολοπ ομοτ \
    προστ προσωποπ συμπ συντ τ υποτ χαρ αειπ αιμοστ ανυπ αποτ αρτιπ διατ εν επιτ κροκαλοπ σιδηροπ λ ναυ \
    ουλαμ ουρ π τρ μ";

fn imperatives(w: &mut Letters) {
    let back = |letters, whole| Back { letters, whole, ends: "", vowel: Vowel::No };
    rule(w, "ησου ησε ησα", &back(2, "ν χερσον δωδεκαν ερημον μεγαλον επταν"));
    let good = "ασβ σβ αχρ χρ απλ αειμν δυσχρ ευχρ κοινοχρ παλιμψ";
    rule(w, "ηστε", &back(3, good));
    let they = "ν ρ σπι στραβομουτσ κακομουτσ εξων";
    rule(w, "ησουνε ηθουνε ουνε", &back(3, they));
    let we = "παρασουσ φ χ ωριοπλ αζ αλλοσουσ ασουσ";
    rule(w, "ησουμε ηθουμε ουμε", &back(3, we));
    if suffix(w, "ματων ματοσ").is_some() {
        w.cut(3);
    } else if suffix(w, "ματα").is_some() {
        w.cut(2);
    }
}

/// The endings of the many regular words.
fn endings(w: &mut Letters) {
    const ENDINGS: &str = "ιοντουσαν ιομασταν ιοσασταν ιουμαστε οντουσαν ιεμαστε ιεσαστε ιομουνα ιοσαστε ιοσουνα ιουνται \
        ιουνταν ηθηκατε ομασταν οσασταν ουμαστε ιομουν ιονταν ιοσουν ηθειτε ηθηκαν ομουνα οσαστε οσουνα \
        ουνται ουνταν ουσατε αγατε ιεμαι ιεται ιεσαι ιοταν ιουμα ηθεισ ηθουν ηκατε ησατε ησουν ομουν ονται \
        ονταν οσουν ουμαι ουσαν αγαν αμαι ασαι αται ειτε εσαι εται ηδεσ ηδων ηθει ηκαν ησαν ησει ησεσ ομαι \
        οταν αει εισ ηθω ησω ουν ουσ αν ασ αω ει εσ ησ οι οσ ου υσ ων";
    if cut(w, ENDINGS).is_none() && w.len() > 1 && vowel(w.last(1)) {
        w.cut(1);
    }
}

fn comparatives(w: &mut Letters) {
    cut(w, "εστερ εστατ οτερ οτατ υτερ υτατ ωτερ ωτατ");
}
