//! How answers look to people: numbers, times, hits.
//!
//! In: answers of a node as JSON. Out: lines, with bold and dim where the reader is a terminal. Not here: who asks.

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use serde_json::Value;

/// Mark the found words in highlights; no text is likely to have them.
pub(crate) const FOUND: [&str; 2] = ["\u{e000}", "\u{e001}"];

/// Longest line of a hit, in characters.
const WIDTH: usize = 110;

/// Whether to use colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    is_terminal: bool,
}

impl Style {
    /// As the standard output wants it.
    pub(crate) fn of_output() -> Self {
        Self { is_terminal: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.painted("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.painted("2", text)
    }

    fn painted(self, code: &str, text: &str) -> String {
        if self.is_terminal { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// The text in one line, its found words bold, or in brackets where nothing is bold.
    fn found(self, text: &str) -> String {
        let marks = if self.is_terminal { ["\u{1b}[1;33m", "\u{1b}[0m"] } else { ["[", "]"] };
        let line: Vec<&str> = text.split_whitespace().collect();
        line.join(" ").replace(FOUND[0], marks[0]).replace(FOUND[1], marks[1])
    }
}

/// `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `850 µs`, `3.2 ms`, `12.3 s`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        _ if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        _ if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

/// Things in some time, a second.
pub(crate) fn rate(things: u64, time: Duration) -> u64 {
    (things as f64 / time.as_secs_f64().max(1e-6)) as u64
}

/// `5 of 1,234 hits`, of a search's answer.
pub(crate) fn total(answer: &Value) -> String {
    let shown = answer["hits"]["hits"].as_array().map_or(0, Vec::len) as u64;
    let total = &answer["hits"]["total"];
    let found = total["value"].as_u64().unwrap_or(shown);
    let least = if total["relation"] == "gte" { "at least " } else { "" };
    let noun = if found == 1 { "hit" } else { "hits" };
    if shown == found {
        format!("{} {noun}", count(found))
    } else {
        format!("{} of {least}{} {noun}", count(shown), count(found))
    }
}

/// Each hit: its score or sort values, id and the named fields of its source (or as many as fit a line), then what was found in it.
///
/// # Errors
/// Of the writer.
pub(crate) fn hits(out: &mut dyn Write, answer: &Value, fields: &[&str], style: Style) -> std::io::Result<()> {
    for hit in answer["hits"]["hits"].as_array().into_iter().flatten() {
        let head = format!("{:>9}  {:<8}", weight(hit), hit["_id"].as_str().unwrap_or("?"));
        let shown = if fields.is_empty() { all_fields(&hit["_source"]) } else { some_fields(&hit["_source"], fields) };
        writeln!(out, "{} {}", style.bold(&head), clipped(&shown, WIDTH))?;
        for (_, fragments) in hit["highlight"].as_object().into_iter().flatten() {
            for fragment in fragments.as_array().into_iter().flatten().filter_map(Value::as_str).take(2) {
                writeln!(out, "           {} {}", style.dim("…"), style.found(fragment))?;
            }
        }
    }
    Ok(())
}

/// The score, or what it was sorted by.
fn weight(hit: &Value) -> String {
    match (hit["_score"].as_f64(), hit["sort"].as_array()) {
        (_, Some(values)) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        (Some(score), None) => format!("{score:.4}"),
        (None, None) => "-".to_owned(),
    }
}

fn some_fields(source: &Value, fields: &[&str]) -> String {
    let values = fields.iter().filter_map(|path| {
        let value = path.split('.').try_fold(source, |value, name| value.get(name))?;
        Some(plain(value))
    });
    values.collect::<Vec<_>>().join(" · ")
}

fn all_fields(source: &Value) -> String {
    let fields = source.as_object().into_iter().flatten();
    fields.map(|(name, value)| format!("{name}: {}", plain(value))).collect::<Vec<_>>().join(" · ")
}

/// A value without the quotes of a string.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// At most `width` characters of one line.
fn clipped(text: &str, width: usize) -> String {
    let text = text.replace(char::is_control, " ");
    if text.chars().count() <= width {
        return text;
    }
    let mut short: String = text.chars().take(width - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PLAIN: Style = Style { is_terminal: false };

    #[test]
    fn numbers_and_times() {
        assert_eq!(
            (count(0), count(999), count(1_000), count(12_345_678)),
            ("0".into(), "999".into(), "1,000".into(), "12,345,678".into())
        );
        let micros = |micros| time(Duration::from_micros(micros));
        assert_eq!(
            (micros(850), micros(3_210), micros(12_345_000)),
            ("850 µs".into(), "3.2 ms".into(), "12.3 s".into())
        );
        assert_eq!(rate(500, Duration::from_millis(250)), 2_000);
        assert_eq!(rate(1, Duration::ZERO), 1_000_000);
    }

    #[test]
    fn totals_are_exact_or_say_that_they_are_not() {
        let answer = |value, relation, hits: usize| json!({"hits": {"total": {"value": value, "relation": relation}, "hits": vec![json!({}); hits]}});
        assert_eq!(total(&answer(3, "eq", 3)), "3 hits");
        assert_eq!(total(&answer(1, "eq", 1)), "1 hit");
        assert_eq!(total(&answer(10_000, "gte", 5)), "5 of at least 10,000 hits");
    }

    #[test]
    fn a_hit_shows_its_score_its_fields_and_what_was_found() {
        let highlight = format!("a {}b{}\n c", FOUND[0], FOUND[1]);
        let hit =
            json!({"_id": "7", "_score": 1.5, "_source": {"a": {"b": "x"}, "n": 3}, "highlight": {"t": [highlight]}});
        let mut out = Vec::new();
        hits(&mut out, &json!({"hits": {"hits": [hit]}}), &["a.b", "n", "none"], PLAIN).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "   1.5000  7        x · 3\n           … a [b] c\n");
    }

    #[test]
    fn sort_values_stand_for_the_score_and_long_lines_are_cut() {
        let hit = json!({"_id": "7", "_score": null, "sort": ["x", 3], "_source": {"a": "y".repeat(500)}});
        let mut out = Vec::new();
        hits(&mut out, &json!({"hits": {"hits": [hit]}}), &[], PLAIN).unwrap();
        let line = String::from_utf8(out).unwrap();
        assert!(line.starts_with("      x,3  7        a: yyy") && line.ends_with("y…\n"), "{line}");
        assert_eq!(line.trim_end().chars().count(), 9 + 2 + 8 + 1 + WIDTH);
    }
}
