//! What a text must hold to match: of a literal that every match contains, cut into one piece more than edits are allowed, one piece stands
//! unchanged (the pigeonhole principle). Looking for pieces is far cheaper than matching.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter pieces are in nearly every text.
const SHORTEST: usize = 2;

/// The pieces, of which a matching text holds at least one; `None`: the pattern has no literal long enough.
pub(super) fn of(hir: &Hir, edits: u8) -> Option<Vec<String>> {
    let count = usize::from(edits) + 1;
    let literal = longest(hir);
    let length = literal.len() / count;
    if length < SHORTEST {
        return None;
    }
    let cut = |at: usize| {
        let to = if at + 1 == count { literal.len() } else { (at + 1) * length };
        literal[at * length..to].iter().collect()
    };
    Some((0..count).map(cut).collect())
}

/// The longest run of single characters that every match contains.
fn longest(hir: &Hir) -> Vec<char> {
    let (mut best, mut run) = (Vec::new(), Vec::new());
    walk(hir, &mut run, &mut best);
    keep(&mut run, &mut best);
    best
}

fn keep(run: &mut Vec<char>, best: &mut Vec<char>) {
    if run.len() > best.len() {
        std::mem::swap(run, best);
    }
    run.clear();
}

fn walk(hir: &Hir, run: &mut Vec<char>, best: &mut Vec<char>) {
    match hir.kind() {
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => run.extend(text.chars()),
            Err(_) => keep(run, best),
        },
        HirKind::Class(Class::Unicode(class)) => match class.ranges() {
            [only] if only.start() == only.end() => run.push(only.start()),
            _ => keep(run, best),
        },
        HirKind::Concat(parts) => parts.iter().for_each(|part| walk(part, run, best)),
        HirKind::Capture(capture) => walk(&capture.sub, run, best),
        // Nothing stands between what is before it and what is behind it.
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            keep(run, best);
            walk(&repetition.sub, run, best);
            keep(run, best);
        }
        HirKind::Repetition(_) | HirKind::Alternation(_) | HirKind::Class(_) => keep(run, best),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_cut_into_one_piece_more_than_edits() {
        let check = |pattern: &str, edits, expected: Option<&[&str]>| {
            let found = of(&regex_syntax::parse(pattern).unwrap(), edits);
            let found = found.as_ref().map(|pieces| pieces.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), expected, "{pattern} {edits}");
        };
        check("abcdef", 0, Some(&["abcdef"]));
        check("abcdefg", 2, Some(&["ab", "cd", "efg"]));
        check("abcd", 2, None);
        check("x(abc)de.*fgh", 1, Some(&["xab", "cde"]));
        check("^(?:ab|cd)e+fghi$", 0, Some(&["fghi"]));
        check("(?:abcd)+", 1, Some(&["ab", "cd"]));
        check("(?:abcd)*", 1, None);
        check("größe", 1, Some(&["gr", "öße"]));
    }
}
