//! `html_strip`: the text of an HTML fragment.
//!
//! Tags and comments vanish; tags of block elements, scripts and styles leave a line break; entities become characters. What only looks
//! like a tag stays.

use std::collections::{HashMap, HashSet};

use super::mapping::Output;
use super::offsets::Filtered;
use crate::stream::CharFilter;
use crate::unicode::{category, is_digit, is_letter};

/// The char filter and its tables.
pub(crate) struct HtmlStrip {
    /// Elements whose tags stay, in lower case.
    escaped: HashSet<String>,
    entities: HashMap<&'static str, char>,
}

/// Line by line: the name of an entity and its code point in hexadecimal.
const ENTITIES: &str = include_str!("entities.txt");

/// Elements whose tags leave no line break.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "basefont", "bdo", "big", "cite", "code", "dfn", "em", "font", "i", "img", "input",
    "kbd", "label", "q", "s", "samp", "select", "small", "span", "strike", "strong", "sub", "sup", "textarea", "tt",
    "u", "var",
];

impl HtmlStrip {
    pub(crate) fn new(escaped: impl IntoIterator<Item = String>) -> Self {
        let entity = |line: &'static str| {
            let (name, code) = line.split_once(' ')?;
            Some((name, char::from_u32(u32::from_str_radix(code, 16).ok()?)?))
        };
        HtmlStrip {
            escaped: escaped.into_iter().map(|name| name.to_lowercase()).collect(),
            entities: ENTITIES.lines().filter_map(entity).collect(),
        }
    }
}

impl CharFilter for HtmlStrip {
    fn apply(&self, text: &str) -> Filtered {
        let mut output = Output::default();
        let mut rest = text;
        // Where the next `>` is, counted from the end: looked for once for all the markup before it.
        let mut close = text.len() + 1;
        while let Some(at) = rest.find(['<', '&']) {
            output.copy(&rest[..at]);
            rest = &rest[at..];
            if close > rest.len() {
                close = rest.find('>').map_or(0, |at| rest.len() - at);
            }
            let taken = if rest.starts_with('<') {
                self.markup(rest, rest.len() - close, &mut output)
            } else {
                self.entity(rest, &mut output)
            };
            let taken = taken.unwrap_or_else(|| {
                output.copy(&rest[..1]);
                1
            });
            rest = &rest[taken..];
        }
        output.copy(rest);
        output.filtered
    }
}

impl HtmlStrip {
    /// Handles what begins with `<`; returns how many bytes it takes, or `None` when it is text. `close`: where the next `>` is, or the end.
    fn markup(&self, rest: &str, close: usize, output: &mut Output) -> Option<usize> {
        if let Some(inside) = rest.strip_prefix("<!--") {
            return Some(remove(rest, inside.find("-->").map_or(rest.len(), |end| end + 7), output));
        }
        if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            output.replace("<![CDATA[", "");
            let end = inside.find("]]>");
            output.copy(&inside[..end.unwrap_or(inside.len())]);
            if end.is_some() {
                output.replace("]]>", "");
            }
            return Some(end.map_or(rest.len(), |end| end + 12));
        }
        if rest.starts_with("<!") {
            if close < rest.len() {
                return Some(remove(rest, close + 1, output));
            }
            output.copy(rest);
            return Some(rest.len());
        }
        if rest.starts_with("<?") {
            let ends = close < rest.len() && close > 2 && rest[..close].ends_with(['?', '/']);
            return ends.then(|| remove(rest, close + 1, output));
        }
        self.tag(rest, output)
    }

    fn tag(&self, rest: &str, output: &mut Output) -> Option<usize> {
        let closing = rest.starts_with("</");
        let before = if closing { 2 } else { 1 };
        let start = before + blank(&rest[before..]);
        let name = name(&rest[start..])?;
        let behind = start + name.len();
        if behind == rest.len() {
            return Some(remove(rest, rest.len(), output));
        }
        let end = behind + if closing { end_of_closing(&rest[behind..])? } else { end_of_opening(&rest[behind..])? };
        let name = name.to_lowercase();
        if self.escaped.contains(&name) {
            output.copy(&rest[..end]);
            return Some(end);
        }
        let empty = rest[..end].ends_with("/>");
        if !closing && !empty && (name == "script" || name == "style") {
            return Some(raw_element(rest, end, &name, output));
        }
        let left = if INLINE.contains(&name.as_str()) { "" } else { "\n" };
        output.replace(&rest[..end], left);
        Some(end)
    }

    /// Handles what begins with `&`.
    fn entity(&self, rest: &str, output: &mut Output) -> Option<usize> {
        let end = rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '#').map_or(rest.len(), |end| end + 1);
        // The semicolon may be missing at the end of the text.
        let behind = if rest[end..].starts_with(';') { end + 1 } else { end };
        if behind == end && end < rest.len() {
            return None;
        }
        let name = &rest[1..end];
        let (c, taken) = match name.strip_prefix('#') {
            None => (*self.entities.get(name)?, behind),
            Some(number) => numeric(number, rest, behind)?,
        };
        let mut buffer = [0; 4];
        output.replace(&rest[..taken], c.encode_utf8(&mut buffer));
        Some(taken)
    }
}

