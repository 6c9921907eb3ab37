//! A query's tree as `FT.EXPLAIN` writes it.

use std::fmt::Write as _;

use super::ast::{Affix, Attributes, Clause, Knn, Limit, Node, TagValue};

/// What else words are looked up by.
pub struct Forms<'w> {
    /// What a word's forms share, where words are expanded.
    pub stem: &'w dyn Fn(&str) -> Option<String>,
    /// How a word sounds, where one of these fields minds.
    pub sounds: Sounds<'w>,
    /// The groups of synonyms that a word is in.
    pub synonyms: &'w dyn Fn(&str) -> Vec<String>,
    /// A word in quotes is shown with them.
    pub exact: bool,
}

type Sounds<'w> = &'w dyn Fn(Option<&[String]>, &str) -> Option<String>;

/// The tree, two spaces a level. `known`: whether a field holds text.
pub fn explain(clause: &Clause, forms: &Forms<'_>, known: &dyn Fn(&str) -> bool) -> String {
    let mut writer = Writer { out: String::new(), forms, known };
    writer.clause(clause, 0, true);
    writer.out
}

struct Writer<'w> {
    out: String,
    forms: &'w Forms<'w>,
    known: &'w dyn Fn(&str) -> bool,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.out.push_str("  ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// `@a|b:` before what is restricted.
    fn fields(&self, clause: &Clause) -> String {
        let Some(fields) = &clause.fields else { return String::new() };
        let known: Vec<&str> = fields.iter().map(String::as_str).filter(|field| (self.known)(field)).collect();
        match known.is_empty() {
            true => "@NULL:".to_owned(),
            false => format!("@{}:", known.join("|")),
        }
    }

    fn clause(&mut self, clause: &Clause, depth: usize, expand: bool) {
        let fields = self.fields(clause);
        match &clause.node {
            Node::Empty => self.line(depth, "<empty>"),
            Node::All => self.line(depth, "<WILDCARD>"),
            Node::Word { text, number } => self.word(clause, text, (depth, expand && !number)),
            Node::Exact(words) if words.len() == 1 && !self.forms.exact => {
                self.line(depth, &format!("{fields}{}", words[0]));
            }
            Node::Exact(words) => {
                self.line(depth, &format!("{fields}EXACT {{"));
                for word in words {
                    self.line(depth + 1, &format!("{fields}{word}"));
                }
                let behind = attributes(&clause.attributes);
                self.line(depth, &format!("}}{behind}"));
            }
            Node::Blank => self.line(depth, &format!("{fields}\"\"")),
            Node::Affix(found) => {
                let behind = attributes(&clause.attributes);
                self.line(depth, &format!("{fields}{}{behind}", affix(found)));
            }
            Node::Fuzzy { text, .. } => self.line(depth, &format!("{fields}FUZZY{{{text}}}")),
            Node::And(parts) => self.group("INTERSECT", clause, (parts, depth, expand)),
            Node::Or(parts) => self.group("UNION", clause, (parts, depth, expand)),
            Node::Not(inner) => self.wrapped("NOT", inner, depth),
            Node::Optional(inner) => self.wrapped("OPTIONAL", inner, depth),
            Node::Knn(inner, knn) => self.knn(inner, (knn, &clause.attributes), depth),
            leaf => self.leaf(clause, leaf, depth),
        }
    }

    fn leaf(&mut self, clause: &Clause, node: &Node, depth: usize) {
        let field = clause.fields.as_ref().and_then(|fields| fields.first()).map(String::as_str).unwrap_or_default();
        match node {
            Node::Numeric { from, to } => self.line(depth, &numeric(field, *from, *to)),
            Node::Geo { longitude, latitude, radius, unit } => {
                self.line(depth, &format!("GEO {field}:{{{longitude:.6},{latitude:.6} --> {radius:.6} {unit}}}"))
            }
            Node::Tag(values) => {
                self.line(depth, &format!("TAG:@{field} {{"));
                values.iter().for_each(|value| self.tag(value, depth + 1));
                self.line(depth, "}");
            }
            Node::Missing(name) => self.line(depth, &format!("ISMISSING{{{name}}}")),
            Node::VectorRange(range) => {
                let mut text = format!(
                    "VECTOR {{Vectors that are within {} distance radius from `${}` in vector index associated with field @{}",
                    range.radius, range.name, range.field
                );
                for (name, value) in &clause.attributes.vector {
                    let _ = write!(text, ", {name} = {value}");
                }
                if let Some(name) = &clause.attributes.yield_distance_as {
                    let _ = write!(text, ", yields distance as `{name}`");
                }
                let behind = attributes(&clause.attributes);
                self.line(depth, &format!("{text}}}{behind}"));
            }
            _ => {}
        }
    }

    fn tag(&mut self, value: &TagValue, depth: usize) {
        match value {
            TagValue::Affix(found) => self.line(depth, &affix(found)),
            TagValue::Whole { shown, .. } => match shown.as_slice() {
                [one] => self.line(depth, one),
                several => {
                    self.line(depth, "INTERSECT {");
                    several.iter().for_each(|word| self.line(depth + 1, word));
                    self.line(depth, "}");
                }
            },
        }
    }

    fn word(&mut self, clause: &Clause, text: &str, (depth, expand): (usize, bool)) {
        let fields = self.fields(clause);
        let weight = clause.attributes.weight.map_or(String::new(), |weight| format!(" => {{$weight: {weight};}}"));
        let Some(stem) = (if expand { (self.forms.stem)(text) } else { None }) else {
            return self.line(depth, &format!("{fields}{text}{weight}"));
        };
        self.line(depth, &format!("{fields}UNION {{"));
        self.line(depth + 1, &format!("{fields}{text}{weight}"));
        for group in (self.forms.synonyms)(text) {
            self.line(depth + 1, &format!("{fields}~{group}(expanded)"));
        }
        if clause.attributes.phonetic != Some(false)
            && let Some(code) = (self.forms.sounds)(clause.fields.as_deref(), text)
        {
            self.line(depth + 1, &format!("{fields}<{code}(expanded)"));
        }
        self.line(depth + 1, &format!("{fields}+{stem}(expanded)"));
        if stem != text {
            self.line(depth + 1, &format!("{fields}{stem}(expanded)"));
        }
        self.line(depth, "}");
    }

    fn group(&mut self, name: &str, clause: &Clause, (parts, depth, expand): (&[Clause], usize, bool)) {
        let fields = self.fields(clause);
        self.line(depth, &format!("{fields}{name} {{"));
        parts.iter().for_each(|part| self.clause(part, depth + 1, expand));
        let behind = attributes(&clause.attributes);
        self.line(depth, &format!("}}{behind}"));
    }

    fn wrapped(&mut self, name: &str, inner: &Clause, depth: usize) {
        self.line(depth, &format!("{name}{{"));
        self.clause(inner, depth + 1, false);
        self.line(depth, "}");
    }

    fn knn(&mut self, inner: &Clause, (knn, outer): (&Knn, &Attributes), depth: usize) {
        let mut text = format!(
            "{{K={} nearest vectors to `${}` in vector index associated with field @{}",
            knn.k, knn.name, knn.field
        );
        for (name, value) in knn.options.iter().chain(&outer.vector) {
            let _ = write!(text, ", {name} = {value}");
        }
        let own = format!("__{}_score", knn.field);
        let named = knn.distance_as.as_ref().unwrap_or(&own);
        let _ = write!(text, ", yields distance as `{named}`}}{}", attributes(outer));
        if inner.node == Node::All {
            return self.line(depth, &format!("VECTOR {text}"));
        }
        self.line(depth, "VECTOR {");
        self.clause(inner, depth + 1, false);
        self.line(depth, &format!("}} => {text}"));
    }
}

