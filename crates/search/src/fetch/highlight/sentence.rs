//! Where sentences end: as Java's sentence iterator for no language in particular finds it, whose answers are the specification.
//!
//! A sentence ends behind `!` or `?` and whatever closes and blanks follow; behind a full stop only when what follows begins one: a blank
//! and a capital, an opening sign and any letter. Lower case, digits and commas behind a full stop go on with the sentence. Found by asking
//! the original about strings of every class of characters; it also stumbles as the original does.

use analysis::category;

/// What a character means to the end of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Ends one for sure: `!`, `?` and the ideographic full stop.
    Terminator,
    /// May end one: the full stop.
    Stop,
    Blank,
    /// A straight quotation mark, which opens and closes.
    Quote,
    Opening,
    Closing,
    Number,
    Lower,
    Letter,
    /// Marks and format characters, which count as part of what is before them.
    Ignored,
    /// The full stop of Devanagari.
    Danda,
    Paragraph,
    Other,
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' => Class::Lower,
        ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{2028}' => Class::Blank,
        '.' | '\u{ff0e}' => Class::Stop,
        '!' | '?' | '\u{3002}' | '\u{ff01}' | '\u{ff1f}' => Class::Terminator,
        '"' | '\'' => Class::Quote,
        ',' => Class::Number,
        '\u{964}' | '\u{965}' => Class::Danda,
        '\u{2029}' => Class::Paragraph,
        _ => match category(c) {
            b's' => Class::Blank,
            b'(' | b'<' => Class::Opening,
            b')' | b'>' => Class::Closing,
            b'd' | b'L' | b'N' => Class::Number,
            b'l' => Class::Lower,
            b'U' | b'T' | b'm' | b'o' => Class::Letter,
            b'n' | b'e' | b'F' => Class::Ignored,
            _ => Class::Other,
        },
    }
}

/// What has been read of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Inside,
    Terminated,
    Closed,
    /// Nothing but blanks and the end of a paragraph still belong to it.
    Blanks,
    Danda,
    DandaBlanks,
    Paragraph,
    Stopped,
    /// Behind a full stop and a straight quotation mark.
    Quoted,
    /// Behind a full stop and so many blanks, up to two.
    StopBlanks(u8),
    /// Behind a full stop and an opening sign: a letter proves that the sentence ended before the sign, at `mark`.
    Opening {
        mark: usize,
        stumbles: bool,
    },
}

impl State {
    fn is_undecided(self) -> bool {
        matches!(self, Self::Stopped | Self::Quoted | Self::StopBlanks(_) | Self::Opening { .. })
    }
}

enum Step {
    Go(State),
    End(usize),
}

/// A full stop at byte `stop` that seemed to end a sentence because of a sign at byte `sign`, and did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) stop: usize,
    pub(super) sign: usize,
}

/// How many bytes of stops, blanks and signs may leave open whether a sentence has ended; behind more of them it has.
const UNDECIDED: usize = 256;

/// Where the sentence that begins at byte `from` ends: a later byte, at most the text's length. Appends the `doubts` on the way.
pub(super) fn next(text: &str, from: usize, doubts: &mut Vec<Doubt>) -> usize {
    let mut state = State::Inside;
    let (mut stop, mut sign) = (from, None);
    // Where to end when the state leads nowhere.
    let mut inside = from + text[from..].chars().next().map_or(0, char::len_utf8);
    for (at, c) in text[from..].char_indices() {
        let at = from + at;
        let class = class(c);
        if class == Class::Ignored {
            if state == State::Inside {
                inside = at + c.len_utf8();
            }
            continue;
        }
        if state.is_undecided() && at - inside > UNDECIDED {
            return at;
        }
        let opens = matches!(class, Class::Opening | Class::Other | Class::Danda | Class::Quote);
        if matches!(state, State::Opening { .. })
            && !opens
            && !matches!(class, Class::Letter | Class::Lower)
            && let Some(sign) = sign
        {
            doubts.push(Doubt { stop, sign });
        }
        // Signs that can do nothing but open raise no doubts.
        sign = sign.filter(|_| opens).or(matches!(class, Class::Other | Class::Danda).then_some(at));
        if class == Class::Stop {
            stop = at;
        }
        match step(state, class, at) {
            Step::Go(next) => state = next,
            Step::End(usize::MAX) => return inside,
            Step::End(end) => return end,
        }
        if state == State::Inside {
            inside = at + c.len_utf8();
        }
    }
    match state {
        State::Opening { .. } => inside,
        _ => text.len(),
    }
}

