//! `dissect`: a text cut at the delimiters between keys (`%{a} - %{b}`), without regular expressions.

use model::error::{Error, ErrorKind};

use super::Of;
use crate::document::{Document, not_castable};
use crate::options::Options;

#[derive(Clone, Debug)]
pub(crate) struct Dissect {
    of: Of,
    /// As given.
    pattern: String,
    /// What the text begins with.
    lead: String,
    keys: Vec<Key>,
    separator: String,
}

#[derive(Clone, Debug, PartialEq)]
struct Key {
    name: String,
    role: Role,
    /// The delimiter behind it may stand several times.
    padded: bool,
    /// What follows it.
    delimiter: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Role {
    Plain,
    Skipped,
    /// One of several parts of a value, by their numbers and places.
    Part(u32),
    /// The value is the name of what `&` has under the same name.
    Name,
    Value,
}

impl Dissect {
    pub(super) fn read(options: &mut Options) -> Result<Self, Error> {
        let field = options.required_text("field")?;
        let pattern = options.required_text("pattern")?;
        let separator = options.text("append_separator")?.unwrap_or_default();
        let of = Of { target: field.clone(), field, ignore_missing: options.flag("ignore_missing", false)? };
        let (lead, keys) = parsed(&pattern)
            .map_err(|why| options.refused("pattern", &format!("Unable to parse pattern: {pattern} Reason: {why}")))?;
        Ok(Self { of, pattern, lead, keys, separator })
    }

    pub(super) fn process(&self, document: &mut Document) -> Result<(), Error> {
        let Some(value) = self.of.value(document)? else { return Ok(()) };
        let text = value.as_str().ok_or_else(|| not_castable(&self.of.field, value, "java.lang.String"))?;
        let values = self.cut(text).ok_or_else(|| {
            let reason = format!("Unable to find match for dissect pattern: {} against source: {text}", self.pattern);
            Error::new(ErrorKind::FindMatch, reason)
        })?;
        for (name, value) in self.named(&values) {
            document.set(&name, value.into())?;
        }
        Ok(())
    }

    /// The value of each key; `None`: the text is not of this form.
    fn cut(&self, text: &str) -> Option<Vec<String>> {
        let mut rest = text.strip_prefix(self.lead.as_str())?;
        if rest.is_empty() && self.lead.is_empty() {
            return None;
        }
        let mut values = Vec::with_capacity(self.keys.len());
        while let Some(key) = self.keys.get(values.len()) {
            if key.delimiter.is_empty() {
                values.push(rest.to_owned());
                // Only the last may take all that is left.
                break;
            }
            let end = rest.find(key.delimiter.as_str())?;
            values.push(rest[..end].to_owned());
            rest = &rest[end + key.delimiter.len()..];
            // Between delimiters that follow one another stand empty values; what is left behind the last key's is dropped.
            while let Some(next) = rest.strip_prefix(key.delimiter.as_str()).filter(|_| values.len() < self.keys.len())
            {
                rest = next;
                if !key.padded {
                    values.push(String::new());
                }
            }
        }
        (values.len() == self.keys.len()).then_some(values)
    }

    /// The fields that values become.
    fn named(&self, values: &[String]) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut put = |name: &str, value: String| match fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => fields.push((name.to_owned(), value)),
        };
        let pairs = || self.keys.iter().zip(values);
        for (key, value) in pairs() {
            match key.role {
                Role::Plain => put(&key.name, value.clone()),
                Role::Part(_) => put(&key.name, self.joined(&key.name, values)),
                Role::Value => {
                    let name = pairs().find(|(other, _)| other.role == Role::Name && other.name == key.name);
                    if let Some((_, name)) = name {
                        put(name, value.clone());
                    }
                }
                Role::Skipped | Role::Name => {}
            }
        }
        fields
    }

    fn joined(&self, name: &str, values: &[String]) -> String {
        let mut parts: Vec<(u32, &str)> = Vec::new();
        for (key, value) in self.keys.iter().zip(values).filter(|(key, _)| key.name == name) {
            match key.role {
                Role::Part(order) => parts.push((order, value)),
                Role::Plain => parts.push((0, value)),
                _ => {}
            }
        }
        parts.sort_by_key(|(order, _)| *order);
        parts.iter().map(|(_, part)| *part).collect::<Vec<_>>().join(&self.separator)
    }
}