/// The character of `&#number;`, which ends at `end`; the halves of a surrogate pair are taken together.
fn numeric(number: &str, rest: &str, end: usize) -> Option<(char, usize)> {
    let code = code_point(number)?;
    if let Some(c) = char::from_u32(code) {
        return Some((c, end));
    }
    if !(0xd800..=0xdfff).contains(&code) {
        return None;
    }
    let pair = || {
        let low = rest[end..].strip_prefix("&#")?;
        let stop = low.find(';')?;
        let low_code = code_point(&low[..stop]).filter(|low| (0xdc00..=0xdfff).contains(low) && code < 0xdc00)?;
        let c = char::from_u32(0x1_0000 + ((code - 0xd800) << 10) + (low_code - 0xdc00))?;
        Some((c, end + 2 + stop + 1))
    };
    Some(pair().unwrap_or((char::REPLACEMENT_CHARACTER, end)))
}

fn code_point(number: &str) -> Option<u32> {
    match number.strip_prefix(['x', 'X']) {
        Some(hex) if !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok(),
        None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok(),
        _ => None,
    }
}

fn remove(rest: &str, end: usize, output: &mut Output) -> usize {
    output.replace(&rest[..end], "");
    end
}

/// Removes a script or style with its content; `end`: of its opening tag.
fn raw_element(rest: &str, end: usize, name: &str, output: &mut Output) -> usize {
    let mut at = end;
    while let Some(found) = rest[at..].find("</") {
        let after = at + found + 2;
        let word = after + blank(&rest[after..]);
        let behind = rest.get(word..word + name.len()).filter(|closing| closing.eq_ignore_ascii_case(name));
        let close = behind.map(|_| word + name.len()).map(|behind| behind + blank(&rest[behind..]));
        if let Some(close) = close.filter(|close| rest[*close..].starts_with('>')) {
            output.replace(&rest[..close + 1], "\n");
            return close + 1;
        }
        at = after;
    }
    remove(rest, rest.len(), output)
}

/// How many bytes of white space a text begins with.
fn blank(text: &str) -> usize {
    text.len() - text.trim_start_matches(is_blank).len()
}

fn is_blank(c: char) -> bool {
    c.is_whitespace()
}

/// The element's name at the beginning of a text.
fn name(text: &str) -> Option<&str> {
    let begins = |c: char| is_letter(c) || c == '_' || c == ':';
    let goes_on = |c: char| {
        begins(c)
            || is_digit(c)
            || matches!(c, '-' | '.' | '\u{b7}')
            || matches!(category(c), b'n' | b'c' | b'e' | b'm')
    };
    text.chars().next().filter(|c| begins(*c))?;
    Some(&text[..text.find(|c| !goes_on(c)).unwrap_or(text.len())])
}

fn end_of_closing(text: &str) -> Option<usize> {
    let at = blank(text);
    text[at..].starts_with('>').then_some(at + 1)
}

/// Where an opening tag ends; `text` begins behind its name. `None` when it is not a tag after all.
fn end_of_opening(text: &str) -> Option<usize> {
    if text.starts_with("/>") {
        return Some(2);
    }
    let first = text.chars().next()?;
    if first == '>' {
        return Some(1);
    }
    if !is_blank(first) && first != '=' {
        return None;
    }
    let mut value = true;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        at += c.len_utf8();
        match c {
            '>' => return Some(at),
            '<' => return None,
            '"' | '\'' if value => {
                if let Some(close) = text[at..].find(c) {
                    at += close + 1;
                }
                value = false;
            }
            _ => value = is_blank(c) || c == '=',
        }
    }
    None
}
