//! For tests: a clause in Lucene's notation, over the text field `t` (lower-cased words) and the keyword `k`.

use model::query::full_text::{Fuzziness, Operator};
use model::query::query_string::{Clause, Occur, RangeEnd};

enum Node {
    Leaf(String),
    Boolean(Vec<(Occur, Node)>),
    Boosted(Box<Node>, f32),
}

/// As `_validate/query?explain=true` prints it.
pub(super) fn explain(clause: &Clause, operator: Operator) -> String {
    node(clause, "t", operator).map_or_else(|| "nothing".into(), |node| print(&node, true))
}

fn occur(operator: Operator) -> Occur {
    if operator == Operator::And { Occur::Must } else { Occur::Should }
}

fn analyse(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = text.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        // A dot between letters belongs to the word.
        let inner = c == '.'
            && at > 0
            && chars[at - 1].is_alphanumeric()
            && chars.get(at + 1).is_some_and(|next| next.is_alphanumeric());
        if c.is_alphanumeric() || inner {
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn words(text: &str, field: &str, operator: Operator) -> Option<Node> {
    if field == "k" {
        return Some(Node::Leaf(format!("ConstantScore(k:{text})")));
    }
    let mut leaves: Vec<Node> = analyse(text).iter().map(|word| Node::Leaf(format!("{field}:{word}"))).collect();
    match leaves.len() {
        0 => None,
        1 => leaves.pop(),
        _ => Some(Node::Boolean(leaves.into_iter().map(|leaf| (occur(operator), leaf)).collect())),
    }
}

fn node(clause: &Clause, field: &str, operator: Operator) -> Option<Node> {
    let leaf = |text: String| Some(Node::Leaf(text));
    match clause {
        Clause::Empty => None,
        Clause::All => leaf("*:*".into()),
        Clause::Exists(name) => leaf(format!("ConstantScore(FieldExistsQuery [field={name}])")),
        Clause::Field(name, inner) => node(inner, name, operator),
        Clause::Boosted(inner, factor) => Some(Node::Boosted(Box::new(node(inner, field, operator)?), *factor)),
        Clause::Text(text) => words(text, field, operator),
        Clause::Phrase { text, .. } if field == "k" => leaf(format!("ConstantScore(k:{text})")),
        Clause::Phrase { text, slop } => match analyse(text).as_slice() {
            [] => None,
            [word] => leaf(format!("{field}:{word}")),
            words => {
                let slop = slop.filter(|&slop| slop > 0).map_or(String::new(), |slop| format!("~{slop}"));
                leaf(format!("{field}:\"{}\"{slop}", words.join(" ")))
            }
        },
        Clause::Fuzzy { text, edits } => {
            let edits = match edits {
                Some(Fuzziness::Edits(edits)) => *edits,
                _ => 0,
            };
            leaf(format!("{field}:{}~{edits}", text.to_lowercase()))
        }
        Clause::Prefix(text) => leaf(format!("{field}:{text}*")),
        Clause::Wildcard(text) if text == "*" => leaf(format!("ConstantScore(FieldExistsQuery [field={field}])")),
        Clause::Wildcard(text) => leaf(format!("{field}:{}", text.replace('\\', ""))),
        Clause::Regexp(text) => leaf(format!("{field}:/{text}/")),
        Clause::Range { lower, upper } => leaf(range(field, lower.as_ref(), upper.as_ref())),
        Clause::Group(clauses) => group(clauses, field, operator),
    }
}

fn range(field: &str, lower: Option<&RangeEnd>, upper: Option<&RangeEnd>) -> String {
    let text = |end: Option<&RangeEnd>| end.map_or("*".into(), |end| end.text.clone());
    // Lucene prints an open end of `>` as inclusive, one of `<` as inclusive too.
    let open = if lower.is_none_or(|end| end.inclusive) { '[' } else { '{' };
    let close = if upper.is_none_or(|end| end.inclusive) { ']' } else { '}' };
    let plain = format!("{field}:{open}{} TO {}{close}", text(lower), text(upper));
    if field == "k" { format!("IndexOrDocValuesQuery(indexQuery={plain}, dvQuery={plain})") } else { plain }
}

fn group(clauses: &[(Occur, Clause)], field: &str, operator: Operator) -> Option<Node> {
    let mut found = Vec::new();
    for (role, clause) in clauses {
        match (clause, node(clause, field, operator)) {
            (_, None) => {}
            // Several words in a row are so many clauses of the group.
            (Clause::Text(text), Some(Node::Boolean(words))) if text.contains([' ']) && *role == occur(operator) => {
                found.extend(words)
            }
            (_, Some(node)) => found.push((*role, node)),
        }
    }
    (!found.is_empty()).then_some(Node::Boolean(found))
}

fn print(node: &Node, top: bool) -> String {
    match node {
        Node::Leaf(text) => text.clone(),
        Node::Boosted(inner, factor) => format!("({})^{factor:?}", print(inner, true)),
        Node::Boolean(clauses) => {
            let mut parts: Vec<String> = clauses
                .iter()
                .map(|(role, clause)| {
                    let sign = match role {
                        Occur::Should => "",
                        Occur::Must => "+",
                        Occur::MustNot => "-",
                    };
                    format!("{sign}{}", print(clause, false))
                })
                .collect();
            if clauses.iter().all(|(role, _)| *role == Occur::MustNot) {
                parts.push("#*:*".into());
            }
            let joined = parts.join(" ");
            if top { joined } else { format!("({joined})") }
        }
    }
}