fn parsed(pattern: &str) -> Result<(String, Vec<Key>), String> {
    let (mut rest, mut keys) = (pattern, Vec::new());
    let Some(first) = rest.find("%{") else { return Err("Unable to find any keys or delimiters.".into()) };
    let lead = rest[..first].to_owned();
    while let Some(opened) = rest.find("%{") {
        let Some(length) = rest[opened..].find('}') else { break };
        let inside = &rest[opened + 2..opened + length];
        rest = &rest[opened + length + 1..];
        let delimiter = rest.find("%{").map_or(rest, |end| &rest[..end]);
        keys.push(key(inside, delimiter)?);
    }
    if keys.is_empty() {
        return Err("Unable to find any keys or delimiters.".into());
    }
    let lone = |role: &Role, other: &Role| {
        let paired = |key: &&Key| keys.iter().any(|one| one.role == *other && one.name == key.name);
        keys.iter().filter(|key| key.role == *role).find(|key| !paired(key)).map(|key| key.name.clone())
    };
    if let Some(name) = lone(&Role::Name, &Role::Value).or_else(|| lone(&Role::Value, &Role::Name)) {
        return Err(format!(
            "Found invalid key/reference associations: '{name}' Please ensure each '*<key>' is matched with a matching '&<key>"
        ));
    }
    Ok((lead, keys))
}

fn key(inside: &str, delimiter: &str) -> Result<Key, String> {
    let (name, padded) = inside.strip_suffix("->").map_or((inside, false), |name| (name, true));
    let (role, name) = match name.chars().next() {
        None => (Role::Skipped, name),
        Some('?') => (Role::Skipped, &name[1..]),
        Some('*') => (Role::Name, &name[1..]),
        Some('&') => (Role::Value, &name[1..]),
        Some('+') => match name[1..].rsplit_once('/') {
            Some((name, order)) => {
                let order = order.parse().map_err(|_| format!("could not parse modifier: '+{name}/{order}'"))?;
                (Role::Part(order), name)
            }
            None => (Role::Part(0), &name[1..]),
        },
        Some(_) => (Role::Plain, name),
    };
    if name.is_empty() && role != Role::Skipped {
        return Err(format!("The key name could not be determined from '{inside}'"));
    }
    Ok(Key { name: name.to_owned(), role, padded, delimiter: delimiter.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: Option<&[(&str, &str)]>) {
        let (lead, keys) = parsed(pattern).expect(pattern);
        let of = Of { field: "m".into(), target: "m".into(), ignore_missing: false };
        let dissect = Dissect { of, pattern: pattern.into(), lead, keys, separator: "-".into() };
        let found = dissect.cut(text).map(|values| dissect.named(&values));
        let expected = expected.map(|pairs| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        });
        assert_eq!(found, expected, "{pattern} of {text}");
    }

    #[test]
    fn texts_are_cut_at_delimiters() {
        check("%{a} %{b} [%{c}]", "1 2 [3]", Some(&[("a", "1"), ("b", "2"), ("c", "3")]));
        check("%{a},%{b},%{c}", "1,,3", Some(&[("a", "1"), ("b", ""), ("c", "3")]));
        check("%{a->} %{b}", "1     2  3", Some(&[("a", "1"), ("b", "2  3")]));
        check("%{+a/2} %{+a/1}", "1 2", Some(&[("a", "2-1")]));
        check("%{a} %{+a}", "1 2", Some(&[("a", "1-2")]));
        check("%{*k}=%{&k} %{}", "foo=bar zz", Some(&[("foo", "bar")]));
        check("%{a} %{?no} %{a}", "1 2 3", Some(&[("a", "3")]));
        check("%{a}:%{b}", "1 2", None);
        check("%{a}%{b}", "12", None);
        assert!(parsed("abc").is_err() && parsed("%{*k}=%{b}").is_err() && parsed("%{+}").is_err());
    }
}
