//! Links between documents lead somewhere.
//!
//! In: one Markdown file. Out: its relative links to files that do not exist or that lie outside of the repository, where
//! nobody who clones it could follow. Code, web addresses and places within a page are not judged.

use super::Finding;

const RULE: &str = "links";

/// Judges every link of `text`, which is the file `path`; `exists` is asked with paths relative to the root.
pub(crate) fn check(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if ["```", "~~~"].iter().any(|fence| line.trim_start().starts_with(fence)) {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let line = without_code(line);
        for target in targets(&line) {
            if let Some(message) = judge(path, target, &exists) {
                findings.push(Finding { path: path.to_owned(), line: index + 1, rule: RULE, message });
            }
        }
    }
    findings
}

/// The line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// `[text](target)`, `[text](target "title")`, and the definition `[name]: target`.
fn targets(line: &str) -> Vec<&str> {
    let inline = line.split("](").skip(1).map(|rest| rest.split(')').next().unwrap_or(rest));
    let is_definition = line.starts_with('[') && !line.starts_with("[^");
    let definition = line.split_once("]: ").filter(|_| is_definition).map(|(_, rest)| rest);
    let first_word = |text: &'_ str| text.split_whitespace().next().map(str::len);
    let mut found = Vec::new();
    for text in inline.chain(definition) {
        let text = text.trim_start();
        if let Some(length) = first_word(text) {
            found.push(text[..length].trim_start_matches('<').trim_end_matches('>'));
        }
    }
    found
}

fn judge(path: &str, target: &str, exists: &impl Fn(&str) -> bool) -> Option<String> {
    let file = target.split(['#', '?']).next().unwrap_or_default();
    if file.is_empty() || has_scheme(file) {
        return None;
    }
    match resolve(path, file) {
        None => Some(format!("the link `{target}` leaves the repository")),
        Some(resolved) if !exists(&resolved) => {
            Some(format!("the link `{target}` leads to `{resolved}`, which is not there"))
        }
        Some(_) => None,
    }
}

/// `https:`, `mailto:` and their like.
fn has_scheme(target: &str) -> bool {
    let is_scheme = |scheme: &str| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+');
    target.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// The target as a path from the root; none when it climbs out of it. A leading slash means the root.
fn resolve(path: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { path.split('/').collect() };
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let exists = |path: &str| ["README.md", "docs/adr/0001-log.md", "docs"].contains(&path);
        check("docs/guide.md", text, exists).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn links_that_lead_somewhere_are_good() {
        for good in [
            "[a](adr/0001-log.md) and [b](../README.md#tour), [c](./adr/0001-log.md \"title\")",
            "[web](https://example.org/x.md) [mail](mailto:a@b.c) [here](#below) [root](/docs)",
            "[log]: adr/0001-log.md\n[^1]: not a link",
            "`[x](nowhere.md)`\n```\n[y](nowhere.md)\n```\n",
        ] {
            assert_eq!(found(good), Vec::<String>::new(), "{good}");
        }
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for bad in ["[a](adr/0002.md)", "see [a](../docs/x.md#y)!", "![i](i.png)", "[log]: gone.md", "[a](<gone.md>)"] {
            assert_eq!(found(bad).len(), 1, "{bad}");
        }
        assert_eq!(found("```\ncode\n```\n[a](x.md) [b](y.md)").len(), 2);
        assert!(found("[a](../../shared/x.md)")[0].contains("leaves the repository"));
    }
}