/// `End(usize::MAX)`: where the text was last inside the sentence.
fn step(state: State, class: Class, at: usize) -> Step {
    use Class::{Blank, Closing, Danda, Letter, Lower, Opening, Other, Paragraph, Quote, Stop, Terminator};
    let next = match (state, class) {
        (State::Paragraph, _) => return Step::End(at),
        (State::Terminated | State::Closed, Terminator | Stop) => State::Terminated,
        (State::Terminated | State::Closed, Quote | Closing) => State::Closed,
        (State::Terminated | State::Closed | State::Blanks, Blank) => State::Blanks,
        (State::Terminated | State::Closed | State::Blanks, Paragraph) => State::Paragraph,
        (State::Danda | State::DandaBlanks, Blank) => State::DandaBlanks,
        (State::Terminated | State::Closed | State::Blanks | State::Danda | State::DandaBlanks, _) => {
            return Step::End(at);
        }
        (State::Stopped | State::Quoted, Stop | Closing) => State::Stopped,
        (State::Stopped | State::Quoted, Quote) => State::Quoted,
        (State::Stopped | State::Quoted, Blank) => State::StopBlanks(1),
        (State::StopBlanks(_), Blank) => State::StopBlanks(2),
        (State::Stopped | State::Quoted, Opening | Other | Danda) => {
            State::Opening { mark: at, stumbles: state == State::Quoted }
        }
        (State::StopBlanks(count), Opening | Other | Danda | Quote) => State::Opening { mark: at, stumbles: count > 1 },
        (State::Quoted, Letter | Lower) | (State::StopBlanks(_), Letter) | (State::StopBlanks(2), Lower) => {
            return Step::End(at);
        }
        (State::Opening { mark, .. }, Opening | Other | Danda | Quote) => State::Opening { mark, stumbles: false },
        (State::Opening { mark, .. }, Letter | Lower) => return Step::End(mark),
        (State::Opening { stumbles: true, .. }, _) => return Step::End(usize::MAX),
        (_, Terminator) => State::Terminated,
        (_, Stop) => State::Stopped,
        (_, Danda) => State::Danda,
        (_, Paragraph) => State::Paragraph,
        _ => State::Inside,
    };
    Step::Go(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(expected: &[&str]) {
        let text = expected.concat();
        let (mut found, mut from) = (Vec::new(), 0);
        while from < text.len() {
            let to = next(&text, from, &mut Vec::new());
            found.push(&text[from..to]);
            from = to;
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn sentences_end_where_java_ends_them() {
        check(&["The night was long. ", "Nobody slept."]);
        check(&["Version 3.5 of e.g. example.com is out! ", "really? ", "Yes."]);
        check(&["He said \"No.\" ", "\"Why?\" ", "(Because.) ", "Then he left..."]);
        check(&["Line\nbreaks are blanks.\n", "Here too. - item. ", "(one) two"]);
        check(&["No. 5 is alive. it goes on, etc. and so on"]);
        check(&["One.  ", "two"]);
        check(&["彼は来た。", "私は行く。"]);
        check(&["Zwölf Boote im Sturm: the storm again."]);
        check(&["a paragraph\u{2029}", "another"]);
        check(&["नमस्ते। ", "फिर"]);
    }

    #[test]
    fn long_runs_of_stops_are_read_once() {
        let text = format!("a{}-", ".".repeat(200_000));
        let (mut from, mut count) = (0, 0);
        while from < text.len() {
            (from, count) = (next(&text, from, &mut Vec::new()), count + 1);
        }
        assert!(count < 2_000, "{count}");
    }

    proptest! {
        #[test]
        fn every_sentence_has_a_character_and_ends_between_characters(text in "[a-zA.!? \"')(5,\u{301}\u{964}\u{2029}-]{0,40}|.{0,40}") {
            let mut from = 0;
            while from < text.len() {
                let to = next(&text, from, &mut Vec::new());
                prop_assert!(to > from && text.is_char_boundary(to));
                from = to;
            }
        }
    }
}
