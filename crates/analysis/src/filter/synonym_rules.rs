//! Synonym rules in the Solr and WordNet formats, and reading them with a chain.

use std::collections::BTreeMap;

use super::synonym::Synonyms;
use crate::analyzer::Analyzer;
use crate::error::AnalysisError;
use crate::stream::Filter;

/// The definition of a `synonym` or `synonym_graph` filter, before its rules are read.
#[derive(Clone, Debug)]
pub(crate) struct SynonymRules {
    /// `None`: nobody gave any, which is an error only where the filter is used.
    pub(crate) lines: Option<Vec<String>>,
    pub(crate) wordnet: bool,
    /// All words of a group stand for each other; otherwise all become the first.
    pub(crate) expand: bool,
    /// Rules that cannot be read are left out instead of refused.
    pub(crate) lenient: bool,
    pub(crate) graph: bool,
}

/// What one phrase becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) outputs: Vec<Vec<String>>,
    /// The phrase itself stays.
    pub(crate) keep_original: bool,
}

type Entries = BTreeMap<Vec<String>, Entry>;

impl SynonymRules {
    /// The filter. `chain`: the tokenizer and filters that come before it.
    pub(crate) fn build(&self, chain: &Analyzer) -> Result<Filter, AnalysisError> {
        let Some(lines) = &self.lines else {
            return Err(AnalysisError::setting(
                "synonym requires either `synonyms` or `synonyms_path` to be configured",
            ));
        };
        let mut reader = Reader { rules: self, chain, entries: Entries::new() };
        if self.wordnet {
            reader.wordnet(lines)?;
        } else {
            reader.solr(lines)?;
        }
        Ok(Filter::stream(Synonyms::new(reader.entries, self.graph)))
    }
}

struct Reader<'a> {
    rules: &'a SynonymRules,
    chain: &'a Analyzer,
    entries: Entries,
}

fn failed(rule: &str) -> AnalysisError {
    AnalysisError::Rule { reason: "Failed to build synonyms", rule: rule.to_owned() }
}

impl Reader<'_> {
    fn solr(&mut self, lines: &[String]) -> Result<(), AnalysisError> {
        for line in lines {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let sides = split(line, "=>");
            match sides.as_slice() {
                [group] => {
                    let words = self.words(group, line)?;
                    self.group(&words);
                }
                [inputs, outputs] => {
                    let (inputs, outputs) = (self.words(inputs, line)?, self.words(outputs, line)?);
                    for input in &inputs {
                        outputs.iter().for_each(|output| self.add(input, output, false));
                    }
                }
                _ => return Err(failed(line)),
            }
        }
        Ok(())
    }

    /// `s(synset,number,'word',type,sense,count).`
    fn wordnet(&mut self, lines: &[String]) -> Result<(), AnalysisError> {
        let mut synset: Option<&str> = None;
        let mut words: Vec<Vec<String>> = Vec::new();
        for line in lines.iter().filter(|line| !line.is_empty()) {
            let inside = line.strip_prefix("s(").ok_or_else(|| failed(line))?;
            let id = inside.split(',').next().ok_or_else(|| failed(line))?;
            let quoted = inside.split_once('\'').and_then(|(_, rest)| rest.rsplit_once('\''));
            let word = quoted.ok_or_else(|| failed(line))?.0.replace("''", "'");
            if synset.is_some_and(|last| last != id) {
                self.group(&std::mem::take(&mut words));
            }
            synset = Some(id);
            words.extend(self.phrase(&word, line)?);
        }
        self.group(&words);
        Ok(())
    }

    /// Words that stand for each other.
    fn group(&mut self, words: &[Vec<String>]) {
        for (at, input) in words.iter().enumerate() {
            if !self.rules.expand {
                self.add(input, &words[0], false);
                continue;
            }
            for (other, output) in words.iter().enumerate() {
                if other != at {
                    self.add(input, output, true);
                }
            }
        }
    }

    fn add(&mut self, input: &[String], output: &[String], keep_original: bool) {
        let entry = self.entries.entry(input.to_vec()).or_default();
        entry.keep_original |= keep_original;
        if !entry.outputs.iter().any(|known| known == output) {
            entry.outputs.push(output.to_vec());
        }
    }

    /// The phrases of one side of a rule.
    fn words(&self, side: &str, line: &str) -> Result<Vec<Vec<String>>, AnalysisError> {
        let mut words = Vec::new();
        for part in split(side, ",").into_iter().filter(|part| !part.is_empty()) {
            words.extend(self.phrase(unescape(&part).trim(), line)?);
        }
        Ok(words)
    }

    /// The terms that the chain makes of a phrase. A phrase that vanishes, or does not stay a plain sequence, is an error.
    fn phrase(&self, text: &str, line: &str) -> Result<Option<Vec<String>>, AnalysisError> {
        let mut terms = Vec::new();
        let mut plain = true;
        self.chain.each(text, &mut |term, position| {
            plain &= position as usize == terms.len();
            terms.push(term.to_owned());
        });
        if plain && !terms.is_empty() {
            return Ok(Some(terms));
        }
        if self.rules.lenient { Ok(None) } else { Err(failed(line)) }
    }
}

/// Splits at a separator that no backslash escapes; escapes stay.
fn split(text: &str, separator: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(separator) {
            parts.push(String::new());
            rest = after;
            continue;
        }
        let escaped = if c == '\\' { rest[1..].chars().next().map_or(0, char::len_utf8) } else { 0 };
        let (taken, after) = rest.split_at(c.len_utf8() + escaped);
        if let Some(part) = parts.last_mut() {
            part.push_str(taken);
        }
        rest = after;
    }
    parts
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next()),
            other => plain.push(other),
        }
    }
    plain
}
