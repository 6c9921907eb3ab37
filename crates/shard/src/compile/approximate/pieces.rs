//! What a text must hold to match: of the literals that every match contains, cut into one piece more than edits are allowed, one piece stands
//! unchanged (the pigeonhole principle). Looking for pieces is far cheaper than matching.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter pieces are in nearly every text.
const SHORTEST: usize = 2;

/// Characters that stand one after the other in every match.
type Run = Vec<char>;

/// The pieces, of which a matching text holds at least one; `None`: the pattern has no literals long enough.
pub(super) fn of(hir: &Hir, edits: u8) -> Option<Vec<String>> {
    let (mut runs, mut run) = (Vec::new(), Run::new());
    walk(hir, &mut run, &mut runs);
    keep(&mut run, &mut runs);
    let count = usize::from(edits) + 1;
    let longest = runs.iter().map(Vec::len).max()?;
    let enough = |length: &usize| runs.iter().map(|run| run.len() / length).sum::<usize>() >= count;
    let length = (SHORTEST..=longest).rev().find(enough)?;
    let mut pieces: Vec<String> = runs.iter().flat_map(|run| cut(run, length)).collect();
    // Long ones are in few texts.
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
    pieces.truncate(count);
    Some(pieces)
}

/// Pieces of that length; the last one has what is left.
fn cut(run: &[char], length: usize) -> impl Iterator<Item = String> {
    let count = run.len() / length;
    (0..count).map(move |at| {
        let to = if at + 1 == count { run.len() } else { (at + 1) * length };
        run[at * length..to].iter().collect()
    })
}

fn keep(run: &mut Run, runs: &mut Vec<Run>) {
    if !run.is_empty() {
        runs.push(std::mem::take(run));
    }
}

fn walk(hir: &Hir, run: &mut Run, runs: &mut Vec<Run>) {
    match hir.kind() {
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => run.extend(text.chars()),
            Err(_) => keep(run, runs),
        },
        HirKind::Class(Class::Unicode(class)) => match class.ranges() {
            [only] if only.start() == only.end() => run.push(only.start()),
            _ => keep(run, runs),
        },
        HirKind::Concat(parts) => parts.iter().for_each(|part| walk(part, run, runs)),
        HirKind::Capture(capture) => walk(&capture.sub, run, runs),
        // Nothing stands between what is before it and what is behind it.
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            keep(run, runs);
            walk(&repetition.sub, run, runs);
            keep(run, runs);
        }
        HirKind::Repetition(_) | HirKind::Alternation(_) | HirKind::Class(_) => keep(run, runs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_cut_into_one_piece_more_than_edits() {
        let check = |pattern: &str, edits, expected: Option<&[&str]>| {
            let found = of(&regex_syntax::parse(pattern).unwrap(), edits);
            let found = found.as_ref().map(|pieces| pieces.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), expected, "{pattern} {edits}");
        };
        check("abcdef", 0, Some(&["abcdef"]));
        check("abcdefg", 2, Some(&["efg", "ab", "cd"]));
        check("ab.cd", 1, Some(&["ab", "cd"]));
        check("^ab[a-z]+cde", 1, Some(&["cde", "ab"]));
        check("abc.def.ghi", 1, Some(&["abc", "def"]));
        check("ab.c", 1, None);
        check("abcd", 2, None);
        check("x(abc)de.*fgh", 1, Some(&["xab", "cde"]));
        check("^(?:ab|cd)e+fghi$", 0, Some(&["fghi"]));
        check("(?:abcd)+", 1, Some(&["ab", "cd"]));
        check("(?:abcd)*", 1, None);
        check("größe", 1, Some(&["öße", "gr"]));
    }
}