fn numeric(field: &str, from: Limit, to: Limit) -> String {
    let sign = |limit: Limit| if limit.inclusive { "<=" } else { "<" };
    let value = |limit: Limit| match limit.value {
        value if value == f64::INFINITY => "inf".to_owned(),
        value if value == f64::NEG_INFINITY => "-inf".to_owned(),
        value => format!("{value:.6}"),
    };
    format!("NUMERIC {{{} {} @{field} {} {}}}", value(from), sign(from), sign(to), value(to))
}

fn affix(affix: &Affix) -> String {
    match affix {
        Affix::Prefix(text) => format!("PREFIX{{{text}*}}"),
        Affix::Suffix(text) => format!("SUFFIX{{*{text}}}"),
        Affix::Infix(text) => format!("INFIX{{*{text}*}}"),
        Affix::Wildcard(text) => format!("WILDCARD{{{text}}}"),
    }
}

/// ` => { $weight: 2; .. }`; empty where there are none.
fn attributes(attributes: &Attributes) -> String {
    let mut text = String::new();
    if let Some(weight) = attributes.weight {
        let _ = write!(text, " $weight: {weight};");
    }
    if let Some(slop) = attributes.slop {
        let _ = write!(text, " $slop: {slop};");
    }
    if attributes.inorder.is_some() || attributes.slop.is_some() {
        let _ = write!(text, " $inorder: {};", attributes.inorder.unwrap_or(false));
    }
    if text.is_empty() { text } else { format!(" => {{{text} }}") }
}
