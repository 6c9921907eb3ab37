//! Text to parts.

use super::{Function, MAX_DEPTH, Part, Path, TemplateError};

/// A section that is not closed yet.
struct Open {
    name: String,
    kind: Kind,
    /// What came before it, on its level.
    before: Vec<Part>,
}

enum Kind {
    Section { inverted: bool },
    Function(Function),
}

pub(super) fn parse(text: &str) -> Result<Vec<Part>, TemplateError> {
    let (mut open, mut parts) = (Vec::<Open>::new(), Vec::new());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        if at > 0 {
            parts.push(Part::Text(rest[..at].to_owned()));
        }
        rest = &rest[at + 2..];
        let (raw, end) = if rest.starts_with('{') { (true, "}}}") } else { (false, "}}") };
        let close = rest.find(end).ok_or_else(|| error("a tag is not closed"))?;
        let tag = rest[usize::from(raw)..close].trim();
        rest = &rest[close + end.len()..];
        if raw {
            parts.push(Part::Value { path: path(tag), raw: true });
            continue;
        }
        let (sigil, name) = match tag.chars().next() {
            Some(sigil) if "#^/!&>=".contains(sigil) => (sigil, tag[1..].trim()),
            _ => (' ', tag),
        };
        match sigil {
            '!' => {}
            '&' => parts.push(Part::Value { path: path(name), raw: true }),
            '#' | '^' => {
                if open.len() >= MAX_DEPTH {
                    return Err(error("sections nest too deep"));
                }
                let before = std::mem::take(&mut parts);
                open.push(Open { name: name.to_owned(), kind: kind(name, sigil == '^'), before });
            }
            '/' => {
                let Some(section) = open.pop().filter(|section| closes(&section.name, name)) else {
                    return Err(error(&format!("[/{name}] closes no section")));
                };
                let inside = std::mem::replace(&mut parts, section.before);
                parts.push(match section.kind {
                    Kind::Section { inverted } => Part::Section { path: path(&section.name), inverted, parts: inside },
                    Kind::Function(function) => Part::Function { function, parts: inside },
                });
            }
            '>' => return Err(error("partials are not there")),
            '=' => return Err(error("delimiters stay as they are")),
            _ => parts.push(Part::Value { path: path(name), raw: false }),
        }
    }
    if let Some(section) = open.last() {
        return Err(error(&format!("the section [{}] is not closed", section.name)));
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

fn closes(open: &str, close: &str) -> bool {
    open == close || open.split_whitespace().next() == Some(close)
}

fn kind(name: &str, inverted: bool) -> Kind {
    let (first, options) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
    match (first, inverted) {
        ("toJson", false) => Kind::Function(Function::ToJson),
        ("url", false) => Kind::Function(Function::Url),
        ("join", false) => {
            let given = options.trim().strip_prefix("delimiter=").map(|text| text.trim().trim_matches(['\'', '"']));
            Kind::Function(Function::Join(given.unwrap_or(",").to_owned()))
        }
        _ => Kind::Section { inverted },
    }
}

pub(super) fn path(name: &str) -> Path {
    match name {
        "." => Vec::new(),
        name => name.split('.').map(str::to_owned).collect(),
    }
}

fn error(why: &str) -> TemplateError {
    TemplateError(format!("the template does not read: {why}"))
}
